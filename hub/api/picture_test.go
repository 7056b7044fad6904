package api_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/state"
)

// The picture shows where nobody is on call, and says when it has not all there is: gaps are not
// drawn then, for nobody knows where they are.
func TestPictureOfGapsAndOfTooMuch(t *testing.T) {
	h := planned(t)
	const lan = `"participants":[{"type":"user","username":"lan@example.vn"}]`
	hours := `{"startDate":"2026-11-23T02:00:00Z","type":"hourly","participants":[{"type":"user","username":"lan@example.vn"},{"type":"user","username":"an@example.vn"}]}`
	ended := `{"startDate":"2026-11-23T02:00:00Z","endDate":"2026-11-25T02:00:00Z","type":"daily",` + lan + `}`
	h.made("/v2/schedules", `{"name":"ended","timezone":"Asia/Ho_Chi_Minh","rotations":[`+ended+`]}`)
	h.made("/v2/schedules", `{"name":"covered","timezone":"Asia/Ho_Chi_Minh","covers":{"type":"time-of-day","restriction":{"startHour":9,"startMin":0,"endHour":17,"endMin":0}},
		"rotations":[{"startDate":"2026-11-01T02:00:00Z","type":"daily",`+lan+`,"timeRestriction":{"type":"time-of-day","restriction":{"startHour":9,"startMin":0,"endHour":17,"endMin":0}}}]}`)
	h.made("/v2/schedules", `{"name":"hours","rotations":[`+hours+","+hours+","+hours+`]}`)
	const gap, cut = "Nobody on call", "too many periods to draw them all"
	for query, want := range map[string][2]bool{
		"ended/picture?interval=2&identifierType=name&language=en":                      {true, false},
		"covered/picture?interval=2&identifierType=name&language=en":                    {false, false},
		"hours/picture?interval=1&identifierType=name&language=en":                      {true, false}, // before it begins
		"hours/picture?interval=12&intervalUnit=months&identifierType=name&language=en": {false, true},
	} {
		a := h.want(h.send(newRequest("GET", "/keng/v1/schedules/"+query, "")), 200)
		if got := [2]bool{strings.Contains(a.raw, gap), strings.Contains(a.raw, cut)}; got != want {
			t.Errorf("%s: it shows gaps and that it is cut: %v, want %v", query, got, want)
		}
	}
}

// A gap is told by the wall of its schedule's zone too, as the hub has it; where that is not known there is none.
func TestGapsAreToldByTheWall(t *testing.T) {
	h := planned(t)
	h.made("/v2/schedules", `{"name":"ended","timezone":"Asia/Ho_Chi_Minh","rotations":[{"startDate":"2026-11-23T02:00:00Z","endDate":"2026-11-25T02:00:00Z","type":"daily","participants":[{"type":"user","username":"chi@example.vn"}]}]}`)
	gap := func() map[string]any {
		list := h.want(h.call("GET", "/keng/v1/gaps?weeks=1", ""), 200).list()
		if len(list) != 1 {
			t.Fatalf("%v", list)
		}
		return list[0]
	}
	if g := gap(); g["kind"] != "gap" || g["startDate"] != "2026-11-25T02:00:00.000Z" || g["startLocal"] != "2026-11-25T09:00:00+07:00" || g["endLocal"] != "2026-11-30T09:00:00+07:00" {
		t.Errorf("%v", g)
	}
	s, _ := state.FindSchedule(h.store.tx, "ended")
	s.Zone = "Asia/Gone"
	if err := state.Schedules.Put(h.store.tx, s); err != nil {
		t.Fatal(err)
	}
	if g := gap(); g["kind"] != "unknown" || g["startLocal"] != nil || g["endLocal"] != nil {
		t.Errorf("%v", g)
	}
}

// An override for a rotation that is gone is not told as one for all, which no rotations would mean.
func TestOverrideOfARotationThatIsGone(t *testing.T) {
	h := planned(t)
	s, _ := state.FindSchedule(h.store.tx, "rota")
	o, err := state.FindOverride(h.store.tx, s.ID, "swap")
	if err != nil {
		t.Fatal(err)
	}
	o.Rotations = []string{"gone"}
	if err := state.Overrides.Put(h.store.tx, o); err != nil {
		t.Fatal(err)
	}
	one := h.want(h.call("GET", "/v2/schedules/rota/overrides/swap?scheduleIdentifierType=name", ""), 200)
	if got := fmt.Sprint(one.data("rotations")); got != "[map[id:gone]]" {
		t.Errorf("%s", got)
	}
}
