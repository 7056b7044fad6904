package query

import (
	"fmt"
	"testing"
)

// TestLaws holds the language against the laws of logic: two ways to say one thing match
// the same subjects, whatever A, B and C are.
func TestLaws(t *testing.T) {
	v := Alerts()
	for _, law := range []struct{ left, right string }{
		{"%[1]s AND %[2]s", "%[2]s AND %[1]s"},
		{"%[1]s %[2]s", "%[1]s AND %[2]s"},
		{"%[1]s OR %[2]s", "%[2]s OR %[1]s"},
		{"%[1]s AND (%[2]s AND %[3]s)", "(%[1]s AND %[2]s) AND %[3]s"},
		{"%[1]s OR (%[2]s OR %[3]s)", "(%[1]s OR %[2]s) OR %[3]s"},
		{"%[1]s AND (%[2]s OR %[3]s)", "%[1]s AND %[2]s OR %[1]s AND %[3]s"},
		{"%[1]s OR %[2]s AND %[3]s", "(%[1]s OR %[2]s) AND (%[1]s OR %[3]s)"},
		{"%[1]s AND %[2]s OR %[3]s", "(%[1]s AND %[2]s) OR %[3]s"},
		{"NOT %[1]s AND %[2]s", "(NOT %[1]s) AND %[2]s"},
		{"NOT %[1]s OR %[2]s", "(NOT %[1]s) OR %[2]s"},
		{"NOT (%[1]s AND %[2]s)", "NOT %[1]s OR NOT %[2]s"},
		{"NOT (%[1]s OR %[2]s)", "NOT %[1]s AND NOT %[2]s"},
		{"NOT NOT %[1]s", "%[1]s"},
		{"NOT (NOT (%[1]s))", "%[1]s"},
		{"%[1]s AND %[1]s", "%[1]s"},
		{"%[1]s OR %[1]s", "%[1]s"},
		{"%[1]s AND (%[1]s OR %[2]s)", "%[1]s"},
		{"%[1]s OR %[1]s AND %[2]s", "%[1]s"},
		{"%[1]s AND *", "%[1]s"},
		{"%[1]s OR *", "*"},
		{"%[1]s OR NOT *", "%[1]s"},
		{"%[1]s AND NOT *", "NOT *"},
		{"%[1]s OR NOT %[1]s", "*"},
		{"%[1]s AND NOT %[1]s", "NOT *"},
	} {
		for seed := range uint64(40) {
			d := newDice(seed)
			// The status is spoken of on both sides, so that no alias is narrowed on one.
			a, b, c := "("+d.term()+" AND status: *)", "("+d.term()+" AND status: *)", "("+d.term()+" AND status: *)"
			say := func(side string) string { return fmt.Sprintf(side+"%[4]s", a, b, c, "") } // the last so that a "*" alone is a format, too
			checkSame(t, v, d, say(law.left), say(law.right))
		}
	}
}

// TestKindLaws does the same for comparisons.
func TestKindLaws(t *testing.T) {
	v := Alerts()
	for _, law := range []struct{ left, right string }{
		{"count >= 2", "count > 2 OR count: 2"},
		{"count <= 2", "count < 2 OR count: 2"},
		{"count: *", "count < 2 OR count >= 2"},
		{"count > 1 AND count < 3", "count: 2"},
		{"count > 2", "NOT count <= 2"},
		{"snoozedUntil > 5", "snoozedUntil: * AND NOT snoozedUntil <= 5"},
		{"snoozedUntil: *", "snoozedUntil < 5 OR snoozedUntil >= 5"},
		{"status: open", "NOT status: closed"},
		{"status: (open OR closed)", "status: *"},
		{"status: (open AND closed)", "NOT *"},
		{"status: (NOT open)", "status: closed"},
		{"priority: (P1 OR P2)", "priority: P1 OR priority: P2"},
		{"priority: (NOT (P1 OR P2))", "NOT priority: P1 AND NOT priority: P2"},
		{"acknowledged: true", "acknowledged: (NOT false)"},
		{"tag: disk", "tag: DISK"},
		{"tag: dia", "tag: Đĩa"},
		{`tag: "su co"`, `tag: "SỰ  CỐ"`},
		{"tag: (disk OR dia) AND tag: *", "tag: (disk OR dia)"},
		{"tag: disk AND tag: dis*", "tag: disk"},
		{"tag: d* OR tag: di*", "tag: d*"},
		{"owner: an OR owner: binh*", "owner: (AN OR BÌNH*)"},
		{"alias: a", "alias: a AND status: open"},
		{"alias: a AND status: (open OR closed)", "alias: a AND status: *"},
		{"alias: a* AND status: *", "alias: (a OR ab) AND status: *"},
		{"message: disk", "message: disk AND message: dis*"},
		{"message: dis*", "message: dis* AND message: *is*"},
		{"disk", "message: disk OR tag: disk"},
		{"createdAt: 5", "createdAt >= 5 AND createdAt < 6"},
		{"createdAt: 1970-01-01", "createdAt >= 0 AND createdAt < 86400000"},
		{"createdAt: 1970-01-01", "createdAt <= 1970-01-01 AND createdAt >= 1970-01-01"},
		{"createdAt > 1970-01-01", "NOT createdAt <= 1970-01-01"},
		{"createdAt < 1970-01-01T00:00:00.005Z", "createdAt < 5"},
	} {
		for seed := range uint64(20) {
			checkSame(t, v, newDice(seed), law.left, law.right)
		}
	}
}

// checkSame checks that two queries match the same of some random things.
func checkSame(t *testing.T, v *Vocabulary, d dice, left, right string) {
	t.Helper()
	l, err := Parse(left, v, Options{})
	if err != nil {
		t.Fatalf("%s: %v", left, err)
	}
	r, err := Parse(right, v, Options{})
	if err != nil {
		t.Fatalf("%s: %v", right, err)
	}
	for id := range 20 {
		if s := d.thing(id); l.Match(s) != r.Match(s) {
			t.Fatalf("%q and %q differ at %+v", left, right, s)
		}
	}
}
