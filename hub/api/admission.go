package api

import (
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"keng/hub/core"
	"keng/hub/state"
)

// RequestsOfOneMax is how many requests of one key a node works on at once, from the first byte of
// the body to the last of the reply. It leaves three quarters of the connections to other keys
// whatever one does, and is far more than a caller needs that waits for answers.
const RequestsOfOneMax = ConnectionsMax / 4

// admit returns why a request of a known key is not worked on now, nil if it is.
func (a *API) admit(c *call, limit state.RateLimit) error {
	if err := a.rates.take(c.key.ID, limit, time.Now()); err != nil {
		return err
	}
	return a.underWay.begin(c)
}

// rateCounts counts the requests of each key that is limited, at this node: other nodes count
// theirs. It holds as many buckets as keys have asked for domains within the last two minutes. The
// zero value is ready. Safe for concurrent use.
type rateCounts struct {
	mutex   sync.Mutex
	buckets map[bucketName]*bucket
	swept   time.Time // when those were forgotten that had not been asked for
}

type bucketName struct {
	key    core.IntegrationID
	domain string
}

// bucket holds a key's tokens: a second's and a minute's, those that the limit has.
type bucket struct {
	limit   state.RateLimit
	periods []bucketPeriod
	asked   time.Time // last
}

type bucketPeriod struct {
	periodLimit
	tokens *rate.Limiter
}

// bucketLife is how long a bucket that is not asked for is kept: until then it is full again, so it
// is no other than a new one.
const bucketLife = time.Minute

// take takes a token of each period of a key, or says why it does not get them: then it takes none.
func (r *rateCounts) take(key core.IntegrationID, limit state.RateLimit, now time.Time) error {
	if limit.Domain == "" {
		return nil
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.sweep(now)
	var longest time.Duration
	var refused *bucketPeriod
	b := r.bucket(bucketName{key, limit.Domain}, limit)
	b.asked = now
	taken := make([]*rate.Reservation, len(b.periods))
	for i := range b.periods {
		taken[i] = b.periods[i].tokens.ReserveN(now, 1)
		if wait := taken[i].DelayFrom(now); wait > longest {
			longest, refused = wait, &b.periods[i]
		}
	}
	if refused == nil {
		return nil
	}
	for _, t := range taken {
		t.CancelAt(now)
	}
	wait := int(math.Ceil(longest.Seconds()))
	return throttled(refused.PeriodInSeconds, wait, fmt.Sprintf("Too many requests: this key may make %d in %d s in the domain %q at one node. Try again in %d s.",
		refused.Limit, refused.PeriodInSeconds, limit.Domain, wait))
}

// bucket returns a bucket, a full one if it is new or its limit has been changed.
func (r *rateCounts) bucket(name bucketName, limit state.RateLimit) *bucket {
	if b := r.buckets[name]; b != nil && b.limit == limit {
		return b
	}
	b := &bucket{limit: limit}
	for _, p := range periodsOf(limit) {
		b.periods = append(b.periods, bucketPeriod{p, rate.NewLimiter(rate.Limit(p.Limit)/rate.Limit(p.PeriodInSeconds), p.Limit)})
	}
	if r.buckets == nil {
		r.buckets = map[bucketName]*bucket{}
	}
	r.buckets[name] = b
	return b
}

// sweep forgets buckets that have not been asked for.
func (r *rateCounts) sweep(now time.Time) {
	if now.Sub(r.swept) < bucketLife {
		return
	}
	r.swept = now
	for name, b := range r.buckets {
		if now.Sub(b.asked) >= bucketLife {
			delete(r.buckets, name)
		}
	}
}

// underWay counts the requests of each key that a node works on. Safe for concurrent use.
type underWay struct {
	most int // of one key

	mutex sync.Mutex
	of    map[core.IntegrationID]int // only keys that have any
}

// begin counts a request, or says that there are too many of its key.
func (u *underWay) begin(c *call) error {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.of[c.key.ID] >= u.most {
		return throttled(1, 1, fmt.Sprintf("This key has %d requests under way at this node, as many as it may. Wait for answers.", u.most))
	}
	if u.of == nil {
		u.of = map[core.IntegrationID]int{}
	}
	u.of[c.key.ID]++
	c.counts = true
	return nil
}

// end counts a request no longer, if it was counted.
func (u *underWay) end(c *call) {
	if !c.counts {
		return
	}
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.of[c.key.ID]--; u.of[c.key.ID] == 0 {
		delete(u.of, c.key.ID)
	}
}
