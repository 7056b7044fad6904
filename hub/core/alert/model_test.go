package alert_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// deed is one move: what is done, by whom, with what.
type deed struct {
	name  string
	by    alert.By
	arg   string
	until time.Time
	to    core.Priority
	rule  alert.Closure
	who   alert.Closer
	step  bool
}

// history is a second, plain account of an alert: it keeps nothing but what was done to it,
// and works out what the alert is by looking back. Only moves that were made are in it.
type history []deed

var (
	rouses    = []string{"unack", "snooze-end", "contradict", "reopen", "assign", "escalate", "next", "responder", "team", "back"}
	attends   = []string{"ack", "take"}
	partly    = []string{"ack-part", "take-part", "ack-too"} // one of several acknowledges
	closes    = []string{"close", "confirm", "close-end", "unanswered"}
	describes = []string{"note", "tag", "untag", "detail", "undetail", "priority", "message", "see"}
)

// last says where in the history one of these was done last, -1 if never; first is the same
// from the other end, among those that a person did if person is set.
func (h history) last(names ...string) int {
	for i := len(h) - 1; i >= 0; i-- {
		if slices.Contains(names, h[i].name) {
			return i
		}
	}
	return -1
}

func (h history) first(person bool, names ...string) *deed {
	for i := range h {
		if slices.Contains(names, h[i].name) && (!person || h[i].by.User != "") {
			return &h[i]
		}
	}
	return nil
}

func (h history) closed() bool { return h.last(closes...) >= 0 }
func (h history) acked() bool  { return h.last(attends...) > h.last(rouses...) }
func (h history) closing() bool {
	return !h.closed() && h.last("ask") > h.last(rouses...)
}

func (h history) snoozedUntil() (until time.Time) {
	i := h.last("snooze")
	if i > h.last(slices.Concat(rouses, attends, closes, []string{"ask"})...) {
		until = h[i].until
	}
	return until
}

func (h history) silent() bool {
	return h.closed() || h.acked() || !h.snoozedUntil().IsZero() || h.closing()
}

// acks are who has acknowledged since the alert last wanted attention, and how many must.
func (h history) acks() (acks []string, wanted int) {
	for i, d := range h {
		before := h[:i]
		grew := d.name == "priority" && !before.silent() && d.to < slices.Min(before.priorities())
		switch {
		case d.name == "back" || d.name == "unack" || grew || slices.Contains(rouses, d.name) && before.silent():
			acks, wanted = nil, 0
		case d.name == "raise":
			wanted = int(d.to)
		case slices.Contains(slices.Concat(attends, partly), d.name) && d.by.User != "" && !slices.Contains(acks, d.by.User):
			acks = append(acks, d.by.User)
		}
	}
	return acks, wanted
}

// lacks reports whether others have yet to acknowledge when this one has.
func (h history) lacks(user string) bool {
	acks, wanted := h.acks()
	return !h.acked() && user != "" && len(acks)+1 < wanted
}

// assigned: the owner was called by that, and nothing has come of it.
func (h history) assigned() bool {
	others := slices.DeleteFunc(slices.Concat(rouses, attends, []string{"snooze", "take-part"}), func(name string) bool { return name == "assign" || name == "back" })
	at := h.last("assign")
	answered := slices.ContainsFunc(h[max(at, 0):], func(d deed) bool { return d.name == "ack-part" && d.by.User == h.owner() })
	for i, d := range h { // taking an acknowledgement back calls by the escalation, not the owner
		if d.name == "back" && i > at {
			return false
		}
	}
	return at > h.last(others...) && !answered
}

func (h history) owner() (owner string) {
	for _, d := range h {
		switch {
		case d.name == "assign":
			owner = d.arg
		case d.name == "take" || d.name == "take-part" || d.name == "ack" && owner == "":
			owner = d.by.Name()
		}
	}
	return owner
}

// items plays adding and removing of words on those that were there first.
func (h history) items(items []string, add, remove string) []string {
	items = slices.Clone(items)
	for _, d := range h {
		if d.name == add && !slices.Contains(items, d.arg) {
			items = append(items, d.arg)
		} else if i := slices.Index(items, d.arg); d.name == remove && i >= 0 {
			items = slices.Delete(items, i, i+1)
		}
	}
	return items
}

