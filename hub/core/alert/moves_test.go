package alert_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

const (
	hour = time.Hour
	team = core.TeamID("team")
)

// by is who moves an alert at a time after its creation.
func by(user string, after time.Duration) alert.By { return alert.By{User: user, At: now.Add(after)} }

// fresh is an open alert that a person reported and a team owns.
func fresh() *alert.Alert {
	return alert.New(alert.Draft{
		Message: "m", Alias: "x", User: "lan", OwnerTeam: team, Actions: []string{"restart"}, Tags: []string{"t"}, Priority: core.P3,
		Details: map[string]string{"k": "v"}, Responders: []alert.Responder{{Kind: alert.Team, ID: string(team)}},
	}, "id", 1, now)
}

// in are the states that an alert can be in.
var in = []struct {
	name string
	make func() *alert.Alert
}{
	{"open", fresh},
	{"acked", func() *alert.Alert { a := fresh(); a.Acknowledge(by("an", 0)); return a }},
	{"snoozed", func() *alert.Alert { a := fresh(); a.Snooze(by("an", 0), now.Add(hour)); return a }},
	{"both", func() *alert.Alert {
		a := fresh()
		a.Acknowledge(by("an", 0))
		a.Snooze(by("an", 0), now.Add(hour))
		return a
	}},
	{"closing", func() *alert.Alert {
		a := fresh()
		a.CloseUnder(by("an", 0), alert.Closure{Confirm: hour}, alert.Closer{Reachable: true})
		return a
	}},
	{"closed", func() *alert.Alert { a := fresh(); a.Close(by("an", 0)); return a }},
}

// moves are the ways an alert can move, each by "binh" two hours later.
var moves = map[string]func(*alert.Alert) alert.Outcome{
	"recur":      func(a *alert.Alert) alert.Outcome { return a.Recur(by("", 2*hour)) },
	"ack":        func(a *alert.Alert) alert.Outcome { return a.Acknowledge(by("binh", 2*hour)) },
	"unack":      func(a *alert.Alert) alert.Outcome { return a.Unacknowledge(by("binh", 2*hour)) },
	"snooze":     func(a *alert.Alert) alert.Outcome { return a.Snooze(by("binh", 2*hour), now.Add(3*hour)) },
	"snooze-end": func(a *alert.Alert) alert.Outcome { return a.EndSnooze(now.Add(2 * hour)) },
	"take":       func(a *alert.Alert) alert.Outcome { return a.TakeOwnership(by("binh", 2*hour)) },
	"assign":     func(a *alert.Alert) alert.Outcome { return a.Assign(by("binh", 2*hour), "chi") },
	"escalate":   func(a *alert.Alert) alert.Outcome { return a.Escalate(by("binh", 2*hour), "e", "E") },
	"next":       func(a *alert.Alert) alert.Outcome { return a.EscalateToNext(by("binh", 2*hour), true) },
	"responder": func(a *alert.Alert) alert.Outcome {
		return a.AddResponder(by("binh", 2*hour), alert.Responder{Kind: alert.User, ID: "u"}, "U")
	},
	"team": func(a *alert.Alert) alert.Outcome { return a.AddTeam(by("binh", 2*hour), "other", "Other") },
	"note": func(a *alert.Alert) alert.Outcome {
		return a.AddNote(alert.By{User: "binh", Note: "n", At: now.Add(2 * hour)})
	},
	"tags":  func(a *alert.Alert) alert.Outcome { return a.AddTags(by("binh", 2*hour), []string{"new"}) },
	"untag": func(a *alert.Alert) alert.Outcome { return a.RemoveTags(by("binh", 2*hour), []string{"t"}) },
	"details": func(a *alert.Alert) alert.Outcome {
		return a.AddDetails(by("binh", 2*hour), map[string]string{"k": "w"})
	},
	"undetail":  func(a *alert.Alert) alert.Outcome { return a.RemoveDetails(by("binh", 2*hour), []string{"k"}) },
	"action":    func(a *alert.Alert) alert.Outcome { return a.RunAction(by("binh", 2*hour), "restart") },
	"graver":    func(a *alert.Alert) alert.Outcome { return a.SetPriority(by("binh", 2*hour), core.P1) },
	"lighter":   func(a *alert.Alert) alert.Outcome { return a.SetPriority(by("binh", 2*hour), core.P5) },
	"message":   func(a *alert.Alert) alert.Outcome { return a.SetMessage(by("binh", 2*hour), "other") },
	"describe":  func(a *alert.Alert) alert.Outcome { return a.SetDescription(by("binh", 2*hour), "long") },
	"see":       func(a *alert.Alert) alert.Outcome { return a.See(by("binh", 2*hour)) },
	"close":     func(a *alert.Alert) alert.Outcome { return a.Close(by("binh", 2*hour)) },
	"confirm":   func(a *alert.Alert) alert.Outcome { return a.Confirm(by("lan", 2*hour)) },
	"not over":  func(a *alert.Alert) alert.Outcome { return a.Contradict(by("binh", 2*hour)) },
	"close-end": func(a *alert.Alert) alert.Outcome { return a.EndClosing(now.Add(2 * hour)) },
	"ask": func(a *alert.Alert) alert.Outcome {
		return a.CloseUnder(by("binh", 2*hour), alert.Closure{Confirm: hour}, alert.Closer{Reachable: true})
	},
	"delete": func(a *alert.Alert) alert.Outcome { _, o := a.Delete(by("binh", 2*hour)); return o },
}

