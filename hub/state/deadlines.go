package state

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/raftstore/table"
)

// DeadlineKind is what has to be done at a deadline. Values are stored.
type DeadlineKind uint8

// The kinds of deadline.
const (
	EscalationStep  DeadlineKind = 1  // a rule of an escalation fires
	ReachAttempt    DeadlineKind = 2  // a person's next contact is tried
	DeliveryOverdue DeadlineKind = 3  // a page whose fate should be known by now
	BundleDue       DeadlineKind = 4  // a page that was held goes, or the rest of a bundle's alerts is dealt with
	TellLate        DeadlineKind = 23 // an outage of long ago is told, unless its end is heard of first
)

// Deadline is a moment at which something of an alert must be done, or, if it names none,
// of a bundle or of a notice: the page that it names.
type Deadline struct {
	ID    string       `cbor:"1,keyasint"`
	At    time.Time    `cbor:"2,keyasint"`
	Kind  DeadlineKind `cbor:"3,keyasint"`
	Alert core.AlertID `cbor:"4,keyasint"`
	// For an escalation: which, and when it was added or its steps began to run again. Repeat is
	// how often they had run through before.
	Escalation core.EscalationID `cbor:"5,keyasint,omitempty"`
	Step       int               `cbor:"6,keyasint,omitempty"`
	Added      time.Time         `cbor:"7,keyasint"`
	Repeat     int               `cbor:"80,keyasint,omitempty"`
	// For an attempt: whom, how and why.
	User    core.UserID    `cbor:"8,keyasint,omitempty"`
	Contact core.ContactID `cbor:"9,keyasint,omitempty"`
	Why     Reason         `cbor:"10,keyasint"`
	// For an overdue page, and for a bundle: which.
	Delivery core.DeliveryID `cbor:"11,keyasint,omitempty"`
	// For the rest of a bundle: behind which alert it begins. Step is the stage of the page
	// from which something follows for them.
	From core.AlertID `cbor:"12,keyasint,omitempty"`
	// For what is told late: by which agent. Added is when it began.
	Agent string `cbor:"23,keyasint,omitempty"`
	// For a heartbeat that is looked at: which.
	Heartbeat string `cbor:"30,keyasint,omitempty"`
	// For what is judged anew: the ids of the policies. From is the alert with which it goes on.
	Judge []string `cbor:"43,keyasint,omitempty"`
	// For maintenance that begins or ends: which.
	Maintenance string `cbor:"46,keyasint,omitempty"`
	// For old rows that are removed: which [Sweep].
	Sweep string `cbor:"47,keyasint,omitempty"`
	// For what goes on with the members of a parent: how far it has come. Added is when it was
	// asked for.
	Rest *Rest `cbor:"55,keyasint,omitempty"`
	// For what goes on with the responder alerts of an incident: which. Step is 1 if they become
	// as grave as it is. Rest says, of one that was deleted, by whom.
	Incident core.IncidentID `cbor:"62,keyasint,omitempty"`
	// For what a schedule brings: which. For the round of all schedules: Round.
	Schedule core.ScheduleID `cbor:"70,keyasint,omitempty"`
	Round    bool            `cbor:"71,keyasint,omitempty"`
	// For the daily test: whose.
	Canary core.UserID `cbor:"90,keyasint,omitempty"`
}

// apart reports whether a deadline is neither an alert's nor a bundle's.
func (d *Deadline) apart() bool {
	return d.Heartbeat != "" || d.Maintenance != "" || d.Sweep != "" || d.Incident != "" || d.Schedule != "" || d.Round || d.Canary != "" || len(d.Judge) > 0
}

var deadlinesByAlert = table.NewIndex(1, "alert", false, func(d *Deadline) []table.Key {
	if d.apart() {
		return nil
	}
	return []table.Key{table.K().String(string(d.Alert)).Time(d.At)}
})

var deadlinesByBundle = table.NewIndex(2, "bundle", false, func(d *Deadline) []table.Key {
	if d.Alert != "" || d.apart() {
		return nil
	}
	return []table.Key{table.K().String(string(d.Delivery)).Time(d.At)}
})

// Deadlines holds what is to be done later, in the order of its moments.
var Deadlines = table.New(13, "deadlines", deadlineKey, deadlinesByAlert, deadlinesByBundle)

func deadlineKey(d *Deadline) table.Key { return table.K().Time(d.At).String(d.ID) }

// NextDeadline returns the moment of the earliest deadline. It reports false if
// there is none.
func NextDeadline(r table.Reader) (time.Time, bool) {
	for d := range Deadlines.All(r) {
		return d.At, true
	}
	return time.Time{}, false
}

// DueMax is how many deadlines one [DoDue] does at most.
const DueMax = 256

// lateMin is how late a deadline must be done before that is the hub's own outage.
const lateMin = 2 * time.Second

// DoDue does what is due, oldest first, at most [DueMax] items, and no more than one command
// can write.
type DoDue struct {
	// Drop gives the oldest item up, unread, and writes that down: doing it has failed
	// again and again, and everything behind it waits.
	Drop bool `cbor:"1,keyasint,omitempty"`
	// Max, if not 0, is how many items to do at most, below [DueMax].
	Max int `cbor:"2,keyasint,omitempty"`
	// Since is when the leader that asks began to lead. Pages from before may have been
	// handed over by nobody before that.
	Since time.Time `cbor:"3,keyasint"`
}

