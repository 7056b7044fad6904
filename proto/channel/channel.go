// Package channel says what a channel is: one kind of way to reach a person
// (push, voice call, SMS, e-mail, chat). The hub and the gateways share it.
//
// A channel takes a [Page] and tells its fate as a row of [Report] values. The
// last one is final (see [Stage.Final]). A channel never decides whom to reach or
// when: that was settled, and replicated, before the page came to be.
//
// A kind of channel is one folder: the type that implements [Channel], its test
// server that speaks the provider's real protocol, and a test that passes
// channeltest.Suite. It describes itself, so that validation, documentation and
// forms come by themselves.
package channel

import (
	"context"
	"time"
)

// Kind names a kind of channel. Values are stored and spoken between programs:
// they never change their meaning.
type Kind string

// The kinds that Kẻng knows.
const (
	Push  Kind = "push"  // a notification on a phone, by FCM
	Voice Kind = "voice" // a telephone call that reads the alert and takes a digit
	SMS   Kind = "sms"   // a text message on a phone
	Email Kind = "email" // an e-mail with a link to acknowledge by
)

// Language is the language in which a person is written or spoken to.
type Language string

// The languages that Kẻng speaks.
const (
	Vietnamese Language = "vi"
	English    Language = "en"
)

// Page is one attempt to reach one person by one contact.
type Page struct {
	// ID is the delivery id: unique for ever, the same if the same attempt is
	// handed over again.
	ID string
	// Term is the Raft term of the leader that hands the page over. A gateway
	// refuses a term lower than one it has seen.
	Term uint64
	// SendBy is the moment after which the page must not be handed to a provider.
	// It is compared with the sender's own clock.
	SendBy time.Time
	Kind   Kind
	// Address is the contact: an FCM registration token, a telephone number or
	// SIP URI, as the kind demands.
	Address  string
	Language Language
	// Priority is P1 (gravest) to P5. It and the fields about an alert are empty of a page that
	// is about none, such as a reminder that a shift begins.
	Priority string
	AlertID  string
	// TinyID is the alert's short number, as people say it. Digits only.
	TinyID string
	// Sequence grows with every change of the alert, so that an older state never
	// replaces a newer one on a screen (P7).
	Sequence uint64
	// Title is the alert's message. A channel puts priority and number before it as fits.
	Title string
	// Body is what else the person should know, a line for each fact, in Language.
	Body string
	// Repeat says that this attempt may have reached the person before (P4).
	Repeat bool
	// LateBy is how late the page is because Kẻng itself was down (P9); else 0.
	LateBy time.Duration
	// Alerts is how many alerts the page speaks of (P8); 0 and 1: the one that it names.
	// Title and Body tell of all.
	Alerts int
	// Link is an address at which its reader can see and acknowledge the alert without
	// signing in. It is a secret of the person. Empty: there is none.
	Link string
	// Code is the digits by which a person proves that a contact is theirs; Title has them, too. A call
	// speaks them digit by digit, twice, in the place of an alert, and asks for no key. It is a secret of
	// the person. Empty: the page is about something else.
	Code string
}

// Stage is how far a page has come.
type Stage string

// The stages of a page, in their usual order. Values are stored.
const (
	Queued    Stage = "queued"    // the intent is on disk on a majority
	Attempted Stage = "attempted" // a sender took it up; the provider may see it
	Accepted  Stage = "accepted"  // the provider has taken it
	Ringing   Stage = "ringing"   // the phone rings
	Answered  Stage = "answered"  // somebody, or a mailbox, picked up
	Done      Stage = "done"      // final: handed over and nothing more will come
	Failed    Stage = "failed"    // final: it did not reach the person; see Failure
	Cancelled Stage = "cancelled" // final: taken back before its end
)

// Final reports whether nothing can come after this stage.
func (s Stage) Final() bool { return s == Done || s == Failed || s == Cancelled }

// Failure is why a page did not reach its person.
type Failure string

// The failures. Values are stored.
const (
	DeadContact   Failure = "dead-contact"  // the address will never work again
	Refused       Failure = "refused"       // the provider will not take this page
	Overloaded    Failure = "overloaded"    // over quota; later may work
	Unavailable   Failure = "unavailable"   // provider or trunk cannot be reached or errs
	Busy          Failure = "busy"          // the line is engaged
	Declined      Failure = "declined"      // the person pressed the red button
	Unanswered    Failure = "unanswered"    // it rang and nobody picked up
	NoReply       Failure = "no-reply"      // picked up, but no digit was pressed
	Expired       Failure = "expired"       // its send-by had passed
	StaleTerm     Failure = "stale-term"    // handed over by a deposed leader
	Misconfigured Failure = "misconfigured" // no channel of this kind, or a bad address
)

// Reply is what the person did through the channel itself.
type Reply string

// The replies. Values are stored.
const (
	NoAction    Reply = ""
	Acknowledge Reply = "acknowledge" // I take care of it
	Close       Reply = "close"       // it is over, or was nothing: close the alert
	NextPerson  Reply = "next-person" // I cannot: reach the next one at once, do not wait for the step's time
)

// Report is one stage of a page's life. Commands of the hub hold it as it is: the numbers
// of its fields never change their meaning.
type Report struct {
	// Page is the delivery id.
	Page string `cbor:"1,keyasint"`
	// Number counts the reports of a page from 1.
	Number uint32 `cbor:"2,keyasint"`
	// At is the reporter's clock, in UTC.
	At      time.Time `cbor:"3,keyasint"`
	Stage   Stage     `cbor:"4,keyasint"`
	Failure Failure   `cbor:"5,keyasint,omitempty"` // set if Stage is Failed
	Reply   Reply     `cbor:"6,keyasint,omitempty"` // set if the person answered through the channel
	// Detail is one line for people: the provider's words, the digit heard.
	Detail string `cbor:"7,keyasint,omitempty"`
	// ProviderID is the provider's name for what it took, if it gave one.
	ProviderID string `cbor:"8,keyasint,omitempty"`
}

// Channel reaches people in one way. Implementations are safe for concurrent use.
type Channel interface {
	// Describe says what this channel is. It is constant and cheap.
	Describe() Description
	// Send hands the page to the provider and stays until its fate is known.
	// It calls report, from this goroutine, for each stage on the way, and
	// returns the final one. Only Stage, Failure, Reply, Detail and ProviderID of a
	// report are the channel's to fill in; Page, Number and At are set by the caller.
	// If ctx is cancelled the channel takes back what it can (a ringing call is hung up)
	// and returns [Cancelled] at once. A deadline of ctx bounds the whole attempt.
	// Send never panics on a bad address: that is [Misconfigured] or [DeadContact].
	Send(ctx context.Context, page Page, report func(Report)) Report
}

// Description is what a channel says about itself.
type Description struct {
	Kind Kind
	// Name is the kind's name for people, by language.
	Name map[Language]string
	// Address says what an address of this kind is, by language.
	Address map[Language]string
	// Loud reports whether it wakes a sleeper.
	Loud bool
	// Replies reports whether the person can answer through the channel itself.
	Replies bool
	// Replaces reports whether a newer page of the same alert replaces an older one on the screen (P7).
	Replaces bool
	// Timeout bounds one attempt.
	Timeout time.Duration
	// Concurrent is how many pages may be under way at once.
	Concurrent int
}
