package channeltest

import (
	"context"
	"slices"
	"testing"
	"time"

	"keng/proto/channel"
)

// slack is how much longer than its own Timeout a channel may take.
const slack = 2 * time.Second

// quiet is how long the suite listens for a page that must not come.
const quiet = 50 * time.Millisecond

// order is the order in which a channel may report. Queued and attempted are
// reported by those above it, and a final stage is returned instead.
func order() []channel.Stage {
	return []channel.Stage{channel.Accepted, channel.Ringing, channel.Answered}
}

// send sends one page, asserts what holds for every page whatever its fate, and
// returns its final report.
func send(ctx context.Context, t *testing.T, ch channel.Channel, page channel.Page) channel.Report {
	t.Helper()
	var (
		last     = -1 // not locked: Send must report from its own goroutine, and the race detector watches it
		returned bool
	)
	begin := time.Now()
	final := ch.Send(ctx, page, func(r channel.Report) {
		at := slices.Index(order(), r.Stage)
		switch {
		case returned:
			t.Errorf("reported %q after Send had returned", r.Stage)
		case r.Stage.Final():
			t.Errorf("reported the final stage %q; it must be returned instead", r.Stage)
		case at < 0:
			t.Errorf("reported %q, which is not a channel's to report", r.Stage)
		case at <= last:
			t.Errorf("reported %q out of order", r.Stage)
		}
		last = max(last, at)
		wantBlank(t, r)
	})
	returned = true
	if took, bound := time.Since(begin), ch.Describe().Timeout+slack; took > bound {
		t.Errorf("Send took %v; the description bounds it to %v", took, bound)
	}
	wantBlank(t, final)
	switch {
	case !final.Stage.Final():
		t.Errorf("returned %q, which is not final", final.Stage)
	case (final.Stage == channel.Failed) != (final.Failure != ""):
		t.Errorf("returned stage %q with failure %q", final.Stage, final.Failure)
	case final.Stage == channel.Failed && final.Detail == "":
		t.Errorf("failed as %q without a word to people", final.Failure)
	}
	return final
}

// wantBlank asserts that the channel left the caller's fields alone.
func wantBlank(t *testing.T, r channel.Report) {
	t.Helper()
	if r.Page != "" || r.Number != 0 || !r.At.IsZero() {
		t.Errorf("filled in Page, Number or At, which are the caller's: %+v", r)
	}
}

// wantFate asserts that the page ended with one of these failures, or as Done if
// there are none.
func wantFate(t *testing.T, final channel.Report, failures []channel.Failure) {
	t.Helper()
	switch {
	case len(failures) == 0 && final.Stage != channel.Done:
		t.Errorf("ended as %q, failure %q (%s); want done", final.Stage, final.Failure, final.Detail)
	case len(failures) > 0 && (final.Stage != channel.Failed || !slices.Contains(failures, final.Failure)):
		t.Errorf("ended as %q, failure %q (%s); want failed, one of %q", final.Stage, final.Failure, final.Detail, failures)
	}
}

// wantNotReached asserts that nothing came to this address.
func (c Case) wantNotReached(t *testing.T, s Setup, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), quiet)
	defer cancel()
	if err := s.Reached(ctx, address); err == nil {
		t.Error("the page reached its end all the same")
	}
}
