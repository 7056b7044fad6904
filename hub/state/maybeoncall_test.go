package state_test

import (
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/raftstore/table/tabletest"
)

// Wherever a person may be on call is found: by turns, shifts, overrides, and forwarding rules that follow one another,
// be they in a circle; and nowhere else.
func TestMayBeOnCall(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	who := func(id core.UserID) rota.Participant { return rota.Participant{User: id} }
	turn := &rota.Schedule{ID: "turn", Rotations: []rota.Rotation{{}, {Participants: []rota.Participant{who("an"), {}}}}}
	slot := &rota.Schedule{ID: "slot", Rotations: []rota.Rotation{{Slots: []rota.Slot{{Participant: who("binh")}}}}}
	covered := &rota.Schedule{ID: "covered", Rotations: []rota.Rotation{{Participants: []rota.Participant{{Team: "t"}}}}}
	tx := tabletest.NewTx()
	put := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	put(state.Overrides.Put(tx, &rota.Override{Alias: "1", Schedule: "covered", Participant: who("chi"), Start: before, End: after}))
	put(state.Overrides.Put(tx, &rota.Override{Alias: "2", Schedule: "slot", Participant: who("past"), Start: before, End: now}))
	for i, f := range []rota.Forward{{From: "an", To: "dung", End: after}, {From: "dung", To: "em", End: after}, {From: "em", To: "an", End: after}, {From: "binh", To: "past", End: now}, {From: "chi", To: "giang", Start: after, End: after.Add(1)}} {
		f.ID = string(rune('a' + i))
		put(state.Forwards.Put(tx, &f))
	}
	for person, want := range map[core.UserID]string{"an": "turn", "dung": "turn", "em": "turn", "binh": "slot", "chi": "covered", "giang": "covered", "past": "", "nobody": ""} {
		got := ""
		may := state.MayBeOnCall(tx, person, now)
		for _, s := range []*rota.Schedule{turn, slot, covered} {
			if may(s) {
				got += string(s.ID)
			}
		}
		if got != want {
			t.Errorf("%s may be on call in %q, want %q", person, got, want)
		}
	}
}
