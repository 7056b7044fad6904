package link

import (
	"maps"
	"sync"
	"time"
)

// wayAge is how long it is remembered that a hub was reached over TCP only. Then UDP gets its
// head start again. Beside a connection that lives, UDP is looked after oftener: see
// [keeper.upgrade].
const wayAge = 20 * time.Minute

// waysMax is how many hubs are remembered.
const waysMax = 256

// ways remembers over which network hubs were reached. The zero value is ready. Safe for
// concurrent use.
type ways struct {
	mutex sync.Mutex
	tcp   map[string]time.Time // hubs that were reached over TCP last, and when
	last  network              // over which any hub was reached last
	at    time.Time
}

func (n network) other() network {
	if n == overTCP {
		return overUDP
	}
	return overTCP
}

// first is the network to dial a hub over first. Of a hub that was never reached we think
// as of the one that was reached last: what blocks UDP stands nearer to us than to it.
func (w *ways) first(address string) network {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	at, known := w.tcp[address]
	if !known && w.last == overTCP {
		at = w.at
	}
	if !at.IsZero() && time.Since(at) < wayAge {
		return overTCP
	}
	return overUDP
}

// worked remembers that a hub was reached.
func (w *ways) worked(address string, over network) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.last, w.at = over, time.Now()
	if over == overUDP {
		delete(w.tcp, address)
		return
	}
	if w.tcp == nil {
		w.tcp = map[string]time.Time{}
	}
	maps.DeleteFunc(w.tcp, func(_ string, at time.Time) bool { return time.Since(at) >= wayAge })
	if len(w.tcp) < waysMax {
		w.tcp[address] = w.at
	}
}
