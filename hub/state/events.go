package state

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
)

// Event is what an agent says: a change of verdict about a check's target, or that its
// spool had to drop something.
type Event struct {
	Number   uint64            `cbor:"1,keyasint"` // within the spool's epoch, from 1
	At       time.Time         `cbor:"2,keyasint"` // by the agent's clock
	Check    string            `cbor:"3,keyasint,omitempty"`
	Site     string            `cbor:"4,keyasint,omitempty"`
	State    CheckState        `cbor:"5,keyasint,omitempty"`
	CutOff   bool              `cbor:"6,keyasint,omitempty"` // not the target: the agent's own network
	Kind     string            `cbor:"7,keyasint,omitempty"`
	Target   string            `cbor:"8,keyasint,omitempty"`
	Reason   string            `cbor:"9,keyasint,omitempty"`
	Priority core.Priority     `cbor:"10,keyasint,omitempty"`
	Team     string            `cbor:"11,keyasint,omitempty"`
	Details  map[string]string `cbor:"12,keyasint,omitempty"`
	Dropped  uint64            `cbor:"13,keyasint,omitempty"` // how many events from this number on were given up
	Removed  bool              `cbor:"14,keyasint,omitempty"` // Up, because it is not checked any more
}

// nameMax bounds the names of sites and checks, in code points, so that an alias of
// both is within its limit.
const nameMax = 200

// CheckState is a verdict. Values are stored.
type CheckState uint8

// The verdicts.
const (
	Up      CheckState = 1
	Down    CheckState = 2
	Unknown CheckState = 3
)

// TakeEvents takes an agent's events: of its spool's epoch exactly the next numbers.
type TakeEvents struct {
	Agent  string  `cbor:"1,keyasint"`
	Epoch  []byte  `cbor:"2,keyasint"`
	Events []Event `cbor:"3,keyasint"`
	// Backlog is the number below which events were written before the agent connected.
	Backlog uint64 `cbor:"4,keyasint,omitempty"`
}

func (TakeEvents) number() number { return takeEvents }

// Taken is the result of [TakeEvents].
type Taken struct {
	Through uint64 `cbor:"1,keyasint"` // the last number of the epoch that is kept
}

// apply opens an epoch that is new, passes over what is known, and stops at a gap:
// the agent sees by the result which number is wanted.
func (t TakeEvents) apply(c *change) (Taken, error) {
	p, ok := GetPeer(c.tx, t.Agent)
	if !ok {
		return Taken{}, core.Missing("agent", t.Agent)
	}
	if p.Revoked {
		return Taken{}, p.mayCome(p.Kind)
	}
	if !bytes.Equal(p.Spool, t.Epoch) {
		p.Spool, p.Through, p.Backlog = bytes.Clone(t.Epoch), 0, 0
	}
	p.Backlog, p.TakenAt = max(p.Backlog, t.Backlog), c.now
	for i := range t.Events {
		e := &t.Events[i]
		if e.Number <= p.Through {
			continue
		}
		if e.Number != p.Through+1 {
			break
		}
		p.Through = e.Number
		e.tidy(c)
		if e.Dropped > 0 {
			// The agent says the same in the place of each number that it dropped.
			p.Through += e.Dropped - 1
			p.Dropped += e.Dropped
			if err := c.tellDropped(p, e); err != nil {
				return Taken{}, err
			}
			continue
		}
		if err := c.judge(p, e, t.Events[i+1:]); err != nil {
			return Taken{}, err
		}
		p.EventAt = e.At
	}
	return Taken{Through: p.Through}, Peers.Put(c.tx, p)
}

// tidy cuts what is too long, and lets no moment be what no moment can.
func (e *Event) tidy(c *change) {
	e.Site, e.Check, e.Kind, e.Target = line(e.Site, nameMax), line(e.Check, nameMax), line(e.Kind, alert.TagMax), line(e.Target, alert.EntityMax)
	e.At = c.moment(e.At)
}

// alias is that of the alert that an event is about.
func (e *Event) alias() string { return e.Site + "/" + e.Check }

// oldEvent is how old an event must be that waited in an agent's spool to count as late.
const oldEvent = 30 * time.Second

// judge opens or closes the alert that an event is about. What follows it in the same
// command is known already: an outage that is over by then pages nobody (P9).
func (c *change) judge(p *Peer, e *Event, following []Event) error {
	late := e.Number < p.Backlog && c.now.Sub(e.At) >= oldEvent
	switch {
	case e.State == Down && late:
		return c.openLate(p, e, following)
	case e.State == Down:
		_, _, err := c.openAlert(c.draft(p, e, e.alias()))
		return err
	case e.State == Up:
		open, ok := FindAlert(c.tx, Ref{Alias: e.alias()})
		// What comes by the API has the alias that its sender likes. Who has said that
		// it is bad also says when it is good again.
		if !ok || open.Integration != "" {
			return nil
		}
		note := line(e.Reason, alert.NoteMax)
		switch {
		case e.Removed:
			note = c.words("The check was removed from the agent's configuration", "Mục kiểm tra đã bị gỡ khỏi cấu hình của agent")
		case late:
			note = line(fmt.Sprintf(c.words("recovered at %s: %s", "hoạt động lại lúc %s: %s"), clock(e.At), e.Reason), alert.NoteMax)
		}
		_, err := CloseAlert{Alert: Ref{ID: open.ID}, Source: "agent " + p.Name, Note: note}.apply(c)
		return err
	}
	return nil // unknown is never a page by itself
}

