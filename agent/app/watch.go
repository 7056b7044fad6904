package app

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/agent/check"
	"keng/agent/plan"
	"keng/proto/agentpb"
)

// watch takes the hub's checks and tells what is checked. It implements uplink.Watch.
type watch struct {
	app       *App
	scheduler *scheduler
	life      <-chan struct{}
}

// Version implements uplink.Watch.
func (w *watch) Version() []byte {
	version, _, _ := w.app.list.ofHub()
	return version
}

// Heed implements uplink.Watch.
func (w *watch) Heed(told *agentpb.Checks) {
	logger := w.app.options.Logger
	before := w.Version()
	if err := w.app.list.heed(hubChecks{Version: told.GetVersion(), Document: told.GetDocument()}); err != nil {
		logger.Error("the hub's newest checks are not in use, or are not on the disk", "error", err)
	}
	if string(w.Version()) == string(before) {
		return
	}
	site, targets := w.app.list.now()
	_, _, overrides := w.app.list.ofHub()
	logger.Info("checks from the hub are in use", "site", site, "checks", len(targets), "own_instead", overrides)
	// It fails only when the agent stops; then the next start has them.
	_ = w.scheduler.do(context.Background(), w.life, func() { w.scheduler.apply(site, targets, time.Now()) })
}

// reasonMax bounds a reason in what is told of all checks, in bytes.
const reasonMax = 200

// Watching implements uplink.Watch.
func (w *watch) Watching(ctx context.Context) *agentpb.Watching {
	standing, checks, err := w.scheduler.standing(ctx, w.life)
	if err != nil {
		return nil
	}
	version, problem, _ := w.app.list.ofHub()
	out := &agentpb.Watching{Version: version, Problem: problem}
	for i, c := range standing.Checks {
		t := checks[i]
		status := &agentpb.CheckStatus{
			Name: c.Name, Kind: t.Kind, Target: t.shown, Local: !t.fromHub, Overrides: t.overrides,
			State: watchedState(c.Verdict), Reason: check.OneLine(c.Last.Reason), Took: durationpb.New(c.Took),
		}
		if len(status.Reason) > reasonMax {
			status.Reason = check.OneLine(status.Reason[:reasonMax])
		}
		if !c.LastAt.IsZero() {
			status.At = timestamppb.New(c.LastAt)
		}
		out.Checks = append(out.Checks, status)
	}
	return out
}

func watchedState(state plan.State) agentpb.State {
	if state == plan.None {
		return agentpb.State_STATE_UNSPECIFIED
	}
	return eventState(state)
}
