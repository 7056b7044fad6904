package link

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Backoff is how patiently to dial. The zero value is right for nearly all.
type Backoff struct {
	// Min and Max bound the wait after a round of dials that all failed: a random
	// part of Min, twice that, and so on up to Max. Default 1 s and 60 s.
	Min, Max time.Duration
	// Stagger is how long a dial goes unanswered before the next hub is dialled as well.
	// Default 3 s.
	Stagger time.Duration
}

func (b Backoff) withDefaults() Backoff {
	if b.Min <= 0 {
		b.Min = time.Second
	}
	if b.Max <= 0 {
		b.Max = time.Minute
	}
	b.Max = max(b.Max, b.Min)
	if b.Stagger <= 0 {
		b.Stagger = 3 * time.Second
	}
	return b
}

// after is the wait after a number of failures in a row, at least one: full jitter.
func (b Backoff) after(failures int) time.Duration { return jitter(b.ceiling(failures)) }

// ceiling is what the wait after a number of failures in a row is below.
func (b Backoff) ceiling(failures int) time.Duration {
	ceiling := b.Min
	for range min(failures, 64) - 1 {
		if ceiling >= b.Max/2 {
			ceiling = b.Max
			break
		}
		ceiling *= 2
	}
	return ceiling
}

// afterError is the wait after a number of failures in a row, the last of which was err:
// who is refused comes back seldom.
func (b Backoff) afterError(failures int, err error) time.Duration {
	if errors.Is(err, ErrRefused) {
		return b.longest(64)
	}
	return b.after(failures)
}

// longest is a wait of at least half of what failures in a row allow.
func (b Backoff) longest(failures int) time.Duration {
	ceiling := b.ceiling(failures)
	return ceiling/2 + jitter(ceiling/2)
}

// jitter returns a random part of d.
func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}

// settled is how long a connection must have lived for its end to count as the
// first failure and not as one more.
const settled = 10 * time.Second

// Keep holds a connection to whichever hub answers, until ctx ends; then it returns
// the cause of that. addrs is asked before each round of dials for "host:port"s; they are
// dialled in random order, the hub of the last connection last, each when the one
// before has failed or kept silent for Backoff.Stagger. The first to say Welcome is it.
//
// session runs on each connection, with the connection's context; when it returns, the
// connection is closed. If ctx ends, the connection is closed and session must return.
// A connection over TCP, since UDP was blocked, is changed for one over UDP to the same hub
// when that answers again: session is called once more, at once.
// Then Keep waits: for the delay that a Goodbye asked for; not at all if the hub
// fell silent and there is another; exponentially after failures in a row, which are
// dials, [ErrReplaced] (somebody else uses this identity) and connections of under
// ten seconds; near the longest at once after [ErrRefused]; else a random part of the hub's
// ReconnectSpread. Every wait is logged.
func (e *Endpoint) Keep(ctx context.Context, addrs func() []string, cfg DialConfig, session func(ctx context.Context, c *Conn) error, backoff Backoff) error {
	k := keeper{endpoint: e, cfg: e.withDefaults(cfg), backoff: backoff.withDefaults()}
	defer k.losers.Wait()
	for ctx.Err() == nil {
		addresses := k.order(addrs())
		c, address, err := k.dial(ctx, addresses)
		var wait time.Duration
		if err != nil {
			k.failures++
			wait = k.backoff.afterError(k.failures, err)
		} else {
			k.last = address
			c, err = k.run(ctx, c, session)
			wait = k.pause(c, err, len(addresses) > 1)
		}
		if ctx.Err() != nil {
			break
		}
		k.cfg.Logger.Warn("link: not connected", "error", err, "wait", wait.Round(time.Millisecond))
		sleep(ctx, wait)
	}
	return context.Cause(ctx)
}

// keeper is one run of Keep, in one goroutine.
type keeper struct {
	endpoint *Endpoint
	cfg      DialConfig
	backoff  Backoff
	last     string // the hub of the last connection
	failures int    // in a row
	losers   sync.WaitGroup
}

