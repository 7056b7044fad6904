package acklink

import (
	"encoding/hex"
	"strings"

	"keng/hub/core"
	"keng/hub/signed"
)

// idBytes is the size of what a token bears, the delivery's id: 38 letters in all, since an SMS
// has to hold it. Everything else, whose page it is, of which alerts and how old, is in the delivery.
const idBytes = 16

// sign returns the token of a delivery; "" for an id that is none of ours.
func (l *Links) sign(id core.DeliveryID) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(string(id), "-", ""))
	if err != nil || len(raw) != idBytes || written(raw) != id {
		return ""
	}
	return signed.Token(l.o.Key, raw)
}

// verify returns the delivery that a token names, if this cluster made the token.
func (l *Links) verify(token string) (core.DeliveryID, bool) {
	id, ok := signed.Open(l.o.Key, token, idBytes)
	if !ok {
		return "", false
	}
	return written(id), true
}

// written is how an id is written: see core.Seed.
func written(raw []byte) core.DeliveryID {
	x := hex.EncodeToString(raw)
	return core.DeliveryID(strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-"))
}
