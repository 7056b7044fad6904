package state_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// paged makes a person with one phone, an alert about it, and returns the page.
func paged(t *testing.T, s *stage) (person reach.User, page state.Delivery) {
	t.Helper()
	u, err := do(s, state.PutUser{User: reach.User{Username: "an@example.vn", Language: "vi", Zone: "UTC", Contacts: []reach.Contact{{Kind: "push", Address: "old phone"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := do(s, state.CreateAlert{Draft: alert.Draft{Message: "x", Responders: []alert.Responder{{Kind: alert.User, ID: string(u.ID)}}}}); err != nil {
		t.Fatal(err)
	}
	return u, state.Outbox(s.tx, 1)[0]
}

func report(t *testing.T, s *stage, gateway string, r channel.Report) {
	t.Helper()
	if _, err := do(s, state.TakeReports{Gateway: gateway, Reports: []channel.Report{r}}); err != nil {
		t.Fatal(err)
	}
}

// That an address is dead says nothing of the one that the contact has got meanwhile.
func TestADeadAddressBuriesNoOtherOne(t *testing.T) {
	for _, moved := range []bool{false, true} {
		s := newStage(t)
		u, page := paged(t, s)
		if moved {
			u.Contacts[0].Address = "new phone"
			if _, err := do(s, state.PutUser{User: u}); err != nil {
				t.Fatal(err)
			}
		}
		report(t, s, "one", channel.Report{Page: string(page.ID), Number: 1, At: s.now, Stage: channel.Failed, Failure: channel.DeadContact})
		now, _ := state.Users.Get(s.tx, table.K().String(string(u.ID)))
		if now.Contacts[0].Usable() != moved {
			t.Errorf("the contact has a new address: %t; it is usable: %t", moved, now.Contacts[0].Usable())
		}
	}
}

// What a gateway says of a page that another one has meanwhile is passed over, but for the
// page's end: of a page that has ended, all that is told is written down.
func TestOfAPageThatHasEndedEverythingIsWrittenDown(t *testing.T) {
	for _, ended := range []bool{false, true} {
		s := newStage(t)
		_, page := paged(t, s)
		report(t, s, "one", channel.Report{Page: string(page.ID), Number: 1, At: s.now, Stage: channel.Attempted})
		report(t, s, "two", channel.Report{Page: string(page.ID), Number: 1, At: s.now, Stage: channel.Accepted})
		if ended {
			report(t, s, "two", channel.Report{Page: string(page.ID), Number: 2, At: s.now, Stage: channel.Done})
		}
		before, _ := state.GetDelivery(s.tx, page.ID)
		report(t, s, "one", channel.Report{Page: string(page.ID), Number: 2, At: s.now, Stage: channel.Failed, Failure: channel.Unavailable})
		after, _ := state.GetDelivery(s.tx, page.ID)
		if grown := len(after.Trace) > len(before.Trace); grown != ended {
			t.Errorf("the page has ended: %t; what another gateway says of it is written down: %t", ended, grown)
		}
	}
}

// Of a batch every report counts, whatever those before it are.
func TestReportsThatAreKnownStopNoOthers(t *testing.T) {
	s := newStage(t)
	_, page := paged(t, s)
	attempted := channel.Report{Page: string(page.ID), Number: 1, At: s.now, Stage: channel.Attempted}
	report(t, s, "one", attempted)
	done := channel.Report{Page: string(page.ID), Number: 2, At: s.now, Stage: channel.Done}
	if _, err := do(s, state.TakeReports{Gateway: "one", Reports: []channel.Report{{Page: "unknown", Number: 1, Stage: channel.Done}, attempted, done}}); err != nil {
		t.Fatal(err)
	}
	if d, _ := state.GetDelivery(s.tx, page.ID); !d.Final() || len(d.Trace) != 3 {
		t.Errorf("the page is %+v", d.Trace)
	}
}

// P8: what a person says to a page of several alerts after its end is for all of them.
func TestP8WhatIsSaidAfterTheEndIsForAll(t *testing.T) {
	for reply, want := range map[channel.Reply]int{
		channel.Acknowledge: 3, channel.Close: 3, channel.NextPerson: 3, channel.NoAction: 0, "later": 0,
	} {
		p := newPhone(t, "user an vi push:a push@0s", "user boss vi push:b push@0s", "escalation up 0s=user:an 2h=user:boss", "team it escalation:up")
		p.storm(4, 10*time.Second, "team:it", always(core.P3))
		p.pass(time.Minute)
		bundle := p.pages[len(p.pages)-1]
		if !bundle.Bundle || bundle.Count != 3 {
			t.Fatalf("the last page is %+v", bundle)
		}
		report(t, p.stage, "", channel.Report{Page: string(bundle.ID), Number: 9, At: p.now, Stage: channel.Done, Reply: reply})
		heeded := 0
		for a := range state.Alerts.All(p.tx) {
			passedOn := slices.ContainsFunc(slices.Collect(state.LogOf(p.tx, a.ID)), func(e state.Entry) bool { return strings.Contains(e.Text, "Passed on to the next person") })
			if a.Acknowledged && reply == channel.Acknowledge || a.Status == alert.Closed && reply == channel.Close || passedOn && reply == channel.NextPerson {
				heeded++
			} else if a.Silent() || passedOn {
				t.Errorf("%q does something else to alert #%d", reply, a.Tiny)
			}
		}
		if heeded != want {
			t.Errorf("%q counts for %d alerts, not %d", reply, heeded, want)
		}
		p.check()
	}
}
