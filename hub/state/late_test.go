package state_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/state"
)

// P8, P9: of what was to come one after the other and has become due at once, since the hub
// was away, a person gets the last; what is not half a minute late comes though the next is due.
func TestP9WhatIsOvertaken(t *testing.T) {
	for name, c := range map[string]struct {
		steps []string // of an
		other string   // step of binh, if any
		back  time.Duration
		want  []string
	}{
		"a little late":                {[]string{"push@60s", "voice@70s"}, "", 90*time.Second - 1, []string{"push", "voice"}},
		"late":                         {[]string{"push@60s", "voice@70s"}, "", 90 * time.Second, []string{"voice"}},
		"the next is due this moment":  {[]string{"push@60s", "voice@90s"}, "", 90 * time.Second, []string{"voice"}},
		"the next is not due yet":      {[]string{"push@60s", "voice@91s"}, "", 90 * time.Second, []string{"push"}},
		"both were due at once":        {[]string{"push@60s", "voice@60s"}, "", 95 * time.Second, []string{"push", "voice"}},
		"the next is another person's": {[]string{"push@60s"}, "voice@70s", 100 * time.Second, []string{"push", "voice"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.machine = s.machine.With(state.Limits{})
			s.act("user an vi push:a voice:b " + strings.Join(c.steps, " "))
			who := "user:an"
			if c.other != "" {
				s.act("user binh vi push:c voice:d " + c.other)
				who += " user:binh"
			}
			s.act("create web P1 " + who)
			s.now = s.now.Add(c.back)
			if _, err := do(s, state.DoDue{}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range state.Outbox(s.tx, 10) {
				got = append(got, string(d.Kind))
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("%v go out, not %v", got, c.want)
			}
		})
	}
}
