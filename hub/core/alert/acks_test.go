package alert_test

import (
	"slices"
	"testing"

	"keng/hub/core/alert"
)

// Two must acknowledge: the first does so for one, the second completes it. Rules
// keng-2.acks.each, keng-2.acks.partly.
func TestTwoMustAcknowledge(t *testing.T) {
	a := fresh()
	if !a.RaiseAcks(2, now) || a.Sequence != 2 || a.RaiseAcks(2, now) || a.RaiseAcks(1, now) {
		t.Fatalf("%+v", a)
	}
	o := a.Acknowledge(by("an", hour))
	if !o.Moved() || o.Then != alert.ThenSpare || a.Silent() || a.Owner != "" || !a.AcknowledgedAt.IsZero() || a.SeenBy != "an" {
		t.Fatalf("%+v %+v", o, a)
	}
	if en, vi := o.Entry.Text(), o.Entry.TextVi(); en != "Alert acknowledged by 1 of 2 who have to" || vi != "Cảnh báo đã có 1 trên 2 người cần thiết xác nhận" {
		t.Errorf("%q, %q", en, vi)
	}
	if o := a.Acknowledge(by("an", hour)); o.Reason != alert.YouAcknowledged || o.OK() {
		t.Errorf("once more: %+v", o)
	}
	if o := a.Acknowledge(by("binh", 2*hour)); o.Then != alert.ThenSilence || !a.Acknowledged || a.Owner != "binh" || a.AcknowledgedBy != "binh" || a.AckedBy() != "binh" {
		t.Errorf("%+v %+v", o, a)
	}
	if !slices.Equal(a.Acks, []string{"an", "binh"}) || a.RaiseAcks(3, now) {
		t.Errorf("%+v", a)
	}
	a.Unacknowledge(by("chi", 3*hour))
	if len(a.Acks) > 0 || a.AcksWanted != 0 || a.AckedBy() != "" {
		t.Errorf("taken back: %+v", a)
	}
}

// Whoever takes ownership where two must acknowledge owns the alert, and has acknowledged for
// one. Rule keng-2.acks.partly.
func TestTakingIsOneOfTwoAcknowledgements(t *testing.T) {
	a := fresh()
	a.RaiseAcks(2, now)
	a.Assign(by("boss", 0), "an")
	if o := a.TakeOwnership(by("an", hour)); o.Then != alert.ThenSpare || o.Reason != alert.HasTaken || a.Silent() || a.Owner != "an" || a.Assigned {
		t.Errorf("%+v %+v", o, a)
	}
	if o := a.TakeOwnership(by("an", hour)); o.Verdict != alert.Same {
		t.Errorf("again: %+v", o)
	}
	if o := a.AddResponder(by("boss", hour), alert.Responder{Kind: alert.User, ID: "u"}, "U"); !o.Moved() || len(a.Acks) != 1 || a.AcksWanted != 2 {
		t.Errorf("calling one more took an acknowledgement back: %+v", a)
	}
	if o := a.TakeOwnership(by("binh", hour)); o.Then != alert.ThenSilence || a.Owner != "binh" {
		t.Errorf("%+v %+v", o, a)
	}
}

// What is no person acknowledges for all. Rule keng-2.acks.all.
func TestAToolAcknowledgesForAll(t *testing.T) {
	a := fresh()
	a.RaiseAcks(5, now)
	if o := a.Acknowledge(alert.By{Source: "monitor", At: now}); o.Then != alert.ThenSilence || len(a.Acks) > 0 || a.AckedBy() != "monitor" {
		t.Errorf("%+v %+v", o, a)
	}
}

// Who is called although the alert is acknowledged can acknowledge, too; once, and named.
// Rule keng-2.acks.too.
func TestOneMoreAcknowledges(t *testing.T) {
	a := fresh()
	a.Acknowledge(by("an", 0))
	if o := a.AcknowledgeToo(by("binh", hour)); o.Then != alert.ThenSpare || o.Reason != alert.HasAcknowledged || a.Owner != "an" || a.AcknowledgedBy != "an" || a.AckedBy() != "binh" {
		t.Errorf("%+v %+v", o, a)
	}
	for _, who := range []string{"an", "binh", ""} {
		if o := a.AcknowledgeToo(by(who, hour)); o.Reason != alert.AlreadyAcknowledged || o.OK() {
			t.Errorf("%q: %+v", who, o)
		}
	}
	if o := a.Acknowledge(by("chi", hour)); o.Reason != alert.AlreadyAcknowledged {
		t.Errorf("who is not called: %+v", o)
	}
}

