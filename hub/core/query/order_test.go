package query

import (
	"fmt"
	"slices"
	"testing"
)

// Lists are sorted by numbers as numbers, by texts as they are searched, by choices in their
// own order; who has nothing comes last, both ways. Rule ogapi-5.sort.keys.
func TestKeysSort(t *testing.T) {
	of := func(message, priority, owner string, count int64) *thing {
		return &thing{texts: map[string][]string{"message": {message}, "priority": {priority}, "owner": {owner}}, numbers: map[string]int64{"count": count}}
	}
	all := []*thing{of("ổ đĩa", "P5", "", 10), of("Web", "P1", "binh", 9), of("O dia", "P3", "An", 100)}
	for _, c := range []struct {
		sort, order, want string
	}{
		{"count", "asc", "9 10 100"}, {"count", "desc", "100 10 9"}, {"priority", "asc", "9 100 10"}, {"priority", "desc", "10 100 9"},
		{"owner", "asc", "100 9 10"}, {"owner", "desc", "9 100 10"},
		{"message", "asc", "10 100 9"}, {"message", "desc", "9 10 100"}, // "ổ đĩa" and "O dia" are equals, and stay in their order
		{"snoozedUntil", "asc", "10 9 100"},
	} {
		order, err := Alerts().Order(c.sort, c.order)
		if err != nil {
			t.Fatal(err)
		}
		v := Alerts()
		sorted := slices.Clone(all)
		slices.SortStableFunc(sorted, func(a, b *thing) int { return order.Compare(v.Key(order, a), v.Key(order, b)) })
		got := ""
		for _, s := range sorted {
			got += fmt.Sprint(" ", s.numbers["count"])
		}
		if got[1:] != c.want {
			t.Errorf("by %s %s: %s, want %s", c.sort, c.order, got[1:], c.want)
		}
	}
}

// Incidents are sorted by Opsgenie's keys and no other, statuses in the order of a life. Rules
// ogapi-5.sort.incidents, keng-5.incidents.fields.
func TestIncidentsSort(t *testing.T) {
	v := Incidents()
	var sorts []string
	for _, f := range v.Fields() {
		if f.Sorts {
			sorts = append(sorts, f.Name)
		}
	}
	slices.Sort(sorts)
	if want := []string{"createdAt", "isSeen", "message", "owner", "status", "tinyId"}; !slices.Equal(sorts, want) {
		t.Errorf("sorted by %v, want %v", sorts, want)
	}
	of := func(status string) *thing { return &thing{texts: map[string][]string{"status": {status}}} }
	order, err := v.Order("status", "asc")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"open", "resolved"}, {"resolved", "closed"}, {"open", "closed"}} {
		if order.Compare(v.Key(order, of(c[0])), v.Key(order, of(c[1]))) >= 0 {
			t.Errorf("%s does not come before %s", c[0], c[1])
		}
	}
	for _, sort := range []string{"priority", "alias", "count"} {
		if _, err := v.Order(sort, "asc"); err == nil {
			t.Errorf("sorted by %s", sort)
		}
	}
}
