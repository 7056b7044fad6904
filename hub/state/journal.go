package state

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Input is something that came in by an API key, and what was done with it: a row of the
// journal. What agents say is not in it: it is in their spools, and in their alerts.
type Input struct {
	Number      uint64             `cbor:"1,keyasint"` // in the order in which they came, from 1
	At          time.Time          `cbor:"2,keyasint"`
	Integration core.IntegrationID `cbor:"3,keyasint,omitempty"` // whose key it came by
	Request     string             `cbor:"4,keyasint,omitempty"`
	Event       string             `cbor:"5,keyasint,omitempty"` // what had happened, in the tool's word or the API's: create
	// Draft is what it says of an alert, before any rule; Payload are a tool's own fields.
	Draft   alert.Draft       `cbor:"6,keyasint"`
	Payload map[string]string `cbor:"7,keyasint,omitempty"`
	// Cut says that the input was too large for the journal: long texts of it are cut.
	Cut bool `cbor:"8,keyasint,omitempty"`

	// Done is what was done, zero: nothing. Why is why, if an integration had rules about it.
	Done   route.ActionKind `cbor:"9,keyasint,omitempty"`
	Action string           `cbor:"10,keyasint,omitempty"` // id of the integration's action
	Why    string           `cbor:"11,keyasint,omitempty"`
	Status string           `cbor:"12,keyasint,omitempty"` // what the sender was told
	Alert  core.AlertID     `cbor:"13,keyasint,omitempty"` // which alert it was about
}

// The bounds of the journal.
const (
	// JournalAge is how long an input is kept, JournalMax how many are. The oldest make room
	// when another comes.
	JournalAge = 7 * 24 * time.Hour
	JournalMax = 100_000
	// journalText is how many characters of one text are kept of an input that is too large,
	// journalBytes from when on it is.
	journalText  = 1000
	journalBytes = 32 << 10
	// journalFields is how many of a tool's own fields are kept.
	journalFields = 200
)

// Journal holds what came in, in the order in which it came.
var Journal = table.New(29, "journal", func(in *Input) table.Key { return table.K().Uint64(in.Number) })

// Inputs returns up to limit inputs from below a number (0: from the newest) on, newest first; of
// one integration if its id is not empty. It looks at no more than look rows. next is from
// where to go on; 0: there are no more.
func Inputs(r table.Reader, of core.IntegrationID, below uint64, limit, look int) (list []*Input, next uint64) {
	rows := Journal.FindReverse(r, table.K())
	if below > 0 {
		rows = Journal.RangeReverse(r, table.K(), table.K().Uint64(below))
	}
	for in := range rows {
		if len(list) == limit || look == 0 {
			return list, below
		}
		below, look = in.Number, look-1
		if of == "" || in.Integration == of {
			list = append(list, in)
		}
	}
	return list, 0
}

// note writes an input into the journal, and lets the oldest make room.
func (c *change) note(in Input) error {
	in.Number, in.At = c.next("input"), c.now
	in.fit()
	for range 2 { // more go than come, until all that is too old has gone
		oldest, ok := c.oldestInput()
		if !ok || c.now.Sub(oldest.At) < JournalAge && in.Number-oldest.Number < JournalMax {
			break
		}
		Journal.Delete(c.tx, Journal.KeyOf(oldest))
		c.next("input gone")
	}
	return Journal.Insert(c.tx, &in)
}

// oldestInput returns the oldest row of the journal. Rows go in the order of their numbers, so
// it is found without a search.
func (c *change) oldestInput() (*Input, bool) {
	row, ok := c.counted["input gone"]
	if !ok {
		if row, ok = counters.Get(c.tx, table.K().String("input gone")); !ok {
			row = &counter{}
		}
	}
	return Journal.Get(c.tx, table.K().Uint64(row.Last+1))
}

// fit cuts an input that is too large for a row.
func (in *Input) fit() {
	if in.size() <= journalBytes {
		return
	}
	in.Cut = true
	d := &in.Draft
	for _, text := range []*string{&d.Message, &d.Alias, &d.Description, &d.Source, &d.Entity, &d.Note} {
		*text = firstRunes(*text, journalText)
	}
	d.Details, in.Payload = fewer(d.Details), fewer(in.Payload)
}

