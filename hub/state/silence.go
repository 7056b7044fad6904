package state

import (
	"fmt"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/silence"
	"keng/raftstore/table"
)

// Presence is what the state holds of an agent's being there. It has a row from the first
// time that the agent is connected: before, nobody misses it. That it is heard is not
// written down (P12), only that it is silent, or was stopped.
type Presence struct {
	Agent string `cbor:"1,keyasint"`
	Site  string `cbor:"2,keyasint,omitempty"` // where it says that it is
	// Stopped is when the agent said that it is being stopped; zero since it came back.
	Stopped time.Time `cbor:"3,keyasint"`
	// Silent is when the cluster found that it is silent, as what, and under which alias
	// people were told of it; zero while it is not silent.
	Silent time.Time     `cbor:"4,keyasint"`
	Scope  silence.Scope `cbor:"5,keyasint,omitempty"`
	Alias  string        `cbor:"6,keyasint,omitempty"`
}

var presencesByAlias = table.NewIndex(1, "silent alias", false, func(p *Presence) []table.Key {
	if p.Alias == "" {
		return nil
	}
	return []table.Key{table.K().String(p.Alias)}
})

// Presences holds which agents have been here, and which are missed.
var Presences = table.New(19, "presences", func(p *Presence) table.Key { return table.K().String(p.Agent) }, presencesByAlias)

// GetPresence returns what is known of an agent's being there.
func GetPresence(r table.Reader, agent string) (*Presence, bool) {
	return Presences.Get(r, table.K().String(agent))
}

// NoteAgent says that an agent has come, to a site, or that it is being stopped.
type NoteAgent struct {
	Agent   string `cbor:"1,keyasint"`
	Site    string `cbor:"2,keyasint,omitempty"`
	Stopped bool   `cbor:"3,keyasint,omitempty"`
}

func (NoteAgent) number() number { return noteAgent }

// Site is a site's name as it is kept.
func Site(name string) string { return line(name, nameMax) }

func (n NoteAgent) apply(c *change) (Nothing, error) {
	if p, ok := GetPeer(c.tx, n.Agent); !ok || p.Kind != "agent" {
		return Nothing{}, core.Missing("agent", n.Agent)
	}
	row, ok := GetPresence(c.tx, n.Agent)
	if !ok {
		row = &Presence{Agent: n.Agent}
	}
	row.Site, row.Stopped = Site(n.Site), time.Time{}
	if n.Stopped {
		row.Stopped = c.now
	}
	return Nothing{}, Presences.Put(c.tx, row)
}

// SilenceMax is how many agents one [SilenceAgents] or [HearAgents] names at most.
const SilenceMax = 200

// SilenceAgents says that no node hears agents any more, and tells people by one alert, or
// by the one that is open about the same. Agents that are not known, or revoked, are
// passed over.
type SilenceAgents struct {
	Scope  silence.Scope `cbor:"1,keyasint"`
	Site   string        `cbor:"2,keyasint,omitempty"`
	Agents []string      `cbor:"3,keyasint"`
	// Watched is how many agents there are, for people.
	Watched int `cbor:"4,keyasint,omitempty"`
}

func (SilenceAgents) number() number { return silenceAgents }

func (s SilenceAgents) apply(c *change) (Nothing, error) {
	if len(s.Agents) > SilenceMax {
		return Nothing{}, core.Invalid("agents", fmt.Sprintf("may have at most %d entries", SilenceMax))
	}
	left := map[string]bool{} // aliases that agents were silent under
	var first *Peer
	var row *Presence
	for _, id := range s.Agents {
		peer, known := GetPeer(c.tx, id)
		presence, been := GetPresence(c.tx, id)
		if !known || !been || peer.Revoked {
			continue
		}
		alias := silenceAlias(s.Scope, s.Site, peer)
		if presence.Alias == alias {
			continue
		}
		if presence.Alias != "" {
			left[presence.Alias] = true
		} else {
			presence.Silent = c.now
		}
		presence.Scope, presence.Alias = s.Scope, alias
		if err := Presences.Put(c.tx, presence); err != nil {
			return Nothing{}, err
		}
		if first == nil {
			first, row = peer, presence
		}
	}
	if first == nil {
		return Nothing{}, nil
	}
	if _, _, err := c.openAlert(c.silenceDraft(s, first, row)); err != nil {
		return Nothing{}, err
	}
	return Nothing{}, c.closeHeard(left, "agents are silent by themselves")
}

