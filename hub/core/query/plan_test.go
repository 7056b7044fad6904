package query

import (
	"slices"
	"strings"
	"testing"
)

// alertIndexes are such as a store of alerts may have.
func alertIndexes() []Index {
	return []Index{
		{Name: "id", Columns: []Column{{Field: "alertId"}}, Unique: true},
		{Name: "tiny", Columns: []Column{{Field: "tinyId"}}, Unique: true},
		{Name: "open alias", Columns: []Column{{Field: "alias"}}, Where: "status: open", Rows: 20_000, Unique: true},
		{Name: "created", Columns: []Column{{Field: "createdAt", Rows: 1}}},
		{Name: "unattended", Columns: []Column{{Field: "createdAt", Rows: 1}}, Where: "status: open AND acknowledged: false", Rows: 5_000},
		{Name: "open", Columns: []Column{{Field: "createdAt", Rows: 1}}, Where: "status: open", Rows: 20_000},
		{Name: "status", Columns: []Column{{Field: "status", Rows: 500_000}, {Field: "createdAt", Rows: 1}}},
		{Name: "tag", Columns: []Column{{Field: "tag", Rows: 2_000}, {Field: "createdAt", Rows: 1}}},
		{Name: "team", Columns: []Column{{Field: "teams", Rows: 50_000}, {Field: "createdAt", Rows: 1}}},
		{Name: "owner", Columns: []Column{{Field: "owner", Rows: 10_000}, {Field: "createdAt", Rows: 1}}},
		{Name: "snoozed", Columns: []Column{{Field: "snoozedUntil", Rows: 1}}, Rows: 500},
	}
}

// oddIndexes have what alertIndexes have not: several equal columns, columns without
// values in the middle, several values behind one.
func oddIndexes() []Index {
	return []Index{
		{Name: "owner, snoozed", Columns: []Column{{Field: "owner", Rows: 9}, {Field: "snoozedUntil", Rows: 2}}},
		{Name: "status, flag, tiny", Columns: []Column{{Field: "status", Rows: 20}, {Field: "acknowledged", Rows: 10}, {Field: "tinyId", Rows: 1}}},
		{Name: "created, tag", Columns: []Column{{Field: "createdAt", Rows: 4}, {Field: "tag", Rows: 1}}},
		{Name: "closed tag, team", Columns: []Column{{Field: "tag", Rows: 9}, {Field: "teams", Rows: 3}}, Where: "status: closed", Rows: 30},
		{Name: "priority", Columns: []Column{{Field: "priority", Rows: 15}}},
		{Name: "alias, created", Columns: []Column{{Field: "alias", Rows: 10}, {Field: "createdAt", Rows: 1}}},
		{Name: "count", Columns: []Column{{Field: "count", Rows: 15}, {Field: "createdAt", Rows: 1}}},
	}
}

// TestPlanFindsWhatAScanFinds is the promise of plans: over random queries, subjects and
// indexes, reading the ranges and checking what is left finds what the query matches, in
// the order and as often as the plan says.
//
// Rule keng-5.plan.same.
func TestPlanFindsWhatAScanFinds(t *testing.T) {
	rounds := 1500
	if testing.Short() {
		rounds = 600
	}
	v := Alerts()
	for seed := range rounds {
		d := newDice(uint64(seed))
		var things []*thing
		for id := range 40 {
			things = append(things, d.thing(id))
		}
		indexes := append(alertIndexes(), oddIndexes()...)
		d.Shuffle(len(indexes), func(i, j int) { indexes[i], indexes[j] = indexes[j], indexes[i] })
		indexes = indexes[:1+d.IntN(len(indexes))]
		for i := range indexes {
			indexes[i].Unique = indexes[i].Unique && indexes[i].Name != "open alias" // these things share their aliases
		}
		s := newStore(v, things, indexes...)
		text := d.query(3)
		order := Order{Field: d.of("createdAt", "createdAt", "tinyId", "count", "snoozedUntil", "owner", ""), Descending: d.IntN(2) == 0}
		q, err := Parse(text, v, Options{})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if !checkPlan(t, s, q, order) {
			t.Fatalf("seed %d: %s", seed, text)
		}
	}
}

