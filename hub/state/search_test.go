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
	"keng/hub/state"
	"keng/raftstore/table"
)

// manyAlerts makes alerts over some hours, of which many are closed or acknowledged, and a
// few are deleted.
func manyAlerts(t *testing.T, random *rand.Rand, n int) *stage {
	t.Helper()
	s := newStage(t)
	command := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		s.now = s.now.Add(time.Duration(random.IntN(90)) * time.Second)
		kind := []string{"disk", "wifi", "web"}[random.IntN(3)]
		ref := state.Ref{Alias: fmt.Sprintf("%s-%d", kind, random.IntN(n))}
		command(do(s, state.CreateAlert{Draft: alert.Draft{
			Message: []string{"Sự cố ổ đĩa", "The Wi-Fi is down", "Website không phản hồi"}[random.IntN(3)], Alias: ref.Alias, Tags: []string{kind}, Priority: core.Priority(1 + random.IntN(5)),
			Source: fmt.Sprint("host-", i%7), Details: map[string]string{"site": fmt.Sprint("branch-", i%4)},
		}}))
		switch random.IntN(5) {
		case 0, 1:
			command(do(s, state.CloseAlert{Alert: ref, User: "an"}))
		case 2:
			command(do(s, state.AcknowledgeAlert{Alert: ref, User: "binh"}))
		case 3:
			if random.IntN(4) == 0 {
				command(do(s, state.DeleteAlert{Asked: state.Asked{Alert: ref}}))
			}
		}
	}
	return s
}

// wish is a query, and what it means.
type wish struct {
	text  string
	holds func(*alert.Alert) bool
}

// wishes makes random queries about the alerts of [manyAlerts].
func wishes(s *stage, random *rand.Rand) func(depth int) wish {
	hours := int(s.now.Sub(s.start) / time.Hour)
	moment := func() time.Time { return s.start.Add(time.Duration(random.IntN(hours*3600)) * time.Second) }
	tagged := func(tag string) func(*alert.Alert) bool {
		return func(a *alert.Alert) bool { return slices.Contains(a.Tags, tag) }
	}
	terms := []func() wish{
		func() wish { return wish{"status: open", func(a *alert.Alert) bool { return a.Status == alert.Open }} },
		func() wish {
			return wish{"status: closed", func(a *alert.Alert) bool { return a.Status == alert.Closed }}
		},
		func() wish { return wish{"acknowledged: true", func(a *alert.Alert) bool { return a.Acknowledged }} },
		func() wish {
			at := moment()
			return wish{fmt.Sprint("createdAt > ", at.UnixMilli()), func(a *alert.Alert) bool { return a.CreatedAt.After(at) }}
		},
		func() wish {
			at := moment()
			return wish{fmt.Sprint("createdAt <= ", at.UnixMilli()), func(a *alert.Alert) bool { return !a.CreatedAt.After(at) }}
		},
		func() wish {
			at := moment()
			return wish{fmt.Sprint("createdAt: ", at.UnixMilli()), func(a *alert.Alert) bool { return a.CreatedAt.Equal(at) }}
		},
		func() wish { return wish{"tag: disk", tagged("disk")} },
		func() wish { return wish{"tag: WIFI", tagged("wifi")} },
		func() wish {
			p := core.Priority(1 + random.IntN(5))
			return wish{"priority: " + p.String(), func(a *alert.Alert) bool { return a.Priority == p }}
		},
		func() wish {
			n := random.IntN(400)
			return wish{fmt.Sprint("tinyId: ", n), func(a *alert.Alert) bool { return a.Tiny == uint64(n) }}
		},
		func() wish {
			n := random.IntN(400)
			return wish{fmt.Sprint("tinyId < ", n), func(a *alert.Alert) bool { return a.Tiny < uint64(n) }}
		},
		func() wish {
			return wish{`"su co"`, func(a *alert.Alert) bool { return a.Message == "Sự cố ổ đĩa" }}
		},
		func() wish {
			return wish{`message: "khong phan hoi"`, func(a *alert.Alert) bool { return strings.HasPrefix(a.Message, "Website") }}
		},
		func() wish {
			return wish{"details.value: branch-2", func(a *alert.Alert) bool { return a.Details["site"] == "branch-2" }}
		},
		func() wish { return wish{"closedBy: An", func(a *alert.Alert) bool { return a.ClosedBy == "an" }} },
	}
	var compose func(depth int) wish
	compose = func(depth int) wish {
		n := random.IntN(6)
		if depth == 0 || n < 2 {
			return terms[random.IntN(len(terms))]()
		}
		a, b := compose(depth-1), compose(depth-1)
		switch {
		case n < 4:
			return wish{"(" + a.text + " AND " + b.text + ")", func(x *alert.Alert) bool { return a.holds(x) && b.holds(x) }}
		case n == 4:
			return wish{"(" + a.text + " OR " + b.text + ")", func(x *alert.Alert) bool { return a.holds(x) || b.holds(x) }}
		}
		return wish{"NOT " + a.text, func(x *alert.Alert) bool { return !a.holds(x) }}
	}
	return compose
}

