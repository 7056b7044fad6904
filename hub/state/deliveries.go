package state

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/reach"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Delivery is the record of a page: one attempt to reach one person by one contact, about
// alerts or, with a [Notice], about something else.
// While it is not final it is also the outbox row that the leader's engine hands over.
type Delivery struct {
	ID        core.DeliveryID `cbor:"1,keyasint"`
	Alert     core.AlertID    `cbor:"2,keyasint"`
	User      core.UserID     `cbor:"3,keyasint"`
	Contact   core.ContactID  `cbor:"4,keyasint"`
	Kind      channel.Kind    `cbor:"5,keyasint"`
	Address   string          `cbor:"6,keyasint"`
	Language  string          `cbor:"7,keyasint"`
	Why       Reason          `cbor:"8,keyasint"`
	CreatedAt time.Time       `cbor:"9,keyasint"`
	SendBy    time.Time       `cbor:"10,keyasint"` // not to be handed over later
	Trace     []Trace         `cbor:"11,keyasint"`
	// Due is when the page should have been queued, if that was earlier than it was.
	Due time.Time `cbor:"12,keyasint"`
	// Gateway is the one that has told of the page last: if it is still under way, then
	// there.
	Gateway string `cbor:"13,keyasint,omitempty"`

	// Bundle says that the page speaks of the alerts that [Bundles] holds, Count of them;
	// Alert is the first that came.
	Bundle bool `cbor:"14,keyasint,omitempty"`
	Count  int  `cbor:"15,keyasint,omitempty"`
	// Held says that the page waits until NotBefore, or until the person's line is free, and
	// may get further alerts until then. It is in no hand, and in no outbox.
	Held      bool      `cbor:"16,keyasint,omitempty"`
	NotBefore time.Time `cbor:"17,keyasint"` // of a page that was held: when it went to the outbox
	// Quiet is how long after the page went out further ones by the same contact wait.
	Quiet time.Duration `cbor:"18,keyasint,omitempty"`
	// Gravest is the priority of the gravest alert that it speaks of.
	Gravest core.Priority `cbor:"19,keyasint,omitempty"`
	// Late is how late, of a page that is held, the latest of its alerts was.
	Late time.Duration `cbor:"20,keyasint,omitempty"`

	// Notice is what the page tells if it is about no alert: then it is in no bundle, too.
	Notice *Notice `cbor:"30,keyasint,omitempty"`
}

// QueuedAt returns when the page went to the outbox, or will.
func (d *Delivery) QueuedAt() time.Time {
	if d.NotBefore.IsZero() {
		return d.CreatedAt
	}
	return d.NotBefore
}

// DueAt returns the moment at which the page should have been sent.
func (d *Delivery) DueAt() time.Time {
	if d.Due.IsZero() {
		return d.QueuedAt()
	}
	return d.Due
}

// Trace is one stage of a page's life.
type Trace struct {
	At         time.Time       `cbor:"1,keyasint"` // by the clock of who reported it
	Stage      channel.Stage   `cbor:"2,keyasint"`
	Failure    channel.Failure `cbor:"3,keyasint,omitempty"`
	Reply      channel.Reply   `cbor:"4,keyasint,omitempty"`
	Detail     string          `cbor:"5,keyasint,omitempty"`
	ProviderID string          `cbor:"6,keyasint,omitempty"`
	Number     uint32          `cbor:"7,keyasint,omitempty"` // of the gateway's report; 0: not from a gateway
}

// traceMax bounds the trace of one page.
const traceMax = 32

// Final reports whether the page's fate is settled.
func (d *Delivery) Final() bool {
	return slices.ContainsFunc(d.Trace, func(t Trace) bool { return t.Stage.Final() })
}

// EndedByGateway reports whether the page ended as a gateway said, not because it was
// taken back or given up here.
func (d *Delivery) EndedByGateway() bool {
	i := slices.IndexFunc(d.Trace, func(t Trace) bool { return t.Stage.Final() })
	return i >= 0 && d.Trace[i].Number != 0
}

// Attempted reports whether a sender has taken the page up, so that the person may
// have been reached already.
func (d *Delivery) Attempted() bool {
	return slices.ContainsFunc(d.Trace, func(t Trace) bool { return t.Stage != channel.Queued })
}

