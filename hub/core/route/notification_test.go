package route_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// notify makes a notification policy for everything.
func notify(name string) route.NotificationPolicy {
	return route.NotificationPolicy{ID: "id-" + name, Name: name, Team: "t1", Zone: hanoi}
}

// judge lets policies judge an alert that was created just now, unless the facts say more.
func judge(f route.Facts, policies ...route.NotificationPolicy) route.Verdict {
	if f.Created.IsZero() {
		f.Created = now
	}
	f.Count = max(f.Count, 1)
	a := disk()
	s := route.Of(&a, names)
	return route.Judge(policies, &s, &f, world())
}

// Which policy decides.
func TestFirstNotificationPolicyDecides(t *testing.T) {
	suppress := func(name string) route.NotificationPolicy {
		p := notify(name)
		p.Suppress = true
		return p
	}
	with := func(p route.NotificationPolicy, change func(*route.NotificationPolicy)) route.NotificationPolicy {
		change(&p)
		return p
	}
	day := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 6 * 60, EndMinute: 20 * 60}}}
	for _, c := range []struct {
		rule     string
		policies []route.NotificationPolicy
		decides  string
		suppress bool
	}{
		{"ogapi-8.notification.none", nil, "", false},
		{"ogapi-8.notification.first", []route.NotificationPolicy{notify("a"), suppress("b")}, "id-a", false},
		{"ogapi-8.notification.first", []route.NotificationPolicy{suppress("a"), notify("b")}, "id-a", true},
		{"ogapi-8.notification.filter", []route.NotificationPolicy{with(suppress("a"), func(p *route.NotificationPolicy) { p.Filter = asks("message", "equals", "x") }), notify("b")}, "id-b", false},
		{"ogapi-8.notification.filter", []route.NotificationPolicy{with(suppress("a"), func(p *route.NotificationPolicy) { p.Filter = asks("teams", "equals", "network") }), notify("b")}, "id-a", true},
		{"ogapi-8.notification.enabled", []route.NotificationPolicy{with(suppress("a"), func(p *route.NotificationPolicy) { p.Disabled = true })}, "", false},
		{"ogapi-8.notification.restriction", []route.NotificationPolicy{with(suppress("a"), func(p *route.NotificationPolicy) { p.Restriction = day })}, "", false},
		{"ogapi-8.notification.restriction", []route.NotificationPolicy{with(suppress("a"), func(p *route.NotificationPolicy) { p.Restriction, p.Zone = day, "UTC" })}, "id-a", true},
		{"keng-8.notification.zone-unknown", []route.NotificationPolicy{with(suppress("a"), func(p *route.NotificationPolicy) { p.Restriction, p.Zone = day, "Atlantis" })}, "", false},
		{"keng-8.notification.zone-unknown", []route.NotificationPolicy{with(suppress("a"), func(p *route.NotificationPolicy) { p.Restriction, p.Zone = day, "Atlantis" }), suppress("b")}, "id-b", true},
		{"keng-6.cond.not-understood", []route.NotificationPolicy{with(suppress("a"), func(p *route.NotificationPolicy) { p.Filter = asks("message", "matches", "(") })}, "", false},
	} {
		got := judge(route.Facts{}, c.policies...)
		if got.Policy != c.decides || got.Suppress != c.suppress || got.Now() == c.suppress {
			t.Errorf("%s: %+v", c.rule, got)
		}
		reasons := strings.Join(got.Reasons, "\n")
		if strings.Contains(c.rule, "zone-unknown") {
			mentions(t, c.rule, reasons, "notification policy a has no say: its time zone Atlantis is not known")
		}
		if c.suppress {
			mentions(t, "keng-8.notification.reasons", reasons, "notification policy "+strings.TrimPrefix(c.decides, "id-")+" decides", "suppressed: nobody is notified")
		}
	}
}

// Maintenance switches notification policies, too.
func TestNotificationPoliciesInMaintenance(t *testing.T) {
	suppress := notify("quiet")
	suppress.Suppress = true
	for _, c := range []struct{ disabled, on, want bool }{{true, true, true}, {true, false, false}, {false, true, true}, {false, false, false}} {
		w := world()
		w.Maintenance = route.InForce([]route.Maintenance{{ID: "m1", Start: now, Rules: []route.MaintenanceRule{{Kind: route.APolicy, ID: suppress.ID, On: c.on}}}}, now)
		suppress.Disabled = c.disabled
		got := route.Judge([]route.NotificationPolicy{suppress}, &route.Subject{}, &route.Facts{Created: now}, w)
		if got.Suppress != c.want {
			t.Errorf("ogapi-8.maintenance.policy: disabled %v, switched on %v: %v", c.disabled, c.on, got)
		}
		if c.want {
			mentions(t, "ogapi-8.maintenance.policy", got.Reasons[0], "(switched on by maintenance m1)")
		}
	}
}

