package query

import (
	"slices"
	"strings"
	"testing"
)

// TestServe writes down how one index, alone, serves a query of a thousand alerts: what
// is read of it, and what is left to check.
func TestServe(t *testing.T) {
	ownerCreated := Index{Name: "i", Columns: []Column{{Field: "owner", Rows: 10}, {Field: "createdAt"}}}
	ownerCount := Index{Name: "i", Columns: []Column{{Field: "owner", Rows: 10}, {Field: "count"}}}
	ownerSnoozed := Index{Name: "i", Columns: []Column{{Field: "owner", Rows: 10}, {Field: "snoozedUntil"}}}
	created := Index{Name: "i", Columns: []Column{{Field: "createdAt"}}}
	createdTag := Index{Name: "i", Columns: []Column{{Field: "createdAt"}, {Field: "tag"}}}
	openTag := Index{Name: "i", Columns: []Column{{Field: "tag", Rows: 5}}, Where: "status: open", Rows: 100}
	quiet := Index{Name: "i", Columns: []Column{{Field: "createdAt"}}, Where: "status: open AND acknowledged: true", Rows: 50}
	tiny := Index{Name: "i", Columns: []Column{{Field: "tinyId"}}, Unique: true}
	flags := Index{Name: "i", Columns: []Column{{Field: "status", Rows: 300}, {Field: "acknowledged", Rows: 100}, {Field: "priority", Rows: 20}}}
	for _, c := range []struct {
		index Index
		text  string
		read  string
		check string
		sorts bool // newest first, without sorting
	}{
		// Equal columns, then a range of the next.
		{ownerCreated, "owner: an", "index i: owner = an, backwards", "", true},
		{ownerCreated, "owner: ÁN", "index i: owner = an, backwards", "", true},
		{ownerCreated, "owner: an AND createdAt > 4", "index i: owner = an, createdAt ≥ 1970-01-01T00:00:00.005Z, backwards", "", true},
		{ownerCreated, "createdAt > 4 AND owner: an", "index i: owner = an, createdAt ≥ 1970-01-01T00:00:00.005Z, backwards", "", true},
		{ownerCreated, "owner: an AND createdAt <= 4", "index i: owner = an, createdAt < 1970-01-01T00:00:00.005Z, backwards", "", true},
		{ownerCreated, "owner: an AND createdAt: 4", "index i: owner = an, createdAt ≥ 1970-01-01T00:00:00.004Z, createdAt < 1970-01-01T00:00:00.005Z, backwards", "", true},
		{ownerCreated, "owner: an AND owner: *", "index i: owner = an, backwards", "owner: *", true},
		{ownerCreated, "owner: an AND owner: a*", "index i: owner = an, backwards", "owner: a*", true},
		{ownerCreated, "owner: an AND NOT tag: x", "index i: owner = an, backwards", "NOT tag: x", true},
		{ownerCreated, "owner: an AND createdAt > 4 AND NOT createdAt > 9", "index i: owner = an, createdAt ≥ 1970-01-01T00:00:00.005Z, createdAt < 1970-01-01T00:00:00.010Z, backwards", "", true},
		// A range of the first column: the order is its own.
		{ownerCreated, "owner: a*", "index i: owner begins with a", "", false},
		{ownerCreated, "owner: a* AND createdAt > 4", "index i: owner begins with a", "createdAt > 4", false},
		{ownerCreated, "owner: a* AND owner: b*", "index i: owner begins with a", "owner: b*", false},
		{ownerCreated, "owner: *", "everything", "owner: *", false}, // no fewer, as far as is known
		// What the index may lack, it cannot serve.
		{ownerCreated, "createdAt > 4", "everything", "createdAt > 4", false},
		{ownerCreated, "NOT owner: an", "everything", "NOT owner: an", false},
		{ownerCreated, "owner: *an", "everything", "owner: *an", false},
		{ownerCreated, "owner: a*n", "everything", "owner: a*n", false},
		{ownerCreated, "owner: an OR tag: x", "everything", "owner: an OR tag: x", false},
		{ownerSnoozed, "owner: an", "everything", "owner: an", false},
		{ownerSnoozed, "owner: an AND snoozedUntil > 4", "index i: owner = an, snoozedUntil ≥ 1970-01-01T00:00:00.005Z", "", false},
		{ownerSnoozed, "owner: an AND snoozedUntil: *", "index i: owner = an", "", false},
		{ownerSnoozed, "owner: an AND NOT snoozedUntil: *", "everything", "owner: an AND NOT snoozedUntil: *", false},
		// Numbers are points, times are spans.
		{ownerCount, "owner: an AND count: 3", "index i: owner = an, count = 3", "", false},
		{ownerCount, "owner: an AND count > 3", "index i: owner = an, count ≥ 4", "", false},
		{ownerCount, "owner: an AND count > 3 AND count > 5 AND count < 9 AND count <= 7", "index i: owner = an, count ≥ 6, count < 8", "", false},
		{tiny, "tinyId: 5", "index i: tinyId = 5", "", true},
		{tiny, "tinyId: 5 AND tag: x", "index i: tinyId = 5", "tag: x", true},
		{tiny, "tinyId: 5 OR tinyId: 6", "index i: tinyId = 5|index i: tinyId = 6", "", true},
		{tiny, "tinyId: 5 OR tinyId: 6 AND tag: x", "index i: tinyId = 5|index i: tinyId = 6", "tinyId: 5 OR tinyId: 6 AND tag: x", true},
		{tiny, "(tinyId: 5 OR tinyId: 6) AND tag: x", "index i: tinyId = 5|index i: tinyId = 6", "tag: x", true},
		{tiny, "tinyId > 5 AND tinyId < 5", "nothing", "", true},
		// The order alone.
		{created, "", "index i, backwards", "", true},
		{created, "tag: x", "index i, backwards", "tag: x", true},
		{created, "createdAt > 4 OR createdAt < 2", "index i: createdAt ≥ 1970-01-01T00:00:00.005Z, backwards|index i: createdAt < 1970-01-01T00:00:00.002Z, backwards", "", true},
		{created, "(createdAt > 4 OR createdAt < 2) AND tag: x", "index i: createdAt ≥ 1970-01-01T00:00:00.005Z, backwards|index i: createdAt < 1970-01-01T00:00:00.002Z, backwards", "tag: x", true},
		{createdTag, "createdAt > 4", "everything", "createdAt > 4", false},
		{createdTag, "createdAt > 4 AND tag: x", "everything", "createdAt > 4 AND tag: x", false}, // the tag stands behind the range
		// Only a part of the alerts.
		{openTag, "tag: x", "everything", "tag: x", false},
		{openTag, "tag: x AND status: open", "index i: tag = x", "", false},
		{openTag, "tag: x AND NOT status: closed", "index i: tag = x", "", false},
		{openTag, "tag: x AND status: closed", "everything", "tag: x AND status: closed", false},
		{openTag, "tag: x AND status: *", "everything", "tag: x", false},
		{openTag, "status: open", "everything", "status: open", false}, // an alert may have no tag
		{openTag, "status: open AND tag: *", "index i", "", false},
		{openTag, "(tag: x OR tag: y) AND status: open", "index i: tag = x|index i: tag = y", "", false},
		{openTag, "tag: x AND status: open OR tag: y AND status: open", "index i: tag = x|index i: tag = y", "", false},
		{openTag, "tag: x AND status: open OR tag: y", "everything", "tag: x AND status: open OR tag: y", false},
		{quiet, "acknowledged: true AND status: open", "index i, backwards", "", true},
		{quiet, "acknowledged: true", "everything", "acknowledged: true", false},
		{quiet, "NOT (acknowledged: false OR status: closed OR tag: x)", "index i, backwards", "NOT tag: x", true},
		{flags, "status: open AND acknowledged: false AND priority: P1", "index i: status = open, acknowledged = false, priority = P1", "", false},
		{flags, "status: open AND priority: P1", "index i: status = open", "priority: P1", false},
		{flags, "priority: P1", "everything", "priority: P1", false},
		{flags, "status: open AND acknowledged: false AND priority: (P1 OR P2)", "index i: status = open, acknowledged = false, priority = P1|index i: status = open, acknowledged = false, priority = P2", "", false},
	} {
		v := Alerts()
		p := NewPlanner(v, 1000, c.index)
		q, err := Parse(c.text, v, Options{})
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		plan := p.Plan(q, newest())
		var read []string
		for _, r := range plan.Ranges {
			read = append(read, p.explain(r))
		}
		if len(read) == 0 {
			read = []string{"nothing"}
		}
		if got := strings.Join(read, "|"); got != c.read || plan.Check.String() != c.check || plan.Sorted != c.sorts {
			t.Errorf("%s: read %s, check %q, sorted %v; want %s, %q, %v", c.text, got, plan.Check, plan.Sorted, c.read, c.check, c.sorts)
		}
	}
}

