package raftstore

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"keng/raftstore/internal/overlay"
)

func sampleEntry() (header, []overlay.Write) {
	h := header{term: 3, sequence: 258, time: time.Date(2026, 11, 25, 8, 0, 0, 1, time.UTC)}
	for i := range h.base {
		h.base[i] = byte(i)
	}
	return h, []overlay.Write{
		{Key: []byte("key"), Value: []byte("value")},
		{Key: []byte("gone"), Deleted: true},
		{Key: []byte("empty"), Value: []byte{}},
	}
}

// goldenEntries are what is in the logs out there, of each level.
var goldenEntries = []string{
	"01" + "f2a1ae32" + goldenHeader + goldenWrites, // level, checksum
	"02" + "c6f72d00" + goldenHeader + // the same, compressed:
		"1960" + goldenWrites, // 25 bytes, of which 25 stand for themselves
}

const (
	goldenHeader = "0000000000000003" + "0000000000000102" + // term, sequence
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" + // base
		"18eb3adda0f70001" // time
	goldenWrites = "01036b65790576616c7565" + // set key = value
		"0204676f6e65" + // delete gone
		"0105656d70747900" // set empty =
)

func TestGoldenEntry(t *testing.T) {
	h, writes := sampleEntry()
	if got := hex.EncodeToString(encodeEntry(h, slices.Values(writes), 100)); got != goldenEntries[1] {
		t.Errorf("the entry is encoded as\n%s, want\n%s", got, goldenEntries[1])
	}
	for _, text := range goldenEntries {
		golden, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		gotHeader, body, err := decodeEntry(golden, nil)
		if err != nil || gotHeader != h {
			t.Fatalf("the header is read as %+v, %v", gotHeader, err)
		}
		var gotWrites []overlay.Write
		if err := eachWrite(body, func(w overlay.Write) error { gotWrites = append(gotWrites, w); return nil }); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(gotWrites, writes) {
			t.Errorf("the writes are read as %+v", gotWrites)
		}
	}
}

// A few compressed bytes must not ask for the memory of gigabytes.
func TestEntryThatUnpacksToTooMuch(t *testing.T) {
	h, _ := sampleEntry()
	for size, fits := range map[int]bool{maxEntryBytes - 100: true, maxEntryBytes + 1: false} {
		entry := encodeEntry(h, slices.Values([]overlay.Write{{Key: []byte("k"), Value: make([]byte, size)}}), size)
		if len(entry) > size/10 {
			t.Errorf("%d equal bytes are written as %d", size, len(entry))
		}
		if _, _, err := decodeEntry(entry, nil); fits != (err == nil) || !fits && !errors.Is(err, errEntryCorrupt) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// TestEntryNoticesDamage flips every bit of an entry.
func TestEntryNoticesDamage(t *testing.T) {
	h, writes := sampleEntry()
	entry := encodeEntry(h, slices.Values(writes), 100)
	for i := range entry {
		for bit := range 8 {
			damaged := bytes.Clone(entry)
			damaged[i] ^= 1 << bit
			_, _, err := decodeEntry(damaged, nil)
			if !errors.Is(err, errEntryCorrupt) && !errors.Is(err, errEntryLevel) {
				t.Fatalf("with bit %d of byte %d flipped the error is %v", bit, i, err)
			}
		}
	}
	for n := range entry {
		if _, _, err := decodeEntry(entry[:n], nil); err == nil {
			t.Fatalf("an entry cut to %d bytes is read", n)
		}
	}
}

// FuzzDecodeEntry: rubbish is an error, and whatever is read encodes to the same.
// The checksum is put right, or nothing would ever get behind it.
func FuzzDecodeEntry(f *testing.F) {
	h, writes := sampleEntry()
	f.Add(encodeEntry(h, slices.Values(writes), 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= entryWritesAt {
			b = bytes.Clone(b)
			b[0] = entryLevelPlain + b[0]%2
			sum := checksum(b[entryBodyAt:])
			b[1], b[2], b[3], b[4] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
		}
		h, body, err := decodeEntry(b, nil)
		if err != nil {
			return
		}
		var writes []overlay.Write
		if eachWrite(body, func(w overlay.Write) error { writes = append(writes, w); return nil }) != nil {
			return
		}
		again := encodeEntry(h, slices.Values(writes), len(b))
		h2, body2, err := decodeEntry(again, nil)
		var writes2 []overlay.Write
		if err == nil {
			err = eachWrite(body2, func(w overlay.Write) error { writes2 = append(writes2, w); return nil })
		}
		if err != nil || h2 != h || !reflect.DeepEqual(writes, writes2) {
			t.Errorf("%+v %+v comes back as %+v %+v (%v)", h, writes, h2, writes2, err)
		}
	})
}

func TestMetaRow(t *testing.T) {
	m := meta{applied: 1, term: 2, sequence: 3, chain: chain{4}, time: time.Unix(5, 6).UTC()}
	got, err := decodeMeta(m.encode())
	if err != nil || got != m {
		t.Errorf("%+v is read as %+v, %v", m, got, err)
	}
	const golden = "01" + "0000000000000001" + "0000000000000002" + "0000000000000003" +
		"0400000000000000000000000000000000000000000000000000000000000000" + "000000012a05f206"
	if hex.EncodeToString(m.encode()) != golden {
		t.Errorf("the row is encoded as %x", m.encode())
	}
	newer := m.encode()
	newer[0]++
	for _, b := range [][]byte{nil, {1}, newer, append(m.encode(), 0)} {
		if _, err := decodeMeta(b); err == nil {
			t.Errorf("%x is read", b)
		}
	}
}

func FuzzDecodeMeta(f *testing.F) {
	f.Add(meta{applied: 1, chain: chain{4}, time: time.Unix(5, 6)}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := decodeMeta(b); err == nil && !bytes.Equal(m.encode(), b) {
			t.Errorf("%x is read as %+v", b, m)
		}
	})
}