// priorities are all that the alert has had, in their order.
func (h history) priorities() []core.Priority {
	all := []core.Priority{core.P3}
	for _, d := range h {
		if d.name == "priority" {
			all = append(all, d.to)
		}
	}
	return all
}

// alert works out the whole alert.
func (h history) alert() *alert.Alert {
	a := fresh()
	a.Sequence = uint64(len(h)) + 1
	a.Acknowledged, a.SnoozedUntil, a.Owner, a.Assigned = h.acked(), h.snoozedUntil(), h.owner(), h.assigned()
	a.Acks, a.AcksWanted = h.acks()
	a.Tags, a.Begun = h.items([]string{"t"}, "tag", "untag"), nil
	for _, e := range h.items([]string{"w0", "w1", "w2"}, "", "escalate") {
		a.Begun = append(a.Begun, core.EscalationID(e))
	}
	a.Details = map[string]string{}
	for _, k := range h.items([]string{"k"}, "detail", "undetail") {
		a.Details[k] = map[bool]string{true: "v", false: "of " + k}[k == "k"]
	}
	a.Priority = h.priorities()[len(h.priorities())-1]
	if len(h.priorities()) > 1 {
		a.Gravest = slices.Min(h.priorities())
	}
	if i := h.last("message"); i >= 0 {
		a.Message = h[i].arg
	}
	for _, d := range h {
		if d.name != "see" {
			a.UpdatedAt = d.by.At
		}
		kind := map[string]alert.ResponderKind{"escalate": alert.Escalation, "responder": alert.User, "team": alert.Team}[d.name]
		if r := (alert.Responder{Kind: kind, ID: d.arg}); kind != 0 && !a.HasResponder(r) {
			a.Responders = append(a.Responders, r)
		}
		if d.name == "recur" || d.name == "reopen" {
			a.Count, a.LastOccurredAt = a.Count+1, d.by.At
		}
	}
	if d := h.first(false, attends...); d != nil {
		a.AcknowledgedAt, a.AcknowledgedBy = d.by.At, d.by.Name()
	}
	if d := h.first(true, "ack", "take", "ack-part", "take-part", "ack-too", "snooze", "see", "ask", "close"); d != nil {
		a.SeenAt, a.SeenBy = d.by.At, d.by.User
	}
	asked := h.last("ask")
	if h.closing() {
		a.Closing = &alert.Closing{By: h[asked].by.Name(), At: h[asked].by.At, Until: h[asked].until}
	}
	if i := h.last(closes...); i >= 0 {
		a.Status, a.ClosedAt, a.ClosedBy = alert.Closed, h[i].by.At, h[i].by.Name()
		if h[i].name != "close" && h[i].name != "unanswered" {
			a.ClosedBy = h[asked].by.Name()
		}
	}
	return a
}

