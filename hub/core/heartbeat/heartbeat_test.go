package heartbeat_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/heartbeat"
)

var now = time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)

func at(minutes float64) time.Time { return now.Add(time.Duration(minutes * float64(time.Minute))) }

// ten is a heartbeat that is awaited every ten minutes.
func ten() heartbeat.Heartbeat {
	return heartbeat.Heartbeat{Name: "backup", Interval: 10, Unit: heartbeat.Minutes, Enabled: true}
}

func TestUnits(t *testing.T) {
	for _, u := range []struct {
		text  string
		unit  heartbeat.Unit
		every time.Duration
	}{{"minutes", heartbeat.Minutes, 3 * time.Minute}, {"HOURS", heartbeat.Hours, 3 * time.Hour}, {"Days", heartbeat.Days, 72 * time.Hour}} {
		got, err := heartbeat.ParseUnit(u.text)
		h := heartbeat.Heartbeat{Interval: 3, Unit: got}
		if err != nil || got != u.unit || h.Every() != u.every || got.String() != strings.ToLower(u.text) {
			t.Errorf("%s: %v %v %v", u.text, got, err, h.Every())
		}
	}
	for _, text := range []string{"", "weeks", "minute", strings.Repeat("x", 1000)} {
		if _, err := heartbeat.ParseUnit(text); core.KindOf(err) != core.Unacceptable || len(err.Error()) > 300 {
			t.Errorf("%q is taken for a unit: %v", text, err)
		}
	}
	if h := (heartbeat.Heartbeat{Interval: 3, Unit: 4}); h.Every() != 0 || h.Unit.String() != "" {
		t.Error("an unknown unit has a length")
	}
}

