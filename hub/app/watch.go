package app

import (
	"context"
	"iter"

	"keng/hub/watch"
)

// makeWatcher makes what watches the node itself.
func (a *App) makeWatcher(context.Context) (err error) {
	a.watcher, err = watch.New(watch.Options{
		Store: watched{replicated{a.store}}, Version: a.o.Version, Connected: a.edge.Count, Watchdog: a.o.Watchdog,
		Logger: a.logger.With("part", "watch"),
	})
	return err
}

// watched is the store as the watcher needs it.
type watched struct{ replicated }

// Condition says what this node knows of itself.
func (w watched) Condition() watch.Condition {
	s := w.Status()
	return watch.Condition{
		Leads: s.Leads, HasLeader: s.LeaderID != "", Term: s.Term, Applied: s.Applied, Last: s.LastIndex, Members: len(s.Members),
	}
}

// Written gives the keys of what is applied from now on.
func (w watched) Written(ctx context.Context) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		for change, err := range w.Changes(ctx, w.Status().Applied) {
			if !yield(change.Keys, err) {
				return
			}
		}
	}
}
