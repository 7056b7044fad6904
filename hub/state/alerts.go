package state

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

var (
	alertsByAlias = table.NewIndex(1, "open alias", true, func(a *alert.Alert) []table.Key {
		if a.Status != alert.Open {
			return nil
		}
		return []table.Key{table.K().String(a.Alias)}
	})
	// AlertsOpen has the alerts that are open, in the order in which they were created.
	AlertsOpen = table.NewIndex(6, "open", false, func(a *alert.Alert) []table.Key {
		if a.Status != alert.Open {
			return nil
		}
		return []table.Key{table.K().Uint64(a.Tiny)}
	})
	// AlertsQuiet has the alerts that are silent until a moment: snoozed, or about to be
	// closed.
	AlertsQuiet = table.NewIndex(5, "quiet", false, func(a *alert.Alert) []table.Key {
		if at, ok := quietUntil(a); ok {
			return []table.Key{table.K().Time(at)}
		}
		return nil
	})
)

// Alerts holds the alerts, open and closed, in the order in which they were created: ids
// begin with the short number. Index numbers 2 to 4 were used.
var Alerts = table.New(10, "alerts", func(a *alert.Alert) table.Key { return table.K().String(string(a.ID)) }, alertsByAlias,
	AlertsOpen, AlertsQuiet, alertsByParent, alertsByGroup, alertsByIncident, openByIncident)

// Ref names an alert. Exactly one field is set.
type Ref struct {
	ID    core.AlertID `cbor:"1,keyasint,omitempty"`
	Alias string       `cbor:"2,keyasint,omitempty"` // of an open alert
	Tiny  uint64       `cbor:"3,keyasint,omitempty"`
}

// FindAlert returns the alert that a reference names.
func FindAlert(r table.Reader, ref Ref) (*alert.Alert, bool) {
	switch {
	case ref.Alias != "":
		return alertsByAlias.Get(r, table.K().String(ref.Alias))
	case ref.Tiny != 0:
		from, to := table.K().String(core.NumberedFrom(ref.Tiny)), table.K().String(core.NumberedFrom(ref.Tiny+1))
		for a := range Alerts.Range(r, from, to) {
			return a, true
		}
		return nil, false
	}
	return Alerts.Get(r, table.K().String(string(ref.ID)))
}

// Request is what became of an asynchronous request of the API.
type Request struct {
	ID          string             `cbor:"1,keyasint"`
	Action      string             `cbor:"2,keyasint"` // Create, Acknowledge, Close …
	ProcessedAt time.Time          `cbor:"3,keyasint"`
	Integration core.IntegrationID `cbor:"4,keyasint,omitempty"`
	Success     bool               `cbor:"5,keyasint"`
	Status      string             `cbor:"6,keyasint"` // words that clients parse
	Alert       core.AlertID       `cbor:"7,keyasint,omitempty"`
	Alias       string             `cbor:"8,keyasint,omitempty"`
	Incident    core.IncidentID    `cbor:"9,keyasint,omitempty"`  // of a request about an incident
	Deployment  string             `cbor:"10,keyasint,omitempty"` // id, of a request about a deployment
}

var requests = table.New(11, "requests", func(r *Request) table.Key { return table.K().String(r.ID) })

// GetRequest returns the status of an asynchronous request.
func GetRequest(r table.Reader, id string) (*Request, bool) {
	return requests.Get(r, table.K().String(id))
}

// CreateAlert opens an alert, or counts one more occurrence of the open one with
// that alias, and writes down what became of the request.
type CreateAlert struct {
	Request string      `cbor:"1,keyasint"` // id under which the request's status is asked for
	Draft   alert.Draft `cbor:"2,keyasint"` // checked by its maker
	// Again says that the request may have been carried out already, by another command: then it
	// has a status, and nothing is done.
	Again bool `cbor:"3,keyasint,omitempty"`
}

func (CreateAlert) number() number { return createAlert }

func (a CreateAlert) apply(c *change) (Request, error) {
	if a.Again {
		if done, ok := GetRequest(c.tx, a.Request); ok {
			return *done, nil
		}
	}
	if a.Draft.Integration == "" {
		return c.create(a.Request, a.Draft) // the hub's own
	}
	return c.take(Input{Integration: a.Draft.Integration, Request: a.Request, Event: route.Create.String(), Draft: a.Draft}, nil)
}