func checkPlan(t *testing.T, s *store, q *Query, order Order) bool {
	t.Helper()
	plan := s.planner.Plan(q, order)
	want := map[*thing]bool{}
	for _, thing := range s.things {
		if q.Match(thing) {
			want[thing] = true
		}
	}
	got := map[*thing]bool{}
	for _, r := range plan.Ranges {
		rows := s.read(r)
		if plan.Sorted && order.Field != "" && !sorted(rows, s.planner.vocabulary.find(order.Field), order.Descending) {
			t.Errorf("a range is not in order %v:\n%s", order, plan.Explain())
			return false
		}
		for _, row := range rows {
			if !plan.Check.Match(row) {
				continue
			}
			if got[row] && !plan.Repeats {
				t.Errorf("a subject comes again:\n%s", plan.Explain())
				return false
			}
			got[row] = true
		}
	}
	for thing := range want {
		if !got[thing] {
			t.Errorf("%s misses %v:\n%s", q, thing, plan.Explain())
			return false
		}
	}
	if len(got) > len(want) {
		t.Errorf("%s finds %d, want %d:\n%s", q, len(got), len(want), plan.Explain())
		return false
	}
	return len(plan.Ranges) <= RangesMax
}

// sorted reports whether rows are in the order of a field.
func sorted(rows []*thing, f *Field, descending bool) bool {
	key := func(t *thing) Value {
		if values := valuesOf(f, t); len(values) > 0 {
			return values[0]
		}
		return Value{}
	}
	return slices.IsSortedFunc(rows, func(a, b *thing) int {
		by := compareValues(key(a), key(b))
		if descending {
			return -by
		}
		return by
	})
}

// plan plans for a million alerts, newest first.
func plan(t *testing.T, text string, order Order, indexes ...Index) Plan {
	t.Helper()
	v := Alerts()
	q, err := Parse(text, v, options())
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return NewPlanner(v, 1_000_000, indexes...).Plan(q, order)
}

func newest() Order { return Order{Field: "createdAt", Descending: true} }

func TestPlanOfAUsualQuery(t *testing.T) {
	p := plan(t, "status: open AND tag: Đĩa AND createdAt > 1470394841148", newest(), alertIndexes()...)
	want := Range{
		Index: "tag", Equal: []Value{{Kind: Name, Text: "dia"}}, From: Value{Kind: Time, Number: 1470394841149}, Reverse: true,
	}
	if len(p.Ranges) != 1 || !slices.EqualFunc(p.Ranges, []Range{want}, equalRanges) {
		t.Errorf("ranges %+v", p.Ranges)
	}
	if p.Check.String() != "status: open" || !p.Sorted || p.Repeats || p.Rows != 500 {
		t.Errorf("check %s, %+v", p.Check, p)
	}
}

func equalRanges(a, b Range) bool {
	return a.Index == b.Index && slices.Equal(a.Equal, b.Equal) && a.From == b.From && a.To == b.To && a.Reverse == b.Reverse
}

func TestRangesOfTimesAreWholeMilliseconds(t *testing.T) {
	for text, want := range map[string][2]int64{
		"createdAt > 10": {11, 0}, "createdAt >= 10": {10, 0}, "createdAt < 10": {0, 10}, "createdAt <= 10": {0, 11}, "createdAt: 10": {10, 11},
		"createdAt > 10 AND createdAt <= 20 AND createdAt < 30 AND createdAt >= 5": {11, 21},
	} {
		p := plan(t, text, newest(), alertIndexes()...)
		r := p.Ranges[0]
		if r.Index != "created" || len(r.Equal) != 0 || r.From.Number != want[0] || r.To.Number != want[1] || !p.Check.Everything() {
			t.Errorf("%s: %+v", text, p)
		}
		if (r.From.Kind == Time) != (want[0] != 0) || (r.To.Kind == Time) != (want[1] != 0) {
			t.Errorf("%s: %+v", text, r)
		}
	}
}

