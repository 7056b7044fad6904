package state

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// ForwardsMax is how many forwarding rules that are not over a person has at most.
const ForwardsMax = 100

var forwardsByAlias = table.NewIndex(1, "alias", true, func(f *rota.Forward) []table.Key {
	if f.Alias == "" {
		return nil
	}
	return []table.Key{table.K().String(f.Alias)}
})

var forwardsByPerson = table.NewIndex(2, "from and end", false, func(f *rota.Forward) []table.Key {
	return []table.Key{table.K().String(string(f.From)).Time(f.End)}
})

var forwardsByEnd = table.NewIndex(3, "end", false, func(f *rota.Forward) []table.Key { return []table.Key{table.K().Time(f.End)} })

// Forwards holds to whom persons give what would reach them.
var Forwards = table.New(38, "forwards", func(f *rota.Forward) table.Key { return table.K().String(f.ID) }, forwardsByAlias, forwardsByPerson, forwardsByEnd)

// forwardsOf returns a person's forwarding rules that end after a moment.
func forwardsOf(r table.Reader, from core.UserID, now time.Time) iter.Seq[*rota.Forward] {
	prefix := table.K().String(string(from))
	return forwardsByPerson.Range(r, prefix.Time(now.Add(1)), prefix+afterAll)
}

// ForwardsOf returns a person's forwarding rules that are not over at a moment, in the order
// of their ends; of everybody if no person is named.
func ForwardsOf(r table.Reader, from core.UserID, now time.Time) iter.Seq[*rota.Forward] {
	if from == "" {
		return forwardsByEnd.Range(r, table.K().Time(now.Add(1)), afterAll)
	}
	return forwardsOf(r, from, now)
}

// Forward returns the forwarding rule with the id, or with the alias for a name; else an
// error of kind [core.NotFound].
func (p Pick) Forward(r table.Reader) (*rota.Forward, error) {
	return pick(r, p, "Forwarding rule", Forwards, forwardsByAlias)
}

// ForwardFields is what a caller says of a forwarding rule. Nil is not said.
type ForwardFields struct {
	From  *Pick      `cbor:"1,keyasint,omitempty"`
	To    *Pick      `cbor:"2,keyasint,omitempty"`
	Start *time.Time `cbor:"3,keyasint,omitempty"`
	End   *time.Time `cbor:"4,keyasint,omitempty"`
}

// fill writes what was said into a forwarding rule and complains about what cannot be.
func (f *ForwardFields) fill(c *change, to *rota.Forward) faults {
	wrong := faults{}
	c.person(wrong, "fromUser", &to.From, f.From)
	c.person(wrong, "toUser", &to.To, f.To)
	setTime(&to.Start, f.Start)
	setTime(&to.End, f.End)
	wrong.merge("", to.Check())
	wrong.future("endDate", to.End, c.now)
	return wrong
}

// person takes over whom a caller has named.
func (c *change) person(wrong faults, field string, id *core.UserID, said *Pick) {
	if said == nil {
		return
	}
	u, err := said.User(c.tx)
	if err != nil {
		wrong.missing(field, err)
		return
	}
	*id = u.ID
}

// CreateForward gives what would reach one person for a time to another: whatever schedule,
// escalation or alert names the person.
type CreateForward struct {
	Alias  string        `cbor:"1,keyasint,omitempty"` // none: one is made
	Fields ForwardFields `cbor:"2,keyasint"`
}

func (CreateForward) number() number { return createForward }

func (k CreateForward) apply(c *change) (rota.Forward, error) {
	f := rota.Forward{ID: c.newID("forward"), Alias: k.Alias, Number: c.next("forward")}
	if f.Alias == "" {
		f.Alias = f.ID
	}
	wrong := k.Fields.fill(c, &f)
	wrong.length("alias", k.Alias, calendarAliasMax)
	if err := wrong.err(); err != nil {
		return f, err
	}
	if err := c.age(agedForwards); err != nil {
		return f, err
	}
	return f, c.keepForward(&f)
}

// keepForward keeps a rule if its person has not too many.
func (c *change) keepForward(f *rota.Forward) error {
	n := 0
	for other := range forwardsOf(c.tx, f.From, c.now) {
		if other.ID == f.ID {
			continue
		}
		if n++; n == ForwardsMax {
			return core.Invalid("fromUser", fmt.Sprintf("has %d forwarding rules that are not over: delete one first", ForwardsMax))
		}
	}
	err := Forwards.Put(c.tx, f)
	if _, taken := errors.AsType[*table.UniqueError](err); taken {
		return &core.Error{Kind: core.Conflict, Words: "Forwarding rule with alias [" + firstRunes(f.Alias, NameMax) + "] already exists."}
	}
	c.schedulesChanged()
	return err
}

// ChangeForward changes what is said of a forwarding rule.
type ChangeForward struct {
	Rule   Pick          `cbor:"1,keyasint"` // the alias for a name
	Fields ForwardFields `cbor:"2,keyasint"`
}

func (ChangeForward) number() number { return changeForward }

func (k ChangeForward) apply(c *change) (rota.Forward, error) {
	f, err := k.Rule.Forward(c.tx)
	if err != nil {
		return rota.Forward{}, err
	}
	if err := k.Fields.fill(c, f).err(); err != nil {
		return *f, err
	}
	return *f, c.keepForward(f)
}

// DeleteForward takes a forwarding rule away.
type DeleteForward struct {
	Rule Pick `cbor:"1,keyasint"`
}

func (DeleteForward) number() number { return deleteForward }

func (k DeleteForward) apply(c *change) (Nothing, error) {
	f, err := k.Rule.Forward(c.tx)
	if err != nil {
		return Nothing{}, err
	}
	c.schedulesChanged()
	Forwards.Delete(c.tx, Forwards.KeyOf(f))
	return Nothing{}, nil
}