// Size returns about how many bytes its texts have.
func (a CreateAlert) Size() int {
	in := Input{Draft: a.Draft}
	return in.size()
}

// CreatesMax is how many alerts one command creates: each may lead to some 30 rows.
const CreatesMax = 25

// CreateAlerts is several CreateAlert in one, for requests that come at the same time: all of
// them or, if one cannot be carried out, none.
type CreateAlerts struct {
	Alerts []CreateAlert `cbor:"1,keyasint"`
}

func (CreateAlerts) number() number { return createAlerts }

func (k CreateAlerts) apply(c *change) (Nothing, error) {
	if len(k.Alerts) > CreatesMax {
		return Nothing{}, core.Invalid("alerts", fmt.Sprintf("at most %d at once", CreatesMax))
	}
	for _, a := range k.Alerts {
		if _, err := a.apply(c); err != nil {
			return Nothing{}, err
		}
	}
	return Nothing{}, nil
}

// create opens an alert and writes down what became of the request.
func (c *change) create(request string, d alert.Draft) (Request, error) {
	r := Request{ID: request, Action: "Create", Integration: d.Integration}
	row, created, err := c.openAlert(d)
	if err != nil {
		return r, err
	}
	r.Success, r.Status, r.Alert, r.Alias = true, string(alert.HasCreated), row.ID, row.Alias
	if !created {
		r.Status = string(alert.HasRecurred)
	}
	return r, c.answer(&r)
}

// answer writes down the status of a request.
func (c *change) answer(r *Request) error {
	r.ProcessedAt = c.now
	if r.ID == "" {
		return nil
	}
	if err := c.age(agedRequests); err != nil {
		return err
	}
	return requests.Insert(c.tx, r) // an id that comes again is only written over: there are no indexes
}

// openAlert makes an alert of a draft and begins to tell its responders, unless an
// open one has the alias: then that one has occurred again.
func (c *change) openAlert(d alert.Draft) (a *alert.Alert, created bool, err error) {
	a, created, err = c.makeAlert(d, "")
	if err != nil || !created {
		return a, created, err
	}
	return a, true, c.notifyResponders(a)
}

// makeAlert is openAlert without telling anybody. It may call a responder of an incident.
func (c *change) makeAlert(d alert.Draft, of core.IncidentID) (a *alert.Alert, created bool, err error) {
	if err := d.Check(); err != nil {
		return nil, false, err
	}
	shaped := c.rules.shape(d)
	d = shaped.Draft
	if d.Alias != "" {
		if open, ok := FindAlert(c.tx, Ref{Alias: d.Alias}); ok {
			return open, false, c.recur(open, d)
		}
	}
	d.OwnerTeam = route.Owner(&d)
	tiny := c.next("alert")
	a = alert.New(d, core.AlertID(c.seed.Numbered("alert", tiny)), tiny, c.now)
	a.Incident = of
	if len(a.Responders) == 0 && a.OwnerTeam != "" {
		a.Responders = []alert.Responder{{Kind: alert.Team, ID: string(a.OwnerTeam)}}
	}
	if len(a.Responders) == 0 {
		if _, any := c.catchAll(); any {
			c.touched[a.ID] = true
		} else {
			a.Resting = restsNamingNone().Cause() // known from the beginning, which spares settle to find it out
		}
	}
	if err := Alerts.Insert(c.tx, a); err != nil {
		return nil, false, err
	}
	c.idle[a.ID] = true
	by := alert.By{User: d.User, Source: a.Source, At: c.now}
	if err := c.write(a.ID, alert.Entry{What: alert.DidCreate, By: by.Name(), At: c.now}); err != nil {
		return nil, false, err
	}
	for _, applied := range shaped.Applied {
		if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.Shaped, Name: applied.Policy, Of: []string{applied.Reason}}); err != nil {
			return nil, false, err
		}
	}
	if d.Note != "" {
		if err := c.write(a.ID, alert.Entry{What: alert.DidAddNote, By: by.Name(), At: c.now, Note: d.Note}); err != nil {
			return nil, false, err
		}
	}
	if err := c.place(a); err != nil {
		return nil, false, err
	}
	if a.Resting != "" && a.Parent == "" {
		return a, true, c.log(a.ID, SystemEntry, System, restsNamingNone())
	}
	return a, true, nil
}