// How long notifying is delayed.
func TestDelayedNotifications(t *testing.T) {
	morning := route.Delay{Option: route.NextTime, Hour: 7, Minute: 30}
	for _, c := range []struct {
		rule    string
		delay   route.Delay
		zone    string
		created time.Time
		began   time.Time
		until   string // empty: no longer
		reason  string
	}{
		{"ogapi-8.notification.delay-for", route.Delay{Option: route.ForDuration, For: 10 * time.Minute}, "", now, time.Time{}, "2026-11-25T14:10+00:00", "delayed for 10 minutes, which is 2026-11-25T14:10:00Z"},
		{"ogapi-8.notification.delay-for", route.Delay{Option: route.ForDuration, For: 10 * time.Minute}, "Atlantis", now, time.Time{}, "2026-11-25T14:10+00:00", "delayed for 10 minutes"},
		{"keng-8.notification.delay-from-creation", route.Delay{Option: route.ForDuration, For: 10 * time.Minute}, "", now.Add(-9 * time.Minute), time.Time{}, "2026-11-25T14:01+00:00", "delayed for 10 minutes"},
		{"keng-8.notification.delay-over", route.Delay{Option: route.ForDuration, For: 10 * time.Minute}, "", now.Add(-10 * time.Minute), time.Time{}, "", ""},
		{"keng-8.notification.delay-over", route.Delay{Option: route.ForDuration, For: 10 * time.Minute}, "", now.Add(-time.Hour), time.Time{}, "", ""},
		{"keng-8.notification.begun", route.Delay{Option: route.ForDuration, For: time.Hour}, "", now.Add(-time.Minute), now, "", ""},
		{"ogapi-8.notification.delay-until", morning, hanoi, now, time.Time{}, "2026-11-26T07:30+07:00", "delayed until next time at 07:30, which is 2026-11-26T07:30:00+07:00"},
		{"ogapi-8.notification.delay-until", route.Delay{Option: route.NextMonday, Hour: 9}, hanoi, now, time.Time{}, "2026-11-30T09:00+07:00", "delayed until next monday at 09:00"},
		{"keng-8.notification.delay-over", morning, hanoi, now.Add(-24 * time.Hour), time.Time{}, "", ""},
		{"keng-8.notification.zone-unknown", morning, "Atlantis", now, time.Time{}, "", "not delayed: the time zone Atlantis is not known"},
	} {
		p := notify("a")
		p.Delay, p.Zone = &c.delay, c.zone
		got := judge(route.Facts{Created: c.created, Began: c.began}, p)
		want := time.Time{}
		if c.until != "" {
			want = at(t, c.until)
		}
		if !got.DelayUntil.Equal(want) || got.Now() != want.IsZero() {
			t.Errorf("%s: delayed until %s, want %s", c.rule, got.DelayUntil, want)
		}
		mentions(t, c.rule, strings.Join(got.Reasons, "\n"), c.reason)
	}
	p := notify("a")
	p.Delay, p.Suppress = &morning, true
	if got := judge(route.Facts{}, p); !got.DelayUntil.IsZero() || !got.Suppress {
		t.Errorf("ogapi-8.notification.suppress: what is suppressed is delayed: %+v", got)
	}
}

