package state

import (
	"fmt"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/heartbeat"
	"keng/raftstore/table"
)

// HeartbeatDue is the kind of deadline at which it is looked whether a heartbeat has expired.
const HeartbeatDue DeadlineKind = 32

// Heartbeat is a heartbeat with what the hub has planned for it.
type Heartbeat struct {
	Beat heartbeat.Heartbeat `cbor:"1,keyasint"`
	// Alert is the newest alert that it has expired.
	Alert core.AlertID `cbor:"2,keyasint,omitempty"`
	// Check is the deadline at which it is looked at, at CheckAt; empty: there is none. A
	// ping does not move it: it moves on when it is due.
	Check   string    `cbor:"3,keyasint,omitempty"`
	CheckAt time.Time `cbor:"4,keyasint,omitzero"`
}

// HeartbeatsMax bounds how many heartbeats there can be.
const HeartbeatsMax = 10_000

// Heartbeats holds the heartbeats by their names.
var Heartbeats = table.New(23, "heartbeats", func(h *Heartbeat) table.Key { return heartbeatKey(h.Beat.Name) })

func heartbeatKey(name string) table.Key { return table.K().String(name) }

// GetHeartbeat returns the heartbeat of a name.
func GetHeartbeat(r table.Reader, name string) (*Heartbeat, bool) {
	return Heartbeats.Get(r, heartbeatKey(name))
}

// FindHeartbeat returns the heartbeat of a name, or an error of kind [core.NotFound]. For a
// team, unless that is "", only its own ones exist.
func FindHeartbeat(r table.Reader, name string, team core.TeamID) (*Heartbeat, error) {
	row, ok := GetHeartbeat(r, name)
	if !ok || team != "" && row.Beat.Team != team {
		return nil, core.Missing("Heartbeat", alert.Cut(name, heartbeat.NameMax))
	}
	return row, nil
}

// HeartbeatFields is what a caller says of a heartbeat. Nil is not said.
type HeartbeatFields struct {
	Name        *string         `cbor:"1,keyasint,omitempty"`
	Description *string         `cbor:"2,keyasint,omitempty"`
	Interval    *int            `cbor:"3,keyasint,omitempty"`
	Unit        *heartbeat.Unit `cbor:"4,keyasint,omitempty"`
	Enabled     *bool           `cbor:"5,keyasint,omitempty"`
	Team        *Pick           `cbor:"6,keyasint,omitempty"` // who answers for the alert
	Message     *string         `cbor:"7,keyasint,omitempty"`
	Tags        *[]string       `cbor:"8,keyasint,omitempty"`
	Priority    *core.Priority  `cbor:"9,keyasint,omitempty"`
}

// fill writes what was said into a heartbeat and says what cannot be. Enabled is for the
// caller.
func (f *HeartbeatFields) fill(c *change, h *heartbeat.Heartbeat) error {
	wrong := faults{}
	set(&h.Name, f.Name)
	set(&h.Description, f.Description)
	set(&h.Interval, f.Interval)
	set(&h.Unit, f.Unit)
	set(&h.Message, f.Message)
	set(&h.Tags, f.Tags)
	set(&h.Priority, f.Priority)
	h.Team = c.owner(wrong, f.Team, h.Team)
	for field, why := range fieldsOf(h.Check()) {
		wrong.add(field, why)
	}
	return wrong.err()
}

// CreateHeartbeat makes a heartbeat. It is enabled unless that is said otherwise.
type CreateHeartbeat struct {
	Fields HeartbeatFields `cbor:"1,keyasint"`
}

func (CreateHeartbeat) number() number { return createHeartbeat }

func (k CreateHeartbeat) apply(c *change) (Heartbeat, error) {
	row := Heartbeat{Beat: heartbeat.Heartbeat{Enabled: k.Fields.Enabled == nil || *k.Fields.Enabled}}
	if err := k.Fields.fill(c, &row.Beat); err != nil {
		return row, err
	}
	if err := c.nameIsFree(row.Beat.Name); err != nil {
		return row, err
	}
	if atLeast(HeartbeatsMax, Heartbeats.All(c.tx)) {
		return row, core.Invalid("name", fmt.Sprintf("there are %d heartbeats already: delete one first", HeartbeatsMax))
	}
	return row, Heartbeats.Insert(c.tx, &row)
}

