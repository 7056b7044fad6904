package state_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// fixedZone writes the data of a zone whose clocks are always so many hours ahead, as
// RFC 9636 has it.
func fixedZone(name string, hours int) state.ZoneFile {
	header := append([]byte("TZif"), make([]byte, 16)...) // version 1
	counts := func(numbers ...uint32) (b []byte) {
		for _, n := range numbers {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return b
	}
	data := append(header, counts(0, 0, 0, 0, 1, 4)...) // one type, four characters
	data = binary.BigEndian.AppendUint32(data, uint32(hours*3600))
	data = append(data, 0, 0) // no summer time; the abbreviation begins at 0
	return state.ZoneFile{Name: name, Data: append(data, "XXX\x00"...)}
}

// Time-zone data that the cluster was given goes before the machine's, for the zones that it
// has, until it is taken back.
func TestGivenZonesGoFirst(t *testing.T) {
	s := newStage(t)
	zones := state.NewZoneFinder(time.LoadLocation)
	at := func(name string) string {
		zone, err := zones.In(s.tx)(name)
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).In(zone).Format("15:04")
	}
	give := func(version string, files ...state.ZoneFile) {
		t.Helper()
		if _, err := do(s, state.PutZones{Version: version, Files: files}); err != nil {
			t.Fatal(err)
		}
	}
	if got := at("Asia/Ho_Chi_Minh"); got != "07:00" {
		t.Fatalf("before: %s", got)
	}
	give("2026x", fixedZone("Asia/Ho_Chi_Minh", 8), fixedZone("Asia/Atlantis", 3))
	if data, ok := state.GivenZoneData(s.tx); !ok || data.Version != "2026x" || data.Zones != 2 || !data.At.Equal(s.now) {
		t.Errorf("%+v", data)
	}
	if at("Asia/Ho_Chi_Minh") != "08:00" || at("Asia/Atlantis") != "03:00" || at("Asia/Tokyo") != "09:00" {
		t.Errorf("given: %s, %s, %s", at("Asia/Ho_Chi_Minh"), at("Asia/Atlantis"), at("Asia/Tokyo"))
	}
	give("2026y", fixedZone("Asia/Ho_Chi_Minh", 9))
	if at("Asia/Ho_Chi_Minh") != "09:00" {
		t.Errorf("given anew: %s", at("Asia/Ho_Chi_Minh"))
	}
	if _, err := zones.In(s.tx)("Asia/Atlantis"); err == nil {
		t.Error("a zone that was given no more is found")
	}
	give("")
	if _, ok := state.GivenZoneData(s.tx); ok || at("Asia/Ho_Chi_Minh") != "07:00" {
		t.Errorf("taken back: %s", at("Asia/Ho_Chi_Minh"))
	}
}

// Who is paged goes by the data that the cluster was given, from the next command on.
func TestPagesGoByGivenZones(t *testing.T) {
	s := newStage(t)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	person := func(name string) core.UserID {
		u, err := do(s, state.PutUser{User: reach.User{Username: name + "@example.vn", Language: "vi", Zone: "UTC", Contacts: []reach.Contact{{ID: "push", Kind: "push", Address: name}},
			Rules: []reach.NotificationRule{{ID: "r", Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "push"}}}}}})
		must(u, err)
		return u.ID
	}
	an, binh := person("an"), person("binh")
	// An has the night until 07:00, by the wall; it is 14:30 UTC, which is 21:30 in Vietnam.
	night := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 22 * 60, EndMinute: 7 * 60}}}
	day := &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: 7 * 60, EndMinute: 22 * 60}}}
	turn := func(u core.UserID, r *rota.Restriction) rota.Rotation {
		return rota.Rotation{Start: s.start.AddDate(-1, 0, 0), Unit: rota.Weekly, Participants: []rota.Participant{{User: u}}, Restriction: r}
	}
	schedule, err := do(s, state.PutSchedule{Schedule: rota.Schedule{Name: "it", Zone: "Asia/Ho_Chi_Minh", Rotations: []rota.Rotation{turn(an, night), turn(binh, day)}}})
	must(schedule, err)
	called := func(alias string) (who core.UserID) {
		t.Helper()
		r, err := do(s, state.CreateAlert{Draft: alert.Draft{Message: alias, Alias: alias, Responders: []alert.Responder{{Kind: alert.Schedule, ID: string(schedule.ID)}}}})
		must(r, err)
		for d := range state.Deliveries.All(s.tx) {
			if d.Alert == r.Alert {
				who = d.User
			}
		}
		return who
	}
	s.now = time.Date(2026, 11, 25, 14, 30, 0, 0, time.UTC)
	if who := called("before"); who != binh {
		t.Errorf("at 21:30 %s is called", who)
	}
	must(do(s, state.PutZones{Version: "2026x", Files: []state.ZoneFile{fixedZone("Asia/Ho_Chi_Minh", 8)}}))
	if who := called("after"); who != an {
		t.Errorf("at what is 22:30 now %s is called", who)
	}
}