// When steps run again that take acknowledgements back, all of them go, and nobody is called by
// that alone. Rule keng-2.acks.cleared.
func TestAnAcknowledgementIsTakenBack(t *testing.T) {
	for name, acks := range map[string]int{"all": 1, "one of two": 2} {
		a := fresh()
		a.RaiseAcks(acks, now)
		a.Acknowledge(by("an", 0))
		o := a.TakeAckBack(now.Add(hour))
		if !o.Moved() || o.Then != alert.ThenNothing || o.Entry.Why != alert.StepsRunAgain || o.Entry.By != alert.System || a.Silent() || len(a.Acks) > 0 || a.AcksWanted != 0 {
			t.Errorf("%s: %+v %+v", name, o, a)
		}
		if o := a.TakeAckBack(now.Add(hour)); o.OK() {
			t.Errorf("%s, again: %+v", name, o)
		}
	}
}

// An alert is closed unanswered only if it wants attention. Rule keng-8.escalation.close-after-all.
func TestClosedUnanswered(t *testing.T) {
	for _, s := range in {
		a := s.make()
		if o := a.CloseUnanswered(alert.By{At: now.Add(hour)}); o.Moved() != (s.name == "open") || o.Moved() && (o.Then != alert.ThenSilence || o.Entry.Why != alert.AllWasDone || a.ClosedBy != alert.System) {
			t.Errorf("%s: %+v", s.name, o)
		}
	}
}

// Who may be told of an alert, by a plain table of what it is. Rules keng-2.acks.each,
// keng-8.escalation.unclosed.
func TestWhoIsWanted(t *testing.T) {
	for bits := range 32 {
		is := func(n int) bool { return bits>>n&1 == 1 }
		acked, snoozed, closing, closed, mine := is(0), is(1), is(2), is(3), is(4)
		a := fresh()
		a.Acknowledged = acked
		if snoozed {
			a.SnoozedUntil = now.Add(hour)
		}
		if closing {
			a.Closing = &alert.Closing{}
		}
		if closed {
			a.Status = alert.Closed
		}
		if mine {
			a.Acks = []string{"an"}
		}
		quiet := snoozed || closing || closed || mine
		for _, unclosed := range []bool{false, true} {
			if got, want := a.Wants("an", unclosed), !quiet && (!acked || unclosed); got != want {
				t.Errorf("acked %v snoozed %v closing %v closed %v mine %v unclosed %v: %v", acked, snoozed, closing, closed, mine, unclosed, got)
			}
		}
	}
}

// Who is said to have acknowledged when nobody is noted by name: the owner, else who did it first. What is refused leaves how many
// must acknowledge as it was. Rule keng-2.acks.all.
func TestAcknowledgedByNoPerson(t *testing.T) {
	for _, c := range []struct{ owner, first, want string }{{"an", "monitor", "an"}, {"", "monitor", "monitor"}} {
		a := fresh()
		a.Acknowledged, a.Owner, a.AcknowledgedBy = true, c.owner, c.first
		if a.AckedBy() != c.want {
			t.Errorf("%+v: %s", c, a.AckedBy())
		}
	}
	a := fresh()
	a.RaiseAcks(3, now)
	a.Close(by("an", hour))
	if o := a.AcknowledgeForAll(by("an", hour)); o.OK() || a.AcksWanted != 3 {
		t.Errorf("%+v %+v", o, a)
	}
	a = fresh()
	a.RaiseAcks(3, now)
	if o := a.AcknowledgeForAll(by("an", hour)); o.Then != alert.ThenSilence || a.AcksWanted != 0 || !a.Acknowledged {
		t.Errorf("%+v %+v", o, a)
	}
}