// answer says whether a deed may be done now, and with which words it is refused or found
// done already.
func (h history) answer(d deed) (alert.Verdict, alert.Reason) {
	a := h.alert()
	has := func(already bool, why alert.Reason) (alert.Verdict, alert.Reason) {
		if already {
			return alert.Same, why
		}
		return alert.Moved, ""
	}
	in := func(reasons ...any) (alert.Verdict, alert.Reason) { // pairs: if so, then that
		for i := 0; i < len(reasons); i += 2 {
			if reasons[i].(bool) {
				return alert.Refused, reasons[i+1].(alert.Reason)
			}
		}
		return alert.Moved, ""
	}
	closing, asked := h.closing(), a.Closing
	if h.closed() && !slices.Contains(describes, d.name) {
		return alert.Refused, alert.AlreadyClosed
	}
	if d.name == "ask" && d.by.User == "" {
		return alert.Moved, "" // no rule binds a machine
	}
	acks, wanted := h.acks()
	known := slices.Contains(acks, d.by.User)
	switch d.name {
	case "ack":
		return in(h.acked(), alert.AlreadyAcknowledged, closing, alert.AlreadyClosing, known, alert.YouAcknowledged)
	case "ack-too":
		return in(closing, alert.AlreadyClosing, known || d.by.User == "", alert.AlreadyAcknowledged)
	case "raise":
		return has(h.acked() || int(d.to) <= max(wanted, 1), "")
	case "back":
		return in(!h.snoozedUntil().IsZero() || closing || !h.acked() && len(acks) == 0, alert.AlreadyUnacknowledged)
	case "unanswered":
		return in(h.acked(), alert.AlreadyAcknowledged, h.silent(), alert.NotOver)
	case "unack":
		return in(!h.acked() && len(acks) == 0 && h.snoozedUntil().IsZero() && !closing, alert.AlreadyUnacknowledged)
	case "snooze":
		if d.until.Equal(h.snoozedUntil()) && d.until.After(d.by.At) {
			return alert.Same, alert.HasSnoozed
		}
		return in(closing, alert.AlreadyClosing, !d.until.After(d.by.At), alert.NotInFuture, d.until.Sub(d.by.At) > 366*24*hour, alert.TooFar)
	case "snooze-end":
		return in(h.snoozedUntil().IsZero(), alert.NotSnoozed, d.by.At.Before(h.snoozedUntil()), alert.NotOver)
	case "take":
		if !closing && (h.acked() || known) && h.owner() == d.by.User && d.by.User != "" {
			return alert.Same, alert.HasTaken
		}
		return in(d.by.User == "", alert.NoOwner, closing, alert.AlreadyClosing)
	case "assign":
		if d.arg != "" && h.owner() == d.arg && !closing && (h.assigned() || h.acked() && h.snoozedUntil().IsZero()) {
			return alert.Same, alert.HasAssigned
		}
		return in(d.arg == "", alert.NoOwner)
	case "next":
		return in(!d.step, alert.NoStep)
	case "responder":
		return has(a.HasResponder(alert.Responder{Kind: alert.User, ID: d.arg}), alert.HasResponderNow)
	case "team":
		return has(a.HasResponder(alert.Responder{Kind: alert.Team, ID: d.arg}), alert.HasTeamNow)
	case "note":
		return in(d.by.Note == "", alert.NothingNamed)
	case "tag":
		return has(slices.Contains(a.Tags, d.arg), alert.HasTags)
	case "untag":
		return has(!slices.Contains(a.Tags, d.arg), alert.HasLessTags)
	case "detail":
		return has(a.Details[d.arg] != "", alert.HasDetails)
	case "undetail":
		return has(a.Details[d.arg] == "", alert.HasLessDetails)
	case "priority":
		if d.to == a.Priority {
			return alert.Same, alert.HasPriority
		}
		return in(d.to < 1 || d.to > 5, alert.NoSuchPriority)
	case "message":
		return has(d.arg == a.Message, alert.HasMessage)
	case "see":
		return has(a.SeenBy != "" || d.by.User == "", alert.HasBeenSeen)
	case "ask":
		return in(d.rule.Who == alert.Members && !d.who.Member, alert.OnlyMembers,
			d.rule.Who == alert.Owners && a.Owner == "" && !(d.who.Member || d.who.Admin), alert.OnlyMembers,
			d.rule.Who == alert.Owners && a.Owner != "" && a.Owner != d.by.User && !d.who.Admin, alert.OnlyOwner,
			closing && asks(d), alert.AlreadyClosing)
	case "confirm":
		return in(!closing, alert.NotClosing, d.by.User != "lan", alert.OnlyReporter)
	case "contradict":
		return in(!closing, alert.NotClosing)
	case "close-end":
		return in(!closing, alert.NotClosing, closing && d.by.At.Before(asked.Until), alert.NotOver)
	}
	return alert.Moved, "" // recur, escalate, close
}

// asks reports whether who closes by a rule asks the reporter.
func asks(d deed) bool {
	return d.rule.Confirm > 0 && d.who.Reachable && d.by.User != "lan" && d.by.User != ""
}

// follows says what must follow from a deed that may be done.
func (h history) follows(d deed) alert.Then {
	switch {
	case slices.Contains(partly, d.name):
		return alert.ThenSpare
	case slices.Contains(rouses[:4], d.name), d.name == "priority" && !h.silent() && d.to < slices.Min(h.priorities()):
		return alert.ThenBeginAnew
	case slices.Contains(rouses[4:9], d.name):
		return alert.ThenCall
	case d.name == "recur" || d.name == "raise" || d.name == "back" || slices.Contains(describes, d.name):
		return alert.ThenNothing
	}
	return alert.ThenSilence
}

