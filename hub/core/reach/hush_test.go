package reach_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
)

// Rules ogapi-8.reach.muted, keng-8.reach.quiet-hours, keng-8.reach.pierce, keng-8.reach.zone-unknown.
func TestHushed(t *testing.T) {
	hanoi := time.FixedZone("+07", 7*3600) // where now is 21:00
	from := func(start, end int) *rota.Restriction {
		return &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: start * 60, EndMinute: end * 60}}}
	}
	for name, x := range map[string]struct {
		user     reach.User
		priority core.Priority
		zone     *time.Location
		want     string
	}{
		"nothing is said":               {reach.User{}, core.P3, hanoi, "0"},
		"muted":                         {reach.User{MutedUntil: now.Add(time.Second)}, core.P1, hanoi, "1 for 1s"},
		"the end of it is not in it":    {reach.User{MutedUntil: now}, core.P3, hanoi, "0"},
		"in quiet hours":                {reach.User{QuietHours: from(21, 6)}, core.P1, hanoi, "2 for 9h0m0s"},
		"by the clock of the zone":      {reach.User{QuietHours: from(21, 6)}, core.P3, time.UTC, "0"},
		"their end is not in them":      {reach.User{QuietHours: from(9, 21)}, core.P3, hanoi, "0"},
		"all day":                       {reach.User{QuietHours: from(0, 24)}, core.P3, hanoi, "2 for ever"},
		"the zone is not known":         {reach.User{QuietHours: from(0, 24)}, core.P3, nil, "0"},
		"muted where no zone is known":  {reach.User{MutedUntil: now.Add(time.Hour)}, core.P3, nil, "1 for 1h0m0s"},
		"both":                          {reach.User{QuietHours: from(21, 6), MutedUntil: now.Add(time.Hour)}, core.P3, hanoi, "1 for 1h0m0s"},
		"P1 pierces a mute":             {reach.User{MutedUntil: now.Add(time.Hour), PierceQuiet: true}, core.P1, hanoi, "0"},
		"P1 pierces quiet hours":        {reach.User{QuietHours: from(21, 6), PierceQuiet: true}, core.P1, hanoi, "0"},
		"P2 pierces nothing":            {reach.User{QuietHours: from(21, 6), PierceQuiet: true}, core.P2, hanoi, "2 for 9h0m0s"},
		"a mute that P2 does not enter": {reach.User{MutedUntil: now.Add(time.Hour), PierceQuiet: true}, core.P2, hanoi, "1 for 1h0m0s"},
	} {
		why, until := x.user.Hushed(x.priority, now, x.zone)
		got := fmt.Sprint(uint8(why))
		switch {
		case why == reach.NotHushed && until.IsZero():
		case until.IsZero():
			got += " for ever"
		default:
			got += " for " + until.Sub(now).String()
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

// Quiet hours end at the first moment at which they are over, and not before.
func TestQuietHoursLastUntilTheySayTheyEnd(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(400) {
		dice := rand.New(rand.NewPCG(seed, 8))
		// Clocks went back in Berlin on 25 October 2026, and go forward on 28 March 2027.
		at := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC).Add(time.Duration(dice.IntN(48*3600)) * time.Second)
		if dice.IntN(2) == 0 {
			at = at.AddDate(0, 5, 3)
		}
		quiet := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 5 * dice.IntN(289), EndMinute: 5 * dice.IntN(289)}}}
		if dice.IntN(3) == 0 {
			quiet = &rota.Restriction{}
			for range 1 + dice.IntN(3) {
				quiet.Windows = append(quiet.Windows, rota.Window{
					StartDay: time.Weekday(dice.IntN(7)), StartMinute: dice.IntN(1441), EndDay: time.Weekday(dice.IntN(7)), EndMinute: dice.IntN(1441)})
			}
		}
		want := at
		for quiet.Covers(want, berlin) && want.Sub(at) < 8*24*time.Hour {
			want = want.Truncate(time.Minute).Add(time.Minute)
		}
		if want.Sub(at) >= 8*24*time.Hour {
			want = time.Time{}
		}
		if got := quiet.Ends(at, berlin); !got.Equal(want) {
			t.Fatalf("seed %d: from %s they end at %s, want %s: %+v", seed, at, got, want, quiet)
		}
	}
}

