package api

import (
	"context"
	"sync"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
)

// creations has alerts created, together those that are asked for at the same time. A
// command has its price whatever it holds: the way to the leader, an identity that is
// remembered, a part in the log. While a few are under way, what comes waits for one of them
// to come back, and then goes in one command; so on a node at rest nobody waits. The zero
// value is ready. Safe for concurrent use.
type creations struct {
	mutex    sync.Mutex
	underWay int // commands
	waiting  []*wantedAlert
}

// creationsUnderWay is how many commands that create alerts a node has under way.
const creationsUnderWay = 1

// wantedAlert is an alert that waits to be created.
type wantedAlert struct {
	seed    core.Seed
	command state.CreateAlert
	done    chan error // has one place
}

// create creates an alert. If ctx ends before, the alert may be created nevertheless.
func (q *creations) create(ctx context.Context, a *API, id core.Seed, command state.CreateAlert) error {
	q.mutex.Lock()
	if q.underWay < creationsUnderWay {
		q.underWay++
		q.mutex.Unlock()
		defer q.next(a)
		_, err := do(ctx, a, id, command)
		return err
	}
	c := &wantedAlert{id, command, make(chan error, 1)}
	q.waiting = append(q.waiting, c)
	q.mutex.Unlock()
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next is called when a command has come back: what waits takes its place.
func (q *creations) next(a *API) {
	if list := q.take(); len(list) > 0 {
		go func() {
			for ; len(list) > 0; list = q.take() {
				together(a, list)
			}
		}()
	}
}

// take returns what goes in one command, nothing if nothing waits: then one command less is under way.
func (q *creations) take() []*wantedAlert {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	n := min(len(q.waiting), state.CreatesMax)
	if n == 0 {
		q.underWay--
		return nil
	}
	list := q.waiting[:n:n]
	if q.waiting = q.waiting[n:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	return list
}

// together creates alerts in one command. If that is refused, for one that cannot be created or
// by a leader of an earlier version, nothing was done: then each goes by itself.
func together(a *API, list []*wantedAlert) {
	ctx := context.Background() // who asked may go away; do ends by itself
	if len(list) > 1 {
		command := state.CreateAlerts{Alerts: make([]state.CreateAlert, len(list))}
		for i, c := range list {
			command.Alerts[i] = c.command
		}
		_, err := do(ctx, a, seed.New(), command)
		if err == nil || core.KindOf(err) == core.Unavailable {
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
			_, err := do(ctx, a, c.seed, c.command)
			c.done <- err
		})
	}
	alone.Wait()
}
