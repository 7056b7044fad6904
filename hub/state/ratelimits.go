package state

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"keng/hub/core"
	"keng/raftstore/table"
)

// RateLimits is how often a key may ask. What is not in the list it may ask as often as it likes.
type RateLimits struct {
	Limits []RateLimit `cbor:"1,keyasint,omitempty"` // by domain, each once
}

// RateLimit is how often each key may ask for what belongs to a domain, at each node. Zero is no
// limit; one of the two is none.
type RateLimit struct {
	Domain    string `cbor:"1,keyasint"`
	PerSecond int    `cbor:"2,keyasint,omitempty"`
	PerMinute int    `cbor:"3,keyasint,omitempty"`
}

// RateLimitMax bounds a rate limit, in requests.
const RateLimitMax = 1_000_000

// RateLimitDomains are what is counted together, in order: Opsgenie's, but for that of mail, which
// is not asked for by HTTP.
var RateLimitDomains = []string{"alert", "configuration", "heartbeat", "incident", "integration", "integration-configuration", "schedule-oncalls", "search"}

var rateLimits = table.New(63, "rate-limits", func(*RateLimits) table.Key { return rateLimitsKey })

var rateLimitsKey = table.K().String("cluster")

// RateLimitsOf returns the rate limits. It reports false if there are none.
func RateLimitsOf(r table.Reader) (*RateLimits, bool) { return rateLimits.Get(r, rateLimitsKey) }

// RateLimitOf returns the limit of a domain. It reports false if there is none.
func RateLimitOf(r table.Reader, domain string) (RateLimit, bool) {
	row, ok := RateLimitsOf(r)
	if !ok {
		return RateLimit{}, false
	}
	i, found := slices.BinarySearchFunc(row.Limits, domain, func(l RateLimit, domain string) int { return cmp.Compare(l.Domain, domain) })
	if !found {
		return RateLimit{}, false
	}
	return row.Limits[i], true
}

// PutRateLimits says how often a key may ask from now on. Without limits: as often as it likes.
type PutRateLimits struct {
	Limits []RateLimit `cbor:"1,keyasint,omitempty"`
}

func (PutRateLimits) number() number { return putRateLimits }

func (k PutRateLimits) apply(c *change) (RateLimits, error) {
	if len(k.Limits) == 0 {
		if _, ok := RateLimitsOf(c.tx); !ok {
			return RateLimits{}, &core.Error{Kind: core.NotFound, Words: "There are no rate limits."}
		}
		rateLimits.Delete(c.tx, rateLimitsKey)
		return RateLimits{}, nil
	}
	if err := wrongRateLimits(k.Limits); err != nil {
		return RateLimits{}, err
	}
	row := RateLimits{Limits: slices.SortedFunc(slices.Values(k.Limits), func(a, b RateLimit) int { return cmp.Compare(a.Domain, b.Domain) })}
	return row, keep(c, rateLimits, &row)
}

// wrongRateLimits says what is wrong with limits, by field.
func wrongRateLimits(limits []RateLimit) error {
	wrong, seen := faults{}, map[string]bool{}
	if len(limits) > len(RateLimitDomains) {
		wrong.count("limits", len(limits), len(RateLimitDomains))
		return wrong.err()
	}
	for i, l := range limits {
		at := fmt.Sprintf("limits[%d].", i)
		switch {
		case !slices.Contains(RateLimitDomains, l.Domain):
			wrong.add(at+"domain", "must be one of: "+strings.Join(RateLimitDomains, ", "))
		case seen[l.Domain]:
			wrong.add(at+"domain", "is in the list twice")
		case l.PerSecond == 0 && l.PerMinute == 0:
			wrong.add(at+"perSecond", "must be said, or perMinute must: as many requests as that are allowed")
		}
		seen[l.Domain] = true
		wrong.rate(at+"perSecond", l.PerSecond)
		wrong.rate(at+"perMinute", l.PerMinute)
	}
	return wrong.err()
}

// rate complains about a number of requests that no limit can be.
func (f faults) rate(field string, n int) {
	if n < 0 || n > RateLimitMax {
		f.add(field, fmt.Sprintf("must be from 1 to %d", RateLimitMax))
	}
}