// openLate opens the alert of an outage of which the agent could not tell in time. Whether
// it is over may be known from what follows, or become known while the agent tells the
// rest: until it has told all, nobody is notified.
func (c *change) openLate(p *Peer, e *Event, following []Event) error {
	a, created, err := c.makeAlert(c.draft(p, e, e.alias()), "")
	if err != nil || !created {
		return err
	}
	if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.LateOutage, Of: []string{clock(e.At)}, At: e.At}); err != nil {
		return err
	}
	if isOver(e, following) {
		return nil // the event that closes it is taken by this command
	}
	if last := e.Number + uint64(len(following)); last+1 < p.Backlog {
		return c.plan(Deadline{Kind: TellLate, At: c.now.Add(tellLateEvery), Alert: a.ID, Added: e.At, Agent: p.ID})
	}
	return c.notifyLate(a, e.At)
}

// isOver reports whether the outage of an event ends in what follows.
func isOver(e *Event, following []Event) bool {
	over := false
	for i := range following {
		if next := &following[i]; next.Dropped == 0 && next.Site == e.Site && next.Check == e.Check {
			over = over && next.State != Down || next.State == Up
		}
	}
	return over
}

const (
	// tellLateEvery is how often it is looked whether an agent has told all.
	tellLateEvery = 2 * time.Second
	// tellLatePatience is how long an agent may say nothing before it has told all, and how
	// long, since the outage was heard of, nobody is notified of it at most.
	tellLatePatience, tellLateMax = 10 * time.Second, 2 * time.Minute
)

// tellLate notifies of an outage of long ago, unless the agent goes on telling.
func (c *change) tellLate(a *alert.Alert, d *Deadline) error {
	p, ok := GetPeer(c.tx, d.Agent)
	if ok && p.Through+1 < p.Backlog && c.now.Sub(p.TakenAt) < tellLatePatience && c.now.Sub(a.CreatedAt) < tellLateMax {
		again := *d
		again.At = c.now.Add(tellLateEvery)
		return c.plan(again)
	}
	return c.notifyLate(a, d.Added)
}

// notifyLate notifies of an outage that began before it was heard of: its pages say by how
// much they are late.
func (c *change) notifyLate(a *alert.Alert, began time.Time) error {
	before := c.due
	c.due = began
	defer func() { c.due = before }()
	return c.notifyResponders(a)
}

// tellDropped opens an alert that says which events an agent has lost (P13), or writes it
// into the one that is open. The present state of its checks the agent tells by itself.
func (c *change) tellDropped(p *Peer, e *Event) error {
	lost := explain.Decision{Kind: explain.EventsLost, Name: p.Name, Count: int(e.Dropped), Of: []string{clock(e.At)}}
	if !p.EventAt.IsZero() && p.EventAt.Before(e.At) {
		lost.Kind, lost.Of = explain.EventsLostFrom, []string{clock(p.EventAt), clock(e.At)}
	}
	message := c.words(lost.Text(), lost.TextVi())
	d := alert.Draft{
		Message: line(message, alert.MessageMax), Alias: firstRunes("agent/"+p.ID+"/dropped", alert.AliasMax), Priority: core.P3, Tags: []string{"agent", "dropped"},
		Description: firstRunes(line(e.Reason, alert.NoteMax), alert.DescriptionMax), Source: line("agent "+p.Name, alert.SourceMax), Entity: line(p.Name, alert.EntityMax),
		Details: map[string]string{"agent": p.ID, "first": fmt.Sprint(e.Number), "last": fmt.Sprint(e.Number + e.Dropped - 1), "dropped": fmt.Sprint(e.Dropped)},
	}
	if team, ok := c.defaultTeam(); ok {
		d.Responders = []alert.Responder{team}
	}
	a, created, err := c.openAlert(d)
	if err != nil || created {
		return err
	}
	return c.enter(Entry{Alert: a.ID, Type: SystemEntry, Owner: System, Text: message, Decision: &lost})
}

// words returns a text in the cluster's language.
func (c *change) words(en, vi string) string {
	if row, ok := c.cluster(); ok && row.Language == "vi" {
		return vi
	}
	return en
}

// clock says a moment to people.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// draft makes an alert of an event. What is too long is cut: an outage is not to be
// lost for a long error text.
func (c *change) draft(p *Peer, e *Event, alias string) alert.Draft {
	message := fmt.Sprintf(c.words("%s is down at %s: %s", "%s không hoạt động tại %s: %s"), e.Check, e.Site, e.Reason)
	tags := []string{"agent"}
	if e.Kind != "" {
		tags = append(tags, e.Kind)
	}
	if e.CutOff {
		message = fmt.Sprintf(c.words("%s is cut off: %s", "%s mất kết nối mạng: %s"), e.Site, e.Reason)
		tags = append(tags, "cut-off")
	}
	d := alert.Draft{
		Message: line(message, alert.MessageMax), Alias: firstRunes(alias, alert.AliasMax), Description: firstRunes(e.Reason, alert.DescriptionMax),
		Entity: e.Target, Source: line("agent "+p.Name, alert.SourceMax), Priority: e.Priority, Tags: tags,
		Details: map[string]string{"site": e.Site, "check": e.Check, "since": e.At.UTC().Format(time.RFC3339Nano)},
	}
	room := alert.DetailsMax - 600
	for _, k := range sortedKeys(e.Details) {
		v := e.Details[k]
		if n := utf8.RuneCountInString(k) + utf8.RuneCountInString(v); n <= room && d.Details[k] == "" {
			d.Details[k] = v
			room -= n
		}
	}
	if e.Team != "" {
		if team, ok := FindTeam(c.tx, e.Team); ok {
			d.Responders = []alert.Responder{{Kind: alert.Team, ID: string(team.ID)}}
			return d
		}
	}
	if team, ok := c.defaultTeam(); ok {
		d.Responders = []alert.Responder{team}
	}
	return d
}
