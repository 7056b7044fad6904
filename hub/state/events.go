package state

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
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
		p.Spool, p.Through = bytes.Clone(t.Epoch), 0
	}
	for i := range t.Events {
		e := &t.Events[i]
		if e.Number <= p.Through {
			continue
		}
		if e.Number != p.Through+1 {
			break
		}
		p.Through = e.Number
		if e.Dropped > 0 {
			// The agent says the same in the place of each number that it dropped.
			p.Through += e.Dropped - 1
			p.Dropped += e.Dropped
			continue
		}
		if err := c.judge(p, e); err != nil {
			return Taken{}, err
		}
	}
	return Taken{Through: p.Through}, Peers.Put(c.tx, p)
}

// judge opens or closes the alert that an event is about.
func (c *change) judge(p *Peer, e *Event) error {
	e.Site, e.Check, e.Kind, e.Target = line(e.Site, nameMax), line(e.Check, nameMax), line(e.Kind, alert.TagMax), line(e.Target, alert.EntityMax)
	e.At = c.moment(e.At)
	alias := e.Site + "/" + e.Check
	switch e.State {
	case Down:
		d := c.draft(p, e, alias)
		_, _, err := c.openAlert(d)
		return err
	case Up:
		open, ok := alertsByAlias.First(c.tx, table.K().String(alias))
		// What comes by the API has the alias that its sender likes. Who has said that
		// it is bad also says when it is good again.
		if !ok || open.Integration != "" {
			return nil
		}
		_, err := CloseAlert{Alert: Ref{ID: open.ID}, Source: "agent " + p.Name, Note: line(e.Reason, alert.NoteMax)}.apply(c)
		return err
	}
	return nil // unknown is never a page by itself
}

// draft makes an alert of an event. What is too long is cut: an outage is not to be
// lost for a long error text.
func (c *change) draft(p *Peer, e *Event, alias string) alert.Draft {
	down, cutOff := "%s is down at %s: %s", "%s is cut off: %s"
	if row, ok := GetCluster(c.tx); ok && row.Language == "vi" {
		down, cutOff = "%s không hoạt động tại %s: %s", "%s mất kết nối mạng: %s"
	}
	message := fmt.Sprintf(down, e.Check, e.Site, e.Reason)
	tags := []string{"agent"}
	if e.Kind != "" {
		tags = append(tags, e.Kind)
	}
	if e.CutOff {
		message = fmt.Sprintf(cutOff, e.Site, e.Reason)
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
	if team, ok := FindTeam(c.tx, e.Team); ok && e.Team != "" {
		d.Responders = []alert.Responder{{Kind: alert.Team, ID: string(team.ID)}}
	} else if team, ok := c.defaultTeam(); ok {
		d.Responders = []alert.Responder{team}
	}
	return d
}