// meant is the deed that this one comes to: to assign to oneself is to take, what recurs
// while its closing waits is open again, and who asks nobody closes.
func (h history) meant(d deed) deed {
	switch {
	case d.name == "assign" && d.arg == d.by.User && d.arg != "":
		d.name = "take"
	case d.name == "recur" && h.closing():
		d.name = "reopen"
	case d.name == "ask" && !asks(d):
		d.name = "close"
	case d.name == "ask":
		d.until = d.by.At.Add(d.rule.Confirm)
	case d.name == "ack-too" && !h.acked():
		d.name = "ack"
	}
	if slices.Contains(attends, d.name) && h.lacks(d.by.User) {
		d.name += "-part"
	}
	return d
}

// do does it to the alert proper.
func (d deed) do(a *alert.Alert) alert.Outcome {
	switch d.name {
	case "recur":
		return a.Recur(d.by)
	case "ack":
		return a.Acknowledge(d.by)
	case "ack-too":
		return a.AcknowledgeToo(d.by)
	case "raise":
		return d.raise(a)
	case "back":
		return a.TakeAckBack(d.by.At)
	case "unanswered":
		return a.CloseUnanswered(d.by)
	case "unack":
		return a.Unacknowledge(d.by)
	case "snooze":
		return a.Snooze(d.by, d.until)
	case "snooze-end":
		return a.EndSnooze(d.by.At)
	case "take":
		return a.TakeOwnership(d.by)
	case "assign":
		return a.Assign(d.by, d.arg)
	case "escalate":
		return a.Escalate(d.by, core.EscalationID(d.arg), d.arg)
	case "next":
		return a.EscalateToNext(d.by, d.step)
	case "responder":
		return a.AddResponder(d.by, alert.Responder{Kind: alert.User, ID: d.arg}, d.arg)
	case "team":
		return a.AddTeam(d.by, core.TeamID(d.arg), d.arg)
	case "note":
		return a.AddNote(d.by)
	case "tag":
		return a.AddTags(d.by, []string{d.arg})
	case "untag":
		return a.RemoveTags(d.by, []string{d.arg})
	case "detail":
		return a.AddDetails(d.by, map[string]string{d.arg: map[bool]string{true: "v", false: "of " + d.arg}[d.arg == "k"]})
	case "undetail":
		return a.RemoveDetails(d.by, []string{d.arg})
	case "priority":
		return a.SetPriority(d.by, d.to)
	case "message":
		return a.SetMessage(d.by, d.arg)
	case "see":
		return a.See(d.by)
	case "ask":
		return a.CloseUnder(d.by, d.rule, d.who)
	case "close":
		return a.Close(d.by)
	case "confirm":
		return a.Confirm(d.by)
	case "contradict":
		return a.Contradict(d.by)
	}
	return a.EndClosing(d.by.At)
}

// raise tells it as an outcome, which it is not: nothing is written down of it.
func (d deed) raise(a *alert.Alert) alert.Outcome {
	switch {
	case a.RaiseAcks(int(d.to), d.by.At):
		return alert.Outcome{Verdict: alert.Moved, Entry: alert.Entry{By: d.by.Name(), At: d.by.At}}
	case a.Status == alert.Closed:
		return alert.Outcome{Verdict: alert.Refused, Reason: alert.AlreadyClosed}
	}
	return alert.Outcome{Verdict: alert.Same}
}

