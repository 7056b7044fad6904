package state_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
	"keng/hub/core/query"
	"keng/hub/state"
	"keng/raftstore/table"
)

// largeIncident opens an incident with as many responders, and as long texts, as there can be.
func largeIncident(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	d := incident.Draft{Message: "large", Description: strings.Repeat("ẻ", 15_000), Priority: core.P4, Details: map[string]string{"k": strings.Repeat("ẻ", 7_999)}}
	for n := range 50 {
		s.act(fmt.Sprintf("user u%d vi push:tok%d push@0s", n, n))
		d.Responders = append(d.Responders, s.responder(fmt.Sprint("user:u", n)))
	}
	if _, err := do(s, state.CreateIncident{Draft: d}); err != nil {
		t.Fatal(err)
	}
	return s
}

// openAlerts returns the open alerts by which the first incident calls.
func openAlerts(s *stage) (open []*alert.Alert) {
	for a := range state.AlertsOpen.Find(s.tx, table.K()) {
		open = append(open, a)
	}
	return open
}

// pieces does what is due until a condition holds, in how many commands.
func (s *stage) pieces(done func() bool) (n int) {
	s.t.Helper()
	for !done() {
		if n++; n > 500 {
			s.t.Fatal("it comes to no end")
		}
		s.now = s.now.Add(time.Millisecond)
		if _, err := do(s, state.DoDue{}); err == nil {
			continue
		}
		if _, err := do(s, state.DoDue{Max: 1}); err != nil { // as the engine does it
			s.t.Fatal(err)
		}
	}
	return n
}

// Rule keng-4.incident.size: whatever is done to an incident that is larger than a command may
// be, all of it is done, in several commands.
func TestWhatOneCommandCannotHold(t *testing.T) {
	s := largeIncident(t)
	if n := len(openAlerts(s)); n == 0 || n == 50 {
		t.Fatalf("%d alerts are opened at once", n)
	}
	s.pieces(func() bool { return len(openAlerts(s)) == 50 })
	told := map[string]int{}
	for _, a := range openAlerts(s) {
		told[a.Responders[0].ID]++
		if len(a.Responders) != 1 || len(state.DeliveriesOf(s.tx, a.ID)) != 1 {
			t.Fatalf("alert #%d calls %v by %d pages", a.Tiny, a.Responders, len(state.DeliveriesOf(s.tx, a.ID)))
		}
	}
	if len(told) != 50 {
		t.Fatalf("%d people are called by 50 alerts", len(told))
	}

	s.act("iupdate 1 an priority=P1")
	graver := func() (n int) {
		for _, a := range openAlerts(s) {
			if a.Priority == core.P1 {
				n++
			}
		}
		return n
	}
	if n := graver(); n == 0 || n == 50 {
		t.Fatalf("%d alerts become graver at once", n)
	}
	s.pieces(func() bool { return graver() == 50 })

	s.act("resolve 1 an")
	if n := len(openAlerts(s)); n == 0 || n == 50 {
		t.Fatalf("%d alerts are left at once", n)
	}
	s.act("reopen 1 an") // while old ones ring still
	old := func() (n int) {
		for _, a := range openAlerts(s) {
			if a.Tiny <= 50 {
				n++
			}
		}
		return n
	}
	s.pieces(func() bool { return len(openAlerts(s)) == 50 && old() == 0 })

	s.act("unincident 1 an")
	s.now = s.now.Add(time.Millisecond)
	if _, err := do(s, state.DoDue{Drop: true}); err != nil { // a piece that cannot be done comes again
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
	s.pieces(func() bool {
		for range state.Alerts.All(s.tx) {
			return false
		}
		for range state.IncidentLog.All(s.tx) {
			return false
		}
		return true
	})
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind == state.IncidentRest {
			t.Fatalf("something is planned for an incident that is gone, at %s", d.At.Sub(s.start))
		}
	}
	for d := range state.Deleted.All(s.tx) {
		if d.DeletedBy != "an" {
			t.Fatalf("alert #%d was deleted by %s", d.Tiny, d.DeletedBy)
		}
	}
}