func (DoDue) number() number { return doDue }

// Due is the result of [DoDue].
type Due struct {
	Done int  `cbor:"1,keyasint"`
	More bool `cbor:"2,keyasint"` // something is due still
}

func (a DoDue) apply(c *change) (Due, error) {
	var due Due
	c.ledSince = a.Since
	most := DueMax
	if a.Max > 0 {
		most = min(most, a.Max)
	}
	if d, ok := c.earliest(); ok && a.Drop && !d.At.After(c.now) {
		Deadlines.Delete(c.tx, deadlineKey(d))
		due.Done, due.More = 1, true
		if d.apart() {
			return due, c.apartAgain(d)
		}
		if d.Alert == "" || d.Kind.survives()&isStuck != 0 {
			d.At = c.now.Add(bundleAgain) // it is all that is to happen for many alerts, or for ever
			return due, c.plan(*d)
		}
		c.touched[d.Alert] = true // it may have been the last that was to happen (P2)
		return due, c.log(d.Alert, SystemEntry, System, explain.Decision{Kind: explain.GivenUp, At: d.At})
	}
	for {
		d, ok := c.earliest()
		if !ok || d.At.After(c.now) {
			return due, nil
		}
		if due.Done >= most || c.full() {
			due.More = true
			return due, nil
		}
		c.urgent = c.urgent || !d.apart()
		if err := c.fire(d); err != nil {
			return due, err
		}
		due.Done++
	}
}

// earliest returns the deadline that comes first. It looks from where it found the last one: to begin
// anew each time would be to step over all that this command has deleted.
func (c *change) earliest() (*Deadline, bool) {
	for d := range Deadlines.Range(c.tx, c.noneBefore, afterAll) {
		c.noneBefore = deadlineKey(d)
		return d, true
	}
	return nil, false
}

// planned writes a new deadline, which has an id. Every one is written here, so that [change.earliest]
// and [change.nextAttempt] find it.
func (c *change) planned(d *Deadline) error {
	c.noneBefore = min(c.noneBefore, deadlineKey(d))
	if known, ok := c.attempts[d.Alert]; ok {
		known.note(d)
	}
	return Deadlines.Insert(c.tx, d)
}

// fire does what a deadline is for and deletes it.
func (c *change) fire(d *Deadline) error {
	Deadlines.Delete(c.tx, deadlineKey(d))
	switch d.Kind {
	case BundleDue:
		return c.bundleDeadline(d)
	case DeliveryOverdue:
		c.touched[d.Alert] = true
		return c.overdue(d.Delivery, c.now.Sub(d.At))
	case HeartbeatDue:
		return c.heartbeatDue(d)
	case MaintenanceTurn:
		return c.maintenanceDue(d)
	case RetentionDue:
		return c.sweepDue(d)
	case JudgedAnew:
		return c.judgePiece(d)
	case IncidentRest:
		return c.incidentRest(d)
	case ScheduleLook:
		return c.lookDue(d)
	case ScheduleRound:
		return c.roundDue(d)
	case CanaryDue:
		return c.canaryDue(d)
	case DeletedRest:
		return c.sweep(d.Alert)
	case MembersRest:
		return c.freeRest(d.Alert)
	}
	c.touched[d.Alert] = true
	if d.At.Before(c.now) {
		before := c.due
		c.due = d.At
		defer func() { c.due = before }()
	}
	a, ok := Alerts.Get(c.tx, table.K().String(string(d.Alert)))
	if !ok {
		return nil
	}
	if underParent := a.Parent != ""; underParent && (d.Kind == TeamDelayed || d.Kind == TeamAnew) {
		return nil // the parent calls people
	}
	switch d.Kind {
	case EscalationStep, StepsAgain, EscalationEnd:
		return c.climbDue(a, d)
	case ReachAttempt:
		if c.overtaken(d) {
			return c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.AttemptOvertaken, User: d.User, Why: &d.Why})
		}
		if c.catchesUp() {
			c.told[told{a.ID, d.User}] = true // steps that are late as well need not tell this person too
		}
		return c.attempt(a, d.User, d.Contact, &d.Why)
	case PagesAgain:
		return c.pageAgain(a, d)
	case TellLate:
		return c.tellLate(a, d)
	case TeamDelayed:
		return c.tellTeam(a, &d.Why)
	case TeamAnew:
		return c.tellAnew(a, &d.Why)
	case ClosedByRule:
		return c.closeByRule(a, &d.Why)
	case HelpUnheard:
		return c.helpUnheard(a)
	case CallsAgain:
		return c.callsAgainDue(a, d)
	case CatchAllDue:
		return c.catchAllDue(a)
	case SnoozeEnd, ClosingDue:
		return c.quietDue(a, d.Kind)
	case GroupGathers:
		return c.gatherRest(a, d.Rest)
	case GroupCloses:
		return c.closeRest(a, d)
	}
	return fmt.Errorf("deadline %s is of an unknown kind %d", d.ID, d.Kind)
}

