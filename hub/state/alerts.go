package state

import (
	"cmp"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
)

var (
	alertsByAlias = table.NewIndex(1, "open alias", true, func(a *alert.Alert) []table.Key {
		if a.Status != alert.Open {
			return nil
		}
		return []table.Key{table.K().String(a.Alias)}
	})
	// AlertsUnattended has the alerts that are open and not acknowledged.
	AlertsUnattended = table.NewIndex(4, "unattended", false, func(a *alert.Alert) []table.Key {
		if a.Silent() {
			return nil
		}
		return []table.Key{table.K().Uint64(a.Tiny)}
	})
)

// Alerts holds the alerts, open and closed, in the order in which they were created: ids
// begin with the short number. Index numbers 2 and 3 were used.
var Alerts = table.New(10, "alerts", func(a *alert.Alert) table.Key { return table.K().String(string(a.ID)) }, alertsByAlias, AlertsUnattended)

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
}

func (CreateAlert) number() number { return createAlert }

func (a CreateAlert) apply(c *change) (Request, error) {
	r := Request{ID: a.Request, Action: "Create", Integration: a.Draft.Integration}
	row, created, err := c.openAlert(a.Draft)
	if err != nil {
		return r, err
	}
	r.Success, r.Status, r.Alert, r.Alias = true, "Created alert", row.ID, row.Alias
	if !created {
		r.Status = "Existing alert occurred again"
	}
	return r, c.answer(&r)
}

// answer writes down the status of a request.
func (c *change) answer(r *Request) error {
	r.ProcessedAt = c.now
	if r.ID == "" {
		return nil
	}
	return requests.Insert(c.tx, r) // an id that comes again is only written over: there are no indexes
}

// openAlert makes an alert of a draft and begins to tell its responders, unless an
// open one has the alias: then that one has occurred again.
func (c *change) openAlert(d alert.Draft) (a *alert.Alert, created bool, err error) {
	a, created, err = c.makeAlert(d)
	if err != nil || !created {
		return a, created, err
	}
	return a, true, c.notifyResponders(a)
}

// makeAlert is openAlert without telling anybody.
func (c *change) makeAlert(d alert.Draft) (a *alert.Alert, created bool, err error) {
	if err := d.Check(); err != nil {
		return nil, false, err
	}
	if d.Alias != "" {
		if open, ok := FindAlert(c.tx, Ref{Alias: d.Alias}); ok {
			open.Recur(c.now)
			return open, false, Alerts.Put(c.tx, open)
		}
	}
	if d.OwnerTeam == "" {
		for _, r := range d.Responders {
			if r.Kind == alert.Team {
				d.OwnerTeam = core.TeamID(r.ID)
				break
			}
		}
	}
	tiny := c.next("alert")
	a = alert.New(d, core.AlertID(c.seed.Numbered("alert", tiny)), tiny, c.now)
	if len(a.Responders) == 0 && a.OwnerTeam != "" {
		a.Responders = []alert.Responder{{Kind: alert.Team, ID: string(a.OwnerTeam)}}
	}
	if len(a.Responders) == 0 { // known from the beginning, which spares settle to find it out
		a.Resting = namesNobody
	}
	if err := Alerts.Insert(c.tx, a); err != nil {
		return nil, false, err
	}
	c.idle[a.ID] = true
	by := cmp.Or(d.User, a.Source, System)
	if err := c.log(a.ID, ActionEntry, by, "Alert created"); err != nil {
		return nil, false, err
	}
	if d.Note != "" {
		if err := c.log(a.ID, ActionEntry, by, "Note: "+d.Note); err != nil {
			return nil, false, err
		}
	}
	if a.Resting != "" {
		return a, true, c.logResting(a)
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
	r := Request{ID: a.Request, Action: "Acknowledge", Integration: a.Integration}
	return c.move(r, a.Alert, func(row *alert.Alert) (alert.Outcome, error) {
		by := actor(a.User, a.Source)
		outcome := row.Acknowledge(by, c.now)
		if outcome != alert.Moved {
			return outcome, nil
		}
		return outcome, c.silence(row, by, "acknowledged", a.Note)
	})
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
	r := Request{ID: a.Request, Action: "Close", Integration: a.Integration}
	return c.move(r, a.Alert, func(row *alert.Alert) (alert.Outcome, error) {
		by := actor(a.User, a.Source)
		outcome := row.Close(by, c.now)
		if outcome != alert.Moved {
			return outcome, nil
		}
		return outcome, c.silence(row, by, "closed", a.Note)
	})
}

// actor says who did something, for the log.
func actor(user, source string) string {
	switch {
	case user != "":
		return user
	case source != "":
		return source
	}
	return System
}

// move finds an alert, moves it, and writes down what became of the request. An alert
// that does not exist, or is there already, is an outcome, not an error.
func (c *change) move(r Request, ref Ref, do func(*alert.Alert) (alert.Outcome, error)) (Request, error) {
	row, ok := FindAlert(c.tx, ref)
	if !ok {
		r.Status = "Alert does not exist"
		return r, c.answer(&r)
	}
	r.Alert, r.Alias = row.ID, row.Alias
	outcome, err := do(row)
	if err != nil {
		return r, err
	}
	if outcome != alert.Moved {
		r.Status = string(outcome)
		return r, c.answer(&r)
	}
	r.Success, r.Status = true, map[string]string{"Acknowledge": "Acknowledged alert", "Close": "Closed alert"}[r.Action]
	if err := Alerts.Put(c.tx, row); err != nil {
		return r, err
	}
	return r, c.answer(&r)
}

// silence ends all that was still to be done for an alert (P3).
func (c *change) silence(a *alert.Alert, by, what, note string) error {
	text := "Alert " + what
	if note != "" {
		text += ": " + note
	}
	if err := c.log(a.ID, ActionEntry, by, text); err != nil {
		return err
	}
	a.Resting = ""
	c.dropDeadlines(a.ID)
	return c.cancelDeliveries(a.ID, "", "the alert is "+what)
}
