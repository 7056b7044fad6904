package silence_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"keng/hub/core/silence"
)

// at is a moment so many seconds after the leader was elected.
func at(seconds int) time.Time {
	return time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func TestJudge(t *testing.T) {
	one := func(site string, ids ...string) []silence.Group { return []silence.Group{{silence.One, site, ids}} }
	healthy := func(n int) (all []silence.Agent) {
		for i := range n {
			all = append(all, silence.Agent{ID: fmt.Sprint("h", i), Site: fmt.Sprint("s", i), Heard: at(995), Holder: "b"})
		}
		return all
	}
	many := func(n, sites, heard int) (all []silence.Agent, ids []string) {
		for i := range n {
			a := silence.Agent{ID: fmt.Sprint("m", i), Site: fmt.Sprint("t", i%sites), Heard: at(heard), Holder: "b"}
			all, ids = append(all, a), append(ids, a.ID)
		}
		return all, ids
	}
	six, sixIDs := many(6, 3, 965)
	sixOfOne, sixOfOneIDs := many(6, 1, 965)
	told, toldIDs := many(6, 6, 100)
	for i := range told {
		told[i].Silent = silence.Whole
	}
	for _, c := range []struct {
		name   string
		agents []silence.Agent
		lost   map[string]time.Time
		wide   int
		silent []silence.Group
		back   []string
	}{
		{name: "heard 34 s ago", agents: []silence.Agent{{ID: "x", Heard: at(966)}}},
		{name: "heard 35 s ago", agents: []silence.Agent{{ID: "x", Site: "p", Heard: at(965)}}, silent: one("p", "x")},
		{name: "critical, heard 14 s ago", agents: []silence.Agent{{ID: "x", Critical: true, Heard: at(986)}}},
		{name: "critical, heard 15 s ago", agents: []silence.Agent{{ID: "x", Critical: true, Heard: at(985)}}, silent: one("", "x")},
		{name: "told already", agents: []silence.Agent{{ID: "x", Silent: silence.One}}},
		{name: "revoked", agents: []silence.Agent{{ID: "x", Revoked: true}}},
		{name: "revoked while silent", agents: []silence.Agent{{ID: "x", Revoked: true, Silent: silence.One}}, back: []string{"x"}},
		{name: "back", agents: []silence.Agent{{ID: "x", Silent: silence.Site, Heard: at(999)}}, back: []string{"x"}},
		{name: "stopped nine minutes ago", agents: []silence.Agent{{ID: "x", Heard: at(460), Stopped: at(460)}}},
		{name: "stopped ten minutes ago", agents: []silence.Agent{{ID: "x", Heard: at(400), Stopped: at(400)}}, silent: one("", "x")},
		{name: "its node lost 94 s ago", agents: []silence.Agent{{ID: "x", Heard: at(900), Holder: "a"}}, lost: map[string]time.Time{"a": at(906)}},
		{name: "its node lost 95 s ago", agents: []silence.Agent{{ID: "x", Heard: at(900), Holder: "a"}}, lost: map[string]time.Time{"a": at(905)}, silent: one("", "x")},
		{name: "another node lost", agents: []silence.Agent{{ID: "x", Heard: at(900), Holder: "b"}}, lost: map[string]time.Time{"a": at(990)}, silent: one("", "x")},
		{name: "heard since its node was lost", agents: []silence.Agent{{ID: "x", Heard: at(960), Holder: "a"}}, lost: map[string]time.Time{"a": at(950)}, silent: one("", "x")},
		{name: "never heard by this leader", agents: []silence.Agent{{ID: "x"}}, silent: one("", "x")},
		{name: "of two of a site one is due, the other suspected", agents: append(healthy(4), silence.Agent{ID: "x", Site: "p", Heard: at(965)}, silence.Agent{ID: "y", Site: "p", Heard: at(974)}),
			silent: []silence.Group{{silence.Site, "p", []string{"x"}}}},
		{name: "the second of a site, much later", agents: append(healthy(4), silence.Agent{ID: "x", Site: "p", Silent: silence.Site}, silence.Agent{ID: "y", Site: "p", Heard: at(965)}),
			silent: []silence.Group{{silence.Site, "p", []string{"y"}}}},
		{name: "most of all", agents: append(healthy(5), six...), silent: []silence.Group{{silence.Whole, "", sixIDs}}},
		{name: "half of all", agents: append(healthy(6), six...), silent: []silence.Group{
			{silence.Site, "t0", []string{"m0", "m3"}}, {silence.Site, "t1", []string{"m1", "m4"}}, {silence.Site, "t2", []string{"m2", "m5"}}}},
		{name: "most of all, of one site", agents: append(healthy(2), sixOfOne...), silent: []silence.Group{{silence.Site, "t0", sixOfOneIDs}}},
		{name: "some stay away after a wide silence", agents: append(healthy(9), told...), wide: 800,
			silent: []silence.Group{{silence.One, "t0", toldIDs[:1]}, {silence.One, "t1", toldIDs[1:2]}, {silence.One, "t2", toldIDs[2:3]}, {silence.One, "t3", toldIDs[3:4]}, {silence.One, "t4", toldIDs[4:5]}, {silence.One, "t5", toldIDs[5:]}}},
		{name: "they are still coming back", agents: append(healthy(9), told...), wide: 900},
	} {
		s := silence.Situation{Now: at(1000), Began: at(0), Lost: c.lost, Agents: c.agents, Wide: at(c.wide)}
		if j := s.Judge(); !reflect.DeepEqual(j.Silent, c.silent) || !reflect.DeepEqual(j.Back, c.back) {
			t.Errorf("%s: silent %v, back %v; want %v, %v", c.name, j.Silent, j.Back, c.silent, c.back)
		}
	}
}

// P12: whatever happens, nobody is called silent before the verdict's time has passed since
// it was heard, since the election, and since its node was lost; and who is silent long
// enough is, by one group.
func TestP12JudgeProperty(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 0))
		s := silence.Situation{Began: at(0), Now: at(random.IntN(1000)), Spread: time.Duration(random.IntN(20)) * time.Second, Lost: map[string]time.Time{}, Wide: at(0)}
		for _, node := range []string{"a", "b"}[:random.IntN(3)] {
			s.Lost[node] = s.Now.Add(-time.Duration(random.IntN(300)) * time.Second)
		}
		byID := map[string]silence.Agent{}
		for i := range random.IntN(20) {
			a := silence.Agent{ID: fmt.Sprint(i), Site: fmt.Sprint("s", random.IntN(4)), Critical: random.IntN(4) == 0, Revoked: random.IntN(10) == 0, Holder: []string{"a", "b", "c"}[random.IntN(3)]}
			if random.IntN(5) > 0 {
				a.Heard = s.Now.Add(-time.Duration(random.IntN(200)) * time.Second)
			}
			if random.IntN(8) == 0 {
				a.Stopped = s.Now.Add(-time.Duration(random.IntN(900)) * time.Second)
			}
			a.Silent = silence.Scope(max(random.IntN(12)-8, 0))
			s.Agents, byID[a.ID] = append(s.Agents, a), a
		}
		check(t, seed, &s, byID)
	}
}

