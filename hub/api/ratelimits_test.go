package api_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
	"keng/hub/state"
)

const rateLimitsPath = "/keng/v1/rate-limits"

// Limits are put as a whole, told in two shapes, and taken away. Rule ogapi-2.limits.told.
func TestRateLimitsAreConfigured(t *testing.T) {
	h := newHub(t)
	limits := func() any { return h.want(h.call("GET", "/v2/request-limits", ""), 200).data("rateLimits") }
	h.want(h.call("GET", rateLimitsPath, ""), 404)
	h.want(h.call("DELETE", rateLimitsPath, ""), 404)
	if got := limits(); !reflect.DeepEqual(got, []any{}) {
		t.Errorf("without limits they are %v", got)
	}
	h.want(h.call("PUT", rateLimitsPath, `{"limits":[{"domain":"heartbeat","perMinute":7}]}`), 200)
	put := h.want(h.call("PUT", rateLimitsPath, `{"limits":[{"domain":"search","perMinute":60},{"domain":"alert","perSecond":20,"perMinute":600}]}`), 200)
	want := []any{map[string]any{"domain": "alert", "perSecond": 20.0, "perMinute": 600.0}, map[string]any{"domain": "search", "perMinute": 60.0}}
	for _, a := range []answer{put, h.want(h.with(readKey, "GET", rateLimitsPath, ""), 200)} {
		if got := a.data("limits"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s", a.raw)
		}
	}
	limit := func(n, seconds float64) any { return map[string]any{"limit": n, "periodInSeconds": seconds} }
	opsgenies := []any{map[string]any{"domain": "alert", "limits": []any{limit(20, 1), limit(600, 60)}}, map[string]any{"domain": "search", "limits": []any{limit(60, 60)}}}
	if got := limits(); !reflect.DeepEqual(got, opsgenies) {
		t.Errorf("told as Opsgenie does they are %v", got)
	}
	for body, field := range map[string]string{
		`{}`: "limits", `{"limits":[]}`: "limits", `{"limits":17}`: "limits",
		`{"limits":[{"domain":"pages","perSecond":1}]}`:                                     "limits[0].domain",
		`{"limits":[{"perSecond":1}]}`:                                                      "limits[0].domain",
		`{"limits":[{"domain":"alert","perSecond":1},{"domain":"alert","perMinute":1}]}`:    "limits[1].domain",
		`{"limits":[{"domain":"alert"}]}`:                                                   "limits[0].perSecond",
		`{"limits":[{"domain":"alert","perSecond":0}]}`:                                     "limits[0].perSecond",
		`{"limits":[{"domain":"alert","perMinute":-3}]}`:                                    "limits[0].perMinute",
		`{"limits":[{"domain":"alert","perMinute":1000001}]}`:                               "limits[0].perMinute",
		`{"limits":[{"domain":"alert","perMinute":1.5}]}`:                                   "limits[0].perMinute",
		`{"limits":[{},{},{},{},{},{},{},{},{}]}`:                                           "limits",
		`{"limits":[{"domain":"search","perSecond":1},{"domain":"alert","perSecond":"x"}]}`: "limits[1].perSecond",
	} {
		if a := h.want(h.call("PUT", rateLimitsPath, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	for _, key := range []string{readKey, writeKey, teamKey} {
		h.want(h.with(key, "PUT", rateLimitsPath, `{"limits":[{"domain":"alert","perSecond":1}]}`), 403)
		h.want(h.with(key, "DELETE", rateLimitsPath, ""), 403)
	}
	if got := limits(); !reflect.DeepEqual(got, opsgenies) {
		t.Errorf("after what was refused they are %v", got)
	}
	h.want(h.call("DELETE", rateLimitsPath, ""), 200)
	h.want(h.call("GET", rateLimitsPath, ""), 404)
}

// limited is a hub with limits, in a bubble: time stands still but for time.Sleep.
func limited(t *testing.T, limits string, test func(t *testing.T, h *hub)) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		h.want(h.call("PUT", rateLimitsPath, `{"limits":[`+limits+`]}`), 200)
		test(t, h)
	})
}

