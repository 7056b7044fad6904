package plan

import (
	"hash/fnv"
	"time"
)

// watched is one check and what is known of it.
type watched struct {
	Check
	verdict State

	next    time.Time // of the next run, on a grid of Every
	again   time.Time // of a run besides those of the grid; zero if none is wanted
	running bool
	stale   bool   // the run that is running began before the network returned
	number  uint64 // of the run that is, or was last, running

	failed    []bool    // the last runs that went either way, oldest first, at most Of
	failures  int       // failed runs in a row
	recovered int       // good runs in a row
	unknown   int       // runs in a row that could not be made
	since     time.Time // end of the first failed run since the last good one
	last      Outcome   // of the last failed run

	turned time.Time // when the verdict was given
	latest Outcome   // of the last run
	ran    time.Time // when that ended
	began  time.Time // when the run began that is, or was last, running
	took   time.Duration

	doubted bool      // should be down, but the probes must be asked first
	doubt   time.Time // since when it is doubted
	held    bool      // should be down, but the agent is cut off
}

// newWatched fills in what a check leaves to defaults, and places its first run.
func newWatched(check Check, now time.Time) *watched {
	if check.FailAfter <= 0 {
		check.FailAfter = 2
	}
	check.Of = max(check.Of, check.FailAfter)
	check.RecoverAfter = max(check.RecoverAfter, 1)
	return &watched{Check: check, next: now.Add(offset(check.Name, min(check.Every, firstRunWithin)))}
}

// offset spreads checks over a span, by their names alone: a check keeps its place
// over restarts, whatever other checks there are.
func offset(name string, span time.Duration) time.Duration {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	return time.Duration(hash.Sum64() % uint64(max(span, 1)))
}

// wake returns when the next run is due, if none is running.
func (w *watched) wake() time.Time {
	if !w.again.IsZero() {
		return earlier(w.again, w.next)
	}
	return w.next
}

func (w *watched) due(now time.Time) bool { return !w.running && !w.wake().After(now) }

// begin starts the run of a number.
func (w *watched) begin(now time.Time, number uint64) {
	if !w.next.After(now) {
		w.next = following(w.next, w.Every, now)
	}
	// A run besides those of the grid takes the place of one that would follow closely.
	if !w.again.IsZero() && w.next.Sub(now) < w.Every/2 {
		w.next = w.next.Add(w.Every)
	}
	w.running, w.stale, w.again = true, false, time.Time{}
	w.number, w.began = number, now
}

// following returns the first moment of the grid after now: runs that were missed
// while one took too long, or while the machine slept, are not made up for.
func following(grid time.Time, every time.Duration, now time.Time) time.Time {
	missed := now.Sub(grid) / every
	return grid.Add((missed + 1) * every)
}

// finish ends the run of that number, and reports whether it was the running one.
func (w *watched) finish(number uint64) bool {
	if !w.running || number != w.number {
		return false
	}
	w.running = false
	return true
}

// take counts a result. It returns a change of verdict that needs no proof: to up
// or to unknown. For down it raises a doubt.
func (w *watched) take(outcome Outcome, now time.Time) (Change, bool) {
	w.latest, w.ran, w.took = outcome, now, now.Sub(w.began)
	switch outcome.State {
	case Up:
		return w.takeGood(outcome, now)
	case Down:
		w.takeBad(outcome, now)
		return Change{}, false
	default:
		return w.takeUnknown(outcome, now)
	}
}

func (w *watched) takeGood(outcome Outcome, now time.Time) (Change, bool) {
	w.push(false)
	w.unknown, w.failures, w.since = 0, 0, time.Time{}
	w.recovered++
	if !w.failing() {
		w.doubted, w.held = false, false
	}
	if w.verdict == Up || w.doubted || w.recovered < w.RecoverAfter {
		return Change{}, false
	}
	if w.verdict == Down {
		// A recovery is a new beginning: old failures must not bring it down again.
		w.failed = nil
	}
	w.verdict = Up
	return w.change(Up, outcome, now), true
}

func (w *watched) takeBad(outcome Outcome, now time.Time) {
	w.push(true)
	w.unknown, w.recovered = 0, 0
	if w.failures++; w.failures == 1 {
		w.since = now
	}
	w.last = outcome
	if w.verdict == Down || w.doubted || w.held {
		return
	}
	if w.failing() && now.Sub(w.since) >= w.For {
		w.doubted, w.doubt = true, now
	}
}

func (w *watched) takeUnknown(outcome Outcome, now time.Time) (Change, bool) {
	w.unknown++
	if w.verdict == Down || w.verdict == Unknown || w.unknown < w.FailAfter {
		return Change{}, false
	}
	w.verdict = Unknown
	return w.change(Unknown, outcome, now), true
}

// push appends a result to the last Of.
func (w *watched) push(failed bool) {
	w.failed = append(w.failed, failed)
	if surplus := len(w.failed) - w.Of; surplus > 0 {
		w.failed = append(w.failed[:0], w.failed[surplus:]...)
	}
}

// failing reports whether enough of the last runs failed.
func (w *watched) failing() bool { return w.failedRuns() >= w.FailAfter }

// failedRuns counts the failed among the last Of runs.
func (w *watched) failedRuns() int {
	count := 0
	for _, failed := range w.failed {
		if failed {
			count++
		}
	}
	return count
}

// condemn gives the verdict down.
func (w *watched) condemn(now time.Time) Change {
	w.doubted, w.held = false, false
	w.verdict = Down
	change := w.change(Down, w.last, now)
	change.Failures = max(w.failures, w.failedRuns())
	return change
}

// refresh forgets the failures so far and makes a run due at once.
func (w *watched) refresh(now time.Time) {
	w.failed = nil
	w.failures, w.recovered, w.unknown = 0, 0, 0
	w.since = time.Time{}
	if w.held || w.doubted {
		w.again = now
	}
	w.stale = w.running
	w.doubted, w.held = false, false
}

// change tells of the verdict just given.
func (w *watched) change(state State, outcome Outcome, now time.Time) Change {
	w.turned = now
	return Change{At: now, Check: w.Name, State: state, Reason: outcome.Reason, Details: outcome.Details}
}

// probe is one probe and its last result.
type probe struct {
	name     string
	next     time.Time
	running  bool
	started  time.Time
	number   uint64
	known    bool      // it has been run
	asOf     time.Time // the beginning of its last finished run
	answered bool      // what that run found
	once     bool      // it has ever answered
}

// wanted reports whether a doubt since asked needs a newer result.
func (b *probe) wanted(asked time.Time) bool {
	return !asked.IsZero() && (!b.known || b.asOf.Before(asked))
}

func (b *probe) due(now, asked time.Time) bool {
	return !b.running && (!b.next.After(now) || b.wanted(asked))
}

func (b *probe) begin(now time.Time, every time.Duration) uint64 {
	b.running, b.started = true, now
	b.next = now.Add(every)
	b.number++
	return b.number
}

// finish ends the run of that number, and reports whether it was the running one.
func (b *probe) finish(number uint64, outcome Outcome) bool {
	if !b.running || number != b.number {
		return false
	}
	b.running = false
	b.known, b.asOf, b.answered = true, b.started, outcome.State == Up
	b.once = b.once || b.answered
	return true
}
