package route

import (
	"fmt"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Grouping puts alerts that belong together under one parent, so that a site whose uplink
// has died is one alert and not five hundred. The parent is an alert of its own, and it is of
// the parent that people are notified.
type Grouping struct {
	ID       string   `cbor:"1,keyasint"`
	Name     string   `cbor:"2,keyasint"`
	Disabled bool     `cbor:"3,keyasint,omitempty"`
	Filter   Criteria `cbor:"4,keyasint"`
	// Key is a template; alerts for which it gives the same belong together, as by
	// "{{details.site}}" or "{{details.cause}}/{{entity}}".
	Key string `cbor:"5,keyasint"`
	// Message is a template of the parent's message, filled in from its first member.
	Message string `cbor:"6,keyasint,omitempty"`
	// From is how many open alerts of a key it takes for a parent; 0 and 1: the first has one.
	From int `cbor:"7,keyasint,omitempty"`
	// Window is how long after the last one has joined another may; zero: while the parent
	// is open.
	Window time.Duration `cbor:"8,keyasint,omitempty"`
	// Most is how many members a parent has at most; zero: [MembersMax].
	Most int `cbor:"9,keyasint,omitempty"`
}

// The bounds of groupings.
const (
	MembersMax  = 10_000 // of a parent
	GroupKeyMax = 512    // characters
	fromMax     = 100
)

// Check says what is wrong with a grouping.
func (g *Grouping) Check() error {
	wrong := faults{}
	wrong.name("name", g.Name)
	g.Filter.check(wrong, "filter.", Alerts)
	t, err := parseTemplate(g.Key)
	if err == nil && !t.varies() {
		wrong.add("key", "names no field: write one, as {{details.site}}, or all alerts would be one group")
	}
	wrong.template("key", g.Key, Alerts)
	wrong.template("message", g.Message, Alerts)
	if g.From < 0 || g.From > fromMax {
		wrong.add("from", fmt.Sprintf("must be from 1 to %d", fromMax))
	}
	if g.Window != 0 {
		wrong.span("window", g.Window, time.Second, DurationMax)
	}
	if g.Most < 0 || g.Most > MembersMax {
		wrong.add("most", fmt.Sprintf("must be from 1 to %d, or left out", MembersMax))
	}
	return wrong.err()
}

// varies reports whether a template has a placeholder.
func (t *template) varies() bool {
	for i := range t.parts {
		if t.parts[i].name != "" {
			return true
		}
	}
	return false
}

// Group is that to which an alert belongs.
type Group struct {
	Grouping *Grouping
	// Key names the group among all groups of all groupings.
	Key     string
	Message string // of a parent that is to be made
	Reason  string
}

// GroupOf returns the group to which an alert belongs: that of the first grouping that
// matches. An alert that lacks a field of the key belongs to none of that grouping.
func GroupOf(groupings []Grouping, s *Subject, m *Memo) (Group, bool) {
	for i := range groupings {
		g := &groupings[i]
		if g.Disabled || !g.Filter.MetBy(s, m) {
			continue
		}
		f := filler{subject: s, memo: m}
		key := f.whole(g.Key, GroupKeyMax)
		if key == "" {
			continue
		}
		message := f.fill(g.Message, alert.MessageMax)
		if message == "" {
			message = s.Message
		}
		return Group{g, g.ID + "/" + key, message, "grouping " + called(g.Name, g.ID) + ": " + key}, true
	}
	return Group{}, false
}

// Parent is an alert under which others are.
type Parent struct {
	ID core.AlertID
	// Open is whether the parent is open, Members how many are under it, OpenMembers how
	// many of them are open, LastJoined when the last came.
	Open                 bool
	Members, OpenMembers int
	LastJoined           time.Time
	// Crowded says that those who answer for the new alert have no room beside those who
	// answer for the parent.
	Crowded bool
}

// Place is where an alert goes in its group. Values are not stored.
type Place uint8

// The places.
const (
	Alone  Place = iota // it stands for itself, until there are enough of them
	Joins               // under the parent that is there
	Founds              // under a new parent, with all open ones of the group that stand for themselves
)

// Placement is where an alert goes, and why.
type Placement struct {
	Place  Place
	Parent core.AlertID // for [Joins]
	Reason string
}

// Place returns where a new alert of the group goes. Parent is the latest of the group, nil
// if there was none; loose is how many open alerts of the group stand for themselves, without
// the new one.
func (g *Group) Place(parent *Parent, loose int, now time.Time) Placement {
	x := g.Grouping
	most := x.Most
	if most == 0 {
		most = MembersMax
	}
	why := "there is no parent"
	if parent != nil {
		switch {
		case !parent.Open:
			why = "the last parent is closed"
		case parent.Members >= most:
			why = "the last parent is full with " + plural(parent.Members, "member")
		case parent.Crowded:
			why = "who answers for it has no room beside those who answer for the last parent"
		case x.Window > 0 && now.Sub(parent.LastJoined) > x.Window:
			why = "nothing has joined the last parent for " + words(x.Window)
		default:
			return Placement{Joins, parent.ID, g.Reason}
		}
	}
	if loose+1 < x.From {
		return Placement{Place: Alone, Reason: fmt.Sprintf("%s: %s, and it takes %d alerts to make one", g.Reason, why, x.From)}
	}
	return Placement{Place: Founds, Reason: g.Reason + ": " + why}
}

// Closing is whether a parent is closed, and why or why not.
type Closing struct {
	Close  bool
	Reason string
}

// MemberClosed returns what becomes of a parent now that one of its members has been closed:
// it is closed by itself with the last of them.
func (p *Parent) MemberClosed() Closing {
	switch {
	case !p.Open:
		return Closing{Reason: "the parent is closed already"}
	case p.OpenMembers > 0:
		return p.waits()
	}
	return Closing{true, "its last member was closed"}
}

// MayClose returns whether somebody may close a parent: not before its members.
func (p *Parent) MayClose() Closing {
	switch {
	case !p.Open:
		return Closing{Reason: "the parent is closed already"}
	case p.OpenMembers > 0:
		return p.waits()
	}
	return Closing{true, "none of its members is open"}
}

func (p *Parent) waits() Closing {
	verb := "are"
	if p.OpenMembers == 1 {
		verb = "is"
	}
	return Closing{Reason: plural(p.OpenMembers, "member") + " " + verb + " still open: close these first"}
}
