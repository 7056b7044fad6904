package state_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table/tabletest"
)

func (s *stage) rehearsalVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"rehearse": s.rehearse}
}

// errThrownAway ends a fork.
var errThrownAway = errors.New("thrown away")

// rehearsed answers a rehearsal on a fork of the stage's state.
func (s *stage) rehearsed(r state.Rehearsal) (out *state.Rehearsed, err error) {
	if r.At.IsZero() {
		r.At = s.now
	}
	if r.For == 0 {
		r.For = state.RehearsalFor
	}
	r.Seed = core.Seed{1, 2, 3}
	forked := s.tx.Run(func(tx *tabletest.Tx) error {
		out, err = s.machine.Rehearse(tx, r, nil)
		return errThrownAway
	})
	if !errors.Is(forked, errThrownAway) {
		return nil, forked
	}
	return out, err
}

// rehearse ALIAS [at=FROM-NOW] [for=D] [fail=KIND,...] [ack=D] and what create takes: who would be paged.
func (s *stage) rehearse(args []string) error {
	var r state.Rehearsal
	var words []string
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "at":
			r.At = s.now.Add(s.duration(value))
		case "for":
			r.For = s.duration(value)
		case "ack":
			r.AckAfter = s.duration(value)
		case "fail":
			for kind := range strings.SplitSeq(value, ",") {
				r.Fails = append(r.Fails, channel.Kind(kind))
			}
		default:
			words = append(words, a)
		}
	}
	r.Draft = s.draftOf(words)
	out, err := s.rehearsed(r)
	if err != nil {
		return err
	}
	s.tell(out)
	return nil
}

// tell shows the answer to a rehearsal, with the time since the alert came.
func (s *stage) tell(out *state.Rehearsed) {
	said := out.Became.Status
	if out.Number > 0 {
		said += fmt.Sprintf(", #%d", out.Number)
	}
	if out.Parent > 0 {
		said += fmt.Sprintf(", under #%d", out.Parent)
	}
	s.say("rehearsal: %s", said)
	since := func(at time.Time) string { return "+" + at.Sub(out.At).String() }
	for _, step := range out.Steps {
		if step.Line != nil {
			s.say("%9s %s: %s", since(step.At), shortened(step.Line.Owner), shortened(step.Line.Text))
			continue
		}
		p := step.Page
		also := ""
		if p.Alerts > 1 {
			also += ", with others"
		}
		if !p.PlanAt.Equal(step.At) {
			also += ", held since " + since(p.PlanAt)
		}
		ended := "under way"
		if p.Ended.Stage != "" {
			ended = since(p.Ended.At) + " " + p.Ended.String()
		}
		s.say("%9s PAGE %s by %s%s: %s; then %s", since(step.At), p.Username, p.Kind, also, p.Why, ended)
	}
	s.say("%9s %s %s", since(out.EndAt), out.End, out.Why)
}
