package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/raftstore/table"
)

// The bounds of checks from the hub.
const (
	CheckListsMax     = 1000
	CheckListBytesMax = 192 << 10 // of the checks of one list
	CheckDocumentMax  = 256 << 10 // of all that one agent gets
	CheckLabelsMax    = 16
	CheckLabelMax     = 100 // code points of a label's name or value
	problemMax        = 1000
)

// CheckList is a list of checks that the hub has for the agents that its labels choose.
type CheckList struct {
	Name string `cbor:"1,keyasint"`
	// Labels are those that an agent must have, all of them. None chooses every agent.
	Labels map[string]string `cbor:"2,keyasint,omitempty"`
	Checks []HubCheck        `cbor:"3,keyasint"`
	// Version counts how often the list was put.
	Version   uint64    `cbor:"4,keyasint"`
	ChangedAt time.Time `cbor:"5,keyasint"`
}

// HubCheck is one check of a list. What the keys mean is the agents' to judge.
type HubCheck struct {
	Name string `cbor:"1,keyasint"`
	Body []byte `cbor:"2,keyasint"` // a JSON object with the keys of agent.yaml
}

// CheckLists holds the lists of checks from the hub, in the order of their names.
var CheckLists = table.New(17, "checks", func(l *CheckList) table.Key { return table.K().String(l.Name) })

// GetCheckList returns a list of checks.
func GetCheckList(r table.Reader, name string) (*CheckList, bool) {
	return CheckLists.Get(r, table.K().String(name))
}

// checksCounter counts the changes of the lists.
const checksCounter = "checks"

// ChecksRevision grows whenever a list of checks changes.
func ChecksRevision(r table.Reader) uint64 {
	if row, ok := counters.Get(r, table.K().String(checksCounter)); ok {
		return row.Last
	}
	return 0
}

// PutChecks makes a list of checks, or replaces it.
type PutChecks struct {
	Name   string            `cbor:"1,keyasint"`
	Labels map[string]string `cbor:"2,keyasint,omitempty"`
	Checks []HubCheck        `cbor:"3,keyasint"`
}

func (PutChecks) number() number { return putChecks }

func (p PutChecks) apply(c *change) (CheckList, error) {
	if err := p.check(c.tx); err != nil {
		return CheckList{}, err
	}
	row := CheckList{Name: p.Name, Labels: p.Labels, Checks: p.Checks, Version: 1, ChangedAt: c.now}
	if old, ok := GetCheckList(c.tx, p.Name); ok {
		row.Version = old.Version + 1
		if same(old, &row) {
			return *old, nil
		}
	}
	c.next(checksCounter)
	return row, CheckLists.Put(c.tx, &row)
}

// same reports whether two lists say the same.
func same(a, b *CheckList) bool {
	return maps.Equal(a.Labels, b.Labels) && slices.EqualFunc(a.Checks, b.Checks, func(x, y HubCheck) bool {
		return x.Name == y.Name && bytes.Equal(x.Body, y.Body)
	})
}

// check complains about what cannot be.
func (p *PutChecks) check(r table.Reader) error {
	wrong := faults{}
	if p.Name == "" || utf8.RuneCountInString(p.Name) > NameMax || strings.ContainsAny(p.Name, "/\x00\r\n") {
		wrong.add("name", fmt.Sprintf("must have 1 to %d characters, and no slash", NameMax))
	}
	wrong.count("labels", len(p.Labels), CheckLabelsMax)
	for k, v := range p.Labels {
		if k == "" || utf8.RuneCountInString(k) > CheckLabelMax || utf8.RuneCountInString(v) > CheckLabelMax {
			wrong.add("labels", fmt.Sprintf("names and values of labels must have at most %d characters, and names at least one", CheckLabelMax))
		}
	}
	size, seen := 0, map[string]bool{}
	for _, check := range p.Checks {
		size += len(check.Body) + 1
		if seen[check.Name] {
			wrong.add("checks", fmt.Sprintf("two checks are called %q; names must be unique in a list", check.Name))
		}
		seen[check.Name] = true
		if !json.Valid(check.Body) {
			wrong.add("checks", fmt.Sprintf("%q is not valid", check.Name))
		}
	}
	if size > CheckListBytesMax {
		wrong.add("checks", fmt.Sprintf("are longer than %d KiB; make two lists", CheckListBytesMax>>10))
	}
	if _, ok := GetCheckList(r, p.Name); !ok {
		lists := 0
		for range CheckLists.All(r) {
			lists++
		}
		wrong.count("name", lists+1, CheckListsMax)
	}
	return wrong.err()
}