// What a search finds by indexes is what a look at every alert finds, from either end, and
// in whatever pieces.
func TestSearchFindsWhatAFullScanFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	s := manyAlerts(t, random, 400)
	compose := wishes(s, random)
	var everything []*alert.Alert
	for a := range state.Alerts.All(s.tx) {
		everything = append(everything, a)
	}
	found := 0
	for range 1000 {
		w := compose(3)
		q, err := state.ParseQuery(w.text, s.now, nil)
		if err != nil {
			t.Fatalf("%s: %v", w.text, err)
		}
		for _, ascending := range []bool{true, false} {
			var want, got []uint64
			for _, a := range everything {
				if w.holds(a) {
					want = append(want, a.Tiny)
				}
			}
			if !ascending {
				slices.Reverse(want)
			}
			search := state.Search{Query: q, Ascending: ascending, Stop: func(looked int) bool { return looked == 37 }}
			for pieces := 0; pieces == 0 || search.After != 0; pieces++ {
				search.After = search.Run(s.tx, func(a *alert.Alert) bool { got = append(got, a.Tiny); return len(got)%5 != 0 })
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s, ascending %t:\nfound %v\nnot   %v\n%s", w.text, ascending, got, want, search.Explain())
			}
			found += len(got)
		}
	}
	if found < 10_000 {
		t.Errorf("the queries found %d alerts in all: too few to say anything", found)
	}
}

// What is looked for by few alerts looks at few.
func TestSearchLooksAtFew(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	s := manyAlerts(t, random, 400)
	r, err := do(s, state.CreateAlert{Draft: alert.Draft{Message: "m", Alias: "the/one"}})
	if err != nil {
		t.Fatal(err)
	}
	late := s.now.Add(-time.Minute).UnixMilli()
	for text, most := range map[string]int{
		"alias: the/one": 1, "tinyId: 17": 1, "tinyId: 17 OR tinyId: 99 OR alias: the/one": 3, "id: " + string(r.Alert): 1, "id: " + string(r.Alert) + " AND status: closed": 1,
		fmt.Sprint("createdAt >= ", late): 5, fmt.Sprint("createdAt >= ", late, " AND tag: disk"): 5, "status: open": 250, "status: open AND acknowledged: false AND tag: disk": 250,
		"tinyId: 0": 0, "alias: none": 0, "status: open AND status: closed": 0,
	} {
		q, err := state.ParseQuery(text, s.now, nil)
		if err != nil {
			t.Fatal(err)
		}
		looks := 0
		search := state.Search{Query: q, Stop: func(int) bool { looks++; return false }}
		search.Run(s.tx, func(*alert.Alert) bool { return true })
		if looks > most {
			t.Errorf("%s: it looked at %d alerts, not %d at most:\n%s", text, looks, most, search.Explain())
		}
	}
}