// Rule ogapi-8.heartbeat.limits.
func TestLimits(t *testing.T) {
	r := func(n int) string { return strings.Repeat("ẻ", n) }
	for name, change := range map[string]func(*heartbeat.Heartbeat){
		"at the limits": func(h *heartbeat.Heartbeat) {
			h.Name, h.Description, h.Message, h.Tags, h.Priority = r(200), r(10_000), r(130), slices.Repeat([]string{r(50)}, 20), core.P5
		},
		"a minute":       func(h *heartbeat.Heartbeat) { h.Interval = 1 },
		"most minutes":   func(h *heartbeat.Heartbeat) { h.Interval = 366 * 24 * 60 },
		"most hours":     func(h *heartbeat.Heartbeat) { h.Interval, h.Unit = 366*24, heartbeat.Hours },
		"most days":      func(h *heartbeat.Heartbeat) { h.Interval, h.Unit = 366, heartbeat.Days },
		"no priority":    func(h *heartbeat.Heartbeat) { h.Priority = 0 },
		"gravest":        func(h *heartbeat.Heartbeat) { h.Priority = core.P1 },
		"nothing at all": func(*heartbeat.Heartbeat) {},
	} {
		h := ten()
		change(&h)
		if err := h.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, x := range map[string]struct {
		field  string
		change func(*heartbeat.Heartbeat)
	}{
		"no name":          {"name", func(h *heartbeat.Heartbeat) { h.Name = "" }},
		"long name":        {"name", func(h *heartbeat.Heartbeat) { h.Name = r(201) }},
		"long description": {"description", func(h *heartbeat.Heartbeat) { h.Description = r(10_001) }},
		"long message":     {"alertMessage", func(h *heartbeat.Heartbeat) { h.Message = r(131) }},
		"many tags":        {"alertTags", func(h *heartbeat.Heartbeat) { h.Tags = slices.Repeat([]string{"x"}, 21) }},
		"long tag":         {"alertTags", func(h *heartbeat.Heartbeat) { h.Tags = []string{"x", r(51)} }},
		"no unit":          {"intervalUnit", func(h *heartbeat.Heartbeat) { h.Unit = 0 }},
		"odd unit":         {"intervalUnit", func(h *heartbeat.Heartbeat) { h.Unit = 4 }},
		"no interval":      {"interval", func(h *heartbeat.Heartbeat) { h.Interval = 0 }},
		"negative":         {"interval", func(h *heartbeat.Heartbeat) { h.Interval = -1 }},
		"too many minutes": {"interval", func(h *heartbeat.Heartbeat) { h.Interval = 366*24*60 + 1 }},
		"too many days":    {"interval", func(h *heartbeat.Heartbeat) { h.Interval, h.Unit = 367, heartbeat.Days }},
		"overflow":         {"interval", func(h *heartbeat.Heartbeat) { h.Interval = 1 << 62 }},
		"odd priority":     {"alertPriority", func(h *heartbeat.Heartbeat) { h.Priority = 6 }},
	} {
		h := ten()
		x.change(&h)
		e, ok := h.Check().(*core.Error)
		if !ok || e.Kind != core.Unacceptable || len(e.Fields) != 1 || e.Fields[x.field] == "" {
			t.Errorf("%s: %v", name, e)
		}
	}
	bad := heartbeat.Heartbeat{Priority: 9}
	if e := bad.Check().(*core.Error); len(e.Fields) != 3 {
		t.Errorf("not all faults at once: %v", e)
	}
}

// The life of a heartbeat, step by step. Rules ogapi-8.heartbeat.first-ping,
// ogapi-8.heartbeat.expire, ogapi-8.heartbeat.recover, ogapi-8.heartbeat.disabled,
// keng-8.heartbeat.enabled-again, keng-8.heartbeat.old-ping, keng-8.heartbeat.late-ping.
func TestLife(t *testing.T) {
	ping := func(ping, now float64) func(*heartbeat.Heartbeat) heartbeat.Change {
		return func(h *heartbeat.Heartbeat) heartbeat.Change { return h.Ping(at(ping), at(now)) }
	}
	expire := func(now float64) func(*heartbeat.Heartbeat) heartbeat.Change {
		return func(h *heartbeat.Heartbeat) heartbeat.Change { return h.Expire(at(now)) }
	}
	on := func(now float64) func(*heartbeat.Heartbeat) heartbeat.Change {
		return func(h *heartbeat.Heartbeat) heartbeat.Change { return h.Enable(at(now)) }
	}
	off := func(h *heartbeat.Heartbeat) heartbeat.Change { return h.Disable() }
	type step struct {
		what string
		do   func(*heartbeat.Heartbeat) heartbeat.Change
		want heartbeat.Change
		// expires is when it expires then, in minutes; -1: it is not awaited.
		expires float64
		expired bool
	}
	for name, steps := range map[string][]step{
		"the first ping starts the timer": {
			{"long before", expire(1000), heartbeat.Nothing, -1, false},
			{"first ping", ping(1000, 1000), heartbeat.Started, 1010, false},
			{"too early", expire(1009.99), heartbeat.Nothing, 1010, false},
			{"ping", ping(1009, 1009), heartbeat.Heard, 1019, false},
			{"its old time", expire(1010), heartbeat.Nothing, 1019, false},
			{"its time", expire(1019), heartbeat.Lapsed, -1, true},
			{"again", expire(1020), heartbeat.Nothing, -1, true},
			{"ping", ping(1021, 1021), heartbeat.Recovered, 1031, false},
			{"its time", expire(1031), heartbeat.Lapsed, -1, true},
		},
		"pings that were held": {
			{"first", ping(0, 1), heartbeat.Started, 10, false},
			{"the same", ping(0, 2), heartbeat.Nothing, 10, false},
			{"older", ping(-1, 2), heartbeat.Nothing, 10, false},
			{"held", ping(5, 6), heartbeat.Heard, 15, false},
			{"from the future", ping(99, 7), heartbeat.Heard, 17, false},
			{"its time", expire(17), heartbeat.Lapsed, -1, true},
			{"held, in time", ping(8, 17.5), heartbeat.Recovered, 18, false},
			{"its time", expire(18), heartbeat.Lapsed, -1, true},
			{"held too long", ping(9, 19), heartbeat.Nothing, -1, true},
			{"held, a moment too long", ping(9.5, 19.5), heartbeat.Nothing, -1, true},
			{"at once", ping(20, 20), heartbeat.Recovered, 30, false},
		},
		"off and on": {
			{"off", off, heartbeat.Stopped, -1, false},
			{"off again", off, heartbeat.Nothing, -1, false},
			{"nobody listens", ping(1, 1), heartbeat.Nothing, -1, false},
			{"on", on(2), heartbeat.Ready, -1, false},
			{"ping", ping(3, 3), heartbeat.Started, 13, false},
			{"on again", on(4), heartbeat.Nothing, 13, false},
			{"off", off, heartbeat.Stopped, -1, false},
			{"its time", expire(13), heartbeat.Nothing, -1, false},
			{"on, and missed from now on", on(100), heartbeat.Started, 110, false},
			{"an old ping starts no timer", ping(99, 101), heartbeat.Heard, 110, false},
			{"its time", expire(110), heartbeat.Lapsed, -1, true},
			{"off", off, heartbeat.Stopped, -1, false},
			{"on", on(120), heartbeat.Started, 130, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := ten()
			for i, s := range steps {
				before := h
				got := s.do(&h)
				expires, awaited := h.ExpiresAt()
				if got != s.want || awaited != (s.expires >= 0) || awaited && !expires.Equal(at(s.expires)) || h.Expired() != s.expired || awaited != h.Awaited() {
					t.Fatalf("step %d, %s: change %d, expires %v (%v), expired %v", i+1, s.what, got, expires, awaited, h.Expired())
				}
				if got == heartbeat.Nothing && !reflect.DeepEqual(before, h) {
					t.Fatalf("step %d, %s: nothing has become of it, and it has changed", i+1, s.what)
				}
			}
		})
	}
}

// Rule keng-8.heartbeat.coalesced.
func TestWriteAt(t *testing.T) {
	h := ten()
	want := func(what string, ping, written float64) {
		t.Helper()
		got, ok := h.WriteAt(at(ping))
		if ok != (written >= 0) || ok && !got.Equal(at(written)) {
			t.Errorf("%s: %v %v, want %v", what, got, ok, at(written))
		}
		if h.WriteNow(at(ping)) != (written == ping) {
			t.Errorf("%s: to be written now: %v", what, h.WriteNow(at(ping)))
		}
	}
	want("the first", 5, 5)
	h.Ping(at(10), at(10))
	want("an older one", 9, -1)
	want("the same", 10, -1)
	want("soon after", 10.1, 11)
	want("at the end of the tenth", 11, 11)
	want("after the tenth", 15, 15)
	h.Expire(at(20))
	want("the one that recovers", 20.1, 20.1)
	h.Disable()
	want("one of a heartbeat that is off", 25, -1)
	h.Enable(at(30))
	h.Ping(at(30.5), at(30.5))
	want("soon after", 31, 31.5)
}

// Whatever is pinged, and whenever it is written, no heartbeat expires early, none is
// noticed later than its interval, and a tenth is written at most once.
func TestHeldPingsLoseNothing(t *testing.T) {
	for seed := range uint64(100) {
		dice := rand.New(rand.NewPCG(seed, 3))
		h := ten()
		tenth := h.Every() / 10
		var held, last, written time.Time // the newest ping that is held, that came, that was written
		var writeAt time.Time
		clock, commands, began := now, 0, now
		for range 400 {
			next := clock.Add(time.Duration(dice.Int64N(int64(90 * time.Second))))
			if dice.IntN(60) == 0 {
				next = clock.Add(25 * time.Minute)
			}
			for { // what is due on the way: a held ping, or the end
				expires, awaited := h.ExpiresAt()
				switch {
				case !held.IsZero() && !writeAt.After(next) && (!awaited || writeAt.Before(expires)):
					if h.Ping(held, writeAt) == heartbeat.Nothing {
						t.Fatalf("seed %d: a held ping was for nothing", seed)
					}
					commands++
					written, held = writeAt, time.Time{}
					continue
				case awaited && !expires.After(next):
					if silent := expires.Sub(last); silent != h.Every() {
						t.Fatalf("seed %d: it expires %v after the last ping", seed, silent)
					}
					if h.Expire(expires) != heartbeat.Lapsed {
						t.Fatalf("seed %d: it does not expire", seed)
					}
					continue
				}
				break
			}
			clock, last = next, next
			if writes, ok := h.WriteAt(clock); !ok {
				t.Fatalf("seed %d: a new ping is for nothing", seed)
			} else if writes.Equal(clock) {
				if awaited := h.Awaited(); awaited && clock.Sub(written) < tenth && commands > 0 && held.IsZero() && clock.Sub(h.LastPing) < tenth {
					t.Fatalf("seed %d: written twice within a tenth", seed)
				}
				h.Ping(clock, clock)
				commands++
				written, held = clock, time.Time{}
			} else {
				held, writeAt = clock, writes
			}
		}
		if most := int(clock.Sub(began)/tenth) + 1; commands > most {
			t.Fatalf("seed %d: %d commands for %d tenths", seed, commands, most)
		}
	}
}

// Rule keng-8.heartbeat.excuse.
func TestExcuse(t *testing.T) {
	for _, x := range []struct {
		interval  int
		now, want float64
	}{{10, 60, 70}, {1, 60, 61}, {600, 5000, 5010}, {10, 10, 10}, {10, 5, 10}, {10, 10.5, 20.5}} {
		h := ten()
		h.Interval = x.interval
		h.Ping(now, now)
		h.Excuse(at(x.now))
		if got, ok := h.ExpiresAt(); !ok || !got.Equal(at(x.want)) {
			t.Errorf("every %d, looked at at %v: expires %v", x.interval, x.now, got.Sub(now))
		}
	}
	h := ten()
	h.Excuse(at(100))
	if h.Awaited() {
		t.Error("an excuse has started the timer")
	}
}

// Rule ogapi-8.heartbeat.alert.
func TestDraft(t *testing.T) {
	h := ten()
	h.Ping(now, now)
	d := h.Draft()
	want := alert.Draft{
		Message: "backup is expired", Alias: "heartbeat/backup", Entity: "backup", Source: "Heartbeat", Priority: core.P3,
		Details: map[string]string{"heartbeat": "backup", "lastPing": "2026-11-25T14:00:00Z"},
	}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("%+v", d)
	}
	h.Message, h.Description, h.Tags, h.Priority, h.Team = "no backup", "see the wiki", []string{"night"}, core.P1, "it"
	want.Message, want.Description, want.Tags, want.Priority, want.OwnerTeam = "no backup", "see the wiki", []string{"night"}, core.P1, "it"
	want.Responders = []alert.Responder{{Kind: alert.Team, ID: "it"}}
	if d := h.Draft(); !reflect.DeepEqual(d, want) {
		t.Errorf("%+v", d)
	}
	h = ten()
	h.Name, h.Description = strings.Repeat("ẻ", heartbeat.NameMax), strings.Repeat("ẻ", heartbeat.DescriptionMax)
	if d := h.Draft(); d.Check() != nil || !strings.HasSuffix(d.Message, "ẻ…") {
		t.Errorf("the longest name: %v", d.Check())
	}
}

func FuzzHeartbeat(f *testing.F) {
	f.Add("backup", 10, uint8(1), "minutes", int64(5), int64(7))
	f.Fuzz(func(t *testing.T, name string, interval int, unit uint8, word string, ping, moment int64) {
		h := heartbeat.Heartbeat{Name: name, Interval: interval, Unit: heartbeat.Unit(unit), Enabled: true, Message: word, Tags: []string{word}}
		if u, err := heartbeat.ParseUnit(word); err == nil && !strings.EqualFold(u.String(), word) {
			t.Fatal("another unit")
		}
		if h.Check() != nil {
			return
		}
		if h.Every() < time.Minute || h.Every() > heartbeat.IntervalMax {
			t.Fatalf("every %v", h.Every())
		}
		d := h.Draft()
		if utf8.ValidString(name) && d.Check() != nil {
			t.Fatal(d.Check())
		}
		h.Ping(now.Add(time.Duration(ping)), now.Add(time.Duration(moment)))
		if end, ok := h.ExpiresAt(); ok && !end.Equal(h.LastPing.Add(h.Every())) {
			t.Fatal("it expires at another moment")
		}
	})
}
