package state

import (
	"sync/atomic"
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
	// Missing are names in the templates of the integration that it had not.
	Missing []string `cbor:"14,keyasint,omitempty"`
	// Weight is what the input counts for in the journal, in bytes; 0, of one that an earlier
	// version wrote: nothing.
	Weight uint64 `cbor:"15,keyasint,omitempty"`
	// Format is in which format of a tool it came, as in the path: nagios; empty: in the API's.
	Format string `cbor:"16,keyasint,omitempty"`
}

// The bounds of the journal.
const (
	// JournalAge is how long an input is kept, JournalMax how many are, JournalBytes how many
	// bytes in all, about. The oldest make room when another comes; what is too old goes by itself.
	JournalAge   = 7 * 24 * time.Hour
	JournalMax   = 100_000
	JournalBytes = 256 << 20
	// journalBytes is up to how many bytes an input is kept whole.
	journalBytes = 32 << 10
	// missingMax is how many missing names are kept, and reasonMax how many characters of a
	// reason: rules may have a hundred conditions of a thousand characters each.
	missingMax = 20
	reasonMax  = 500
	// makesRoom is how many inputs go at most when one comes: a large one may take the place
	// of many small ones, until then the journal is a little too large.
	makesRoom = 32
	// inputOverhead is about what an input takes besides its texts: keys, times and ids.
	inputOverhead = 200
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
	if in.size() > journalBytes {
		in.cut(toKeep)
	}
	in.Weight = uint64(in.size() + len(in.Why) + inputOverhead)
	total := c.counter("input")
	total.Bytes += in.Weight
	gone := c.inputsGone()
	if in.Number == gone+1 { // it is the only one
		if err := c.age(agedJournal); err != nil {
			return err
		}
	}
	for n := range makesRoom {
		tooMany := in.Number-gone > JournalMax && n < 2 // two go for each that comes
		if !tooMany && total.Bytes <= JournalBytes {
			break
		}
		oldest, ok := c.oldestInput()
		if !ok {
			break
		}
		c.forgetInput(oldest)
		gone++
	}
	return Journal.Insert(c.tx, &in)
}

// forgetInput removes the oldest input.
func (c *change) forgetInput(oldest *Input) {
	Journal.Delete(c.tx, Journal.KeyOf(oldest))
	c.next("input gone")
	total := c.counter("input")
	total.Bytes -= min(oldest.Weight, total.Bytes)
}

// sweepJournal removes the oldest inputs, if they came before a moment.
func sweepJournal(c *change, s *Sweep, before time.Time) (done bool) {
	for range sweepRoom {
		oldest, ok := c.oldestInput()
		if !ok {
			return true
		}
		if oldest.At.After(before) {
			s.pass(oldest.At)
			return true
		}
		c.forgetInput(oldest)
		s.Gone++
	}
	return false
}

// oldestInput returns the oldest row of the journal. Rows go in the order of their numbers, so
// it is found without a search.
func (c *change) oldestInput() (*Input, bool) {
	return Journal.Get(c.tx, table.K().Uint64(c.inputsGone()+1))
}

// inputsGone returns how many inputs have gone: the number of the last of them.
func (c *change) inputsGone() uint64 {
	row, ok := c.counted["input gone"]
	if !ok {
		if row, ok = counters.Get(c.tx, table.K().String("input gone")); !ok {
			return 0
		}
	}
	return row.Last
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

// What of a tool's input the rules are asked about: of one that is larger what comes first.
const (
	PayloadFieldsMax = 2000
	PayloadBytesMax  = 256 << 10 // in all, with what it says of an alert
)

func (k TakeInput) apply(c *change) (Request, error) {
	if _, err := GetIntegration(c.tx, k.Integration); err != nil {
		return Request{}, err
	}
	in := Input{Integration: k.Integration, Request: k.Request, Event: k.Event, Draft: k.Draft, Payload: k.Payload}
	if len(k.Request) > NameMax {
		return Request{}, core.Invalid("requestId", "it is too long")
	}
	if !in.fits() {
		in.cut(toDecide)
	}
	in.Draft.Integration = k.Integration
	return c.take(in, nil)
}

// take does what the rules say of an input, or the defaults of its format, and writes it into
// the journal.
func (c *change) take(in Input, defaults []route.Action) (Request, error) {
	d := c.rules.decide(&in, defaults)
	r, err := c.carryOut(&in, &d)
	if err != nil {
		return r, err
	}
	in.Done, in.Action, in.Why, in.Status, in.Alert = d.Kind, d.Action, d.Reason, r.Status, r.Alert
	in.Missing = d.Missing[:min(len(d.Missing), missingMax)]
	return r, c.note(in)
}

// carryOut does with an input what was decided.
func (c *change) carryOut(in *Input, d *route.Decision) (Request, error) {
	asked := Asked{Request: in.Request, Alert: Ref{Alias: d.Alias}, User: d.User, Source: alert.Cut(in.Draft.Source, alert.SourceMax), Note: d.Note, Integration: in.Integration}
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
	r := Request{ID: in.Request, Action: "Ignore", Integration: in.Integration, Status: nothingDone + ": " + d.Reason}
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
	// Alert is the open alert that it would be about; empty: none is open, so that one would
	// be created, or nothing be done.
	Alert core.AlertID
}

// Replay tells what the present rules would do with an input at a moment. It changes nothing.
// An input that was cut may be decided otherwise than a whole one. Defaults are the actions of
// the format in which it came, if any: see [TakeInputs].
func (m *Machine) Replay(r table.Reader, now time.Time, in *Input, defaults ...route.Action) Replayed {
	if !in.fits() { // as when it is taken
		short := *in
		short.cut(toDecide)
		in = &short
	}
	d := newDecider(r, now.UTC(), m.zones.In(r), new(atomic.Pointer[policySet])) // commands do not wait for it
	out := Replayed{Decision: d.decide(in, defaults)}
	alias := out.Decision.Alias
	if out.Decision.Kind == route.Create {
		out.Shaped = d.shape(out.Decision.Draft)
		alias = out.Shaped.Draft.Alias
	}
	if open, ok := FindAlert(r, Ref{Alias: alias}); ok && alias != "" {
		out.Alert = open.ID
	}
	return out
}