func (c *change) nameIsFree(name string) error {
	if _, taken := GetHeartbeat(c.tx, name); taken {
		return &core.Error{Kind: core.Conflict, Words: "Heartbeat [" + name + "] exists already"}
	}
	return nil
}

// ChangeHeartbeat changes what is said of a heartbeat. Another interval counts from the last
// ping.
type ChangeHeartbeat struct {
	Name   string          `cbor:"1,keyasint"`
	Fields HeartbeatFields `cbor:"2,keyasint"`
	// Of is the team that asks, for which only its own heartbeats exist; "": anybody.
	Of core.TeamID `cbor:"3,keyasint,omitempty"`
}

func (ChangeHeartbeat) number() number { return changeHeartbeat }

func (k ChangeHeartbeat) apply(c *change) (Heartbeat, error) {
	row, err := FindHeartbeat(c.tx, k.Name, k.Of)
	if err != nil {
		return Heartbeat{}, err
	}
	if err := k.Fields.fill(c, &row.Beat); err != nil {
		return *row, err
	}
	if row.Beat.Name != k.Name {
		if err := c.nameIsFree(row.Beat.Name); err != nil {
			return *row, err
		}
		c.unwatch(row)
		Heartbeats.Delete(c.tx, heartbeatKey(k.Name))
	}
	var what heartbeat.Change
	switch enabled := k.Fields.Enabled; {
	case enabled == nil:
	case *enabled:
		what = row.Beat.Enable(c.now)
	default:
		what = row.Beat.Disable()
	}
	return *row, c.heartbeatIs(row, what)
}

// DeleteHeartbeat deletes a heartbeat, and closes the alert that it has expired.
type DeleteHeartbeat struct {
	Name string      `cbor:"1,keyasint"`
	Of   core.TeamID `cbor:"2,keyasint,omitempty"` // as in [ChangeHeartbeat]
}

func (DeleteHeartbeat) number() number { return deleteHeartbeat }

func (k DeleteHeartbeat) apply(c *change) (Nothing, error) {
	row, err := FindHeartbeat(c.tx, k.Name, k.Of)
	if err != nil {
		return Nothing{}, err
	}
	c.unwatch(row)
	Heartbeats.Delete(c.tx, heartbeatKey(k.Name))
	return Nothing{}, c.closeExpired(row, c.words("The heartbeat was deleted", "Tín hiệu định kỳ đã bị xóa"))
}

// Ping is a ping that a node has heard, perhaps a while ago: see [heartbeat.Heartbeat.WriteAt].
type Ping struct {
	Name string    `cbor:"1,keyasint"`
	At   time.Time `cbor:"2,keyasint"` // by cluster time
}

// PingsMax is how many pings one [PingHeartbeats] has at most.
const PingsMax = 256

// PingHeartbeats writes pings down. Those of heartbeats that do not exist are passed over.
type PingHeartbeats struct {
	Pings []Ping `cbor:"1,keyasint"`
}

func (PingHeartbeats) number() number { return pingHeartbeats }

func (k PingHeartbeats) apply(c *change) (Nothing, error) {
	if len(k.Pings) > PingsMax {
		return Nothing{}, core.Invalid("pings", fmt.Sprintf("may have at most %d entries", PingsMax))
	}
	for _, p := range k.Pings {
		row, ok := GetHeartbeat(c.tx, p.Name)
		if !ok {
			continue
		}
		what := row.Beat.Ping(c.moment(p.At), c.now)
		if what == heartbeat.Nothing {
			continue
		}
		if err := c.heartbeatIs(row, what); err != nil {
			return Nothing{}, err
		}
	}
	return Nothing{}, nil
}

