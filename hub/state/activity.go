package state

import (
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/raftstore/table"
)

// Entry is one line of an alert's activity log.
type Entry struct {
	Alert  core.AlertID `cbor:"1,keyasint"`
	Number uint64       `cbor:"2,keyasint"` // order in which lines were written, over all alerts
	At     time.Time    `cbor:"3,keyasint"`
	Type   EntryType    `cbor:"4,keyasint"`
	Owner  string       `cbor:"5,keyasint"` // who did it: a username, or "System"
	Text   string       `cbor:"6,keyasint"` // the line in English, with its note
	// What happened, why, and with what; zero, of a line that is about no move of the alert,
	// and of lines of earlier versions.
	What alert.What `cbor:"7,keyasint,omitempty"`
	Why  alert.Why  `cbor:"8,keyasint,omitempty"`
	Of   []string   `cbor:"9,keyasint,omitempty"`
	// NoteAt is where in Text, in bytes, the note begins; 0: there is none.
	NoteAt int `cbor:"10,keyasint,omitempty"`
	// More is what the same command had to say of the alert after that: a line costs much
	// less in another one's row than in one of its own. [LogOf] gives them one by one.
	More []FurtherLine `cbor:"11,keyasint,omitempty"`
	// Decision is what the line tells, if it tells what was decided about whom to page: Text is
	// its sentence in English. Lines of earlier versions have none.
	Decision *explain.Decision `cbor:"12,keyasint,omitempty"`
}

// FurtherLine is a line in the row of another one, of the same alert and moment. Its fields
// are those of [Entry].
type FurtherLine struct {
	Number uint64     `cbor:"1,keyasint"`
	Type   EntryType  `cbor:"2,keyasint"`
	Owner  string     `cbor:"3,keyasint"`
	Text   string     `cbor:"4,keyasint"`
	What   alert.What `cbor:"5,keyasint,omitempty"`
	Why    alert.Why  `cbor:"6,keyasint,omitempty"`
	Of     []string   `cbor:"7,keyasint,omitempty"`
	NoteAt int        `cbor:"8,keyasint,omitempty"`

	Decision *explain.Decision `cbor:"9,keyasint,omitempty"`
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

// Lines gives the lines that a row holds, in order.
func (e *Entry) Lines() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		first := *e
		first.More = nil
		if !yield(first) {
			return
		}
		for _, m := range e.More {
			line := Entry{Alert: e.Alert, At: e.At, Number: m.Number, Type: m.Type, Owner: m.Owner, Text: m.Text, What: m.What, Why: m.Why, Of: m.Of, NoteAt: m.NoteAt, Decision: m.Decision}
			if !yield(line) {
				return
			}
		}
	}
}

// fewLines is how many lines a command adds to another one, mostly.
const fewLines = 6

// add puts a line into the row of another one.
func (e *Entry) add(line Entry) {
	if e.More == nil {
		e.More = make([]FurtherLine, 0, fewLines)
	}
	e.More = append(e.More, FurtherLine{
		Number: line.Number, Type: line.Type, Owner: line.Owner, Text: line.Text, What: line.What, Why: line.Why, Of: line.Of, NoteAt: line.NoteAt,
		Decision: line.Decision,
	})
}

// Note returns what somebody wrote, "" if nothing.
func (e *Entry) Note() string {
	if e.NoteAt <= 0 || e.NoteAt > len(e.Text) {
		return ""
	}
	return e.Text[e.NoteAt:]
}

// Move returns the line as the core made it, to be told in any language. It reports false
// for a line that is about no move of the alert.
func (e *Entry) Move() (alert.Entry, bool) {
	if e.What == 0 {
		return alert.Entry{}, false
	}
	return alert.Entry{What: e.What, By: e.Owner, At: e.At, Why: e.Why, Of: e.Of, Note: e.Note()}, true
}

// TextVi tells the line in Vietnamese; one of an earlier version, which may have none, as it is.
func (e *Entry) TextVi() string {
	if e.Decision != nil {
		return e.Decision.TextVi()
	}
	if move, ok := e.Move(); ok {
		return move.TextVi()
	}
	return e.Text
}

// notes has the rows in which a line has a note.
var notes = table.NewIndex(1, "notes", false, func(e *Entry) []table.Key {
	for line := range e.Lines() {
		if line.NoteAt > 0 {
			return []table.Key{logKey(e.Alert, e.Number)}
		}
	}
	return nil
})

func logKey(id core.AlertID, n uint64) table.Key { return table.K().String(string(id)).Uint64(n) }

// Log holds the activity logs of all alerts, each in order, several lines in a row: read
// it by [LogOf], [LogReverse] or [NotesOf].
var Log = table.New(12, "log", func(e *Entry) table.Key { return logKey(e.Alert, e.Number) }, notes)

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

// NoteLines gives the lines of an alert's activity log that have a note, oldest first or, if newest is set,
// newest first. Lines of versions that did not tell notes apart are not among them.
func NoteLines(r table.Reader, id core.AlertID, newest bool) iter.Seq[Entry] {
	rows, prefix := notes.Find, table.K().String(string(id))
	if newest {
		rows = notes.FindReverse
	}
	return func(yield func(Entry) bool) {
		for row := range rows(r, prefix) {
			lines := slices.Collect(row.Lines())
			if newest {
				slices.Reverse(lines)
			}
			for _, line := range lines {
				if line.NoteAt > 0 && !yield(line) {
					return
				}
			}
		}
	}
}

// NotesOf returns up to limit lines of an alert's activity log that have a note, from the one
// behind a number on, oldest first.
func NotesOf(r table.Reader, id core.AlertID, after uint64, limit int) (lines []Entry) {
	for line := range NoteLines(r, id, false) {
		if len(lines) == limit {
			return lines
		}
		if line.Number > after {
			lines = append(lines, line)
		}
	}
	return lines
}

// System is the owner of what nobody did.
const System = alert.System

// linesARow is how many lines are in a row at most.
const linesARow = 50

// log writes down what was decided about an alert.
func (c *change) log(id core.AlertID, typ EntryType, owner string, d explain.Decision) error {
	return c.enter(Entry{Alert: id, Type: typ, Owner: owner, Text: d.Text(), Decision: &d})
}

// write writes down that an alert has moved. That it occurred again, or was looked at, is in
// the alert: a line for each would bury the others.
func (c *change) write(id core.AlertID, e alert.Entry) error {
	if e.What == alert.DidRecur || e.What == alert.DidSee || e.What == alert.DidDelete {
		return nil
	}
	line := Entry{Alert: id, Type: ActionEntry, Owner: e.By, Text: e.Text(), What: e.What, Why: e.Why, Of: e.Of}
	if e.Why == alert.SnoozeOver || e.Why == alert.Uncontested || e.Why == alert.OccurredAnew {
		line.Type = SystemEntry
	}
	if e.Note != "" {
		line.NoteAt = len(line.Text) - len(e.Note)
	}
	return c.enter(line)
}

// enter adds a line to a log. It is written by keepLog, or as soon as a row is full.
func (c *change) enter(line Entry) error {
	line.Number, line.At = c.next("log"), c.now
	c.unwritten += 2 * len(line.Text) // what was decided takes about as much
	row, ok := c.logged[line.Alert]
	if !ok {
		first := line // only this one is kept as it is
		c.logged[line.Alert] = &first
		return nil
	}
	row.add(line)
	if len(row.More) < linesARow-1 {
		return nil
	}
	delete(c.logged, line.Alert)
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
