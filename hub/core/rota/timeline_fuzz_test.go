package rota_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
)

// bytesOf gives numbers out of bytes, and zeros once there are none left.
type bytesOf []byte

func (b *bytesOf) next(below int) int {
	var n [2]byte
	*b = (*b)[copy(n[:], *b):]
	return int(binary.BigEndian.Uint16(n[:])) % below
}

// decodeCalendar makes a calendar around a moment of any bytes, with rotations and overrides possible
// or not.
func decodeCalendar(raw bytesOf, around time.Time, loc *time.Location) *rota.Calendar {
	near := func() time.Time {
		return around.Add(time.Duration(raw.next(1<<16)-1<<15)*17*time.Minute + time.Duration(raw.next(3)))
	}
	people := who("an", "binh", "", "t:net", "chi")
	person := func() core.UserID { return []core.UserID{"an", "binh", "chi", "dung", ""}[raw.next(5)] }
	cal := calendar(loc)
	cal.Holidays = holiday.Days{}
	for range raw.next(4) {
		on := holiday.On(near().In(loc))
		cal.Holidays[on] = holiday.Day{Date: on, Works: raw.next(2) == 0, As: time.Weekday(raw.next(7))}
	}
	for range raw.next(4) {
		r := rota.Rotation{ID: string(rune('a' + raw.next(3))), Start: near(), Unit: rota.Unit(raw.next(7)), Length: raw.next(40) - 1, Phase: raw.next(30) - 1, Skips: raw.next(2) == 0}
		if raw.next(3) == 0 {
			r.End = near()
		}
		for range raw.next(4) {
			r.Participants = append(r.Participants, people[raw.next(len(people))])
		}
		for range raw.next(3) {
			r.Slots = append(r.Slots, rota.Slot{Participant: people[raw.next(len(people))], Start: near(), End: near()})
		}
		if raw.next(2) == 0 {
			n := min(len(raw), raw.next(4)*windowBytes)
			n = min(n, len(raw))
			r.Restriction = decodeRestriction(raw.next(2) == 0, raw[:min(n, len(raw))])
			raw = raw[min(n, len(raw)):]
			r.Restriction.Days = rota.Days(raw.next(4))
		}
		cal.Schedule.Rotations = append(cal.Schedule.Rotations, r)
	}
	for range raw.next(5) {
		o := rota.Override{Alias: "o", Number: uint64(raw.next(4)), Participant: people[raw.next(len(people))], Start: near(), End: near()}
		if raw.next(2) == 0 {
			o.Rotations = []string{"a"}
		}
		cal.Overrides = append(cal.Overrides, o)
	}
	for range raw.next(5) {
		cal.Forwards = append(cal.Forwards, rota.Forward{From: person(), To: person(), Number: uint64(raw.next(4)), Start: near(), End: near()})
	}
	return cal
}

// FuzzTimeline: no calendar, however strange, does anything but tell a timeline: of periods that have a length, lie in what was
// asked, and follow one another within a rotation; two halves tell what the whole tells; who is on
// call at a moment is who the timeline says; and what is nobody's is a gap.
func FuzzTimeline(f *testing.F) {
	for i := range clocks() {
		f.Add(uint8(i), int64(1_774_745_999), []byte("\x00\x00\x00\x02\x00\x00\x80\x00\x00\x00\x00\x02\x00\x02\x00\x01\x00\x01\x00\x01\x00\x03\x00\x00\x00\x01\x00\x04"))
		f.Add(uint8(i), int64(1_325_239_199), []byte("\x00\x01\x80\x00\x00\x00\x00\x01\x00\x01\x00\x01\x00\x00\x7f\xf0\x00\x01\x00\x03\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x04\x00\x00\x00\x00\x00\x01"))
	}
	zones := map[string]*time.Location{}
	for _, name := range clocks() {
		zones[name] = zone(f, name)
	}
	f.Fuzz(func(t *testing.T, zoneNumber uint8, unix int64, raw []byte) {
		loc := zones[clocks()[int(zoneNumber)%len(clocks())]]
		around := time.Unix(unix%(1<<33), 0).UTC() // some 270 years around 1970
		cal := decodeCalendar(raw, around, loc)
		a, half, b := around.Add(-20*day), around.Add(time.Duration(unix%997)*time.Minute), around.Add(20*day)
		line := cal.Timeline(a, b)
		for _, layer := range [][]rota.Period{line.Base, line.Overridden, line.Forwarded, line.Final} {
			checkOrder(t, cal, layer, a, b)
		}
		first, second := cal.Timeline(a, half), cal.Timeline(half, b)
		for _, r := range cal.Schedule.Rotations {
			checkHalves(t, of(r.ID, first.Final), of(r.ID, second.Final), of(r.ID, line.Final))
		}
		for _, p := range line.Final {
			for _, m := range []time.Time{p.Start, p.End.Add(-1)} {
				on := cal.OnCall(m)
				same := func(p, q rota.Period) bool { p.Start, p.End = q.Start, q.End; return p == q }
				if who := cal.Who(m); !slices.EqualFunc(who, on, same) {
					t.Fatalf("at %v %+v is on call, without ends %+v", m, on, who)
				}
				if !slices.ContainsFunc(on, func(q rota.Period) bool {
					return q.Rotation == p.Rotation && q.Participant == p.Participant && q.Kind == p.Kind && !q.Start.After(p.Start) && (q.End.IsZero() || !q.End.Before(p.End))
				}) {
					t.Fatalf("at %v %+v is on call, in the timeline %+v", m, on, p)
				}
			}
		}
		for _, x := range cal.Troubles(a, b, nil) {
			if on := cal.OnCall(x.Start); x.Kind != rota.Gap || len(on) > 0 || len(cal.OnCall(x.End.Add(-1))) > 0 || !x.End.After(x.Start) {
				t.Fatalf("trouble %+v, on call %+v", x, on)
			}
		}
		for _, next := range cal.Next(around) {
			if !next.Start.After(around) || next.Participant == (rota.Participant{}) {
				t.Fatalf("next %+v", next)
			}
		}
		cal.Loads(a, b)
	})
}

// checkOrder asserts that the periods of each rotation follow one another in [a, b).
func checkOrder(t *testing.T, cal *rota.Calendar, layer []rota.Period, a, b time.Time) {
	t.Helper()
	rotation, last := 0, a
	for _, p := range layer {
		for p.Rotation != cal.Schedule.Rotations[rotation].ID || p.Start.Before(last) { // several may have one id
			if rotation, last = rotation+1, a; rotation == len(cal.Schedule.Rotations) {
				t.Fatalf("out of order: %+v", layer)
			}
		}
		if !p.End.After(p.Start) || p.End.After(b) {
			t.Fatalf("%+v is not in [%v, %v)", p, a, b)
		}
		last = p.End
	}
}

// checkHalves asserts that what two halves tell of a rotation is what the whole tells: as long in sum.
func checkHalves(t *testing.T, first, second, all []rota.Period) {
	t.Helper()
	sum := func(periods []rota.Period) (d time.Duration) {
		for _, p := range periods {
			d += p.End.Sub(p.Start)
		}
		return d
	}
	if sum(first)+sum(second) != sum(all) || len(first)+len(second) < len(all) {
		t.Fatalf("halves:\n%+v\n%+v\nwhole:\n%+v", first, second, all)
	}
}