func TestRepeats(t *testing.T) {
	for text, want := range map[string]bool{
		"tag: x":                          false,
		"tag: x*":                         true,
		"tag: (x OR y)":                   true,
		"tag: (x OR X)":                   false, // one range
		"tag: (x* OR X*)":                 true,  // one range, but of many tags
		"alertId: x":                      false,
		"alertId: (x OR y)":               true,
		"owner: an*":                      false,
		"message: x":                      false,
		"tag: x AND createdAt > 4":        false,
		"tag: x AND tag: y*":              false,
		"createdAt > 4 AND tag: x*":       true,
		"status: open AND status: closed": false,
	} {
		if p := plan(t, text, Order{}, alertIndexes()...); p.Repeats != want {
			t.Errorf("%s: %v\n%s", text, p.Repeats, p.Explain())
		}
	}
}

func TestDirections(t *testing.T) {
	for _, c := range []struct {
		order           Order
		sorted, reverse bool
	}{
		{Order{}, true, false},
		{Order{Descending: true}, true, false},
		{Order{Field: "createdAt"}, true, false},
		{Order{Field: "createdAt", Descending: true}, true, true},
		{Order{Field: "count"}, false, false},
		{Order{Field: "count", Descending: true}, false, false},
		{Order{Field: "tag"}, false, false},
	} {
		p := plan(t, "tag: x", c.order, alertIndexes()...)
		if r := p.Ranges[0]; r.Index != "tag" || p.Sorted != c.sorted || r.Reverse != c.reverse {
			t.Errorf("%+v: sorted %v, reverse %v\n%s", c.order, p.Sorted, r.Reverse, p.Explain())
		}
	}
}