// Disturbed reports whether the page may have come to the person's notice, or will.
func (d *Delivery) Disturbed() bool {
	return !d.Final() || slices.ContainsFunc(d.Trace, func(t Trace) bool {
		switch t.Stage {
		case channel.Queued, channel.Cancelled:
			return false
		case channel.Failed:
			return t.Failure == channel.Unanswered || t.Failure == channel.Declined || t.Failure == channel.NoReply
		}
		return true
	})
}

// deliveriesByAlert has the pages about one alert; for the others see [Bundles].
var deliveriesByAlert = table.NewIndex(1, "alert", false, func(d *Delivery) []table.Key {
	if d.Bundle || d.Notice != nil {
		return nil
	}
	return []table.Key{table.K().String(string(d.Alert)).Time(d.CreatedAt)}
})

// outbox has no notices: a crowd of them must not hide a page about an alert (P6). No row
// that was stored before notices were left out is one.
var outbox = table.NewIndex(2, "outbox", false, func(d *Delivery) []table.Key {
	if d.Final() || d.Held || d.Notice != nil {
		return nil
	}
	return []table.Key{table.K().Time(d.QueuedAt())}
})

// Deliveries holds all pages.
var Deliveries = table.New(14, "deliveries", func(d *Delivery) table.Key { return table.K().String(string(d.ID)) },
	deliveriesByAlert, outbox, deliveriesByPerson, noticesByTime, openNotices)

// GetDelivery returns a page.
func GetDelivery(r table.Reader, id core.DeliveryID) (*Delivery, bool) {
	return Deliveries.Get(r, table.K().String(string(id)))
}

// DeliveriesOf returns the pages that speak of an alert, oldest first, as they concern that
// one: a bundle has the reason for which it is in it, and if it was taken out that end.
func DeliveriesOf(r table.Reader, id core.AlertID) []Delivery {
	var all []Delivery
	for d := range deliveriesByAlert.Find(r, table.K().String(string(id))) {
		all = append(all, *d)
	}
	for b := range bundledByAlert.Find(r, table.K().String(string(id))) {
		if d, ok := GetDelivery(r, b.Delivery); ok {
			all = append(all, d.seenFrom(b))
		}
	}
	slices.SortStableFunc(all, func(a, b Delivery) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all
}

// openDeliveries returns the pages that speak of an alert and whose fate is open for it.
func openDeliveries(r table.Reader, id core.AlertID) []*Delivery {
	return slices.Collect(eachOpenDelivery(r, id))
}

// eachOpenDelivery gives the same pages one by one.
func eachOpenDelivery(r table.Reader, id core.AlertID) iter.Seq[*Delivery] {
	return func(yield func(*Delivery) bool) {
		for d := range deliveriesByAlert.Find(r, table.K().String(string(id))) {
			if !d.Final() && !yield(d) {
				return
			}
		}
		for b := range bundledByAlert.Find(r, table.K().String(string(id))) {
			if d, ok := GetDelivery(r, b.Delivery); ok && b.LeftAt.IsZero() && !d.Final() && !yield(d) {
				return
			}
		}
	}
}

// Outbox returns up to limit pages about alerts that can go and whose fate is open, oldest
// first. Of those that were written down by one command, as after an outage, that one comes
// first that was due first.
func Outbox(r table.Reader, limit int) []Delivery { return oldest(r, outbox, limit) }

// oldest returns up to limit pages of an index by time, as [Outbox] has them.
func oldest(r table.Reader, by *table.Index[Delivery], limit int) []Delivery {
	var all []Delivery
	for d := range by.Find(r, table.K()) {
		if len(all) == limit {
			break
		}
		all = append(all, *d)
	}
	slices.SortStableFunc(all, func(a, b Delivery) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), a.DueAt().Compare(b.DueAt()))
	})
	return all
}

// sendWithin is how long after it became due a page may be handed over. What is older
// would tell of a world that has moved on.
const sendWithin = 10 * time.Minute

