package reach_test

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/core/reach"
)

// What is news of a contact, and what it is worth. Rules keng-8.reachability.marks, keng-8.reachability.rings.
func TestProofs(t *testing.T) {
	var p reach.Proof
	k := reach.Contact{Kind: "sms"}
	at := func(d time.Duration) time.Time { return now.Add(d) }
	for _, step := range []struct {
		what  string
		at    time.Duration
		do    func(time.Time) bool
		news  bool
		grade reach.Grade
	}{
		{"the first page", 0, func(t time.Time) bool { return p.Prove(t, reach.Accepted) }, true, reach.ProvenContact},
		{"the same a little later", time.Minute, func(t time.Time) bool { return p.Prove(t, reach.Accepted) }, false, reach.ProvenContact},
		{"better", 2 * time.Minute, func(t time.Time) bool { return p.Prove(t, reach.Answered) }, true, reach.ProvenContact},
		{"worse within the hour", time.Hour, func(t time.Time) bool { return p.Prove(t, reach.Accepted) }, false, reach.ProvenContact},
		{"a failure of before", time.Minute, func(t time.Time) bool { return p.Fail(t, "refused") }, false, reach.ProvenContact},
		{"a failure", time.Hour, func(t time.Time) bool { return p.Fail(t, "refused") }, true, reach.FailingContact},
		{"the same failure", time.Hour + time.Minute, func(t time.Time) bool { return p.Fail(t, "refused") }, false, reach.FailingContact},
		{"nobody answers", time.Hour + 2*time.Minute, func(t time.Time) bool { return p.Fail(t, "unanswered") }, true, reach.UnansweredContact},
		{"it works again", time.Hour + 3*time.Minute, func(t time.Time) bool { return p.Prove(t, reach.Accepted) }, true, reach.ProvenContact},
		{"for a week", 7 * 24 * time.Hour, func(time.Time) bool { return false }, false, reach.ProvenContact},
		{"and not longer", 7*24*time.Hour + time.Hour + 3*time.Minute, func(time.Time) bool { return false }, false, reach.UnprovenContact},
	} {
		if news := step.do(at(step.at)); news != step.news {
			t.Errorf("%s: news %v", step.what, news)
		}
		if grade := k.Grade(&p, at(step.at)); grade != step.grade {
			t.Errorf("%s: %s, want %s", step.what, grade, step.grade)
		}
	}
	if off := (&reach.Contact{Disabled: true, DeadSince: now}).Grade(&p, now); off != reach.DisabledContact {
		t.Error(off)
	}
	if dead := (&reach.Contact{DeadSince: now}).Grade(&p, now); dead != reach.DeadContact {
		t.Error(dead)
	}
}

// How well a person can be reached. Rule keng-8.reachability.worst-first.
func TestStanding(t *testing.T) {
	proven, failing := reach.Proof{ProvenAt: now, By: reach.Accepted}, reach.Proof{FailedAt: now}
	of := func(kinds string, proofs ...reach.Proof) reach.Standing {
		u := reach.User{}
		for i, kind := range kinds {
			name := map[rune]string{'e': "email", 's': "sms", 'p': "push", 'v': "voice"}[kind]
			u.Contacts = append(u.Contacts, reach.Contact{Kind: name, Address: fmt.Sprint(i)})
		}
		return u.Standing(func(k *reach.Contact) reach.Proof {
			var i int
			fmt.Sscan(k.Address, &i)
			return proofs[i]
		}, now)
	}
	none := reach.Proof{}
	for got, want := range map[reach.Standing]reach.Standing{
		of(""): reach.Unreachable, of("e", none): reach.OnlyQuietly, of("ev", proven, none): reach.PerhapsLoud, of("ep", failing, proven): reach.ProvenLoud,
		of("es", none, reach.Proof{FailedAt: now, Failure: reach.NotAnswered}): reach.PerhapsLoud,
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := of("es", proven, failing); got != reach.OnlyQuietly {
		t.Errorf("a mail that works and an SMS that does not: %s", got)
	}
	blocked := reach.User{Blocked: true, Contacts: []reach.Contact{{Kind: "sms"}}}
	if got := blocked.Standing(func(*reach.Contact) reach.Proof { return proven }, now); got != reach.Unreachable {
		t.Errorf("who is blocked: %s", got)
	}
}

// A daily test comes on its days, at its hour by the wall of the zone. Rule keng-8.reachability.canary-days.
func TestCanaryNext(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	k := reach.Canary{Hour: 9, Days: []time.Weekday{time.Saturday, time.Sunday}}
	// Clocks are put back in the night to Sunday, 25 October 2026.
	at := time.Date(2026, 10, 23, 12, 0, 0, 0, time.UTC)
	for _, want := range []string{"2026-10-24T07:05:00Z", "2026-10-25T08:05:00Z", "2026-10-31T08:05:00Z"} {
		if at = k.Next(at, berlin, 5*time.Minute); at.Format(time.RFC3339) != want {
			t.Errorf("%s, want %s", at.Format(time.RFC3339), want)
		}
	}
	odd := reach.Canary{Days: []time.Weekday{9}}
	if got := odd.Next(at, berlin, 0); !got.After(at) {
		t.Errorf("%s", got)
	}
}