// Of what occurs again and again, the n-th is notified of.
func TestRepeatedNotifications(t *testing.T) {
	minutesAgo := func(minutes ...int) (all []time.Time) {
		for _, m := range minutes {
			all = append(all, now.Add(-time.Duration(m)*time.Minute))
		}
		return all
	}
	byValue := func(n int) route.Deduplication { return route.Deduplication{Count: n} }
	within := func(n, minutes int) route.Deduplication {
		return route.Deduplication{Count: n, Within: time.Duration(minutes) * time.Minute}
	}
	for _, c := range []struct {
		rule   string
		d      route.Deduplication
		facts  route.Facts
		hold   int
		reason string
	}{
		{"ogapi-8.deduplication.value", byValue(3), route.Facts{Count: 1}, 2, "held: notified from its occurrence number 3 on, and it takes 2 further occurrences"},
		{"ogapi-8.deduplication.value", byValue(3), route.Facts{Count: 2}, 1, "it takes 1 further occurrence"},
		{"ogapi-8.deduplication.value", byValue(3), route.Facts{Count: 3}, 0, ""},
		{"ogapi-8.deduplication.value", byValue(3), route.Facts{Count: 4}, 0, ""},
		{"ogapi-8.deduplication.value", byValue(100), route.Facts{Count: 99}, 1, ""},
		{"ogapi-8.deduplication.value", byValue(100), route.Facts{Count: 100}, 0, ""},
		{"ogapi-8.deduplication.value", byValue(100), route.Facts{Count: 1 << 63}, 0, ""},
		{"ogapi-8.deduplication.frequency", within(3, 10), route.Facts{Count: 1, Occurred: minutesAgo(0)}, 2, "held: notified when it occurs 3 times within 10 minutes, and it takes 2 further occurrences"},
		{"ogapi-8.deduplication.frequency", within(3, 10), route.Facts{Count: 3, Occurred: minutesAgo(9, 5, 0)}, 0, ""},
		{"ogapi-8.deduplication.frequency", within(3, 10), route.Facts{Count: 3, Occurred: minutesAgo(10, 5, 0)}, 1, ""},
		{"ogapi-8.deduplication.frequency", within(3, 10), route.Facts{Count: 90, Occurred: minutesAgo(60, 50, 40, 30, 20, 11)}, 3, ""},
		{"ogapi-8.deduplication.frequency", within(2, 10), route.Facts{Count: 90, Occurred: minutesAgo(60, 50, 8, 3, 1)}, 0, ""},
		{"ogapi-8.deduplication.frequency", within(2, 10), route.Facts{Count: 2}, 2, ""},
		{"keng-8.notification.begun", byValue(3), route.Facts{Count: 2, Began: now}, 0, ""},
	} {
		p := notify("a")
		p.Repeated = &c.d
		got := judge(c.facts, p)
		if got.HoldFor != c.hold || got.Now() != (c.hold == 0) {
			t.Errorf("%s: %+v of %+v: %+v", c.rule, c.d, c.facts, got)
		}
		mentions(t, c.rule, strings.Join(got.Reasons, "\n"), c.reason)
		p.Suppress = true
		if got := judge(c.facts, p); got.HoldFor != 0 || !got.Suppress {
			t.Errorf("ogapi-8.notification.suppress: what is suppressed is held: %+v", got)
		}
	}
}

