package app

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"keng/agent/check"
	"keng/agent/plan"
)

// scheduler owns the plan: it runs what is due, and queues what has changed.
type scheduler struct {
	plan    *plan.Plan
	checks  map[string]*target
	site    string
	known   *knownProbes
	queue   *queue
	logger  *slog.Logger
	slots   chan struct{} // one for each check that may run at once
	results chan finished
	asked   chan chan<- plan.Standing // who wants to know what the plan thinks
	ask     func(ctx context.Context, probe string) bool
}

// finished is a run that has ended.
type finished struct {
	run     plan.Run
	outcome plan.Outcome
}

// newScheduler makes a plan that begins now.
func newScheduler(a *App, queue *queue, now time.Time) *scheduler {
	s := &scheduler{
		checks: map[string]*target{}, site: a.options.Config.Site, queue: queue, logger: a.options.Logger,
		known: loadKnownProbes(a.options.DataDir),
		slots: make(chan struct{}, a.options.Concurrency), results: make(chan finished),
		asked: make(chan chan<- plan.Standing), ask: a.askProbe,
	}
	settings := plan.Settings{ProbeEvery: a.options.Config.ProbeEvery}
	for _, name := range a.probes {
		settings.Probes = append(settings.Probes, plan.Probe{Name: name, Answered: s.known.has(name)})
	}
	local := newLocality()
	for _, t := range a.checks {
		s.checks[t.Name] = t
		settings.Checks = append(settings.Checks, plan.Check{
			Name: t.Name, Every: t.Every, FailAfter: t.FailAfter, Of: t.Of,
			RecoverAfter: t.RecoverAfter, For: t.For, Local: local.is(t.check.Host()),
		})
	}
	s.plan = plan.New(settings, now)
	return s
}

func (s *scheduler) String() string { return "scheduler" }

// run implements task.
func (s *scheduler) run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		for _, run := range s.plan.Due(time.Now()) {
			running.Go(func() { s.perform(ctx, run) })
		}
		if wake, ok := s.plan.Wake(); ok {
			timer.Reset(time.Until(wake))
		} else {
			timer.Stop() // until a run ends
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case f := <-s.results:
			s.take(f)
		case reply := <-s.asked:
			reply <- s.plan.Standing() // it has room
		}
	}
}

// standing asks the goroutine of run, until ctx or life ends.
func (s *scheduler) standing(ctx context.Context, life <-chan struct{}) (plan.Standing, error) {
	reply := make(chan plan.Standing, 1)
	select {
	case s.asked <- reply:
		return <-reply, nil
	case <-ctx.Done():
		return plan.Standing{}, context.Cause(ctx)
	case <-life:
		return plan.Standing{}, errNotRunning
	}
}

// take gives a result to the plan, and queues the changes that follow.
func (s *scheduler) take(f finished) {
	if f.run.Probe && f.outcome.State == plan.Up {
		if err := s.known.add(f.run.Name); err != nil {
			s.logger.Warn("cannot note that a probe answers", "probe", f.run.Name, "error", err)
		}
	}
	for _, change := range s.plan.Finish(f.run, f.outcome, time.Now()) {
		event := s.event(change)
		verdict := event.GetVerdict()
		s.logger.Info("verdict", "check", verdict.GetCheck(), "state", verdict.GetState(), "cause", verdict.GetCause(), "reason", verdict.GetReason())
		s.queue.push(event)
	}
}

// perform does one run and hands over its result.
func (s *scheduler) perform(ctx context.Context, run plan.Run) {
	outcome := plan.Outcome{State: plan.Down}
	if run.Probe {
		// Not bound by the slots: many hanging checks must not hold up the proof.
		if s.ask(ctx, run.Name) {
			outcome.State = plan.Up
		}
	} else {
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		result := s.checks[run.Name].perform(ctx, s.logger)
		<-s.slots
		outcome = plan.Outcome{State: planState(result.State), Reason: result.Reason, Details: result.Details}
	}
	select {
	case s.results <- finished{run, outcome}:
	case <-ctx.Done():
	}
}

// perform runs the check within its time-out. A panic in a check is a fault of the
// agent, which must not end the other checks: it is logged, and the result Unknown.
func (t *target) perform(ctx context.Context, logger *slog.Logger) (result check.Result) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			logger.Error("a check failed in a way that it must not", "check", t.Name, "fault", fault, "stack", string(debug.Stack()))
			result = check.Result{State: check.Unknown, Reason: check.OneLine(fmt.Sprint("the agent has a fault in this check: ", fault))}
		}
	}()
	return t.check.Run(ctx)
}

// planState says a check's state in the words of the plan.
func planState(state check.State) plan.State {
	switch state {
	case check.Up:
		return plan.Up
	case check.Down:
		return plan.Down
	default:
		return plan.Unknown
	}
}
