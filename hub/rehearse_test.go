package main

import (
	"testing"
	"time"
)

func TestMomentAhead(t *testing.T) {
	zone := time.FixedZone("+07", 7*3600)
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, zone) // a Thursday
	for text, want := range map[string]string{
		"2026-11-29T03:00:00Z": "2026-11-29T10:00:00+07:00",
		"2026-11-29 03:00":     "2026-11-29T03:00:00+07:00",
		"sunday 03:00":         "2026-11-29T03:00:00+07:00",
		"Chủ nhật 03:00":       "2026-11-29T03:00:00+07:00",
		"thursday 10:00":       "2026-12-03T10:00:00+07:00",
		"thursday 10:01":       "2026-11-26T10:01:00+07:00",
		"09:00":                "2026-11-27T09:00:00+07:00",
		"11:00":                "2026-11-26T11:00:00+07:00",
	} {
		got, err := momentAhead(text, now)
		if err != nil || got.In(zone).Format(time.RFC3339) != want {
			t.Errorf("%q is %v (%v), want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"someday 03:00", "sunday", "25:00", "29/11/2026"} {
		if got, err := momentAhead(text, now); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	if got, err := momentAhead("", now); err != nil || !got.IsZero() {
		t.Errorf("nothing is %v (%v)", got, err)
	}
}