// Who answers for an alert is found by name and by id.
func TestSearchByWhoAnswers(t *testing.T) {
	s := newStage(t)
	for _, u := range []string{"an", "binh"} {
		if err := s.user([]string{u, "vi", "push:x"}); err != nil {
			t.Fatal(err)
		}
	}
	name := "Trực ca"
	team, err := do(s, state.CreateTeam{Fields: state.TeamFields{Name: &name}})
	if err != nil {
		t.Fatal(err)
	}
	of := func(kind alert.ResponderKind, id string) {
		t.Helper()
		if _, err := do(s, state.CreateAlert{Draft: alert.Draft{Message: "m", Responders: []alert.Responder{{Kind: kind, ID: id}}}}); err != nil {
			t.Fatal(err)
		}
	}
	of(alert.Team, string(team.ID))
	an, err := state.Pick{Name: "an"}.User(s.tx)
	if err != nil {
		t.Fatal(err)
	}
	of(alert.User, string(an.ID))
	of(alert.User, "who-has-gone")
	for text, want := range map[string][]uint64{
		`teams: "truc ca"`: {1}, "teams: " + string(team.ID): {1}, "recipients: an": {2}, "recipients: binh": nil, "responders: an": {2}, "responders: *": {1, 2, 3},
		"responders: who-has-gone": {3}, "NOT teams: *": {2, 3},
	} {
		q, err := state.ParseQuery(text, s.now, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		search := state.Search{Query: q, Ascending: true}
		search.Run(s.tx, func(a *alert.Alert) bool { got = append(got, a.Tiny); return true })
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %v, not %v", text, got, want)
		}
	}
}

// Sorted pages are those of the sorted whole, equals newest first. Rule ogapi-5.sort.list.
func TestSortedPages(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	s := manyAlerts(t, random, 300)
	for _, c := range []struct {
		sort  string
		order func(a, b *alert.Alert) int
	}{
		{"priority", func(a, b *alert.Alert) int { return int(a.Priority) - int(b.Priority) }},
		{"updatedAt", func(a, b *alert.Alert) int { return int(a.UpdatedAt.UnixMilli() - b.UpdatedAt.UnixMilli()) }},
		{"alias", func(a, b *alert.Alert) int { return strings.Compare(a.Alias, b.Alias) }},
	} {
		order, err := state.AlertOrder(c.sort, "asc")
		if err != nil {
			t.Fatal(err)
		}
		q, err := state.ParseQuery("status: open", s.now, nil)
		if err != nil {
			t.Fatal(err)
		}
		var whole, paged []*alert.Alert
		for a := range state.Alerts.FindReverse(s.tx, table.K()) {
			if a.Status == alert.Open {
				whole = append(whole, a)
			}
		}
		slices.SortStableFunc(whole, c.order)
		search, more := state.Search{Query: q}, true
		for more {
			var page []*alert.Alert
			page, more = search.Sorted(s.tx, order, len(paged), 7)
			paged = append(paged, page...)
		}
		if len(whole) < 30 || len(whole) != len(paged) {
			t.Fatalf("by %s there are %d alerts, and on pages %d", c.sort, len(whole), len(paged))
		}
		for i := range whole {
			if whole[i].ID != paged[i].ID {
				t.Fatalf("by %s number %d is #%d, want #%d", c.sort, i, paged[i].Tiny, whole[i].Tiny)
			}
		}
	}
	// Where the time is short, what has been looked at is sorted.
	order, _ := state.AlertOrder("priority", "desc")
	q, _ := state.ParseQuery("", s.now, nil)
	search := state.Search{Query: q, Stop: func(looked int) bool { return looked == 10 }}
	if found, more := search.Sorted(s.tx, order, 0, 100); len(found) != 10 || more {
		t.Errorf("of ten alerts there was time for, %d are told, more: %v", len(found), more)
	}
}
