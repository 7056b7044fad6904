package query

import (
	"reflect"
	"testing"
)

func FuzzParse(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(newDice(seed).query(3))
	}
	for _, text := range []string{
		"", "*", "NOT *", `a "b c" OR NOT (d e*)`, `tag: (a OR "b\"c\\"* AND NOT d)`, "createdAt > now-2h", "createdAt: 2026-03-10", "alias: *x",
		"message: \u0301", "sự cố: ((", `x:"`, "a:b:c", "not not not x", "tag: (not (a))", "<", "x =", "x <= 5", "count >= 5 count<6", "\xff", "a*\"*\"*",
	} {
		f.Add(text)
	}
	v := Alerts()
	planner := NewPlanner(v, 1000, alertIndexes()...)
	var things []*thing
	for id := range 8 {
		things = append(things, newDice(uint64(id)).thing(id))
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text, v, options())
		if err != nil {
			checkError(t, text, err)
			return
		}
		checkRoundTrip(t, q, things)
		plan := planner.Plan(q, newest())
		if len(plan.Ranges) > RangesMax || plan.Explain() == "" {
			t.Errorf("%+v", plan)
		}
	})
}

// checkError checks that an error points into the text.
func checkError(t *testing.T, text string, err error) {
	t.Helper()
	e, ok := err.(*Error)
	if !ok || e.Why == "" || e.Error() == "" {
		t.Fatalf("%q: %#v", text, err)
	}
	all := []rune(text)
	if e.At < 0 || e.At+runes(e.Token) > len(all) {
		t.Fatalf("%q: %#v points behind the end", text, e)
	}
	if at := string(all[e.At : e.At+runes(e.Token)]); at != string([]rune(e.Token)) {
		t.Fatalf("%q: at %d stands %q, not %q", text, e.At, at, e.Token)
	}
}

// checkRoundTrip checks that the printed form of a query is the same query, unless it is
// longer than a query may be.
func checkRoundTrip(t *testing.T, q *Query, things []*thing) {
	t.Helper()
	printed := q.String()
	count := 0
	for range terms(q.root) {
		count++
	}
	again, err := Parse(printed, q.vocabulary, Options{})
	if runes(printed) > RunesMax || count > TermsMax {
		return
	}
	if err != nil {
		t.Fatalf("the printed form %q cannot be read: %v", printed, err)
	}
	if !reflect.DeepEqual(again.root, q.root) {
		t.Fatalf("the printed form %q is another query: %q", printed, again)
	}
	for _, thing := range things {
		if q.Match(thing) != again.Match(thing) {
			t.Fatalf("%q matches otherwise than what it was printed from", printed)
		}
	}
}

// TestRoundTrip is the same over random queries.
func TestRoundTrip(t *testing.T) {
	v := Alerts()
	things := []*thing{outage(), newDice(1).thing(1)}
	for seed := range uint64(3000) {
		text := newDice(seed).query(4)
		q, err := Parse(text, v, Options{})
		if err != nil {
			checkError(t, text, err)
			continue
		}
		checkRoundTrip(t, q, things)
	}
}
