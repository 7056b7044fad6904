package state_test

import (
	"errors"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table/tabletest"
)

// A rehearsal looks ahead, and not further than it can know.
// Rules keng-8.rehearse.bounds.
func TestARehearsalIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	good := state.Rehearsal{At: now, For: time.Hour}
	if err := good.Check(now); err != nil {
		t.Fatal(err)
	}
	for field, r := range map[string]state.Rehearsal{
		"at":       {At: now.Add(-time.Second), For: time.Hour},
		"for":      {At: now, For: 32 * 24 * time.Hour},
		"ackAfter": {At: now, For: time.Hour, AckAfter: -1},
		"fail":     {At: now, For: time.Hour, Fails: []channel.Kind{"pigeon"}},
	} {
		err, ok := errors.AsType[*core.Error](r.Check(now))
		if !ok || err.Kind != core.Unacceptable || len(err.Fields) != 1 || err.Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if far := (state.Rehearsal{At: now.Add(367 * 24 * time.Hour), For: time.Hour}); far.Check(now) == nil {
		t.Error("a rehearsal looks more than a year ahead")
	}
}

// When a rehearsal may read no more it tells what it knows until then.
// Rules keng-8.rehearse.bounds.
func TestARehearsalThatIsCutSaysSo(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an vi push:a voice:b push@0s voice@3m", "escalation long 0s=user:an 10m=user:an"} {
		s.act(line)
	}
	looks := 0
	spent := func() error {
		if looks++; looks > 8 {
			return errors.New("enough")
		}
		return nil
	}
	var out *state.Rehearsed
	_ = s.tx.Run(func(tx *tabletest.Tx) (err error) {
		out, err = s.machine.Rehearse(tx, state.Rehearsal{Draft: s.draftOf([]string{"x", "escalation:long"}), At: s.now, For: time.Hour}, spent)
		if err != nil {
			t.Fatal(err)
		}
		return errThrownAway
	})
	if out.End != state.EndsCut || out.Why == "" || len(rehearsedPages(out)) == 0 || len(rehearsedPages(out)) > 3 {
		t.Errorf("it ended with %s %q after %d pages", out.End, out.Why, len(rehearsedPages(out)))
	}
}

// What the API would refuse is refused.
func TestARehearsalRefusesABadAlert(t *testing.T) {
	s := newStage(t)
	if _, err := s.rehearsed(state.Rehearsal{}); core.KindOf(err) != core.Unacceptable {
		t.Errorf("an alert without a message: %v", err)
	}
}
