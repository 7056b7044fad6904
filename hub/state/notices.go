package state

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// NoticeKind is what a notice is about. Values are stored.
type NoticeKind uint8

// The kinds.
const (
	ShiftStarts   NoticeKind = 1 // the person's shift begins, soon or lately
	ShiftEnds     NoticeKind = 2 // it ends
	GapsAhead     NoticeKind = 3 // somebody has yet to be found for shifts
	SwapWanted    NoticeKind = 4 // somebody asks the person to swap shifts
	SwapTaken     NoticeKind = 5 // who was asked has accepted
	SwapRefused   NoticeKind = 6 // who was asked has declined
	SwapTakenBack NoticeKind = 7 // who has asked has withdrawn it

	OtherAcknowledged NoticeKind = 8  // somebody else takes care of an alert of which the person was paged
	OtherClosed       NoticeKind = 9  // somebody else has closed one
	OtherNoted        NoticeKind = 10 // somebody else has noted something about one
	ContactDied       NoticeKind = 11 // the provider says that a contact of the person will never work again

	ContactCode    NoticeKind = 16 // the code by which the person proves that the contact is theirs
	CanaryTest     NoticeKind = 17 // the daily test
	CanaryFailed   NoticeKind = 18 // by another contact: the daily test did not come through
	ShiftUnreached NoticeKind = 19 // the person's shift begins, and no loud contact of the person works
	ShiftAtRisk    NoticeKind = 20 // the same, to who looks after the schedule
)

// String returns the kind in a word, as the API has it.
func (k NoticeKind) String() string {
	return map[NoticeKind]string{
		ShiftStarts: "shift-starts", ShiftEnds: "shift-ends", GapsAhead: "gaps", SwapWanted: "swap-asked",
		SwapTaken: "swap-accepted", SwapRefused: "swap-declined", SwapTakenBack: "swap-withdrawn",
		ContactCode: "contact-code", CanaryTest: "canary", CanaryFailed: "canary-failed", ShiftUnreached: "shift-unreachable", ShiftAtRisk: "shift-at-risk",
		OtherAcknowledged: "alert-acknowledged", OtherClosed: "alert-closed", OtherNoted: "alert-noted", ContactDied: "contact-dead",
	}[k]
}

// Notice is what a page tells that wants nobody's attention for an alert: nobody has to do anything about it at
// once, so it is no call (but for [ContactCode]), waits for no answer, is in no bundle, and escalates nowhere.
type Notice struct {
	Kind         NoticeKind      `cbor:"1,keyasint"`
	Schedule     core.ScheduleID `cbor:"2,keyasint"`
	ScheduleName string          `cbor:"3,keyasint"`
	Zone         string          `cbor:"4,keyasint"` // IANA name of the zone in which its reader reads times
	// Shift is the person's; of a swap the one that the person gets. A zero end: none is known.
	Shift Span `cbor:"5,keyasint"`
	// Rotations are the names of those of which the shift is.
	Rotations []string `cbor:"6,keyasint,omitempty"`
	// For is the name of the person whose the shift would be, if it is forwarded.
	For string `cbor:"7,keyasint,omitempty"`
	// With are the names of those from whom the person takes over, or to whom the person hands over; of a
	// swap the name of the other.
	With []string `cbor:"8,keyasint,omitempty"`
	// Until is after when there is no point in telling it any more.
	Until time.Time `cbor:"9,keyasint"`
	// Swap is the request to swap, Other the shift that the other gets, and AnswerBy until when it can
	// be accepted.
	Swap     string    `cbor:"10,keyasint,omitempty"`
	Other    Span      `cbor:"11,keyasint"`
	AnswerBy time.Time `cbor:"12,keyasint,omitzero"`
	Note     string    `cbor:"13,keyasint,omitempty"`
	// Troubles are the shifts for which somebody is needed, and More how many there are besides.
	Troubles []ToldTrouble `cbor:"14,keyasint,omitempty"`
	More     int           `cbor:"15,keyasint,omitempty"`
	// Reserve are the contacts that are tried one after another if none arrives of this page
	// and those that went Beside it.
	Reserve []core.ContactID  `cbor:"16,keyasint,omitempty"`
	Beside  []core.DeliveryID `cbor:"17,keyasint,omitempty"`
	// Alert, Tiny and Message are of the alert to which somebody else has done something, and By says
	// who: a person's name, a tool, or [System].
	Alert   core.AlertID `cbor:"18,keyasint,omitempty"`
	Tiny    uint64       `cbor:"19,keyasint,omitempty"`
	Message string       `cbor:"20,keyasint,omitempty"`
	By      string       `cbor:"21,keyasint,omitempty"`
	// Method and To are of the contact that works no more: its kind, and its address as the person
	// wrote it or the name of the device.
	Method string `cbor:"22,keyasint,omitempty"`
	To     string `cbor:"23,keyasint,omitempty"`
	// Code are the digits that the page tells, until it has come to its end. Nothing else tells them.
	Code string `cbor:"25,keyasint,omitempty"`
	// Failed is the kind of the contact by which the daily test did not come through, and Failure why.
	Failed  channel.Kind    `cbor:"26,keyasint,omitempty"`
	Failure channel.Failure `cbor:"27,keyasint,omitempty"`
}

