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

const (
	// headStart is how long one network may keep silent before the other one is dialled as
	// well: as long as a handshake takes on a bad line.
	headStart = 2500 * time.Millisecond
	// knownStart is that of UDP where it is known to get through: a hub that keeps silent
	// there is more likely busy than behind a wall, and to dial it twice makes it busier.
	knownStart = 10 * time.Second
	// knownAge is how long it is known.
	knownAge = 24 * time.Hour
)

// ways remembers over which network hubs were reached. The zero value is ready. Safe for
// concurrent use.
type ways struct {
	mutex sync.Mutex
	tcp   map[string]time.Time // hubs that were reached over TCP last, and when
	last  network              // over which any hub was reached last
	at    time.Time
	udp   time.Time // when any hub last answered over UDP; zero if that is in doubt
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

// headStart is how long the network that is dialled first may keep silent.
func (w *ways) headStart(first network) time.Duration {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if first == overUDP && w.udpKnown() {
		return knownStart
	}
	return headStart
}

// udpKnown reports whether UDP is known to get through. The mutex is held.
func (w *ways) udpKnown() bool { return !w.udp.IsZero() && time.Since(w.udp) < knownAge }

// answered remembers that a hub answered a dial, be it that it is busy.
func (w *ways) answered(over network) {
	if over != overUDP {
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.udp = time.Now()
}

// worked remembers that a hub was reached. TCP where UDP is known to get through only casts
// doubt on UDP: if it does not answer the next time, either, it is taken for blocked.
func (w *ways) worked(address string, over network) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	now := time.Now()
	switch {
	case over == overUDP:
		w.last, w.at, w.udp = over, now, now
		delete(w.tcp, address)
	case w.udpKnown():
		w.udp = time.Time{}
	default:
		w.last, w.at = over, now
		w.remember(address)
	}
}

// remember remembers that a hub was reached over TCP. The mutex is held.
func (w *ways) remember(address string) {
	if w.tcp == nil {
		w.tcp = map[string]time.Time{}
	}
	maps.DeleteFunc(w.tcp, func(_ string, at time.Time) bool { return time.Since(at) >= wayAge })
	if len(w.tcp) < waysMax {
		w.tcp[address] = w.at
	}
}