// What of an incident goes on while it is opened and ended again and again, and pieces are lost,
// leaves nobody out and nothing ringing.
func TestPiecesOfIncidentsInAnyOrder(t *testing.T) {
	for seed := range uint64(3) {
		dice := rand.New(rand.NewPCG(seed, 3))
		s := largeIncident(t)
		for range 12 {
			switch dice.IntN(4) {
			case 0:
				s.act("resolve 1 an")
			case 1:
				s.act("reopen 1 an")
			case 2:
				s.now = s.now.Add(time.Millisecond)
				if _, err := do(s, state.DoDue{Drop: true}); err != nil {
					t.Fatal(err)
				}
			default:
				s.now = s.now.Add(time.Millisecond)
				if _, err := do(s, state.DoDue{}); err != nil {
					t.Fatal(err)
				}
			}
			s.out.Reset()
		}
		s.now = s.now.Add(2 * time.Minute)
		s.pieces(func() bool { next, ok := state.NextDeadline(s.tx); return !ok || next.After(s.now) })
		i, _ := state.FindIncident(s.tx, state.IncidentRef{Tiny: 1})
		want := map[incident.Status]int{incident.Open: 50, incident.Resolved: 0}[i.Status]
		if open := openAlerts(s); len(open) != want || len(i.Uncalled()) > 0 && i.Status == incident.Open {
			t.Errorf("seed %d: it is %s, with %d open alerts", seed, i.Status, len(open))
		}
	}
}

// The status of a request about an incident is known by the request's id.
func TestRequestsAboutIncidents(t *testing.T) {
	s := newStage(t)
	if _, err := do(s, state.CreateIncident{Request: "r1", Draft: incident.Draft{Message: "m"}, Integration: "key"}); err != nil {
		t.Fatal(err)
	}
	i, ok := state.FindIncident(s.tx, state.IncidentRef{Tiny: 1})
	if byID, there := state.FindIncident(s.tx, state.IncidentRef{ID: i.ID}); !ok || !there || byID.Tiny != 1 {
		t.Fatal("the incident is not found")
	}
	if _, ok := state.FindIncident(s.tx, state.IncidentRef{Tiny: 2}); ok {
		t.Error("an incident is found that there is not")
	}
	for n, want := range []state.Request{
		{ID: "r1", Action: "Create", Integration: "key", Success: true, Status: "Created incident", Incident: i.ID},
		{ID: "r2", Action: "Reopen", Integration: "other", Status: "Incident is already open", Incident: i.ID},
		{ID: "r3", Action: "Resolve", Status: "Incident does not exist"},
		{ID: "r4", Action: "Delete", Integration: "other", Success: true, Status: "Deleted incident", Incident: i.ID},
		{ID: "r5", Action: "Delete", Status: "Incident does not exist"},
	} {
		asked := state.IncidentAsked{Request: want.ID, Incident: state.IncidentRef{ID: want.Incident}, Integration: want.Integration}
		var err error
		switch n {
		case 1:
			_, err = do(s, state.ReopenIncident{Asked: asked})
		case 2:
			_, err = do(s, state.ResolveIncident{Asked: asked})
		case 3, 4:
			_, err = do(s, state.DeleteIncident{Asked: asked})
		}
		want.ProcessedAt = s.now
		if got, ok := state.GetRequest(s.tx, want.ID); err != nil || !ok || *got != want {
			t.Errorf("%s: %+v, %v; want %+v", want.ID, got, err, want)
		}
	}
}

