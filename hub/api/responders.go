package api

import (
	"slices"
	"strings"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// responderIn is a responder as a caller writes it: by an id or by one of two names, with
// or without saying what it is.
type responderIn struct{ kind, id, name, username string }

// responderKinds are the words for kinds of responder.
var responderKinds = []struct {
	word string
	kind alert.ResponderKind
}{
	{"user", alert.User}, {"team", alert.Team}, {"escalation", alert.Escalation}, {"schedule", alert.Schedule},
}

func kindWord(kind alert.ResponderKind) string {
	for _, k := range responderKinds {
		if k.kind == kind {
			return k.word
		}
	}
	return ""
}

// readResponders reads the responders of a body. An entry that names nobody is passed
// over: Zabbix sends one when no team is set.
func readResponders(b object) []responderIn {
	var list []responderIn
	for _, o := range b.objects("responders") {
		r := responderIn{kind: strings.ToLower(o.text("type")), id: o.text("id"), name: o.text("name"), username: o.text("username")}
		if r.id != "" || r.name != "" || r.username != "" {
			list = append(list, r)
		}
	}
	return list
}

// resolve finds the responders that a caller named. Who names an unknown one must still
// get the alert in: it comes first, as a responder of no kind whose id is words, so that
// the alert's log says who could not be told; replies leave it out. First, so that it does
// not count as a failed step of an escalation that has begun.
func resolve(tx table.Reader, list []responderIn) []alert.Responder {
	var known, unknown []alert.Responder
	for _, r := range list {
		if found, ok := r.find(tx); ok {
			if !slices.Contains(known, found) { // a list of teams beside a fixed one names some of them twice
				known = append(known, found)
			}
		} else {
			unknown = append(unknown, alert.Responder{ID: r.words()})
		}
	}
	return append(unknown, known...)
}

func (r responderIn) find(tx table.Reader) (alert.Responder, bool) {
	for _, k := range responderKinds {
		if r.kind != "" && r.kind != k.word {
			continue
		}
		for _, name := range []string{r.id, r.username, r.name} {
			if id, ok := findResponder(tx, k.kind, name); ok {
				return alert.Responder{Kind: k.kind, ID: id}, true
			}
		}
	}
	return alert.Responder{}, false
}

func findResponder(tx table.Reader, kind alert.ResponderKind, name string) (string, bool) {
	if name == "" {
		return "", false
	}
	switch kind {
	case alert.User:
		if u, ok := state.FindUser(tx, name); ok {
			return string(u.ID), true
		}
	case alert.Team:
		if t, ok := state.FindTeam(tx, name); ok {
			return string(t.ID), true
		}
	case alert.Escalation:
		if p, ok := state.FindEscalation(tx, name); ok {
			return string(p.ID), true
		}
	case alert.Schedule:
		if s, ok := state.FindSchedule(tx, name); ok {
			return string(s.ID), true
		}
	}
	return "", false
}

// words says whom the caller meant, in at most a line.
func (r responderIn) words() string {
	words := []rune(strings.TrimSpace(r.kind + " "))
	for _, name := range []string{r.id, r.username, r.name} {
		if name != "" {
			words = append(append(words, ' '), []rune(name)...)
			break
		}
	}
	return strings.TrimSpace(string(words[:min(len(words), 100)]))
}
