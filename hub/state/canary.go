package state

import (
	"hash/fnv"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// CanaryDue is the kind of deadline at which a person is told the daily test.
const CanaryDue DeadlineKind = 90

const (
	// canarySpread is in how many seconds after the hour people are told: each has a second of its own, so that
	// thousands who chose nine do not come at once (P6).
	canarySpread = 600
	// canaryLate is how late a test is still told. After an outage it is left out: it would prove nothing
	// about the hour that the person chose.
	canaryLate = 10 * time.Minute
	// canaryWorth is for how long it may be handed over.
	canaryWorth = 10 * time.Minute
)

// Canary is what the hub has in mind of a person who wants a daily test: when it comes next, and which was the last.
type Canary struct {
	User core.UserID `cbor:"1,keyasint"`
	// Look is the deadline of the next one, at LookAt.
	Look   string    `cbor:"2,keyasint"`
	LookAt time.Time `cbor:"3,keyasint"`
	// Last is the page of the last one, at LastAt; empty: there was none, since the hub was down or no
	// contact worked.
	Last   core.DeliveryID `cbor:"4,keyasint,omitempty"`
	LastAt time.Time       `cbor:"5,keyasint,omitzero"`
}

// Canaries holds them, a row each.
var Canaries = table.New(58, "canaries", func(k *Canary) table.Key { return canaryKey(k.User) })

func canaryKey(id core.UserID) table.Key { return table.K().String(string(id)) }

// GetCanary returns what the hub has in mind of a person's daily test.
func GetCanary(r table.Reader, id core.UserID) (*Canary, bool) { return Canaries.Get(r, canaryKey(id)) }

// PutCanary says when and how a person is tested daily; nil: not at all.
type PutCanary struct {
	User   Pick          `cbor:"1,keyasint"`
	Canary *reach.Canary `cbor:"2,keyasint,omitempty"`
}

func (PutCanary) number() number { return putCanary }

func (k PutCanary) apply(c *change) (reach.User, error) {
	return c.changeUser(k.User, func(u *reach.User) error {
		u.Canary = k.Canary
		if k.Canary == nil {
			return nil
		}
		wrong := faults{}
		if h := k.Canary.Hour; h < 0 || h > 23 {
			wrong.add("hour", "must be an hour of the day, 0 to 23")
		}
		if slices.ContainsFunc(k.Canary.Days, func(d time.Weekday) bool { return d < time.Sunday || d > time.Saturday }) {
			wrong.add("days", "must be days of the week")
		}
		slices.Sort(k.Canary.Days)
		k.Canary.Days = slices.Compact(k.Canary.Days)
		by, ok := u.Contact(k.Canary.Contact)
		switch {
		case k.Canary.Contact != "" && !ok:
			wrong.add("by", "the person has no contact "+firstRunes(string(k.Canary.Contact), NameMax))
		case k.Canary.Contact != "":
			k.Canary.Kind = by.Kind
		case !slices.ContainsFunc(u.Contacts, func(x reach.Contact) bool { return x.Kind == k.Canary.Kind }):
			wrong.add("by", "the person has no contact of this kind")
		}
		if k.Canary.Kind == string(channel.Voice) {
			wrong.add("by", "must be mobile, sms or email: nobody is called for a test")
		}
		return wrong.err()
	})
}

// canaryChanged plans a person's next test anew, if it would be at another moment.
func (c *change) canaryChanged(was, u *reach.User) error {
	if u.TestedLike(was) {
		return nil
	}
	k, ok := Canaries.Get(c.tx, canaryKey(u.ID))
	if !ok {
		k = &Canary{User: u.ID}
	}
	c.dropCanary(k)
	if u.Canary == nil || u.Blocked {
		Canaries.Delete(c.tx, canaryKey(u.ID))
		return nil
	}
	return c.nextCanary(k, u)
}

// dropCanary forgets when a person is tested next.
func (c *change) dropCanary(k *Canary) {
	if k.Look != "" {
		Deadlines.Delete(c.tx, deadlineKey(&Deadline{ID: k.Look, At: k.LookAt}))
	}
}

// nextCanary plans a person's next test.
func (c *change) nextCanary(k *Canary, u *reach.User) error {
	zone := c.zoneOf(u)
	if zone == nil {
		zone = time.UTC
	}
	return c.canaryAt(k, u.Canary.Next(c.now, zone, canarySecond(u.ID)))
}

func (c *change) canaryAt(k *Canary, at time.Time) error {
	d := Deadline{ID: c.deadlineID(), Kind: CanaryDue, At: at, Canary: k.User}
	k.Look, k.LookAt = d.ID, at
	if err := c.planned(&d); err != nil {
		return err
	}
	return Canaries.Put(c.tx, k)
}

// canarySecond returns how long after the hour a person is tested.
func canarySecond(id core.UserID) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(id))
	return time.Duration(h.Sum32()%canarySpread) * time.Second
}