// When notifying begins anew, and when alerts are closed by themselves.
func TestRestartAndClose(t *testing.T) {
	hour := now.Add(time.Hour)
	for _, c := range []struct {
		rule    string
		change  func(*route.NotificationPolicy)
		facts   route.Facts
		restart time.Time
		close   time.Time
		reason  string
	}{
		{"ogapi-8.restart.at", func(p *route.NotificationPolicy) { p.Restart = &route.Restart{After: time.Hour, Most: 3} }, route.Facts{}, hour, time.Time{}, "begins anew 1 hour after the last time, if nobody has acknowledged: number 1 of 3"},
		{"ogapi-8.restart.at", func(p *route.NotificationPolicy) { p.Restart = &route.Restart{After: time.Hour, Most: 3} }, route.Facts{Began: now.Add(-time.Minute), Restarts: 2}, hour.Add(-time.Minute), time.Time{}, "number 3 of 3"},
		{"ogapi-8.restart.count", func(p *route.NotificationPolicy) { p.Restart = &route.Restart{After: time.Hour, Most: 3} }, route.Facts{Began: now, Restarts: 3}, time.Time{}, time.Time{}, "does not begin anew: it has 3 times"},
		{"ogapi-8.restart.count", func(p *route.NotificationPolicy) { p.Restart = &route.Restart{After: time.Hour, Most: 3} }, route.Facts{Began: now, Restarts: 9}, time.Time{}, time.Time{}, "does not begin anew"},
		{"keng-8.restart.not-begun", func(p *route.NotificationPolicy) {
			p.Restart, p.Delay = &route.Restart{After: time.Hour, Most: 3}, &route.Delay{Option: route.ForDuration, For: time.Hour}
		}, route.Facts{}, time.Time{}, time.Time{}, "delayed"},
		{"keng-8.restart.not-begun", func(p *route.NotificationPolicy) {
			p.Restart, p.Repeated = &route.Restart{After: time.Hour, Most: 3}, &route.Deduplication{Count: 2}
		}, route.Facts{}, time.Time{}, time.Time{}, "held"},
		{"keng-8.restart.not-begun", func(p *route.NotificationPolicy) {
			p.Restart, p.Delay = &route.Restart{After: time.Hour, Most: 3}, &route.Delay{Option: route.ForDuration, For: time.Hour}
		}, route.Facts{Began: now}, hour, time.Time{}, "begins anew"},
		{"ogapi-8.notification.suppress", func(p *route.NotificationPolicy) {
			p.Restart, p.Suppress = &route.Restart{After: time.Hour, Most: 3}, true
		}, route.Facts{Began: now}, time.Time{}, time.Time{}, "suppressed"},
		{"ogapi-8.closing.at", func(p *route.NotificationPolicy) { p.CloseAfter = time.Hour }, route.Facts{}, time.Time{}, hour, "closed by itself 1 hour after its last occurrence"},
		{"keng-8.closing.last", func(p *route.NotificationPolicy) { p.CloseAfter = time.Hour }, route.Facts{Created: now.Add(-3 * time.Hour), Occurred: []time.Time{now.Add(-3 * time.Hour), now.Add(-time.Minute)}}, time.Time{}, hour.Add(-time.Minute), ""},
		{"keng-8.closing.last", func(p *route.NotificationPolicy) { p.CloseAfter = time.Hour }, route.Facts{Created: now.Add(-3 * time.Hour)}, time.Time{}, now.Add(-2 * time.Hour), ""},
		{"keng-8.closing.last", func(p *route.NotificationPolicy) { p.CloseAfter = time.Hour }, route.Facts{Occurred: []time.Time{now.Add(-time.Hour)}}, time.Time{}, hour, ""},
		{"keng-8.closing.suppressed", func(p *route.NotificationPolicy) { p.CloseAfter, p.Suppress = time.Hour, true }, route.Facts{}, time.Time{}, hour, "closed by itself"},
		{"ogapi-8.notification.together", func(p *route.NotificationPolicy) {
			p.CloseAfter, p.Restart = 24*time.Hour, &route.Restart{After: time.Hour, Most: 1}
		}, route.Facts{}, hour, now.Add(24 * time.Hour), "closed by itself 1 day after"},
	} {
		p := notify("a")
		c.change(&p)
		got := judge(c.facts, p)
		if !got.RestartAt.Equal(c.restart) || !got.CloseAt.Equal(c.close) {
			t.Errorf("%s: begins anew at %s, closed at %s; want %s, %s", c.rule, got.RestartAt, got.CloseAt, c.restart, c.close)
		}
		mentions(t, c.rule, strings.Join(got.Reasons, "\n"), c.reason)
	}
	everything := notify("all")
	everything.Delay, everything.Repeated = &route.Delay{Option: route.ForDuration, For: time.Minute}, &route.Deduplication{Count: 2}
	if got := judge(route.Facts{}, everything); got.DelayUntil.IsZero() || got.HoldFor != 1 || got.Now() || len(got.Reasons) != 3 {
		t.Errorf("ogapi-8.notification.together: %+v", got)
	}
	if zero := (&route.Verdict{}); !zero.Now() {
		t.Error("ogapi-8.notification.none: without a policy nobody is notified")
	}
}

// Durations are told in the words of people.
func TestWordsOfDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "1 second", 90 * time.Second: "90 seconds", time.Minute: "1 minute", 10 * time.Minute: "10 minutes", time.Hour: "1 hour",
		36 * time.Hour: "36 hours", 24 * time.Hour: "1 day", 72 * time.Hour: "3 days", 1500 * time.Millisecond: "1.5s",
	} {
		p := notify("a")
		p.Delay = &route.Delay{Option: route.ForDuration, For: d}
		mentions(t, "keng-8.notification.reasons", strings.Join(judge(route.Facts{}, p).Reasons, "\n"), "delayed for "+want+", which")
	}
}

