package fcm

import (
	"sync"

	"keng/proto/channel"
)

// newestMax is how many places on screens each generation of [newest] remembers.
const newestMax = 4096

// newest remembers the newest state that FCM has accepted for each place on a
// screen, so that an older one does not replace it (P7). It forgets the places that were not
// touched for the longest time: then the sequence in the data lets the app decide. Two
// pages under way at once may also arrive in any order.
type newest struct {
	mu       sync.Mutex
	recent   map[place]uint64
	previous map[place]uint64 // the generation before
}

// place is one alert on one phone.
type place struct{ token, screen string }

func placeOf(page channel.Page) place { return place{page.Address, screenID(page)} }

// outdates reports whether a state newer than the page's has been accepted.
func (n *newest) outdates(page channel.Page) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := placeOf(page)
	return page.Sequence < max(n.recent[at], n.previous[at])
}

// accepted notes that FCM has the page.
func (n *newest) accepted(page channel.Page) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.recent == nil || len(n.recent) >= newestMax {
		n.recent, n.previous = map[place]uint64{}, n.recent
	}
	at := placeOf(page)
	n.recent[at] = max(page.Sequence, n.recent[at], n.previous[at])
}
