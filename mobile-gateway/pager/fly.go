package pager

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"keng/proto/channel"
)

const (
	// comeBack is how long after the end of its time a channel has to say how it ended.
	comeBack = 5 * time.Second
	// stuckMax is how many pages of a kind may be with a channel that does not come back,
	// times those that may be under way. Then pages fail at once: there is no end of
	// memory, and the next method is better.
	stuckMax = 4
)

// fly takes one page from its place in the queue to its end, which it returns.
func (p *Pager) fly(ctx context.Context, d *desk, page channel.Page) channel.Report {
	if !d.wait(ctx, page) {
		return unsent(ctx, page)
	}
	defer d.gate.leave()
	// Both may have changed while it waited, and neither may be overlooked right
	// before a provider sees the page (P3, P4).
	if ctx.Err() != nil || !time.Now().Before(page.SendBy) {
		return unsent(ctx, page)
	}
	if int(d.stuck.Load()) >= stuckMax*max(d.about.Concurrent, 1) {
		return failed(page.ID, channel.Unavailable, "the channel hangs: it has not come back from too many pages")
	}
	p.complain(p.ledger.Sync())
	p.report(channel.Report{Page: page.ID, Stage: channel.Attempted})
	bounded, cancel := context.WithTimeout(ctx, d.about.Timeout)
	defer cancel()
	if planted("p5-hang") {
		bounded = ctx
	}
	final := p.attempt(bounded, d, page)
	final.Page = page.ID
	switch {
	case !final.Stage.Final():
		return failed(page.ID, channel.Unavailable, fmt.Sprintf("the channel ended at %q, which is no end", final.Stage))
	case final.Stage == channel.Cancelled && context.Cause(ctx) != errTakenBack:
		// To a hub, Cancelled means that it wanted this. It did not: the gateway stops.
		return failed(page.ID, channel.Unavailable, "the gateway broke it off; the page may have reached its person")
	}
	return final
}

// wait waits for a place until the page is taken back or its send-by has passed.
func (d *desk) wait(ctx context.Context, page channel.Page) bool {
	ctx, cancel := context.WithDeadline(ctx, page.SendBy)
	defer cancel()
	return d.gate.enter(ctx, urgency(page.Priority))
}

// unsent is the end of a page that no provider has seen.
func unsent(ctx context.Context, page channel.Page) channel.Report {
	switch context.Cause(ctx) {
	case nil:
		return failed(page.ID, channel.Expired, "its time to be sent had passed")
	case errTakenBack:
		return channel.Report{Page: page.ID, Stage: channel.Cancelled, Detail: "taken back before it was sent"}
	}
	return failed(page.ID, channel.Unavailable, errStopping.Error())
}

// attempt runs the channel until ctx ends, and a moment more for it to say how. A channel
// that does not come back even then, because something below it knows no deadline, is left
// behind: its page has failed, and the person's next method begins (P5). What it says
// later is not heard.
func (p *Pager) attempt(ctx context.Context, d *desk, page channel.Page) channel.Report {
	ended := make(chan channel.Report)
	left := make(chan struct{})
	said := func(r channel.Report) {
		select {
		case <-left:
		default:
			r.Page = page.ID
			p.report(r)
		}
	}
	go func() {
		final := p.send(ctx, d.channel, page, said)
		select {
		case ended <- final:
		case <-left:
			d.stuck.Add(-1)
			p.logger.Warn("a channel came back after all", "page", page.ID, "kind", page.Kind)
		}
	}()
	select {
	case final := <-ended:
		return final
	case <-ctx.Done():
	}
	moment := time.NewTimer(comeBack)
	defer moment.Stop()
	select {
	case final := <-ended:
		return final
	case <-moment.C:
	}
	d.stuck.Add(1)
	close(left)
	p.logger.Error("a channel does not come back; this is a bug", "page", page.ID, "kind", page.Kind)
	if context.Cause(ctx) == errTakenBack {
		return channel.Report{Stage: channel.Cancelled, Detail: "the channel did not say whether it could be taken back"}
	}
	return failed(page.ID, channel.Unavailable, "the channel did not come back in time; the page may have reached its person")
}

// send runs the channel. A channel that panics fails one page, not the calls of
// everybody else.
func (p *Pager) send(ctx context.Context, ch channel.Channel, page channel.Page, said func(channel.Report)) (final channel.Report) {
	defer func() {
		if cause := recover(); cause != nil {
			p.logger.Error("a channel panicked; this is a bug", "page", page.ID, "kind", page.Kind, "panic", cause, "stack", string(debug.Stack()))
			final = failed(page.ID, channel.Unavailable, "an internal error; the gateway's log has it")
		}
	}()
	return ch.Send(ctx, page, said)
}

// urgency orders pages that wait: P1 is 1, and what is no priority comes last.
func urgency(priority string) int {
	const last = 6
	if len(priority) == 2 && priority[0] == 'P' && priority[1] >= '1' && priority[1] <= '5' {
		return int(priority[1] - '0')
	}
	return last
}
