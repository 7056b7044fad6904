package reach

import (
	"slices"
	"time"
)

const (
	// ProvenFor is how long after a page came through a contact counts as proven.
	ProvenFor = 7 * 24 * time.Hour
	// proofFresh is for how long it makes no difference that a page came through once more, or failed once
	// more: so a storm of pages writes little.
	proofFresh = time.Hour
)

// Evidence is how well it is known that a page came through, the weakest first. Values are stored.
type Evidence uint8

// The kinds of evidence; the zero value is none.
const (
	Accepted  Evidence = 1 // the provider has taken it
	Delivered Evidence = 2 // a phone has it, or somebody, perhaps a mailbox, has picked up
	Answered  Evidence = 3 // the person has pressed a key, or knows the code that was in it
)

// String returns the evidence in a word, as the API has it; "" if there is none.
func (e Evidence) String() string {
	return map[Evidence]string{Accepted: "accepted", Delivered: "delivered", Answered: "answered"}[e]
}

// Proof is what is known of whether a contact works. The zero value is that nothing is.
type Proof struct {
	// ProvenAt is when a page came through last, and By how well that is known.
	ProvenAt time.Time `cbor:"1,keyasint,omitzero"`
	By       Evidence  `cbor:"2,keyasint,omitempty"`
	// FailedAt is when one did not last, and Failure why, in a word of proto/channel.
	FailedAt time.Time `cbor:"3,keyasint,omitzero"`
	Failure  string    `cbor:"4,keyasint,omitempty"`
	// VerifiedAt is when the person proved, by a code, that the contact is theirs; zero: never.
	VerifiedAt time.Time `cbor:"5,keyasint,omitzero"`
}

// Prove notes that a page came through at a moment. It reports false, and notes nothing, if that is no
// news: within an hour after one of which as much is known, or earlier than what is known.
func (p *Proof) Prove(at time.Time, by Evidence) (news bool) {
	stronger := by > p.By && at.Sub(p.ProvenAt) > -proofFresh
	newer := at.Sub(p.ProvenAt) >= proofFresh || p.failing() && at.After(p.FailedAt)
	if !stronger && !newer {
		return false
	}
	if at.After(p.ProvenAt) {
		p.ProvenAt = at
	}
	p.By = by
	return true
}

// Fail notes that a page did not come through at a moment, and why. It reports false, and notes nothing, if
// that is no news.
func (p *Proof) Fail(at time.Time, why string) (news bool) {
	if !at.After(p.ProvenAt) || !at.After(p.FailedAt) {
		return false
	}
	if p.failing() && p.Failure == why && at.Sub(p.FailedAt) < proofFresh {
		return false
	}
	p.FailedAt, p.Failure = at, why
	return true
}

// NotAnswered is the word for a page that failed since nobody answered: the person may have slept.
const NotAnswered = "unanswered"

// failing reports whether the last page did not come through.
func (p *Proof) failing() bool { return p.FailedAt.After(p.ProvenAt) }

// Broken reports whether the last page did not come through, for another reason than that nobody answered.
func (p *Proof) Broken() bool { return p.failing() && p.Failure != NotAnswered }

// Grade is how much a contact can be relied on, the worst first.
type Grade uint8

// The grades.
const (
	DisabledContact   Grade = iota // somebody has switched it off
	DeadContact                    // the provider says that it will never work again
	FailingContact                 // the last page did not come through
	UnansweredContact              // nobody answered the last page, which says nothing of the contact
	UnprovenContact                // no page came through for [ProvenFor], and none failed since the last that did
	ProvenContact                  // one did
)

// String returns the grade in a word, as the API has it.
func (g Grade) String() string {
	return [...]string{"disabled", "dead", "failing", "unanswered", "unproven", "proven"}[min(g, ProvenContact)]
}

// Grade returns how much a contact can be relied on at a moment, by what is known of it.
func (c *Contact) Grade(p *Proof, now time.Time) Grade {
	switch {
	case c.Disabled:
		return DisabledContact
	case !c.DeadSince.IsZero():
		return DeadContact
	case p.Broken():
		return FailingContact
	case p.failing():
		return UnansweredContact
	case p.ProvenAt.IsZero() || now.Sub(p.ProvenAt) >= ProvenFor:
		return UnprovenContact
	}
	return ProvenContact
}

// Loud reports whether the contact can wake its person: by a push, an SMS or a call.
func (c *Contact) Loud() bool { return slices.Contains([]string{"push", "sms", "voice"}, c.Kind) }

// Standing is how well a person can be reached, the worst first.
type Standing uint8

// The standings.
const (
	Unreachable Standing = iota // no contact works
	OnlyQuietly                 // some do, but none that is loud
	PerhapsLoud                 // a loud one has not failed, but is not proven either
	ProvenLoud                  // a loud one is proven
)

// String returns the standing in a word, as the API has it.
func (s Standing) String() string {
	return [...]string{"unreachable", "quiet", "unproven", "proven"}[min(s, ProvenLoud)]
}

// Standing returns how well a person can be reached at a moment, by what is known of each contact. Who is
// blocked cannot be.
func (u *User) Standing(proofs func(*Contact) Proof, now time.Time) Standing {
	best := Unreachable
	if u.Blocked {
		return best
	}
	for i := range u.Contacts {
		k := &u.Contacts[i]
		p := proofs(k)
		switch grade := k.Grade(&p, now); {
		case grade < UnansweredContact:
		case !k.Loud():
			best = max(best, OnlyQuietly)
		case grade < ProvenContact:
			best = max(best, PerhapsLoud)
		default:
			return ProvenLoud
		}
	}
	return best
}
