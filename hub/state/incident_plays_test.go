package state_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"keng/hub/core"
	"keng/hub/core/incident"
	"keng/hub/state"
)

// incidentVerbs are what plays do to incidents. An incident is named by its number.
func (s *stage) incidentVerbs() map[string]func([]string) error {
	moved := func(do func(state.IncidentAsked) error) func([]string) error {
		return func(args []string) error { return do(askedOf(args)) }
	}
	return map[string]func([]string) error{
		"incident": s.incident, "incidents": s.incidents, "involve": s.involve, "inote": s.incidentNote, "itags": s.incidentTags, "idetails": s.incidentDetails,
		"iupdate": s.incidentUpdate, "ilog": s.incidentLog, "isearch": s.incidentSearch, "unincident": moved(func(k state.IncidentAsked) error { return asks(s, state.DeleteIncident{Asked: k}) }),
		"resolve": moved(func(k state.IncidentAsked) error { return asks(s, state.ResolveIncident{Asked: k}) }),
		"reopen":  moved(func(k state.IncidentAsked) error { return asks(s, state.ReopenIncident{Asked: k}) }),
		"iclose":  moved(func(k state.IncidentAsked) error { return asks(s, state.CloseIncident{Asked: k}) }),
		"isee":    moved(func(k state.IncidentAsked) error { return asks(s, state.SeeIncident{Asked: k}) }),
	}
}

// askedOf reads NUMBER USER; USER "-" is nobody.
func askedOf(args []string) (k state.IncidentAsked) {
	n, _ := strconv.ParseUint(args[0], 10, 64)
	k.Incident.Tiny = n
	if len(args) > 1 && args[1] != "-" {
		k.User = args[1]
	}
	return k
}

// incident [KEY=TEXT]... [RESPONDER]...: opens one. Keys are message, description, source,
// user, note, tag, service, priority, owner (a team) and any detail's.
func (s *stage) incident(args []string) error {
	d := incident.Draft{Message: "the site is down", Details: map[string]string{}}
	for _, a := range args {
		key, text, isField := strings.Cut(a, "=")
		text = written(text)
		fields := map[string]*string{"message": &d.Message, "description": &d.Description, "source": &d.Source, "user": &d.User, "note": &d.Note}
		switch {
		case !isField:
			d.Responders = append(d.Responders, s.responder(a))
		case fields[key] != nil:
			*fields[key] = text
		case key == "tag":
			d.Tags = append(d.Tags, text)
		case key == "service":
			d.Services = append(d.Services, core.ServiceID(text))
		case key == "owner":
			d.OwnerTeam = core.TeamID(s.responder("team:" + text).ID)
		case key == "priority":
			p, err := core.ParsePriority(text)
			if err != nil {
				return err
			}
			d.Priority = p
		default:
			d.Details[key] = text
		}
	}
	return asks(s, state.CreateIncident{Request: fmt.Sprint("r", s.seeds), Draft: d})
}

// involve NUMBER USER RESPONDER...: adds responders.
func (s *stage) involve(args []string) error {
	k := state.AddIncidentResponders{Asked: askedOf(args)}
	for _, a := range args[2:] {
		k.Responders = append(k.Responders, s.responder(a))
	}
	return asks(s, k)
}

func (s *stage) incidentNote(args []string) error {
	k := askedOf(args)
	k.Note = strings.Join(args[2:], " ")
	return asks(s, state.AddIncidentNote{Asked: k})
}