// refused checks that a reply is about a limit of a period, and returns when to try again.
func (h *hub) refused(a answer, period string) time.Duration {
	h.t.Helper()
	h.want(a, 429)
	if a.header.Get("X-RateLimit-State") != "THROTTLED" || a.header.Get("X-RateLimit-Reason") != "ACCOUNT" || a.header.Get("X-RateLimit-Period-In-Sec") != period ||
		a.header.Get("X-Opsgenie-Errortype") != "TooManyRequests" || a.body["message"] == "" {
		h.t.Fatalf("%v %s", a.header, a.raw)
	}
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 1 || seconds > 60 {
		h.t.Fatalf("Retry-After: %q", a.header.Get("Retry-After"))
	}
	return time.Duration(seconds) * time.Second
}

// Who asks too often is refused before anything is done, and told when it is worth asking again;
// then it is. Rule ogapi-1.limits.throttled.
func TestWhoAsksTooOftenIsRefused(t *testing.T) {
	limited(t, `{"domain":"alert","perSecond":3}`, func(t *testing.T, h *hub) {
		for range 3 {
			if a := h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m","alias":"x"}`), 202); a.header.Get("X-RateLimit-State") != "OK" || a.header.Get("Retry-After") != "" {
				t.Errorf("%v", a.header)
			}
		}
		wait := h.refused(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m","alias":"x"}`), "1")
		h.refused(h.with(writeKey, "POST", "/v2/alerts", `{`), "1") // it is not even read
		time.Sleep(wait)
		for range 3 {
			h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m","alias":"x"}`), 202)
		}
		if n := h.call("GET", "/v2/alerts/x?identifierType=alias", "").data("count"); n != 6.0 {
			t.Errorf("the alert was counted %v times: what was refused was done", n)
		}
	})
}

// Each key has its own tokens in each domain. Rule ogapi-1.limits.domains.
func TestKeysAndDomainsAreCountedApart(t *testing.T) {
	limited(t, `{"domain":"alert","perMinute":2},{"domain":"search","perMinute":1}`, func(t *testing.T, h *hub) {
		for range 2 {
			h.want(h.call("POST", "/v2/alerts", `{"message":"m"}`), 202)
		}
		h.refused(h.call("POST", "/v2/alerts", `{"message":"m"}`), "60")
		h.refused(h.call("GET", "/v2/alerts/x", ""), "60") // of the same domain
		h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), 202)
		h.want(h.call("GET", "/v2/alerts", ""), 200)
		h.refused(h.call("GET", "/v2/users", ""), "60")
		h.want(h.call("GET", "/v2/teams", ""), 200) // configuration has no limit
		h.want(h.with("unknown", "POST", "/v2/alerts", `{"message":"m"}`), 401)
		h.want(h.with(readKey, "POST", "/v2/alerts", `{"message":"m"}`), 403)
	})
}

// What tools send in formats of their own is counted apart from what comes by the API. Rule ogapi-1.limits.domains.
func TestToolsAreCountedApart(t *testing.T) {
	limited(t, `{"domain":"integration","perMinute":1},{"domain":"alert","perMinute":2}`, func(t *testing.T, h *hub) {
		send := func() answer { return h.bare("/v1/json/nagios?apiKey="+writeKey, nagiosBody("PROBLEM", "")) }
		h.want(send(), 200)
		h.refused(send(), "60")
		h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), 202)
		h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), 202)
		h.refused(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), "60")
		if n := h.call("GET", "/v2/alerts/web-1%2FHTTP?identifierType=alias", "").data("count"); n != 1.0 {
			t.Errorf("the alert was counted %v times: what was refused was done", n)
		}
	})
}

