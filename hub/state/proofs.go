package state

import (
	"iter"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// ContactProof is what is known of whether a contact works, and of the code that was sent to it.
type ContactProof struct {
	Contact core.ContactID `cbor:"1,keyasint"`
	// Address is what it is about: of the contact's next address nothing is known.
	Address string      `cbor:"2,keyasint"`
	Proof   reach.Proof `cbor:"3,keyasint"`
	Code    *codeSent   `cbor:"4,keyasint,omitempty"`
}

// Proofs holds what is known of contacts, a row for each of which something is.
var Proofs = table.New(57, "proofs", func(p *ContactProof) table.Key { return proofKey(p.Contact) })

func proofKey(id core.ContactID) table.Key { return table.K().String(string(id)) }

// ProofOf returns what is known of a contact as it is now.
func ProofOf(r table.Reader, k *reach.Contact) reach.Proof {
	return contactProof(r, k.ID, k.Address).Proof
}

// contactProof returns the row of a contact, or a new one if there is none about this address.
func contactProof(r table.Reader, id core.ContactID, address string) *ContactProof {
	if p, ok := Proofs.Get(r, proofKey(id)); ok && p.Address == address {
		return p
	}
	return &ContactProof{Contact: id, Address: address}
}

// StandingOf returns how well a person can be reached at a moment.
func StandingOf(r table.Reader, u *reach.User, now time.Time) reach.Standing {
	return u.Standing(func(k *reach.Contact) reach.Proof { return ProofOf(r, k) }, now)
}

// Reached is a person and how well the person can be reached.
type Reached struct {
	User     *reach.User
	Standing reach.Standing
}

// Reachability returns the people who are not blocked, in the order of their ids, from the one behind a given
// id on, with how well they can be reached at a moment. No more people are read than are taken.
func Reachability(r table.Reader, after core.UserID, now time.Time) iter.Seq[*Reached] {
	return func(yield func(*Reached) bool) {
		for u := range Users.Range(r, table.K().String(string(after)), afterAll) {
			if u.ID > after && !u.Blocked && !yield(&Reached{u, StandingOf(r, u, now)}) {
				return
			}
		}
	}
}

// prove writes down what a stage of a page says about the contact, if that is news: a small row, and in a
// storm of pages no more than one an hour for a contact that works.
func (c *change) prove(d *Delivery, t Trace) error {
	by, failure := evidence(d.Kind, t)
	if by == 0 && failure == "" {
		return nil
	}
	unheard := d.unheardTest(t)
	at := t.At
	if at.After(c.now) {
		at = c.now // by a clock that is fast
	}
	p := contactProof(c.tx, d.Contact, d.Address)
	if unheard {
		if p.Proof.Broken() {
			return nil // it mends nothing
		}
		failure = channel.Unanswered
	}
	if by != 0 && !p.Proof.Prove(at, by) || by == 0 && !p.Proof.Fail(at, string(failure)) {
		return nil
	}
	u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
	if !ok {
		return nil
	}
	k, ok := u.Contact(d.Contact)
	if !ok || k.Address != d.Address {
		return nil // it leads elsewhere by now
	}
	if by != 0 && k.Loud() {
		Warnings.Delete(c.tx, warningKey(u.ID)) // if it fails again that is news
	}
	return Proofs.Put(c.tx, p)
}

// unheardTest reports whether a stage is that nothing was heard of a daily test: perhaps the person slept. It is
// no reason to say that the contact is broken.
func (d *Delivery) unheardTest(t Trace) bool {
	return d.Notice != nil && d.Notice.Kind == CanaryTest && t.Failure == channel.Unavailable && t.Number == 0 && t.Detail == nothingHeard
}

// evidence returns what a stage of a page says about the contact: how well it is known that it came through, or
// why it did not. Most stages say neither: that the line was engaged, or that the hub was too late.
func evidence(kind channel.Kind, t Trace) (reach.Evidence, channel.Failure) {
	switch {
	case t.Reply != channel.NoAction:
		return reach.Answered, ""
	case t.Stage == channel.Done && kind == channel.Voice:
		return reach.Delivered, ""
	case t.Stage == channel.Done:
		return reach.Accepted, "" // so far no provider tells whether the phone has it
	case t.Stage != channel.Failed:
		return 0, ""
	}
	switch t.Failure {
	case channel.Declined, channel.NoReply:
		return reach.Delivered, "" // the telephone rang, and somebody did something
	case channel.Busy, channel.Expired, channel.StaleTerm:
		return 0, ""
	}
	return 0, t.Failure
}
