// Package channeltest is the suite that every kind of channel passes. It asserts
// the promises in the comment of [channel.Channel], against a counterpart that
// speaks the provider's real protocol.
//
// A kind's test says only how to open its channel and where its ends are:
//
//	func TestSuite(t *testing.T) {
//		channeltest.Suite(t, channeltest.Case{Open: func(t *testing.T) channeltest.Setup {
//			phone := …start the test server, t.Cleanup(phone.Close)…
//			return channeltest.Setup{Channel: …, Address: …, Reached: …}
//		}})
//	}
//
// The suite runs in real time, because counterparts are real servers on loopback,
// but it never sleeps: it waits for the counterpart, or for a deadline of its own.
package channeltest

import (
	"context"
	"testing"
	"time"

	"keng/proto/channel"
)

// Behaviour is what an end does with the page it is sent.
type Behaviour string

// The behaviours. A kind that cannot have one leaves it out of its [Case.Fates].
const (
	Accepts    Behaviour = "accepts"    // the page arrives, and its person does what the kind hopes for
	Refuses    Behaviour = "refuses"    // the provider or the person says no to this page
	Dead       Behaviour = "dead"       // the address does not exist any more
	Overloaded Behaviour = "overloaded" // the provider is over its quota
	Broken     Behaviour = "broken"     // the provider errs
	Stalls     Behaviour = "stalls"     // it takes the page and says nothing, or rings for ever
)

// Case describes one kind to the suite.
type Case struct {
	// Open starts a counterpart and opens a channel to it, afresh for each part
	// of the suite. It cleans up with t.Cleanup.
	Open func(t *testing.T) Setup
	// Fates says, for each behaviour that the kind can have, with which failures a page may
	// end there. Accepts has no failure: its entry is nil, and the page ends as Done. Accepts and
	// Stalls must be there. A nil Fates means [PushFates].
	Fates map[Behaviour][]channel.Failure
	// Bad are addresses that no end of this kind can have, besides those that
	// the suite tries by itself.
	Bad []string
	// Prompt bounds how long a cancelled or overdue Send may take to return; 0 means 2 s.
	Prompt time.Duration
}

// Setup is one open channel with its counterpart.
type Setup struct {
	Channel channel.Channel
	// Address makes a new end that behaves so and returns its address. It may be
	// called often and from any goroutine.
	Address func(b Behaviour) string
	// Reached waits until a page has come to the end at this address, or returns
	// ctx's error.
	Reached func(ctx context.Context, address string) error
}

// PushFates returns the fates of a kind that hands a message to a provider and
// hears at once what becomes of it.
func PushFates() map[Behaviour][]channel.Failure {
	return map[Behaviour][]channel.Failure{
		Accepts:    nil,
		Refuses:    {channel.Refused},
		Dead:       {channel.DeadContact},
		Overloaded: {channel.Overloaded},
		Broken:     {channel.Unavailable},
		Stalls:     {channel.Unavailable},
	}
}

// NewPage returns a page of this kind to an address, with every field filled in
// as a hub does: a P1 alert in Vietnamese that may be sent for a minute.
func NewPage(kind channel.Kind, id, address string) channel.Page {
	return channel.Page{
		ID: id, Term: 7, SendBy: time.Now().Add(time.Minute), Kind: kind, Address: address,
		Language: channel.Vietnamese, Priority: "P1", AlertID: "alert-" + id, TinyID: "42", Sequence: 3,
		Title: "Trang web không truy cập được", Body: "https://example.vn không trả lời từ chi nhánh 3.",
	}
}

// Suite runs every part against the kind.
func Suite(t *testing.T, c Case) {
	t.Helper()
	if c.Fates == nil {
		c.Fates = PushFates()
	}
	if c.Prompt == 0 {
		c.Prompt = 2 * time.Second
	}
	for _, needed := range []Behaviour{Accepts, Stalls} {
		if _, ok := c.Fates[needed]; !ok {
			t.Fatalf("Case.Fates must say what happens to a page at an end that %s", needed)
		}
	}
	t.Run("describes itself", c.describes)
	for behaviour, failures := range c.Fates {
		if behaviour != Stalls { // that one takes the channel's own time-out: see "keeps the deadline"
			t.Run("an end that "+string(behaviour), func(t *testing.T) { c.ends(t, behaviour, failures) })
		}
	}
	t.Run("keeps the deadline", c.keepsDeadline)
	t.Run("cancel returns at once", c.cancels)
	t.Run("cancelled before it begins", c.cancelledBefore)
	t.Run("cancel while it is accepted", c.cancelRaces)
	t.Run("never sends after send-by", c.expired)
	t.Run("bad addresses", c.badAddresses)
	t.Run("hostile pages", c.hostilePages)
	t.Run("many at once", c.concurrent)
}
