package query

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
)

// thing is a subject of the tests: texts and numbers by field.
type thing struct {
	texts   map[string][]string
	numbers map[string]int64
}

func (s *thing) Texts(field string, values []string) []string {
	return append(values, s.texts[field]...)
}

func (s *thing) Number(field string) (int64, bool) {
	n, ok := s.numbers[field]
	return n, ok
}

// outage is an alert as the tests know it.
func outage() *thing {
	return &thing{
		texts: map[string][]string{
			"alertId": {"0a1b-77"}, "alias": {"Branch-3/website"}, "status": {"open"}, "priority": {"P1"},
			"message":     {"SỰ  CỐ: mất kết nối tới web-01.example.vn"},
			"description": {"Disk_full\non web-01; đĩa đầy (95%)"}, "source": {"10.0.0.7"}, "entity": {"web-01"},
			"owner": {"An@example.vn"}, "teams": {"Trực ca đêm", "IT"}, "responders": {"Trực ca đêm", "an@example.vn"},
			"recipients": {"an@example.vn"}, "tag": {"Disk", "chi nhánh 3"}, "actions": {"Restart"},
			"details.key": {"Site", "đường"}, "details.value": {"Hà Nội", "Nguyễn Huệ, 12"},
			"integration.name": {"Zabbix chính"}, "integration.type": {"API"},
		},
		numbers: map[string]int64{
			"createdAt": 1773109800000, "lastOccurredAt": 1773109900000, "updatedAt": 1773109900000, "tinyId": 4711, "count": 3,
			"isSeen": 1, "acknowledged": 0, "snoozed": 0,
		},
	}
}

// dice makes random things of few values, so that queries often match.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 5))} }

func (d dice) of(words ...string) string { return words[d.IntN(len(words))] }

// some returns none to three different words.
func (d dice) some(words ...string) []string {
	words = slices.Clone(words)
	d.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return words[:d.IntN(4)]
}

func (d dice) thing(id int) *thing {
	s := &thing{
		texts: map[string][]string{
			"alertId": {strings.Repeat("x", id/9) + d.of("a", "b") + string(rune('0'+id%9))},
			"alias":   {d.of("a", "A", "ab", "b")}, "status": {d.of("open", "closed")},
			"priority": {d.of("P1", "P2", "P5")}, "message": {d.of("sự cố", "disk full", "Disk", "diskette")},
			"tag": d.some("disk", "Đĩa", "dia-2", "SỰ CỐ"), "teams": d.some("IT", "đêm", "ngày", "it-2"),
		},
		numbers: map[string]int64{
			"createdAt": d.Int64N(12), "lastOccurredAt": d.Int64N(12), "updatedAt": d.Int64N(12), "tinyId": int64(id),
			"count": d.Int64N(4), "acknowledged": d.Int64N(2), "isSeen": d.Int64N(2), "snoozed": d.Int64N(2),
		},
	}
	if d.IntN(2) == 0 {
		s.texts["owner"] = []string{d.of("an", "An", "bình", "binh-2")}
	}
	if d.IntN(2) == 0 {
		s.numbers["snoozedUntil"] = d.Int64N(12)
	}
	return s
}

// query returns the text of a random query.
func (d dice) query(depth int) string {
	if depth > 0 {
		switch d.IntN(7) {
		case 0, 1:
			return d.query(depth-1) + " AND " + d.query(depth-1)
		case 2, 3:
			return "(" + d.query(depth-1) + " OR " + d.query(depth-1) + ")"
		case 4:
			return "NOT (" + d.query(depth-1) + ")"
		}
	}
	return d.term()
}

func (d dice) term() string {
	compare := d.of(" < ", " <= ", " > ", " >= ", ": ")
	digit := string(rune('0' + d.IntN(10)))
	switch d.IntN(16) {
	case 0:
		return "status: " + d.of("open", "closed", "(open OR closed)", "*")
	case 1:
		return "NOT status: " + d.of("open", "closed")
	case 2, 3, 4:
		return "createdAt" + compare + digit
	case 5:
		return "snoozedUntil" + d.of(compare+digit, ": *")
	case 6:
		return "alias: " + d.of("a", "A", "a*", "*b", "b")
	case 7, 8:
		return "tag: " + d.of("disk", "DISK", "dia", "dia*", "(disk OR dia)", `"su co"`, "*", "*2")
	case 9:
		return "owner: " + d.of("an", "binh", "binh*", "*")
	case 10:
		return "NOT acknowledged: " + d.of("true", "false")
	case 11:
		return "acknowledged: " + d.of("true", "false")
	case 12:
		return "tinyId" + compare + digit
	case 13:
		return "priority: " + d.of("P1", "(P2 OR P3)", "P5")
	case 14:
		return "teams: " + d.of("it", "IT*", "dem", "(dem AND it)", "ngay")
	}
	return d.of("message: disk", "message: disk*", `"su co"`, "disk", "message: *full", "count"+compare+digit, "*")
}

// store is indexes over things, as a planner's caller would have them.
type store struct {
	planner *Planner
	things  []*thing
	indexes map[string][]entry
}

// entry is one entry of an index.
type entry struct {
	key []Value
	of  *thing
}

func newStore(v *Vocabulary, things []*thing, described ...Index) *store {
	s := &store{planner: NewPlanner(v, len(things), described...), things: things, indexes: map[string][]entry{}}
	for _, d := range described {
		in := func(*thing) bool { return true }
		if d.Where != "" {
			q, err := Parse(d.Where, v, Options{})
			if err != nil {
				panic(err)
			}
			in = func(t *thing) bool { return q.Match(t) }
		}
		var entries []entry
		for _, t := range things {
			if in(t) {
				entries = append(entries, entriesOf(v, t, nil, d.Columns)...)
			}
		}
		slices.SortStableFunc(entries, func(a, b entry) int { return slices.CompareFunc(a.key, b.key, compareValues) })
		s.indexes[d.Name] = entries
	}
	return s
}

// entriesOf returns an entry for each combination of the values of the columns.
func entriesOf(v *Vocabulary, t *thing, key []Value, columns []Column) []entry {
	if len(columns) == 0 {
		return []entry{{slices.Clone(key), t}}
	}
	var all []entry
	for _, value := range valuesOf(v.find(columns[0].Field), t) {
		all = append(all, entriesOf(v, t, append(key, value), columns[1:])...)
	}
	return all
}

func valuesOf(f *Field, t *thing) (values []Value) {
	if f.Kind.numeric() {
		if n, ok := t.Number(f.Name); ok {
			values = append(values, Value{Kind: f.Kind, Number: n})
		}
		return values
	}
	for _, text := range t.Texts(f.Name, nil) {
		if f.Kind == Name {
			text = Fold(text)
		}
		if value := (Value{Kind: f.Kind, Text: text}); !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return values
}

func compareValues(a, b Value) int {
	return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Number, b.Number))
}

// read returns what a range of a plan holds.
func (s *store) read(r Range) (found []*thing) {
	if r.Index == "" {
		return s.things
	}
	for _, e := range s.indexes[r.Index] {
		n := len(r.Equal)
		if !slices.Equal(e.key[:n], r.Equal) ||
			r.From.Kind != 0 && compareValues(e.key[n], r.From) < 0 || r.To.Kind != 0 && compareValues(e.key[n], r.To) >= 0 {
			continue
		}
		found = append(found, e.of)
	}
	if r.Reverse {
		slices.Reverse(found)
	}
	return found
}
