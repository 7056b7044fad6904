package signed

import (
	"encoding/binary"
	"errors"
	"time"
)

// Errors of [Follow].
var (
	// ErrForged says that a token is none of this key and kind.
	ErrForged = errors.New("it was not signed here")
	// ErrExpired says that a link has come to its end.
	ErrExpired = errors.New("it has expired")
)

const (
	kindBytes = 1
	endBytes  = 8 // the second since 1970 from which on a link leads nowhere
)

// Link returns the token of a link that leads, until a moment, to what the payload says. One key may
// sign links of several kinds: none of them is honoured as one of another kind, whatever their sizes.
// The end is cut to whole seconds.
func Link(key [32]byte, kind byte, payload []byte, end time.Time) string {
	signed := make([]byte, 0, kindBytes+len(payload)+endBytes)
	signed = append(append(signed, kind), payload...)
	return Token(key, binary.BigEndian.AppendUint64(signed, uint64(end.Unix())))
}

// Follow returns the payload, of so many bytes, of a link of a kind; [ErrForged] or [ErrExpired] if it
// leads nowhere. With a key of zeros, which is none, nothing is honoured.
func Follow(key [32]byte, kind byte, token string, size int, now time.Time) (payload []byte, err error) {
	raw, ok := Open(key, token, kindBytes+size+endBytes)
	if !ok || raw[0] != kind || key == [32]byte{} {
		return nil, ErrForged
	}
	payload, end := raw[kindBytes:kindBytes+size], raw[kindBytes+size:]
	if !now.Before(time.Unix(int64(binary.BigEndian.Uint64(end)), 0)) {
		return nil, ErrExpired
	}
	return payload, nil
}
