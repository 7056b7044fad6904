package state_test

import (
	"fmt"
	"strconv"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/raftstore/table"
)

// groupVerbs are the verbs of groupings. Where an alias is wanted, "^KEY" names the open
// parent of the group that has KEY.
func (s *stage) groupVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{
		"grouping": s.grouping, "groupings": s.groupings, "regroup": s.regroup, "at": s.at, "groups": s.groups, "closeall": s.closeAll,
	}
}

// named returns the alias of an alert that a play names.
func (s *stage) named(word string) string {
	key, ok := strings.CutPrefix(word, "^")
	if !ok {
		return word
	}
	for a := range state.AlertsOpen.Find(s.tx, table.K()) {
		if a.Lead != nil && strings.HasSuffix(a.Group, "/"+key) {
			return a.Alias
		}
	}
	return word
}

// grouping NAME KEY [if=…] [from=N] [window=D] [most=N] [message=T] [off]: makes or changes one.
func (s *stage) grouping(args []string) error {
	g := route.Grouping{Name: args[0], Key: args[1], Filter: route.Criteria{}}
	for _, a := range args[2:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "if":
			criteria(value, &g.Filter)
		case "from":
			g.From, _ = strconv.Atoi(value)
		case "window":
			g.Window = s.duration(value)
		case "most":
			g.Most, _ = strconv.Atoi(value)
		case "message":
			g.Message = spaced(value)
		case "off":
			g.Disabled = true
		default:
			s.t.Fatalf("grouping: %q", a)
		}
	}
	if old := s.findGrouping(args[0]); old != nil {
		_, err := do(s, state.ChangeGrouping{ID: old.Grouping.ID, Grouping: g})
		return err
	}
	_, err := do(s, state.CreateGrouping{Grouping: g})
	return err
}

func (s *stage) findGrouping(name string) *state.Grouping {
	for _, g := range state.GroupingList(s.tx) {
		if g.Grouping.Name == name {
			return g
		}
	}
	return nil
}

// regroup NAME gone|PLACE: deletes a grouping, or moves it.
func (s *stage) regroup(args []string) error {
	id := args[0]
	if g := s.findGrouping(id); g != nil {
		id = g.Grouping.ID
	}
	if args[1] == "gone" {
		_, err := do(s, state.DeleteGrouping{ID: id})
		return err
	}
	to, _ := strconv.Atoi(args[1])
	_, err := do(s, state.MoveGrouping{ID: id, To: to})
	return err
}

// groupings: in their order.
func (s *stage) groupings([]string) error {
	for _, g := range state.GroupingList(s.tx) {
		s.say("%d: %s by %s (on %v)", g.Place, g.Grouping.Name, g.Grouping.Key, !g.Grouping.Disabled)
	}
	return nil
}

// at SITE ALIAS [PRIORITY] [RESPONDER]...: an alert as by the API, with the detail site.
func (s *stage) at(args []string) error {
	d := alert.Draft{Message: "trouble with " + args[1], Alias: args[1], Integration: "key", Details: map[string]string{"site": args[0]}}
	for _, a := range args[2:] {
		if p, err := core.ParsePriority(a); err == nil {
			d.Priority = p
			continue
		}
		d.Responders = append(d.Responders, s.responder(a))
	}
	r, err := do(s, state.CreateAlert{Request: fmt.Sprint("r", s.seeds), Draft: d})
	if err == nil {
		s.say("request: %s", r.Status)
	}
	return err
}

// closeall ALIAS USER: closes a parent with all that is under it.
func (s *stage) closeAll(args []string) error {
	return asks(s, state.CloseGroup{Asked: asked(args)})
}

// groups: the parents with what is under them, and what stands for itself.
func (s *stage) groups([]string) error {
	word := func(a *alert.Alert) string {
		words := fmt.Sprintf("#%d %s %s", a.Tiny, a.Status, a.Priority)
		if a.Acknowledged {
			words += " acknowledged"
		}
		if a.Resting != "" {
			words += fmt.Sprintf(" rests: %q", a.Resting)
		}
		return words
	}
	for a := range state.Alerts.All(s.tx) {
		if a.Lead == nil {
			if _, under := state.ParentOf(s.tx, a); !under {
				s.say("alone: %s", word(a))
			}
			continue
		}
		s.say("parent: %s, %q, %d members, %d open, newest #%d, %d responders", word(a), a.Message, a.Lead.Members, a.Lead.Open, a.Lead.Newest, len(a.Responders))
		for m := range state.Members(s.tx, a.ID) {
			s.say("   %s", word(m))
		}
	}
	return nil
}