// What becomes of every move in every state: what follows from it (-: nothing), or "same",
// or the beginning of the reason why not. Rules ogapi-3.status.already, ogapi-2.life.ack,
// ogapi-2.life.unack, ogapi-2.life.snooze, keng-2.life.snooze-end, ogapi-2.life.close,
// keng-2.life.closed-describe, and of all moves keng-3.life.refused, keng-3.life.sequence and
// ogapi-3.life.acknowledged-is-open.
func TestEveryMoveInEveryState(t *testing.T) {
	closed := "Alert is already closed"
	closing := "Alert is already closing"
	want := map[string][6]string{
		//            open       acked      snoozed    both       closing    closed
		"recur":      {"-", "-", "-", "-", "anew", closed},
		"ack":        {"silence", "Alert is already acknowledged", "silence", "Alert is already acknowledged", closing, closed},
		"unack":      {"Alert is already unacknowledged", "anew", "anew", "anew", "anew", closed},
		"snooze":     {"silence", "silence", "silence", "silence", closing, closed},
		"snooze-end": {"Alert is not snoozed", "Alert is not snoozed", "anew", "anew", "Alert is not snoozed", closed},
		"take":       {"silence", "silence", "silence", "silence", closing, closed},
		"assign":     {"call", "call", "call", "call", "call", closed},
		"escalate":   {"call", "call", "call", "call", "call", closed},
		"next":       {"call", "call", "call", "call", "call", closed},
		"responder":  {"call", "call", "call", "call", "call", closed},
		"team":       {"call", "call", "call", "call", "call", closed},
		"note":       {"-", "-", "-", "-", "-", "-"},
		"tags":       {"-", "-", "-", "-", "-", "-"},
		"untag":      {"-", "-", "-", "-", "-", "-"},
		"details":    {"-", "-", "-", "-", "-", "-"},
		"undetail":   {"-", "-", "-", "-", "-", "-"},
		"action":     {"-", "-", "-", "-", "-", closed},
		"graver":     {"anew", "-", "-", "-", "-", "-"},
		"lighter":    {"-", "-", "-", "-", "-", "-"},
		"message":    {"-", "-", "-", "-", "-", "-"},
		"describe":   {"-", "-", "-", "-", "-", "-"},
		"see":        {"-", "same", "same", "same", "same", "same"},
		"close":      {"silence", "silence", "silence", "silence", "silence", closed},
		"confirm":    {"Alert does not wait", "Alert does not wait", "Alert does not wait", "Alert does not wait", "silence", closed},
		"not over":   {"Alert does not wait", "Alert does not wait", "Alert does not wait", "Alert does not wait", "anew", closed},
		"close-end":  {"Alert does not wait", "Alert does not wait", "Alert does not wait", "Alert does not wait", "silence", closed},
		"ask":        {"silence", "silence", "silence", "silence", closing, closed},
		"delete":     {"silence", "silence", "silence", "silence", "silence", "silence"},
	}
	then := map[alert.Then]string{alert.ThenNothing: "-", alert.ThenSilence: "silence", alert.ThenCall: "call", alert.ThenBeginAnew: "anew"}
	for _, name := range slices.Sorted(maps.Keys(moves)) {
		for i, s := range in {
			t.Run(name+" when "+s.name, func(t *testing.T) {
				a := s.make()
				before, o := s.make(), moves[name](a)
				got := then[o.Then]
				switch o.Verdict {
				case alert.Same:
					got = "same"
				case alert.Refused:
					got = string(o.Reason)
				}
				if got != want[name][i] && (o.OK() || !strings.HasPrefix(got, want[name][i])) {
					t.Errorf("%q, want %q", got, want[name][i])
				}
				checkMove(t, before, a, o)
			})
		}
	}
	if len(want) != len(moves) {
		t.Errorf("%d moves, %d rows", len(moves), len(want))
	}
}