// silenceAlias is the alias of the alert that tells of a silence.
func silenceAlias(scope silence.Scope, site string, p *Peer) string {
	switch scope {
	case silence.Whole:
		return "agents/silent"
	case silence.Site:
		return firstRunes("site/"+site, alert.AliasMax)
	}
	return firstRunes("agent/"+p.ID, alert.AliasMax)
}

// silenceDraft makes an alert of a silence.
func (c *change) silenceDraft(s SilenceAgents, p *Peer, row *Presence) alert.Draft {
	d := alert.Draft{
		Message: line(c.silenceWords(s, p, row), alert.MessageMax), Alias: silenceAlias(s.Scope, s.Site, p), Source: line("agent "+p.Name, alert.SourceMax),
		Priority: 2, Tags: []string{"agent", "silent"}, Details: map[string]string{"since": c.now.UTC().Format(time.RFC3339Nano)},
	}
	if s.Scope != silence.Whole {
		d.Details["site"] = s.Site
	}
	if s.Scope == silence.One {
		d.Details["agent"], d.Entity = p.Name, line(p.Name, alert.EntityMax)
	} else {
		d.Source = System
	}
	if team, ok := c.defaultTeam(); ok {
		d.Responders = []alert.Responder{team}
	}
	return d
}

// silenceWords says what is silent, for people.
func (c *change) silenceWords(s SilenceAgents, p *Peer, row *Presence) string {
	cluster, ok := GetCluster(c.tx)
	vi := ok && cluster.Language == "vi"
	say := func(inVietnamese, inEnglish string, args ...any) string {
		if vi {
			return fmt.Sprintf(inVietnamese, args...)
		}
		return fmt.Sprintf(inEnglish, args...)
	}
	switch {
	case s.Scope == silence.Whole:
		return say("hơn một nửa trong số %d agent mất liên lạc cùng lúc: nhiều khả năng mạng của chính hub gặp sự cố",
			"more than half of %d agents fell silent together: most likely the hub's own network is at fault", s.Watched)
	case s.Scope == silence.Site:
		return say("nhiều agent tại %s mất liên lạc: mất điện hoặc mất mạng tại đó?", "several agents at %s are silent: has the place lost power, or its uplink?", s.Site)
	case !row.Stopped.IsZero():
		return say("agent %s tại %s đã được dừng và chưa chạy lại", "agent %s at %s was stopped and has not come back", p.Name, s.Site)
	}
	return say("agent %s tại %s mất liên lạc", "agent %s at %s is silent", p.Name, s.Site)
}

// HearAgents says that agents are heard again. The alert about a silence closes when
// nobody is silent any more of those that it is about.
type HearAgents struct {
	Agents []string `cbor:"1,keyasint"`
}

func (HearAgents) number() number { return hearAgents }

func (h HearAgents) apply(c *change) (Nothing, error) {
	if len(h.Agents) > SilenceMax {
		return Nothing{}, core.Invalid("agents", fmt.Sprintf("may have at most %d entries", SilenceMax))
	}
	left := map[string]bool{}
	for _, id := range h.Agents {
		row, ok := GetPresence(c.tx, id)
		if !ok || row.Alias == "" {
			continue
		}
		left[row.Alias] = true
		row.Silent, row.Scope, row.Alias = time.Time{}, silence.None, ""
		if err := Presences.Put(c.tx, row); err != nil {
			return Nothing{}, err
		}
	}
	return Nothing{}, c.closeHeard(left, "heard again")
}

// closeHeard closes the alerts of aliases under which nobody is silent any more.
func (c *change) closeHeard(aliases map[string]bool, note string) error {
	for _, alias := range sortedKeys(aliases) {
		if _, some := presencesByAlias.First(c.tx, table.K().String(alias)); some {
			continue
		}
		if _, err := (CloseAlert{Alert: Ref{Alias: alias}, Source: System, Note: note}).apply(c); err != nil {
			return err
		}
	}
	return nil
}