func TestPlanOfAPrefix(t *testing.T) {
	p := plan(t, "tag: Đĩa*", Order{}, alertIndexes()...)
	want := Range{Index: "tag", From: Value{Kind: Name, Text: "dia"}, To: Value{Kind: Name, Text: "dib"}}
	if !slices.EqualFunc(p.Ranges, []Range{want}, equalRanges) || !p.Repeats || !p.Sorted || !p.Check.Everything() {
		t.Errorf("%+v, check %s", p, p.Check)
	}
	if p := plan(t, "tag: Đĩa*", newest(), alertIndexes()...); p.Sorted {
		t.Error("the tags that begin so come by tag, not by time")
	}
}

// Rule keng-5.plan.bounded.
func TestPlanIsBounded(t *testing.T) {
	for n, want := range map[int]string{RangesMax: "tag", RangesMax + 1: "created"} {
		var tags []string
		for i := range n {
			tags = append(tags, "tag: t"+string(rune('a'+i)))
		}
		p := plan(t, strings.Join(tags, " OR "), newest(), alertIndexes()...)
		if p.Ranges[0].Index != want || len(p.Ranges) > RangesMax {
			t.Errorf("%d tags: %d ranges, the first of %q", n, len(p.Ranges), p.Ranges[0].Index)
		}
	}
}

func TestPlanOfNothing(t *testing.T) {
	p := plan(t, "createdAt > 20 AND createdAt < 10", newest(), alertIndexes()...)
	if len(p.Ranges) != 0 || p.Rows != 0 || p.Explain() != "read nothing: nothing can match\n" {
		t.Errorf("%+v", p)
	}
}

func TestPlanTakesTheFirstOfEquals(t *testing.T) {
	a := Index{Name: "a", Columns: []Column{{Field: "owner", Rows: 10}, {Field: "createdAt"}}}
	b := Index{Name: "b", Columns: []Column{{Field: "owner", Rows: 10}, {Field: "createdAt"}}}
	if p := plan(t, "owner: an", newest(), a, b); p.Ranges[0].Index != "a" {
		t.Error("took", p.Ranges[0].Index)
	}
	if p := plan(t, "owner: an", newest(), b, a); p.Ranges[0].Index != "b" {
		t.Error("took", p.Ranges[0].Index)
	}
}

func TestPlanWeighsSorting(t *testing.T) {
	unsorted := Index{Name: "unsorted", Columns: []Column{{Field: "owner", Rows: 100}}}
	for rows, want := range map[int]string{800: "created owner", 801: "unsorted"} {
		by := Index{Name: "created owner", Columns: []Column{{Field: "owner", Rows: rows}, {Field: "createdAt"}}}
		if p := plan(t, "owner: an", newest(), by, unsorted); p.Ranges[0].Index != want {
			t.Errorf("%d sorted rows against 100 to be sorted: took %s", rows, p.Ranges[0].Index)
		}
	}
}

func TestPlannerPanics(t *testing.T) {
	for name, ix := range map[string]Index{
		"no name":       {Columns: []Column{{Field: "owner"}}},
		"no column":     {Name: "x"},
		"unknown field": {Name: "x", Columns: []Column{{Field: "ownr"}}},
		"text":          {Name: "x", Columns: []Column{{Field: "message"}}},
		"where free":    {Name: "x", Columns: []Column{{Field: "owner"}}, Where: "open"},
		"where compare": {Name: "x", Columns: []Column{{Field: "owner"}}, Where: "count > 3"},
		"where wrong":   {Name: "x", Columns: []Column{{Field: "owner"}}, Where: "status: opne"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			NewPlanner(Alerts(), 1, ix)
		})
	}
}

