package rota_test

import (
	"archive/zip"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// everyZone returns all zones that Go knows: from the file of which time/tzdata is made,
// or where that is not installed by the names that it had.
func everyZone(t testing.TB) (all []*time.Location) {
	t.Helper()
	//nolint:staticcheck // where the tests run is where they were built, or the list below serves.
	archive, err := zip.OpenReader(filepath.Join(runtime.GOROOT(), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		names, err := os.ReadFile("testdata/zones.txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(string(names)) {
			all = append(all, zone(t, name))
		}
		return all
	}
	defer archive.Close()
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		loc, err := time.LoadLocationFromTZData(f.Name, raw)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, loc)
	}
	return all
}

// span is a time in which the clocks of a zone stand on one offset from UTC.
type span struct {
	begin, end time.Time
	offset     time.Duration
}

// spansOf returns the spans of a zone from one time to another, in order. It looks at the
// clock every day and seeks the second in which it was changed in between. It does not ask
// [time.Time.ZoneBounds], which errs on the last day of leap years, so that it cannot err together with
// what it is to judge.
func spansOf(loc *time.Location, from, to time.Time) (all []span) {
	begin := from
	for day := from; day.Before(to); {
		next := day.Add(24 * time.Hour)
		if next.After(to) {
			next = to
		}
		if before := offset(day, loc); offset(next, loc) != before {
			seconds := sort.Search(int(next.Sub(day)/time.Second), func(s int) bool { return offset(day.Add(time.Duration(s)*time.Second), loc) != before })
			change := day.Add(time.Duration(seconds) * time.Second)
			all = append(all, span{begin, change, before})
			begin = change
		}
		day = next
	}
	return append(all, span{begin, to, offset(begin, loc)})
}

