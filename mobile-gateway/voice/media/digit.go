package media

import (
	"encoding/binary"
	"strings"
)

// keys are the digits in the order of their event numbers (RFC 4733 §3.2).
const keys = "0123456789*#ABCD"

// eventSize is the length of a telephone-event payload.
const eventSize = 4

// event is a telephone-event payload (RFC 4733 §2.3).
type event struct {
	key      byte // one of keys
	end      bool // the key has been released
	duration uint16
}

// eventVolume is how loud the tone would be, in −dBm0: the usual −10.
const eventVolume = 10

func (e event) marshal() []byte {
	b := make([]byte, eventSize)
	b[0] = byte(strings.IndexByte(keys, e.key))
	b[1] = eventVolume
	if e.end {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], e.duration)
	return b
}

// parseEvent reads a telephone-event payload; false if it is none of a key (a
// modem's tone, a hook flash) or is too short.
func parseEvent(payload []byte) (event, bool) {
	if len(payload) < eventSize || int(payload[0]) >= len(keys) {
		return event{}, false
	}
	return event{
		key:      keys[payload[0]],
		end:      payload[1]&0x80 != 0,
		duration: binary.BigEndian.Uint16(payload[2:]),
	}, true
}

// eventFilter tells new key presses from the many packets of the same one. All
// packets of a press, its three ends included, bear the RTP timestamp of its
// start (RFC 4733 §2.2.1); the packet in which a press first shows, be it its
// last, is the press.
type eventFilter struct {
	seen   bool
	source uint32 // SSRC
	last   uint32 // timestamp of the last press
}

// fresh reports whether a packet is the first of its press that came. A packet
// of an earlier press, overtaken on its way, is not.
func (f *eventFilter) fresh(source, timestamp uint32) bool {
	if f.seen && source == f.source && int32(timestamp-f.last) <= 0 {
		return false
	}
	f.seen, f.source, f.last = true, source, timestamp
	return true
}

// The content types of digits in SIP INFO.
const (
	DTMFRelay = "application/dtmf-relay" // "Signal=1\r\nDuration=160"
	DTMF      = "application/dtmf"       // "1"
)

// maxInfo bounds the INFO bodies that are read, in bytes.
const maxInfo = 1 << 10

// ParseInfo reads the digit in the body of a SIP INFO request; false if there is
// none. No RFC defines these bodies: application/dtmf-relay is Cisco's, and some
// write spaces around the equals sign, or 10 and 11 for * and #.
func ParseInfo(contentType string, body []byte) (byte, bool) {
	if len(body) > maxInfo {
		return 0, false
	}
	kind, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case DTMF:
		return parseKey(string(body))
	case DTMFRelay:
		for line := range strings.Lines(string(body)) {
			name, value, ok := strings.Cut(line, "=")
			if ok && strings.EqualFold(strings.TrimSpace(name), "signal") {
				return parseKey(value)
			}
		}
	}
	return 0, false
}

func parseKey(text string) (byte, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	switch text {
	case "10":
		return '*', true
	case "11":
		return '#', true
	}
	if len(text) != 1 || !strings.Contains(keys, text) {
		return 0, false
	}
	return text[0], true
}