// AcknowledgeAlert says that somebody takes care of an alert.
type AcknowledgeAlert struct {
	Request     string             `cbor:"1,keyasint,omitempty"`
	Alert       Ref                `cbor:"2,keyasint"`
	User        string             `cbor:"3,keyasint,omitempty"`
	Source      string             `cbor:"4,keyasint,omitempty"`
	Note        string             `cbor:"5,keyasint,omitempty"`
	Integration core.IntegrationID `cbor:"6,keyasint,omitempty"`
}

func (AcknowledgeAlert) number() number { return acknowledgeAlert }

func (a AcknowledgeAlert) apply(c *change) (Request, error) {
	asked := Asked(a)
	return c.move(asked, "Acknowledge", func(row *alert.Alert) alert.Outcome { return c.acknowledge(row, asked.by(c)) }, nil)
}

// CloseAlert ends an alert.
type CloseAlert struct {
	Request     string             `cbor:"1,keyasint,omitempty"`
	Alert       Ref                `cbor:"2,keyasint"`
	User        string             `cbor:"3,keyasint,omitempty"`
	Source      string             `cbor:"4,keyasint,omitempty"`
	Note        string             `cbor:"5,keyasint,omitempty"`
	Integration core.IntegrationID `cbor:"6,keyasint,omitempty"`
}

func (CloseAlert) number() number { return closeAlert }

func (a CloseAlert) apply(c *change) (Request, error) {
	asked := Asked(a)
	return c.move(asked, "Close", func(row *alert.Alert) alert.Outcome { return c.closeUnder(row, asked.by(c)) }, nil)
}

// Asked is what every request to move an alert says.
type Asked struct {
	Request     string             `cbor:"1,keyasint,omitempty"` // id under which the request's status is asked for
	Alert       Ref                `cbor:"2,keyasint"`
	User        string             `cbor:"3,keyasint,omitempty"` // a person's username; empty: a machine
	Source      string             `cbor:"4,keyasint,omitempty"`
	Note        string             `cbor:"5,keyasint,omitempty"`
	Integration core.IntegrationID `cbor:"6,keyasint,omitempty"`
}

func (k Asked) by(c *change) alert.By {
	return alert.By{User: k.User, Source: k.Source, Note: k.Note, At: c.now}
}

// asPerson is by with the username of the person who asks, however that was written: by it is known who has
// acknowledged, and whether it is the owner.
func (k Asked) asPerson(c *change) alert.By {
	by := k.by(c)
	if u, known := named(c.tx, by.User); known {
		by.User = u.Username
	}
	return by
}

// move finds an alert, moves it, does what must follow, and writes down what became of the
// request. An alert that does not exist, or cannot be moved so, is an outcome, not an error.
// If the move calls somebody, call does so.
func (c *change) move(k Asked, action string, do func(*alert.Alert) alert.Outcome, call func(*alert.Alert) error) (Request, error) {
	r := Request{ID: k.Request, Action: action, Integration: k.Integration, Status: string(alert.NoSuchAlert)}
	row, ok := FindAlert(c.tx, k.Alert)
	if !ok {
		return r, c.answer(&r)
	}
	o := do(row)
	r.Alert, r.Alias, r.Success, r.Status = row.ID, row.Alias, o.OK(), string(o.Reason)
	if o.Verdict == alert.Same && k.Note != "" { // it was so already, but what is said with it is new
		o = row.AddNote(k.by(c))
	}
	if err := c.follows(row, o, call); err != nil {
		return r, err
	}
	return r, c.answer(&r)
}

// follows keeps an alert that has moved and does what must follow, all in one transaction.
func (c *change) follows(a *alert.Alert, o alert.Outcome, call func(*alert.Alert) error) error {
	if !o.Moved() {
		return nil
	}
	if a.Incident != "" {
		if err := c.tellIncident(a, o.Entry); err != nil {
			return err
		}
	}
	if err := c.write(a.ID, o.Entry); err != nil {
		return err
	}
	return errors.Join(c.carryMove(a, o, call), c.hearsay(a, o.Entry))
}

