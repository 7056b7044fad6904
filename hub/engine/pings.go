package engine

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/heartbeat"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/raftstore/table"
)

// Pings hears the pings of heartbeats at one node, whether it leads or not, and writes them
// down when they have to be ([heartbeat.Heartbeat.WriteAt]), many with one command.
//
// # What is promised to who pings
//
// Every other 2xx of the hub means that a majority has it on disk (P1). That of a ping means
// only that this node has heard it: a job that pings must not wait for an election, and a
// thousand of them must not be a thousand commands a second. What this costs is bounded:
//
//   - The ping that starts a timer or recovers an expired heartbeat is handed to the cluster
//     at once, and again until that has taken it; no such ping waits for another one.
//   - One that comes a tenth of the interval or more after the last written one waits
//     [gatherFor] at most for others.
//   - One that comes sooner is held until that tenth is over, and for up to [holdFor] more.
//
// A node that stops in good order writes all that it holds. With a node that dies the
// pings are lost that it held: then the heartbeat is awaited from the last written ping on,
// so that it may expire early, by a tenth of its interval at most, or by one ping if the
// node died within moments of it, and the next ping, to any node, makes up for it. That is
// the safe side: a job that has stopped is never missed for a lost ping, unless the lost one
// was the first of all, whose timer then begins with the second.
//
// # What bounds it
//
// For each heartbeat the newest ping is kept, so memory is that of the heartbeats there are.
// A ping for a name that is not there is kept in mind for [strangeFor], for the heartbeat
// may have been made a moment ago at another node, and for [strangeMax] names at most. One
// goroutine writes, whatever comes; Heard never waits for it, nor for the cluster.
type Pings struct {
	store  PingStore
	logger *slog.Logger
	// phase spreads the moments at which nodes write what they hold: the first one to write
	// saves the others the same.
	phase time.Duration
	kick  chan struct{} // something is due sooner than was thought

	mu      sync.Mutex
	wake    time.Time // when the writer looks again; zero: it is at work
	held    map[string]*heldPing
	strange map[strangePing]puzzle

	failing bool // the last command could not be carried out; the writer's own
}

// heldPing is the newest ping of a heartbeat, as long as it is not written.
type heldPing struct {
	at  time.Time
	due time.Time // when it is to be written, or looked at again
	// last is the ping that was written before. A heartbeat that knows only of an older one
	// is another one, which has got the name since.
	last time.Time
}

// strangePing is a ping for a heartbeat that this node does not know, by a key that is bound
// to a team, unless that is "".
type strangePing struct {
	name string
	team core.TeamID
}

// puzzle is when a strange ping came, and until when it is kept in mind.
type puzzle struct{ at, until time.Time }

// PingStore is the replicated store as [Pings] needs it.
type PingStore interface {
	state.Store
	// Now returns cluster time.
	Now() time.Time
}

const (
	// gatherFor is how long a ping that is to be written waits for others, at most.
	gatherFor = 100 * time.Millisecond
	// holdFor is how much longer than it must a ping is held, at most, to go with others.
	holdFor = time.Second
	// recheckEvery is how often what is held is looked at: its heartbeat may have another
	// interval by now, or be gone.
	recheckEvery = time.Minute
	// strangeFor is how long a ping for a heartbeat that is not there is kept in mind,
	// strangeEvery how often it is looked for, and strangeMax how many there are at most.
	strangeFor   = 5 * time.Second
	strangeEvery = 100 * time.Millisecond
	strangeMax   = 1000
	// pingTimeout bounds one command, and retryAfter is the pause after one that failed.
	pingTimeout = 10 * time.Second
	retryAfter  = 100 * time.Millisecond
	// lastWords bounds how long a node that stops writes what it holds.
	lastWords = 3 * time.Second
)

// NewPings returns what hears pings. Nothing is written before Run.
func NewPings(store PingStore, logger *slog.Logger) *Pings {
	return &Pings{
		store: store, logger: logger, phase: rand.N(holdFor), kick: make(chan struct{}, 1),
		held: map[string]*heldPing{}, strange: map[strangePing]puzzle{},
	}
}

