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

// P12: that the silence was wide is remembered for as long as it is, and no longer.
func TestP12WatchRemembersAWideSilence(t *testing.T) {
	began := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	w := newHearing(1, began)
	for i := range 6 {
		w.roster = append(w.roster, silence.Agent{ID: string(rune('a' + i)), Site: []string{"shop", "office"}[i%2]})
	}
	for _, s := range []int{0, 60, 200, 230} {
		now := began.Add(time.Duration(s) * time.Second)
		j := w.judge(now)
		if wide := s >= 200; j.Wide != wide || w.wide.Equal(now) != (wide || s == 0) {
			t.Errorf("after %d s it is wide: %t, as it was at %s", s, j.Wide, w.wide)
		}
	}
	wide := w.wide
	now := began.Add(240 * time.Second)
	var all silence.Report
	for _, a := range w.roster {
		all.Heard = append(all.Heard, silence.Heard{Agent: a.ID})
	}
	w.note("n", all, now)
	if j := w.judge(now); j.Wide || !w.wide.Equal(wide) {
		t.Errorf("all are heard, and it is wide: %t, as it was at %s", j.Wide, w.wide)
	}
}
