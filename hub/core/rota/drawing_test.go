package rota_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// drawing is a calendar and the timeline that it makes, written out by hand, of the week
// from Monday 23 November 2026 at 08:00.
type drawing struct {
	rule, name string
	rotations  []rota.Rotation
	overrides  []rota.Override
	forwards   []rota.Forward
	want       string // the final timeline, a line a period
	days       holiday.Days
}

// check asserts that the timeline is the one written out, that the oracle, too, draws it, and that
// whoever is on call, hour by hour, is so by the timeline.
func (d drawing) check(t *testing.T, loc *time.Location) {
	t.Helper()
	a := time.Date(2026, 11, 23, 8, 0, 0, 0, loc)
	b := a.AddDate(0, 0, 7)
	c := &rota.Calendar{Schedule: &rota.Schedule{Rotations: d.rotations}, Zone: loc, Overrides: d.overrides, Forwards: d.forwards, Holidays: d.days}
	var want []string
	for l := range strings.Lines(strings.TrimSpace(d.want)) {
		want = append(want, strings.TrimSpace(l))
	}
	final := c.Timeline(a, b).Final
	if got := short(final, loc); !slices.Equal(got, want) {
		t.Errorf("\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	lived := periods(c, live(c, a, b), a, func(m minute) duty { return m.final })
	if got := short(somebody(lived), loc); !slices.Equal(got, want) {
		t.Errorf("the oracle errs:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for hour := a; hour.Before(b); hour = hour.Add(time.Hour) {
		if said, drawn := covering(c.OnCall(hour), hour), covering(final, hour); said != drawn {
			t.Errorf("on %s [%s] is on call, and [%s] in the timeline", hour, said, drawn)
		}
	}
}

// short are periods as drawings have them, with the words that Opsgenie has for the kinds.
func short(all []rota.Period, loc *time.Location) (s []string) {
	const form = "02 15:04"
	kinds := map[rota.Kind]string{rota.ByRotation: "default", rota.ByOverride: "override", rota.ByForward: "forwarding"}
	for _, p := range all {
		s = append(s, strings.Join([]string{p.Rotation, p.Start.In(loc).Format(form), "–", p.End.In(loc).Format(form), called(p.Participant), kinds[p.Kind]}, " "))
	}
	return s
}