// offset is by how much the clocks of a zone are before UTC.
func offset(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// first returns the first moment at which the wall shows a time or a later one.
func first(spans []span, wall time.Time) time.Time {
	for _, s := range spans {
		if moment := wall.Add(-s.offset); moment.Before(s.end) {
			if moment.Before(s.begin) {
				return s.begin // jumped over
			}
			return moment
		}
	}
	return time.Time{}
}

// tally counts what the test of all zones has met, so that it cannot pass for want of cases.
type tally struct{ handovers, jumped, twice, empty atomic.Int64 }

// In every zone there is, and in twenty years: shifts tile time, hand-overs are at the start's
// time on the wall (at the jump if that does not exist, the first if it is there twice), and who is
// on call is who the timeline says. All zones: -args -share 1. Rule
// keng-7.rotation.wall-clock.
func TestEveryZone(t *testing.T) {
	from, to := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	var met tally
	t.Run("zones", func(t *testing.T) {
		for i, loc := range everyZone(t) {
			if i%*share != 0 && !slices.Contains(clocks(), loc.String()) {
				continue
			}
			t.Run(loc.String(), func(t *testing.T) {
				t.Parallel()
				h := fnv.New64()
				fmt.Fprint(h, loc)
				d := &draw{Rand: rand.New(rand.NewPCG(h.Sum64(), *seed)), zone: loc}
				spans := spansOf(loc, from.AddDate(0, -2, 0), to.AddDate(0, 2, 0))
				c := twentyYears(d, from, spans)
				for i := range c.Schedule.Rotations {
					tiles(t, &c.Schedule.Rotations[i], loc, spans, from, to, &met)
				}
				agrees(t, d, c, spans, from, to)
			})
		}
	})
	t.Logf("%d hand-overs, %d at a jump, %d of a time that comes twice, %d empty turns", met.handovers.Load(), met.jumped.Load(), met.twice.Load(), met.empty.Load())
	if few := int64(1200 / *share); met.jumped.Load() < few || met.twice.Load() < few || *share == 1 && met.empty.Load() < 1 {
		t.Error("too few of the odd hand-overs were met")
	}
}

// twentyYears are a daily, a weekly and a monthly rotation whose hand-overs meet changes of
// clocks where the zone has any.
func twentyYears(d *draw, from time.Time, spans []span) *rota.Calendar {
	wall := func() time.Time { // what the wall shows when it should begin
		change := spans[d.IntN(len(spans))]
		w := change.end.Add(change.offset + time.Duration(d.IntN(120)-60)*time.Minute)
		if d.one(4) {
			w = w.Truncate(24 * time.Hour)
		}
		return w
	}
	s := &rota.Schedule{ID: "s"}
	add := func(id string, unit rota.Unit, day int, users ...core.UserID) {
		w := wall()
		r := weekly(time.Date(2009, 12, day, w.Hour(), w.Minute(), d.IntN(2)*15, 0, d.zone).UTC(), users...)
		r.ID, r.Unit = id, unit
		s.Rotations = append(s.Rotations, r)
	}
	add("daily", rota.Daily, 1+d.IntN(30), "an", "bình", "chi")
	add("weekly", rota.Weekly, pick(d, 6, 6, 6, 1+d.IntN(30)), "an", "bình") // the sixth is a Sunday
	add("monthly", rota.Monthly, pick(d, 28, 29, 30, 31), "an", "bình", "chi")
	return &rota.Calendar{Schedule: s, Zone: d.zone}
}

// tiles checks every shift of a rotation: where it begins and ends, and whose it is.
func tiles(t *testing.T, r *rota.Rotation, loc *time.Location, spans []span, from, to time.Time, met *tally) {
	t.Helper()
	p := newPlan(r, loc)
	turn, begin := 0, r.Start
	advance := func() (end time.Time) {
		wall := p.handover(turn + 1)
		for len(spans) > 1 && !wall.Add(-spans[0].offset).Before(spans[0].end.Add(24*time.Hour)) {
			spans = spans[1:] // long past
		}
		return first(spans, wall)
	}
	end := advance()
	for !end.After(from) {
		turn, begin = turn+1, end
		end = advance()
	}
	for s := range r.Shifts(from, to, loc, nil) {
		for end.Equal(begin) {
			met.empty.Add(1)
			turn++
			end = advance()
		}
		want := r.Participants[turn%len(r.Participants)]
		if !s.Start.Equal(begin) || !s.End.Equal(end) || s.Participant != want || s.Rotation != r.ID {
			t.Fatalf("%s from %s, turn %d: the shift is from %s to %s of %s, want from %s to %s of %s", r.ID, r.Start.In(loc), turn,
				s.Start.In(loc), s.End.In(loc), called(s.Participant), begin.In(loc), end.In(loc), called(want))
		}
		if turn > 0 {
			shows(t, r, loc, begin, p.handover(turn), met)
		}
		turn, begin = turn+1, end
		end = advance()
	}
	if begin.Before(to) {
		t.Fatalf("%s from %s: the last shift ends at %s", r.ID, r.Start.In(loc), begin.In(loc))
	}
}

// shows checks what the wall shows at a hand-over.
func shows(t *testing.T, r *rota.Rotation, loc *time.Location, moment, wall time.Time, met *tally) {
	t.Helper()
	met.handovers.Add(1)
	switch face := shown(moment, loc); {
	case face.Equal(wall):
		if again := wall.Add(-offset(moment.Add(24*time.Hour), loc)); again.After(moment) && shown(again, loc).Equal(wall) {
			met.twice.Add(1)
		}
	case face.After(wall) && shown(moment.Add(-1), loc).Before(wall):
		met.jumped.Add(1)
	default:
		t.Fatalf("%s from %s: a hand-over is at %s, when the wall should show %s", r.ID, r.Start.In(loc), moment.In(loc), wall.Format("2006-01-02 15:04:05"))
	}
}

// agrees checks that who is on call is who the timeline says, at each change of clocks, a
// second before and after, and at any moments.
func agrees(t *testing.T, d *draw, c *rota.Calendar, spans []span, from, to time.Time) {
	t.Helper()
	of := map[string][]rota.Period{}
	for _, p := range c.Timeline(from, to).Final {
		of[p.Rotation] = append(of[p.Rotation], p)
	}
	var moments []time.Time
	for _, s := range spans {
		moments = append(moments, s.begin, s.end.Add(-time.Second), s.end, s.end.Add(time.Second))
	}
	for range 20 {
		moments = append(moments, from.Add(time.Duration(d.Int64N(int64(to.Sub(from))))))
	}
	for _, now := range moments {
		if now.Before(from) || !now.Before(to) {
			continue
		}
		var want []string
		for _, r := range c.Schedule.Rotations {
			at, _ := slices.BinarySearchFunc(of[r.ID], now, func(p rota.Period, now time.Time) int {
				if p.End.After(now) {
					return 1
				}
				return -1
			})
			if p := of[r.ID][at]; !now.Before(p.Start) {
				want = append(want, cause(p))
			}
		}
		if on := covering(c.OnCall(now), now); on != strings.Join(want, ", ") {
			t.Fatalf("at %s [%s] is on call, by the timeline %q", now.In(c.Zone), on, want)
		}
	}
}
