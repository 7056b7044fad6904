package table

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Key is an ordered tuple: built from typed elements, and compared (as bytes,
// or with < as Go strings) element by element. A Key that consists of the first
// elements of another is its prefix, and nothing else is: the prefix
// K().String("ab") does not match K().String("abc").
//
// Keys are immutable values and may be compared with == and used in maps. Keys
// that are compared with one another should have the same types of elements in
// the same places.
type Key string

// K returns the empty key, which is a prefix of every key.
func K() Key { return "" }

// Each element begins with a tag, so that keys can be printed and checked
// without knowing their table. Tags are never reused.
const (
	tagBool   = 0x02
	tagUint64 = 0x03
	tagInt64  = 0x04
	tagTime   = 0x05
	tagBytes  = 0x06
	tagString = 0x07

	// Within bytes and strings 0x00 is written as 0x00 0xff, and 0x00 0x01 ends
	// them: so "a" sorts before "a\x00", and that before "ab".
	escape     = 0x00
	escapedNul = 0xff
	terminator = 0x01

	signBit = 1 << 63
)

// String appends a string, which may hold any bytes.
func (k Key) String(s string) Key {
	if strings.IndexByte(s, escape) < 0 { // tag, text, end: in one piece of memory
		return k + "\x07" + Key(s) + "\x00\x01"
	}
	return k + Key(appendEscaped(nil, tagString, s))
}

// Bytes appends a byte string.
func (k Key) Bytes(b []byte) Key { return k + Key(appendEscaped(nil, tagBytes, string(b))) }

// Uint64 appends an unsigned number.
func (k Key) Uint64(n uint64) Key {
	var b [9]byte
	b[0] = tagUint64
	binary.BigEndian.PutUint64(b[1:], n)
	return k + Key(b[:])
}

// Int64 appends a signed number.
func (k Key) Int64(n int64) Key {
	var b [9]byte
	b[0] = tagInt64
	binary.BigEndian.PutUint64(b[1:], uint64(n)^signBit)
	return k + Key(b[:])
}

// Time appends an instant with its nanoseconds; the zone is not kept.
func (k Key) Time(t time.Time) Key {
	var b [13]byte
	b[0] = tagTime
	binary.BigEndian.PutUint64(b[1:], uint64(t.Unix())^signBit)
	binary.BigEndian.PutUint32(b[9:], uint32(t.Nanosecond()))
	return k + Key(b[:])
}

// Bool appends a truth value; false sorts first.
func (k Key) Bool(v bool) Key {
	b := [2]byte{tagBool, 0}
	if v {
		b[1] = 1
	}
	return k + Key(b[:])
}

// HasPrefix tells whether the first elements of k are those of prefix.
func (k Key) HasPrefix(prefix Key) bool { return strings.HasPrefix(string(k), string(prefix)) }

// Elements takes the key apart: bool, uint64, int64, time.Time (in UTC), []byte
// and string values. It is for logs and tools; a key that was not made by this
// package's methods is an error.
func (k Key) Elements() ([]any, error) {
	var elements []any
	rest := string(k)
	for rest != "" {
		element, n, err := parseElement(rest)
		if err != nil {
			return nil, fmt.Errorf("cannot read key %x at byte %d: %w", string(k), len(k)-len(rest), err)
		}
		elements = append(elements, element)
		rest = rest[n:]
	}
	return elements, nil
}

// parseElement reads the element that s begins with, and its length.
func parseElement(s string) (element any, n int, err error) {
	tag, body := s[0], s[1:]
	size := map[byte]int{tagBool: 1, tagUint64: 8, tagInt64: 8, tagTime: 12}[tag]
	if len(body) < size {
		return nil, 0, fmt.Errorf("element of type %#x is cut short", tag)
	}
	number := func() uint64 { return binary.BigEndian.Uint64([]byte(body[:8])) }
	switch tag {
	case tagBool:
		if body[0] > 1 {
			return nil, 0, fmt.Errorf("truth value %#x is neither 0 nor 1", body[0])
		}
		return body[0] == 1, 2, nil
	case tagUint64:
		return number(), 9, nil
	case tagInt64:
		return int64(number() ^ signBit), 9, nil
	case tagTime:
		nanos := binary.BigEndian.Uint32([]byte(body[8:12]))
		if nanos >= 1e9 {
			return nil, 0, fmt.Errorf("%d nanoseconds are more than a second", nanos)
		}
		return time.Unix(int64(number()^signBit), int64(nanos)).UTC(), 13, nil
	case tagBytes, tagString:
		text, length, err := parseEscaped(body)
		if tag == tagBytes {
			return []byte(text), 1 + length, err
		}
		return text, 1 + length, err
	}
	return nil, 0, fmt.Errorf("unknown type of element %#x", tag)
}

// appendEscaped appends tag and s, with 0x00 escaped and the end marked.
func appendEscaped(b []byte, tag byte, s string) []byte {
	if b == nil {
		b = make([]byte, 0, len(s)+3)
	}
	b = append(b, tag)
	for {
		nul := strings.IndexByte(s, escape)
		if nul < 0 {
			break
		}
		b = append(b, s[:nul]...)
		b = append(b, escape, escapedNul)
		s = s[nul+1:]
	}
	b = append(b, s...)
	return append(b, escape, terminator)
}

// parseEscaped reads what appendEscaped wrote after the tag.
func parseEscaped(s string) (text string, n int, err error) {
	var b strings.Builder
	rest := s
	for {
		nul := strings.IndexByte(rest, escape)
		if nul < 0 || nul+1 == len(rest) {
			return "", 0, fmt.Errorf("string has no end")
		}
		b.WriteString(rest[:nul])
		mark := rest[nul+1]
		rest = rest[nul+2:]
		switch mark {
		case terminator:
			return b.String(), len(s) - len(rest), nil
		case escapedNul:
			b.WriteByte(0)
		default:
			return "", 0, fmt.Errorf("wrong escape %#x in string", mark)
		}
	}
}

// successor returns the lowest byte string above all that begin with prefix, or
// nil if there is none.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			next := append([]byte(nil), prefix[:i+1]...)
			next[i]++
			return next
		}
	}
	return nil
}
