package query

import (
	"strings"
	"testing"
)

func TestConjuncts(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string // the parts, printed
	}{
		{"", nil},
		{"*", nil},
		{"tag: a", []string{"tag: a"}},
		{"tag: a AND owner: b", []string{"tag: a", "owner: b"}},
		{"tag: a OR owner: b", []string{"tag: a OR owner: b"}},
		{"tag: a AND (owner: b OR owner: c)", []string{"tag: a", "owner: b OR owner: c"}},
		// What every alert has is no condition.
		{"status: *", nil},
		{"createdAt: * AND tag: a", []string{"tag: a"}},
		{"owner: *", []string{"owner: *"}},
		{"NOT status: *", []string{"NOT status: *"}},
		// Of two values one is the other's opposite.
		{"NOT status: closed", []string{"status: open"}},
		{"NOT status: open", []string{"status: closed"}},
		{"NOT acknowledged: true", []string{"acknowledged: false"}},
		{"NOT acknowledged: false", []string{"acknowledged: true"}},
		{"NOT priority: P1", []string{"NOT priority: P1"}},
		// So are the comparisons of what every alert has.
		{"NOT count > 3", []string{"count <= 3"}},
		{"NOT count >= 3", []string{"count < 3"}},
		{"NOT count < 3", []string{"count >= 3"}},
		{"NOT count <= 3", []string{"count > 3"}},
		{"NOT count: 3", []string{"NOT count: 3"}},
		{"NOT snoozedUntil > 3", []string{"NOT snoozedUntil > 3"}},
		{"NOT tag: a", []string{"NOT tag: a"}},
		{"NOT disk", []string{"NOT disk"}},
		{"NOT message: disk", []string{"NOT message: disk"}},
		// Not one of several is none of them.
		{"NOT (tag: a OR tag: b)", []string{"NOT tag: a", "NOT tag: b"}},
		{"NOT (status: closed OR tag: b)", []string{"status: open", "NOT tag: b"}},
		{"NOT (NOT tag: a OR tag: b)", []string{"tag: a", "NOT tag: b"}},
		{"NOT (NOT tag: a OR NOT (tag: b AND tag: c))", []string{"tag: a", "tag: b", "tag: c"}},
		{"NOT (tag: a AND tag: b)", []string{"NOT (tag: a AND tag: b)"}},
		{"NOT (* OR tag: b)", []string{"NOT *", "NOT tag: b"}},
		{"tag: x AND NOT (tag: a OR count > 3)", []string{"tag: x", "NOT tag: a", "count <= 3"}},
	} {
		v := Alerts()
		q, err := Parse(c.text, v, Options{})
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		var got []string
		for _, part := range conjuncts(q.root) {
			got = append(got, string(appendNode(nil, part, loose)))
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%q: the parts are %q, want %q", c.text, got, c.want)
		}
	}
}

// TestConjunctsSayTheSame holds the parts against the whole, over random queries.
func TestConjunctsSayTheSame(t *testing.T) {
	v := Alerts()
	for seed := range uint64(1500) {
		d := newDice(seed + 2_000_000)
		q, err := Parse(d.query(4), v, Options{})
		if err != nil {
			continue // too long
		}
		parts := &Query{allOf(conjuncts(q.root)...), v}
		for id := range 10 {
			s := d.thing(id)
			if q.Match(s) != parts.Match(s) {
				t.Fatalf("%q and its parts %q differ", q, parts)
			}
		}
	}
}

// TestOpposite holds each opposite against what it is the opposite of.
func TestOpposite(t *testing.T) {
	d := newDice(3)
	v := Alerts()
	for _, text := range []string{
		"status: open", "status: closed", "acknowledged: true", "acknowledged: false", "isSeen: true", "snoozed: false",
		"count > 2", "count >= 2", "count < 2", "count <= 2", "tinyId < 4", "createdAt > 5", "createdAt >= 5", "createdAt < 5", "updatedAt <= 5",
	} {
		q, err := Parse(text, v, Options{})
		if err != nil {
			t.Fatal(err)
		}
		other, ok := q.root.(*term).opposite()
		if !ok {
			t.Errorf("%s has an opposite", text)
			continue
		}
		opposite := &Query{other, v}
		for id := range 60 {
			if s := d.thing(id % 9); q.Match(s) == opposite.Match(s) {
				t.Errorf("%s and %s are both %v of %+v", text, opposite, q.Match(s), s)
			}
		}
	}
	for _, text := range []string{"priority: P1", "count: 3", "createdAt: 3", "message: x", "alertId: x", "alertId: *", "acknowledged: *"} {
		q, err := Parse(text, v, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := q.root.(*term).opposite(); ok {
			t.Errorf("%s has no opposite, but %s", text, other.append(nil))
		}
	}
}

func TestContradictory(t *testing.T) {
	for text, want := range map[string]bool{
		"status: open":                                         false,
		"status: open AND status: closed":                      true,
		"status: open AND NOT status: open":                    true,
		"status: open AND NOT status: closed":                  false,
		"status: open AND status: open":                        false,
		"acknowledged: true AND acknowledged: false":           true,
		"acknowledged: true AND tag: x AND acknowledged:false": true,
		"acknowledged: true AND snoozed: false":                false,
		"priority: P1 AND priority: P2":                        true,
		"priority: P1 AND (priority: P2 OR priority: P3)":      false, // not plain enough
		"owner: an AND owner: binh":                            true,
		"owner: an AND owner: AN":                              false, // the same, folded
		"owner: đan AND owner: dan":                            false,
		"owner: an AND owner: a*":                              false,
		"id: x AND id: X":                                      true, // identifiers are exact
		"id: x AND id: x":                                      false,
		"tag: a AND tag: b":                                    false, // there may be both
		"teams: a AND teams: b":                                false,
		"message: a AND message: b":                            false,
		"count: 3 AND count: 4":                                true,
		"count: 3 AND count > 4":                               false, // the range of an index tells
		"createdAt: 3 AND createdAt: 4":                        true,
		"a AND b":                                              false,
		"NOT *":                                                true,
		"tag: a AND NOT *":                                     true,
		"NOT (* OR tag: a)":                                    true,
		"* OR tag: a":                                          false,
	} {
		q, err := Parse(text, Alerts(), Options{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := contradictory(conjuncts(q.root)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestExact(t *testing.T) {
	for text, want := range map[string]bool{
		"tag: a": true, "tag: a*": false, "tag: *": false, "alertId: a": true, "status: open": true, "acknowledged: true": true,
		"count: 3": true, "count > 3": false, "createdAt: 3": true, "createdAt < 3": false, "message: a": false, "a": false,
	} {
		q, err := Parse(text, Alerts(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := q.root.(*term).exact(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