// order shuffles addresses and puts the last hub last.
func (k *keeper) order(addresses []string) []string {
	addresses = slices.Clone(addresses)
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	if i := slices.Index(addresses, k.last); i >= 0 {
		addresses = append(slices.Delete(addresses, i, i+1), k.last)
	}
	return addresses
}

// run runs the session. If the connection is over TCP and the hub answers over UDP later,
// it runs it again on that one, without a wait. It returns the last connection and why
// that ended.
func (k *keeper) run(ctx context.Context, c *Conn, session func(context.Context, *Conn) error) (*Conn, error) {
	for {
		var better <-chan *Conn
		if c.Network() == string(overTCP) {
			better = k.upgrade(ctx, c, k.last)
		}
		err := k.runOn(ctx, c, session)
		if better == nil {
			return c, err
		}
		next := <-better
		if next == nil {
			return c, err
		}
		c = next
	}
}

// runOn runs the session on one connection and returns why that ended.
func (k *keeper) runOn(ctx context.Context, c *Conn, session func(context.Context, *Conn) error) error {
	k.cfg.Logger.Info("link: connected", "hub", c.Welcome().Node, "remote", c.RemoteAddr().String(), "over", c.Network())
	stop := context.AfterFunc(ctx, func() { c.Close("stopping") })
	defer stop()
	err := session(c.Context(), c)
	c.Close("session over")
	// What ended the connection says more than what the session made of it,
	// unless that was the session itself.
	cause := context.Cause(c.Context())
	if closed, ok := errors.AsType[*ClosedError](cause); ok && !closed.Remote && closed.Code == CodeDone && err != nil {
		return err
	}
	return cause
}

// pause is how long to wait after a connection ended for a reason.
func (k *keeper) pause(c *Conn, err error, others bool) time.Duration {
	if time.Since(c.born) >= settled && !errors.Is(err, ErrReplaced) {
		k.failures = 0
	} else {
		k.failures++
	}
	closed, _ := errors.AsType[*ClosedError](err)
	switch {
	case closed != nil && closed.Remote && closed.Code == CodeGoingAway && closed.Delay > 0:
		return closed.Delay
	case errors.Is(err, ErrRefused):
		return k.backoff.longest(k.failures + 64)
	case errors.Is(err, ErrSilent) && others && k.failures == 0:
		return 0
	case k.failures > 1 || errors.Is(err, ErrReplaced):
		return max(jitter(c.welcome.ReconnectSpread), k.backoff.after(k.failures))
	}
	return jitter(c.welcome.ReconnectSpread)
}

// attempt is the outcome of one dial.
type attempt struct {
	address string
	conn    *Conn
	err     error
}

// dial dials the addresses, staggered, and returns the first connection. The others
// are given up. If all fail it returns all their errors.
func (k *keeper) dial(ctx context.Context, addresses []string) (*Conn, string, error) {
	if len(addresses) == 0 {
		return nil, "", errors.New("there is no hub to dial: no address is configured")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	outcomes := make(chan attempt)
	next := time.NewTimer(0)
	defer next.Stop()
	var failed []error
	pending := 0
	for len(addresses) > 0 || pending > 0 {
		select {
		case <-next.C:
			if len(addresses) == 0 {
				continue
			}
			go k.try(ctx, addresses[0], outcomes)
			addresses = addresses[1:]
			pending++
			next.Reset(k.backoff.Stagger)
		case outcome := <-outcomes:
			pending--
			if outcome.err == nil {
				cancel()
				k.losers.Go(func() { discard(outcomes, pending) })
				return outcome.conn, outcome.address, nil
			}
			k.cfg.Logger.Log(ctx, slog.LevelDebug, "link: dial failed", "hub", outcome.address, "error", outcome.err)
			failed = append(failed, outcome.err)
			next.Reset(0)
		}
	}
	return nil, "", errors.Join(failed...)
}

func (k *keeper) try(ctx context.Context, address string, outcomes chan<- attempt) {
	conn, err := k.endpoint.Dial(ctx, address, k.cfg)
	outcomes <- attempt{address, conn, err}
}

// discard waits for the dials that lost the race.
func discard(outcomes <-chan attempt, pending int) {
	for range pending {
		if outcome := <-outcomes; outcome.conn != nil {
			outcome.conn.Close("another hub was quicker")
		}
	}
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
