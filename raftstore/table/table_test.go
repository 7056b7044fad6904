package table_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// pupil is a row with everything that rows have.
type pupil struct {
	ID    uint64    `cbor:"1,keyasint"`
	Name  string    `cbor:"2,keyasint"`
	Class string    `cbor:"3,keyasint,omitempty"`
	Tags  []string  `cbor:"4,keyasint,omitempty"`
	Born  time.Time `cbor:"5,keyasint"`
}

type school struct {
	pupils           *table.Table[pupil]
	name, class, tag *table.Index[pupil]
}

func newSchool() school {
	s := school{
		name: table.NewIndex(1, "name", true, func(p *pupil) []table.Key { return []table.Key{table.K().String(p.Name)} }),
		class: table.NewIndex(2, "class", false, func(p *pupil) []table.Key {
			if p.Class == "" {
				return nil
			}
			return []table.Key{table.K().String(p.Class).Time(p.Born)}
		}),
		tag: table.NewIndex(3, "tag", false, func(p *pupil) (keys []table.Key) {
			for _, tag := range p.Tags {
				keys = append(keys, table.K().String(tag))
			}
			return keys
		}),
	}
	s.pupils = table.New(5, "pupils", func(p *pupil) table.Key { return table.K().Uint64(p.ID) }, s.name, s.class, s.tag)
	return s
}