// A guess is never less than one row, and never more than the index has.
func TestGuessesAreBounded(t *testing.T) {
	small := Index{Name: "small", Columns: []Column{{Field: "owner", Rows: 500}, {Field: "createdAt"}}, Rows: 2}
	for text, want := range map[string]int{
		"owner: an":                   2,
		"owner: an AND createdAt > 4": 1,
		"owner: an AND createdAt > 4 AND createdAt < 9": 1,
		"owner: a*":           1,
		"owner: *":            2,
		"owner: (an OR binh)": 4,
		"owner: an AND createdAt > 9 AND createdAt < 4": 0,
	} {
		if p := plan(t, text, newest(), small); p.Rows != want {
			t.Errorf("%s: %d rows, want %d\n%s", text, p.Rows, want, p.Explain())
		}
	}
	if p := NewPlanner(Alerts(), 0); p.rows != 1 {
		t.Errorf("a planner for no subjects counts with %d", p.rows)
	}
}

func TestValueOf(t *testing.T) {
	for text, want := range map[string]Value{
		"tag: Đĩa":           {Kind: Name, Text: "dia"},
		"alertId: Đĩa":       {Kind: Identifier, Text: "Đĩa"},
		"status: OPEN":       {Kind: Choice, Text: "open"},
		"priority: p5":       {Kind: Choice, Text: "P5"},
		"acknowledged: true": {Kind: Flag, Number: 1},
		"snoozed: false":     {Kind: Flag, Number: 0},
		"count: -4":          {Kind: Number, Number: -4},
		"createdAt: 77":      {Kind: Time, Number: 77},
	} {
		q, err := Parse(text, Alerts(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := valueOf(q.root.(*term)); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestEmptyRanges(t *testing.T) {
	number := func(n int64) Value { return Value{Kind: Number, Number: n} }
	for _, c := range []struct {
		r    Range
		want bool
	}{
		{Range{}, false},
		{Range{From: number(4)}, false},
		{Range{To: number(4)}, false},
		{Range{From: number(4), To: number(5)}, false},
		{Range{From: number(4), To: number(4)}, true},
		{Range{From: number(5), To: number(4)}, true},
		{Range{From: Value{Kind: Time, Number: 5}, To: Value{Kind: Time, Number: 4}}, true},
		{Range{From: Value{Kind: Name, Text: "a"}, To: Value{Kind: Name, Text: "b"}}, false},
	} {
		if c.r.empty() != c.want {
			t.Errorf("%+v: %v", c.r, c.r.empty())
		}
	}
}

// TestPages reads plans as a caller does, page by page: merge what comes sorted, sort what
// does not, leave out what comes again. The pages are those of the sorted whole.
func TestPages(t *testing.T) {
	v := Alerts()
	for seed := range uint64(300) {
		d := newDice(seed + 3_000_000)
		var things []*thing
		for id := range 60 {
			s := d.thing(id)
			s.numbers["createdAt"] = int64(id*7%60) + 1 // each has its own, so that the order is certain
			things = append(things, s)
		}
		indexes := append(alertIndexes(), oddIndexes()...)
		for i := range indexes {
			indexes[i].Unique = indexes[i].Unique && indexes[i].Name != "open alias"
		}
		s := newStore(v, things, indexes...)
		text := d.query(2)
		q, err := Parse(text, v, Options{})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var want []*thing
		for _, thing := range things {
			if q.Match(thing) {
				want = append(want, thing)
			}
		}
		slices.SortFunc(want, newestFirst)
		for _, size := range []int{1, 10, 100} {
			got := s.page(s.planner.Plan(q, newest()), size)
			if !slices.Equal(got, want[:min(size, len(want))]) {
				t.Fatalf("%q: the first %d are %d others", text, size, len(got))
			}
		}
	}
}

func newestFirst(a, b *thing) int { return int(b.numbers["createdAt"] - a.numbers["createdAt"]) }

// page returns the first of a plan's subjects, newest first.
func (s *store) page(plan Plan, size int) (page []*thing) {
	var ranges [][]*thing
	for _, r := range plan.Ranges {
		rows := s.read(r)
		if !plan.Sorted {
			rows = slices.SortedFunc(slices.Values(rows), newestFirst)
		}
		ranges = append(ranges, rows)
	}
	for len(page) < size {
		first := -1
		for i, rows := range ranges {
			if len(rows) > 0 && (first < 0 || newestFirst(rows[0], ranges[first][0]) < 0) {
				first = i
			}
		}
		if first < 0 {
			break
		}
		row := ranges[first][0]
		ranges[first] = ranges[first][1:]
		if plan.Check.Match(row) && !(plan.Repeats && slices.Contains(page, row)) {
			page = append(page, row)
		}
	}
	return page
}
