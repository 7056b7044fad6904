package state

import (
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// keng-5.journal.room: when there are as many inputs as there may be, the oldest make room, two
// for each that comes as long as there are too many.
func TestJournalMakesRoom(t *testing.T) {
	tx, machine := tabletest.NewTx(), New(time.LoadLocation)
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	for n := range uint64(5) {
		if err := Journal.Put(tx, &Input{Number: n + 1, At: now}); err != nil {
			t.Fatal(err)
		}
	}
	if err := counters.Put(tx, &counter{Name: "input", Last: JournalMax + 2}); err != nil { // as if all between were there
		t.Fatal(err)
	}
	left := func() (n int) {
		for range Journal.Find(tx, table.K()) {
			n++
		}
		return n
	}
	for i, want := range []int{4, 3, 3} { // 5+1-2, 4+1-2, then the third is the oldest for which there is room
		raw, err := Encode(core.Seed{byte(i)}, CreateAlert{Draft: alert.Draft{Message: "x", Integration: "key"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := machine.Handle(tx, now, raw); err != nil {
			t.Fatal(err)
		}
		if got := left(); got != want {
			t.Errorf("after %d inputs there are %d rows, not %d", i+1, got, want)
		}
	}
}