// What is wrong with a notification policy.
func TestNotificationPolicyCheck(t *testing.T) {
	day := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 60, EndMinute: 120}}}
	delay := func(d route.Delay) func(*route.NotificationPolicy) {
		return func(p *route.NotificationPolicy) { p.Delay = &d }
	}
	restart := func(r route.Restart) func(*route.NotificationPolicy) {
		return func(p *route.NotificationPolicy) { p.Restart = &r }
	}
	repeated := func(d route.Deduplication) func(*route.NotificationPolicy) {
		return func(p *route.NotificationPolicy) { p.Repeated = &d }
	}
	year := 365 * 24 * time.Hour
	for what, c := range map[string]struct {
		change func(*route.NotificationPolicy)
		wrong  map[string]string
	}{
		"a good one":              {func(*route.NotificationPolicy) {}, nil},
		"nobody's":                {func(p *route.NotificationPolicy) { p.Team = "" }, map[string]string{"teamId": "is a team's"}},
		"no name":                 {func(p *route.NotificationPolicy) { p.Name = "" }, map[string]string{"name": "is missing"}},
		"a long description":      {func(p *route.NotificationPolicy) { p.Description = strings.Repeat("x", 201) }, map[string]string{"policyDescription": "at most 200"}},
		"the longest description": {func(p *route.NotificationPolicy) { p.Description = strings.Repeat("x", 200) }, nil},
		"a bad filter":            {func(p *route.NotificationPolicy) { p.Filter = asks("x", "is", "y") }, map[string]string{"filter.conditions[0].field": "x"}},
		"a window without a zone": {func(p *route.NotificationPolicy) { p.Restriction, p.Zone = day, "" }, map[string]string{"timezone": "time restriction"}},
		"an unknown delay":        {delay(route.Delay{Option: 11}), map[string]string{"delayAction.delayOption": "for-duration, next-time"}},
		"no delay option":         {delay(route.Delay{}), map[string]string{"delayAction.delayOption": "next-sunday"}},
		"the shortest delay":      {delay(route.Delay{Option: route.ForDuration, For: time.Second}), nil},
		"the longest delay":       {delay(route.Delay{Option: route.ForDuration, For: year}), nil},
		"no delay":                {delay(route.Delay{Option: route.ForDuration}), map[string]string{"delayAction.duration": "from 1 second to 365 days"}},
		"too long a delay":        {delay(route.Delay{Option: route.ForDuration, For: year + 1}), map[string]string{"delayAction.duration": "from 1 second"}},
		"the first minute":        {delay(route.Delay{Option: route.NextTime}), nil},
		"the last minute":         {delay(route.Delay{Option: route.NextSunday, Hour: 23, Minute: 59}), nil},
		"hour 24":                 {delay(route.Delay{Option: route.NextTime, Hour: 24}), map[string]string{"delayAction.untilHour": "0 to 23"}},
		"hour -1":                 {delay(route.Delay{Option: route.NextTime, Hour: -1}), map[string]string{"delayAction.untilHour": "0 to 23"}},
		"minute 60":               {delay(route.Delay{Option: route.NextTime, Minute: 60}), map[string]string{"delayAction.untilMinute": "0 to 59"}},
		"minute -1":               {delay(route.Delay{Option: route.NextTime, Minute: -1}), map[string]string{"delayAction.untilMinute": "0 to 59"}},
		"a time without a zone":   {func(p *route.NotificationPolicy) { p.Delay, p.Zone = &route.Delay{Option: route.NextTime}, "" }, map[string]string{"timezone": "a delay until a time"}},
		"a duration without a zone": {func(p *route.NotificationPolicy) {
			p.Delay, p.Zone = &route.Delay{Option: route.ForDuration, For: 1e9}, ""
		}, nil},
		"the least restart":            {restart(route.Restart{After: time.Minute, Most: 1}), nil},
		"the most restarts":            {restart(route.Restart{After: year, Most: 100}), nil},
		"restarts too soon":            {restart(route.Restart{After: time.Minute - 1, Most: 1}), map[string]string{"autoRestartAction.duration": "from 1 minute"}},
		"no restarts":                  {restart(route.Restart{After: time.Minute}), map[string]string{"autoRestartAction.maxRepeatCount": "1 to 100"}},
		"too many restarts":            {restart(route.Restart{After: time.Minute, Most: 101}), map[string]string{"autoRestartAction.maxRepeatCount": "1 to 100"}},
		"the least repetition":         {repeated(route.Deduplication{Count: 2}), nil},
		"the most repetitions":         {repeated(route.Deduplication{Count: 100, Within: year}), nil},
		"one occurrence":               {repeated(route.Deduplication{Count: 1}), map[string]string{"deduplicationAction.count": "2 to 100"}},
		"too many occurrences":         {repeated(route.Deduplication{Count: 101}), map[string]string{"deduplicationAction.count": "2 to 100"}},
		"no time to occur in":          {repeated(route.Deduplication{Count: 2, Within: 1}), map[string]string{"deduplicationAction.duration": "from 1 second"}},
		"time that goes backwards":     {repeated(route.Deduplication{Count: 2, Within: -time.Hour}), map[string]string{"deduplicationAction.duration": "from 1 second"}},
		"the soonest close":            {func(p *route.NotificationPolicy) { p.CloseAfter = time.Minute }, nil},
		"closed too soon":              {func(p *route.NotificationPolicy) { p.CloseAfter = time.Second }, map[string]string{"autoCloseAction.duration": "from 1 minute to 365 days"}},
		"closed before it was created": {func(p *route.NotificationPolicy) { p.CloseAfter = -1 }, map[string]string{"autoCloseAction.duration": "from 1 minute"}},
	} {
		p := notify("a")
		c.change(&p)
		refuses(t, "ogapi-8.notification.check: "+what, p.Check(), c.wrong)
	}
}

