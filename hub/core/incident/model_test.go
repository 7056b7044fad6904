package incident_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
)

// deed is one move: what is done, by whom, with what.
type deed struct {
	name string
	by   alert.By
	arg  string
	to   core.Priority
	who  []alert.Responder
}

// history is a second, plain account of an incident: it keeps nothing but what was done to it,
// and works out what the incident is by looking back. Only moves that were made are in it.
type history []deed

var (
	looks = []string{"resolve", "reopen", "close", "see"}
	hears = map[string]incident.What{"answer": incident.DidAnswer, "unanswer": incident.DidUnanswer, "end": incident.DidEnd, "lose": incident.DidLose}
)

// last says where in the history something was done last, -1 if never.
func (h history) last(name string) int {
	for n := len(h) - 1; n >= 0; n-- {
		if h[n].name == name {
			return n
		}
	}
	return -1
}

func (h history) status() incident.Status {
	switch {
	case h.last("close") >= 0:
		return incident.Closed
	case h.last("resolve") > h.last("reopen"):
		return incident.Resolved
	}
	return incident.Open
}

// items plays adding and removing of words on those that were there first.
func (h history) items(items []string, add, remove string) []string {
	items = slices.Clone(items)
	for _, d := range h {
		n := slices.Index(items, d.arg)
		if d.name == add && n < 0 {
			items = append(items, d.arg)
		} else if d.name == remove && n >= 0 {
			items = slices.Delete(items, n, n+1)
		}
	}
	return items
}

// said returns what was said last by a kind of deed, or what was there first.
func (h history) said(name, first string) string {
	if n := h.last(name); n >= 0 {
		return h[n].arg
	}
	return first
}