// canaryDue tells a person the daily test, and plans the next one.
func (c *change) canaryDue(d *Deadline) error {
	if c.looks == looksMax {
		return c.putOff(d)
	}
	k, ok := Canaries.Get(c.tx, canaryKey(d.Canary))
	if !ok || k.Look != d.ID {
		return nil // planned anew
	}
	u, ok := Users.Get(c.tx, table.K().String(string(d.Canary)))
	if !ok || u.Canary == nil {
		Canaries.Delete(c.tx, canaryKey(d.Canary))
		return nil
	}
	c.looks++
	k.Last, k.LastAt = "", time.Time{}
	if by, ok := u.CanaryContact(); ok && c.now.Sub(k.LookAt) < canaryLate {
		n := Notice{Kind: CanaryTest, Zone: c.zoneFor(u, nil), Until: c.now.Add(canaryWorth)}
		pages, err := c.tellBy(u, n, Reason{}, []reach.Contact{by}, nil)
		if err != nil {
			return err
		}
		if len(pages) > 0 {
			k.Last, k.LastAt = pages[0], c.now
		}
	}
	return c.nextCanary(k, u)
}

// canaryAgain does it a little later: doing so now has failed again and again.
func (c *change) canaryAgain(d *Deadline) error {
	k, ok := Canaries.Get(c.tx, canaryKey(d.Canary))
	if !ok || k.Look != d.ID {
		return nil
	}
	return c.canaryAt(k, c.now.Add(bundleAgain))
}

// canaryFailed tells a person by the other contacts that the daily test did not come through. Of one of which
// nothing was heard that is not known.
func (c *change) canaryFailed(d *Delivery) error {
	u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
	if !ok {
		return nil
	}
	failed := d.Trace[len(d.Trace)-1]
	if d.unheardTest(failed) {
		return nil
	}
	n := Notice{Kind: CanaryFailed, Zone: d.Notice.Zone, Until: c.now.Add(24 * time.Hour), Failed: d.Kind, Failure: failed.Failure}
	now, reserve := c.byWhatWorks(u, d.Contact)
	return c.tell(u, n, Reason{After: d.ID}, now, reserve)
}

// byWhatWorks returns by which contacts a person is told that others do not work: one of those that have not
// failed, and in reserve the rest. One contact is left out.
func (c *change) byWhatWorks(u *reach.User, except core.ContactID) (now, reserve []reach.Contact) {
	told := *u
	told.Contacts = nil
	var failing []reach.Contact
	for _, k := range u.Contacts {
		p := ProofOf(c.tx, &k)
		switch {
		case k.ID == except:
		case k.Grade(&p, c.now) == reach.FailingContact:
			failing = append(failing, k)
		default:
			told.Contacts = append(told.Contacts, k)
		}
	}
	told.Contacts = append(told.Contacts, failing...)
	now, reserve = told.QuietBy()
	return now, reserve
}

// CanaryFate says what became of a person's last test, in a word: answered, accepted, delivered, failed, nothing-heard
// or under-way; empty: there was none.
func CanaryFate(r table.Reader, k *Canary) string {
	d, ok := GetDelivery(r, k.Last)
	if !ok {
		return ""
	}
	fate := "under-way"
	for _, t := range d.Trace {
		by, failure := evidence(d.Kind, t)
		switch {
		case by != 0:
			return by.String()
		case failure == channel.Unavailable && t.Number == 0:
			fate = "nothing-heard"
		case t.Stage.Final():
			fate = "failed"
		}
	}
	return fate
}
