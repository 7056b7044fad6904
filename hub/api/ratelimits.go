package api

import (
	"keng/hub/core"
	"keng/hub/state"
)

// rateLimitRoutes are the operations on how often a key may ask. Those below /keng belong to no
// domain, so that nobody locks himself out.
func rateLimitRoutes() []route {
	const path = "/keng/v1/rate-limits"
	return []route{
		{"GET", "/v2/request-limits", state.Read, false, configurationDomain, tell(getRequestLimits)},
		{"GET", path, state.Read, true, noDomain, tell(getRateLimits)},
		{"PUT", path, state.Configure, true, noDomain, change(putRateLimits, rateLimitsPut)},
		{"DELETE", path, state.Configure, true, noDomain, change(deleteRateLimits, deleted[state.RateLimits])},
	}
}

// requestLimits are the rate limits in the shape of Opsgenie.
type requestLimits struct {
	RateLimits []domainLimits `json:"rateLimits"`
}

type domainLimits struct {
	Domain string        `json:"domain"`
	Limits []periodLimit `json:"limits"`
}

type periodLimit struct {
	Limit           int `json:"limit"`
	PeriodInSeconds int `json:"periodInSeconds"`
}

func getRequestLimits(tx reader, _ *nothingIn) (requestLimits, error) {
	out := requestLimits{[]domainLimits{}}
	row, ok := state.RateLimitsOf(tx)
	if !ok {
		return out, nil
	}
	for _, l := range row.Limits {
		out.RateLimits = append(out.RateLimits, domainLimits{l.Domain, periodsOf(l)})
	}
	return out, nil
}

// periodsOf returns what a limit says of the periods that it is about, the shortest first.
func periodsOf(l state.RateLimit) (list []periodLimit) {
	for _, p := range []periodLimit{{l.PerSecond, 1}, {l.PerMinute, 60}} {
		if p.Limit > 0 {
			list = append(list, p)
		}
	}
	return list
}

// rateLimitsIn says how often a key may ask.
type rateLimitsIn struct{ limits []state.RateLimit }

func (in *rateLimitsIn) read(c *call) {
	if c.r.Method != "PUT" {
		return
	}
	for _, b := range c.body.objects("limits") {
		in.limits = append(in.limits, state.RateLimit{Domain: b.text("domain"), PerSecond: b.rate("perSecond"), PerMinute: b.rate("perMinute")})
	}
	if len(in.limits) == 0 && len(c.wrong) == 0 {
		c.wrong["limits"] = "must name at least one domain; DELETE takes all limits away"
	}
}

// rate returns a number of requests, 0 if it is absent: what is said must not be 0, which could
// mean both none and all.
func (o object) rate(key string) int {
	n := o.saidNumber(key)
	switch {
	case n == nil:
		return 0
	case *n == 0:
		return -1 // told of by whoever judges the limits
	}
	return *n
}

func putRateLimits(in *rateLimitsIn) state.PutRateLimits {
	return state.PutRateLimits{Limits: in.limits}
}

func deleteRateLimits(*rateLimitsIn) state.PutRateLimits { return state.PutRateLimits{} }

// rateLimitsRecord is the rate limits as replies tell them.
type rateLimitsRecord struct {
	Limits []rateLimitRecord `json:"limits"`
}

type rateLimitRecord struct {
	Domain    string `json:"domain"`
	PerSecond int    `json:"perSecond,omitempty"`
	PerMinute int    `json:"perMinute,omitempty"`
}

func rateLimitsOf(row state.RateLimits) (out rateLimitsRecord) {
	for _, l := range row.Limits {
		out.Limits = append(out.Limits, rateLimitRecord(l))
	}
	return out
}

func rateLimitsPut(row state.RateLimits) *written { return updated(rateLimitsOf(row)) }

func getRateLimits(tx reader, _ *rateLimitsIn) (rateLimitsRecord, error) {
	row, ok := state.RateLimitsOf(tx)
	if !ok {
		return rateLimitsRecord{}, &core.Error{Kind: core.NotFound, Words: "There are no rate limits."}
	}
	return rateLimitsOf(*row), nil
}
