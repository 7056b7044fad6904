package route_test

import (
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/route"
)

// Where a maintenance is in its life, to the second, and when that changes by itself.
func TestMaintenanceStatus(t *testing.T) {
	start, end := at(t, "2026-11-25T22:00+07:00"), at(t, "2026-11-26T02:00+07:00")
	planned := route.Maintenance{ID: "m", Length: route.Scheduled, Start: start, End: end}
	open := planned
	open.End = time.Time{}
	cancelledBefore, cancelledWithin := planned, planned
	cancelledBefore.CancelledAt = start.Add(-time.Hour)
	cancelledWithin.CancelledAt = start.Add(time.Hour)
	for _, c := range []struct {
		rule string
		m    route.Maintenance
		at   time.Time
		want route.MaintenanceStatus
		next time.Time
	}{
		{"ogapi-8.maintenance.planned", planned, start.Add(-24 * time.Hour), route.Planned, start},
		{"ogapi-8.maintenance.planned", planned, start.Add(-time.Nanosecond), route.Planned, start},
		{"ogapi-8.maintenance.active", planned, start, route.Active, end},
		{"ogapi-8.maintenance.active", planned, end.Add(-time.Nanosecond), route.Active, end},
		{"ogapi-8.maintenance.past", planned, end, route.Past, time.Time{}},
		{"ogapi-8.maintenance.past", planned, end.Add(time.Hour), route.Past, time.Time{}},
		{"ogapi-8.maintenance.indefinitely", open, start.Add(-time.Second), route.Planned, start},
		{"ogapi-8.maintenance.indefinitely", open, start.AddDate(10, 0, 0), route.Active, time.Time{}},
		{"ogapi-8.maintenance.cancelled", cancelledBefore, start.Add(-2 * time.Hour), route.Planned, start},
		{"ogapi-8.maintenance.cancelled", cancelledBefore, start.Add(-time.Hour), route.Cancelled, time.Time{}},
		{"ogapi-8.maintenance.cancelled", cancelledBefore, start.Add(time.Hour), route.Cancelled, time.Time{}},
		{"ogapi-8.maintenance.cancelled", cancelledWithin, start.Add(time.Minute), route.Active, end},
		{"ogapi-8.maintenance.cancelled", cancelledWithin, start.Add(time.Hour), route.Cancelled, time.Time{}},
		{"ogapi-8.maintenance.cancelled", cancelledWithin, end.Add(time.Hour), route.Cancelled, time.Time{}},
	} {
		if got := c.m.Status(c.at); got != c.want {
			t.Errorf("%s: at %s it is %v, want %v", c.rule, c.at, got, c.want)
		}
		if got := c.m.Next(c.at); !got.Equal(c.next) {
			t.Errorf("keng-8.maintenance.next: %s: at %s: %s, want %s", c.rule, c.at, got, c.next)
		}
	}
	for status, word := range map[route.MaintenanceStatus]string{route.Planned: "planned", route.Active: "active", route.Past: "past", route.Cancelled: "cancelled", 9: "cancelled"} {
		if status.String() != word {
			t.Errorf("ogapi-8.maintenance.words: %d is %q", status, status.String())
		}
	}
}

// A maintenance can be cancelled while it is planned or active.
func TestCancelMaintenance(t *testing.T) {
	for _, c := range []struct {
		name       string
		start, end time.Duration
		allowed    bool
	}{
		{"planned", time.Hour, 2 * time.Hour, true},
		{"active", -time.Hour, time.Hour, true},
		{"past", -2 * time.Hour, -time.Hour, false},
	} {
		m := route.Maintenance{Start: now.Add(c.start), End: now.Add(c.end)}
		err := m.Cancel(now)
		if c.allowed != (err == nil) || c.allowed != (m.Status(now) == route.Cancelled) {
			t.Errorf("ogapi-8.maintenance.cancel: %s: %v, %v", c.name, err, m.Status(now))
		}
		if !c.allowed {
			mentions(t, "ogapi-8.maintenance.cancel", err.Error(), c.name+" already")
		}
		if err := m.Cancel(now.Add(time.Second)); core.KindOf(err) != core.Unacceptable {
			t.Errorf("ogapi-8.maintenance.cancel: %s twice: %v", c.name, err)
		}
		if c.allowed && !m.CancelledAt.Equal(now) {
			t.Errorf("ogapi-8.maintenance.cancel: %s: cancelled at %s", c.name, m.CancelledAt)
		}
	}
}

