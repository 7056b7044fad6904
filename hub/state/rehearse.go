package state

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Bounds of a rehearsal.
const (
	RehearsalFor      = 24 * time.Hour       // how far it looks unless told otherwise
	RehearsalForMax   = 31 * 24 * time.Hour  // and at most
	RehearsalAheadMax = 366 * 24 * time.Hour // how far ahead the alert may come
	rehearsalPages    = 200                  // that it tells
	rehearsalMoves    = 5000                 // commands
)

// What a rehearsal assumes of a page from the moment at which it goes out.
const (
	// passesOn is when a provider has taken a message, and a phone begins to ring.
	passesOn = time.Second
	// ringsFor is how long it rings: what the voice channel gives it unless configured otherwise.
	ringsFor = 30 * time.Second
	// nobodyTakes is when a page is given up whose kind no gateway serves: the engine's patience.
	nobodyTakes = 5 * time.Second
)

// Rehearsal asks: if this alert came then, who would be paged, when, and by what?
type Rehearsal struct {
	Draft alert.Draft // checked by its maker; of an integration: what that makes of it counts
	At    time.Time   // when it comes; not before what the state has seen
	For   time.Duration
	// Fails are the kinds of channel that are assumed to be broken.
	Fails []channel.Kind
	// AckAfter is how long after the first page its person acknowledges; 0: nobody reacts.
	AckAfter time.Duration
	// Seed is the randomness of what happens.
	Seed core.Seed
}

// Check says what is wrong with a question, but for its draft, asked at a moment.
func (r *Rehearsal) Check(now time.Time) error {
	wrong := faults{}
	switch {
	case r.At.Before(now):
		wrong.add("at", "a rehearsal looks ahead: must not be in the past")
	case r.At.After(now.Add(RehearsalAheadMax)):
		wrong.add("at", "must be within 366 days from now")
	}
	if r.For < time.Minute || r.For > RehearsalForMax {
		wrong.add("for", "must be from 1 minute to 31 days")
	}
	if r.AckAfter < 0 || r.AckAfter > RehearsalForMax {
		wrong.add("ackAfter", "must be from 0 to 31 days")
	}
	for _, kind := range r.Fails {
		if !slices.Contains([]channel.Kind{channel.Push, channel.Voice, channel.SMS, channel.Email}, kind) {
			wrong.add("fail", "must name kinds of contact: push, sms, voice, email")
		}
	}
	return wrong.err()
}

// Rehearsed is the answer to a [Rehearsal].
type Rehearsed struct {
	At, Until time.Time
	// Became is what became of the request: a new alert, one more occurrence of an open one, or
	// nothing, as an integration's rules said.
	Became Request
	// Number is the short number of an alert that is open already and has this alias; 0: the alert is new.
	Number uint64
	// Parent is the short number of the parent under which the alert came; 0: it came under none.
	Parent uint64
	Steps  []RehearsedStep // in the order of their moments
	End    RehearsalEnd
	EndAt  time.Time // when nothing was left to come, or how far the rehearsal came
	Why    string    // of an end: why so, in English
}

// RehearsedStep is a page, or a line of the activity log that is about no page.
type RehearsedStep struct {
	At   time.Time
	Page *RehearsedPage
	Line *Entry
}

// RehearsedPage is a page that would go out.
type RehearsedPage struct {
	Alert    core.AlertID
	User     core.UserID
	Username string
	FullName string
	Zone     string // of the person, IANA
	Contact  core.ContactID
	Kind     channel.Kind
	Address  string // a secret of the person
	Given    string // how the person calls the contact; empty: as Address is
	Why      Reason
	Alerts   int       // how many alerts it speaks of
	PlanAt   time.Time // when it was written down; it was held from then until it went
	// Ended is what is assumed of it; a zero stage: it is under way when the rehearsal ends.
	Ended Trace
}

// RehearsalEnd is how a rehearsal ended. The words are the API's, too.
type RehearsalEnd string

// The ends.
const (
	EndsResting RehearsalEnd = "rests"        // nobody has reacted, and nothing further happens
	EndsQuiet   RehearsalEnd = "acknowledged" // somebody has acknowledged, or had before
	EndsClosed  RehearsalEnd = "closed"       // it closed by itself, or an integration closed it
	EndsAsked   RehearsalEnd = "nothing"      // there was no alert
	EndsOpen    RehearsalEnd = "goes-on"      // what comes later is beyond the time that was asked for
	EndsCut     RehearsalEnd = "cut"          // it would take more than a rehearsal may: see Why
)

