package state

import (
	"strings"
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

// send lets an input come, or what is due be done.
func send[C Command[R], R any](t *testing.T, tx *tabletest.Tx, now time.Time, seed byte, command C) {
	t.Helper()
	raw, err := Encode(core.Seed{seed}, command)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(time.LoadLocation).Handle(tx, now, raw); err != nil {
		t.Fatal(err)
	}
}

// journal returns the numbers and the weight of what is in the journal, and what that is
// counted as.
func journal(tx *tabletest.Tx) (numbers []uint64, weight, counted uint64) {
	for in := range Journal.Find(tx, table.K()) {
		numbers, weight = append(numbers, in.Number), weight+in.Weight
	}
	if row, ok := counters.Get(tx, table.K().String("input")); ok {
		counted = row.Bytes
	}
	return numbers, weight, counted
}

// keng-5.journal.room: the journal has room for so many bytes. The oldest go for what comes,
// as many as it takes, but not all at once.
func TestJournalHasRoomForSoManyBytes(t *testing.T) {
	tx, now := tabletest.NewTx(), time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	small := CreateAlert{Draft: alert.Draft{Message: "x", Integration: "key"}}
	for i := range byte(100) {
		send(t, tx, now, i, small)
	}
	_, weight, counted := journal(tx)
	if weight != counted || weight < 100*inputOverhead || weight > 120*inputOverhead {
		t.Fatalf("100 inputs weigh %d, and are counted as %d", weight, counted)
	}
	each := weight / 100
	if err := counters.Put(tx, &counter{Name: "input", Last: 100, Bytes: JournalBytes - each}); err != nil {
		t.Fatal(err)
	}
	send(t, tx, now, 101, small) // for which there is room yet
	if numbers, _, counted := journal(tx); len(numbers) != 101 || counted > JournalBytes {
		t.Errorf("%d are there, counted as %d", len(numbers), counted)
	}
	send(t, tx, now, 102, small)
	if numbers, _, counted := journal(tx); len(numbers) != 101 || numbers[0] != 2 || counted > JournalBytes {
		t.Errorf("after one more %d are there from %d on, counted as %d", len(numbers), numbers[0], counted)
	}
	large := small
	large.Draft.Description = strings.Repeat("x", alert.DescriptionMax)
	send(t, tx, now, 103, large)
	if numbers, _, _ := journal(tx); len(numbers) != 102-makesRoom || numbers[0] != 2+makesRoom {
		t.Errorf("after a large one %d are there from %d on", len(numbers), numbers[0])
	}
}

// keng-5.journal.age: old inputs go when nothing comes any more, also those of a journal in which
// nothing was counted.
func TestOldInputsGoByThemselves(t *testing.T) {
	tx, now := tabletest.NewTx(), time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	for n := range uint64(250) {
		if err := Journal.Put(tx, &Input{Number: n + 1, At: now}); err != nil {
			t.Fatal(err)
		}
	}
	if err := counters.Put(tx, &counter{Name: "input", Last: 250}); err != nil {
		t.Fatal(err)
	}
	send(t, tx, now, 1, CreateAlert{Draft: alert.Draft{Message: "x", Alias: "x", Integration: "key"}})
	send(t, tx, now, 2, CloseAlert{Alert: Ref{Alias: "x"}}) // which makes the other sweeps begin
	send(t, tx, now.Add(3*24*time.Hour), 3, CreateAlert{Draft: alert.Draft{Message: "x", Integration: "key"}})
	pass := func(until time.Time) {
		for i := byte(4); ; i++ {
			next, ok := NextDeadline(tx)
			if !ok || next.After(until) {
				return
			}
			send(t, tx, next, i, DoDue{})
		}
	}
	pass(now.Add(JournalAge + 8*24*time.Hour))
	if numbers, weight, counted := journal(tx); len(numbers) != 0 || weight != counted {
		t.Errorf("%d are there, counted as %d", len(numbers), counted)
	}
	at := now.Add(40 * 24 * time.Hour)
	send(t, tx, at, 1, CreateAlert{Draft: alert.Draft{Message: "x", Integration: "key"}})
	pass(at.Add(JournalAge - time.Second))
	if numbers, _, _ := journal(tx); len(numbers) != 1 {
		t.Errorf("%d are there before their time is over", len(numbers))
	}
	pass(at.Add(JournalAge + time.Hour))
	if numbers, _, _ := journal(tx); len(numbers) != 0 {
		t.Errorf("%d are there an hour after their time is over", len(numbers))
	}
}
