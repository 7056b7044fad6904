package overlay

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"keng/raftstore/table"
)

// model is a table.Tx that is too simple to be wrong.
type model map[string]string

func (m model) Get(key []byte) ([]byte, bool) {
	v, ok := m[string(key)]
	return []byte(v), ok
}

func (m model) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return m.scan(slices.Sorted(maps.Keys(m)), from, to)
}

func (m model) ScanReverse(from, to []byte) iter.Seq2[[]byte, []byte] {
	keys := slices.Sorted(maps.Keys(m))
	slices.Reverse(keys)
	return m.scan(keys, from, to)
}

func (m model) scan(keys []string, from, to []byte) iter.Seq2[[]byte, []byte] {
	frozen := maps.Clone(m)
	return func(yield func(k, v []byte) bool) {
		for _, k := range keys {
			if k < string(from) || len(to) > 0 && k >= string(to) {
				continue
			}
			if !yield([]byte(k), []byte(frozen[k])) {
				return
			}
		}
	}
}

func (m model) Set(key, value []byte) { m[string(key)] = string(value) }
func (m model) Delete(key []byte)     { delete(m, string(key)) }

func list(seq iter.Seq2[[]byte, []byte]) string {
	var b strings.Builder
	for k, v := range seq {
		fmt.Fprintf(&b, "%s=%s ", k, v)
	}
	return b.String()
}

// batch is what the evaluator keeps of a batch.
type batch struct {
	number uint64
	keys   [][]byte
	writes []Write
}

// after returns base with some batches applied, as the engine would.
func after(base model, batches []batch) model {
	newer := maps.Clone(base)
	for _, b := range batches {
		for _, w := range b.writes {
			if w.Deleted {
				newer.Delete(w.Key)
			} else {
				newer.Set(w.Key, w.Value)
			}
		}
	}
	return newer
}

// compare checks that o reads as want does, at some keys and ranges.
func compare(t *testing.T, random *rand.Rand, o table.Reader, want model) {
	t.Helper()
	key := randomKey(random)
	got, ok := o.Get(key)
	wanted, there := want.Get(key)
	if ok != there || ok && string(got) != string(wanted) {
		t.Fatalf("Get(%s) is %q %v, want %q %v", key, got, ok, wanted, there)
	}
	if random.IntN(3) > 0 { // what no range was read of has no order
		return
	}
	from, to := randomKey(random), randomKey(random)
	switch random.IntN(4) {
	case 0:
		from = nil
	case 1:
		to = nil
	}
	if got, wanted := list(o.Scan(from, to)), list(want.Scan(from, to)); got != wanted {
		t.Fatalf("Scan(%s, %s) is\n%s, want\n%s", from, to, got, wanted)
	}
	if got, wanted := list(o.ScanReverse(from, to)), list(want.ScanReverse(from, to)); got != wanted {
		t.Fatalf("ScanReverse(%s, %s) is\n%s, want\n%s", from, to, got, wanted)
	}
}

func randomKey(random *rand.Rand) []byte { return fmt.Appendf(nil, "k%02d", random.IntN(40)) }

// mutate does some random writes to both.
func mutate(random *rand.Rand, o, m table.Tx) {
	for range random.IntN(6) {
		key := randomKey(random)
		if random.IntN(3) == 0 {
			o.Delete(key)
			m.Delete(key)
			continue
		}
		value := fmt.Appendf(nil, "v%d", random.IntN(1000))
		o.Set(key, value)
		m.Set(key, value)
	}
}

// TestAgainstModel does what the evaluator does, at random: commands that succeed
// and fail in batches, of which older ones get applied to a base and forgotten.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		base, want := model{}, model{}
		mutate(random, base, want)
		o := Over(base)
		var pending []batch
		for number := uint64(1); number < 30; number++ {
			if n := random.IntN(len(pending) + 1); n > 0 {
				base = after(base, pending[:n])
				for _, b := range pending[:n] {
					o.Forget(b.number, b.keys)
				}
				pending = pending[n:]
				o.Rebase(base)
			}
			o.Begin(number)
			for range random.IntN(5) {
				o.Save()
				attempt := maps.Clone(want)
				mutate(random, o, attempt)
				compare(t, random, o, attempt)
				if random.IntN(3) == 0 {
					o.Rollback()
				} else {
					want = attempt
				}
				compare(t, random, o, want)
			}
			pending = append(pending, batch{number, o.Keys(), slices.Collect(o.Writes())})
			if replayed := after(base, pending); !maps.Equal(replayed, want) {
				t.Fatalf("seed %d: the batches' writes make %v, want %v", seed, replayed, want)
			}
		}
		for _, b := range pending {
			o.Forget(b.number, b.keys)
		}
		if left := max(o.Len(), o.tree.Len(), len(o.unordered)); left != 0 {
			t.Fatalf("seed %d: %d keys are left after all batches were forgotten", seed, left)
		}
	}
}

// TestWritesInsideALoop: a loop sees the state as it was when it began, however
// its body, and loops within it, write.
func TestWritesInsideALoop(t *testing.T) {
	o := Over(model{"b": "base", "d": "base"})
	for _, k := range []string{"a", "c", "e"} {
		o.Set([]byte(k), []byte("old"))
	}
	var seen []string
	for k, v := range o.Scan(nil, nil) {
		seen = append(seen, string(k)+"="+string(v))
		o.Set([]byte("e"), []byte("new"))
		o.Set(append([]byte("z"), k...), []byte("new"))
		o.Delete([]byte("c"))
		for k := range o.ScanReverse([]byte("x"), nil) {
			o.Set(append([]byte("y"), k...), nil)
		}
	}
	if got := strings.Join(seen, " "); got != "a=old b=base c=old d=base e=old" {
		t.Errorf("the loop has seen %s", got)
	}
	if _, ok := o.Get([]byte("c")); ok {
		t.Error("c is still there after the loop")
	}
	if o.scans != 0 {
		t.Errorf("%d loops are still counted", o.scans)
	}
}

func TestFailure(t *testing.T) {
	o := Over(Empty{})
	first := errors.New("first")
	o.Set([]byte("a"), nil)
	o.Fail(first)
	o.Fail(errors.New("second"))
	if o.Err() != first {
		t.Errorf("the error is %v", o.Err())
	}
	o.Rollback()
	if o.Err() != nil || o.Len() != 0 || len(o.Keys()) != 0 || o.Size() != 0 {
		t.Errorf("after the rollback there is left: %v, %d keys, size %d", o.Err(), o.Len(), o.Size())
	}
}