// Rehearse answers a rehearsal. It runs the commands of life on a transaction that is to be
// thrown away. spent, if not nil, returns why no more may be read, as long as it is so; then
// the answer tells what came before that.
//
// Only what is due for the rehearsed alert happens, for the parent under which it comes, for
// the bundles that speak of it, and maintenance that begins or ends: all other alerts stay as
// they are at the beginning, only that a call under way ends. So budgets and windows are those
// of now; who is on call, which policies hold and which maintenance is in force are those of then.
func (m *Machine) Rehearse(tx table.Tx, r Rehearsal, spent func() error) (*Rehearsed, error) {
	if spent == nil {
		spent = func() error { return nil }
	}
	r.At = r.At.UTC()
	p := &performance{
		Rehearsal: r, machine: m, tx: tx, spent: spent, now: r.At, changed: r.At,
		agenda: map[core.DeliveryID]assumed{}, taken: map[core.DeliveryID]bool{}, away: map[core.DeliveryID]bool{},
		out: &Rehearsed{At: r.At, Until: r.At.Add(r.For)},
	}
	if row, ok := counters.Get(tx, table.K().String("log")); ok {
		p.read = row.Last
	}
	if err := p.begin(); err != nil {
		return nil, err
	}
	for {
		at, move := p.next()
		switch {
		case p.spent() != nil:
			p.end(EndsCut, "it takes more rows or time than a rehearsal may")
			return p.out, nil
		case move == nil:
			p.endAsItIs()
			return p.out, nil
		case at.After(p.out.Until):
			p.now = p.out.Until
			p.end(EndsOpen, "")
			return p.out, nil
		case p.moves >= rehearsalMoves || p.pages >= rehearsalPages:
			p.end(EndsCut, "there are more pages or steps than a rehearsal tells")
			return p.out, nil
		}
		p.now = at
		if err := move(); err != nil {
			if p.spent() != nil {
				continue
			}
			return nil, err
		}
	}
}

// assumed is what is assumed to become of a page.
type assumed struct {
	at     time.Time
	report channel.Report
}

// performance is a rehearsal at work. It belongs to one goroutine.
type performance struct {
	Rehearsal
	machine *Machine
	tx      table.Tx
	spent   func() error
	now     time.Time
	moves   int
	changed time.Time // when something was last seen to happen
	seen    [2]int    // steps and open pages at that moment
	read    uint64    // the number of the last line of any log that was seen

	about   []core.AlertID              // the alert and what became its parent
	turns   []maintenanceTurn           // to come
	bundles []core.DeliveryID           // pages about several alerts, of which something may be planned
	open    []expected                  // pages whose end is yet to come
	left    []RehearsedStep             // those that have just gone out
	pages   int                         // that have
	agenda  map[core.DeliveryID]assumed // what is assumed to come
	taken   map[core.DeliveryID]bool    // pages that were looked at
	away    map[core.DeliveryID]bool    // calls about other alerts
	ack     *RehearsedPage              // the page by which somebody acknowledges
	ackAt   time.Time
	out     *Rehearsed
}

// begin lets the alert come.
func (p *performance) begin() error {
	p.findTurns()
	if err := p.turnAll(); err != nil { // what begins before the alert comes
		return err
	}
	p.moves++
	raw, err := Encode(p.seed(), CreateAlert{Request: "rehearsal", Draft: p.Draft})
	if err != nil {
		return err
	}
	result, err := p.machine.Handle(p.tx, p.now, raw)
	if err != nil {
		return err
	}
	if err := cbor.Unmarshal(result, &p.out.Became); err != nil {
		return err
	}
	p.meet(p.out.Became.Alert)
	p.look()
	return nil
}

// seed returns the identity of the next command: the alert's own comes first.
func (p *performance) seed() core.Seed {
	s := p.Seed
	binary.BigEndian.PutUint64(s[8:], binary.BigEndian.Uint64(s[8:])+uint64(p.moves-1))
	return s
}

// meet adds an alert to those that the rehearsal is about. Its pages of before are not told,
// but end.
func (p *performance) meet(id core.AlertID) {
	a, ok := Alerts.Get(p.tx, table.K().String(string(id)))
	if !ok || slices.Contains(p.about, id) {
		return
	}
	if len(p.about) == 0 && p.out.Became.Status == string(alert.HasRecurred) {
		p.out.Number = a.Tiny
	}
	p.about = append(p.about, id)
	for _, d := range openDeliveries(p.tx, id) {
		if d.CreatedAt.Before(p.At) && !p.taken[d.ID] {
			p.await(d, id)
		}
	}
	p.meetParent(id)
}

