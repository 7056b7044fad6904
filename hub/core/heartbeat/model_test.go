package heartbeat_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/heartbeat"
)

// kitchen is a heartbeat as a kitchen timer: minute by minute it counts down, and rings.
type kitchen struct {
	interval              int
	on, runs, rings, used bool
	left                  int
	lastPing              int // its minute
}

func (k *kitchen) wind() { k.runs, k.rings, k.left = true, false, k.interval }

func (k *kitchen) minute() heartbeat.Change {
	if k.left--; k.on && k.runs && k.left <= 0 {
		k.runs, k.rings = false, true
		return heartbeat.Lapsed
	}
	return heartbeat.Nothing
}

func (k *kitchen) ping(minute int) heartbeat.Change {
	change := heartbeat.Started
	switch {
	case !k.on || k.used && minute == k.lastPing:
		return heartbeat.Nothing
	case k.rings:
		change = heartbeat.Recovered
	case k.runs:
		change = heartbeat.Heard
	}
	k.used, k.lastPing = true, minute
	k.wind()
	return change
}

func (k *kitchen) enable() heartbeat.Change {
	was := k.on
	k.on = true
	switch {
	case was:
		return heartbeat.Nothing
	case !k.used:
		return heartbeat.Ready
	}
	k.wind()
	return heartbeat.Started
}

func (k *kitchen) disable() heartbeat.Change {
	if !k.on {
		return heartbeat.Nothing
	}
	k.on, k.runs, k.rings = false, false, false
	return heartbeat.Stopped
}

// Minute by minute a heartbeat is a kitchen timer. Rules ogapi-8.heartbeat.first-ping,
// ogapi-8.heartbeat.expire, ogapi-8.heartbeat.recover, ogapi-8.heartbeat.disabled,
// keng-8.heartbeat.enabled-again.
func TestAHeartbeatIsAKitchenTimer(t *testing.T) {
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 9))
		k := &kitchen{interval: 1 + dice.IntN(12), on: dice.IntN(4) > 0}
		h := heartbeat.Heartbeat{Name: "backup", Interval: k.interval, Unit: heartbeat.Minutes, Enabled: k.on}
		for minute := range 400 {
			at := now.Add(time.Duration(minute) * time.Minute)
			if got, want := h.Expire(at), k.minute(); got != want {
				t.Fatalf("seed %d, minute %d: expiry gives %d, want %d", seed, minute, got, want)
			}
			for range dice.IntN(3) {
				var got, want heartbeat.Change
				move := dice.IntN(24)
				switch {
				case move < 4:
					got, want = h.Ping(at, at), k.ping(minute)
				case move == 4:
					got, want = h.Enable(at), k.enable()
				case move == 5 && dice.IntN(4) == 0:
					got, want = h.Disable(), k.disable()
				}
				if got != want {
					t.Fatalf("seed %d, minute %d, move %d: %d, want %d", seed, minute, move, got, want)
				}
			}
			end, awaited := h.ExpiresAt()
			if h.Enabled != k.on || h.Expired() != k.rings || awaited != (k.on && k.runs) || awaited && end.Sub(at) != time.Duration(k.left)*time.Minute {
				t.Fatalf("seed %d, minute %d: %+v, want %+v", seed, minute, h, k)
			}
			if h.Expired() && !h.ExpiredAt.Before(at.Add(time.Minute)) {
				t.Fatalf("seed %d, minute %d: expired at %v", seed, minute, h.ExpiredAt)
			}
		}
	}
}

// A longer interval never expires earlier, and a shift of all moments shifts all that follows.
func TestLongerIsNeverEarlier(t *testing.T) {
	for n := 1; n < 500; n++ {
		short, long := ten(), ten()
		short.Interval, long.Interval = n, n+1
		short.Ping(now, now)
		long.Ping(now.Add(time.Hour), now.Add(time.Hour))
		a, _ := short.ExpiresAt()
		b, _ := long.ExpiresAt()
		if b.Sub(a) != time.Hour+time.Minute {
			t.Fatalf("%d minutes expire at %v, one more, an hour later, at %v", n, a, b)
		}
		if free, _ := short.WriteAt(now.Add(1)); free.Sub(now) != time.Duration(n)*6*time.Second {
			t.Fatalf("%d minutes: a ping is held until %v", n, free)
		}
	}
}

// Every limit of a text in every script, one more being told with its number. Rule
// ogapi-8.heartbeat.limits.
func TestTextLimitsInEveryScript(t *testing.T) {
	fields := map[string]struct {
		most int
		set  func(*heartbeat.Heartbeat, string)
	}{
		"name":         {200, func(h *heartbeat.Heartbeat, s string) { h.Name = s }},
		"description":  {10_000, func(h *heartbeat.Heartbeat, s string) { h.Description = s }},
		"alertMessage": {130, func(h *heartbeat.Heartbeat, s string) { h.Message = s }},
		"alertTags":    {50, func(h *heartbeat.Heartbeat, s string) { h.Tags = []string{s} }},
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, unit := range []string{"a", "ẻ", "e\u0309", "👩\u200d👧", "\xff"} {
			runes := strings.Repeat(unit, fields[name].most)
			for more, want := range []string{"", fmt.Sprintf("%d characters are too many: at most %d are allowed.", fields[name].most+1, fields[name].most)} {
				h := ten()
				text, n := runes, 0
				for i := range runes {
					if n == fields[name].most+more {
						text = runes[:i]
						break
					}
					n++
				}
				if n < fields[name].most+more && len(text) == len(runes) {
					text += strings.Repeat("a", fields[name].most+more-n)
				}
				fields[name].set(&h, text)
				said := ""
				if e, ok := h.Check().(*core.Error); ok {
					said = e.Fields[name]
				}
				if said != want {
					t.Errorf("%s of %d and %d more × %q: %q, want %q", name, fields[name].most, more, unit, said, want)
				}
			}
		}
	}
}