// checkMove holds a move against what is true of all of them.
func checkMove(t *testing.T, before, a *alert.Alert, o alert.Outcome) {
	t.Helper()
	if o.Reason == "" {
		t.Error("an outcome without words")
	}
	if !o.Moved() {
		if !reflect.DeepEqual(before, a) {
			t.Errorf("it has not moved (%s), and has changed:\n%+v\n%+v", o.Reason, before, a)
		}
		if !reflect.DeepEqual(o.Entry, alert.Entry{}) || o.Then != alert.ThenNothing {
			t.Errorf("nothing has happened, and yet: %+v", o)
		}
		return
	}
	switch {
	case a.Sequence != before.Sequence+1 || !a.Newer(before) || before.Newer(a) || a.Newer(a):
		t.Errorf("P7: the sequence went from %d to %d", before.Sequence, a.Sequence)
	case o.Entry.What == 0 || o.Entry.By == "" || o.Entry.At.IsZero() || o.Entry.Text() == "" || o.Entry.TextVi() == "":
		t.Errorf("the activity log would not say what, who and when: %+v", o.Entry)
	case strings.Contains(o.Entry.Text()+o.Entry.TextVi(), "%!"):
		t.Errorf("badly told: %s, %s", o.Entry.Text(), o.Entry.TextVi())
	case o.Then == alert.ThenSilence && !a.Silent() && o.Entry.What != alert.DidDelete:
		t.Error("P3: it is to be silenced and is not silent")
	case (o.Then == alert.ThenCall || o.Then == alert.ThenBeginAnew) && a.Silent():
		t.Error("somebody is to be called to a silent alert, and would not be")
	case before.Silent() && !a.Silent() && o.Then != alert.ThenCall && o.Then != alert.ThenBeginAnew && o.Entry.Why != alert.StepsRunAgain:
		t.Error("P2: it wants attention again, and nothing begins")
	case !before.Silent() && a.Silent() && o.Then != alert.ThenSilence:
		t.Error("P3: it is silent now, and what remains goes on")
	case a.Status == alert.Closed && (a.Snoozed() || a.Closing != nil):
		t.Error("a closed alert has a snooze or waits to be closed")
	case a.Snoozed() && a.Closing != nil:
		t.Error("two moments at which it is to stir")
	case before.Status == alert.Closed && a.Status == alert.Open:
		t.Error("a closed alert has come to life")
	case !before.AcknowledgedAt.IsZero() && (before.AcknowledgedAt != a.AcknowledgedAt || before.AcknowledgedBy != a.AcknowledgedBy):
		t.Error("the first acknowledgement has changed")
	case before.Seen() && (!a.Seen() || a.SeenBy != before.SeenBy):
		t.Error("who saw it first has changed")
	case o.Entry.What != alert.DidSee && !a.UpdatedAt.Equal(o.Entry.At):
		t.Errorf("updated at %v, moved at %v", a.UpdatedAt, o.Entry.At)
	}
	if a.Status.String() != "open" && a.Status.String() != "closed" {
		t.Errorf("status %q", a.Status)
	}
}

