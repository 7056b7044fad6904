package edge

import (
	"testing"
	"time"

	"keng/hub/core/silence"
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

// A report is bounded: who does not fit into it is in the next one.
func TestHeardTellsInSeveralReports(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		h := newHeard()
		for range silence.ReportMax + beyond {
			c := &link.Conn{} // heard at no time: after what was told
			h.enter(c)
			h.told[c] = time.Time{}.Add(-time.Second)
		}
		r, sent, more := h.news(time.Now())
		if len(r.Heard) != silence.ReportMax || len(sent) != silence.ReportMax || more != (beyond > 0) {
			t.Fatalf("%d beyond the bound: %d in the report, %d noted, more: %t", beyond, len(r.Heard), len(sent), more)
		}
	}
}