// The log of an incident is read in pages, either way, all of it or the notes.
func TestIncidentLines(t *testing.T) {
	s := newStage(t)
	for range 2 {
		s.act("incident")
	}
	for n := range 6 { // lines 3 to 8
		s.act([]string{"inote 1 an word", "itags 1 an +" + fmt.Sprint("t", n)}[n%2])
	}
	i, _ := state.FindIncident(s.tx, state.IncidentRef{Tiny: 1})
	for _, c := range []struct {
		from          uint64
		newest, notes bool
		want          []uint64
	}{
		{0, false, false, []uint64{1, 2, 3, 4, 5, 6, 7, 8}}, {0, true, false, []uint64{8, 7, 6, 5, 4, 3, 2, 1}},
		{6, false, false, []uint64{7, 8}}, {3, true, false, []uint64{2, 1}}, {1, true, false, nil}, {8, false, false, nil},
		{0, false, true, []uint64{3, 5, 7}}, {0, true, true, []uint64{7, 5, 3}}, {3, false, true, []uint64{5, 7}}, {7, true, true, []uint64{5, 3}},
	} {
		var got []uint64
		for l := range state.IncidentLines(s.tx, i.ID, c.from, c.newest, c.notes) {
			got = append(got, l.Number)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("from %d, newest %v, notes %v: %v, want %v", c.from, c.newest, c.notes, got, c.want)
		}
	}
}

// A log that is longer than a piece goes all the same. Rule keng-8.retention.incidents.
func TestLongLogsOfIncidentsGo(t *testing.T) {
	s := newStage(t)
	s.act("retain 24h")
	for range 2 {
		s.act("incident")
		for range 250 {
			s.act("inote 1 an word")
		}
	}
	s.act("iclose 1 an")
	s.act("wait 24h")
	s.act("wait 2h")
	left := 0
	for l := range state.IncidentLog.All(s.tx) {
		if i, ok := state.FindIncident(s.tx, state.IncidentRef{ID: l.Incident}); !ok || i.Tiny != 2 {
			left++
		}
	}
	if _, there := state.FindIncident(s.tx, state.IncidentRef{Tiny: 1}); there || left > 0 {
		t.Errorf("%d lines are left of what was closed", left)
	}
	if _, there := state.FindIncident(s.tx, state.IncidentRef{Tiny: 2}); !there {
		t.Error("an open incident has gone")
	}
}

// manyIncidents makes incidents over some hours, many of them over.
func manyIncidents(t *testing.T, dice *rand.Rand, n int) (s *stage, all []*incident.Incident) {
	t.Helper()
	s = newStage(t)
	for i := 1; i <= n; i++ {
		s.now = s.now.Add(time.Duration(dice.IntN(90)) * time.Second)
		s.act("incident priority=" + pick(dice, "P1", "P3", "P5") + " message=" + pick(dice, "Sự_cố_ổ_đĩa", "Wifi", "website") + " tag=" + pick(dice, "disk", "wifi") + pick(dice, "", " user:an"))
		switch dice.IntN(5) {
		case 0:
			s.act(fmt.Sprintf("resolve %d %s", i, pick(dice, "an", "-")))
		case 1:
			s.act(fmt.Sprintf("iclose %d %s", i, pick(dice, "an", "-")))
		case 2:
			s.act(fmt.Sprintf("ack #%d %s", i, pick(dice, "an", "binh")))
		case 3:
			if dice.IntN(4) == 0 {
				s.act(fmt.Sprintf("unincident %d an", i))
			}
		}
		s.out.Reset()
	}
	for i := range state.Incidents.All(s.tx) {
		all = append(all, i)
	}
	return s, all
}