func TestPlanOfAnotherVocabulary(t *testing.T) {
	q, err := Parse("status: open", Alerts(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := NewPlanner(Alerts(), 1)
	if p.Vocabulary() == q.vocabulary {
		t.Error("two vocabularies are one")
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic: no index would ever be found")
		}
	}()
	p.Plan(q, newest())
}

func TestExplainWithoutAnOrder(t *testing.T) {
	p := plan(t, "tag: a OR tag: b", Order{Descending: true}, alertIndexes()...)
	want := "read index tag: tag = a\nread index tag: tag = b\nabout 4000 rows, some perhaps more than once\n"
	if got := p.Explain(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	p = plan(t, "message: a", Order{})
	if got := p.Explain(); got != "read everything\nabout 1000000 rows\ncheck message: a\n" {
		t.Error(got)
	}
	p = plan(t, "message: a", newest())
	if got := p.Explain(); got != "read everything\nabout 1000000 rows\ncheck message: a\nsort by createdAt, descending\n" {
		t.Error(got)
	}
}

func TestValues(t *testing.T) {
	for v, want := range map[Value]string{
		{Kind: Flag, Number: 1}: "true", {Kind: Flag}: "false", {Kind: Number, Number: -3}: "-3", {Kind: Time, Number: 1001}: "1970-01-01T00:00:01.001Z",
		{Kind: Name, Text: "a b"}: `"a b"`, {Kind: Choice, Text: "open"}: "open",
	} {
		if v.String() != want {
			t.Errorf("%+v is %q, want %q", v, v, want)
		}
	}
}

func TestEstimates(t *testing.T) {
	for text, want := range map[string]int{
		"status: open":                   20_000,
		"status: open AND createdAt > 5": 5_000,
		"status: closed":                 500_000,
		"status: open AND createdAt > 5 AND createdAt < 9": 1_250,
		"tag: disk":                             2_000,
		"tag: disk OR tag: cpu":                 4_000,
		"tag: disk OR tag: DISK":                2_000,
		"alertId: x":                            1,
		"alertId: x OR alertId: y OR tinyId: 5": 3,
		"message: x":                            1_000_000,
		"status: open AND acknowledged: false":  5_000,
		"status: open AND acknowledged: false AND createdAt>1": 1_250,
		"snoozedUntil: *": 500,
	} {
		if p := plan(t, text, newest(), alertIndexes()...); p.Rows != want {
			t.Errorf("%s: %d rows, want %d\n%s", text, p.Rows, want, p.Explain())
		}
	}
}

func TestOrder(t *testing.T) {
	v := Alerts()
	for _, c := range []struct {
		sort, order string
		want        Order
	}{
		{"createdAt", "desc", newest()},
		{"CREATEDAT", "DESC", newest()},
		{"lastOccuredAt", "asc", Order{Field: "lastOccurredAt"}},
		{"report.acknowledgedBy", "asc", Order{Field: "acknowledgedBy"}},
		{"report.ackTime", "desc", Order{Field: "report.ackTime", Descending: true}},
	} {
		if got, err := v.Order(c.sort, c.order); err != nil || got != c.want {
			t.Errorf("%s %s: %+v, %v", c.sort, c.order, got, err)
		}
	}
	for _, c := range []struct{ sort, order, want string }{
		{"creatdAt", "asc", `did you mean "createdAt"?`},
		{"description", "asc", "sort by one of acknowledged, acknowledgedBy, alias,"},
		{"createdAt", "up", `order: must be "asc" or "desc"`},
	} {
		if _, err := v.Order(c.sort, c.order); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v", c.sort, c.order, err)
		}
	}
}

// Every key by which Opsgenie sorts alerts and users.
//
// Rules ogapi-5.sort.keys, ogapi-5.sort.misspelt, ogapi-5.sort.users.
func TestSortKeys(t *testing.T) {
	for v, keys := range map[*Vocabulary]string{
		Alerts(): "createdAt updatedAt tinyId alias message status acknowledged isSeen snoozed snoozedUntil count lastOccurredAt lastOccuredAt source owner " +
			"integration.name integration.type report.ackTime report.closeTime report.acknowledgedBy report.closedBy",
		Users(): "username fullName role verified blocked createdAt insertedAt",
	} {
		for _, key := range strings.Fields(keys) {
			if _, err := v.Order(key, "asc"); err != nil {
				t.Error(key, err)
			}
		}
	}
}
