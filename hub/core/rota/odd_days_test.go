package rota_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core/rota"
)

// Turns around days that do not have 24 hours, each written out by hand. Rules
// keng-7.rotation.wall-clock, keng-7.turn.odd.
func TestDaysThatAreNotDays(t *testing.T) {
	for _, c := range []struct {
		name, zone, start string
		unit              rota.Unit
		want              string // who, from when by UTC, for how long
	}{
		{"23 hours", "Europe/Berlin", "2026-03-28 09:00", rota.Daily,
			"an 2026-03-28T08:00:00Z 23h0m0s, bình 2026-03-29T07:00:00Z 24h0m0s"},
		{"25 hours", "Europe/Berlin", "2026-10-24 09:00", rota.Daily,
			"an 2026-10-24T07:00:00Z 25h0m0s, bình 2026-10-25T08:00:00Z 24h0m0s"},
		{"the hand-over is jumped over", "Europe/Berlin", "2026-03-28 02:30", rota.Daily,
			"an 2026-03-28T01:30:00Z 23h30m0s, bình 2026-03-29T01:00:00Z 23h30m0s, chi 2026-03-30T00:30:00Z 24h0m0s"},
		{"the hand-over comes twice", "Europe/Berlin", "2026-10-24 02:30", rota.Daily,
			"an 2026-10-24T00:30:00Z 24h0m0s, bình 2026-10-25T00:30:00Z 25h0m0s, chi 2026-10-26T01:30:00Z 24h0m0s"},
		{"a hand-over at the jump", "America/New_York", "2026-03-07 02:00", rota.Daily,
			"an 2026-03-07T07:00:00Z 24h0m0s, bình 2026-03-08T07:00:00Z 23h0m0s, chi 2026-03-09T06:00:00Z 24h0m0s"},
		{"a hand-over at the end of the hour that comes twice", "America/New_York", "2026-10-31 02:00", rota.Daily,
			"an 2026-10-31T06:00:00Z 25h0m0s, bình 2026-11-01T07:00:00Z 24h0m0s"},
		{"23.5 hours", "Australia/Lord_Howe", "2026-10-03 12:00", rota.Daily,
			"an 2026-10-03T01:30:00Z 23h30m0s, bình 2026-10-04T01:00:00Z 24h0m0s"},
		{"24.5 hours", "Australia/Lord_Howe", "2026-04-04 12:00", rota.Daily,
			"an 2026-04-04T01:00:00Z 24h30m0s, bình 2026-04-05T01:30:00Z 24h0m0s"},
		{"half an hour is jumped over", "Australia/Lord_Howe", "2026-10-03 02:15", rota.Daily,
			"an 2026-10-02T15:45:00Z 23h45m0s, bình 2026-10-03T15:30:00Z 23h45m0s, chi 2026-10-04T15:15:00Z 24h0m0s"},
		{"half an hour comes twice", "Australia/Lord_Howe", "2026-04-04 01:45", rota.Daily,
			"an 2026-04-03T14:45:00Z 24h0m0s, bình 2026-04-04T14:45:00Z 24h30m0s, chi 2026-04-05T15:15:00Z 24h0m0s"},
		{"two hours", "Antarctica/Troll", "2026-03-28 12:00", rota.Daily,
			"an 2026-03-28T12:00:00Z 22h0m0s, bình 2026-03-29T10:00:00Z 24h0m0s"},
		{"a skipped midnight in Cairo", "Africa/Cairo", "2026-04-23 00:00", rota.Daily,
			"an 2026-04-22T22:00:00Z 24h0m0s, bình 2026-04-23T22:00:00Z 23h0m0s, chi 2026-04-24T21:00:00Z 24h0m0s"},
		{"a skipped midnight in São Paulo", "America/Sao_Paulo", "2018-11-03 00:00", rota.Daily,
			"an 2018-11-03T03:00:00Z 24h0m0s, bình 2018-11-04T03:00:00Z 23h0m0s, chi 2018-11-05T02:00:00Z 24h0m0s"},
		{"the hour before midnight comes twice", "America/Sao_Paulo", "2018-02-16 23:30", rota.Daily,
			"an 2018-02-17T01:30:00Z 24h0m0s, bình 2018-02-18T01:30:00Z 25h0m0s, chi 2018-02-19T02:30:00Z 24h0m0s"},
		{"Samoa's lost day by day", "Pacific/Apia", "2011-12-29 09:00", rota.Daily,
			"an 2011-12-29T19:00:00Z 15h0m0s, bình 2011-12-30T10:00:00Z 9h0m0s, chi 2011-12-30T19:00:00Z 24h0m0s"},
		{"Samoa's lost day from midnight to midnight", "Pacific/Apia", "2011-12-29 00:00", rota.Daily,
			"an 2011-12-29T10:00:00Z 24h0m0s, chi 2011-12-30T10:00:00Z 24h0m0s, an 2011-12-31T10:00:00Z 24h0m0s"},
		{"Samoa's lost day by the week", "Pacific/Apia", "2011-12-23 09:00", rota.Weekly,
			"an 2011-12-23T19:00:00Z 159h0m0s, bình 2011-12-30T10:00:00Z 153h0m0s, chi 2012-01-05T19:00:00Z 168h0m0s"},
		{"Samoa's lost day by the month", "Pacific/Apia", "2011-11-30 09:00", rota.Monthly,
			"an 2011-11-30T19:00:00Z 711h0m0s, bình 2011-12-30T10:00:00Z 729h0m0s, chi 2012-01-29T19:00:00Z 720h0m0s"},
		{"the start is the second of two", "Europe/Berlin", "2026-10-25 02:30 +0100", rota.Daily,
			"an 2026-10-25T01:30:00Z 24h0m0s, bình 2026-10-26T01:30:00Z 24h0m0s"},
		{"hours are hours", "Europe/Berlin", "2026-03-29 01:30", rota.Hourly,
			"an 2026-03-29T00:30:00Z 1h0m0s, bình 2026-03-29T01:30:00Z 1h0m0s"},
		{"the 31st", "Asia/Ho_Chi_Minh", "2027-12-31 08:00", rota.Monthly,
			"an 2027-12-31T01:00:00Z 744h0m0s, bình 2028-01-31T01:00:00Z 696h0m0s, chi 2028-02-29T01:00:00Z 744h0m0s, an 2028-03-31T01:00:00Z 720h0m0s, bình 2028-04-30T01:00:00Z 744h0m0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			loc := zone(t, c.zone)
			start, err := time.Parse("2006-01-02 15:04 -0700", c.start)
			if err != nil {
				start = at(t, loc, c.start)
			}
			r := weekly(start, "an", "bình", "chi")
			r.Unit = c.unit
			text := func(who rota.Participant, start, end time.Time) string {
				return fmt.Sprintf("%s %s %s", called(who), start.UTC().Format(time.RFC3339), end.Sub(start))
			}
			want := strings.Split(c.want, ", ")
			var got, oracle []string
			for s := range r.Shifts(start, start.AddDate(1, 0, 0), loc, nil) {
				if got = append(got, text(s.Participant, s.Start, s.End)); len(got) == len(want) {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("\n%q, want\n%q", got, want)
			}
			calendar := &rota.Calendar{Schedule: &rota.Schedule{Rotations: []rota.Rotation{r}}, Zone: loc}
			lived := live(calendar, start, start.AddDate(0, 0, map[rota.Unit]int{rota.Hourly: 1, rota.Daily: 5, rota.Weekly: 29, rota.Monthly: 190}[c.unit]))
			for _, p := range periods(calendar, lived, start, func(m minute) duty { return m.base })[:len(want)] {
				oracle = append(oracle, text(p.Participant, p.Start, p.End))
			}
			if !slices.Equal(oracle, want) {
				t.Errorf("the oracle errs:\n%q, want\n%q", oracle, want)
			}
		})
	}
}
