package watch

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// pageMetrics count what became of pages.
type pageMetrics struct {
	ended *prometheus.CounterVec
	delay *prometheus.HistogramVec
}

func newPageMetrics() pageMetrics {
	return pageMetrics{
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keng_pages_total", Help: "Pages that came to an end, by how. Only of the node that led at the time.",
		}, []string{"kind", "stage", "failure"}),
		delay: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "keng_page_delay_seconds", Help: "From the moment at which a page was due until a provider had taken it. Only of the node that led at the time.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600},
		}, []string{"kind"}),
	}
}

// recentMax is how many pages that have ended are remembered, so that each is counted once.
const recentMax = 4096

// countPages counts pages as they end, until ctx does.
func (w *Watcher) countPages(ctx context.Context) {
	recent := newRecent(recentMax)
	for ctx.Err() == nil {
		for keys, err := range w.store.Written(ctx) {
			if err != nil {
				break // too slow: some pages are not counted
			}
			w.countWritten(ctx, keys, recent)
		}
		select { // not in a hurry, whatever is wrong
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// countWritten counts the pages among what was written that have come to an end.
func (w *Watcher) countWritten(ctx context.Context, keys [][]byte, recent *recent) {
	var pages []table.Key
	for _, stored := range keys {
		if number, key, ok := table.RowOf(stored); ok && number == state.Deliveries.Number() {
			pages = append(pages, key)
		}
	}
	if len(pages) == 0 {
		return
	}
	_ = w.store.View(ctx, false, func(r table.Reader) error {
		for _, key := range pages {
			if d, ok := state.Deliveries.Get(r, key); ok && d.Final() && recent.add(d.ID) {
				w.count(d)
			}
		}
		return nil
	})
}

// count counts one page that has come to an end.
func (w *Watcher) count(d *state.Delivery) {
	taken := time.Time{}
	for _, t := range d.Trace {
		if taken.IsZero() && (t.Stage == channel.Accepted || t.Stage == channel.Ringing) {
			taken = t.At
		}
		if t.Stage.Final() {
			w.pages.ended.WithLabelValues(string(d.Kind), string(t.Stage), failure(t.Failure)).Inc()
			break
		}
	}
	if !taken.IsZero() {
		w.pages.delay.WithLabelValues(string(d.Kind)).Observe(max(taken.Sub(d.DueAt()).Seconds(), 0))
	}
}

// failure bounds the values of a label: gateways of another version may say others.
func failure(f channel.Failure) string {
	switch f {
	case "", channel.DeadContact, channel.Refused, channel.Overloaded, channel.Unavailable, channel.Busy, channel.Declined,
		channel.Unanswered, channel.NoReply, channel.Expired, channel.StaleTerm, channel.Misconfigured:
		return string(f)
	}
	return "other"
}

// recent remembers the newest ids, up to a number.
type recent struct {
	known map[core.DeliveryID]bool
	order []core.DeliveryID // a ring
	next  int
}

func newRecent(size int) *recent {
	return &recent{known: make(map[core.DeliveryID]bool, size), order: make([]core.DeliveryID, size)}
}

// add remembers an id. It reports false if it is known.
func (r *recent) add(id core.DeliveryID) bool {
	if r.known[id] {
		return false
	}
	delete(r.known, r.order[r.next])
	r.known[id] = true
	r.order[r.next] = id
	r.next = (r.next + 1) % len(r.order)
	return true
}
