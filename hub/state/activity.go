package state

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
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

var notes = table.NewIndex(1, "notes", false, func(e *Entry) []table.Key {
	if e.NoteAt == 0 {
		return nil
	}
	return []table.Key{logKey(e.Alert, e.Number)}
})

func logKey(id core.AlertID, n uint64) table.Key { return table.K().String(string(id)).Uint64(n) }

// Log holds the activity logs of all alerts, each in order.
var Log = table.New(12, "log", func(e *Entry) table.Key { return logKey(e.Alert, e.Number) }, notes)

// LogOf returns the activity log of an alert, oldest line first.
func LogOf(r table.Reader, id core.AlertID) []Entry {
	var lines []Entry
	for e := range Log.Find(r, table.K().String(string(id))) {
		lines = append(lines, *e)
	}
	return lines
}

// NotesOf returns up to limit lines of an alert's activity log that have a note, from the one
// behind a number on, oldest first. Lines of versions that did not tell notes apart are not
// among them.
func NotesOf(r table.Reader, id core.AlertID, after uint64, limit int) (lines []Entry) {
	for e := range notes.Find(r, table.K().String(string(id))) {
		if len(lines) == limit {
			break
		}
		if e.Number > after {
			lines = append(lines, *e)
		}
	}
	return lines
}

// System is the owner of what nobody did.
const System = alert.System

func (c *change) log(id core.AlertID, typ EntryType, owner, text string) error {
	return Log.Insert(c.tx, &Entry{Alert: id, Number: c.next("log"), At: c.now, Type: typ, Owner: owner, Text: text})
}

// write writes down that an alert has moved. That it occurred again, or was looked at, is in
// the alert: a line for each would bury the others.
func (c *change) write(id core.AlertID, e alert.Entry) error {
	if e.What == alert.DidRecur || e.What == alert.DidSee || e.What == alert.DidDelete {
		return nil
	}
	row := Entry{Alert: id, Number: c.next("log"), At: c.now, Type: ActionEntry, Owner: e.By, Text: e.Text(), What: e.What, Why: e.Why, Of: e.Of}
	if e.Why == alert.SnoozeOver || e.Why == alert.Uncontested || e.Why == alert.OccurredAnew {
		row.Type = SystemEntry
	}
	if e.Note != "" {
		row.NoteAt = len(row.Text) - len(e.Note)
	}
	return Log.Insert(c.tx, &row)
}
