package engine

import (
	"testing"
	"time"

	"keng/hub/core/silence"
)

// P12: a node that says nothing, or comes back as another process, was lost once, at a
// moment that does not move.
func TestP12WatchNoticesLostNodes(t *testing.T) {
	began := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	w := newHearing(1, began)
	w.note("a", silence.Report{Boot: 1, Heard: []silence.Heard{{Agent: "x", Age: time.Second}}}, at(10))
	w.note("b", silence.Report{Boot: 1, Heard: []silence.Heard{{Agent: "x", Age: 5 * time.Second}}}, at(10))
	if h := w.heard["x"]; !h.at.Equal(at(9)) || h.node != "a" {
		t.Errorf("the older report counts: %+v", h)
	}
	w.judge(at(15))
	if !w.nodes["a"].lost.IsZero() {
		t.Error("a node is lost too early")
	}
	for s := 17; s < 300; s += 50 {
		w.judge(at(s))
		if lost := w.nodes["a"].lost; !lost.Equal(at(16)) {
			t.Errorf("after %d s the node was lost at %s", s, lost)
		}
	}
	w.note("a", silence.Report{Boot: 1}, at(400))
	if lost := w.nodes["a"].lost; !lost.Equal(at(400)) {
		t.Errorf("a node that comes back was lost until %s", lost)
	}
	w.note("a", silence.Report{Boot: 1}, at(402))
	w.note("a", silence.Report{Boot: 2}, at(404))
	if lost := w.nodes["a"].lost; !lost.Equal(at(404)) {
		t.Errorf("a restart is not noticed: %s", lost)
	}
}

// Only a leader listens, and only to what it understands.
func TestSilenceHeard(t *testing.T) {
	s := NewSilence(nil, nil)
	report := silence.Report{Boot: 1}.Encode()
	if _, err := s.Heard("a", report); err == nil {
		t.Error("who does not lead listens")
	}
	s.hearing = newHearing(258, time.Now())
	if term, err := s.Heard("a", report); err != nil || string(term) != "\x00\x00\x00\x00\x00\x00\x01\x02" {
		t.Errorf("the answer is %q, %v", term, err)
	}
	if _, err := s.Heard("a", []byte("x")); err == nil {
		t.Error("nonsense is understood")
	}
}
