package engine

import (
	"context"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// comingBack returns until when gateways may be coming back that were there before this
// node started; zero if there are none.
func (r *reign) comingBack(ctx context.Context) (until time.Time) {
	left := returnWithin - time.Since(r.started)
	if left <= 0 {
		return until
	}
	err := r.store.View(ctx, false, func(rd table.Reader) error {
		if state.KnowsGateways(rd) {
			until = r.began.Add(left)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		r.logger.Error("cannot look for gateways", "error", err)
	}
	return until
}

// handOver gives away every page that nobody holds. It returns the moment at which
// the patience with the first page that nobody takes is at its end; zero if there is none.
func (r *reign) handOver(ctx context.Context, v *outlook) (next time.Time, err error) {
	var failed []channel.Report
	var stranded channel.Kind // that another node's gateway may serve
	for _, id := range v.pages {
		if ctx.Err() != nil {
			return next, ctx.Err()
		}
		// Looked at again right before it goes: meanwhile somebody may have acknowledged (P3).
		p, wanted, err := r.fetch(ctx, id)
		if err != nil {
			return next, err
		}
		if !wanted {
			continue
		}
		now := r.store.Now()
		if until := r.mayReturn(p); until.After(now) {
			next = earlier(next, until)
			continue
		}
		if now.After(p.delivery.SendBy) {
			if v.due(now) {
				continue // after an outage: what is due gives it its time anew
			}
			failed = append(failed, p.failure(channel.Expired, "it could not be handed over in time", now))
			continue
		}
		page := r.write(p, now)
		if planted("p4-unsaid") {
			page.Repeat = false
		}
		if planted("p9-silent") {
			page.LateBy = 0
		}
		holder, err := r.carrier.HandOver(page, p.delivery.Gateway)
		if err == nil {
			r.inHand[id] = holder
			delete(r.lost, id)
			continue
		}
		since := later(later(p.delivery.QueuedAt(), r.began), r.lost[id])
		if move := since.Add(moveAfter); move.After(now) {
			next = earlier(next, move)
			continue
		}
		if !r.carrier.Serves(p.delivery.Kind) {
			stranded = p.delivery.Kind
		}
		if giveUp := later(since.Add(patience), r.wait); giveUp.After(now) || planted("p5-linger") {
			next = earlier(next, giveUp)
			continue
		}
		failed = append(failed, p.failure(channel.Unavailable, err.Error(), now))
	}
	for reports := range slices.Chunk(failed, reportsMax) {
		if _, err := state.Do(ctx, r.store, seed.New(), state.TakeReports{Reports: reports}); err != nil {
			return next, err
		}
	}
	if stranded != "" {
		err = r.moveOn(ctx, stranded)
	}
	return next, err
}

// mayReturn returns until when a page of an earlier reign waits for the gateway that has told
// of it last, which may have it under way: a phone that rings must not ring twice because a
// hub was restarted (P4). Zero: it waits for nobody.
func (r *reign) mayReturn(p parcel) (until time.Time) {
	last := p.delivery.Gateway
	if _, lost := r.lost[p.delivery.ID]; last == "" || lost || !p.delivery.CreatedAt.Before(r.began) {
		return until
	}
	switch here, silent := r.carrier.Connected(last); {
	case !here:
		return r.began.Add(lastReturns)
	case silent:
		return r.began.Add(lastAnswers)
	}
	return until
}

// write writes a page. It says that it may be a repeat (P4) also if nobody has told of it:
// the leader before this one may have handed it over, or its holder was lost before it told.
func (r *reign) write(p parcel, now time.Time) channel.Page {
	page := p.page(r.term, now)
	_, lost := r.lost[p.delivery.ID]
	page.Repeat = page.Repeat || lost || p.delivery.CreatedAt.Before(r.began)
	return page
}

// fetch reads a page and its alerts as they are now. It reports false for a page that is
// wanted no more.
func (r *reign) fetch(ctx context.Context, id core.DeliveryID) (p parcel, wanted bool, err error) {
	err = r.store.View(ctx, false, func(rd table.Reader) error {
		d, ok := state.GetDelivery(rd, id)
		if planted("p3-blind") && ok {
			if a, known := state.FindAlert(rd, state.Ref{ID: d.Alert}); known {
				p, wanted = parcel{delivery: *d, alerts: []*alert.Alert{a}}, true
				return nil
			}
		}
		if !ok || d.Final() || d.Held {
			return nil
		}
		if d.Notice != nil {
			p, wanted = parcel{delivery: *d, zone: r.zoneOf(rd, d.Notice)}, true
			return nil
		}
		p = parcel{delivery: *d, alerts: state.AlertsOf(rd, d)}
		wanted = len(p.alerts) > 0
		return nil
	})
	return p, wanted, err
}

// zoneOf finds the zone in which a notice tells times, by the data that the shifts go by.
func (r *reign) zoneOf(rd table.Reader, n *state.Notice) *time.Location {
	zone, err := r.zones.In(rd)(n.Zone)
	if err != nil || n.Zone == "" {
		return time.UTC
	}
	return zone
}