func names(rows iter.Seq[*pupil]) string {
	var names []string
	for p := range rows {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func TestTableAndIndexes(t *testing.T) {
	s, tx := newSchool(), tabletest.NewTx()
	day := func(n int) time.Time { return time.Date(2015, 1, n, 0, 0, 0, 0, time.UTC) }
	for _, p := range []pupil{
		{1, "An", "7A", []string{"chess", "choir", "chess"}, day(3)},
		{2, "Bình", "7A", []string{"choir"}, day(1)},
		{3, "Chi", "7B", nil, day(2)},
		{4, "Dũng", "", []string{"chess"}, day(2)},
	} {
		if err := s.pupils.Put(tx, &p); err != nil {
			t.Fatal(err)
		}
	}
	k := table.K
	for _, c := range []struct {
		what, got, want string
	}{
		{"all", names(s.pupils.All(tx)), "An Bình Chi Dũng"},
		{"range", names(s.pupils.Range(tx, k().Uint64(2), k().Uint64(4))), "Bình Chi"},
		{"the same, reverse", names(s.pupils.RangeReverse(tx, k().Uint64(2), k().Uint64(4))), "Chi Bình"},
		{"find one", names(s.pupils.Find(tx, k().Uint64(3))), "Chi"},
		{"reverse", names(s.pupils.FindReverse(tx, k())), "Dũng Chi Bình An"},
		{"class", names(s.class.Find(tx, k().String("7A"))), "Bình An"},
		{"class, reverse", names(s.class.FindReverse(tx, k().String("7A"))), "An Bình"},
		{"class is a whole element", names(s.class.Find(tx, k().String("7"))), ""},
		{"class in a range", names(s.class.Range(tx, k().String("7A").Time(day(2)), k().String("7B").Time(day(3)))), "An Chi"},
		{"the same, reverse", names(s.class.RangeReverse(tx, k().String("7A").Time(day(2)), k().String("7B").Time(day(3)))), "Chi An"},
		{"tag", names(s.tag.Find(tx, k().String("chess"))), "An Dũng"},
		{"every tag", names(s.tag.Find(tx, k())), "An Dũng An Bình"},
		{"an index key and a primary key are no longer index key", names(s.tag.Find(tx, k().String("chess").Uint64(1))), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	for what, c := range map[string]struct{ got, want int }{
		"the class 7A":                  {s.class.Count(tx, k().String("7A"), k().String("7B"), nil), 2},
		"each pupil once for each tag":  {s.tag.Count(tx, k(), k().String("d"), nil), 4},
		"names":                         {s.name.Count(tx, k(), k().String("Chi"), nil), 2},
		"nothing":                       {s.name.Count(tx, k().String("E"), k().String("F"), nil), 0},
		"as many as somebody waits for": {s.tag.Count(tx, k(), k().String("d"), func(n int) bool { return n == 3 }), 3},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d are counted, want %d", what, c.got, c.want)
		}
	}
	if p, ok := s.name.Get(tx, k().String("Chi")); !ok || p.ID != 3 {
		t.Errorf("Chi is %v %v", p, ok)
	}
	if p, ok := s.tag.Get(tx, k().String("choir")); !ok || p.ID != 1 {
		t.Errorf("the first in the choir is %v %v", p, ok)
	}
	if p, ok := s.class.First(tx, k().String("7B")); !ok || p.ID != 3 {
		t.Errorf("the first of 7B is %v %v", p, ok)
	}
	if p, ok := s.pupils.Get(tx, k().Uint64(9)); ok {
		t.Errorf("there is a ninth, %v", p)
	}
}

// TestGoldenEntries: under which keys rows and index entries lie, and what an entry
// says. A new version must find what an old one has stored.
func TestGoldenEntries(t *testing.T) {
	name := table.NewIndex(1, "name", true, func(p *pupil) []table.Key { return []table.Key{table.K().String(p.Name)} })
	class := table.NewIndex(2, "class", false, func(p *pupil) []table.Key { return []table.Key{table.K().String(p.Class)} })
	pupils := table.New(0x0103, "pupils", func(p *pupil) table.Key { return table.K().Uint64(p.ID) }, name, class)
	tx := tabletest.NewTx()
	if err := pupils.Put(tx, &pupil{ID: 2, Name: "An", Class: "7"}); err != nil {
		t.Fatal(err)
	}
	const primary = "030000000000000002"
	want := map[string]string{
		"01030000" + primary:              "", // the row itself: see TestGoldenRow
		"01030001" + "07416e0001":         primary,
		"01030002" + "07370001" + primary: "04", // length of the index key
	}
	for key, value := range tx.Scan(nil, nil) {
		entry, ok := want[hex.EncodeToString(key)]
		if !ok || entry != "" && entry != hex.EncodeToString(value) {
			t.Errorf("stored %x as %x, want one of %v", key, value, want)
		}
		delete(want, hex.EncodeToString(key))
	}
	if len(want) > 0 {
		t.Errorf("not stored: %v", want)
	}
}

func TestUnique(t *testing.T) {
	s, tx := newSchool(), tabletest.NewTx()
	put := func(p pupil) error {
		return tx.Run(func(tx *tabletest.Tx) error { return s.pupils.Put(tx, &p) })
	}
	if err := put(pupil{ID: 1, Name: "An", Class: "7A"}); err != nil {
		t.Fatal(err)
	}
	err := put(pupil{ID: 2, Name: "An", Class: "7B"})
	var taken *table.UniqueError
	if !errors.As(err, &taken) || taken.Holder != table.K().Uint64(1) || taken.Index != "name" {
		t.Errorf("a second An: %v", err)
	}
	if got := names(s.class.Find(tx, table.K())); got != "An" {
		t.Errorf("after that the classes have %q", got)
	}
	if err := put(pupil{ID: 1, Name: "An", Class: "8A"}); err != nil {
		t.Errorf("An moves up: %v", err)
	}
	if err := put(pupil{ID: 1, Name: "Ân"}); err != nil {
		t.Errorf("An is renamed: %v", err)
	}
	if err := put(pupil{ID: 2, Name: "An"}); err != nil {
		t.Errorf("the name is free, but: %v", err)
	}
}

// TestInsert: a new row is stored as Put stores it, and nothing is read for that.
func TestInsert(t *testing.T) {
	s, put, inserted := newSchool(), tabletest.NewTx(), tabletest.NewTx()
	for _, p := range []pupil{
		{ID: 1, Name: "An", Class: "7A", Tags: []string{"chess", "choir", "chess"}, Born: time.Date(2015, 1, 3, 0, 0, 0, 0, time.UTC)},
		{ID: 2, Name: "Bình"},
	} {
		if err := errors.Join(s.pupils.Put(put, &p), s.pupils.Insert(blind{inserted}, &p)); err != nil {
			t.Fatal(err)
		}
	}
	stored := func(tx table.Tx) (all []string) {
		for key, value := range tx.Scan(nil, nil) {
			all = append(all, fmt.Sprintf("%x=%x", key, value))
		}
		return all
	}
	if got, want := stored(inserted), stored(put); !slices.Equal(got, want) || len(want) != 7 {
		t.Errorf("what is inserted is stored as %v, and Put stores %v", got, want)
	}
	err := s.pupils.Insert(inserted, &pupil{ID: 3, Name: strings.Repeat("x", table.MaxRowBytes)})
	if err == nil || len(stored(inserted)) != 7 {
		t.Errorf("of a row that is too large %d keys are stored: %v", len(stored(inserted))-7, err)
	}
}

// blind is a transaction of which nothing may be read.
type blind struct{ *tabletest.Tx }

func (blind) Get([]byte) ([]byte, bool)                         { panic("something is read") }
func (blind) Scan(_, _ []byte) iter.Seq2[[]byte, []byte]        { panic("something is read") }
func (blind) ScanReverse(_, _ []byte) iter.Seq2[[]byte, []byte] { panic("something is read") }

// TestChangesInsideALoop: a loop over an index may change what it walks over.
func TestChangesInsideALoop(t *testing.T) {
	s, tx := newSchool(), tabletest.NewTx()
	for id := range uint64(5) {
		if err := s.pupils.Put(tx, &pupil{ID: id, Name: fmt.Sprint(id), Class: "7A"}); err != nil {
			t.Fatal(err)
		}
	}
	seen := ""
	for p := range s.class.Find(tx, table.K()) {
		seen += p.Name
		p.Class = "8A" // is in the range as well, further on
		if err := s.pupils.Put(tx, p); err != nil {
			t.Fatal(err)
		}
		s.pupils.Delete(tx, table.K().Uint64(3))
	}
	if seen != "0124" || tx.Err() != nil {
		t.Errorf("the loop has seen %s (%v)", seen, tx.Err())
	}
}

// check compares everything that is stored with a model, row by row and index by
// index, and counts what is stored.
func check(t *testing.T, s school, tx *tabletest.Tx, model map[uint64]pupil) {
	t.Helper()
	entries := 0
	for id, want := range model {
		if got, ok := s.pupils.Get(tx, table.K().Uint64(id)); !ok || fmt.Sprint(*got) != fmt.Sprint(want) {
			t.Fatalf("row %d is %v, want %v", id, got, want)
		}
		if got, ok := s.name.Get(tx, table.K().String(want.Name)); !ok || got.ID != id {
			t.Fatalf("by its name %q row %d is %v", want.Name, id, got)
		}
		tags := slices.Compact(slices.Sorted(slices.Values(want.Tags)))
		for _, tag := range tags {
			if !strings.Contains(" "+names(s.tag.Find(tx, table.K().String(tag)))+" ", " "+want.Name+" ") {
				t.Fatalf("row %d is not found by its tag %q", id, tag)
			}
		}
		entries += 2 + len(tags) // row, name, tags
		if want.Class != "" {
			entries++
		}
	}
	stored := 0
	for range tx.Scan(nil, nil) {
		stored++
	}
	if stored != entries {
		t.Fatalf("%d keys are stored, want %d", stored, entries)
	}
}

func TestTableAgainstModel(t *testing.T) {
	s := newSchool()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 3))
		tx, model := tabletest.NewTx(), map[uint64]pupil{}
		pick := func(from ...string) string { return from[random.IntN(len(from))] }
		for range 200 {
			id := uint64(random.IntN(12))
			if random.IntN(4) == 0 {
				_, had := model[id]
				if s.pupils.Delete(tx, table.K().Uint64(id)) != had {
					t.Fatalf("seed %d: deleting %d, which was there: %v", seed, id, had)
				}
				delete(model, id)
			} else {
				p := pupil{ID: id, Name: pick("An", "Bình", "Chi", "Dũng", "Giang", "Hà"), Class: pick("", "7A", "7B")}
				for range random.IntN(4) {
					p.Tags = append(p.Tags, pick("chess", "choir", "football"))
				}
				taken := false
				for other, q := range model {
					taken = taken || other != id && q.Name == p.Name
				}
				err := tx.Run(func(tx *tabletest.Tx) error { return s.pupils.Put(tx, &p) })
				if (err != nil) != taken {
					t.Fatalf("seed %d: the name %q is taken: %v, but Put says %v", seed, p.Name, taken, err)
				}
				if err == nil {
					model[id] = p
				}
			}
			check(t, s, tx, model)
		}
	}
}

