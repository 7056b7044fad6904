package raftstore

import (
	"encoding/binary"
	"encoding/hex"
	"testing"
	"time"

	"keng/raftstore/internal/overlay"
)

// count counts the remembered results, and makes sure that both sides agree.
func countResults(t *testing.T, o *overlay.Overlay) uint64 {
	t.Helper()
	var byID, byTime uint64
	for range o.Scan([]byte(keyResult), []byte(keyResultTime)) {
		byID++
	}
	for range o.Scan([]byte(keyResultTime), []byte(keyAfterTimes)) {
		byTime++
	}
	value, _ := o.Get([]byte(keyResultCount))
	if stored := binary.BigEndian.Uint64(value); byID != byTime || byID != stored {
		t.Fatalf("%d results by id, %d by time, and the count is %d", byID, byTime, stored)
	}
	return byID
}

// TestGoldenMemory: what is in the states out there. A node that does not find the
// results of the version before it evaluates commands a second time.
func TestGoldenMemory(t *testing.T) {
	o := overlay.Over(overlay.Empty{})
	m := &memory{limit: 10, oldest: []byte(keyResultTime)}
	now := time.Date(2026, 11, 25, 8, 0, 0, 1, time.UTC)
	m.remember(o, CommandID{0: 0xa1, 15: 0xa2}, now, []byte("ok"))
	m.tidy(o, now, 1)
	const id, at = "a10000000000000000000000000000a2", "18eb3adda0f70001"
	want := map[string]string{
		"ff6e":           "0000000000000001",
		"ff72" + id:      at + "6f6b",
		"ff74" + at + id: "",
	}
	for key, value := range o.Scan([]byte{ownSpace}, nil) {
		stored, ok := want[hex.EncodeToString(key)]
		if !ok || stored != hex.EncodeToString(value) {
			t.Errorf("stored %x as %x, want one of %v", key, value, want)
		}
		delete(want, hex.EncodeToString(key))
	}
	if len(want) > 0 {
		t.Errorf("not stored: %v", want)
	}
}

func TestMemoryIsBoundedInNumber(t *testing.T) {
	o := overlay.Over(overlay.Empty{})
	m := &memory{limit: 10, oldest: []byte(keyResultTime)}
	now := time.Unix(1e9, 0)
	var ids []CommandID
	for range 50 {
		id := NewCommandID()
		ids = append(ids, id)
		now = now.Add(time.Second)
		m.remember(o, id, now, []byte("result"))
		m.tidy(o, now, 3)
		if n := countResults(t, o); n > 10 {
			t.Fatalf("%d results are remembered", n)
		}
	}
	for i, id := range ids {
		result, known := m.recall(o, id)
		if want := i >= 40; known != want || known && string(result) != "result" {
			t.Errorf("result %d is known: %v, %q", i, known, result)
		}
	}
}

func TestMemoryIsBoundedInAge(t *testing.T) {
	o := overlay.Over(overlay.Empty{})
	m := &memory{limit: 1000, oldest: []byte(keyResultTime)}
	start := time.Unix(1e9, 0)
	remember := func(at time.Time) CommandID {
		id := NewCommandID()
		m.remember(o, id, at, nil)
		m.tidy(o, at, 10)
		return id
	}
	var old []CommandID
	for i := range 30 {
		old = append(old, remember(start.Add(time.Duration(i)*time.Second)))
	}
	remember(start.Add(memoryAge - time.Second))
	if n := countResults(t, o); n != 31 {
		t.Errorf("within a day %d of 31 results are remembered", n)
	}
	for range 3 { // ten a batch
		remember(start.Add(memoryAge + time.Hour))
	}
	if n := countResults(t, o); n != 4 {
		t.Errorf("a day later %d results are remembered, want the newest 4", n)
	}
	if _, known := m.recall(o, old[0]); known {
		t.Error("the oldest is still known")
	}
	// The next batch, as after a restart, starts from what is stored.
	m = &memory{limit: 1000, count: 4, oldest: []byte(keyResultTime)}
	remember(start.Add(3 * memoryAge))
	if n := countResults(t, o); n != 1 {
		t.Errorf("two days later %d results are remembered", n)
	}
	if o.Err() != nil {
		t.Error(o.Err())
	}
}