// A search finds what a look at everything finds, in order, whole or in pieces of any size,
// by whatever index. Rule keng-5.incidents.fields.
func TestSearchIncidents(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 21))
	s, all := manyIncidents(t, dice, 150)
	since := all[len(all)/2].CreatedAt
	for text, holds := range map[string]func(*incident.Incident) bool{
		"":                                func(*incident.Incident) bool { return true },
		"status: open":                    func(i *incident.Incident) bool { return i.Status == incident.Open },
		"status: open AND tag: disk":      func(i *incident.Incident) bool { return i.Status == incident.Open && i.Tags[0] == "disk" },
		"status: resolved OR tag: wifi":   func(i *incident.Incident) bool { return i.Status == incident.Resolved || i.Tags[0] == "wifi" },
		"NOT status: open":                func(i *incident.Incident) bool { return i.Status != incident.Open },
		`"su co"`:                         func(i *incident.Incident) bool { return strings.HasPrefix(i.Message, "Sự cố") },
		"priority: (P1 OR P5)":            func(i *incident.Incident) bool { return i.Priority != core.P3 },
		"isSeen: true AND status: closed": func(i *incident.Incident) bool { return i.Seen() && i.Status == incident.Closed },
		"owner: binh":                     func(i *incident.Incident) bool { return i.Owner == "binh" },
		"tinyId: 7 OR tinyId > 140":       func(i *incident.Incident) bool { return i.Tiny == 7 || i.Tiny > 140 },
		"id: " + string(all[3].ID):        func(i *incident.Incident) bool { return i == all[3] },
		fmt.Sprint("status: open AND createdAt > ", since.UnixMilli()): func(i *incident.Incident) bool { return i.Status == incident.Open && i.CreatedAt.After(since) },
		fmt.Sprint("createdAt <= ", since.UnixMilli()):                 func(i *incident.Incident) bool { return !i.CreatedAt.After(since) },
	} {
		q, err := state.ParseIncidentQuery(text, s.now, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, ascending := range []bool{true, false} {
			var want, got []uint64
			for _, i := range all {
				if holds(i) {
					want = append(want, i.Tiny)
				}
			}
			if !ascending {
				slices.Reverse(want)
			}
			size := 1 + dice.IntN(40)
			search := state.SearchIncidents{Query: q, Ascending: ascending, Stop: func(looked int) bool { return looked == size }}
			for more := true; more; more = search.After != 0 {
				search.After = search.Run(s.tx, func(i *incident.Incident) bool {
					got = append(got, i.Tiny)
					return dice.IntN(8) > 0
				})
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, ascending %v, %d at once: %v, want %v", text, ascending, size, got, want)
			}
		}
	}
}

// Sorted by each of the keys, in pages. Rule ogapi-5.sort.incidents.
func TestSortedIncidents(t *testing.T) {
	s, all := manyIncidents(t, rand.New(rand.NewPCG(2, 21)), 120)
	q, err := state.ParseIncidentQuery("", s.now, nil)
	if err != nil {
		t.Fatal(err)
	}
	rank := map[incident.Status]int{incident.Open: 0, incident.Resolved: 1, incident.Closed: 2}
	flag := map[bool]int{true: 1}
	for sort, compare := range map[string]func(a, b *incident.Incident) int{
		"createdAt": func(a, b *incident.Incident) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"tinyId":    func(a, b *incident.Incident) int { return int(a.Tiny) - int(b.Tiny) },
		"message": func(a, b *incident.Incident) int {
			return strings.Compare(query.Fold(a.Message), query.Fold(b.Message))
		},
		"status": func(a, b *incident.Incident) int { return rank[a.Status] - rank[b.Status] },
		"isSeen": func(a, b *incident.Incident) int { return flag[a.Seen()] - flag[b.Seen()] },
		"owner":  func(a, b *incident.Incident) int { return strings.Compare(a.Owner, b.Owner) },
	} {
		for _, down := range []bool{false, true} {
			want := slices.Clone(all)
			slices.SortStableFunc(want, func(a, b *incident.Incident) int {
				if sort == "owner" && (a.Owner == "" || b.Owner == "") { // who has none comes last
					return flag[a.Owner == ""] - flag[b.Owner == ""]
				}
				if down {
					return -compare(a, b)
				}
				return compare(a, b)
			})
			order, err := state.IncidentOrder(sort, map[bool]string{false: "asc", true: "desc"}[down])
			if err != nil {
				t.Fatal(err)
			}
			search := state.SearchIncidents{Query: q, Ascending: true}
			for skip := 0; skip < len(all)+20; skip += 25 {
				got, more := search.Sorted(s.tx, order, skip, 25)
				page := want[min(skip, len(want)):min(skip+25, len(want))]
				same := slices.EqualFunc(got, page, func(a, b *incident.Incident) bool { return a.ID == b.ID })
				if !same || more != (skip+25 < len(want)) {
					t.Errorf("by %s, descending %v, behind %d: %d found, more %v", sort, down, skip, len(got), more)
				}
			}
		}
	}
}