// apartAgain plans once more what failed again and again, and is of no alert.
func (c *change) apartAgain(d *Deadline) error {
	switch d.Kind {
	case MaintenanceTurn:
		return c.turnAgain(d)
	case RetentionDue:
		return c.sweepAgain(d)
	case ScheduleLook:
		return c.lookAgain(d)
	case ScheduleRound:
		return c.roundAgain(d)
	case CanaryDue:
		return c.canaryAgain(d)
	case JudgedAnew, IncidentRest:
		again := *d
		again.At = c.now.Add(bundleAgain)
		return c.planned(&again)
	}
	return c.watchAgain(d)
}

// deadlineID makes the id of a deadline. Ids are in the order in which deadlines were made, so that
// of two that are due at one moment the one that was planned first is done first: what happens does
// not hang on chance, and can be rehearsed.
func (c *change) deadlineID() string {
	id := c.newID("deadline")
	return fmt.Sprintf("%016x-%04x-%s", c.now.UnixNano(), c.made["deadline"], id[len(id)-12:])
}

// plan writes a deadline down.
func (c *change) plan(d Deadline) error {
	d.ID = c.deadlineID()
	c.stir(d.Alert)
	return c.planned(&d)
}

// stir notes that something is to happen for an alert from now on: whoever writes a
// deadline, a page or a place in a bundle does so.
func (c *change) stir(id core.AlertID) {
	c.touched[id] = true
	if c.idle[id] {
		c.crowds[id] = false // no page about it was under way before this command
		delete(c.idle, id)
	}
}

// deadlinesOf returns the deadlines of an alert, earliest first.
func deadlinesOf(r table.Reader, id core.AlertID) []*Deadline {
	return slices.Collect(eachDeadlineOf(r, id))
}

// eachDeadlineOf gives the deadlines of an alert, earliest first: for who needs only some, since an alert of which
// many are told has thousands.
func eachDeadlineOf(r table.Reader, id core.AlertID) iter.Seq[*Deadline] {
	return deadlinesByAlert.Find(r, table.K().String(string(id)))
}

// settle looks at every alert whose deadlines or deliveries this command may have
// changed. One that still wants attention and for which nothing more will happen gets
// a line that says so: nothing is forgotten in silence (P2).
func (c *change) settle() error {
	for _, id := range sortedKeys(c.touched) {
		a, ok := Alerts.Get(c.tx, table.K().String(string(id)))
		if !ok {
			continue
		}
		var why explain.Decision
		if !a.Silent() {
			busy := c.busy(id)
			caught, err := c.catches(a, busy)
			if err != nil {
				return err
			}
			if !busy && !caught {
				why = c.whyResting(a)
			}
		}
		resting := why.Cause()
		if a.Resting == resting {
			continue
		}
		a.Resting = resting
		if err := Alerts.Put(c.tx, a); err != nil {
			return err
		}
		if resting == "" || a.Parent != "" {
			continue // of a member the line that it joined says so
		}
		if err := c.log(a.ID, SystemEntry, System, why); err != nil {
			return err
		}
	}
	return nil
}

// whyResting says why nothing happens for an alert by itself.
func (c *change) whyResting(a *alert.Alert) explain.Decision {
	if p, under := ParentOf(c.tx, a); under {
		return restsUnder(p)
	}
	if len(a.Responders) == 0 {
		return restsNamingNone()
	}
	if !slices.ContainsFunc(a.Responders, func(r alert.Responder) bool { return c.rules.nameOf(r) != "" }) {
		return explain.Decision{Kind: explain.RestsAllGone}
	}
	if back := c.heldBack(a); back.Kind != 0 {
		return back
	}
	if a.Lead != nil && len(a.Lead.Untold) > 0 {
		return explain.Decision{Kind: explain.RestsUntold}
	}
	return explain.Decision{Kind: explain.RestsDone}
}

// restsNamingNone is why nothing happens for an alert without responders.
func restsNamingNone() explain.Decision { return explain.Decision{Kind: explain.RestsNamingNone} }

// rests reports, without a look at any index, that no page about an alert is open and none
// will follow: the last command that changed that has written down why, and this one has
// not touched the alert.
func (c *change) rests(a *alert.Alert) bool {
	return c.idle[a.ID] || a.Resting != "" && !c.touched[a.ID]
}

// busy reports whether something will still happen for an alert by itself, but for some kinds of deadline.
func (c *change) busy(id core.AlertID, but ...DeadlineKind) bool {
	if c.idle[id] {
		return false // without a look: there can be nothing
	}
	for d := range eachDeadlineOf(c.tx, id) {
		if !d.Kind.callsNobody() && !slices.Contains(but, d.Kind) {
			return true
		}
	}
	for range eachOpenDelivery(c.tx, id) {
		return true
	}
	for b := range bundledByAlert.Find(c.tx, table.K().String(string(id))) {
		if d, ok := GetDelivery(c.tx, b.Delivery); ok && rippling(c.tx, d, id) {
			return true
		}
	}
	return false
}