func (h history) responders() []alert.Responder {
	all := []alert.Responder{user("an")}
	for _, d := range h {
		for _, r := range d.who {
			if d.name == "responders" && !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

func (h history) calls() (all []incident.Call) {
	for _, d := range h[h.last("reopen")+1:] {
		if d.name == "call" {
			all = append(all, incident.Call{Responder: d.who[0], Alert: core.AlertID(d.arg)})
		}
	}
	return all
}

func (h history) called(id string) bool {
	return slices.ContainsFunc(h.calls(), func(c incident.Call) bool { return string(c.Alert) == id })
}

// incident works out the whole incident.
func (h history) incident() *incident.Incident {
	i := fresh()
	i.Status, i.Sequence = h.status(), uint64(len(h))+1
	i.Tags, i.Responders, i.Calls = h.items([]string{"t"}, "tag", "untag"), h.responders(), h.calls()
	i.Details = map[string]string{}
	for _, k := range h.items([]string{"k"}, "detail", "undetail") {
		i.Details[k] = "v"
	}
	i.Message, i.Description, i.Priority = h.said("message", "m"), h.said("describe", ""), core.P3
	for _, d := range h {
		if d.name != "see" {
			i.UpdatedAt = d.by.At
		}
		if d.name == "priority" {
			i.Priority = d.to
		}
		if d.name == "answer" && i.Owner == "" {
			i.Owner = d.by.Name()
		}
		if slices.Contains(looks, d.name) && i.SeenBy == "" && d.by.User != "" {
			i.SeenAt, i.SeenBy = d.by.At, d.by.User
		}
	}
	for _, r := range i.Responders {
		if i.OwnerTeam == "" && r.Kind == alert.Team {
			i.OwnerTeam = core.TeamID(r.ID)
		}
	}
	if n := h.last("resolve"); n > h.last("reopen") {
		i.ResolvedAt, i.ResolvedBy = h[n].by.At, h[n].by.Name()
	}
	if n := h.last("close"); n >= 0 {
		i.ClosedAt, i.ClosedBy = h[n].by.At, h[n].by.Name()
	}
	return i
}

// answer says whether a deed may be done now, and with which words it is refused or found
// done already.
func (h history) answer(d deed) (alert.Verdict, incident.Reason) {
	i, status := h.incident(), h.status()
	has := func(already bool, why incident.Reason) (alert.Verdict, incident.Reason) {
		if already {
			return alert.Same, why
		}
		return alert.Moved, ""
	}
	if _, heard := hears[d.name]; heard {
		if status != incident.Open || !h.called(d.arg) {
			return alert.Refused, incident.NoSuchAlert
		}
		return alert.Moved, ""
	}
	if d.name == "see" {
		return has(i.SeenBy != "" || d.by.User == "", incident.HasBeenSeen)
	}
	if status == incident.Closed {
		return alert.Refused, incident.AlreadyClosed
	}
	refused := map[bool]alert.Verdict{true: alert.Refused, false: alert.Moved}
	switch d.name {
	case "resolve":
		return refused[status == incident.Resolved], incident.AlreadyResolved
	case "reopen":
		return refused[status == incident.Open], incident.AlreadyOpen
	case "note":
		return refused[d.by.Note == ""], incident.NothingNamed
	case "tag":
		return has(slices.Contains(i.Tags, d.arg), incident.HasTags)
	case "untag":
		return has(!slices.Contains(i.Tags, d.arg), incident.HasLessTags)
	case "detail":
		return has(i.Details[d.arg] != "", incident.HasDetails)
	case "undetail":
		return has(i.Details[d.arg] == "", incident.HasLessDetails)
	case "message":
		if d.arg == "" {
			return alert.Refused, incident.NoMessage
		}
		return has(d.arg == i.Message, incident.HasMessage)
	case "describe":
		return has(d.arg == i.Description, incident.HasDescription)
	case "priority":
		if d.to == i.Priority {
			return alert.Same, incident.HasPriority
		}
		return refused[d.to < 1 || d.to > 5], incident.NoSuchPriority
	case "responders":
		switch {
		case status == incident.Resolved:
			return alert.Refused, incident.AlreadyResolved
		case len(d.who) == 0:
			return alert.Refused, incident.NothingNamed
		}
		return has(!slices.ContainsFunc(d.who, func(r alert.Responder) bool { return !slices.Contains(i.Responders, r) }), incident.HasResponders)
	}
	return alert.Moved, "" // close, call
}

// follows says what must follow from a deed that may be done.
func (h history) follows(d deed) incident.Then {
	switch {
	case d.name == "resolve" || d.name == "close":
		return incident.ThenEnd
	case d.name == "reopen" || d.name == "responders":
		return incident.ThenCall
	case d.name == "priority" && d.to < h.incident().Priority && h.status() == incident.Open:
		return incident.ThenRaise
	}
	return incident.ThenNothing
}

// do does it to the incident proper.
func (d deed) do(i *incident.Incident) incident.Outcome {
	switch d.name {
	case "resolve":
		return i.Resolve(d.by)
	case "reopen":
		return i.Reopen(d.by)
	case "close":
		return i.Close(d.by)
	case "see":
		return i.See(d.by)
	case "note":
		return i.AddNote(d.by)
	case "tag":
		return i.AddTags(d.by, []string{d.arg})
	case "untag":
		return i.RemoveTags(d.by, []string{d.arg})
	case "detail":
		return i.AddDetails(d.by, map[string]string{d.arg: "v"})
	case "undetail":
		return i.RemoveDetails(d.by, []string{d.arg})
	case "message":
		return i.SetMessage(d.by, d.arg)
	case "describe":
		return i.SetDescription(d.by, d.arg)
	case "priority":
		return i.SetPriority(d.by, d.to)
	case "responders":
		return i.AddResponders(d.by, d.who, nameOf)
	case "call":
		return i.Call(d.by, incident.Call{Responder: d.who[0], Alert: core.AlertID(d.arg)}, "#1", nameOf(d.who[0]))
	}
	return i.Hear(d.by, hears[d.name], alert.AsAsked, core.AlertID(d.arg), "#1", "an")
}

// chance throws a deed.
func chance(dice *rand.Rand, h history, at time.Time) deed {
	names := []string{
		"resolve", "resolve", "reopen", "reopen", "close", "see", "note", "tag", "untag", "detail", "undetail", "message", "describe", "priority", "priority", "responders", "responders",
		"call", "call", "answer", "unanswer", "end", "lose",
	}
	d := deed{name: names[dice.IntN(len(names))], to: core.Priority(dice.IntN(7))}
	d.by = alert.By{User: []string{"", "an", "lan"}[dice.IntN(3)], Source: []string{"", "api"}[dice.IntN(2)], Note: []string{"", "n"}[dice.IntN(2)], At: at}
	d.arg = []string{"w0", "w1", "w2", "t", "k"}[dice.IntN(5)]
	for range dice.IntN(3) {
		d.who = append(d.who, []alert.Responder{user("an"), user("w"), {Kind: alert.Team, ID: "it"}, {Kind: alert.Team, ID: "net"}}[dice.IntN(4)])
	}
	switch d.name {
	case "message", "describe":
		d.arg = []string{"", "m", "n"}[dice.IntN(3)]
	case "close":
		if dice.IntN(5) > 0 {
			d.name = "resolve" // else every life is short
		}
	case "call":
		d.who = fresh().Responders // for each responder there is one alert, and only while it is open
		if h.status() != incident.Open || len(h.calls()) > 2 || h.called(d.arg) {
			d.name = "see"
		}
	}
	return d
}

// The incident, and the account that looks back, agree about every answer, every consequence
// and every field, whatever is done; what was copied of it before stays as it was.
//
// Rules ogapi-4.incident.status, keng-4.incident.sequence, keng-4.incident.owner, keng-4.incident.closed.
func TestAnIncidentIsWhatItsHistoryMakesOfIt(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(500) {
		dice := rand.New(rand.NewPCG(seed, 13))
		i, at, h := fresh(), now, history(nil)
		for n := range 60 {
			at = at.Add(time.Duration(dice.IntN(4)) * time.Minute)
			d := chance(dice, h, at)
			verdict, reason := h.answer(d)
			then, before, was := h.follows(d), *i, h.incident()
			o := d.do(i)
			what := fmt.Sprintf("seed %d, deed %d, %s by %q with %q", seed, n, d.name, d.by.User, d.arg)
			if o.Verdict != verdict || verdict != alert.Moved && o.Reason != reason || o.OK() == (verdict == alert.Refused) || o.Moved() != (verdict == alert.Moved) {
				t.Fatalf("%s: %+v, by its history %v %q\n%+v", what, o, verdict, reason, i)
			}
			if verdict == alert.Moved {
				h = append(h, d)
				e := o.Entry
				if o.Then != then || e.By != d.by.Name() || !e.At.Equal(at) || e.Note != d.by.Note || e.Text() == "" || o.Reason == "" {
					t.Fatalf("%s: %+v, and %v should follow", what, o, then)
				}
				if !i.Newer(&before) || before.Newer(i) {
					t.Fatalf("P7: %s: state %d after %d", what, i.Sequence, before.Sequence)
				}
			} else if o.Entry.What != 0 || o.Then != incident.ThenNothing {
				t.Fatalf("%s: %+v follows from what did not happen", what, o)
			}
			if want := h.incident(); !alike(i, want) {
				t.Fatalf("%s: it is\n%+v, by its history\n%+v", what, i, want)
			}
			if !alike(&before, was) {
				t.Fatalf("%s: a copy of before became\n%+v", what, before)
			}
			seen[fmt.Sprint(d.name, h.status(), verdict)] = true
		}
	}
	for _, name := range []string{"resolve", "reopen", "close", "answer", "responders", "priority", "call"} {
		if !seen[fmt.Sprint(name, h0(name), alert.Moved)] {
			t.Errorf("%s was never done", name)
		}
	}
}

// h0 is the status that a deed leaves.
func h0(name string) incident.Status {
	switch name {
	case "resolve":
		return incident.Resolved
	case "close":
		return incident.Closed
	}
	return incident.Open
}

// alike compares two incidents, an empty list being no list.
func alike(a, b *incident.Incident) bool {
	x, y := *a, *b
	for _, z := range []*incident.Incident{&x, &y} {
		if len(z.Tags) == 0 {
			z.Tags = nil
		}
		if len(z.Details) == 0 {
			z.Details = nil
		}
	}
	return reflect.DeepEqual(x, y)
}
