package reach_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/core/reach"
)

// What is stored never changes its value.
func TestStoredValues(t *testing.T) {
	got := fmt.Sprint(reach.CreateAlert, reach.AcknowledgedAlert, reach.RenotifiedAlert, reach.ClosedAlert, reach.AssignedAlert, reach.AddNote,
		reach.ScheduleStart, reach.ScheduleEnd, reach.IncomingCallRouting, "/", uint8(reach.Accepted), uint8(reach.Delivered), uint8(reach.Answered))
	if want := "1 2 3 4 5 6 7 8 9/1 2 3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := fmt.Sprint(reach.Accepted, reach.Delivered, reach.Answered, reach.Evidence(0)); got != "accepted delivered answered " {
		t.Errorf("%q", got)
	}
}

// By which contact a person is tested: the one that is named, else the first of the kind; never a call, never one that
// does not work.
func TestCanaryContact(t *testing.T) {
	u := reach.User{Contacts: []reach.Contact{
		{ID: "a", Kind: "push"}, {ID: "b", Kind: "push"}, {ID: "c", Kind: "voice"}, {ID: "d", Kind: "sms", Disabled: true}, {ID: "e", Kind: "email"},
	}}
	if _, ok := u.CanaryContact(); ok {
		t.Error("a person without a canary is tested")
	}
	for want, k := range map[string]reach.Canary{
		"a": {Kind: "push"}, "b": {Contact: "b", Kind: "email"}, "e": {Kind: "email"}, "": {Kind: "voice"}, " ": {Kind: "sms"}, "  ": {Contact: "d"}, "   ": {},
	} {
		u.Canary = &k
		c, ok := u.CanaryContact()
		if there := want[0:min(1, len(want))] > " "; ok != there || ok && string(c.ID) != want {
			t.Errorf("%+v: %v %v, want %q", k, c.ID, ok, want)
		}
	}
}

// Tested at the same moments are people whose wish, zone and admission are the same.
func TestTestedLike(t *testing.T) {
	make := func(change func(*reach.User)) *reach.User {
		u := reach.User{Zone: "Asia/Ho_Chi_Minh", Canary: &reach.Canary{Kind: "push", Hour: 9, Days: []time.Weekday{1, 2}}}
		change(&u)
		return &u
	}
	same := make(func(*reach.User) {})
	for name, c := range map[string]struct {
		change func(*reach.User)
		like   bool
	}{
		"nothing": {func(*reach.User) {}, true}, "contact": {func(u *reach.User) { u.Canary.Kind = "sms" }, true}, "no wish": {func(u *reach.User) { u.Canary = nil }, false},
		"hour": {func(u *reach.User) { u.Canary.Hour++ }, false}, "days": {func(u *reach.User) { u.Canary.Days = nil }, false},
		"zone": {func(u *reach.User) { u.Zone = "UTC" }, false}, "blocked": {func(u *reach.User) { u.Blocked = true }, false},
	} {
		other := make(c.change)
		if same.TestedLike(other) != c.like || other.TestedLike(same) != c.like {
			t.Errorf("another %s: not %v", name, c.like)
		}
	}
	none := &reach.User{Zone: "UTC"}
	if !none.TestedLike(&reach.User{Blocked: true}) {
		t.Error("two who are never tested are tested otherwise")
	}
}