// Whatever a verdict says is never in contradiction with itself, and always has its reasons.
func TestVerdictsAreConsistent(t *testing.T) {
	random := newRandom(5)
	some := func(n int) bool { return random.IntN(n) == 0 }
	for range 5000 {
		var list []route.NotificationPolicy
		for n := range random.IntN(4) {
			p := notify(string(rune('a' + n)))
			p.Suppress, p.Disabled = some(5), some(5)
			if some(3) {
				p.Filter = asks("message", "contains", []string{"disk", "net"}[random.IntN(2)])
			}
			if some(2) {
				p.Delay = &route.Delay{Option: route.DelayOption(1 + random.IntN(10)), For: time.Duration(random.IntN(300)) * time.Minute, Hour: random.IntN(24), Minute: random.IntN(60)}
			}
			if some(2) {
				p.Restart = &route.Restart{After: time.Duration(1+random.IntN(100)) * time.Minute, Most: 1 + random.IntN(3)}
			}
			if some(2) {
				p.Repeated = &route.Deduplication{Count: 2 + random.IntN(5), Within: time.Duration(random.IntN(2)*random.IntN(60)) * time.Minute}
			}
			if some(2) {
				p.CloseAfter = time.Duration(1+random.IntN(1000)) * time.Minute
			}
			p.Zone = []string{hanoi, "Europe/Berlin", "Atlantis"}[random.IntN(3)]
			list = append(list, p)
		}
		f := route.Facts{Created: now.Add(-time.Duration(random.IntN(600)) * time.Minute), Count: uint64(1 + random.IntN(8)), Restarts: random.IntN(4)}
		for m := 600; m > 0 && len(f.Occurred) < int(f.Count); m -= 1 + random.IntN(200) {
			f.Occurred = append(f.Occurred, now.Add(-time.Duration(m)*time.Minute))
		}
		if some(3) {
			f.Began = now.Add(-time.Duration(random.IntN(60)) * time.Minute)
		}
		v := judge(f, list...)
		i := slices.IndexFunc(list, func(p route.NotificationPolicy) bool { return p.ID == v.Policy })
		switch {
		case v.Policy == "" && (v.Suppress || !v.Now() || !v.RestartAt.IsZero() || !v.CloseAt.IsZero()):
			t.Fatalf("keng-8.notification.consistent: nobody says so: %+v", v)
		case v.Suppress && (!v.DelayUntil.IsZero() || v.HoldFor != 0 || !v.RestartAt.IsZero()):
			t.Fatalf("keng-8.notification.consistent: suppressed, and yet %+v", v)
		case !v.DelayUntil.IsZero() && !v.DelayUntil.After(now):
			t.Fatalf("keng-8.notification.consistent: delayed until a moment that is past: %+v", v)
		case !f.Began.IsZero() && !v.Suppress && !v.Now():
			t.Fatalf("keng-8.notification.begun: held up after it began: %+v", v)
		case v.HoldFor < 0 || v.HoldFor > 6:
			t.Fatalf("keng-8.notification.consistent: held for %d", v.HoldFor)
		case !v.RestartAt.IsZero() && f.Began.IsZero() && !v.Now():
			t.Fatalf("keng-8.restart.not-begun: %+v", v)
		case v.Policy != "" && (list[i].Disabled || len(v.Reasons) == 0):
			t.Fatalf("keng-8.notification.reasons: %+v by %+v", v, list[i])
		}
		if again := judge(f, list...); !slices.Equal(again.Reasons, v.Reasons) {
			t.Fatalf("keng-8.notification.consistent: another verdict the second time: %v, %v", again, v)
		}
	}
}
