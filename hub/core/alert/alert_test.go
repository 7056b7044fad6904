package alert_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

var now = time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)

// Rules ogapi-3.alias.default, ogapi-3.priority.default.
func TestNewFillsInWhatWasNotSaid(t *testing.T) {
	a := alert.New(alert.Draft{Message: "m"}, "id-1", 7, now)
	if a.Alias != "id-1" || a.Priority != core.P3 || a.Status != alert.Open || a.Count != 1 || a.Sequence != 1 || a.Silent() {
		t.Errorf("%+v", a)
	}
}

func TestMoves(t *testing.T) {
	a := alert.New(alert.Draft{Message: "m", Alias: "x"}, "id", 1, now)
	later := now.Add(time.Minute)
	a.Recur(alert.By{At: later})
	if a.Count != 2 || !a.LastOccurredAt.Equal(later) || a.Message != "m" || a.Sequence != 2 {
		t.Errorf("after recurring: %+v", a)
	}
	if o := a.Acknowledge(alert.By{User: "an", At: later}); !o.Moved() || !a.Silent() || a.Owner != "an" || a.Status != alert.Open {
		t.Errorf("acknowledge: %v %+v", o, a)
	}
	before := *a
	if o := a.Acknowledge(alert.By{User: "binh", At: later}); o.Reason != alert.AlreadyAcknowledged || o.OK() || a.AcknowledgedBy != "an" || a.Sequence != before.Sequence {
		t.Errorf("acknowledge twice: %v", o)
	}
	if o := a.Close(alert.By{User: "binh", At: later}); !o.Moved() || a.Status != alert.Closed || a.ClosedBy != "binh" || a.Owner != "an" {
		t.Errorf("close: %v %+v", o, a)
	}
	if o := a.Close(alert.By{User: "an", At: later}); o.Reason != alert.AlreadyClosed || o.OK() {
		t.Errorf("close twice: %v", o)
	}
	if o := a.Acknowledge(alert.By{User: "an", At: later}); o.Reason != alert.AlreadyClosed || o.OK() {
		t.Errorf("acknowledge a closed one: %v", o)
	}
}

// Rules ogapi-3.limits.runes, ogapi-3.limits.check.
//
// Rule ogapi-3.limits.each.
func TestLimitsCountCodePoints(t *testing.T) {
	r := func(n int) string { return strings.Repeat("ẻ", n) } // two bytes and more a code point
	many := func(n int) []string { return slices.Repeat([]string{"x"}, n) }
	fits := alert.Draft{
		Message: r(130), Alias: r(512), Description: r(15000), Entity: r(512), Source: r(100), User: r(100), Note: r(25000),
		Tags: many(20), Actions: many(10), Details: map[string]string{"k": r(7999)}, Responders: make([]alert.Responder, 50),
	}
	if err := fits.Check(); err != nil {
		t.Errorf("at the limits: %v", err)
	}
	for field, d := range map[string]alert.Draft{
		"message": {Message: r(131)}, "alias": {Message: "m", Alias: r(513)}, "description": {Message: "m", Description: r(15001)},
		"entity": {Message: "m", Entity: r(513)}, "source": {Message: "m", Source: r(101)}, "user": {Message: "m", User: r(101)},
		"note": {Message: "m", Note: r(25001)}, "tags": {Message: "m", Tags: many(21)}, "actions": {Message: "m", Actions: []string{r(51)}},
		"details": {Message: "m", Details: map[string]string{"k": r(8000)}}, "responders": {Message: "m", Responders: make([]alert.Responder, 51)},
	} {
		e, ok := errors.AsType[*core.Error](d.Check())
		if !ok || e.Kind != core.Unacceptable || len(e.Fields) != 1 || e.Fields[field] == "" {
			t.Errorf("%s beyond its limit: %v", field, e)
		}
	}
	empty := alert.Draft{}
	if core.KindOf(empty.Check()) != core.Unacceptable {
		t.Error("an alert without a message is taken")
	}
	two := alert.Draft{Tags: []string{r(51)}}
	if e, ok := errors.AsType[*core.Error](two.Check()); !ok || len(e.Fields) != 2 {
		t.Errorf("two faults are not told at once: %v", e)
	}
}
