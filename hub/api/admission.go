package api

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"keng/hub/core"
	"keng/hub/state"
)

// RequestsOfOneMax is how many requests of one key a node works on at once, from the first byte of
// the body to the last of the reply. With those that wait it leaves more than half of the connections to
// other keys whatever one does, and is far more than a caller needs that waits for answers.
const RequestsOfOneMax = ConnectionsMax / 4

// uploadsOfOneMax is how many of them may be uploads. The store takes 16 of all keys, and an upload may
// last for minutes.
const uploadsOfOneMax = 4

// searchesOfOneMax is how many searches of one key a node works on at once. The others wait: a search
// may take all that a processor can do for its 300 ms, and alerts must be taken meanwhile.
const searchesOfOneMax = 1

// searchesOfAllMax is how many those of all keys are: they leave half of the processors to what pages people.
func searchesOfAllMax() int64 { return int64(max(1, runtime.GOMAXPROCS(0)/2)) }

// admit returns why a request of a known key is not worked on now, nil if it is.
func (a *API) admit(ctx context.Context, c *call, limit state.RateLimit) error {
	if err := a.rates.take(c.key.ID, limit, time.Now()); err != nil {
		return err
	}
	return a.underWay.begin(ctx, c)
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

// underWay bounds what a node works on: how many requests and bytes of bodies of one key, and how
// many bytes in all. Who finds no room waits a moment for it, since many a tool never sends again
// what is refused. Safe for concurrent use.
type underWay struct {
	most     int           // requests of one key; half as many besides may wait
	patience time.Duration // how long one waits
	bytes    *semaphore.Weighted
	searches *semaphore.Weighted // of all keys
	strange  *semaphore.Weighted // bytes of bodies of which it is not known by whom they come
	tokens   *semaphore.Weighted // of tools' bodies that are being unpacked

	mutex sync.Mutex
	of    map[core.IntegrationID]*load // only keys that have requests here
}

// The bounds of bodies, in bytes. They are in memory as a whole, and so is what they are parsed into: some ten
// times as much at worst, see objectsMax and tokensOfOneMax.
const (
	bytesOfOneMax = 32 << 20  // of one key
	bytesOfAllMax = 256 << 20 // of all keys of a node
	bytesStrange  = 32 << 20  // of those whose key is in the body, until that is known
)

// roomPatience is how long a request waits for others to end.
const roomPatience = 2 * time.Second

func newUnderWay() *underWay {
	return &underWay{
		most: RequestsOfOneMax, patience: roomPatience, bytes: semaphore.NewWeighted(bytesOfAllMax), searches: semaphore.NewWeighted(searchesOfAllMax()),
		strange: semaphore.NewWeighted(bytesStrange), tokens: semaphore.NewWeighted(tokensOfAllMax), of: map[core.IntegrationID]*load{},
	}
}

// load is what one key has under way.
type load struct {
	here            int // requests, those too that wait; guarded by underWay.mutex
	requests, bytes *semaphore.Weighted
	uploads         *semaphore.Weighted // those of the requests that are uploads
	searches        *semaphore.Weighted // those that are searches
}

// begin counts a request, or says that there are too many of its key.
func (u *underWay) begin(ctx context.Context, c *call) error {
	l := u.enter(c.key.ID)
	if l == nil {
		return u.tooMany()
	}
	c.load = l
	if !u.wait(ctx, l.requests, 1) {
		return u.tooMany()
	}
	c.counts = true
	return nil
}

// wait takes so much of what is bounded, and waits a moment for it if need be. It reports whether it has it.
func (u *underWay) wait(ctx context.Context, of *semaphore.Weighted, n int64) bool {
	if of.TryAcquire(n) { // nearly always, and without a timer
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, u.patience)
	defer cancel()
	return of.Acquire(ctx, n) == nil
}

// enter returns what a key has under way, with one request more, or nil if that many wait already
// that more must not: each holds a connection.
func (u *underWay) enter(key core.IntegrationID) *load {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	l := u.of[key]
	if l == nil {
		l = &load{requests: semaphore.NewWeighted(int64(u.most)), bytes: semaphore.NewWeighted(bytesOfOneMax),
			uploads: semaphore.NewWeighted(uploadsOfOneMax), searches: semaphore.NewWeighted(searchesOfOneMax)}
		u.of[key] = l
	}
	if l.here >= u.most+u.most/2 {
		return nil
	}
	l.here++
	return l
}

func (u *underWay) tooMany() error {
	return throttled(1, 1, fmt.Sprintf("This key has %d requests under way at this node, as many as it may. Wait for answers.", u.most))
}

// search counts a request as a search of alerts until end is called. It waits a moment for those that are under way:
// first for those of its key, so that no key is in the way of another's with more than one.
func (u *underWay) search(ctx context.Context, c *call) (end func(), err error) {
	if !u.wait(ctx, c.load.searches, 1) {
		return nil, throttled(1, 1, "Too many searches of this key are under way at this node. Wait for answers.")
	}
	if !u.wait(ctx, u.searches, 1) {
		c.load.searches.Release(1)
		return nil, &core.Error{Kind: core.Unavailable, Words: "This node has as many searches under way as it can. Try again."}
	}
	return func() { u.searches.Release(1); c.load.searches.Release(1) }, nil
}

// upload counts a request as an upload until end is called. If its key has as many as it may, it waits a
// moment for one of them to end, and then says so.
func (u *underWay) upload(ctx context.Context, c *call) (end func(), err error) {
	if !u.wait(ctx, c.load.uploads, 1) {
		return nil, throttled(1, 1, fmt.Sprintf("This key has %d uploads under way at this node, as many as it may. Wait for answers.", uploadsOfOneMax))
	}
	return func() { c.load.uploads.Release(1) }, nil
}

// room makes sure of room for a body of at most so many bytes before it is read, or says that
// there is none. It is given back when the request ends.
func (u *underWay) room(ctx context.Context, c *call, most int64) error {
	if said := c.r.ContentLength; said >= 0 {
		most = min(most, said)
	}
	if c.load == nil || most == 0 { // an operation for anyone; none such reads a body
		return nil
	}
	if !u.wait(ctx, c.load.bytes, most) {
		return throttled(1, 1, fmt.Sprintf("This key has bodies of %d MiB under way at this node, as much as it may. Wait for answers.", bytesOfOneMax>>20))
	}
	if !u.wait(ctx, u.bytes, most) {
		c.load.bytes.Release(most)
		return noRoomForBodies()
	}
	c.bytes += most
	return nil
}

// The bounds of what is unpacked of tools' bodies, in tokens of JSON. One takes some 100 bytes, however short it is.
const (
	tokensOfOneMax = 1_000_000 // of one body: more than the largest has that says something
	tokensOfAllMax = 1_500_000 // of all bodies at once
)

// unpack makes sure of room for what is in a tool's body until end is called.
func (u *underWay) unpack(ctx context.Context, body []byte) (end func(), err error) {
	n := tokensIn(body, tokensOfOneMax)
	if n > tokensOfOneMax {
		return nil, core.Invalid("body", fmt.Sprintf("has more than %d names, values and brackets", tokensOfOneMax))
	}
	if !u.wait(ctx, u.tokens, n) {
		return nil, noRoomForBodies()
	}
	return func() { u.tokens.Release(n) }, nil
}

func noRoomForBodies() error {
	return &core.Error{Kind: core.Unavailable, Words: "This node has as many bodies under way as it can hold. Try again."}
}

// strangeBody is the body of a request of which it is not known by whom it comes. What has come of
// it counts, not what it says of its length: who says much and sends little takes no room from others.
type strangeBody struct {
	io.Reader
	under *underWay
	call  *call
}

// Read reads a part of the body, if there is room for it.
func (s strangeBody) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if !s.under.wait(s.call.r.Context(), s.under.strange, int64(n)) {
		return 0, noRoomForBodies()
	}
	s.call.strange += int64(n)
	return n, err
}

// known has the body of a request that was read before it was known by whom it comes count as others do.
func (u *underWay) known(ctx context.Context, c *call) error {
	if c.raw == nil {
		return nil
	}
	err := u.room(ctx, c, int64(len(c.raw)))
	u.forget(c)
	return err
}

func (u *underWay) forget(c *call) {
	u.strange.Release(c.strange)
	c.strange = 0
}

// end counts a request no longer, if it was counted.
func (u *underWay) end(c *call) {
	u.forget(c)
	l := c.load
	if l == nil {
		return
	}
	if c.bytes > 0 {
		u.bytes.Release(c.bytes)
		l.bytes.Release(c.bytes)
	}
	if c.counts {
		l.requests.Release(1)
	}
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if l.here--; l.here == 0 {
		delete(u.of, c.key.ID)
	}
}