// Rules ogapi-8.reach.acknowledged, ogapi-8.reach.closed, ogapi-8.reach.note: who has no rule for it is not told.
func TestRuleOfAnAction(t *testing.T) {
	u := reach.User{Rules: []reach.NotificationRule{
		{ID: "new", Action: reach.CreateAlert},
		{ID: "off", Action: reach.ClosedAlert, Disabled: true},
		{ID: "grave", Action: reach.ClosedAlert, MinimumPriority: core.P2},
		{ID: "rest", Action: reach.ClosedAlert},
	}}
	for priority, want := range map[core.Priority]string{core.P2: "grave", core.P3: "rest"} {
		if r, ok := u.Rule(reach.ClosedAlert, &alert.Alert{Priority: priority}, now, time.UTC); !ok || r.ID != want {
			t.Errorf("%s: %+v, want %s", priority, r, want)
		}
	}
	if r, ok := u.Rule(reach.AddNote, &alert.Alert{Priority: core.P1}, now, time.UTC); ok || r != nil {
		t.Errorf("%+v", r)
	}
	if u.HasRules(reach.AddNote) || !u.HasRules(reach.CreateAlert) {
		t.Error("rules for notes are there, or none for new alerts")
	}
}

// Rules ogapi-8.reach.repeat, keng-8.reach.repeat-most.
func TestWhatRepeats(t *testing.T) {
	contacts := []reach.Contact{{ID: "push", Kind: "push"}}
	for name, x := range map[string]struct {
		rule reach.NotificationRule
		want string
	}{
		"after the last step":             {reach.NotificationRule{Loops: true, LoopAfter: time.Minute, Steps: []reach.Step{{Contact: "push", After: 2 * time.Minute}, {Contact: "push"}}}, "push@0s/r push@2m0s/r again@3m0s/r"},
		"a step that is off is no last":   {reach.NotificationRule{Loops: true, LoopAfter: time.Minute, Steps: []reach.Step{{Contact: "push"}, {Contact: "push", After: time.Hour, Disabled: true}}}, "push@0s/r again@1m0s/r"},
		"without steps every contact":     {reach.NotificationRule{Loops: true, LoopAfter: time.Hour}, "push@0s/ again@1h0m0s/r"},
		"switched off":                    {reach.NotificationRule{LoopAfter: time.Hour, Steps: []reach.Step{{Contact: "push"}}}, "push@0s/r"},
		"sooner than a minute is not set": {reach.NotificationRule{Loops: true, LoopAfter: time.Minute - 1, Steps: []reach.Step{{Contact: "push"}}}, "push@0s/r"},
	} {
		x.rule.ID, x.rule.Action = "r", reach.CreateAlert
		u := reach.User{Contacts: contacts, Rules: []reach.NotificationRule{x.rule}}
		if got := told(u.Plan(reach.CreateAlert, &alert.Alert{}, now, time.UTC), now); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
	loops := reach.NotificationRule{ID: "r", Action: reach.CreateAlert, Loops: true, LoopAfter: time.Hour}
	off, told := loops, loops
	off.Disabled, told.Action = true, reach.ClosedAlert
	for name, rule := range map[string]reach.NotificationRule{"disabled": off, "of what pages nobody": told, "another": {ID: "x"}} {
		u := reach.User{Contacts: contacts, Rules: []reach.NotificationRule{rule}}
		if plan, ok := u.PlanAgain("r", now); ok || len(plan.Attempts) > 0 {
			t.Errorf("a rule that is %s comes again", name)
		}
	}
	if reach.LoopsMax != 20 || reach.RenotifiedAlert.Pages() != true || reach.AddNote.Pages() || reach.AssignedAlert.Pages() != true {
		t.Error("what pages, or how often, has changed")
	}
}
