// Package oracle says which pages an alert must bring: who, by which contact, when, and by
// which way. It is for tests: what the hub does is held against it.
//
// It is written from the documents of the product, not from the code of the hub, and it is plain and slow:
// one alert, lists that are walked from the beginning, no deadlines that are stored, no rows. Who is on call it
// is told ([Schedule.OnCall]): calendars have an oracle of their own.
//
//	l := oracle.New(world, oracle.Alert{Priority: 1, Responders: …})
//	pages := l.Create(at)             // those that must be queued at that moment
//	pages = l.Tick(at)                // what has become due by then
//	pages = l.Failed(at, pages[0].ID) // a page has reached nobody: what is next comes at once
//	l.Acknowledge(at, "an")           // or Snooze, Close
//	due, ok := l.Next()               // when something is due, if nothing happens before
package oracle

import "time"

// Kinds of what a way leads through.
const (
	User       = "user"
	Team       = "team"
	Escalation = "escalation"
	Schedule   = "schedule"
	Nobody     = "" // of a routing rule that notifies nobody
)

// Who names somebody to be told, or a way to somebody.
type Who struct{ Kind, Name string }

// World is what is configured, by names.
type World struct {
	People      map[string]*Person
	Teams       map[string]*TeamOf
	Escalations map[string]*Steps
	Schedules   map[string]*Shifts
	Forwards    []Forward
	LastResort  *LastResort // nil: nobody is
}

// Person is somebody with contacts, and rules of how to be told.
type Person struct {
	Blocked  bool
	Contacts []Contact
	Rules    []Rule
	// Until MutedUntil, and in the quiet hours, the person is left alone; Pierces: not by P1.
	MutedUntil time.Time
	Quiet      *Hours
	Pierces    bool
}

// The events that rules are for.
const (
	Created    = "create"
	Renotified = "renotified"
	Assigned   = "assigned"
)

// Contact is a way to reach a person. Dead says that its provider gave it up for ever.
type Contact struct {
	ID, Kind, Address string
	Disabled, Dead    bool
}

func (c *Contact) works() bool { return !c.Disabled && !c.Dead }

// Rule says how a person is told of new alerts: of such a priority (1 is the gravest) or graver, 0 for
// all, and, if Hours is there, at such times.
type Rule struct {
	ID       string
	Event    string
	Disabled bool
	AtLeast  int
	Hours    *Hours
	Attempts []Attempt
	// Loop, if not 0, is how long after the last one they come again.
	Loop time.Duration
}

// Attempt is one contact of a rule, so long after the person was told.
type Attempt struct {
	Contact  string
	After    time.Duration
	Disabled bool
}

// Hours are hours of every day, [From, To), in a zone.
type Hours struct {
	From, To int
	Zone     *time.Location
}

func (h *Hours) has(at time.Time) bool {
	hour := at.In(h.Zone).Hour()
	return hour >= h.From && hour < h.To
}

// TeamOf is a team: its routing rules and its members, in their order.
type TeamOf struct {
	Rules   []Routing
	Members []string
	Admins  []string // of the members
}

// Routing is a routing rule: for alerts of one priority, or 0 for all.
type Routing struct {
	ID       string
	Priority int
	Hours    *Hours
	To       Who
}

// Steps is an escalation. Its steps run again Rounds times, each time Wait after the last one's moment.
type Steps struct {
	Steps  []Step
	Rounds int
	Wait   time.Duration
	Reset  bool // each time an acknowledgement is taken back
	Closes bool // in the end the alert is closed
}

// Step tells somebody so long after the escalation began.
type Step struct {
	After time.Duration
	To    Who
	// Notify is whom of a schedule ("next", "previous") or a team ("users", "admins", "all", "random",
	// "round-robin") it tells; "": whoever is on call, or whom the routing rules name.
	Notify string
	// Unclosed says that it is also for alerts that are acknowledged.
	Unclosed    bool
	Acks        int  // how many must acknowledge of whom it tells
	EndsEarlier bool // what earlier steps have planned for people ends
}

// Shifts is a schedule: who is on call at a moment, who will be next and who was before.
type Shifts struct {
	Disabled               bool
	OnCall, Next, Previous func(at time.Time) []Turn
}

// Turn is somebody on call, and the alias of the override that says so.
type Turn struct {
	Who      Who
	Override string
}

// Forward gives one person's notifications to another for a time, [Start, End).
type Forward struct {
	From, To   string
	Start, End time.Time
	Number     uint64 // of those in force of one person that counts which was made last: it has the greatest
}

// LastResort is who is called when all that is configured has been done, so long after the last of that; of alerts
// that are so grave or graver, 0 for all.
type LastResort struct {
	To      Who
	After   time.Duration
	AtLeast int
}

// Alert is what is known of the alert when it is created.
type Alert struct {
	Priority   int
	Responders []Who
}

// Way is how an alert has come to a person: of each kind the last that it led through.
type Way struct {
	Team, Routing  string
	Escalation     string
	Step           int // from 1
	Round          int // how often the steps had run through
	Notify         string
	Acks           int
	Unclosed       string // who had acknowledged
	LastResort     bool
	Assigned       string // who has made the person the owner
	Schedule       string
	Override       string
	For            string // whose notifications go to the person
	Rule           string // the person's own
	Again          int    // how often the steps of it have come again
	AfterFailureOf int    // the page whose failure made this one come before its time; 0: none did
}

// Page is a page that must be queued.
type Page struct {
	ID              int // from 1
	Person, Contact string
	Due             time.Time // when it was due: at its moment, or before it after an outage
	Way             Way
}

// overtaken is how late something must be done for the hub to have been away, so that several things are due
// together that were to come one after the other.
const overtaken = 30 * time.Second

// ownOutage is how late it must be noticed that nothing was heard of a page for the page to get its time anew: the hub
// itself was away.
const ownOutage = 2 * time.Second
