package api

import (
	"bytes"
	"math"
	"strings"
	"time"

	"keng/hub/core/alert"
	"keng/hub/state"
)

// What is absent in a body has not been said: these return nil for it.

// said returns a string.
func (o object) said(key string) *string {
	if s := o.text(key); s != "" {
		return &s
	}
	return nil
}

// saidNumber returns a whole number.
func (o object) saidNumber(key string) *int {
	var n int
	if !o.into(key, "a whole number", &n) {
		return nil
	}
	return &n
}

// saidTruth returns a truth value. The Go client sends some of them as strings.
func (o object) saidTruth(key string) *bool {
	yes, no := true, false
	switch string(o.raw(key)) {
	case "":
		return nil
	case `true`, `"true"`:
		return &yes
	case `false`, `"false"`:
		return &no
	}
	o.complain(key, "must be true or false")
	return nil
}

// isTrue reports whether something is asked for.
func (o object) isTrue(key string) bool {
	said := o.saidTruth(key)
	return said != nil && *said
}

// timeForms are the ways in which clients write a moment.
var timeForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00"}

// parseTime reads a moment. Its year has four digits also in UTC, in which it is told again.
func parseTime(text string) (time.Time, bool) {
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			year := t.UTC().Year()
			return t, year >= 1 && year <= 9999
		}
	}
	return time.Time{}, false
}

// saidMoment returns a moment.
func (o object) saidMoment(key string) *time.Time {
	text := o.text(key)
	if text == "" {
		return nil
	}
	t, ok := parseTime(text)
	if !ok {
		o.complain(key, "must be a moment such as 2026-11-25T09:00:00Z")
		return nil
	}
	return &t
}

// saidTexts returns a list of strings.
func (o object) saidTexts(key string) *[]string {
	if o.raw(key) == nil {
		return nil
	}
	list := o.texts(key)
	if list == nil {
		list = []string{}
	}
	return &list
}

// child returns an object, and whether there is one with anything in it.
func (o object) child(key string) (object, bool) {
	child := object{at: o.at + key + ".", wrong: o.wrong}
	child.fields, _ = o.inner(key, "an object")
	for name := range child.fields {
		if raw := child.raw(name); raw != nil {
			return child, true
		}
	}
	return child, false
}

// has reports whether a key is there, be it with an empty list.
func (o object) has(key string) bool { return o.raw(key) != nil }

// empty reports whether a key is there with an empty text, which else is as if it were absent.
func (o object) empty(key string) bool { return string(bytes.TrimSpace(o.fields[key])) == `""` }

// pick returns what an object names by its id or its name.
func (o object) pick() state.Pick {
	p := state.Pick{ID: o.text("id"), Name: o.text("username")}
	if p.Name == "" {
		p.Name = o.text("name")
	}
	return p
}

// saidPick returns what a key names: {"id": …} or {"name": …}.
func (o object) saidPick(key string) *state.Pick {
	child, ok := o.child(key)
	if p := child.pick(); ok && p != (state.Pick{}) {
		return &p
	}
	return nil
}

// party returns whom an object names as {type, id | name | username}. The type none is nobody.
func (o object) party() state.Party {
	word := strings.ToLower(o.text("type"))
	p := state.Party{Pick: o.pick()}
	for _, k := range responderKinds {
		if k.word == word {
			p.Kind = k.kind
		}
	}
	switch {
	case word == "none":
		return state.Party{}
	case p.Kind == 0:
		o.complain("type", "must say what it is: user, team, escalation, schedule or none")
	case p.Pick == (state.Pick{}):
		o.complain("id", "must say who it is, by id or name")
	}
	return p
}

// timeUnits are the words for units of time; without one it is minutes.
var timeUnits = map[string]time.Duration{"": time.Minute, "seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}

// span returns a length of time {timeAmount, timeUnit}, minutes unless said otherwise.
func (o object) span() time.Duration {
	length, _ := o.spanIn()
	return length
}

// spanIn returns a length of time and the unit in which it was said.
func (o object) spanIn() (length, unit time.Duration) {
	unit, ok := timeUnits[strings.ToLower(o.text("timeUnit"))]
	if !ok {
		o.complain("timeUnit", "must be seconds, minutes, hours or days")
	}
	n := o.number("timeAmount", 0)
	if n < 0 || n > 1_000_000 {
		o.complain("timeAmount", "must be from 0 to 1000000")
		return 0, unit
	}
	if unit > 0 && n > int(math.MaxInt64/unit) {
		o.complain("timeAmount", "is more than 200 years")
		return 0, unit
	}
	return time.Duration(n) * unit, unit
}

// span is a length of time as replies tell it.
type span struct {
	Amount int64  `json:"timeAmount"`
	Unit   string `json:"timeUnit"`
}

func spanOf(d time.Duration) span {
	if d%time.Minute != 0 {
		return span{int64(d / time.Second), "seconds"}
	}
	return span{int64(d / time.Minute), "minutes"}
}

// spanOfIn tells a length of time in the unit in which it was said.
func spanOfIn(d, unit time.Duration) span {
	for word, u := range timeUnits {
		if word != "" && u == unit && d%unit == 0 {
			return span{int64(d / unit), word}
		}
	}
	return spanOf(d)
}

// lists returns an object of lists of strings. A single string is a list of one.
func (o object) lists(key string) *map[string][]string {
	all, ok := o.inner(key, "an object of lists of strings")
	if !ok {
		return nil
	}
	out := map[string][]string{}
	for name := range all {
		one := object{fields: all, at: o.at + key + ".", wrong: o.wrong}
		if raw := one.raw(name); len(raw) > 0 && raw[0] == '"' {
			out[name] = []string{one.text(name)}
			continue
		}
		out[name] = one.texts(name)
	}
	return &out
}

// thing is the id and the name of something, as replies tell it.
type thing struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Enabled *bool  `json:"enabled,omitempty"`
}

// someone is a participant, a recipient or whom a rule notifies, as replies tell it.
type someone struct {
	Type     string `json:"type"`
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Username string `json:"username,omitempty"`
}

// someoneOf tells a responder by its id and present name.
func someoneOf(tx reader, r alert.Responder) someone {
	s := someone{Type: kindWord(r.Kind), ID: r.ID}
	pick := state.Pick{ID: r.ID}
	switch r.Kind {
	case alert.User:
		if u, err := pick.User(tx); err == nil {
			s.Username = u.Username
		}
	case alert.Team:
		if t, err := pick.Team(tx); err == nil {
			s.Name = t.Name
		}
	case alert.Escalation:
		if e, err := pick.Escalation(tx); err == nil {
			s.Name = e.Name
		}
	case alert.Schedule:
		if x, err := pick.Schedule(tx); err == nil {
			s.Name = x.Name
		}
	default:
		s.Type = "none"
	}
	return s
}

// ownerOf tells a team that owns something; nil if none does.
func ownerOf(tx reader, id string) *thing {
	if id == "" {
		return nil
	}
	t, err := state.Pick{ID: id}.Team(tx)
	if err != nil {
		return nil
	}
	return &thing{ID: id, Name: t.Name}
}
