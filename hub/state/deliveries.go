package state

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Delivery is the record of a page: one attempt to reach one person by one contact.
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
}

// DueAt returns the moment at which the page should have been sent.
func (d *Delivery) DueAt() time.Time {
	if d.Due.IsZero() {
		return d.CreatedAt
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

var deliveriesByAlert = table.NewIndex(1, "alert", false, func(d *Delivery) []table.Key {
	return []table.Key{table.K().String(string(d.Alert)).Time(d.CreatedAt)}
})

var outbox = table.NewIndex(2, "outbox", false, func(d *Delivery) []table.Key {
	if d.Final() {
		return nil
	}
	return []table.Key{table.K().Time(d.CreatedAt)}
})

// Deliveries holds all pages.
var Deliveries = table.New(14, "deliveries", func(d *Delivery) table.Key { return table.K().String(string(d.ID)) },
	deliveriesByAlert, outbox)

// GetDelivery returns a page.
func GetDelivery(r table.Reader, id core.DeliveryID) (*Delivery, bool) {
	return Deliveries.Get(r, table.K().String(string(id)))
}

// DeliveriesOf returns the pages of an alert, oldest first.
func DeliveriesOf(r table.Reader, id core.AlertID) []Delivery {
	var all []Delivery
	for d := range deliveriesByAlert.Find(r, table.K().String(string(id))) {
		all = append(all, *d)
	}
	return all
}

// Outbox returns up to limit pages whose fate is open, oldest first.
func Outbox(r table.Reader, limit int) []Delivery {
	var all []Delivery
	for d := range outbox.Find(r, table.K()) {
		if len(all) == limit {
			break
		}
		all = append(all, *d)
	}
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

// page writes the intent to reach a person by one contact.
func (c *change) page(a *alert.Alert, u *reach.User, k reach.Contact, why Reason) error {
	d := Delivery{
		ID: core.DeliveryID(c.newID("delivery")), Alert: a.ID, User: u.ID, Contact: k.ID, Kind: channel.Kind(k.Kind),
		Address: k.Address, Language: cmp.Or(k.Language, u.Language), Why: why, CreatedAt: c.now, SendBy: c.now.Add(sendWithin),
		Trace: []Trace{{At: c.now, Stage: channel.Queued}}, Due: c.due,
	}
	c.touched[a.ID] = true
	if err := Deliveries.Put(c.tx, &d); err != nil {
		return err
	}
	if err := c.log(a.ID, PageEntry, System, fmt.Sprintf("%s to %s queued: %s", d.Kind, u.Username, why)); err != nil {
		return err
	}
	return c.plan(Deadline{Kind: DeliveryOverdue, At: c.now.Add(fateWithin(d.Kind)), Alert: a.ID, Delivery: d.ID})
}

// overdue gives a page up whose fate is still unknown. If the hub itself was down at the
// time, or another leader's heir, it may just have handed the page over: then the page
// gets its time anew, and will say that it is late (P9).
func (c *change) overdue(id core.DeliveryID, late time.Duration) error {
	d, ok := GetDelivery(c.tx, id)
	if !ok || d.Final() {
		return nil
	}
	inherited := d.CreatedAt.Before(c.ledSince) && c.now.Before(c.ledSince.Add(fateWithin(d.Kind)))
	if late >= lateMin || inherited {
		d.SendBy = c.now.Add(sendWithin)
		if err := Deliveries.Put(c.tx, d); err != nil {
			return err
		}
		return c.plan(Deadline{Kind: DeliveryOverdue, At: c.now.Add(fateWithin(d.Kind)), Alert: d.Alert, Delivery: d.ID})
	}
	return c.record(d, Trace{At: c.now, Stage: channel.Failed, Failure: channel.Unavailable, Detail: "nothing was heard of this page in time"})
}

// cancelDeliveries takes back every page of an alert whose fate is open: those to one
// person, or to everybody if no person is named.
func (c *change) cancelDeliveries(id core.AlertID, to core.UserID, why string) error {
	for _, d := range DeliveriesOf(c.tx, id) {
		if d.Final() || to != "" && d.User != to {
			continue
		}
		d.Trace = append(d.Trace, Trace{At: c.now, Stage: channel.Cancelled, Detail: why})
		if err := Deliveries.Put(c.tx, &d); err != nil {
			return err
		}
		c.dropOverdue(&d)
	}
	return nil
}

// TakeReports writes down what became of pages. Reports that are known are passed over.
type TakeReports struct {
	Reports []channel.Report `cbor:"1,keyasint"`
	// Gateway is who reports; empty: the hub itself.
	Gateway string `cbor:"2,keyasint,omitempty"`
}

func (TakeReports) number() number { return takeReports }

func (reports TakeReports) apply(c *change) (Nothing, error) {
	for _, r := range reports.Reports {
		d, ok := GetDelivery(c.tx, core.DeliveryID(r.Page))
		if !ok {
			continue // of a page that nobody knows there is nothing to write down
		}
		t := c.trace(r)
		if slices.ContainsFunc(d.Trace, t.repeats) {
			continue
		}
		if moved(d, t, reports.Gateway) {
			if err := c.log(d.Alert, PageEntry, System, fmt.Sprintf("%s: another gateway, which has the page no more: %s", d.Kind, t)); err != nil {
				return Nothing{}, err
			}
			continue
		}
		// A talkative gateway must not keep out what matters: the end, and what the person said.
		matters := t.Stage.Final() && !d.Final() || asks(t.Reply)
		if len(d.Trace) >= traceMax && !(matters && len(d.Trace) < 2*traceMax) {
			continue
		}
		if reports.Gateway != "" {
			d.Gateway = reports.Gateway
		}
		if err := c.record(d, t); err != nil {
			return Nothing{}, err
		}
	}
	return Nothing{}, nil
}

// moved reports whether a page, of which a gateway says that it failed there, has meanwhile
// gone on to another one: that one tells of its end. What a person said counts in any case.
func moved(d *Delivery, t Trace, gateway string) bool {
	broken := t.Stage == channel.Failed || t.Stage == channel.Cancelled
	return broken && t.Reply == channel.NoAction && gateway != "" && d.Gateway != "" && gateway != d.Gateway && !d.Final()
}

// trace makes a stage of a report. Texts are cut and made one line, so that no gateway
// can make a page too large to be written down.
func (c *change) trace(r channel.Report) Trace {
	return Trace{
		At: c.moment(r.At), Stage: channel.Stage(line(string(r.Stage), wordMax)), Failure: channel.Failure(line(string(r.Failure), wordMax)),
		Reply: channel.Reply(line(string(r.Reply), wordMax)), Detail: line(r.Detail, detailMax), ProviderID: line(r.ProviderID, detailMax), Number: r.Number,
	}
}

// repeats reports whether x says the same again. The number alone does not tell: each
// gateway counts for itself, and a page may have been with several.
func (t Trace) repeats(x Trace) bool {
	return t.Number != 0 && x.Number == t.Number && x.Stage == t.Stage && x.At.Equal(t.At) && x.Reply == t.Reply
}

// record adds a stage to a page and draws the consequences.
func (c *change) record(d *Delivery, t Trace) error {
	settled := d.Final()
	d.Trace = append(d.Trace, t)
	c.touched[d.Alert] = true
	if err := Deliveries.Put(c.tx, d); err != nil {
		return err
	}
	u, _ := Users.Get(c.tx, table.K().String(string(d.User)))
	name := string(d.User)
	if u != nil {
		name = u.Username
	}
	if err := c.log(d.Alert, PageEntry, System, fmt.Sprintf("%s to %s: %s", d.Kind, name, t)); err != nil {
		return err
	}
	if t.Stage.Final() {
		c.dropOverdue(d)
	}
	// A digit pressed counts whenever it is heard, even after the page was given up.
	if heeded, err := c.heed(d, t.Reply, name); heeded || err != nil {
		return err
	}
	// A page that was cancelled, and not by us, has not reached anybody either.
	if settled || t.Stage != channel.Failed && t.Stage != channel.Cancelled {
		return nil
	}
	if t.Failure == channel.DeadContact && u != nil {
		if err := c.bury(u, d); err != nil {
			return err
		}
	}
	return c.hurry(d.Alert, d.User, d.ID)
}

// asks reports whether a reply is one that this version heeds.
func asks(r channel.Reply) bool {
	return r == channel.Acknowledge || r == channel.Close || r == channel.NextPerson
}

// heed does what a person asked for through a channel. It reports false for no reply, and
// for one that this version does not know: to the page that makes no difference.
func (c *change) heed(d *Delivery, reply channel.Reply, name string) (heeded bool, err error) {
	ref, note := Ref{ID: d.Alert}, "by "+string(d.Kind)
	switch reply {
	case channel.Acknowledge:
		_, err = AcknowledgeAlert{Alert: ref, User: name, Note: note}.apply(c)
	case channel.Close:
		_, err = CloseAlert{Alert: ref, User: name, Note: note}.apply(c)
	case channel.NextPerson:
		err = c.passOn(d, name)
	default:
		return false, nil
	}
	return true, err
}

// passOn leaves a person in peace who cannot take care of an alert, and lets the next
// step of its escalations come at once.
func (c *change) passOn(d *Delivery, name string) error {
	a, ok := Alerts.Get(c.tx, table.K().String(string(d.Alert)))
	if !ok || a.Silent() {
		return nil
	}
	if err := c.log(d.Alert, ActionEntry, name, "Passed on to the next person by "+string(d.Kind)); err != nil {
		return err
	}
	for _, x := range deadlinesOf(c.tx, d.Alert) {
		if x.Kind == ReachAttempt && x.User == d.User {
			Deadlines.Delete(c.tx, deadlineKey(x))
		}
	}
	if err := c.cancelDeliveries(d.Alert, d.User, "the person has passed the alert on"); err != nil {
		return err
	}
	return c.hurryEscalation(d.Alert)
}

// String tells a stage in a few English words.
func (t Trace) String() string {
	s := string(t.Stage)
	if t.Failure != "" {
		s += " (" + string(t.Failure) + ")"
	}
	if t.Reply != "" {
		s += ", " + string(t.Reply)
	}
	if t.Detail != "" {
		s += ": " + t.Detail
	}
	return s
}

// dropOverdue forgets the deadline by which the page's fate was to be known.
func (c *change) dropOverdue(d *Delivery) {
	for _, x := range deadlinesOf(c.tx, d.Alert) {
		if x.Kind == DeliveryOverdue && x.Delivery == d.ID {
			Deadlines.Delete(c.tx, deadlineKey(x))
		}
	}
}

// bury marks the contact of which the provider says that it will never work again. One
// that has got another address meanwhile lives.
func (c *change) bury(u *reach.User, d *Delivery) error {
	for i := range u.Contacts {
		if k := &u.Contacts[i]; k.ID == d.Contact && k.Address == d.Address && k.DeadSince.IsZero() {
			k.DeadSince = c.now
		}
	}
	return Users.Put(c.tx, u)
}