// chance throws a deed.
func chance(dice *rand.Rand, at time.Time) deed {
	coin := func() bool { return dice.IntN(2) == 0 }
	names := slices.Concat(rouses[:3], rouses[4:], attends, closes, describes, []string{"recur", "snooze", "ask", "ask", "ack", "ack", "ack-too", "raise", "raise"})
	d := deed{name: names[dice.IntN(len(names))], step: coin(), to: core.Priority(dice.IntN(7)), until: at.Add(time.Duration(dice.IntN(5)-1) * hour)}
	d.by = alert.By{User: []string{"", "an", "lan"}[dice.IntN(3)], Source: []string{"", "api"}[dice.IntN(2)], Note: []string{"", "n"}[dice.IntN(2)], At: at}
	d.arg = []string{"w0", "w1", "w2"}[dice.IntN(3)]
	switch d.name {
	case "assign":
		d.arg = []string{"", "an", "lan", "chi"}[dice.IntN(4)]
	case "untag", "undetail", "detail":
		d.arg = []string{"t", "k", "w0", "w1"}[dice.IntN(4)]
	case "ack", "ack-too":
		d.by.User = []string{"", "an", "lan", "chi"}[dice.IntN(4)]
	case "close":
		if dice.IntN(3) > 0 {
			d.name = "ack" // else every life is short
		}
	case "snooze-end", "close-end":
		d.by = alert.By{At: at} // nobody does it
	case "back", "unanswered":
		d.by = alert.By{At: at}
		if d.name == "unanswered" && dice.IntN(3) > 0 {
			d.name = "raise"
		}
	case "snooze":
		if dice.IntN(9) == 0 {
			d.until = at.Add(alert.SnoozeMax + 1)
		}
	}
	d.rule = alert.Closure{Who: alert.Closers(dice.IntN(3)), Confirm: time.Duration(dice.IntN(2)) * hour}
	d.who = alert.Closer{Member: coin(), Admin: coin(), Reachable: coin()}
	return d
}

// The alert, and the account that looks back, agree about every answer, every consequence
// and every field, whatever is done. Rules ogapi-2.life.ack, ogapi-2.life.unack, ogapi-2.life.snooze,
// ogapi-2.life.assign, ogapi-2.life.close, ogapi-2.life.tags, ogapi-2.life.details, keng-2.acks.each, keng-2.acks.all, keng-2.acks.partly, keng-2.acks.cleared, keng.closure.who,
// keng.refused, p7.sequence.
func TestAnAlertIsWhatItsHistoryMakesOfIt(t *testing.T) {
	for seed := range uint64(400) {
		dice := rand.New(rand.NewPCG(seed, 11))
		a, at, h := fresh(), now, history(nil)
		a.Begun = []core.EscalationID{"w0", "w1", "w2"}
		for n := range 60 {
			at = at.Add(time.Duration(dice.IntN(4)) * 20 * time.Minute)
			d := chance(dice, at)
			verdict, reason := h.answer(h.deedAsked(d))
			meant := h.meant(d)
			then := h.follows(meant)
			o := d.do(a)
			what := fmt.Sprintf("seed %d, deed %d, %s by %q with %q", seed, n, d.name, d.by.User, d.arg)
			if o.Verdict != verdict || verdict == alert.Refused && o.Reason != reason {
				t.Fatalf("%s: %+v, by its history %v %q\n%+v", what, o, verdict, reason, a)
			}
			if verdict == alert.Moved {
				h = append(h, meant)
				if o.Then != then || o.Entry.By != d.by.Name() && meant.name != "reopen" || !o.Entry.At.Equal(at) {
					t.Fatalf("%s: %+v, and %v should follow", what, o, then)
				}
			}
			if want := h.alert(); !alike(a, want) {
				t.Fatalf("%s: it is\n%+v, by its history\n%+v", what, a, want)
			}
		}
	}
}

// deedAsked is what is asked of the history for a deed: assigning to oneself is taking.
func (h history) deedAsked(d deed) deed {
	m := h.meant(d)
	m.name = strings.TrimSuffix(m.name, "-part")
	if slices.Contains(attends, m.name) {
		return m
	}
	return d
}

// alike compares two alerts, an empty list being no list.
func alike(a, b *alert.Alert) bool {
	x, y := *a, *b
	for _, z := range []*alert.Alert{&x, &y} {
		if len(z.Acks) == 0 {
			z.Acks = nil
		}
		if len(z.Tags) == 0 {
			z.Tags = nil
		}
		if len(z.Begun) == 0 {
			z.Begun = nil
		}
		if len(z.Details) == 0 {
			z.Details = nil
		}
	}
	return reflect.DeepEqual(x, y)
}
