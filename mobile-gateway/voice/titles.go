package voice

import (
	"container/list"
	"sync"

	"keng/proto/channel"
)

// titlesKept is how many spoken titles are kept: those of the alerts that are
// being paged about, each to several people, perhaps repeatedly. One is 320 kB at
// most (20 s), a usual one 50 kB.
const titlesKept = 64

// title is a text in the language in which it is spoken.
type title struct {
	language channel.Language
	text     string
}

// titles keeps the titles that were spoken last. It is safe for concurrent use.
// What is got from it must not be changed.
type titles struct {
	max int

	mu     sync.Mutex // guards what follows
	places map[title]*list.Element
	order  *list.List // of entry, the last used first
}

// entry is what titles keeps of one.
type entry struct {
	title
	samples []int16
}

func newTitles(max int) *titles {
	return &titles{max: max, places: map[title]*list.Element{}, order: list.New()}
}

// get returns a title's samples, if they are kept.
func (t *titles) get(wanted title) ([]int16, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	place, ok := t.places[wanted]
	if !ok {
		return nil, false
	}
	t.order.MoveToFront(place)
	return place.Value.(entry).samples, true
}

// put keeps a title's samples, and lets go of the title that was not used for longest.
func (t *titles) put(spoken title, samples []int16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if place, ok := t.places[spoken]; ok {
		t.order.MoveToFront(place) // two calls spoke it at once
		return
	}
	t.places[spoken] = t.order.PushFront(entry{spoken, samples})
	if t.order.Len() > t.max {
		last := t.order.Remove(t.order.Back()).(entry)
		delete(t.places, last.title)
	}
}