// carryMove keeps an alert that has moved and does what the move asks for.
func (c *change) carryMove(a *alert.Alert, o alert.Outcome, call func(*alert.Alert) error) error {
	switch o.Then {
	case alert.ThenSilence:
		return errors.Join(c.silence(a, o.Entry.What), c.fell(a, o.Entry))
	case alert.ThenBeginAnew:
		return c.beginAnew(a)
	case alert.ThenCall:
		return c.callFor(a, call)
	case alert.ThenSpare:
		return c.spare(a, o.Entry.By)
	}
	return Alerts.Put(c.tx, a)
}

// beginAnew keeps an alert and calls all who answer for it, as if it were new.
func (c *change) beginAnew(a *alert.Alert) error {
	c.endAt(beginsAnew, a.ID)
	a.Begun, a.Led, a.Caught = nil, nil, false
	a.ReleaseAll()
	if a.Lead != nil {
		a.Lead.CalledAt = c.now
	}
	if err := Alerts.Put(c.tx, a); err != nil {
		return err
	}
	return c.notifyResponders(a)
}

// callFor keeps an alert for which somebody calls for help, and calls. It is silent no more.
func (c *change) callFor(a *alert.Alert, call func(*alert.Alert) error) error {
	before, ok := Alerts.Get(c.tx, Alerts.KeyOf(a))
	roused := ok && before.Silent()
	c.endAt(isHelped, a.ID)
	c.touched[a.ID] = true
	if err := Alerts.Put(c.tx, a); err != nil {
		return err
	}
	if p, ok := ParentOf(c.tx, a); ok {
		return c.helpParent(a, p, call)
	}
	if roused { // first: if nobody can be called it is looked at once
		if err := c.planUnheard(a); err != nil {
			return err
		}
	}
	if err := call(a); err != nil {
		return err
	}
	if roused {
		if err := c.wakeHolds(a); err != nil {
			return err
		}
	}
	return c.tellUntold(a.ID)
}

// silence ends all that was still to be done for an alert (P3), and remembers until when it
// is silent, if not for good.
func (c *change) silence(a *alert.Alert, what alert.What) error {
	rested := c.rests(a)
	var planned []*Deadline
	if !c.idle[a.ID] {
		planned = deadlinesOf(c.tx, a.ID)
	}
	acked := what == alert.DidAcknowledge || what == alert.DidTakeOwnership
	going := slices.DeleteFunc(slices.Clone(planned), func(d *Deadline) bool { return !acked || !c.survivesAck(a, d) })
	planned = without(planned, going)
	var resumed []*Deadline // what a snooze had ended, which the acknowledgement does not end
	a.Resting = ""
	if a.Status == alert.Closed || what == alert.DidDelete {
		a.ReleaseAll()
		c.drop(planned, 0)
		c.dropHolds(a)
	} else {
		if err := hold(a, planned); err != nil {
			return err
		}
		if acked {
			resumed = c.resumes(a)
		}
		c.drop(planned, fallsSilent)
	}
	if err := Alerts.Put(c.tx, a); err != nil {
		return err
	}
	if err := c.planQuiet(a); err != nil {
		return err
	}
	for _, d := range resumed {
		if err := c.plan(*d); err != nil {
			return err
		}
	}
	if a.Status == alert.Closed {
		if err := c.age(agedAlerts); err != nil {
			return err
		}
	}
	if rested {
		return nil
	}
	return c.takeBackPages(a.ID, func(d *Delivery, why Reason) bool { return acked && wantedBy(c.tx, a, d.User, why) }, "the alert is "+silencedBy(what))
}

// silencedBy says in a word what made an alert silent.
func silencedBy(what alert.What) string {
	switch what {
	case alert.DidClose:
		return "closed"
	case alert.DidAskToClose:
		return "about to be closed"
	case alert.DidSnooze:
		return "snoozed"
	case alert.DidDelete:
		return "deleted"
	}
	return "acknowledged"
}
