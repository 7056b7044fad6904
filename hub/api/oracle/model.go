// Package oracle is a second opinion on the alerts of the API: a model that holds them in memory, written from the
// description of Opsgenie's API and not from the hub, and a player that makes the same calls of both and says where
// they disagree.
//
// What that description leaves open, and where the model takes the hub's documented way (package alert), is marked
// "ours" here.
//
// It is for tests alone. A player belongs to one goroutine.
package oracle

import (
	"maps"
	"slices"
	"time"
)

// model is all alerts that were ever made, oldest first.
type model struct{ alerts []*alert }

// alert is one alert as the API tells it.
type alert struct {
	id, tiny, alias, message, description, entity, source, priority string
	tags, actions                                                   []string
	details                                                         map[string]string
	responders                                                      []party
	ownerTeam, owner                                                string
	closed, acknowledged, seen, deleted                             bool
	snoozedUntil                                                    time.Time
	count                                                           int
	notes                                                           []string // oldest first
	acknowledgedBy, closedBy                                        string
	called                                                          bool // its owner is called and has not answered
}

// party is whom an alert calls.
type party struct{ Type, ID string }

// reference names an alert as a path does.
type reference struct{ by, value string }

// find returns the alert that a reference names, nil if none does. An alias names the open one alone.
func (m *model) find(r reference) *alert {
	for _, a := range m.alerts {
		switch {
		case a.deleted:
		case r.by == "id" && a.id == r.value, r.by == "tiny" && a.tiny == r.value, r.by == "alias" && a.alias == r.value && !a.closed:
			return a
		}
	}
	return nil
}

// asker is who makes a call.
type asker struct{ user, source, note string }

// name is how the asker is told: ours, where nobody says who it is.
func (by asker) name() string {
	if by.user != "" {
		return by.user
	}
	return by.source
}

// outcome is what becomes of a call that moves an alert.
type outcome struct {
	ok      bool   // so that the note is kept, whether anything else changes or not: ours
	already string // what clients parse of a refusal
}

var (
	done        = outcome{ok: true}
	refused     = outcome{}
	isClosed    = outcome{already: "Alert is already closed"}
	isAcked     = outcome{already: "Alert is already acknowledged"}
	isWanted    = outcome{already: "Alert is already unacknowledged"}
	noSuchAlert = outcome{already: "Alert does not exist"}
)

func (a *alert) quiet() bool { return a.closed || a.acknowledged || !a.snoozedUntil.IsZero() }

// see notes that a person has looked at the alert, and acted.
func (a *alert) see(by asker) { a.seen = a.seen || by.user != "" }

func (a *alert) acknowledge(by asker) outcome {
	switch {
	case a.closed:
		return isClosed
	case a.acknowledged:
		return isAcked
	}
	a.attend(by)
	if a.owner == "" { // ours: who takes care of what nobody owns owns it
		a.owner = by.name()
	}
	return done
}

func (a *alert) attend(by asker) {
	a.acknowledged, a.snoozedUntil, a.called = true, time.Time{}, false
	if a.acknowledgedBy == "" {
		a.acknowledgedBy = by.name()
	}
	a.see(by)
}

func (a *alert) unacknowledge() outcome {
	switch {
	case a.closed:
		return isClosed
	case !a.quiet():
		return isWanted
	}
	a.rouse()
	return done
}

// rouse makes the alert want attention again.
func (a *alert) rouse() { a.acknowledged, a.snoozedUntil, a.called = false, time.Time{}, false }

func (a *alert) close(by asker) outcome {
	if a.closed {
		return isClosed
	}
	a.closed, a.snoozedUntil, a.closedBy, a.called = true, time.Time{}, by.name(), false
	a.see(by)
	return done
}

func (a *alert) snooze(by asker, until time.Time) outcome {
	switch {
	case a.closed:
		return isClosed
	case a.snoozedUntil.Equal(until):
		return done
	}
	a.snoozedUntil, a.called = until, false
	a.see(by)
	return done
}

// assign gives the alert to a person. Ours: that person is called, so it wants attention again; who takes it for
// oneself takes care of it.
func (a *alert) assign(by asker, owner string) outcome {
	switch {
	case a.closed:
		return isClosed
	case owner == by.user && a.owner == owner && a.acknowledged:
		return done
	case owner == by.user:
		a.owner = owner
		a.attend(by)
		return done
	case a.owner == owner && (a.acknowledged || a.called) && a.snoozedUntil.IsZero():
		return done
	}
	a.owner = owner
	a.rouse()
	a.called = true
	return done
}

// call calls one more responder. Ours: the alert wants attention again.
func (a *alert) call(p party) outcome {
	switch {
	case a.closed:
		return isClosed
	case slices.Contains(a.responders, p):
		return done
	}
	a.responders = append(a.responders, p)
	a.rouse()
	if p.Type == "team" && a.ownerTeam == "" {
		a.ownerTeam = p.ID
	}
	return done
}

// escalate calls by an escalation, again if it has done so before.
func (a *alert) escalate(p party) outcome {
	if a.closed {
		return isClosed
	}
	if !slices.Contains(a.responders, p) {
		a.responders = append(a.responders, p)
	}
	a.rouse()
	return done
}

func (a *alert) run(action string) outcome {
	switch {
	case a.closed:
		return isClosed
	case !slices.Contains(a.actions, action):
		return refused
	}
	return done
}

// tagsMax is how many tags an alert has at most.
const tagsMax = 20

func (a *alert) addTags(tags []string) outcome {
	before, full := len(a.tags), false
	for _, tag := range tags {
		switch {
		case slices.Contains(a.tags, tag):
		case len(a.tags) == tagsMax:
			full = true
		default:
			a.tags = append(a.tags, tag)
		}
	}
	return outcome{ok: len(a.tags) > before || !full}
}

func (a *alert) removeTags(tags []string) outcome {
	a.tags = slices.DeleteFunc(a.tags, func(tag string) bool { return slices.Contains(tags, tag) })
	return done
}

func (a *alert) addDetails(details map[string]string) outcome {
	maps.Copy(a.details, details)
	return done
}

func (a *alert) removeDetails(keys []string) outcome {
	for _, key := range keys {
		delete(a.details, key)
	}
	return done
}

// set changes a text.
func set(field *string, text string) outcome {
	*field = text
	return done
}
