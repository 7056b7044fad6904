package direct

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"keng/hub/core"
	"keng/proto/channel"
)

// fly takes one page from its place to its end.
func (d *Desk) fly(ctx context.Context, c *counter, f *flight) {
	trip := &trip{desk: d, page: f.page}
	d.mu.Lock()
	writing := d.writing
	d.mu.Unlock()
	if !time.Now().Before(f.page.SendBy) {
		trip.report(writing, channel.Report{Stage: channel.Failed, Failure: channel.Expired, Detail: "its time to be sent had passed"})
		return
	}
	if !trip.report(ctx, channel.Report{Stage: channel.Attempted}) {
		return
	}
	// Looked at right before it goes: nothing may be sent that was acknowledged (P3), or
	// that another leader may send as well (P4).
	yes, err := d.wanted(ctx, core.DeliveryID(f.page.ID))
	yes = yes || planted("p3-mail-anyway")
	if err != nil || !yes || !d.o.Leads(f.term.Load()) {
		if err != nil && ctx.Err() == nil {
			d.o.Logger.Warn("a page is left to who leads next", "page", f.page.ID, "error", err)
		}
		return
	}
	bounded, cancel := context.WithTimeout(ctx, c.about.Timeout)
	defer cancel()
	final := d.send(bounded, c.channel, f.page, trip)
	switch {
	case ctx.Err() != nil && final.Stage == channel.Cancelled:
		return // taken back by who knows why, or broken off: see the package comment
	case !final.Stage.Final():
		final = channel.Report{Stage: channel.Failed, Failure: channel.Unavailable, Detail: fmt.Sprintf("the channel ended at %q, which is no end", final.Stage)}
	}
	trip.report(writing, final)
}

// send runs the channel. A channel that panics fails one page, not the hub.
func (d *Desk) send(ctx context.Context, ch channel.Channel, page channel.Page, t *trip) (final channel.Report) {
	defer func() {
		if cause := recover(); cause != nil {
			d.o.Logger.Error("a channel panicked; this is a bug", "page", page.ID, "kind", page.Kind, "panic", cause, "stack", string(debug.Stack()))
			final = channel.Report{Stage: channel.Failed, Failure: channel.Unavailable, Detail: "an internal error; the hub's log has it"}
		}
	}()
	return ch.Send(ctx, page, t.keep)
}

// trip numbers the reports of one attempt. It belongs to one goroutine.
type trip struct {
	desk *Desk
	page channel.Page
	last uint32
	kept []channel.Report // of the channel, written down with the end: nobody waits for them
}

// keep notes a report on the way.
func (t *trip) keep(r channel.Report) { t.kept = append(t.kept, t.number(r)) }

func (t *trip) number(r channel.Report) channel.Report {
	t.last++
	r.Page, r.Number, r.At = t.page.ID, t.last, time.Now().UTC()
	return r
}

// report writes a report down, after those that were kept.
func (t *trip) report(ctx context.Context, r channel.Report) bool {
	all := append(t.kept, t.number(r))
	t.kept = nil
	for _, r := range all {
		t.desk.o.Logger.Info("page", "page", r.Page, "number", r.Number, "stage", r.Stage, "failure", r.Failure, "detail", r.Detail)
	}
	return t.desk.tell(ctx, all)
}
