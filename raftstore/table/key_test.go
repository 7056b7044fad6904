package table

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// tuple is a key's elements, before encoding.
type tuple []any

func (t tuple) key() Key {
	k := K()
	for _, element := range t {
		switch v := element.(type) {
		case string:
			k = k.String(v)
		case []byte:
			k = k.Bytes(v)
		case uint64:
			k = k.Uint64(v)
		case int64:
			k = k.Int64(v)
		case time.Time:
			k = k.Time(v)
		case bool:
			k = k.Bool(v)
		}
	}
	return k
}

func compareElements(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case []byte:
		return bytes.Compare(a, b.([]byte))
	case uint64:
		return cmp.Compare(a, b.(uint64))
	case int64:
		return cmp.Compare(a, b.(int64))
	case time.Time:
		return a.Compare(b.(time.Time))
	case bool:
		n := map[bool]int{false: 0, true: 1}
		return n[a] - n[b.(bool)]
	}
	panic("unknown element")
}

// randomElement returns an element of the kind'th type; close ones are likely.
func randomElement(random *rand.Rand, kind int) any {
	text := func() string {
		b := make([]byte, random.IntN(4))
		for i := range b {
			b[i] = []byte{0, 1, 'a', 0xff}[random.IntN(4)]
		}
		return string(b)
	}
	numbers := []int64{math.MinInt64, -2, -1, 0, 1, 255, 256, math.MaxInt64}
	switch kind {
	case 0:
		return text()
	case 1:
		return []byte(text())
	case 2:
		return uint64(numbers[random.IntN(len(numbers))])
	case 3:
		return numbers[random.IntN(len(numbers))]
	case 4:
		return time.Unix(int64(random.IntN(5)-2), int64(random.IntN(3))).UTC()
	}
	return random.IntN(2) == 0
}

// TestGoldenKey: keys lie in the states out there, and are compared with new ones.
func TestGoldenKey(t *testing.T) {
	key := K().String("a\x00b").Bytes([]byte{0xff}).Uint64(1).Int64(-1).Time(time.Unix(-1, 5)).Bool(true)
	const golden = "07" + "6100ff62" + "0001" + "06" + "ff" + "0001" + "03" + "0000000000000001" +
		"04" + "7fffffffffffffff" + "05" + "7fffffffffffffff" + "00000005" + "02" + "01"
	if got := hex.EncodeToString([]byte(key)); got != golden {
		t.Errorf("the key is encoded as\n%s, want\n%s", got, golden)
	}
}

// TestKeyOrder: keys are ordered as their elements are, shorter ones first, and
// one is another's prefix exactly if its elements are.
func TestKeyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		kinds := make([]int, 3)
		for i := range kinds {
			kinds[i] = random.IntN(6)
		}
		draw := func() (u tuple) {
			for _, kind := range kinds[:random.IntN(len(kinds)+1)] {
				u = append(u, randomElement(random, kind))
			}
			return u
		}
		a, b := draw(), draw()
		want := slices.CompareFunc(a, b, compareElements)
		if got := cmp.Compare(a.key(), b.key()); got != want {
			t.Fatalf("%v and %v compare as %d, their keys as %d", a, b, want, got)
		}
		prefix := len(b) <= len(a) && slices.CompareFunc(a[:len(b)], b, compareElements) == 0
		if got := a.key().HasPrefix(b.key()); got != prefix {
			t.Fatalf("%v begins with %v: %v, their keys: %v", a, b, prefix, got)
		}
		elements, err := a.key().Elements()
		if err != nil || len(elements) != len(a) || len(a) > 0 && !reflect.DeepEqual(elements, []any(a)) {
			t.Fatalf("%v is read as %v, %v", a, elements, err)
		}
	}
}

func TestKeyTimeIsLossless(t *testing.T) {
	hanoi := time.FixedZone("ICT", 7*3600)
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Date(2026, 11, 25, 8, 0, 0, 123456789, hanoi), time.Date(-200, 1, 1, 0, 0, 0, 1, time.UTC)} {
		elements, err := K().Time(at).Elements()
		if err != nil || !elements[0].(time.Time).Equal(at) {
			t.Errorf("%v is read as %v, %v", at, elements, err)
		}
	}
}

func TestSuccessor(t *testing.T) {
	for _, c := range []struct{ prefix, want string }{
		{"a", "b"}, {"a\xff", "b"}, {"\xff\xff", ""}, {"", ""}, {"a\x00", "a\x01"},
	} {
		if got := successor([]byte(c.prefix)); string(got) != c.want {
			t.Errorf("after %q comes %q, want %q", c.prefix, got, c.want)
		}
	}
}

// FuzzKeyElements: bytes that are read as a key are that key, exactly.
func FuzzKeyElements(f *testing.F) {
	f.Add(string(K().String("a\x00b").Bytes([]byte{1}).Uint64(7).Int64(-7).Time(time.Unix(1, 2)).Bool(true)))
	f.Add("\x07abc")
	f.Add("\x05\x80")
	f.Fuzz(func(t *testing.T, s string) {
		elements, err := Key(s).Elements()
		if err != nil {
			return
		}
		if got := tuple(elements).key(); got != Key(s) {
			t.Errorf("%x is read as %v, which is %x", s, elements, string(got))
		}
	})
}