// Rules ogapi-3.dedup.alias, ogapi-3.dedup.content.
func TestRecurCountsAndNothingElse(t *testing.T) {
	a, old := fresh(), fresh()
	o := a.Recur(by("", hour))
	if !o.Moved() || o.Reason != "Existing alert occurred again" || a.Count != 2 || !a.LastOccurredAt.Equal(now.Add(hour)) {
		t.Errorf("%+v %+v", o, a)
	}
	a.Count, a.LastOccurredAt, a.UpdatedAt, a.Sequence = old.Count, old.LastOccurredAt, old.UpdatedAt, old.Sequence
	if !reflect.DeepEqual(a, old) {
		t.Errorf("a duplicate has changed the content: %+v", a)
	}
}

// Rules ogapi-2.life.ack, ogapi-3.report.ack, ogapi-3.life.seen.
func TestTheFirstAcknowledgementCounts(t *testing.T) {
	a := fresh()
	if o := a.Acknowledge(by("an", hour)); o.Reason != "Acknowledged alert" {
		t.Errorf("%+v", o)
	}
	if !a.Acknowledged || a.Owner != "an" || a.AcknowledgedBy != "an" || !a.AcknowledgedAt.Equal(now.Add(hour)) || a.SeenBy != "an" || !a.SeenAt.Equal(now.Add(hour)) {
		t.Errorf("%+v", a)
	}
	a.Unacknowledge(by("binh", 2*hour))
	if a.Acknowledged || a.Owner != "an" {
		t.Errorf("%+v", a)
	}
	a.Acknowledge(by("binh", 3*hour))
	if a.Owner != "an" || a.AcknowledgedBy != "an" || !a.AcknowledgedAt.Equal(now.Add(hour)) || a.SeenBy != "an" {
		t.Errorf("%+v", a)
	}
	machine := fresh()
	machine.Acknowledge(alert.By{Source: "bot", At: now})
	if machine.Seen() || machine.Owner != "bot" || machine.AcknowledgedBy != "bot" {
		t.Errorf("a machine has seen it: %+v", machine)
	}
}

// Rules ogapi-2.life.snooze, keng-2.life.snooze-end, ogapi-3.life.snoozed-until.
func TestSnooze(t *testing.T) {
	a := fresh()
	for until, want := range map[time.Duration]alert.Reason{0: alert.NotInFuture, -1: alert.NotInFuture, alert.SnoozeMax + 1: alert.TooFar} {
		if o := a.Snooze(by("an", 0), now.Add(until)); o.Verdict != alert.Refused || o.Reason != want || a.Snoozed() {
			t.Errorf("until %v: %+v", until, o)
		}
	}
	zone := time.FixedZone("+7", 7*3600)
	if o := a.Snooze(by("an", 0), now.Add(alert.SnoozeMax).In(zone)); !o.Moved() || a.SnoozedUntil.Location() != time.UTC {
		t.Errorf("%+v %+v", o, a)
	}
	if o := a.Snooze(by("an", 0), now.Add(1)); !o.Moved() || !a.SnoozedUntil.Equal(now.Add(1)) || o.Entry.Text() != "Alert snoozed until 2026-11-25T14:00:00Z" {
		t.Errorf("%+v", o)
	}
	if o := a.Snooze(by("an", 0), now.Add(1)); o.Verdict != alert.Same || !o.OK() || o.Moved() {
		t.Errorf("the same end again: %+v", o)
	}
	if o := a.EndSnooze(now); o.Reason != alert.NotOver || !a.Snoozed() {
		t.Errorf("before its time: %+v", o)
	}
	o := a.EndSnooze(now.Add(1))
	if !o.Moved() || a.Snoozed() || o.Entry.Why != alert.SnoozeOver || o.Entry.By != alert.System || o.Entry.Text() != "Snooze ended: its time is over" {
		t.Errorf("%+v", o)
	}
	if !a.SnoozedUntil.IsZero() {
		t.Error("an end is left")
	}
}

