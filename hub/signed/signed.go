// Package signed makes tokens for links: a few bytes that say what a link is about, and as much
// of their HMAC-SHA-256 (RFC 2104) as nobody can guess over a network. All nodes of a cluster
// derive the same key for one purpose from its master key, so each honours what another one
// has signed. What a token says can be read by whoever has it.
package signed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// macBytes is how much of the HMAC a token bears: an SMS has to hold it.
const macBytes = 12

// Token returns a token of letters, digits, "-" and "_" that bears a payload.
func Token(key [32]byte, payload []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(payload[:len(payload):len(payload)], mac(key, payload)...))
}

// Open returns the payload of a token, if that was made with the key and has so many bytes.
func Open(key [32]byte, token string, size int) (payload []byte, ok bool) {
	if base64.RawURLEncoding.DecodedLen(len(token)) != size+macBytes {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != size+macBytes {
		return nil, false
	}
	return raw[:size], hmac.Equal(raw[size:], mac(key, raw[:size]))
}

func mac(key [32]byte, payload []byte) []byte {
	h := hmac.New(sha256.New, key[:])
	h.Write(payload)
	return h.Sum(nil)[:macBytes]
}