// itags NUMBER USER +TAG -TAG
func (s *stage) incidentTags(args []string) error {
	add, remove := changes(args[2:])
	for i := range add {
		add[i] = written(add[i])
	}
	if len(add) > 0 {
		if err := asks(s, state.AddIncidentTags{Asked: askedOf(args), Tags: add}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		return asks(s, state.RemoveIncidentTags{Asked: askedOf(args), Tags: remove})
	}
	return nil
}

// idetails NUMBER USER KEY=VALUE -KEY
func (s *stage) incidentDetails(args []string) error {
	add, remove := changes(args[2:])
	if len(add) > 0 {
		all := map[string]string{}
		for _, a := range add {
			k, v, _ := strings.Cut(a, "=")
			all[k] = written(v)
		}
		if err := asks(s, state.AddIncidentDetails{Asked: askedOf(args), Details: all}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		return asks(s, state.RemoveIncidentDetails{Asked: askedOf(args), Keys: remove})
	}
	return nil
}

// iupdate NUMBER USER message=TEXT|description=TEXT|priority=P1
func (s *stage) incidentUpdate(args []string) error {
	k := state.UpdateIncident{Asked: askedOf(args)}
	key, text, _ := strings.Cut(args[2], "=")
	text = written(text)
	switch key {
	case "message":
		k.Message = &text
	case "description":
		k.Description = &text
	default:
		k.Priority, _ = core.ParsePriority(text)
	}
	return asks(s, k)
}

// ilog NUMBER [notes]: the log of an incident.
func (s *stage) incidentLog(args []string) error {
	i, ok := state.FindIncident(s.tx, askedOf(args[:1]).Incident)
	if !ok {
		s.say("there is no incident %s", args[0])
		return nil
	}
	for l := range state.IncidentLines(s.tx, i.ID, 0, false, len(args) > 1) {
		s.say("%7s incident #%d %s: %s", l.Entry.At.Sub(s.start), i.Tiny, shortened(l.Entry.By), shortened(l.Entry.Text()))
	}
	return nil
}

// incidents: what they are, with the alerts by which they call their responders.
func (s *stage) incidents([]string) error {
	for i := range state.Incidents.All(s.tx) {
		words := []string{fmt.Sprintf("incident #%d %s %s %s", i.Tiny, i.Status, i.Priority, brief(i.Message))}
		add := func(yes bool, format string, args ...any) {
			if yes {
				words = append(words, fmt.Sprintf(format, args...))
			}
		}
		add(i.Description != "", "description %s", brief(i.Description))
		add(i.Owner != "", "owner %s", i.Owner)
		add(i.Seen(), "seen by %s", i.SeenBy)
		add(i.Source != "", "from %s", i.Source)
		add(!i.ResolvedAt.IsZero(), "resolved by %s at %s", i.ResolvedBy, i.ResolvedAt.Sub(s.start))
		add(i.Status == incident.Closed, "closed by %s at %s", i.ClosedBy, i.ClosedAt.Sub(s.start))
		add(len(i.Services) > 0, "services %v", i.Services)
		add(len(i.Tags) > 0, "tags %s", strings.Join(i.Tags, ","))
		for _, k := range slices.Sorted(maps.Keys(i.Details)) {
			add(true, "%s=%s", k, brief(i.Details[k]))
		}
		team, _ := state.FindTeam(s.tx, string(i.OwnerTeam))
		add(team != nil, "owned by a team %v", team != nil)
		s.say("%s, state %d", strings.Join(words, ", "), i.Sequence)
		for a := range state.ResponderAlerts(s.tx, i.ID) {
			s.say("   by alert #%d %s %s acknowledged=%v, resting %q", a.Tiny, a.Status, a.Priority, a.Acknowledged, a.Resting)
		}
	}
	return nil
}

// isearch QUERY [by KEY asc|desc]: the numbers of the incidents that it finds.
func (s *stage) incidentSearch(args []string) error {
	sort := len(args) > 2 && args[len(args)-3] == "by"
	text := args
	if sort {
		text = args[:len(args)-3]
	}
	q, err := state.ParseIncidentQuery(strings.Join(text, " "), s.now, nil)
	if err != nil {
		return err
	}
	found, search := "finds", state.SearchIncidents{Query: q}
	show := func(i *incident.Incident) bool {
		found += fmt.Sprintf(" #%d", i.Tiny)
		return true
	}
	if sort {
		order, err := state.IncidentOrder(args[len(args)-2], args[len(args)-1])
		if err != nil {
			return err
		}
		all, _ := search.Sorted(s.tx, order, 0, 100)
		for _, i := range all {
			show(i)
		}
	} else {
		search.Run(s.tx, show)
	}
	s.say("%s: %s", strings.Join(args, " "), found)
	return nil
}