// heartbeatIs keeps a heartbeat that has changed, and does what must follow.
func (c *change) heartbeatIs(row *Heartbeat, what heartbeat.Change) error {
	switch what {
	case heartbeat.Lapsed:
		a, err := c.openExpired(&row.Beat)
		if err != nil {
			return err
		}
		row.Alert = a.ID
	case heartbeat.Recovered:
		note := fmt.Sprintf(c.words("Pinged again at %s", "Đã có tín hiệu trở lại lúc %s"), clock(row.Beat.LastPing))
		if err := c.closeExpired(row, note); err != nil {
			return err
		}
	case heartbeat.Stopped:
		if err := c.closeExpired(row, c.words("The heartbeat was switched off", "Tín hiệu định kỳ đã bị tắt")); err != nil {
			return err
		}
	}
	if err := c.watch(row); err != nil {
		return err
	}
	return Heartbeats.Put(c.tx, row)
}

// openExpired opens the alert that a heartbeat has expired. If something from elsewhere has
// its alias, of which perhaps somebody takes care already, the alert gets another one: it is
// not to be lost in that, nor to close it.
func (c *change) openExpired(beat *heartbeat.Heartbeat) (*alert.Alert, error) {
	d := beat.Draft()
	if open, taken := FindAlert(c.tx, Ref{Alias: d.Alias}); taken && (open.Integration != "" || open.Source != heartbeat.Source) {
		d.Alias = "" // it is its id
	}
	a, _, err := c.openAlert(d)
	return a, err
}

// closeExpired closes the alert that a heartbeat has expired, if it is open.
func (c *change) closeExpired(row *Heartbeat, note string) error {
	id := row.Alert
	row.Alert = ""
	a, ok := Alerts.Get(c.tx, table.K().String(string(id)))
	if !ok || a.Status == alert.Closed {
		return nil
	}
	_, err := CloseAlert{Alert: Ref{ID: id}, Source: heartbeat.Source, Note: note}.apply(c)
	return err
}

// watch sees to it that a heartbeat is looked at no later than when it expires.
func (c *change) watch(row *Heartbeat) error {
	at, awaited := row.Beat.ExpiresAt()
	switch {
	case !awaited:
		c.unwatch(row)
		return nil
	case row.Check != "" && !at.Before(row.CheckAt):
		return nil
	}
	c.unwatch(row)
	return c.lookAt(row, at)
}

func (c *change) lookAt(row *Heartbeat, at time.Time) error {
	d := Deadline{ID: c.deadlineID(), Kind: HeartbeatDue, At: at, Heartbeat: row.Beat.Name}
	row.Check, row.CheckAt = d.ID, at
	return c.planned(&d)
}

// watchAgain looks at a heartbeat a little later: doing so now has failed again and again.
func (c *change) watchAgain(d *Deadline) error {
	row, ok := GetHeartbeat(c.tx, d.Heartbeat)
	if !ok || row.Check != d.ID {
		return nil
	}
	if err := c.lookAt(row, c.now.Add(bundleAgain)); err != nil {
		return err
	}
	return Heartbeats.Put(c.tx, row)
}

func (c *change) unwatch(row *Heartbeat) {
	if row.Check != "" {
		Deadlines.Delete(c.tx, deadlineKey(&Deadline{ID: row.Check, At: row.CheckAt}))
		row.Check, row.CheckAt = "", time.Time{}
	}
}

// heartbeatDue looks whether a heartbeat has expired. If the hub itself was away at the time,
// the pings may have found nobody: the heartbeat gets a while to speak.
func (c *change) heartbeatDue(d *Deadline) error {
	row, ok := GetHeartbeat(c.tx, d.Heartbeat)
	if !ok || row.Check != d.ID {
		return nil
	}
	row.Check, row.CheckAt = "", time.Time{}
	if at, awaited := row.Beat.ExpiresAt(); awaited && c.now.Sub(at) >= overtakenAfter {
		row.Beat.Excuse(c.now)
	}
	return c.heartbeatIs(row, row.Beat.Expire(c.now))
}

// HeartbeatList returns all heartbeats in the order of their names, those of a team only if
// one is given.
func HeartbeatList(r table.Reader, team core.TeamID) (all []Heartbeat) {
	for h := range Heartbeats.All(r) {
		if team == "" || h.Beat.Team == team {
			all = append(all, *h)
		}
	}
	return all
}
