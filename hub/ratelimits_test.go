package main

import (
	"reflect"
	"testing"

	"keng/hub/client"
)

// How often a key may ask is set, shown and taken away by commands alone, also by a key that may not ask any more.
func TestRateLimits(t *testing.T) {
	h, _ := rota(t)
	h.want(0, "rate-limits", `^None: .*\nTo set some: keng-hub rate-limits set alert=20/s,600/m`)
	h.want(0, "rate-limits set search=60/m alert=20/s,600/m", `^How many requests each key may make, at each node:\n  alert: 20 a second, 600 a minute\n  search: 60 a minute\n$`)
	h.want(0, "rate-limits set schedule-oncalls=1/m", `:\n  schedule-oncalls: 1 a minute\n$`) // in place of the others
	var shown client.RateLimits
	h.json("rate-limits show --json", &shown)
	if want := []client.RateLimit{{Domain: "schedule-oncalls", PerMinute: 1}}; !reflect.DeepEqual(shown.Limits, want) {
		t.Errorf("shown as JSON it is %+v", shown)
	}
	h.want(0, "oncall it-rota", `it-rota`)
	h.want(1, "oncall it-rota", `Too many requests: .* 1 in 60 s in the domain "schedule-oncalls" at one node\. Try again in (?:60|[1-5][0-9]) s\.`)
	h.want(1, "rate-limits set pages=5/s", `must be one of: alert,`)
	for _, wrong := range []string{"alert", "alert=", "=5/s", "alert=5", "alert=5/h", "alert=0/s", "alert=-1/s", "alert=5/s,6/s", "alert=x/s"} {
		h.want(2, "rate-limits set "+wrong, `must be a domain and how often`)
	}
	h.want(2, "rate-limits set", `limits`)
	h.want(0, "rate-limits none", `^A key may ask as often as it likes`)
	h.want(1, "rate-limits none", `There are no rate limits`)
	h.want(0, "oncall it-rota", `it-rota`)
}
