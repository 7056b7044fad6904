package state_test

import (
	"fmt"
	"slices"
	"testing"

	"keng/hub/core/alert"
	"keng/hub/state"
)

// Lines of one command share rows, and come out one by one, forwards and backwards.
func TestLogOfManyLinesOfACommand(t *testing.T) {
	const names = 130 // more than fit into two rows
	s := newStage(t)
	d := alert.Draft{Message: "nobody of these exists", Alias: "web"}
	r, err := do(s, state.CreateAlert{Draft: d})
	if err != nil {
		t.Fatal(err)
	}
	for i := range alert.RespondersMax {
		d.Responders = append(d.Responders, alert.Responder{Kind: alert.User, ID: fmt.Sprint("ghost-", i)})
	}
	events := make([]state.Event, 0, names)
	peer, err := do(s, state.UseToken{Kind: "agent", Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	d.Alias = "site/check"
	if r, err = do(s, state.CreateAlert{Draft: d}); err != nil {
		t.Fatal(err)
	}
	for i := range names {
		events = append(events, state.Event{Number: uint64(i + 1), State: state.Unknown, Dropped: 1, Reason: fmt.Sprint("reason ", i)})
	}
	if _, err := do(s, state.TakeEvents{Agent: peer.ID, Epoch: []byte("e"), Events: events}); err != nil {
		t.Fatal(err)
	}
	dropped, _ := state.FindAlert(s.tx, state.Ref{Alias: "agent/" + peer.ID + "/dropped"})
	for what, want := range map[*alert.Alert]int{mustRow(t, s, state.Ref{ID: r.Alert}): 1 + alert.RespondersMax, dropped: names} {
		lines := slices.Collect(state.LogOf(s.tx, what.ID))
		if len(lines) < want {
			t.Errorf("#%d: %d lines, not %d at least", what.Tiny, len(lines), want)
		}
		rows := 0
		for range state.Log.All(s.tx) {
			rows++
		}
		if rows >= len(lines) {
			t.Errorf("%d rows for %d lines", rows, len(lines))
		}
		for i := range lines[1:] {
			if lines[i].Number >= lines[i+1].Number || lines[i].Text == "" || lines[i].Alert != what.ID || lines[i].At != lines[0].At || len(lines[i].More) > 0 {
				t.Fatalf("line %d is %+v", i, lines[i])
			}
		}
		backwards := slices.Collect(state.LogReverse(s.tx, what.ID))
		slices.Reverse(backwards)
		if !slices.EqualFunc(lines, backwards, func(a, b state.Entry) bool { return a.Number == b.Number && a.Text == b.Text }) {
			t.Error("backwards it is another log")
		}
	}
}

func mustRow(t *testing.T, s *stage, ref state.Ref) *alert.Alert {
	t.Helper()
	a, ok := state.FindAlert(s.tx, ref)
	if !ok {
		t.Fatalf("there is no alert %v", ref)
	}
	return a
}

// The short number is in the id: it finds its alert and no neighbour.
func TestFindAlertByItsNumber(t *testing.T) {
	s := newStage(t)
	for i := range 300 {
		if _, err := do(s, state.CreateAlert{Draft: alert.Draft{Message: "m", Alias: fmt.Sprint(i + 1)}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tiny := range []uint64{1, 2, 16, 255, 256, 300} {
		if a := mustRow(t, s, state.Ref{Tiny: tiny}); a.Tiny != tiny || a.Alias != fmt.Sprint(tiny) {
			t.Errorf("number %d finds #%d %s", tiny, a.Tiny, a.Alias)
		}
	}
	for _, tiny := range []uint64{301, 1 << 20, 1 << 50} {
		if a, ok := state.FindAlert(s.tx, state.Ref{Tiny: tiny}); ok {
			t.Errorf("number %d finds #%d", tiny, a.Tiny)
		}
	}
}
