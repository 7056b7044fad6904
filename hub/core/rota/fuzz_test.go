package rota_test

import (
	"encoding/binary"
	"testing"
	"time"

	"keng/hub/core/rota"
)

// clocks are zones whose clocks do what clocks do: stand still in none, jump by an hour or
// a half, at midnight, over a whole day, or stand on an odd offset.
func clocks() []string {
	return []string{
		"UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia",
		"Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham", "America/Sao_Paulo", "Antarctica/Troll", "Africa/Casablanca", "Pacific/Kiritimati",
	}
}

// windowBytes is how many bytes one window is decoded from: two days, two minutes.
const windowBytes = 6

// decodeRestriction makes a restriction of any bytes, possible or not.
func decodeRestriction(daily bool, raw []byte) *rota.Restriction {
	r := &rota.Restriction{Daily: daily}
	for ; len(raw) >= windowBytes && len(r.Windows) < 20; raw = raw[windowBytes:] {
		r.Windows = append(r.Windows, rota.Window{
			StartDay: time.Weekday(int8(raw[0])), StartMinute: int(int16(binary.BigEndian.Uint16(raw[1:]))),
			EndDay: time.Weekday(int8(raw[3])), EndMinute: int(int16(binary.BigEndian.Uint16(raw[4:]))),
		})
	}
	return r
}

// encodeWindow is the inverse of [decodeRestriction] for one window.
func encodeWindow(w rota.Window) []byte {
	raw := append([]byte{byte(w.StartDay)}, binary.BigEndian.AppendUint16(nil, uint16(w.StartMinute))...)
	return binary.BigEndian.AppendUint16(append(raw, byte(w.EndDay)), uint16(w.EndMinute))
}

// minuteOf reads the minute of the week off what a person reads off the clock.
func minuteOf(t time.Time) int {
	wall := t.Format("Mon 15:04")
	day := map[string]int{"Sun": 0, "Mon": 1, "Tue": 2, "Wed": 3, "Thu": 4, "Fri": 5, "Sat": 6}[wall[:3]]
	return day*1440 + (int(wall[4]-'0')*10+int(wall[5]-'0'))*60 + int(wall[7]-'0')*10 + int(wall[8]-'0')
}

// weekOf is the plain evaluator: a week of minutes, of which every window paints those that
// it has, one after the other, from its first until it comes to its end.
func weekOf(r *rota.Restriction) *[7 * 1440]bool {
	var week [7 * 1440]bool
	for _, w := range r.Windows {
		if !r.Daily {
			paint(&week, int(w.StartDay)*1440+w.StartMinute, int(w.EndDay)*1440+w.EndMinute)
			continue
		}
		for day := range 7 {
			end := w.EndMinute
			if end%1440 <= w.StartMinute%1440 { // over midnight
				end = end%1440 + 1440
			}
			paint(&week, day*1440+w.StartMinute%1440, day*1440+end)
		}
	}
	return &week
}

func paint(week *[7 * 1440]bool, from, to int) {
	last := (to + len(week) - 1) % len(week)
	for m := from % len(week); ; m = (m + 1) % len(week) {
		week[m] = true
		if m == last {
			return
		}
	}
}

// possible is what [rota.Restriction.Valid] says, written anew.
func possible(r *rota.Restriction) bool {
	for _, w := range r.Windows {
		for _, n := range []int{w.StartMinute, w.EndMinute} {
			if n < 0 || n > 1440 {
				return false
			}
		}
		for _, d := range []time.Weekday{w.StartDay, w.EndDay} {
			if d < 0 || d > 6 {
				return false
			}
		}
	}
	return len(r.Windows) == 1 || len(r.Windows) > 1 && !r.Daily
}

// FuzzRestriction: no restriction, however strange, does anything but cover a moment or not.
// One that is valid covers what the plain evaluator paints; it covers whatever one of its
// windows covers alone; and a restricted rotation has the turns of the unrestricted one,
// exactly where it covers.
func FuzzRestriction(f *testing.F) {
	const spring, autumn, apia = 1774745999, 1792976399, 1325239199 // around changes of clocks
	nights := encodeWindow(rota.Window{StartMinute: 22 * 60, EndMinute: 6 * 60})
	weekend := encodeWindow(rota.Window{StartDay: time.Friday, StartMinute: 17 * 60, EndDay: time.Monday, EndMinute: 9 * 60})
	whole := encodeWindow(rota.Window{StartDay: time.Sunday, EndDay: time.Saturday, EndMinute: 1440})
	for i := range clocks() {
		for _, moment := range []int64{0, spring, autumn, apia, 1_800_000_000} {
			f.Add(true, nights, uint8(i), moment)
			f.Add(false, weekend, uint8(i), moment)
		}
	}
	f.Add(false, append(weekend, nights...), uint8(2), int64(spring))
	f.Add(false, whole, uint8(1), int64(1_800_000_000))
	f.Add(true, encodeWindow(rota.Window{StartMinute: 1440, EndMinute: 0}), uint8(0), int64(0))
	f.Add(true, append(nights, nights...), uint8(0), int64(0))
	f.Add(false, encodeWindow(rota.Window{StartDay: -1, StartMinute: -1, EndDay: 7, EndMinute: 1441}), uint8(0), int64(-1))
	zones := map[string]*time.Location{}
	for _, name := range clocks() {
		zones[name] = zone(f, name)
	}
	f.Fuzz(func(t *testing.T, daily bool, raw []byte, zoneNumber uint8, unix int64) {
		r := decodeRestriction(daily, raw)
		local := zones[clocks()[int(zoneNumber)%len(clocks())]]
		moment := time.Unix(unix%(1<<33), 0).UTC() // some 270 years around 1970
		covers := r.Covers(moment, local)
		if covers != r.Covers(moment.In(time.FixedZone("", 3600)), local) {
			t.Fatal("the same moment, written otherwise, is covered otherwise")
		}
		if r.Valid() != possible(r) {
			t.Fatalf("valid: %v, %+v", r.Valid(), r)
		}
		checkRestricted(t, r, moment, local)
		if !r.Valid() {
			return
		}
		if want := weekOf(r)[minuteOf(moment.In(local))]; covers != want {
			t.Fatalf("%+v at %v: %v, painted %v", r, moment.In(local), covers, want)
		}
		alone := false
		for _, w := range r.Windows {
			alone = alone || (&rota.Restriction{Daily: daily, Windows: []rota.Window{w}}).Covers(moment, local)
		}
		if covers != alone {
			t.Fatalf("%+v covers %v: %v, window by window %v", r, moment, covers, alone)
		}
	})
}

// checkRestricted asserts that a restriction only takes moments away from a rotation.
func checkRestricted(t *testing.T, r *rota.Restriction, moment time.Time, local *time.Location) {
	t.Helper()
	free := weekly(time.Date(1999, 12, 31, 12, 0, 0, 0, time.UTC), "an", "binh", "")
	want, on := free.At(moment, local)
	bound := free
	bound.Restriction = r
	got, still := bound.At(moment, local)
	if still != (on && r.Covers(moment, local)) {
		t.Fatalf("restricted by %+v the rotation has a turn at %v: %v", r, moment, still)
	}
	if still && got != want {
		t.Fatalf("restricted by %+v the turn is %+v, want %+v", r, got, want)
	}
}