// Rules ogapi-2.life.assign, keng-2.life.assign-self.
func TestOwnership(t *testing.T) {
	a := fresh()
	if o := a.Assign(by("an", 0), "an"); !o.Moved() || o.Reason != alert.HasAssigned || !a.Acknowledged || a.Owner != "an" || o.Entry.What != alert.DidTakeOwnership {
		t.Errorf("to oneself: %+v %+v", o, a)
	}
	if o := a.Assign(by("an", 0), "an"); o.Verdict != alert.Same || o.Reason != alert.HasAssigned {
		t.Errorf("again: %+v", o)
	}
	if o := a.Assign(by("an", 0), ""); o.Reason != alert.NoOwner {
		t.Errorf("to nobody: %+v", o)
	}
	if o := a.Assign(alert.By{Source: "x", At: now}, ""); o.Reason != alert.NoOwner {
		t.Errorf("to nobody by nobody: %+v", o)
	}
	o := a.Assign(by("an", 0), "binh")
	if !o.Moved() || a.Owner != "binh" || a.Acknowledged || o.Entry.Text() != "Alert assigned to binh" {
		t.Errorf("to another: %+v %+v", o, a)
	}
	if o := a.Assign(by("an", 0), "binh"); o.Verdict != alert.Same {
		t.Errorf("to the owner: %+v", o)
	}
	closing := in[4].make()
	closing.Owner = "binh"
	if o := closing.Assign(by("an", 0), "binh"); !o.Moved() || closing.Closing != nil {
		t.Errorf("to the owner of what was about to be closed: %+v", o)
	}
	if o := in[4].make().Assign(by("an", 0), "an"); o.Reason != alert.AlreadyClosing {
		t.Errorf("to oneself, of what is about to be closed: %+v", o)
	}
	if o := fresh().TakeOwnership(alert.By{Source: "x", At: now}); o.Reason != alert.NoOwner {
		t.Errorf("by nobody: %+v", o)
	}
	if o := a.TakeOwnership(by("an", 0)); !o.Moved() || o.Reason != alert.HasTaken || a.Owner != "an" || !a.Acknowledged {
		t.Errorf("%+v", o)
	}
	a.Unacknowledge(by("an", 0))
	if o := a.TakeOwnership(by("an", 0)); !o.Moved() || !a.Acknowledged {
		t.Errorf("the owner takes it again: %+v", o)
	}
	snoozed := in[2].make()
	snoozed.TakeOwnership(by("an", 0))
	if snoozed.Snoozed() {
		t.Error("who takes care needs no snooze")
	}
}