// DeleteChecks deletes a list of checks. Agents stop checking what only it had.
type DeleteChecks struct {
	Name string `cbor:"1,keyasint"`
}

func (DeleteChecks) number() number { return deleteChecks }

func (d DeleteChecks) apply(c *change) (Nothing, error) {
	if !CheckLists.Delete(c.tx, table.K().String(d.Name)) {
		return Nothing{}, core.Missing("list of checks", d.Name)
	}
	c.next(checksCounter)
	return Nothing{}, nil
}

// NoteChecks writes down what has changed of how an agent is set up: where it is, which
// checks of the hub it uses, and why not the newest.
type NoteChecks struct {
	Agent   string `cbor:"1,keyasint"`
	Site    string `cbor:"2,keyasint,omitempty"`
	Checks  []byte `cbor:"3,keyasint,omitempty"` // version of the hub's checks in use; empty: none
	Problem string `cbor:"4,keyasint,omitempty"` // why the newest are not
}

func (NoteChecks) number() number { return noteChecks }

func (n NoteChecks) apply(c *change) (Nothing, error) {
	p, ok := GetPeer(c.tx, n.Agent)
	if !ok || p.Revoked {
		return Nothing{}, core.Missing("agent", n.Agent)
	}
	p.Site, p.Checks, p.ChecksProblem = line(n.Site, nameMax), n.Checks, firstRunes(strings.ToValidUTF8(n.Problem, "?"), problemMax)
	p.ChecksAt = c.now
	return Nothing{}, Peers.Put(c.tx, p)
}

// AgentLabels returns the labels by which an agent gets its checks: those of the token by
// which it joined, and besides them name, and the site that it says itself.
func AgentLabels(p *Peer) map[string]string {
	labels := map[string]string{"name": p.Name}
	if p.Site != "" {
		labels["site"] = p.Site
	}
	maps.Copy(labels, p.Labels)
	return labels
}

// Selection is what the lists of checks come to for an agent.
type Selection struct {
	Lists  []string // the names of the lists that choose the agent
	Checks []HubCheck
	// Conflicts says, a sentence each, which check is in several lists: the list whose name
	// comes first wins.
	Conflicts []string
}

// SelectChecks puts together the checks of the lists that choose an agent with such labels.
// The lists must be in the order of their names.
func SelectChecks(lists []CheckList, labels map[string]string) Selection {
	var s Selection
	from := map[string]string{}
	for _, l := range lists {
		if !l.Chooses(labels) {
			continue
		}
		s.Lists = append(s.Lists, l.Name)
		for _, check := range l.Checks {
			if first, taken := from[check.Name]; taken {
				s.Conflicts = append(s.Conflicts, fmt.Sprintf("check %q is in the lists %q and %q; that of %q is used", check.Name, first, l.Name, first))
				continue
			}
			from[check.Name] = l.Name
			s.Checks = append(s.Checks, check)
		}
	}
	return s
}

// Chooses reports whether the list is for an agent with such labels.
func (l *CheckList) Chooses(labels map[string]string) bool {
	for name, value := range l.Labels {
		if has, ok := labels[name]; !ok || has != value {
			return false
		}
	}
	return true
}

// Document returns what an agent at a site is told: a file like agent.yaml, and its version.
func (s *Selection) Document(site string) (document, version []byte) {
	var b bytes.Buffer
	name, _ := json.Marshal(site) // a string always can be
	fmt.Fprintf(&b, `{"site":%s,"checks":[`, name)
	for i, check := range s.Checks {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(check.Body)
	}
	b.WriteString("]}\n")
	sum := sha256.Sum256(b.Bytes())
	return b.Bytes(), sum[:16]
}