// How long a maintenance is that begins at once.
func TestMaintenanceBegins(t *testing.T) {
	said := route.Maintenance{Start: now.Add(time.Hour), End: now.Add(2 * time.Hour)}
	for _, c := range []struct {
		rule   string
		length route.MaintenanceLength
		end    time.Time
	}{
		{"ogapi-8.maintenance.lengths", route.ForFiveMinutes, now.Add(5 * time.Minute)},
		{"ogapi-8.maintenance.lengths", route.ForThirtyMinutes, now.Add(30 * time.Minute)},
		{"ogapi-8.maintenance.lengths", route.ForOneHour, now.Add(time.Hour)},
		{"ogapi-8.maintenance.indefinitely", route.Indefinitely, time.Time{}},
	} {
		m := said
		m.Length = c.length
		m.Begin(now)
		if !m.Start.Equal(now) || !m.End.Equal(c.end) || m.Status(now) != route.Active {
			t.Errorf("%s: %d is from %s to %s", c.rule, c.length, m.Start, m.End)
		}
	}
	m := said
	m.Length = route.Scheduled
	if m.Begin(now); !m.Start.Equal(said.Start) || !m.End.Equal(said.End) {
		t.Errorf("ogapi-8.maintenance.lengths: what was scheduled begins at %s", m.Start)
	}
}

// What maintenance switches, and who has the last word.
func TestMaintenanceEffects(t *testing.T) {
	policy := func(id string, on bool) route.MaintenanceRule {
		return route.MaintenanceRule{Kind: route.APolicy, ID: id, On: on}
	}
	integration := func(id string) route.MaintenanceRule { return route.MaintenanceRule{Kind: route.AnIntegration, ID: id} }
	from := func(id string, start time.Duration, rules ...route.MaintenanceRule) route.Maintenance {
		return route.Maintenance{ID: id, Start: now.Add(start), End: now.Add(24 * time.Hour), Rules: rules}
	}
	cancelled := from("c", -time.Hour, policy("p", true))
	cancelled.CancelledAt = now
	for _, c := range []struct {
		rule    string
		all     []route.Maintenance
		policy  bool // whether it is enabled
		works   bool
		because string
	}{
		{"ogapi-8.maintenance.policy", nil, true, true, ""},
		{"ogapi-8.maintenance.policy", nil, false, false, ""},
		{"ogapi-8.maintenance.policy", []route.Maintenance{from("a", -time.Hour, policy("p", false))}, true, false, "switched off by maintenance a"},
		{"ogapi-8.maintenance.policy", []route.Maintenance{from("a", -time.Hour, policy("p", true))}, false, true, "switched on by maintenance a"},
		{"ogapi-8.maintenance.policy", []route.Maintenance{from("a", 0, policy("p", true))}, false, true, "switched on by maintenance a"},
		{"ogapi-8.maintenance.policy", []route.Maintenance{from("a", -time.Hour, policy("q", true))}, false, false, ""},
		{"ogapi-8.maintenance.active", []route.Maintenance{from("a", time.Second, policy("p", true))}, false, false, ""},
		{"ogapi-8.maintenance.active", []route.Maintenance{from("a", -48*time.Hour, policy("p", true))}, false, true, "a"},
		{"ogapi-8.maintenance.past", []route.Maintenance{{ID: "a", Start: now.Add(-time.Hour), End: now, Rules: []route.MaintenanceRule{policy("p", true)}}}, false, false, ""},
		{"ogapi-8.maintenance.cancelled", []route.Maintenance{cancelled}, false, false, ""},
		{"keng-8.maintenance.last-word", []route.Maintenance{from("a", -time.Hour, policy("p", false)), from("b", -time.Minute, policy("p", true))}, true, true, "on by maintenance b"},
		{"keng-8.maintenance.last-word", []route.Maintenance{from("b", -time.Minute, policy("p", true)), from("a", -time.Hour, policy("p", false))}, true, true, "on by maintenance b"},
		{"keng-8.maintenance.last-word", []route.Maintenance{from("a", -time.Minute, policy("p", false)), from("b", -time.Minute, policy("p", true))}, true, true, "on by maintenance b"},
		{"keng-8.maintenance.last-word", []route.Maintenance{from("b", -time.Minute, policy("p", true)), from("a", -time.Minute, policy("p", false))}, true, true, "on by maintenance b"},
		{"keng-8.maintenance.last-word", []route.Maintenance{from("a", -time.Minute, policy("p", true), policy("p", false))}, true, false, "off by maintenance a"},
		{"ogapi-8.maintenance.integration", []route.Maintenance{from("a", -time.Hour, integration("p"))}, true, true, ""},
	} {
		on, why := route.InForce(c.all, now).Policy("p", c.policy)
		if on != c.works {
			t.Errorf("%s: %+v: it works: %v", c.rule, c.all, on)
		}
		if mentions(t, c.rule, why, c.because); c.because == "" && why != "" {
			t.Errorf("%s: a reason for nothing: %s", c.rule, why)
		}
	}
	long := from("m", -time.Hour, integration("i"), route.MaintenanceRule{Kind: route.AnIntegration, ID: "j", On: true}, policy("k", false))
	long.Description = strings.Repeat("ẻ", 60)
	effects := route.InForce([]route.Maintenance{long}, now)
	for _, c := range []struct {
		id            core.IntegrationID
		enabled, want bool
		why           string
	}{
		{"i", true, false, "switched off by maintenance " + strings.Repeat("ẻ", 50)},
		{"i", false, false, ""},
		{"j", true, false, "switched off by maintenance"},
		{"j", false, false, ""},
		{"k", true, true, ""},
		{"k", false, false, ""},
	} {
		on, why := effects.Integration(c.id, c.enabled)
		if on != c.want || !strings.HasPrefix(why, c.why) || len(why) > 0 && c.why == "" || len(why) > 200 || strings.Count(why, "ẻ") > 50 {
			t.Errorf("ogapi-8.maintenance.integration: %s, enabled %v: %v, %q", c.id, c.enabled, on, why)
		}
	}
}

