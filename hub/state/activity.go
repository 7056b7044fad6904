package state

import (
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// Entry is one line of an alert's activity log.
type Entry struct {
	Alert  core.AlertID `cbor:"1,keyasint"`
	Number uint64       `cbor:"2,keyasint"` // order in which lines were written, over all alerts
	At     time.Time    `cbor:"3,keyasint"`
	Type   EntryType    `cbor:"4,keyasint"`
	Owner  string       `cbor:"5,keyasint"` // who did it: a username, or "System"
	Text   string       `cbor:"6,keyasint"`
	// More is what the same command had to say of the alert after that: a line costs much
	// less in another one's row than in one of its own. [LogOf] gives them one by one.
	More []FurtherLine `cbor:"7,keyasint,omitempty"`
}

// FurtherLine is a line in the row of another one, of the same alert and moment.
type FurtherLine struct {
	Number uint64    `cbor:"1,keyasint"`
	Type   EntryType `cbor:"2,keyasint"`
	Owner  string    `cbor:"3,keyasint"`
	Text   string    `cbor:"4,keyasint"`
}

// EntryType is what sort of line it is. Values are stored.
type EntryType string

// The types of line.
const (
	SystemEntry   EntryType = "system"         // what Kẻng decided
	ActionEntry   EntryType = "alertAction"    // what somebody did to the alert
	PageEntry     EntryType = "notification"   // what became of a page
	RecipientNote EntryType = "alertRecipient" // whom the alert concerns, and why
)

// Log holds the activity logs of all alerts, each in order, several lines in a row: read
// it by [LogOf] or [LogReverse].
var Log = table.New(12, "log", func(e *Entry) table.Key { return table.K().String(string(e.Alert)).Uint64(e.Number) })

// LogOf gives the activity log of an alert, oldest line first.
func LogOf(r table.Reader, id core.AlertID) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for row := range Log.Find(r, table.K().String(string(id))) {
			for line := range row.Lines() {
				if !yield(line) {
					return
				}
			}
		}
	}
}

// LogReverse gives the activity log of an alert, newest line first.
func LogReverse(r table.Reader, id core.AlertID) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for row := range Log.FindReverse(r, table.K().String(string(id))) {
			for _, line := range slices.Backward(slices.Collect(row.Lines())) {
				if !yield(line) {
					return
				}
			}
		}
	}
}

// Lines gives the lines that a row holds, in order.
func (e *Entry) Lines() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		first := *e
		first.More = nil
		if !yield(first) {
			return
		}
		for _, m := range e.More {
			if !yield(Entry{Alert: e.Alert, At: e.At, Number: m.Number, Type: m.Type, Owner: m.Owner, Text: m.Text}) {
				return
			}
		}
	}
}

// System is the owner of what nobody did.
const System = "System"

// linesARow is how many lines are in a row at most.
const linesARow = 50

// log adds a line to an alert's activity log. It is written by keepLog, or as soon as
// a row is full.
func (c *change) log(id core.AlertID, typ EntryType, owner, text string) error {
	n := c.next("log")
	row, ok := c.logged[id]
	if !ok {
		c.logged[id] = &Entry{Alert: id, Number: n, At: c.now, Type: typ, Owner: owner, Text: text}
		return nil
	}
	row.More = append(row.More, FurtherLine{Number: n, Type: typ, Owner: owner, Text: text})
	if len(row.More) < linesARow-1 {
		return nil
	}
	delete(c.logged, id)
	return Log.Insert(c.tx, row)
}

// keepLog writes what the command had to say of alerts, in one row for each.
func (c *change) keepLog() error {
	for _, id := range sortedKeys(c.logged) {
		if err := Log.Insert(c.tx, c.logged[id]); err != nil {
			return err
		}
	}
	return nil
}
