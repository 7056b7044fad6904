package acklink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"keng/hub/core"
)

// A token is the delivery's id, 16 bytes, and as much of its HMAC-SHA-256 as nobody can guess
// over a network: 38 letters in all, since an SMS has to hold it. Everything else, whose page
// it is, of which alerts and how old, is in the delivery.
const (
	idBytes  = 16
	macBytes = 12
)

// sign returns the token of a delivery; "" for an id that is none of ours.
func (l *Links) sign(id core.DeliveryID) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(string(id), "-", ""))
	if err != nil || len(raw) != idBytes || written(raw) != id {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, l.mac(raw)...))
}

// verify returns the delivery that a token names, if this cluster made the token.
func (l *Links) verify(token string) (core.DeliveryID, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != idBytes+macBytes {
		return "", false
	}
	id, mac := raw[:idBytes], raw[idBytes:]
	return written(id), hmac.Equal(mac, l.mac(id))
}

func (l *Links) mac(id []byte) []byte {
	h := hmac.New(sha256.New, l.o.Key[:])
	h.Write(id)
	return h.Sum(nil)[:macBytes]
}

// written is how an id is written: see core.Seed.
func written(raw []byte) core.DeliveryID {
	x := hex.EncodeToString(raw)
	return core.DeliveryID(strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-"))
}
