package table

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"
)

// letter is a row for the tests of the encoding. Its golden bytes say what is on
// the disks out there: they may be added to, and never change.
type letter struct {
	ID      string            `cbor:"1,keyasint"`
	Number  uint64            `cbor:"2,keyasint"`
	Balance int64             `cbor:"3,keyasint"`
	Sent    time.Time         `cbor:"4,keyasint"`
	Copies  []string          `cbor:"5,keyasint,omitempty"`
	Labels  map[string]string `cbor:"6,keyasint,omitempty"`
	Body    []byte            `cbor:"7,keyasint,omitempty"`
	Open    bool              `cbor:"8,keyasint,omitempty"`
	Inner   *letter           `cbor:"9,keyasint,omitempty"`
}

func sample() *letter {
	hanoi := time.FixedZone("ICT", 7*3600)
	return &letter{
		ID: "kẻng", Number: 1 << 40, Balance: -5, Sent: time.Date(2026, 11, 25, 15, 4, 5, 67, hanoi),
		Copies: []string{"a", ""}, Labels: map[string]string{"z": "1", "b": "2", "aa": "3"}, Body: []byte{0, 255}, Open: true,
		Inner: &letter{ID: "x"},
	}
}

// goldenRow is sample, one line for the level and each field.
const goldenRow = "01a9" +
	"01666be1babb6e67" +
	"021b0000010000000000" +
	"0324" +
	"04781e323032362d31312d32355430383a30343a30352e3030303030303036375a" + // text, UTC
	"0582616160" +
	"06a361626132617a61316261616133" +
	"074200ff" +
	"08f5" +
	"09a40161780200030004f6" // the zero time is null

func TestGoldenRow(t *testing.T) {
	value, err := newCodec().encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(value); got != goldenRow {
		t.Errorf("the row is encoded as\n%s, want\n%s", got, goldenRow)
	}
	golden, err := hex.DecodeString(goldenRow)
	if err != nil {
		t.Fatal(err)
	}
	var got letter
	if err := newCodec().decode(golden, &got); err != nil || got.ID != "kẻng" || got.Inner.ID != "x" || !got.Inner.Sent.IsZero() {
		t.Errorf("the golden row is read as %+v, %v", got, err)
	}
}

func TestRowRoundTrip(t *testing.T) {
	c := newCodec()
	value, err := c.encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	var got letter
	if err := c.decode(value, &got); err != nil {
		t.Fatal(err)
	}
	want := sample()
	if !got.Sent.Equal(want.Sent) || got.Sent.Location() != time.UTC {
		t.Errorf("%v comes back as %v", want.Sent, got.Sent)
	}
	want.Sent = got.Sent
	if !reflect.DeepEqual(&got, want) {
		t.Errorf("%+v comes back as %+v", want, got)
	}
}

func TestRowLimits(t *testing.T) {
	c := newCodec()
	if _, err := c.encode(&letter{ID: strings.Repeat("x", MaxRowBytes)}); err == nil {
		t.Error("a row that is too large is encoded")
	}
}

// FuzzRowDecode: rubbish is an error, and what is read can be written and read
// again.
func FuzzRowDecode(f *testing.F) {
	c := newCodec()
	value, err := c.encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(value)
	f.Add([]byte{1, 0xa1, 1, 0x60})
	f.Fuzz(func(t *testing.T, b []byte) {
		var first, second letter
		if c.decode(b, &first) != nil {
			return
		}
		again, err := c.encode(&first)
		if err != nil {
			t.Skip() // such as a year that RFC 3339 cannot write
		}
		if err := c.decode(again, &second); err != nil {
			t.Errorf("%x cannot be read again: %v", again, err)
		}
		if !first.Sent.Equal(second.Sent) {
			t.Errorf("%v comes back as %v", first.Sent, second.Sent)
		}
	})
}
