package state_test

import (
	"testing"

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
