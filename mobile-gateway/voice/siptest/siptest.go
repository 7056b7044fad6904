// Package siptest is a telephone: a real SIP user agent on loopback that rings,
// answers, listens, presses keys and hangs up as its script says, and remembers
// every call. It serves the voice channel's tests, and demonstrations, so it
// knows nothing of package testing.
//
//	phone, err := siptest.Start(siptest.Script{Press: []siptest.Press{{Key: '1', Menus: 1}}})
//	… have somebody call phone.URI() …
//	err = phone.Wait(ctx, func(calls []siptest.Call) bool { return len(calls) == 1 && calls[0].Over() })
//	fmt.Println(phone.Calls()[0].Heard()) // [vi/keng-alert vi/priority vi/1 … vi/press-1 vi/acknowledged]
//
// What it hears it compares with the recorded phrases ([Recognise]); whether some
// other text was said, [Alike] tells.
//
// It takes calls over UDP and TCP on the same port, whatever user they are for, so
// it can stand for a phone as well as for the trunk before it. It can also be what
// a caller must cope with: dead, busy, mute, deaf to digits, asking for a password.
package siptest

import (
	"time"

	"keng/mobile-gateway/voice/media"
)

// Fate is what becomes of a call.
type Fate int

// The fates.
const (
	Answer      Fate = iota // rings for RingFor, then answers
	RingForever             // rings until the caller gives up
	Reject                  // rings for RingFor (if that is not 0), then answers with Status
	Dead                    // not a word, as if nobody were there
	Trying                  // says 100 Trying and nothing more
)

// Script is how the phone behaves. The zero value answers at once, listens, and
// presses nothing.
type Script struct {
	Fate    Fate
	RingFor time.Duration
	Status  int    // of Reject: 486 busy, 603 declined, …
	Reason  string // of Reject; default "Rejected"

	Press []Press // keys to press, in order
	// HangUpAfter is when the phone hangs up, counted from its answer; 0 is never.
	HangUpAfter time.Duration
	// HangUpMenus is how many menus it hears before it hangs up; 0 is never.
	HangUpMenus int

	Codecs  []media.Codec // that it speaks, best first; default both
	NoEvent bool          // its answer offers no telephone-events
	Move    bool          // once answered, it moves its audio to another port by a re-INVITE, as PBXs do
	Mute    bool          // it never sends RTP, not even silence
	Lose    int           // every Lose-th packet that comes is lost; 0 is none

	// User and Password, if set, are asked for in a digest challenge before
	// anything else, with 407 as a proxy or, if Registrar is set, with 401.
	User, Password string
	Registrar      bool
}

// Press is a key to press, at a moment of the call.
type Press struct {
	Key byte // 0–9, *, #, A–D
	// Menus is how many menus the phone must have heard, up to "press 1 to acknowledge".
	Menus int
	// After is how long it waits after that, or after its answer if Menus is 0.
	After time.Duration
	// Info sends the key as SIP INFO (application/dtmf-relay) instead of RFC 4733.
	Info bool
}

// Side is one side of a call.
type Side string

// The two sides.
const (
	Caller Side = "caller"
	Callee Side = "phone"
)

// Call is what the phone remembers of a call. It is a copy and does not change.
type Call struct {
	ID       string // Call-ID
	From, To string // SIP URIs
	Name     string // the caller's display name
	// When what happened; zero if it did not.
	Invited, Rang, Answered, Ended time.Time
	// EndedBy is who ended it: by CANCEL or BYE the caller, by rejecting or hanging
	// up the phone; "" if it goes on.
	EndedBy   Side
	Cancelled bool    // the caller gave up before there was an answer
	Rejected  int     // the status with which the phone rejected it
	Pressed   string  // keys that were pressed
	Audio     []int16 // what the phone heard, 8 kHz, lost packets as silence
	Lost      int     // packets that its script lost
}

// Over reports whether the call has ended.
func (c Call) Over() bool { return !c.Ended.IsZero() }

// Heard returns what the phone understood of what was said to it: the names of
// recorded phrases with their language, such as "vi/press-1", in order.
func (c Call) Heard() []string {
	var names []string
	for _, match := range Recognise(c.Audio, Vocabulary()) {
		names = append(names, match.Phrase.String())
	}
	return names
}