// A second's limit and a minute's are counted apart: a request needs a token of each, and one that
// is refused takes none. Rule ogapi-1.limits.domains.
func TestSecondsAndMinutesAreCountedApart(t *testing.T) {
	limited(t, `{"domain":"search","perSecond":2,"perMinute":7}`, func(t *testing.T, h *hub) {
		ask := func() answer { return h.call("GET", "/v2/alerts", "") }
		for range 3 {
			h.want(ask(), 200)
			h.want(ask(), 200)
			for range 5 {
				h.refused(ask(), "1")
			}
			time.Sleep(1001 * time.Millisecond)
		}
		// Those took six of the minute's seven tokens, of which one comes back in 8.6 seconds.
		h.want(ask(), 200)
		wait := h.refused(ask(), "60")
		if wait != 6*time.Second {
			t.Errorf("to try again in %v", wait)
		}
		time.Sleep(wait)
		h.want(ask(), 200)
		h.refused(ask(), "60")
		time.Sleep(time.Minute)
		h.want(ask(), 200)
		h.want(ask(), 200)
		h.refused(ask(), "1")
	})
}

// Nobody locks himself out, and a change counts at once. Rules keng-7.limits.locked-out, keng-7.limits.off.
func TestLimitsAreChangedByWhoIsLimited(t *testing.T) {
	const lowest = `{"domain":"alert","perMinute":1},{"domain":"configuration","perMinute":1},{"domain":"search","perMinute":1}`
	limited(t, lowest, func(t *testing.T, h *hub) {
		h.want(h.call("GET", "/v2/teams", ""), 200)
		h.refused(h.call("GET", "/v2/teams", ""), "60")
		for range 5 {
			h.want(h.call("GET", rateLimitsPath, ""), 200)
		}
		h.want(h.call("PUT", rateLimitsPath, `{"limits":[{"domain":"configuration","perMinute":2}]}`), 200)
		h.want(h.call("GET", "/v2/teams", ""), 200)
		h.want(h.call("GET", "/v2/teams", ""), 200)
		h.refused(h.call("GET", "/v2/teams", ""), "60")
		h.want(h.call("DELETE", rateLimitsPath, ""), 200)
		for range 100 {
			h.want(h.call("GET", "/v2/teams", ""), 200)
		}
	})
}

// What is counted is forgotten when it makes no difference any more.
func TestWhoDoesNotAskIsForgotten(t *testing.T) {
	limited(t, `{"domain":"alert","perMinute":1},{"domain":"search","perMinute":1}`, func(t *testing.T, h *hub) {
		for _, key := range []string{fullKey, readKey, teamKey} {
			h.with(key, "GET", "/v2/alerts", "")
			h.with(key, "GET", "/v2/alerts/x", "")
		}
		if n, busy := h.api.Counted(); n != 6 || busy != 0 {
			t.Errorf("%d are remembered, %d are busy", n, busy)
		}
		time.Sleep(time.Minute)
		h.want(h.call("GET", "/v2/alerts", ""), 200)
		if n, _ := h.api.Counted(); n != 1 {
			t.Errorf("%d are remembered", n)
		}
	})
}

// Every operation that needs a key belongs to a domain, but for those on the limits.
func TestEveryOperationHasADomain(t *testing.T) {
	for _, r := range api.Table() {
		counted := r.Right != 0 && r.Path != rateLimitsPath
		if counted != slices.Contains(state.RateLimitDomains, r.Domain) {
			t.Errorf("%s %s belongs to the domain %q", r.Method, r.Path, r.Domain)
		}
	}
	if !slices.IsSorted(state.RateLimitDomains) {
		t.Error("the domains are not in order, and are looked for by it")
	}
}

// What the limits cost a request: nothing to speak of, whether there are any or not.
func BenchmarkRateLimits(b *testing.B) {
	for _, limits := range []string{"", `{"limits":[{"domain":"alert","perSecond":1000000,"perMinute":1000000}]}`} {
		b.Run(fmt.Sprintf("set=%v", limits != ""), func(b *testing.B) {
			h := newHub(b)
			if limits != "" {
				h.want(h.call("PUT", rateLimitsPath, limits), 200)
			}
			for b.Loop() {
				r := newRequest("GET", "/v2/alerts/x", "")
				h.api.ServeHTTP(discard{}, r)
			}
		})
	}
}