// fewer returns the first fields in the order of their names, their values cut, within half of
// what a row may have.
func fewer(fields map[string]string) map[string]string {
	kept, room := map[string]string{}, journalBytes/2
	for _, k := range sortedKeys(fields) {
		v := firstRunes(fields[k], journalText)
		if room -= len(k) + len(v); room < 0 || len(kept) == journalFields {
			break
		}
		kept[k] = v
	}
	return kept
}

func (in *Input) size() int {
	d := &in.Draft
	n := len(d.Message) + len(d.Alias) + len(d.Description) + len(d.Source) + len(d.Entity) + len(d.Note)
	for _, fields := range []map[string]string{d.Details, in.Payload} {
		for k, v := range fields {
			n += len(k) + len(v)
		}
	}
	return n
}

// TakeInput does with what a tool has sent what its integration's rules say: creates an alert,
// closes or acknowledges one, adds a note to it, or nothing.
type TakeInput struct {
	Request     string             `cbor:"1,keyasint,omitempty"` // id under which the request's status is asked for
	Integration core.IntegrationID `cbor:"2,keyasint"`
	// Draft is what the payload says of an alert, whatever the limits of alerts; Payload has the
	// tool's own fields, by the tool's own names. Event is what has happened.
	Draft   alert.Draft       `cbor:"3,keyasint"`
	Payload map[string]string `cbor:"4,keyasint,omitempty"`
	Event   string            `cbor:"5,keyasint,omitempty"`
}

func (TakeInput) number() number { return takeInput }

// The bounds of what a tool sends.
const (
	PayloadFieldsMax = 2000
	PayloadBytesMax  = 256 << 10
)

func (k TakeInput) apply(c *change) (Request, error) {
	if _, err := GetIntegration(c.tx, k.Integration); err != nil {
		return Request{}, err
	}
	in := Input{Integration: k.Integration, Request: k.Request, Event: k.Event, Draft: k.Draft, Payload: k.Payload}
	if len(in.Payload) > PayloadFieldsMax || in.size() > PayloadBytesMax {
		return Request{}, core.Invalid("payload", "it is too large: at most 2,000 fields and 256 KiB are taken")
	}
	in.Draft.Integration = k.Integration
	return c.take(in)
}

// take does what the rules say of an input, and writes it into the journal.
func (c *change) take(in Input) (Request, error) {
	d := c.rules().decide(&in)
	r, err := c.carryOut(&in, &d)
	if err != nil {
		return r, err
	}
	in.Done, in.Action, in.Why, in.Status, in.Alert = d.Kind, d.Action, d.Reason, r.Status, r.Alert
	return r, c.note(in)
}

// carryOut does with an input what was decided.
func (c *change) carryOut(in *Input, d *route.Decision) (Request, error) {
	asked := Asked{Request: in.Request, Alert: Ref{Alias: d.Alias}, User: d.User, Source: in.Draft.Source, Note: d.Note, Integration: in.Integration}
	switch d.Kind {
	case route.Create:
		return c.create(in.Request, d.Draft)
	case route.Close, route.Acknowledge, route.AddNote:
		if d.Alias == "" {
			d.Reason += ", but the alias is empty, which names no alert"
			break
		}
		return c.onAlias(d.Kind, asked)
	}
	r := Request{ID: in.Request, Action: "Ignore", Integration: in.Integration, Status: "Nothing was done: " + d.Reason}
	return r, c.answer(&r)
}

// onAlias does something to the alert of an alias.
func (c *change) onAlias(kind route.ActionKind, asked Asked) (Request, error) {
	switch kind {
	case route.Close:
		return CloseAlert(asked).apply(c)
	case route.Acknowledge:
		return AcknowledgeAlert(asked).apply(c)
	}
	return AddNote{asked}.apply(c)
}

// Replayed is what would become of an input now.
type Replayed struct {
	Decision route.Decision
	// Shaped is, of what creates an alert, what alert policies would make of it.
	Shaped route.Shaped
}

// Replay tells what the present rules would do with an input at a moment. It changes nothing.
// An input that was cut may be decided otherwise than a whole one.
func (m *Machine) Replay(r table.Reader, now time.Time, in *Input) Replayed {
	d := decider{r, now.UTC(), m.zones, m.policies, func() route.Effects { return InForce(r, now) }}
	out := Replayed{Decision: d.decide(in)}
	if out.Decision.Kind == route.Create {
		out.Shaped = d.shape(out.Decision.Draft)
	}
	return out
}
