package state_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// counted is how many alerts a query finds, until stop ends that.
func counted(t *testing.T, s *stage, text string, stop func(int) bool) int {
	t.Helper()
	q, err := state.ParseQuery(text, s.now, nil)
	if err != nil {
		t.Fatal(err)
	}
	search := state.Search{Query: q, Stop: stop}
	return search.Count(s.tx)
}

// Whatever is counted, be it by an index or by a counter, is how many alerts are found.
func TestCountIsHowManyAreFound(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 11))
	s := manyAlerts(t, random, 400)
	compose := wishes(s, random)
	var everything []*alert.Alert
	for a := range state.Alerts.All(s.tx) {
		everything = append(everything, a)
	}
	check := func(w wish) {
		t.Helper()
		want := 0
		for _, a := range everything {
			if w.holds(a) {
				want++
			}
		}
		if got := counted(t, s, w.text, nil); got != want {
			t.Errorf("%q counts %d, want %d", w.text, got, want)
		}
	}
	middle := everything[len(everything)/2].CreatedAt
	check(wish{"", func(*alert.Alert) bool { return true }})
	check(wish{"status: open", func(a *alert.Alert) bool { return a.Status == alert.Open }})
	check(wish{"status: closed", func(a *alert.Alert) bool { return a.Status == alert.Closed }})
	check(wish{fmt.Sprint("status: open AND createdAt >= ", middle.UnixMilli()), func(a *alert.Alert) bool { return a.Status == alert.Open && !a.CreatedAt.Before(middle) }})
	check(wish{"status: open AND status: closed", func(*alert.Alert) bool { return false }})
	for range 500 {
		check(compose(3))
	}
}

// How many alerts there are, open or closed, is known without a look at any, also where some were deleted.
func TestCountReadsNoAlerts(t *testing.T) {
	s := manyAlerts(t, rand.New(rand.NewPCG(5, 5)), 300)
	for _, text := range []string{"", "status: open", "status: closed"} {
		q, err := state.ParseQuery(text, s.now, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := counted(t, s, text, nil)
		search := state.Search{Query: q}
		if got := search.Count(noRows{s.tx, state.Alerts.Number(), t}); got != want || want == 0 {
			t.Errorf("%q: %d alerts, want %d", text, got, want)
		}
	}
}

// noRows is a state in which no row of a table may be read.
type noRows struct {
	table.Reader
	table uint16
	t     *testing.T
}

// Get implements [table.Reader].
func (r noRows) Get(key []byte) ([]byte, bool) {
	if number, _, isRow := table.RowOf(key); isRow && number == r.table {
		r.t.Errorf("the row %x is read", key)
	}
	return r.Reader.Get(key)
}

// Scan implements [table.Reader].
func (r noRows) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	if number, _, isRow := table.RowOf(from); isRow && number == r.table {
		r.t.Errorf("rows from %x on are read", from)
	}
	return r.Reader.Scan(from, to)
}

// A count that is ended knows of no more than it has looked at.
func TestCountThatIsEnded(t *testing.T) {
	s := manyAlerts(t, rand.New(rand.NewPCG(5, 5)), 300)
	for _, text := range []string{"status: open", "priority: P1", "status: closed"} {
		whole := counted(t, s, text, nil)
		some := counted(t, s, text, func(looked int) bool { return looked == 10 })
		if some > min(10, whole) || text == "status: open" && some != 10 {
			t.Errorf("%q: of %d it counts %d after ten", text, whole, some)
		}
	}
}