// ToldTrouble is a time for which somebody is needed, as it is told.
type ToldTrouble struct {
	Kind rota.TroubleKind `cbor:"1,keyasint"`
	User core.UserID      `cbor:"2,keyasint,omitempty"` // who cannot take the shift; of a gap nobody
	At   Span             `cbor:"3,keyasint"`
	// For people: the name of User, whether that person is blocked, not away, and the names
	// of those who could take it.
	Name    string   `cbor:"4,keyasint,omitempty"`
	Blocked bool     `cbor:"5,keyasint,omitempty"`
	Suggest []string `cbor:"6,keyasint,omitempty"`
	// Open says that it goes on after its end, which is as far as was looked.
	Open bool `cbor:"7,keyasint,omitempty"`
}

const (
	// startWorth and endWorth are how long after a shift has begun or ended it is still
	// worth telling: who is on call wants to know that an hour late, who has gone home does not.
	startWorth, endWorth = 2 * time.Hour, 30 * time.Minute
	// noticesKept is how long notices are kept.
	noticesKept = 30 * 24 * time.Hour
	// NoticesMost is how many notices [NoticesOf] returns at most.
	NoticesMost = 1000
)

// agedNotices are the notices, which go with time.
const agedNotices Aged = "notices"

// noticesByTime has the pages that are about no alert.
var noticesByTime = table.NewIndex(4, "notices", false, func(d *Delivery) []table.Key {
	if d.Notice == nil {
		return nil
	}
	return []table.Key{table.K().Time(d.CreatedAt)}
})

// openNotices has those of them whose fate is open.
var openNotices = table.NewIndex(5, "open notices", false, func(d *Delivery) []table.Key {
	if d.Notice == nil || d.Final() {
		return nil
	}
	return []table.Key{table.K().Time(d.QueuedAt())}
})

// OpenNotices returns up to limit notices whose fate is open, in the order of [Outbox].
func OpenNotices(r table.Reader, limit int) []Delivery { return oldest(r, openNotices, limit) }

// NoticesOf returns the notices to a person, or to everybody if none is named, the newest
// first. Reading stops after [NoticesMost] that do not fit.
func NoticesOf(r table.Reader, user core.UserID) iter.Seq[*Delivery] {
	return func(yield func(*Delivery) bool) {
		seen := 0
		for d := range noticesByTime.FindReverse(r, table.K()) {
			if seen++; seen > 10*NoticesMost {
				return
			}
			if (user == "" || d.User == user) && !yield(d) {
				return
			}
		}
	}
}

