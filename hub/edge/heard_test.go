package edge

import (
	"testing"
	"time"

	"keng/proto/link"
)

// A leader that is new is told everything, one that knows only what is new.
func TestHeardTellsWhatIsNew(t *testing.T) {
	h, c := newHeard(), &link.Conn{}
	if r, _, more := h.news(time.Now()); len(r.Heard) != 0 || more {
		t.Errorf("nobody is connected, and the report is %v", r)
	}
	h.enter(c)
	if h.setAlone(); !h.isAlone() {
		t.Error("it is not alone")
	}
	sent := map[*link.Conn]time.Time{c: time.Now()}
	if !h.heed(7, sent) || h.isAlone() {
		t.Error("the first leader is not told everything, or it is alone still")
	}
	if h.heed(7, sent) {
		t.Error("the same leader is told everything again")
	}
	if h.told[c].IsZero() {
		t.Error("what was told is forgotten")
	}
	h.leave(c)
	if h.heed(7, sent); len(h.told) != 0 {
		t.Error("who has gone is kept")
	}
}
