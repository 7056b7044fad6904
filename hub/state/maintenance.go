package state

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// MaintenanceTurn is the kind of deadline at which a maintenance begins or ends.
const MaintenanceTurn DeadlineKind = 46

// Maintenance is a maintenance with what the hub has planned for it.
type Maintenance struct {
	Window route.Maintenance `cbor:"1,keyasint"`
	// Turn is the deadline at which it begins or ends, at TurnAt; empty: there is none.
	Turn   string    `cbor:"2,keyasint,omitempty"`
	TurnAt time.Time `cbor:"3,keyasint,omitzero"`
	// Over says that it was cancelled or has been seen to end, and that it is looked at no
	// more. Between its end and that it is not set yet: the status is by the times alone.
	Over bool `cbor:"4,keyasint,omitempty"`
}

// Bounds of maintenance.
const (
	// MaintenancesMax bounds how many there are that are not over.
	MaintenancesMax = 1000
	// maintenanceReach is how far from now a maintenance begins and ends at most.
	maintenanceReach = 10 * 366 * 24 * time.Hour
)

// unfinished has the maintenance that is not over, in the order in which it starts. What is
// in force is found at its beginning, however much is over or planned.
var unfinished = table.NewIndex(1, "unfinished", false, func(m *Maintenance) []table.Key {
	if m.Over {
		return nil
	}
	return []table.Key{table.K().Time(m.Window.Start)}
})

// Maintenances holds planned, active, past and cancelled maintenance.
var Maintenances = table.New(32, "maintenances", func(m *Maintenance) table.Key { return maintenanceKey(m.Window.ID) }, unfinished)

func maintenanceKey(id string) table.Key { return table.K().String(id) }

// GetMaintenance returns the maintenance of an id.
func GetMaintenance(r table.Reader, id string) (*Maintenance, bool) {
	return Maintenances.Get(r, maintenanceKey(id))
}

// InForce returns what maintenance switches at a moment.
func InForce(r table.Reader, now time.Time) route.Effects {
	var started []route.Maintenance
	for m := range unfinished.Range(r, table.K(), table.K().Time(now.Add(1))) {
		started = append(started, m.Window)
	}
	return route.InForce(started, now)
}

// Which says which maintenance a list has, as the API calls it.
type Which string

// The lists.
const (
	AllMaintenance Which = "all"
	NotExpired     Which = "non-expired" // planned or active
	Expired        Which = "past"        // past or cancelled
)

// MaintenanceList returns maintenance in the order in which it starts.
func MaintenanceList(r table.Reader, which Which, now time.Time) (all []Maintenance) {
	rows := Maintenances.All(r)
	if which == NotExpired {
		rows = unfinished.Find(r, table.K())
	}
	for m := range rows {
		status := m.Window.Status(now)
		expired := status == route.Past || status == route.Cancelled
		if which == AllMaintenance || expired == (which == Expired) {
			all = append(all, *m)
		}
	}
	slices.SortFunc(all, func(a, b Maintenance) int {
		return cmp.Or(a.Window.Start.Compare(b.Window.Start), cmp.Compare(a.Window.ID, b.Window.ID))
	})
	return all
}

// MaintenanceFields is what a caller says of a maintenance. Nil is not said. Start and End
// are for a scheduled one; of any other length it starts now.
type MaintenanceFields struct {
	Description *string                  `cbor:"1,keyasint,omitempty"`
	Length      *route.MaintenanceLength `cbor:"2,keyasint,omitempty"`
	Start       *time.Time               `cbor:"3,keyasint,omitempty"`
	End         *time.Time               `cbor:"4,keyasint,omitempty"`
	Rules       *[]route.MaintenanceRule `cbor:"5,keyasint,omitempty"`
}

// fill writes what was said into a maintenance and says what cannot be.
func (f *MaintenanceFields) fill(c *change, m *route.Maintenance) error {
	wrong, known := faults{}, m.Rules
	set(&m.Description, f.Description)
	set(&m.Rules, f.Rules)
	f.times(c, wrong, m)
	for field, why := range fieldsOf(m.Check()) {
		wrong.add(field, why)
	}
	for i, rule := range m.Rules {
		if rule.ID != "" && !slices.Contains(known, rule) && !c.hasEntity(rule.Kind, rule.ID) {
			wrong.add(fmt.Sprintf("rules[%d].entity.id", i), "["+rule.ID+"] does not exist")
		}
	}
	return wrong.err()
}

