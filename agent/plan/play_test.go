package plan

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPlays performs the plays in testdata. A play is a text of lines; after a
// line "----" stands what was said. Its verbs, of which those before the first
// "run" make the plan:
//
//	check NAME every=30s [fail_after=2] [of=3] [recover_after=1] [for=5m] [local] [starts=10s]
//	probe NAME [answered]         it answered in an earlier life
//	probe_every 30s
//	NAME up|down|unknown          what NAME will find from now on
//	NAME takes 5s                 how long a run of NAME will last from now on
//	trace on|off                  say each run as it begins
//	run 2m                        let that much time pass, and say what changes
//	# a remark
//
// Every target is up and every run lasts no time until told otherwise. The offset
// of a check is replaced by starts (default 0), so that a reader can follow.
//
// With KENG_REWRITE_PLAYS=1 in the environment what was said is written into the plays.
func TestPlays(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plays: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { performFile(t, file) })
	}
}

func performFile(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rewrite := os.Getenv("KENG_REWRITE_PLAYS") != ""
	var out strings.Builder
	s := newStage()
	for scene := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		directions, want, _ := strings.Cut(scene, "\n----")
		got, err := s.perform(directions)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if strings.TrimSpace(want) != got && !rewrite {
			t.Errorf("%s\n--- said:\n%s\n--- expected:\n%s", directions, got, strings.TrimSpace(want))
		}
		out.WriteString(directions)
		if got != "" || strings.Contains(scene, "\n----") {
			out.WriteString("\n----\n" + got)
		}
		out.WriteString("\n\n")
	}
	if rewrite {
		if err := os.WriteFile(file, []byte(strings.TrimSpace(out.String())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// stage simulates the world around one plan.
type stage struct {
	settings Settings
	starts   map[string]time.Duration
	plan     *Plan
	began    time.Time
	now      time.Time
	states   map[string]State
	takes    map[string]time.Duration
	pending  []pendingRun
	trace    bool
	heard    func(Change) // hears each change; may be nil
}

// pendingRun is a run that will end.
type pendingRun struct {
	run  Run
	ends time.Time
}

func newStage() *stage {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &stage{began: began, now: began, starts: map[string]time.Duration{}, states: map[string]State{}, takes: map[string]time.Duration{}}
}

func (s *stage) perform(directions string) (string, error) {
	var said []string
	lines := bufio.NewScanner(strings.NewReader(directions))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) < 2 {
			return "", fmt.Errorf("%q says too little", lines.Text())
		}
		more, err := s.act(words)
		if err != nil {
			return "", fmt.Errorf("%q: %w", lines.Text(), err)
		}
		said = append(said, more...)
	}
	return strings.Join(said, "\n"), nil
}

func (s *stage) act(words []string) ([]string, error) {
	switch words[0] {
	case "check":
		return nil, s.addCheck(words[1], words[2:])
	case "probe":
		s.settings.Probes = append(s.settings.Probes, Probe{Name: words[1], Answered: slices.Contains(words, "answered")})
		return nil, nil
	case "probe_every":
		every, err := time.ParseDuration(words[1])
		s.settings.ProbeEvery = every
		return nil, err
	case "trace":
		s.trace = words[1] == "on"
		return nil, nil
	case "run":
		span, err := time.ParseDuration(words[1])
		if err != nil {
			return nil, err
		}
		return s.run(span), nil
	}
	switch words[1] {
	case "takes":
		took, err := time.ParseDuration(words[2])
		s.takes[words[0]] = took
		return nil, err
	case "up":
		s.states[words[0]] = Up
	case "down":
		s.states[words[0]] = Down
	case "unknown":
		s.states[words[0]] = Unknown
	default:
		return nil, fmt.Errorf("unknown verb")
	}
	return nil, nil
}

func (s *stage) addCheck(name string, options []string) error {
	check := Check{Name: name}
	var err error
	for _, option := range options {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "every":
			check.Every, err = time.ParseDuration(value)
		case "for":
			check.For, err = time.ParseDuration(value)
		case "fail_after":
			check.FailAfter, err = strconv.Atoi(value)
		case "of":
			check.Of, err = strconv.Atoi(value)
		case "recover_after":
			check.RecoverAfter, err = strconv.Atoi(value)
		case "local":
			check.Local = true
		case "starts":
			s.starts[name], err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("unknown option %s", key)
		}
		if err != nil {
			return err
		}
	}
	s.settings.Checks = append(s.settings.Checks, check)
	return nil
}

// run lets time pass, from one moment at which something happens to the next.
func (s *stage) run(span time.Duration) []string {
	if s.plan == nil {
		s.plan = New(s.settings, s.now)
		for _, w := range s.plan.checks {
			w.next = s.now.Add(s.starts[w.Name])
		}
	}
	var said []string
	end := s.now.Add(span)
	for {
		said = append(said, s.begin()...)
		if len(s.pending) > 0 && !s.pending[0].ends.After(s.now) {
			said = append(said, s.end()...)
			continue
		}
		next, ok := s.plan.Wake()
		if len(s.pending) > 0 && (!ok || s.pending[0].ends.Before(next)) {
			next, ok = s.pending[0].ends, true
		}
		if !ok || !next.Before(end) {
			s.now = end
			return said
		}
		s.now = next
	}
}

func (s *stage) begin() []string {
	var said []string
	for _, run := range s.plan.Due(s.now) {
		if s.trace {
			said = append(said, fmt.Sprintf("%-7s run %s", s.now.Sub(s.began), run.Name))
		}
		s.pending = append(s.pending, pendingRun{run, s.now.Add(s.takes[run.Name])})
	}
	slices.SortStableFunc(s.pending, func(a, b pendingRun) int { return a.ends.Compare(b.ends) })
	return said
}

func (s *stage) end() []string {
	ended := s.pending[0]
	s.pending = s.pending[1:]
	state, told := s.states[ended.run.Name]
	if !told {
		state = Up
	}
	var said []string
	for _, change := range s.plan.Finish(ended.run, Outcome{State: state, Reason: "seen"}, s.now) {
		said = append(said, s.say(change))
		if s.heard != nil {
			s.heard(change)
		}
	}
	return said
}

func (s *stage) say(change Change) string {
	state := [...]string{"none", "up", "down", "unknown"}[change.State]
	text := fmt.Sprintf("%-7s %s is %s", change.At.Sub(s.began), change.Check, state)
	if change.State == Down {
		text += [...]string{" (target", " (cut off"}[change.Cause] + fmt.Sprintf(", %d failed)", change.Failures)
	}
	if change.Check == Network {
		text += ": " + change.Reason
	}
	return text
}
