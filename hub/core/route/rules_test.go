package route_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// now is the present moment of most tests: Wednesday 25 November 2026, 21:00 in Hà Nội.
var now = time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)

// hanoi is the zone of most tests, which has no summer time.
const hanoi = "Asia/Ho_Chi_Minh"

// world is the present, in which everything is known.
func world() *route.World {
	return &route.World{Now: now, Zones: zones, Memo: route.NewMemo()}
}

// loaded are the zones that were looked up already, and those that there are not: looking
// one up takes longer than a decision.
var loaded sync.Map

type lookup struct {
	zone *time.Location
	err  error
}

func zones(name string) (*time.Location, error) {
	found, ok := loaded.Load(name)
	if !ok {
		z, err := time.LoadLocation(name)
		found, _ = loaded.LoadOrStore(name, lookup{z, err})
	}
	return found.(lookup).zone, found.(lookup).err
}

// zone returns a time zone.
func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := zones(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// at reads a moment with its offset, as "2026-11-25T21:00+07:00".
func at(t testing.TB, s string) time.Time {
	t.Helper()
	moment, err := time.Parse("2006-01-02T15:04Z07:00", s)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// asks makes criteria of one condition.
func asks(field, operation, value string) route.Criteria {
	return route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: field, Operation: operation, Value: value}}}
}

// team, user and escalation are responders.
func team(id string) alert.Responder {
	return alert.Responder{Kind: alert.Team, ID: id}
}

func user(id string) alert.Responder {
	return alert.Responder{Kind: alert.User, ID: id}
}

func escalation(id string) alert.Responder {
	return alert.Responder{Kind: alert.Escalation, ID: id}
}

// names knows some responders by their names.
func names(r alert.Responder) string {
	return map[string]string{"t1": "network", "t2": "it ops", "u1": "an@example.vn", "u2": "binh@example.vn"}[r.ID]
}

// refuses asserts that an error complains about exactly these fields, each with some words.
func refuses(t *testing.T, what string, err error, fields map[string]string) {
	t.Helper()
	if len(fields) == 0 {
		if err != nil {
			t.Errorf("%s is refused: %v", what, err)
		}
		return
	}
	e, ok := err.(*core.Error)
	if !ok || e.Kind != core.Unacceptable {
		t.Errorf("%s is taken (%v), but %v is wrong", what, err, fields)
		return
	}
	if e.Words != "Request body is not processable. Please check the errors." {
		t.Errorf("%s: it says %q", what, e.Words)
	}
	for field, words := range fields {
		if said, ok := e.Fields[field]; !ok || !strings.Contains(said, words) {
			t.Errorf("%s: of %s it says %q, want %q", what, field, said, words)
		}
	}
	if len(e.Fields) != len(fields) {
		t.Errorf("%s: complains about %v, want %v", what, e.Fields, fields)
	}
}

// mentions asserts that a text has all these words in it.
func mentions(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not tell of %q: %q", what, w, text)
		}
	}
}

// equal asserts that two lists are the same.
func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// many repeats something.
func many[T any](n int, x T) []T {
	return slices.Repeat([]T{x}, n)
}