// What new data moves is told of all schedules, also beside one of which no data knows the zone; that
// one goes by UTC, as the pager has it.
func TestMovedBesideAnUnknownZone(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an en", "schedule lost Pacific/Kiritimati 2026-11-23T02:00:00Z nobody", "rotation lost Day who=an start=2026-11-23T05:00:00Z unit=daily hours=8-12", "schedule it Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z nobody", "rotation it Day who=an start=2026-11-23T05:00:00Z unit=daily hours=8-12"} {
		s.act(line)
	}
	old := without("Pacific/Kiritimati")
	moved, err := state.MovedBy(s.tx, old, state.PutZones{Files: []state.ZoneFile{fixedZone("Asia/Ho_Chi_Minh", 8)}}.Zones(old), s.now, s.now.Add(24*time.Hour))
	if err != nil || len(moved) != 2 || moved[0].Schedule.Name != "it" || moved[1].Period.Start.Sub(moved[0].Period.Start).Abs() != time.Hour {
		t.Errorf("moved: %+v, %v", moved, err)
	}
	if moved, err := state.MovedBy(s.tx, old, time.LoadLocation, s.now, s.now.AddDate(0, 0, 28)); err != nil || len(moved) == 0 || moved[0].Schedule.Name != "lost" {
		t.Errorf("when the zone is known again: %+v, %v", moved, err)
	}
}

// What is no time-zone data is refused, and changes nothing.
func TestPutZonesRefuses(t *testing.T) {
	s := newStage(t)
	good := fixedZone("Asia/Tokyo", 9)
	long := append(slices.Clone(good.Data), make([]byte, state.ZoneFileMax)...)
	if err := (state.PutZones{Version: "x", Files: []state.ZoneFile{{Name: "Asia/Tokyo", Data: long}}}).Check(); !strings.Contains(fmt.Sprint(err), "16384 at most") {
		t.Errorf("of data that is too long: %v", err)
	}
	for why, command := range map[string]state.PutZones{
		"no data":         {Version: "x", Files: []state.ZoneFile{{Name: "Asia/Tokyo", Data: []byte("what")}}},
		"no name":         {Version: "x", Files: []state.ZoneFile{{Data: good.Data}}},
		"a name too long": {Version: "x", Files: []state.ZoneFile{{Name: strings.Repeat("a", 51), Data: good.Data}}},
		"no version":      {Files: []state.ZoneFile{good}},
		"a long file":     {Version: "x", Files: []state.ZoneFile{{Name: "Asia/Tokyo", Data: append(good.Data, make([]byte, state.ZoneFileMax)...)}}},
		"many":            {Version: "x", Files: make([]state.ZoneFile, state.ZonesMax+1)},
	} {
		_, err := do(s, command)
		if e, ok := errors.AsType[*core.Error](err); !ok || e.Kind != core.Unacceptable {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, ok := state.GivenZoneData(s.tx); ok {
		t.Error("refused data is kept")
	}
}