func TestBrokenStateFails(t *testing.T) {
	s := newSchool()
	rowKey := []byte{0, 5, 0, 0}
	rowKey = append(rowKey, table.K().Uint64(1)...)
	for _, c := range []struct {
		what  string
		spoil func(tx *tabletest.Tx)
		want  string
	}{
		{"a row of rubbish", func(tx *tabletest.Tx) { tx.Set(rowKey, []byte{1, 0xff}) }, "cannot read the row"},
		{"an empty row", func(tx *tabletest.Tx) { tx.Set(rowKey, nil) }, "is empty"},
		{"a row of a newer level", func(tx *tabletest.Tx) { tx.Set(rowKey, []byte{2, 0xa0}) }, "run a newer version"},
		{"a row with an unknown key", func(tx *tabletest.Tx) { tx.Set(rowKey, []byte{1, 0xa1, 9, 0}) }, "unknown field"},
		{"an index entry without row", func(tx *tabletest.Tx) { tx.Delete(rowKey) }, "cannot be had"},
	} {
		tx := tabletest.NewTx()
		if err := s.pupils.Put(tx, &pupil{ID: 1, Name: "An"}); err != nil {
			t.Fatal(err)
		}
		c.spoil(tx)
		err := tx.Run(func(tx *tabletest.Tx) error {
			if p, ok := s.name.First(tx, table.K()); ok {
				t.Errorf("%s: it was read as %v", c.what, p)
			}
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v", c.what, err)
		}
	}
}

func TestNewPanicsOnMistakes(t *testing.T) {
	key := func(*pupil) table.Key { return "" }
	keys := func(*pupil) []table.Key { return nil }
	for what, f := range map[string]func(){
		"a reserved number": func() { table.New(table.ReservedTables, "x", key) },
		"number 0":          func() { table.New(1, "x", key, table.NewIndex(0, "a", false, keys)) },
		"a number twice": func() {
			table.New(1, "x", key, table.NewIndex(1, "a", false, keys), table.NewIndex(1, "b", false, keys))
		},
		"an index of two tables": func() {
			ix := table.NewIndex(1, "a", false, keys)
			table.New(1, "x", key, ix)
			table.New(2, "y", key, ix)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is not noticed", what)
				}
			}()
			f()
		}()
	}
}

func TestRowOf(t *testing.T) {
	s, tx := newSchool(), tabletest.NewTx()
	if err := s.pupils.Put(tx, &pupil{ID: 1, Name: "An", Class: "7A"}); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for stored := range tx.Scan(nil, nil) {
		if number, key, ok := table.RowOf(stored); ok {
			rows++
			if number != 5 || key != table.K().Uint64(1) {
				t.Errorf("%x is said to be row %x of table %d", stored, string(key), number)
			}
		}
	}
	if rows != 1 {
		t.Errorf("%d keys are said to be rows", rows)
	}
}