// Reason tells in one sentence, in English, why there is the page (P15).
func (d *Delivery) Reason() string {
	if d.Notice == nil {
		return d.Why.String()
	}
	words := map[NoticeKind]string{
		ShiftStarts: "a shift begins", ShiftEnds: "a shift ends", GapsAhead: "somebody is needed for shifts ahead", SwapWanted: "a swap of shifts is asked for",
		SwapTaken: "a swap of shifts was accepted", SwapRefused: "a swap of shifts was declined", SwapTakenBack: "the request to swap shifts was withdrawn",
		ContactCode: "a code was asked for, to verify this contact", CanaryTest: "the daily test", CanaryFailed: "the daily test did not come through",
		ShiftUnreached: "a shift begins, and no loud contact of the person works", ShiftAtRisk: "a shift begins, and no loud contact of who has it works",
		OtherAcknowledged: "somebody else has acknowledged it", OtherClosed: "somebody else has closed it", OtherNoted: "somebody else has noted something",
		ContactDied: "a contact of the person works no more",
	}[d.Notice.Kind]
	if words == "" {
		words = "a notice of a newer version" // which leads again soon
	}
	switch n := d.Notice; {
	case n.Alert != "":
		words = fmt.Sprintf("alert #%d, of which the person was notified: %s", n.Tiny, words)
	case n.ScheduleName != "":
		words = "schedule " + n.ScheduleName + ": " + words
	}
	if d.Why.After != "" {
		words += ", by this contact because the one before it failed"
	}
	return words
}

// tell writes down that a person is to be told something by contacts, at once, and if none of
// them arrives by those in reserve. Whoever is blocked is told nothing.
func (c *change) tell(u *reach.User, n Notice, why Reason, contacts, reserve []reach.Contact) error {
	_, err := c.tellBy(u, n, why, contacts, reserve)
	return err
}