// What is wrong with a maintenance.
func TestMaintenanceCheck(t *testing.T) {
	start := now.Add(time.Hour)
	off := route.MaintenanceRule{Kind: route.AnIntegration, ID: "i1"}
	for what, c := range map[string]struct {
		change func(*route.Maintenance)
		wrong  map[string]string
	}{
		"a good one":              {func(*route.Maintenance) {}, nil},
		"an endless one":          {func(m *route.Maintenance) { m.Length, m.End = route.Indefinitely, time.Time{} }, nil},
		"no length":               {func(m *route.Maintenance) { m.Length = 0 }, map[string]string{"time.type": "for-5-minutes"}},
		"an unknown length":       {func(m *route.Maintenance) { m.Length = 6 }, map[string]string{"time.type": "schedule"}},
		"no start":                {func(m *route.Maintenance) { m.Start = time.Time{} }, map[string]string{"time.startDate": "needs a start"}},
		"no end":                  {func(m *route.Maintenance) { m.End = time.Time{} }, map[string]string{"time.endDate": "needs an end"}},
		"an end at the start":     {func(m *route.Maintenance) { m.End = m.Start }, map[string]string{"time.endDate": "after startDate"}},
		"the shortest":            {func(m *route.Maintenance) { m.End = m.Start.Add(1) }, nil},
		"the longest description": {func(m *route.Maintenance) { m.Description = strings.Repeat("ẻ", 15_000) }, nil},
		"a long description":      {func(m *route.Maintenance) { m.Description = strings.Repeat("ẻ", 15_001) }, map[string]string{"description": "15001"}},
		"no rules":                {func(m *route.Maintenance) { m.Rules = nil }, map[string]string{"rules": "at least one"}},
		"the most rules":          {func(m *route.Maintenance) { m.Rules = many(100, off) }, nil},
		"too many rules":          {func(m *route.Maintenance) { m.Rules = many(101, off) }, map[string]string{"rules": "at most 100"}},
		"a policy on and one off": {func(m *route.Maintenance) {
			m.Rules = []route.MaintenanceRule{{route.APolicy, "a", true}, {route.APolicy, "b", false}}
		}, nil},
		"an integration switched on": {func(m *route.Maintenance) { m.Rules[0].On = true }, map[string]string{"rules[0].state": "must be disabled"}},
		"an unknown kind":            {func(m *route.Maintenance) { m.Rules = []route.MaintenanceRule{off, {3, "x", false}} }, map[string]string{"rules[1].entity.type": "integration or policy"}},
		"no kind":                    {func(m *route.Maintenance) { m.Rules[0].Kind = 0 }, map[string]string{"rules[0].entity.type": "integration or policy"}},
		"no id":                      {func(m *route.Maintenance) { m.Rules[0].ID = "" }, map[string]string{"rules[0].entity.id": "is missing"}},
	} {
		m := route.Maintenance{Length: route.Scheduled, Start: start, End: start.Add(time.Hour), Rules: []route.MaintenanceRule{off}}
		c.change(&m)
		refuses(t, "ogapi-8.maintenance.check: "+what, m.Check(), c.wrong)
	}
}
