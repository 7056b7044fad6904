package api

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
)

// creations has alerts created, together those that are asked for at the same time. A
// command has its price whatever it holds: the way to the leader, an identity that is
// remembered, a part in the log. While one is under way, and a moment after one that held several, what comes
// waits, unless there is a whole command of it; on a node at rest nobody waits. The zero
// value is ready. Safe for concurrent use.
type creations struct {
	mutex    sync.Mutex
	underWay int // commands
	waiting  []*wantedAlert
}

// creationsUnderWay is how many commands that create alerts a node has under way at most: where the
// others are far away, or their disks slow, more than one.
const creationsUnderWay = 8

// creationsPause is how long a node waits after a command with several alerts, so that those who
// have their answer now and have more to say can go with those who waited: else there are
// two groups that take turns, in twice as many commands.
const creationsPause = 2 * time.Millisecond

// wantedAlert is an alert that waits to be created.
type wantedAlert struct {
	seed    core.Seed
	command state.CreateAlert
	until   time.Time  // when whoever asked for it is told that it took too long
	done    chan error // has one place
}

// create creates an alert. If ctx ends before, or the time for a command is over, the alert may be
// created nevertheless.
func (q *creations) create(ctx context.Context, a *API, id core.Seed, command state.CreateAlert) error {
	q.mutex.Lock()
	if q.underWay == 0 {
		q.underWay++
		q.mutex.Unlock()
		defer q.next(a)
		_, err := do(ctx, a, id, command)
		return err
	}
	c := &wantedAlert{id, command, time.Now().Add(CommandTimeout), make(chan error, 1)}
	q.waiting = append(q.waiting, c)
	more := len(q.waiting) >= state.CreatesMax && q.underWay < creationsUnderWay
	if more {
		q.underWay++
	}
	q.mutex.Unlock()
	if more {
		q.next(a)
	}
	timer := time.NewTimer(CommandTimeout)
	defer timer.Stop()
	select {
	case err := <-c.done:
		return err
	case <-timer.C:
		q.leave(c)
		return &core.Error{Kind: core.Unavailable, Words: "The cluster did not answer in time. Try again later."}
	case <-ctx.Done():
		q.leave(c)
		return ctx.Err()
	}
}

// leave takes an alert back that was not sent yet.
func (q *creations) leave(c *wantedAlert) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(w *wantedAlert) bool { return w == c })
}

// next is called when a command may go: the place of one that has come back, or one more.
func (q *creations) next(a *API) {
	list := q.take()
	if len(list) == 0 {
		return
	}
	go func() {
		guarded(a, list, func() { together(a, list) })
		if len(list) > 1 && !q.enough() {
			time.AfterFunc(creationsPause, func() { q.next(a) })
		} else {
			q.next(a)
		}
	}()
}

// enough reports whether a whole command waits.
func (q *creations) enough() bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return len(q.waiting) >= state.CreatesMax
}

// take returns what goes in one command, nothing if nothing waits: then one command less is under way.
func (q *creations) take() []*wantedAlert {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	n, size := 0, 0
	for n < min(len(q.waiting), state.CreatesMax) && size < bytesTogether {
		size += q.waiting[n].command.Size()
		n++
	}
	if n == 0 {
		q.underWay--
		return nil
	}
	list := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return list
}

// bytesTogether is how much text alerts in one command have when they come, about, but for the last: a storm of large ones
// would not fit into what a command may write. If rules make more of them each goes by itself.
const bytesTogether = 128 << 10

// guarded calls f, which answers who waits. If it panics they are told so.
func guarded(a *API, list []*wantedAlert, f func()) {
	defer func() {
		if fault := recover(); fault != nil {
			a.Logger.Error("creating alerts panicked", "panic", fault, "stack", string(debug.Stack()))
			for _, c := range list {
				select {
				case c.done <- &core.Error{Words: "creating the alert panicked"}:
				default: // it was told before
				}
			}
		}
	}()
	f()
}

// together creates alerts in one command. If that cannot be done, for one that cannot be created or
// by a leader of an earlier version, each goes by itself. An error of the store's is no proof that
// nothing was done, so they say that they go again.
func together(a *API, list []*wantedAlert) {
	// Who asked may go away; the last one came last.
	ctx, cancel := context.WithDeadline(context.Background(), list[len(list)-1].until)
	defer cancel()
	if len(list) > 1 {
		command := state.CreateAlerts{Alerts: make([]state.CreateAlert, len(list))}
		for i, c := range list {
			command.Alerts[i] = c.command
		}
		_, err := do(ctx, a, seed.New(), command)
		if err == nil || core.KindOf(err) == core.Unavailable || ctx.Err() != nil {
			for _, c := range list {
				c.done <- err
			}
			return
		}
		a.Logger.Warn("alerts could not be created together, now each by itself", "alerts", len(list), "err", err)
	}
	var alone sync.WaitGroup
	for _, c := range list {
		alone.Go(func() {
			guarded(a, []*wantedAlert{c}, func() {
				c.command.Again = len(list) > 1
				_, err := do(ctx, a, c.seed, c.command)
				c.done <- err
			})
		})
	}
	alone.Wait()
}
