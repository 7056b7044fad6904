package app

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
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
	orders  chan func()   // what others want done where the plan is
	restate chan struct{} // holds one token when all verdicts are to be told again
	order   []*target     // the checks, in the plan's order
	gone    *reported
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
		queue: queue, logger: a.options.Logger, known: loadKnownProbes(a.options.DataDir), gone: a.reported,
		slots: make(chan struct{}, a.options.Concurrency), results: make(chan finished),
		orders: make(chan func()), restate: make(chan struct{}, 1), ask: a.askProbe,
	}
	settings := plan.Settings{ProbeEvery: a.options.Config.ProbeEvery}
	for _, name := range a.probes {
		settings.Probes = append(settings.Probes, plan.Probe{Name: name, Answered: s.known.has(name)})
	}
	s.plan = plan.New(settings, now)
	site, targets := a.list.now()
	s.apply(site, targets, now)
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
			t := s.checks[run.Name]
			running.Go(func() { s.perform(ctx, run, t) })
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
		case order := <-s.orders:
			order()
		case <-s.restate:
			s.tell(s.plan.Restate())
		}
	}
}

// do has the goroutine of run do something, and waits for it, until ctx or life ends.
func (s *scheduler) do(ctx context.Context, life <-chan struct{}, what func()) error {
	done := make(chan struct{})
	select {
	case s.orders <- func() { what(); close(done) }:
		<-done
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-life:
		return errNotRunning
	}
}

// standing returns what the plan thinks, and the checks in its order.
func (s *scheduler) standing(ctx context.Context, life <-chan struct{}) (standing plan.Standing, checks []*target, err error) {
	err = s.do(ctx, life, func() { standing, checks = s.plan.Standing(), s.order })
	return standing, checks, err
}

// apply puts another list of checks in use. What has not changed goes on as it was, and of
// what was told to be down and is checked no more the alert is closed.
func (s *scheduler) apply(site string, targets []*target, now time.Time) {
	before, moved := s.checks, site != s.site
	s.site, s.checks, s.order = site, map[string]*target{}, nil
	local := newLocality()
	var checks []plan.Check
	for _, t := range targets {
		if old := before[t.Name]; old != nil && old.CheckConfig.same(t.CheckConfig) {
			again := *t
			again.check = old.check // it may remember something
			t = &again
		}
		s.checks[t.Name], s.order = t, append(s.order, t)
		checks = append(checks, plan.Check{
			Name: t.Name, Every: t.Every, FailAfter: t.FailAfter, Of: t.Of,
			RecoverAfter: t.RecoverAfter, For: t.For, Local: local.is(t.check.Host()),
		})
	}
	s.plan.SetChecks(checks, func(name string) bool { return !moved && before[name].same(s.checks[name].CheckConfig) }, now)
	for _, event := range s.gone.removed(site, func(name string) bool { return s.checks[name] != nil }) {
		s.logger.Info("a check that was down is checked no more", "site", event.GetVerdict().GetSite(), "check", event.GetVerdict().GetCheck())
		s.queue.push(event)
	}
}

// same reports whether two checks are configured alike.
func (c CheckConfig) same(other CheckConfig) bool {
	c.lines, other.lines = nil, nil
	return reflect.DeepEqual(c, other)
}

// take gives a result to the plan, and queues the changes that follow.
func (s *scheduler) take(f finished) {
	if f.run.Probe && f.outcome.State == plan.Up {
		if err := s.known.add(f.run.Name); err != nil {
			s.logger.Warn("cannot note that a probe answers", "probe", f.run.Name, "error", err)
		}
	}
	s.tell(s.plan.Finish(f.run, f.outcome, time.Now()))
}

// tell queues changes.
func (s *scheduler) tell(changes []plan.Change) {
	for _, change := range changes {
		s.queue.push(s.event(change))
	}
}

// perform does one run and hands over its result.
func (s *scheduler) perform(ctx context.Context, run plan.Run, t *target) {
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
		result := t.perform(ctx, s.logger)
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
