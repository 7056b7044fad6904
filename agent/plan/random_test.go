package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhateverHappens lets random things happen to random agents, and holds what is
// said against what must always be true. The seed is the name of the subtest.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(400) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { whatever(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func whatever(t *testing.T, r *rand.Rand) {
	s := newStage()
	one := func(list ...time.Duration) time.Duration { return list[r.IntN(len(list))] }
	for i := range 1 + r.IntN(4) {
		failAfter := 1 + r.IntN(3)
		check := Check{
			Name: fmt.Sprint("check-", i), Every: one(time.Second, 10*time.Second, time.Minute), FailAfter: failAfter,
			RecoverAfter: 1 + r.IntN(2), Local: r.IntN(4) == 0,
		}
		if r.IntN(2) == 0 {
			check.Of = failAfter + r.IntN(3)
		} else {
			check.For = one(0, 30*time.Second)
		}
		s.settings.Checks = append(s.settings.Checks, check)
	}
	for i := range r.IntN(3) {
		s.settings.Probes = append(s.settings.Probes, Probe{Name: fmt.Sprint("probe-", i), Answered: r.IntN(3) == 0})
	}
	w := &witness{t: t, verdicts: map[string]State{}, local: map[string]bool{}}
	var names []string
	for _, c := range s.settings.Checks {
		w.local[c.Name] = c.Local
		names = append(names, c.Name)
	}
	for _, b := range s.settings.Probes {
		names = append(names, b.Name)
	}
	s.heard = w.hear
	for range 60 {
		name := names[r.IntN(len(names))]
		switch r.IntN(4) {
		case 0:
			s.takes[name] = one(0, 0, time.Second, 3*time.Second)
		default:
			s.states[name] = []State{Up, Down, Down, Unknown}[r.IntN(4)]
		}
		s.run(one(0, time.Second, 20*time.Second, 3*time.Minute))
	}
	w.settle(s)
}

// witness remembers the last verdict of each check.
type witness struct {
	t        *testing.T
	verdicts map[string]State
	local    map[string]bool
}

func (w *witness) hear(c Change) {
	if w.verdicts[c.Check] == c.State || c.State == None {
		w.t.Errorf("%s is said twice: %v", c.Check, c)
	}
	w.verdicts[c.Check] = c.State
	isNetwork := c.Check == Network
	if isNetwork != (c.Cause == CutOff) {
		w.t.Errorf("%s with the cause %v", c.Check, c.Cause)
	}
	if c.State == Down && !isNetwork && !w.local[c.Check] && w.verdicts[Network] == Down {
		w.t.Errorf("%s is down while the agent is cut off", c.Check)
	}
	if c.State == Down && c.Failures < 1 {
		w.t.Errorf("%s is down after %d failures", c.Check, c.Failures)
	}
}

// settle lets the network work and nothing change for long: then the verdicts must
// be the truth, and the rhythm undisturbed.
func (w *witness) settle(s *stage) {
	for _, b := range s.settings.Probes {
		s.states[b.Name] = Up
	}
	for name, state := range s.states {
		if state == Unknown {
			s.states[name] = Up
		}
	}
	s.run(time.Hour)
	for _, c := range s.settings.Checks {
		truth := max(s.states[c.Name], Up)
		if got := s.plan.Verdict(c.Name); got != truth || w.verdicts[c.Name] != truth {
			w.t.Errorf("%s is %d, its verdict %d, and the hub was told %d", c.Name, truth, got, w.verdicts[c.Name])
		}
	}
	if s.plan.CutOff() {
		w.t.Error("the agent takes itself to be cut off")
	}
	clear(s.takes)
	s.run(time.Hour)
	s.trace = true
	said := s.run(10 * time.Minute)
	for _, c := range s.settings.Checks {
		runs := 0
		for _, line := range said {
			if strings.HasSuffix(line, "run "+c.Name) {
				runs++
			}
		}
		if want := int(10 * time.Minute / c.Every); runs != want {
			w.t.Errorf("%s ran %d times instead of %d", c.Name, runs, want)
		}
	}
}

// The same calls give the same answers.
func TestItIsDeterministic(t *testing.T) {
	perform := func() []string {
		s := newStage()
		for i := range 30 {
			s.settings.Checks = append(s.settings.Checks, Check{Name: fmt.Sprint("c", i), Every: time.Duration(i+1) * time.Second})
			s.states[fmt.Sprint("c", i)] = State(1 + i%3)
		}
		s.settings.Probes = []Probe{{Name: "a", Answered: true}, {Name: "b"}}
		s.states["a"], s.states["b"] = Down, Down
		s.trace = true
		said := s.run(5 * time.Minute)
		s.states["b"] = Up
		return append(said, s.run(5*time.Minute)...)
	}
	first := perform()
	for range 5 {
		if !slices.Equal(first, perform()) {
			t.Fatal("another answer")
		}
	}
}

func TestChecksSpread(t *testing.T) {
	const every = 30 * time.Second
	thirds := [3]int{}
	for i := range 300 {
		at := offset(fmt.Sprint("check-", i), every)
		if at < 0 || at >= every || at != offset(fmt.Sprint("check-", i), every) {
			t.Fatalf("offset %s", at)
		}
		thirds[at/(every/3)]++
	}
	for _, n := range thirds {
		if n < 60 {
			t.Fatalf("the checks crowd: %v", thirds)
		}
	}
}

func TestAFinishedRunCountsOnce(t *testing.T) {
	now := time.Now()
	p := New(Settings{Checks: []Check{{Name: "web", Every: time.Second, FailAfter: 1}}}, now)
	now = now.Add(2 * time.Second)
	runs := p.Due(now)
	if len(runs) != 1 || len(p.Due(now)) != 0 {
		t.Fatal(runs)
	}
	if changes := p.Finish(runs[0], Outcome{State: Down, Reason: "x"}, now); len(changes) != 1 {
		t.Fatal(changes)
	}
	if changes := p.Finish(runs[0], Outcome{State: Up}, now); len(changes) != 0 {
		t.Fatal("a run counts twice")
	}
}