// Heard takes a ping that comes now. For a team, unless that is "", only its own heartbeats
// exist. A ping that is for nothing is forgotten. It does not wait, and may be called by
// many goroutines.
func (p *Pings) Heard(ctx context.Context, name string, team core.TeamID) {
	if utf8.RuneCountInString(name) > heartbeat.NameMax {
		return
	}
	now := p.store.Now()
	var row *state.Heartbeat
	err := p.store.View(ctx, false, func(r table.Reader) error {
		row, _ = state.GetHeartbeat(r, name)
		return nil
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil || row == nil:
		p.puzzleOver(strangePing{strings.Clone(name), team}, now)
	case team == "" || row.Beat.Team == team:
		p.hold(row, now, now)
	}
}

// puzzleOver keeps a ping in mind for which there is no heartbeat yet.
func (p *Pings) puzzleOver(ping strangePing, now time.Time) {
	known, ok := p.strange[ping]
	if !ok && len(p.strange) == strangeMax {
		return
	}
	if !ok {
		known.until = now.Add(strangeFor)
	}
	p.strange[ping] = puzzle{now, known.until}
	p.wakeBy(now.Add(strangeEvery))
}

// hold keeps a ping of a moment until it is to be written, if it ever is.
func (p *Pings) hold(row *state.Heartbeat, at, now time.Time) {
	write, ok := row.Beat.WriteAt(at)
	if !ok {
		return
	}
	due := p.dueAt(row, at, write, now)
	h := p.held[row.Beat.Name]
	if h == nil {
		h = &heldPing{due: due, last: row.Beat.LastPing}
		p.held[row.Beat.Name] = h
	}
	if at.After(h.at) {
		h.at = at
	}
	// What goes soon with others anyway does not go alone for a newer ping.
	if due.Before(h.due) && (!row.Beat.Awaited() || h.due.Sub(now) > holdFor) {
		h.due = due
	}
	p.wakeBy(h.due)
}

// dueAt returns when a ping of a moment, which must be written at another one, is written.
func (p *Pings) dueAt(row *state.Heartbeat, at, write, now time.Time) time.Time {
	switch {
	case !row.Beat.Awaited():
		return now
	case !write.After(at):
		return p.next(at, gatherFor)
	case write.Sub(now) > recheckEvery:
		write = now.Add(recheckEvery)
	}
	return p.next(write, holdFor)
}

// next returns the next of this node's own moments, which are some time apart.
func (p *Pings) next(t time.Time, apart time.Duration) time.Time {
	return t.Add(-p.phase).Truncate(apart).Add(apart + p.phase)
}

// wakeBy sees to it that the writer looks no later than at a moment.
func (p *Pings) wakeBy(t time.Time) {
	if t.Before(p.wake) {
		p.wake = t
		select {
		case p.kick <- struct{}{}:
		default:
		}
	}
}

// Run writes until ctx ends, and then what is left.
func (p *Pings) Run(ctx context.Context) error {
	for {
		timer := time.NewTimer(p.round(ctx))
		select {
		case <-timer.C:
		case <-p.kick:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			p.finish(ctx)
			return nil
		}
	}
}

// finish writes all that is held, whether it is due or not.
func (p *Pings) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	pings := p.take(ctx, true)
	if !p.write(ctx, pings) {
		p.logger.Warn("pings of heartbeats may be lost: the cluster did not take them before this node stopped", "pings", len(pings))
	}
}

// round writes what is due, and returns how long there is nothing more to do.
func (p *Pings) round(ctx context.Context) time.Duration {
	written := p.write(ctx, p.take(ctx, false))
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.store.Now()
	wake := now.Add(recheckEvery)
	if len(p.strange) > 0 {
		wake = now.Add(strangeEvery)
	}
	for _, h := range p.held {
		if h.due.Before(wake) {
			wake = h.due
		}
	}
	if !written {
		wake = later(wake, now.Add(retryAfter))
	}
	p.wake = wake
	return max(wake.Sub(now), 0)
}

// take returns the pings that are to be written, or all that are held. They stay held until
// they are written: what comes meanwhile takes their place. What has become of no use is
// forgotten.
func (p *Pings) take(ctx context.Context, all bool) (pings []state.Ping) {
	now := p.store.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake = time.Time{}
	err := p.store.View(ctx, false, func(r table.Reader) error {
		p.solve(r, now)
		for name, h := range p.held {
			if h.due.After(now) && !all {
				continue
			}
			row, ok := state.GetHeartbeat(r, name)
			if !ok || row.Beat.LastPing.Before(h.last) {
				delete(p.held, name)
				continue
			}
			write, ok := row.Beat.WriteAt(h.at)
			switch {
			case !ok:
				delete(p.held, name)
			case write.After(now) && !all:
				h.due = p.dueAt(row, h.at, write, now)
			default:
				pings = append(pings, state.Ping{Name: name, At: h.at})
			}
		}
		return nil
	})
	if err != nil { // the store is closing
		return nil
	}
	slices.SortFunc(pings, func(a, b state.Ping) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	return pings
}

// solve looks whether the heartbeats of strange pings are there by now.
func (p *Pings) solve(r table.Reader, now time.Time) {
	for ping, puzzle := range p.strange {
		row, err := state.FindHeartbeat(r, ping.name, ping.team)
		switch {
		case err == nil:
			p.hold(row, puzzle.at, now)
			delete(p.strange, ping)
		case !now.Before(puzzle.until):
			delete(p.strange, ping)
		}
	}
}

// write has pings written down. It reports false if the cluster cannot do so now.
func (p *Pings) write(ctx context.Context, pings []state.Ping) bool {
	for batch := range slices.Chunk(pings, state.PingsMax) {
		err := p.command(ctx, batch)
		if err != nil && !passing(err) && len(batch) > 1 {
			// One of them cannot be written, and the others are not to suffer for it.
			for one := range slices.Chunk(batch, 1) {
				if err = p.command(ctx, one); passing(err) {
					break
				}
			}
		}
		if passing(err) {
			return false
		}
	}
	return true
}

// command writes pings with one command, and forgets those for which there is nothing
// more to do.
func (p *Pings) command(ctx context.Context, batch []state.Ping) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	_, err := state.Do(ctx, p.store, seed.New(), state.PingHeartbeats{Pings: batch})
	switch p.note(passing(err)); {
	case passing(err):
		return err
	case err != nil && len(batch) > 1:
		return err
	case err != nil:
		p.logger.Error("the ping of a heartbeat cannot be written down", "heartbeat", batch[0].Name, "error", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ping := range batch {
		h := p.held[ping.Name]
		if h.at.Equal(ping.At) {
			delete(p.held, ping.Name)
			continue
		}
		// A newer one came meanwhile: this node may need a moment to see what was written.
		h.due = p.store.Now().Add(gatherFor)
	}
	return err
}

// note tells when the cluster stops taking pings, and when it takes them again.
func (p *Pings) note(fails bool) {
	switch {
	case fails && !p.failing:
		p.logger.Warn("pings of heartbeats cannot be written down now; they are kept, and tried again")
	case !fails && p.failing:
		p.logger.Info("pings of heartbeats are written down again")
	}
	p.failing = fails
}

// passing reports whether an error may be over soon.
func passing(err error) bool {
	return err != nil && (core.KindOf(err) == core.Unavailable || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
}
