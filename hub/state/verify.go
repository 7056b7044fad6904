package state

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/raftstore/table"
)

const (
	// codeDigits is how long a code is, codeValid for how long it counts, and CodeTries how often it may be
	// said wrongly.
	codeDigits, codeValid = 6, 10 * time.Minute
	CodeTries             = 5
	// codeEvery is how long after a code the next one may be asked for, and CodesMax how many within a day.
	codeEvery = time.Minute
	CodesMax  = 10
)

// codeSent is the code that was sent to a contact last. The code itself is in the notice that tells it, until that
// has come to its end; here is a hash, which keeps it out of sight, not from somebody who tries all.
type codeSent struct {
	Hash     []byte          `cbor:"1,keyasint,omitempty"` // empty: it counts no more
	Until    time.Time       `cbor:"2,keyasint"`
	Left     int             `cbor:"3,keyasint"` // how many tries there are
	Delivery core.DeliveryID `cbor:"4,keyasint"`
	At       time.Time       `cbor:"5,keyasint"`
	// Day is when the first of the codes of a day was sent, and Sent how many were since.
	Day  time.Time `cbor:"6,keyasint"`
	Sent int       `cbor:"7,keyasint"`
}

func hashOf(code string, sent core.DeliveryID) []byte {
	sum := sha256.Sum256([]byte("code of " + string(sent) + ": " + code))
	return sum[:]
}

// SendCode sends a code to a contact, by which its person can prove that it is theirs: see [ConfirmContact]. It is
// the one notice for which a telephone is called.
type SendCode struct {
	User    Pick           `cbor:"1,keyasint"`
	Contact core.ContactID `cbor:"2,keyasint"`
}

func (SendCode) number() number { return sendCode }

// CodeSent is the result of [SendCode].
type CodeSent struct {
	Contact reach.Contact   `cbor:"1,keyasint"`
	Page    core.DeliveryID `cbor:"2,keyasint"`
	Until   time.Time       `cbor:"3,keyasint"` // until when it counts
}

func (k SendCode) apply(c *change) (CodeSent, error) {
	var sent CodeSent
	u, contact, err := contactFor(c.tx, k.User, k.Contact)
	if err != nil {
		return sent, err
	}
	if u.Blocked {
		return sent, &core.Error{Kind: core.Conflict, Words: "User [" + u.Username + "] is blocked and is told nothing."}
	}
	p := contactProof(c.tx, contact.ID, contact.Address)
	if p.Code == nil {
		p.Code = &codeSent{Day: c.now}
	}
	x := p.Code
	if next := x.At.Add(codeEvery); next.After(c.now) {
		return sent, tooSoon(fmt.Sprintf("A code was sent less than a minute ago. Ask again in %d seconds.", int((next.Sub(c.now)+time.Second-1)/time.Second)))
	}
	if !x.Day.Add(24 * time.Hour).After(c.now) {
		x.Day, x.Sent = c.now, 0
	}
	if x.Sent >= CodesMax {
		return sent, tooSoon(fmt.Sprintf("%d codes were sent to this contact within a day. Ask again after %s.", CodesMax, x.Day.Add(24*time.Hour).Format(time.RFC3339)))
	}
	if before, ok := GetDelivery(c.tx, x.Delivery); ok && !before.Final() {
		if err := c.takeBack(before, "another code was asked for"); err != nil {
			return sent, err
		}
	}
	code := c.newCode()
	n := Notice{Kind: ContactCode, Zone: c.zoneFor(u, nil), Until: c.now.Add(codeValid), Code: code}
	pages, err := c.tellBy(u, n, Reason{}, []reach.Contact{contact}, nil)
	if err != nil {
		return sent, err
	}
	*x = codeSent{Hash: hashOf(code, pages[0]), Until: n.Until, Left: CodeTries, Delivery: pages[0], At: c.now, Day: x.Day, Sent: x.Sent + 1}
	return CodeSent{contact, pages[0], n.Until}, Proofs.Put(c.tx, p)
}

// newCode makes the digits of a code out of the command's seed, which nobody is told.
func (c *change) newCode() string {
	bits, err := strconv.ParseUint(c.newID("code")[:8], 16, 32)
	if err != nil {
		panic(err) // ids begin with eight hexadecimal digits
	}
	return fmt.Sprintf("%0*d", codeDigits, bits%1_000_000)
}

func tooSoon(words string) error { return &core.Error{Kind: core.Conflict, Words: words} }

// contactFor returns a contact of a person.
func contactFor(r table.Reader, who Pick, id core.ContactID) (*reach.User, reach.Contact, error) {
	u, err := who.User(r)
	if err != nil {
		return nil, reach.Contact{}, err
	}
	i, err := contactOf(u, id)
	if err != nil {
		return nil, reach.Contact{}, err
	}
	return u, u.Contacts[i], nil
}

// ConfirmContact says the code that was sent to a contact. If it is right the contact is verified, and a dead one
// lives: the code did arrive. That it is wrong is no error, since the try has to be written down.
type ConfirmContact struct {
	User    Pick           `cbor:"1,keyasint"`
	Contact core.ContactID `cbor:"2,keyasint"`
	Code    string         `cbor:"3,keyasint"`
}

func (ConfirmContact) number() number { return confirmContact }

// Confirmed is the result of [ConfirmContact].
type Confirmed struct {
	Verified bool          `cbor:"1,keyasint"`
	Left     int           `cbor:"2,keyasint"` // how many tries there are if it was wrong
	Contact  reach.Contact `cbor:"3,keyasint"`
}

func (k ConfirmContact) apply(c *change) (Confirmed, error) {
	u, contact, err := contactFor(c.tx, k.User, k.Contact)
	if err != nil {
		return Confirmed{}, err
	}
	p := contactProof(c.tx, contact.ID, contact.Address)
	switch x := p.Code; {
	case x == nil || len(x.Hash) == 0:
		return Confirmed{}, &core.Error{Kind: core.Conflict, Words: "No code that counts was sent to this contact. Ask for one."}
	case x.Left == 0:
		return Confirmed{}, &core.Error{Kind: core.Conflict, Words: "The code was said wrongly too often. Ask for another one."}
	case !c.now.Before(x.Until):
		return Confirmed{}, &core.Error{Kind: core.Conflict, Words: "The code counts no more: it was sent more than 10 minutes ago. Ask for another one."}
	}
	said := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.\t", r) {
			return -1 // as people write digits that they were told
		}
		return r
	}, k.Code)
	if subtle.ConstantTimeCompare(hashOf(said, p.Code.Delivery), p.Code.Hash) == 0 {
		p.Code.Left--
		return Confirmed{Left: p.Code.Left, Contact: contact}, Proofs.Put(c.tx, p)
	}
	p.Code.Hash = nil
	p.Proof.VerifiedAt = c.now
	p.Proof.Prove(c.now, reach.Answered)
	if err := Proofs.Put(c.tx, p); err != nil {
		return Confirmed{}, err
	}
	if !contact.DeadSince.IsZero() {
		contact.DeadSince = time.Time{}
		i, _ := contactOf(u, contact.ID)
		u.Contacts[i] = contact
		err = Users.Put(c.tx, u)
	}
	return Confirmed{Verified: true, Contact: contact}, err
}

// forgetCode takes a code out of the notice that told it, when that has come to its end.
func (d *Delivery) forgetCode() {
	if d.Notice != nil && d.Notice.Code != "" && d.Final() {
		n := *d.Notice
		n.Code, d.Notice = "", &n
	}
}