// times sets when the maintenance is. To say a start or an end is to schedule it.
func (f *MaintenanceFields) times(c *change, wrong faults, m *route.Maintenance) {
	if f.Length == nil && f.Start == nil && f.End == nil {
		return
	}
	m.Length = route.Scheduled
	set(&m.Length, f.Length)
	set(&m.Start, f.Start)
	set(&m.End, f.End)
	m.Start, m.End = m.Start.UTC(), m.End.UTC()
	m.Begin(c.now)
	for field, at := range map[string]time.Time{"time.startDate": m.Start, "time.endDate": m.End} {
		if !at.IsZero() && at.Sub(c.now).Abs() > maintenanceReach {
			wrong.add(field, "is more than ten years away")
		}
	}
	if !m.End.IsZero() && !m.End.After(c.now) {
		wrong.add("time.endDate", "must be in the future")
	}
}

// CreateMaintenance plans a maintenance, or begins one.
type CreateMaintenance struct {
	Fields MaintenanceFields `cbor:"1,keyasint"`
}

func (CreateMaintenance) number() number { return createMaintenance }

func (k CreateMaintenance) apply(c *change) (Maintenance, error) {
	row := Maintenance{Window: route.Maintenance{ID: c.newID("maintenance")}}
	if err := k.Fields.fill(c, &row.Window); err != nil {
		return row, err
	}
	if atLeast(MaintenancesMax, unfinished.Find(c.tx, table.K())) {
		return row, core.Invalid("body", fmt.Sprintf("%d maintenances are planned or active already: cancel one first", MaintenancesMax))
	}
	if err := c.age(agedMaintenance); err != nil {
		return row, err
	}
	return row, c.keepMaintenance(&row, false)
}

// ChangeMaintenance changes what is said of a maintenance: of a planned one everything, of
// an active one its description and its end, of one that is over nothing.
type ChangeMaintenance struct {
	ID     string            `cbor:"1,keyasint"`
	Fields MaintenanceFields `cbor:"2,keyasint"`
}

func (ChangeMaintenance) number() number { return changeMaintenance }

func (k ChangeMaintenance) apply(c *change) (Maintenance, error) {
	row, ok := GetMaintenance(c.tx, k.ID)
	if !ok {
		return Maintenance{}, core.Missing("Maintenance", line(k.ID, wordMax))
	}
	was, before := row.Window.Status(c.now), row.Window
	if was == route.Past || was == route.Cancelled {
		return *row, core.Invalid("id", "the maintenance is "+was.String()+" already")
	}
	if err := k.Fields.fill(c, &row.Window); err != nil {
		return *row, err
	}
	if was == route.Active && (!row.Window.Start.Equal(before.Start) || !slices.Equal(row.Window.Rules, before.Rules)) {
		return *row, core.Invalid("id", "the maintenance is active: only its description and its end can be changed now")
	}
	return *row, c.keepMaintenance(row, was == route.Active)
}

// CancelMaintenance ends a maintenance that is planned or active.
type CancelMaintenance struct {
	ID string `cbor:"1,keyasint"`
}

func (CancelMaintenance) number() number { return cancelMaintenance }

func (k CancelMaintenance) apply(c *change) (Maintenance, error) {
	row, ok := GetMaintenance(c.tx, k.ID)
	if !ok {
		return Maintenance{}, core.Missing("Maintenance", line(k.ID, wordMax))
	}
	active := row.Window.Status(c.now) == route.Active
	if err := row.Window.Cancel(c.now); err != nil {
		return *row, err
	}
	return *row, c.keepMaintenance(row, active)
}

// DeleteMaintenance removes a maintenance. An active one ends by that.
type DeleteMaintenance struct {
	ID string `cbor:"1,keyasint"`
}

func (DeleteMaintenance) number() number { return deleteMaintenance }

func (k DeleteMaintenance) apply(c *change) (Nothing, error) {
	row, ok := GetMaintenance(c.tx, k.ID)
	if !ok {
		return Nothing{}, core.Missing("Maintenance", line(k.ID, wordMax))
	}
	c.dropTurn(row)
	Maintenances.Delete(c.tx, maintenanceKey(k.ID))
	if row.Window.Status(c.now) != route.Active {
		return Nothing{}, nil
	}
	return Nothing{}, c.turned(row)
}