// Rules ogapi-2.life.escalate, ogapi-2.life.escalate-next, ogapi-2.life.responder, ogapi-2.life.team,
// keng-2.life.call-unsilences, ogapi-3.limits.responders.
func TestCalls(t *testing.T) {
	for _, s := range in[:5] {
		for _, name := range []string{"assign", "escalate", "next", "responder", "team"} {
			a := s.make()
			moves[name](a)
			if a.Acknowledged || a.Snoozed() || a.Closing != nil {
				t.Errorf("%s when %s: it stays silent", name, s.name)
			}
		}
	}
	a := fresh()
	a.Begun = []core.EscalationID{"d", "e", "f"}
	o := a.Escalate(by("an", 0), "e", "E")
	if !slices.Equal(a.Begun, []core.EscalationID{"d", "f"}) || !a.HasResponder(alert.Responder{Kind: alert.Escalation, ID: "e"}) || o.Entry.Text() != "Alert escalated to E" {
		t.Errorf("%+v %+v", o, a)
	}
	if o := a.Escalate(by("an", 0), "e", "E"); !o.Moved() || len(a.Responders) != 2 {
		t.Errorf("again: %+v, %v", o, a.Responders)
	}
	if o := a.EscalateToNext(by("an", 0), false); o.Reason != alert.NoStep {
		t.Errorf("%+v", o)
	}
	if o := a.AddResponder(by("an", 0), alert.Responder{Kind: alert.Escalation, ID: "e"}, "E"); o.Verdict != alert.Same || o.Reason != alert.HasResponderNow {
		t.Errorf("%+v", o)
	}
	if o := a.AddResponder(by("an", 0), alert.Responder{}, ""); o.Reason != alert.NothingNamed {
		t.Errorf("%+v", o)
	}
	if o := a.AddTeam(by("an", 0), "net", "Net"); !o.Moved() || o.Reason != alert.HasTeamNow || a.OwnerTeam != team || o.Entry.Text() != "Team added: Net" {
		t.Errorf("%+v %+v", o, a)
	}
	a.OwnerTeam = ""
	if o := a.AddTeam(by("an", 0), "net", "Net"); o.Verdict != alert.Same || a.OwnerTeam != "" {
		t.Errorf("%+v", o)
	}
	if o := a.AddTeam(by("an", 0), "ops", "Ops"); !o.Moved() || a.OwnerTeam != "ops" {
		t.Errorf("%+v", o)
	}
	a.OwnerTeam = "" // a team is one, in whichever way it is called
	if o := a.AddResponder(by("an", 0), alert.Responder{Kind: alert.User, ID: "night"}, "Night"); !o.Moved() || a.OwnerTeam != "" {
		t.Errorf("%+v", o)
	}
	if o := a.AddResponder(by("an", 0), alert.Responder{Kind: alert.Team, ID: "night"}, "Night"); !o.Moved() || a.OwnerTeam != "night" {
		t.Errorf("%+v", o)
	}
	for i := len(a.Responders); i < alert.RespondersMax; i++ {
		if o := a.AddResponder(by("an", 0), alert.Responder{Kind: alert.User, ID: fmt.Sprint(i)}, "U"); !o.Moved() {
			t.Fatalf("responder %d: %+v", i, o)
		}
	}
	if o := a.AddTeam(by("an", 0), "one more", "One More"); o.Reason != alert.TooManyResponders || len(a.Responders) != 50 {
		t.Errorf("%+v", o)
	}
	if o := a.Escalate(by("an", 0), "other", "O"); o.Reason != alert.TooManyResponders {
		t.Errorf("%+v", o)
	}
	if o := a.Escalate(by("an", 0), "e", "E"); !o.Moved() {
		t.Errorf("one that is there already: %+v", o)
	}
}

// Rule ogapi-3.life.seen.
func TestLookingIsNoUpdate(t *testing.T) {
	a := fresh()
	if o := a.See(alert.By{Source: "console", At: now.Add(hour)}); o.Verdict != alert.Same || a.Seen() {
		t.Errorf("nobody has looked: %+v", o)
	}
	o := a.See(by("an", hour))
	if !o.Moved() || a.SeenBy != "an" || !a.SeenAt.Equal(now.Add(hour)) || !a.UpdatedAt.Equal(now) || a.Sequence != 2 {
		t.Errorf("%+v %+v", o, a)
	}
}

// A refusal is no success, whatever it is that was asked for.
func TestRefusalsAreNoSuccess(t *testing.T) {
	a, long := fresh(), map[string]string{"k": repeat(alert.DetailsMax)}
	for name, o := range map[string]alert.Outcome{
		"no tags": a.RemoveTags(by("an", 0), nil), "no details": a.AddDetails(by("an", 0), nil), "no keys": a.RemoveDetails(by("an", 0), nil),
		"long": a.AddDetails(by("an", 0), long), "no message": a.SetMessage(by("an", 0), ""), "no priority": a.SetPriority(by("an", 0), 0),
		"no action": a.RunAction(by("an", 0), "x"), "no responder": a.AddResponder(by("an", 0), alert.Responder{}, ""),
		"no owner": a.Assign(by("an", 0), ""), "no step": a.EscalateToNext(by("an", 0), false), "not over": in[2].make().EndSnooze(now),
		"not the reporter": in[4].make().Confirm(by("an", 0)), "no note": a.AddNote(by("an", 0)), "closing": in[4].make().EndClosing(now),
	} {
		if o.OK() || o.Moved() || o.Verdict != alert.Refused {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if !strings.Contains(alert.Open.String()+alert.Closed.String(), "openclosed") {
		t.Error("a status has another name")
	}
}