func check(t *testing.T, seed uint64, s *silence.Situation, byID map[string]silence.Agent) {
	t.Helper()
	j := s.Judge()
	named := map[string]bool{}
	for _, g := range j.Silent {
		for _, id := range g.Agents {
			a := byID[id]
			patience := silence.Verdict
			if a.Critical {
				patience = silence.CriticalVerdict
			}
			long := func(since time.Time) bool { return since.IsZero() || s.Now.Sub(since) >= patience }
			if a.Silent == silence.Whole && !named[id] && !a.Revoked {
				named[id] = true // it is told of otherwise
				continue
			}
			if named[id] || a.Revoked || !long(a.Heard) || !long(s.Began) || a.Holder != "c" && a.Heard.Before(s.Lost[a.Holder]) && !long(s.Lost[a.Holder].Add(silence.Return)) {
				t.Fatalf("seed %d: %+v is called silent at %s", seed, a, s.Now)
			}
			named[id] = true
		}
	}
	for _, a := range byID {
		missed := s.Now.Sub(a.Heard) > 10*time.Minute && s.Now.Sub(s.Began) > 3*time.Minute && len(s.Lost) == 0
		if missed && a.Silent == silence.None && !a.Revoked && (a.Stopped.IsZero() || s.Now.Sub(a.Stopped) >= silence.StopGrace) && !named[a.ID] {
			t.Fatalf("seed %d: nobody misses %+v at %s", seed, a, s.Now)
		}
	}
	for _, id := range j.Back {
		if named[id] || byID[id].Silent == silence.None {
			t.Fatalf("seed %d: %+v is back", seed, byID[id])
		}
	}
}

func TestSpread(t *testing.T) {
	for agents, want := range map[int]time.Duration{0: 0, 50: 100 * time.Millisecond, 10_000: 20 * time.Second, 1_000_000: 10 * time.Minute} {
		if got := silence.Spread(agents); got != want {
			t.Errorf("%d agents spread over %s, not %s", agents, got, want)
		}
	}
}

// What a node tells of agents, and what is taken from it, is bounded.
func TestReportIsBounded(t *testing.T) {
	long := strings.Repeat("x", 128)
	r := silence.Report{Boot: 7, Heard: []silence.Heard{{long, time.Hour}, {long + "x", 0}, {"old", 2 * time.Hour}, {"new", -time.Second}}}
	got, err := silence.DecodeReport(r.Encode())
	if want := (silence.Report{Boot: 7, Heard: []silence.Heard{{long, time.Hour}, {"old", time.Hour}, {"new", 0}}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	full := silence.Report{Heard: make([]silence.Heard, silence.ReportMax+1)}
	b := full.Encode()
	if got, err := silence.DecodeReport(b); err != nil || len(got.Heard) != silence.ReportMax {
		t.Errorf("the largest report: %d agents, %v", len(got.Heard), err)
	}
	for what, b := range map[string][]byte{
		"one agent more": append(b, 0, 0), "no boot": make([]byte, 7), "no id": {7: 0, 8: 1}, "no age": {7: 0, 8: 1, 9: 'a'}, "half an id": {7: 0, 8: 2, 9: 'a'},
	} {
		if got, err := silence.DecodeReport(b); err == nil {
			t.Errorf("%s: %d agents are taken", what, len(got.Heard))
		}
	}
}

func FuzzDecodeReport(f *testing.F) {
	f.Add(silence.Report{Boot: 7, Heard: []silence.Heard{{"peer-1", 1500 * time.Millisecond}, {"", 0}}}.Encode())
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 1, 5, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := silence.DecodeReport(b)
		if err != nil {
			return
		}
		again, err := silence.DecodeReport(r.Encode())
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Errorf("%v became %v, %v", r, again, err)
		}
	})
}