// meetParent adds the parent of an alert, if it has one.
func (p *performance) meetParent(id core.AlertID) {
	a, ok := Alerts.Get(p.tx, table.K().String(string(id)))
	if !ok {
		return
	}
	up, under := ParentOf(p.tx, a)
	if !under {
		return
	}
	if p.out.Parent == 0 {
		p.out.Parent = up.Tiny
	}
	p.meet(up.ID)
}

// next returns what comes next, and when; nil if nothing does. What is due comes before what
// is told of a page at the same moment.
func (p *performance) next() (at time.Time, move func() error) {
	sooner := func(t time.Time, do func() error) {
		if t = later(t, p.now); move == nil || t.Before(at) {
			at, move = t, do
		}
	}
	if d, ok := p.earliest(p.tx); ok {
		sooner(d.At, p.doDue)
	}
	for _, t := range p.turns {
		sooner(t.at, p.doDue)
	}
	for _, id := range sortedKeys(p.agenda) {
		sooner(p.agenda[id].at, p.report)
	}
	if p.ack != nil {
		sooner(p.ackAt, p.acknowledge)
	}
	return at, move
}

// report lets what is assumed of pages come true: all that is told at this moment.
func (p *performance) report() error {
	var due []assumed
	for _, id := range sortedKeys(p.agenda) {
		if x := p.agenda[id]; !x.at.After(p.now) {
			delete(p.agenda, id)
			if p.away[id] {
				if err := p.hangUp(id, x); err != nil {
					return err
				}
				continue
			}
			due = append(due, x)
		}
	}
	slices.SortStableFunc(due, func(a, b assumed) int { return a.at.Compare(b.at) })
	var reports []channel.Report
	for _, x := range due {
		x.report.At = p.now
		reports = append(reports, x.report)
	}
	if len(reports) == 0 {
		return nil
	}
	return p.do(func(c *change) error {
		_, err := TakeReports{Reports: reports}.apply(c)
		return err
	})
}

// hangUp ends a call about another alert. Nothing follows from it but that the line is free.
func (p *performance) hangUp(id core.DeliveryID, x assumed) error {
	return p.do(func(c *change) error {
		d, ok := GetDelivery(c.tx, id)
		if !ok || d.Final() {
			return nil
		}
		d.Trace = append(d.Trace, c.trace(x.report))
		if err := Deliveries.Put(c.tx, d); err != nil {
			return err
		}
		c.dropOverdue(d)
		return c.lineFree(d.User)
	})
}

// acknowledge lets the person of the first page acknowledge.
func (p *performance) acknowledge() error {
	d := p.ack
	p.ack = nil
	return p.do(func(c *change) error {
		u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
		if !ok {
			return nil
		}
		_, err := AcknowledgeAlert{Alert: Ref{ID: d.Alert}, User: u.Username}.apply(c)
		return err
	})
}

// do carries a command out and looks at what has come of it.
func (p *performance) do(command func(c *change) error) error {
	p.moves++
	_, err := p.machine.carryOut(p.tx, p.now, p.seed(), func(c *change) (any, error) { return Nothing{}, command(c) })
	if err != nil {
		return err
	}
	p.look()
	return nil
}

// endAsItIs ends a rehearsal in which nothing is left to come.
func (p *performance) endAsItIs() {
	p.now = p.changed
	if len(p.about) == 0 {
		p.end(EndsAsked, p.out.Became.Status)
		return
	}
	var a *alert.Alert
	for _, id := range p.about {
		row, ok := Alerts.Get(p.tx, table.K().String(string(id)))
		if !ok {
			continue
		}
		if a = row; a.Parent == "" {
			break
		}
	}
	switch {
	case a == nil:
		p.end(EndsAsked, p.out.Became.Status)
	case a.Status == alert.Closed:
		p.end(EndsClosed, "")
	case a.Silent():
		p.end(EndsQuiet, "")
	default:
		p.end(EndsResting, a.Resting)
	}
}

func (p *performance) end(how RehearsalEnd, why string) {
	p.out.End, p.out.EndAt, p.out.Why = how, p.now, why
}
