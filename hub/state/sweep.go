package state

import (
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// RetentionDue is the kind of deadline at which some rows are removed whose time is over.
const RetentionDue DeadlineKind = 47

const (
	// sweepRoom is how many rows one command looks at and removes at most: about
	// a millisecond's work. See DESIGN.md.
	sweepRoom = 100
	// sweepRest is how long other commands have between two pieces of the work, and
	// sweepYield how long it is put off when something else is due.
	sweepRest, sweepYield = 20 * time.Millisecond, time.Second
	// sweepFirst is when a table is looked at first, at the latest.
	sweepFirst = 7 * 24 * time.Hour
)

// Aged names a table whose rows go with time. Values are stored.
type Aged string

// The tables. Alerts go with all that belongs to them.
const (
	agedAlerts      Aged = "alerts"
	agedDeleted     Aged = "deleted"
	agedMaintenance Aged = "maintenances"
	agedRequests    Aged = "requests"
	agedJournal     Aged = "journal"
	agedOverrides   Aged = "overrides"
	agedForwards    Aged = "forwards"
	agedAbsences    Aged = "absences"
	agedSwaps       Aged = "swaps"
	agedIncidents   Aged = "incidents"
)

// Sweep is how the rows of one table go, and how far that has come.
type Sweep struct {
	Aged Aged `cbor:"1,keyasint"`
	// Keep is how long a row stays after its time is over; 0: for ever.
	Keep time.Duration `cbor:"2,keyasint"`
	// Look is the deadline at which the work begins or goes on, at LookAt; empty: never.
	Look   string    `cbor:"3,keyasint,omitempty"`
	LookAt time.Time `cbor:"4,keyasint,omitzero"`
	// From is the id of the row with which the work goes on; empty: it begins at the oldest.
	From string `cbor:"5,keyasint,omitempty"`
	// Earliest is when, of the rows that have been passed since it began, the first one's
	// time was over; zero: that of none was.
	Earliest time.Time `cbor:"6,keyasint,omitzero"`
	// Gone is how many rows have been removed in all.
	Gone uint64 `cbor:"7,keyasint,omitempty"`
}

// Sweeps holds how old rows go, one row a table.
var Sweeps = table.New(34, "sweeps", func(s *Sweep) table.Key { return sweepKey(s.Aged) })

func sweepKey(a Aged) table.Key { return table.K().String(string(a)) }

// sweeper is what has to be known of a table whose rows go with time.
type sweeper struct {
	keep  time.Duration // how long rows stay if nobody has said otherwise
	every time.Duration // how often to begin anew at most
	// sweep removes rows whose time was over at a moment, until room is used up or all have
	// been passed; then it is done.
	sweep func(c *change, s *Sweep, before time.Time) (done bool)
}

// sweepers is the list of all such tables, made once.
var sweepers = sync.OnceValue(func() map[Aged]sweeper {
	return map[Aged]sweeper{
		agedAlerts: {RetentionUsual, time.Hour, sweepOf(Alerts, ageing[alert.Alert]{
			id:    func(a *alert.Alert) string { return string(a.ID) },
			born:  func(a *alert.Alert) time.Time { return a.CreatedAt },
			over:  func(a *alert.Alert) (time.Time, bool) { return a.ClosedAt, a.Status == alert.Closed },
			erase: func(c *change, a *alert.Alert, room *int) bool { return c.eraseAlert(a.ID, room) },
		})},
		agedDeleted: {RetentionUsual, time.Hour, sweepOf(Deleted, ageing[alert.Tombstone]{
			id:    func(t *alert.Tombstone) string { return string(t.ID) },
			born:  func(t *alert.Tombstone) time.Time { return t.CreatedAt },
			over:  func(t *alert.Tombstone) (time.Time, bool) { return t.DeletedAt, true },
			erase: func(c *change, t *alert.Tombstone, room *int) bool { return c.eraseAlert(t.ID, room) },
		})},
		agedIncidents: {RetentionUsual, time.Hour, sweepOf(Incidents, ageing[incident.Incident]{
			id:    func(i *incident.Incident) string { return string(i.ID) },
			born:  func(i *incident.Incident) time.Time { return i.CreatedAt },
			over:  func(i *incident.Incident) (time.Time, bool) { return i.ClosedAt, i.Status == incident.Closed },
			erase: func(c *change, i *incident.Incident, room *int) bool { return c.eraseIncidentLog(i.ID, room) },
		})},
		agedMaintenance: {RetentionUsual, 24 * time.Hour, sweepOf(Maintenances, ageing[Maintenance]{
			id:   func(m *Maintenance) string { return m.Window.ID },
			over: func(m *Maintenance) (time.Time, bool) { return m.overSince(), m.Over },
		})},
		agedRequests: {requestsKept, time.Hour, sweepOf(requests, ageing[Request]{
			id:   func(r *Request) string { return r.ID },
			born: func(r *Request) time.Time { return r.ProcessedAt },
			over: func(r *Request) (time.Time, bool) { return r.ProcessedAt, true },
		})},
		agedJournal:   {JournalAge, time.Hour, sweepJournal},
		agedOverrides: {RetentionUsual, 24 * time.Hour, sweepEnded(Overrides, overridesByEnd, func(o *rota.Override) time.Time { return o.End })},
		agedForwards:  {RetentionUsual, 24 * time.Hour, sweepEnded(Forwards, forwardsByEnd, func(f *rota.Forward) time.Time { return f.End })},
		agedAbsences:  {RetentionUsual, 24 * time.Hour, sweepEnded(Absences, absencesByEnd, func(a *rota.Absence) time.Time { return a.End })},
		agedNotices:   {noticesKept, time.Hour, sweepEnded(Deliveries, noticesByTime, func(d *Delivery) time.Time { return d.CreatedAt })},
		agedSwaps:     {RetentionUsual, 24 * time.Hour, sweepEnded(Swaps, swapsByEnd, (*Swap).over)},
	}
})

// ageing is how the rows of a table age.
type ageing[R any] struct {
	id func(*R) string // the only element of its key
	// born is when a row came to be: no row's time is over before. Rows with greater ids
	// were not born earlier, or so little that they can wait for the next time. Nil: the ids
	// say nothing of that.
	born func(*R) time.Time
	// over is when a row's time was over; not ok: it is not.
	over func(*R) (at time.Time, ok bool)
	// erase removes what belongs to a row while there is room. Nil: nothing does.
	erase func(c *change, row *R, room *int) (all bool)
}

// sweepOf returns how old rows of a table are removed.
func sweepOf[R any](rows *table.Table[R], of ageing[R]) func(*change, *Sweep, time.Time) bool {
	return func(c *change, s *Sweep, before time.Time) bool {
		room := sweepRoom
		for row := range rows.Range(c.tx, table.K().String(s.From), afterAll) {
			if of.born != nil && of.born(row).After(before) {
				s.pass(of.born(row)) // those behind it are younger still
				break
			}
			at, over := of.over(row)
			old := over && !at.After(before)
			if room--; room < 0 || old && of.erase != nil && !of.erase(c, row, &room) {
				s.From = of.id(row)
				return false
			}
			switch {
			case old:
				rows.Delete(c.tx, rows.KeyOf(row))
				s.Gone++
			case over:
				s.pass(at)
			}
		}
		s.From = ""
		return true
	}
}

// sweepEnded returns how old rows of a table are removed that has an index by their ends:
// those that are due are at its beginning.
func sweepEnded[R any](rows *table.Table[R], byEnd *table.Index[R], end func(*R) time.Time) func(*change, *Sweep, time.Time) bool {
	return func(c *change, s *Sweep, before time.Time) bool {
		room := sweepRoom
		for row := range byEnd.Find(c.tx, table.K()) {
			if end(row).After(before) {
				s.pass(end(row))
				break
			}
			if room--; room < 0 {
				return false
			}
			rows.Delete(c.tx, rows.KeyOf(row))
			s.Gone++
		}
		return true
	}
}

// afterAll is behind all keys.
const afterAll = table.Key("\xff")

// pass takes note of a row that stays, and whose time was over at a moment, or will be.
func (s *Sweep) pass(at time.Time) {
	if s.Earliest.IsZero() || at.Before(s.Earliest) {
		s.Earliest = at
	}
}

// age sees to it that old rows of tables go: who makes the time of a row be over does so.
func (c *change) age(tables ...Aged) error {
	for _, a := range tables {
		if Sweeps.Has(c.tx, sweepKey(a)) {
			continue
		}
		s := Sweep{Aged: a, Keep: sweepers()[a].keep}
		if alerts, said := Sweeps.Get(c.tx, sweepKey(agedAlerts)); said && a == agedIncidents {
			s.Keep = alerts.Keep
		}
		at := c.now.Add(min(s.Keep, sweepFirst))
		if s.Keep == 0 {
			at = time.Time{}
		}
		if err := c.sweepAt(&s, at); err != nil {
			return err
		}
	}
	return nil
}

// sweepAt keeps a sweep and plans when it goes on; a zero moment: never.
func (c *change) sweepAt(s *Sweep, at time.Time) error {
	if s.Look != "" {
		Deadlines.Delete(c.tx, deadlineKey(&Deadline{ID: s.Look, At: s.LookAt}))
		s.Look, s.LookAt = "", time.Time{}
	}
	if !at.IsZero() {
		d := Deadline{ID: c.deadlineID(), Kind: RetentionDue, At: at, Sweep: string(s.Aged)}
		if err := c.planned(&d); err != nil {
			return err
		}
		s.Look, s.LookAt = d.ID, at
	}
	return Sweeps.Put(c.tx, s)
}

// sweepDue removes some old rows, unless something else is due, or something of an alert was
// due in this command: that comes first (P6).
func (c *change) sweepDue(d *Deadline) error {
	s, ok := c.sweepLookedAt(d)
	if !ok {
		return nil
	}
	if next, ok := c.earliest(); c.urgent || ok && !next.At.After(c.now) {
		return c.sweepAt(s, c.now.Add(sweepYield))
	}
	if _, ok := c.oldestInput(); ok { // in a journal of before there was a sweep of it
		if err := c.age(agedJournal); err != nil {
			return err
		}
	}
	if !rounds.Has(c.tx, roundKey) { // there may be schedules of before it was told what they bring
		if err := c.roundAt(&round{}, "", c.now.Add(bundleAgain)); err != nil {
			return err
		}
	}
	of := sweepers()[s.Aged]
	if of.sweep == nil { // a newer version's, which leads again soon
		return c.sweepAt(s, c.now.Add(bundleAgain))
	}
	if !of.sweep(c, s, c.now.Add(-s.Keep)) {
		return c.sweepAt(s, c.now.Add(sweepRest))
	}
	first := c.now // the time of whatever is not known of is over later than now
	if !s.Earliest.IsZero() && s.Earliest.Before(first) {
		first = s.Earliest
	}
	s.Earliest = time.Time{}
	return c.sweepAt(s, later(first.Add(s.Keep), c.now.Add(of.every)))
}

// sweepLookedAt returns the sweep of a deadline that has fired.
func (c *change) sweepLookedAt(d *Deadline) (*Sweep, bool) {
	s, ok := Sweeps.Get(c.tx, sweepKey(Aged(d.Sweep)))
	if !ok || s.Look != d.ID {
		return nil, false
	}
	s.Look, s.LookAt = "", time.Time{}
	return s, true
}

// sweepAgain goes on a little later: doing so now has failed again and again.
func (c *change) sweepAgain(d *Deadline) error {
	s, ok := c.sweepLookedAt(d)
	if !ok {
		return nil
	}
	return c.sweepAt(s, c.now.Add(bundleAgain))
}

// eraseAlert removes what belongs to an alert: what is attached to it, its activity log and its pages.
func (c *change) eraseAlert(id core.AlertID, room *int) (all bool) {
	return c.eraseAttachments(id, room) && c.eraseLog(id, room) && c.erasePages(id, room)
}

func (c *change) eraseLog(id core.AlertID, room *int) (all bool) {
	for e := range Log.Find(c.tx, table.K().String(string(id))) {
		if *room <= 0 {
			return false
		}
		Log.Delete(c.tx, logKey(e.Alert, e.Number))
		*room--
	}
	return true
}

// erasePages removes the pages about an alert, and takes it out of those that it shares with
// others. The last one takes such a page along.
func (c *change) erasePages(id core.AlertID, room *int) (all bool) {
	for d := range deliveriesByAlert.Find(c.tx, table.K().String(string(id))) {
		if *room <= 0 {
			return false
		}
		Deliveries.Delete(c.tx, Deliveries.KeyOf(d))
		*room--
	}
	for b := range bundledByAlert.Find(c.tx, table.K().String(string(id))) {
		if *room <= 0 {
			return false
		}
		Bundles.Delete(c.tx, Bundles.KeyOf(b))
		*room--
		if !speaks(c.tx, b.Delivery) {
			Deliveries.Delete(c.tx, table.K().String(string(b.Delivery)))
			*room--
		}
	}
	return true
}

// speaks reports whether there is an alert, removed ones apart, that a bundle spoke of.
func speaks(r table.Reader, id core.DeliveryID) bool {
	for range Bundles.Find(r, table.K().String(string(id))) {
		return true
	}
	return false
}