// tellBy is the same, and returns the pages.
func (c *change) tellBy(u *reach.User, n Notice, why Reason, contacts, reserve []reach.Contact) ([]core.DeliveryID, error) {
	if u.Blocked || len(contacts) == 0 {
		return nil, nil
	}
	if err := c.age(agedNotices); err != nil {
		return nil, err
	}
	for _, k := range reserve {
		n.Reserve = append(n.Reserve, k.ID)
	}
	ids := make([]core.DeliveryID, len(contacts))
	for i := range ids {
		ids[i] = core.DeliveryID(c.newID("delivery"))
	}
	for i, k := range contacts {
		page := n
		page.Beside = slices.DeleteFunc(slices.Clone(ids), func(id core.DeliveryID) bool { return id == ids[i] })
		d := &Delivery{
			ID: ids[i], User: u.ID, Contact: k.ID, Kind: channel.Kind(k.Kind), Address: k.Address, Language: cmp.Or(k.Language, u.Language),
			Why: why, CreatedAt: c.now, SendBy: n.sendBy(c.now), Trace: []Trace{{At: c.now, Stage: channel.Queued}}, Due: c.due, Notice: &page,
		}
		if err := Deliveries.Insert(c.tx, d); err != nil {
			return nil, err
		}
		if err := c.planOverdue(d); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// sendBy returns until when a notice that is queued now may be handed over.
func (n *Notice) sendBy(now time.Time) time.Time {
	if by := now.Add(sendWithin); by.Before(n.Until) {
		return by
	}
	return n.Until
}

// noticeFailed tells a person by the next contact in reserve what has not arrived (P5), unless
// it may arrive yet by one that went beside it, or is true no more.
func (c *change) noticeFailed(d *Delivery) error {
	if d.Notice.Kind == CanaryTest {
		return c.canaryFailed(d)
	}
	for _, id := range d.Notice.Beside {
		if o, ok := GetDelivery(c.tx, id); ok && (!o.Final() || o.arrived()) {
			return nil
		}
	}
	u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
	if !ok || !c.now.Before(d.Notice.Until) || !c.stillTrue(d) {
		return nil
	}
	n, why := *d.Notice, d.Why
	for i, id := range d.Notice.Reserve {
		k, ok := u.Contact(id)
		if !ok || !k.Usable() {
			continue
		}
		var rest []reach.Contact
		for _, id := range d.Notice.Reserve[i+1:] {
			rest = append(rest, reach.Contact{ID: id})
		}
		n.Reserve, n.Beside, why.After = nil, nil, d.ID
		return c.tell(u, n, why, []reach.Contact{k}, rest)
	}
	return nil
}

// stillTrue reports whether what a notice tells is so at this moment: the swap is still asked
// for, the person's shift still begins or ends then. What has happened remains true, and
// what cannot be known is told rather than not.
func (c *change) stillTrue(d *Delivery) bool {
	n := d.Notice
	at := n.Shift.Start
	switch n.Kind {
	case SwapWanted:
		w, ok := Swaps.Get(c.tx, table.K().String(n.Swap))
		return ok && w.StatusAt(c.now) == SwapAsked
	case ShiftStarts, ShiftUnreached:
	case ShiftEnds:
		at = n.Shift.End
	case ContactDied:
		u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
		return ok && slices.ContainsFunc(u.Contacts, func(k reach.Contact) bool {
			return k.Kind == n.Method && calledBy(&k) == n.To && !k.DeadSince.IsZero()
		})
	default:
		return true
	}
	s, ok := Schedules.Get(c.tx, table.K().String(string(n.Schedule)))
	if !ok {
		return false
	}
	from, to := at.Add(-time.Minute), at.Add(time.Minute)
	calendar, err := CalendarOf(c.tx, s, c.zones, from, to)
	return err != nil || slices.ContainsFunc(calendar.Stints(from, to), func(t rota.Stint) bool {
		turn := t.Start
		if n.Kind == ShiftEnds {
			turn = t.End
		}
		return t.User == d.User && turn.Equal(at)
	})
}

// arrived reports whether a page came to its end without having failed.
func (d *Delivery) arrived() bool {
	return slices.ContainsFunc(d.Trace, func(t Trace) bool { return t.Stage == channel.Done })
}

// names returns what people are called, in the order in which they come, each once.
func (c *change) names(users []core.UserID) (names []string) {
	for _, id := range users {
		if name := c.fullName(id); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// fullName returns what people call a person.
func (c *change) fullName(id core.UserID) string {
	u, ok := Users.Get(c.tx, table.K().String(string(id)))
	if !ok {
		return ""
	}
	return cmp.Or(u.FullName, u.Username)
}

// zoneFor names the zone in which a person reads times: the person's own, else a schedule's, which
// may be nil.
func (c *change) zoneFor(u *reach.User, s *rota.Schedule) string {
	names := []string{u.Zone}
	if s != nil {
		names = append(names, s.Zone)
	}
	for _, name := range names {
		if _, err := c.zones(name); err == nil && name != "" {
			return name
		}
	}
	return "UTC"
}

// untellSwap takes back what is on its way to somebody about a swap that is asked for no more.
func (c *change) untellSwap(w *Swap) error {
	for d := range openNotices.Find(c.tx, table.K()) {
		if d.Notice.Kind != SwapWanted || d.Notice.Swap != w.ID {
			continue
		}
		if err := c.takeBack(d, "the request to swap is "+w.Status.String()); err != nil {
			return err
		}
	}
	return nil
}

// tellSwap tells a person what the other has done about a request to swap shifts.
func (c *change) tellSwap(kind NoticeKind, w *Swap, to, by core.UserID) error {
	u, ok := Users.Get(c.tx, table.K().String(string(to)))
	s, known := Schedules.Get(c.tx, table.K().String(string(w.Schedule)))
	if !ok || !known {
		return nil
	}
	n := Notice{
		Kind: kind, Schedule: s.ID, ScheduleName: s.Name, Zone: c.zoneFor(u, s), Shift: w.Theirs, Other: w.Mine,
		With: c.names([]core.UserID{by}), Until: w.over(), Swap: w.ID, Note: w.Note,
	}
	if to == w.Other {
		n.Shift, n.Other = n.Other, n.Shift
	}
	if kind == SwapWanted {
		n.Until, n.AnswerBy = w.Expires, w.Expires
	}
	contacts, reserve := u.QuietBy(emailKind, string(channel.Push))
	return c.tell(u, n, Reason{Schedule: s.ID, ScheduleName: s.Name}, contacts, reserve)
}
