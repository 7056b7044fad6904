package incident_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
)

// The log alone tells what an incident is: its status, who owns it, and what it is called now.
func TestTheLogTellsTheWay(t *testing.T) {
	for seed := range uint64(200) {
		dice := rand.New(rand.NewPCG(seed, 19))
		i, at, h := fresh(), now, history(nil)
		status, owner, message, tags, called := incident.Open, "", "m", []string{"t"}, 0
		for range 60 {
			at = at.Add(time.Minute)
			d := chance(dice, h, at)
			o := d.do(i)
			if !o.Moved() {
				continue
			}
			h = append(h, d)
			switch e := o.Entry; e.What {
			case incident.DidResolve:
				status = incident.Resolved
			case incident.DidReopen:
				status, called = incident.Open, 0
			case incident.DidClose:
				status = incident.Closed
			case incident.DidAnswer:
				if owner == "" {
					owner = e.By
				}
			case incident.DidCall:
				called++
			case incident.DidUpdateMessage:
				if message != e.Of[0] {
					t.Fatalf("seed %d: the message was %q, and the log says %q", seed, message, e.Of[0])
				}
				message = e.Of[1]
			case incident.DidAddTags:
				tags = append(tags, e.Of...)
			case incident.DidRemoveTags:
				tags = slices.DeleteFunc(tags, func(tag string) bool { return slices.Contains(e.Of, tag) })
			}
			if i.Status != status || i.Owner != owner || i.Message != message || !slices.Equal(i.Tags, tags) || len(i.Calls) != called {
				t.Fatalf("seed %d: after %q it is %+v, by its log %s, of %q, %q, %q, %d called", seed, o.Entry.Text(), i, status, owner, message, tags, called)
			}
		}
	}
}

// A lost answer lets a client ask again: the second time moves nothing, but what is a word of
// its own each time.
func TestAskingTwiceIsAskingOnce(t *testing.T) {
	again := []string{"note", "unanswer", "answer", "end", "lose"}
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 23))
		i, at, h := fresh(), now, history(nil)
		for range 30 {
			at = at.Add(time.Minute)
			d := chance(dice, h, at)
			if o := d.do(i); !o.Moved() {
				continue
			}
			h = append(h, d)
			if d.name == "call" {
				continue // nobody asks for that
			}
			before := *i
			o := d.do(i)
			if o.Moved() != slices.Contains(again, d.name) {
				t.Fatalf("seed %d: %s twice: %+v", seed, d.name, o)
			}
			if !o.Moved() {
				if !alike(i, &before) {
					t.Fatalf("seed %d: %s twice changes %+v", seed, d.name, i)
				}
				continue
			}
			h = append(h, d)
		}
	}
}

// Who has drafted an incident may go on with the lists of the draft: the incident's are its own.
func TestADraftStaysItsMakers(t *testing.T) {
	d := incident.Draft{
		Message: "m", Tags: []string{"a", "b"}, Services: []core.ServiceID{"web"}, Responders: []alert.Responder{user("an")}, Details: map[string]string{"k": "v"},
	}
	i, _ := incident.New(d, "1", 1, now)
	i.AddTags(by("an"), []string{"c"})
	i.RemoveTags(by("an"), []string{"a"})
	i.AddDetails(by("an"), map[string]string{"l": "w"})
	i.RemoveDetails(by("an"), []string{"k"})
	i.AddResponders(by("an"), []alert.Responder{user("binh")}, nameOf)
	if !slices.Equal(d.Tags, []string{"a", "b"}) || !maps.Equal(d.Details, map[string]string{"k": "v"}) || len(d.Responders) != 1 {
		t.Errorf("the draft became %+v", d)
	}
	d.Tags[1], d.Services[0], d.Responders[0] = "x", "x", user("x")
	if !slices.Equal(i.Tags, []string{"b", "c"}) || i.Services[0] != "web" || i.Responders[0] != user("an") || !maps.Equal(i.Details, map[string]string{"l": "w"}) {
		t.Errorf("the incident became %+v", i)
	}
}

// Two copies of an incident that go different ways do not write into each other's lists.
func TestCopiesGoTheirOwnWays(t *testing.T) {
	i := fresh()
	for n := range 3 {
		i.AddResponders(by("an"), []alert.Responder{user(string(rune('a' + n)))}, nameOf)
		i.Call(by("an"), incident.Call{Responder: user(string(rune('a' + n))), Alert: core.AlertID(rune('a' + n))}, "#1", "a")
	}
	one, other := *i, *i
	one.AddResponders(by("an"), []alert.Responder{user("one")}, nameOf)
	other.AddResponders(by("an"), []alert.Responder{user("other")}, nameOf)
	one.Call(by("an"), incident.Call{Responder: user("one"), Alert: "one"}, "#2", "one")
	other.Call(by("an"), incident.Call{Responder: user("other"), Alert: "other"}, "#2", "other")
	if one.Responders[4] != user("one") || other.Responders[4] != user("other") || one.Calls[3].Alert != "one" || other.Calls[3].Alert != "other" || len(i.Calls) != 3 {
		t.Errorf("%+v\n%+v", one, other)
	}
}