// fateWithin returns how long after it became due the fate of a page should be known:
// the time that a hand-over may wait for a gateway and the longest attempt of the kind.
func fateWithin(kind channel.Kind) time.Duration {
	if kind == channel.Voice {
		return 4 * time.Minute
	}
	return time.Minute
}

// page writes the intent to reach a person by one contact about an alert: as a page of its
// own at once, or as one page with others, now or later (P8).
func (c *change) page(a *alert.Alert, u *reach.User, k reach.Contact, why *Reason) error {
	if !c.limits.on() {
		return c.pageNow(c.newDelivery(a, u, k, why), a, u)
	}
	l, kind := lane{u.ID, k.ID}, channel.Kind(k.Kind)
	if d, ok := GetDelivery(c.tx, c.fresh[l]); ok && !d.Final() && d.Count < BundleMax {
		if d.Bundle || d.Alert != a.ID {
			return c.bundle(d, a, u, why)
		}
		return c.log(a.ID, PageEntry, System, aboutPage(explain.QueuedAlready, d, u, why))
	}
	t := c.trafficOf(l, kind, a.ID, "")
	until := c.opening(&t, kind, a)
	switch {
	case until.IsZero():
		d := c.newDelivery(a, u, k, why)
		d.Quiet, d.Gravest = c.limits.Window, a.Priority
		c.fresh[l] = d.ID
		return c.pageNow(d, a, u)
	case t.pending == nil:
		return c.hold(a, u, k, why, &t, until)
	case t.pending.Count >= BundleMax:
		return c.hold(a, u, k, why, &t, later(until, t.pending.NotBefore.Add(t.pending.Quiet)))
	case until.Before(t.pending.NotBefore):
		t.pending.NotBefore = until
		if err := c.plan(Deadline{Kind: BundleDue, At: c.look(until), Delivery: t.pending.ID}); err != nil {
			return err
		}
	}
	return c.bundle(t.pending, a, u, why)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// newDelivery makes a page about one alert. It does not keep it.
func (c *change) newDelivery(a *alert.Alert, u *reach.User, k reach.Contact, why *Reason) *Delivery {
	return &Delivery{
		ID: core.DeliveryID(c.newID("delivery")), Alert: a.ID, User: u.ID, Contact: k.ID, Kind: channel.Kind(k.Kind),
		Address: k.Address, Language: cmp.Or(k.Language, u.Language), Why: *why, CreatedAt: c.now, SendBy: c.now.Add(sendWithin),
		Trace: []Trace{{At: c.now, Stage: channel.Queued}}, Due: c.due,
	}
}

// aboutPage is what was decided about a page to a person. The page has the ids of the way.
func aboutPage(kind explain.Kind, d *Delivery, u *reach.User, why *Reason) explain.Decision {
	names := why.Names()
	return explain.Decision{Kind: kind, User: u.ID, Name: u.Username, Page: d.ID, By: string(d.Kind), Why: &names}
}

// pageNow puts a page about one alert, which is new, into the outbox.
func (c *change) pageNow(d *Delivery, a *alert.Alert, u *reach.User) error {
	c.stir(a.ID)
	if err := Deliveries.Insert(c.tx, d); err != nil {
		return err
	}
	if err := c.log(a.ID, PageEntry, System, aboutPage(explain.Queued, d, u, &d.Why)); err != nil {
		return err
	}
	return c.planOverdue(d)
}

// planOverdue plans when the fate of a page should be known that goes out now. A bundle's deadline is of no
// alert: that one of its alerts is over does not end it.
func (c *change) planOverdue(d *Delivery) error {
	x := Deadline{Kind: DeliveryOverdue, At: d.overdueAt(), Alert: d.Alert, Delivery: d.ID}
	switch {
	case d.Notice != nil:
		x.At = c.now.Add(fateWithin(d.Kind)) // what it tells may be worth telling for less, or more
	case d.Bundle:
		x.Alert = ""
	}
	return c.plan(x)
}

// overdueAt returns when the fate of a page about alerts should be known: so late after it went out.
func (d *Delivery) overdueAt() time.Time { return d.SendBy.Add(fateWithin(d.Kind) - sendWithin) }

// overdue gives a page up whose fate is still unknown. If the hub itself was down at the
// time, or another leader's heir, it may just have handed the page over: then the page
// gets its time anew, and will say that it is late (P9).
func (c *change) overdue(id core.DeliveryID, late time.Duration) error {
	d, ok := GetDelivery(c.tx, id)
	if !ok || d.Final() || d.Held {
		return nil
	}
	inherited := d.QueuedAt().Before(c.ledSince) && c.now.Before(c.ledSince.Add(fateWithin(d.Kind)))
	if late >= lateMin || inherited {
		switch {
		case d.Notice == nil:
			d.SendBy = c.now.Add(sendWithin)
		case !c.now.Before(d.Notice.Until) || !c.stillTrue(d):
			return c.record(d, Trace{At: c.now, Stage: channel.Failed, Failure: channel.Expired, Detail: "it is not worth telling any more"})
		default:
			d.SendBy = d.Notice.sendBy(c.now)
		}
		if err := Deliveries.Put(c.tx, d); err != nil {
			return err
		}
		return c.planOverdue(d)
	}
	return c.record(d, Trace{At: c.now, Stage: channel.Failed, Failure: channel.Unavailable, Detail: nothingHeard})
}

// nothingHeard is why a page is given up of which no gateway has told the fate.
const nothingHeard = "nothing was heard of this page in time"

// cancelDeliveries takes back every page about an alert whose fate is open: those to one
// person, or to everybody if no person is named. Of a page that speaks of others, too, it
// takes the alert out.
func (c *change) cancelDeliveries(id core.AlertID, to core.UserID, why string) error {
	return c.takeBackPages(id, func(d *Delivery, _ Reason) bool { return to != "" && d.User != to }, why)
}

// takeBackPages takes back the pages about an alert whose fate is open, but for those to keep,
// which is asked with the reason of a page for this alert.
func (c *change) takeBackPages(id core.AlertID, keep func(*Delivery, Reason) bool, why string) error {
	called := map[core.UserID]bool{}
	for _, d := range openDeliveries(c.tx, id) {
		if keep(d, reasonFor(c.tx, d, id)) {
			continue
		}
		called[d.User] = called[d.User] || d.Kind == channel.Voice
		var err error
		if d.Bundle {
			err = c.leave(d, id, why)
		} else {
			err = c.takeBack(d, why)
		}
		if err != nil {
			return err
		}
	}
	for _, user := range sortedKeys(called) {
		if called[user] {
			if err := c.lineFree(user); err != nil {
				return err
			}
		}
	}
	return nil
}

// reasonFor returns why a page speaks of an alert.
func reasonFor(r table.Reader, d *Delivery, id core.AlertID) Reason {
	if b, ok := Bundles.Get(r, bundledKey(d.ID, id)); d.Bundle && ok {
		return b.Why
	}
	return d.Why
}

// takeBack ends a page that nobody wants any more.
func (c *change) takeBack(d *Delivery, why string) error {
	d.Trace = append(d.Trace, Trace{At: c.now, Stage: channel.Cancelled, Detail: why})
	d.forgetCode()
	if err := Deliveries.Put(c.tx, d); err != nil {
		return err
	}
	c.dropOverdue(d)
	return nil
}

// String tells a stage in a few English words.
func (t Trace) String() string { return t.fate().String() }

// fate is the stage as decisions have it.
func (t Trace) fate() *explain.Fate {
	return &explain.Fate{Stage: string(t.Stage), Failure: string(t.Failure), Reply: string(t.Reply), Detail: t.Detail}
}

// dropOverdue forgets the deadline by which the page's fate was to be known, and that by
// which a page was to go.
func (c *change) dropOverdue(d *Delivery) {
	of := deadlinesByBundle.Find(c.tx, table.K().String(string(d.ID)))
	switch {
	case d.Notice != nil:
	case d.Bundle:
		c.dropBundleDue(d.ID)
	default: // thousands may be planned for its alert
		at, from := d.overdueAt(), table.K().String(string(d.Alert))
		of = deadlinesByAlert.Range(c.tx, from.Time(at), from.Time(at.Add(1)))
	}
	for x := range of {
		if x.Kind == DeliveryOverdue && x.Delivery == d.ID {
			Deadlines.Delete(c.tx, deadlineKey(x))
			return
		}
	}
}