// keepMaintenance keeps a maintenance that is new or has changed, and plans when it next
// begins or ends. It was active before, or not.
func (c *change) keepMaintenance(row *Maintenance, active bool) error {
	status := row.Window.Status(c.now)
	row.Over = status == route.Past || status == route.Cancelled
	if err := c.planTurn(row, row.Window.Next(c.now)); err != nil {
		return err
	}
	if err := Maintenances.Put(c.tx, row); err != nil {
		return err
	}
	if active == (status == route.Active) {
		return nil
	}
	return c.turned(row)
}

// turned does what must follow when a maintenance has begun or ended by this command.
func (c *change) turned(row *Maintenance) error {
	c.decideAnew()
	return c.maintenanceTurned(&row.Window)
}

// planTurn plans when a maintenance is looked at; a zero moment: never.
func (c *change) planTurn(row *Maintenance, at time.Time) error {
	if row.Turn != "" && row.TurnAt.Equal(at) {
		return nil
	}
	c.dropTurn(row)
	if at.IsZero() {
		return nil
	}
	d := Deadline{ID: c.deadlineID(), Kind: MaintenanceTurn, At: at, Maintenance: row.Window.ID}
	row.Turn, row.TurnAt = d.ID, at
	return c.planned(&d)
}

func (c *change) dropTurn(row *Maintenance) {
	if row.Turn != "" {
		Deadlines.Delete(c.tx, deadlineKey(&Deadline{ID: row.Turn, At: row.TurnAt}))
		row.Turn, row.TurnAt = "", time.Time{}
	}
}

// maintenanceDue is done when a maintenance begins or ends. If the hub was away it may have
// done both meanwhile: that counts as one turn.
func (c *change) maintenanceDue(d *Deadline) error {
	row, ok := GetMaintenance(c.tx, d.Maintenance)
	if !ok || row.Turn != d.ID {
		return nil
	}
	row.Turn, row.TurnAt = "", time.Time{}
	was := row.Window.Status(c.now) != route.Active // whatever it was, it is otherwise now
	return c.keepMaintenance(row, was)
}

// turnAgain looks at a maintenance a little later: doing so now has failed again and again.
func (c *change) turnAgain(d *Deadline) error {
	row, ok := GetMaintenance(c.tx, d.Maintenance)
	if !ok || row.Turn != d.ID {
		return nil
	}
	row.Turn, row.TurnAt = "", time.Time{}
	if err := c.planTurn(row, c.now.Add(bundleAgain)); err != nil {
		return err
	}
	return Maintenances.Put(c.tx, row)
}

// LastStatus returns where the maintenance was in its life when a command last looked at it:
// what the answer of that command tells, whatever the clock of who asked says.
func (m *Maintenance) LastStatus() route.MaintenanceStatus {
	switch {
	case !m.Window.CancelledAt.IsZero():
		return route.Cancelled
	case m.Over:
		return route.Past
	case m.Turn != "" && m.TurnAt.Equal(m.Window.Start):
		return route.Planned
	}
	return route.Active
}

// overSince returns when a maintenance that is over was.
func (m *Maintenance) overSince() time.Time {
	if !m.Window.CancelledAt.IsZero() {
		return m.Window.CancelledAt
	}
	return m.Window.End
}

// hasEntity reports whether there is an integration or a policy of an id.
func (c *change) hasEntity(kind route.EntityKind, id string) bool {
	if kind == route.AnIntegration {
		return Integrations.Has(c.tx, table.K().String(id))
	}
	return Policies.Has(c.tx, table.K().String(id))
}

// maintenanceTurned does what must follow when a maintenance has begun, ended, been cancelled
// or been deleted: what policies hold back that it switches is judged anew.
func (c *change) maintenanceTurned(m *route.Maintenance) error {
	var switched []*Policy
	for _, rule := range m.Rules {
		if p, err := GetPolicy(c.tx, rule.ID); err == nil && rule.Kind == route.APolicy {
			switched = append(switched, p)
		}
	}
	return c.judgeAnew(switched...)
}
