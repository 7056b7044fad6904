package ical

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
)

// invented is any rule, of such as rrule-go and the standard agree about: a BYDAY has numbers on all
// its days or on none, weeks are not counted from the end, and have no days of months beside them.
func invented(r *rand.Rand) string {
	pick := func(n int, low, high int) string {
		var all []string
		for range 1 + r.IntN(n) {
			if v := fmt.Sprint(low + r.IntN(high-low+1)); v != "0" && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
		if len(all) == 0 {
			return "1"
		}
		return strings.Join(all, ",")
	}
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	freq := []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY"}[r.IntN(4)]
	rule := "FREQ=" + freq
	add := func(chance int, s string) {
		if r.IntN(chance) == 0 {
			rule += ";" + s
		}
	}
	add(2, "INTERVAL="+pick(1, 1, 5))
	add(3, "COUNT="+pick(1, 1, 30))
	add(3, "WKST="+days[r.IntN(7)])
	add(3, "BYMONTH="+pick(4, 1, 12))
	numbered := ""
	if freq == "YEARLY" || freq == "MONTHLY" {
		if r.IntN(3) == 0 {
			numbered = pick(1, -5, 5)
		}
		add(4, "BYMONTHDAY="+pick(3, -31, 31))
	} else if freq == "DAILY" {
		add(3, "BYMONTHDAY="+pick(3, -31, 31))
	}
	if freq == "YEARLY" {
		if !strings.Contains(rule, "BYMONTHDAY") && numbered == "" {
			add(4, "BYWEEKNO="+pick(3, 1, 52))
		}
		add(5, "BYYEARDAY="+pick(9, -366, 366))
	}
	add(2, "BYDAY="+numbered+days[r.IntN(7)]+","+numbered+days[r.IntN(7)])
	add(4, "BYHOUR="+pick(3, 1, 23))
	add(4, "BYMINUTE="+pick(2, 1, 59))
	add(5, "BYSETPOS="+pick(2, -3, 3))
	return rule
}

// The library is the oracle: it goes about it in another way, and with no bounds. What
// it gives in a year must be what is given here, from the beginning and jumped to.
func TestRulesAgainstRRule(t *testing.T) {
	r, found := rand.New(rand.NewPCG(5, 5)), 0
	for range 200 {
		text := invented(r)
		start := time.Date(1990+r.IntN(40), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), 0, 0, 0, time.UTC)
		low := start.AddDate(r.IntN(12), 0, r.IntN(400))
		high := low.AddDate(1, 0, 0)
		oracle, err := rrule.StrToRRule("DTSTART:" + start.Format("20060102T150405Z") + "\nRRULE:" + text)
		if err != nil {
			t.Fatal(text, err)
		}
		oracle.Until(high)
		want := oracle.Between(low, high, true)
		rule, err := newRule(prop{line: 1, name: "RRULE", value: text}, moment{start, time.UTC}, &finder{})
		if err != nil {
			t.Fatal(text, err)
		}
		var got []time.Time
		steps := 1_000_000
		if err := rule.expand(low, high, &steps, func(wall time.Time) error {
			if !wall.Before(low) {
				got = append(got, wall)
			}
			return nil
		}); err != nil {
			t.Fatal(text, err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s from %v, in the year after %v:\n%v\nnot\n%v", text, start, low, got, want)
		}
		found += len(got)
	}
	if found < 1_000 {
		t.Errorf("only %d recurrences were compared", found)
	}
}

// Numbered weekdays beside others, which the library cannot have, and weeks counted from the end.
func TestRulesBeyondRRule(t *testing.T) {
	for _, c := range []struct {
		rule, start, want string
	}{
		{"FREQ=MONTHLY;BYDAY=1MO,-1FR;COUNT=4", "20260101", "2026-01-05 2026-01-30 2026-02-02 2026-02-27"},
		{"FREQ=MONTHLY;BYDAY=SU,2MO;BYSETPOS=1,2;COUNT=2", "20261101", "2026-11-01 2026-11-08"},
		{"FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO;COUNT=3", "20260101", "2026-12-28 2027-12-27 2028-12-25"},
		{"FREQ=YEARLY;BYDAY=20MO;COUNT=3", "19970101", "1997-05-19 1998-05-18 1999-05-17"},           // of RFC 5545
		{"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "19970101", "1997-05-12 1998-05-11 1999-05-17"}, // of RFC 5545
	} {
		wall, _, _ := clock(c.start)
		rule, err := newRule(prop{line: 1, name: "RRULE", value: c.rule}, moment{wall: wall}, &finder{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		steps := 100_000
		if err := rule.expand(wall, wall.AddDate(9, 0, 0), &steps, func(wall time.Time) error {
			got = append(got, wall.Format(time.DateOnly))
			return nil
		}); err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, %v", c.rule, got, err)
		}
	}
}
