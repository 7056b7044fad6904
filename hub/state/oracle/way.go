package oracle

import (
	"fmt"
	"slices"
	"time"
)

func (l *Life) exists(who Who) bool {
	w, ok := l.world, false
	switch who.Kind {
	case User:
		_, ok = w.People[who.Name]
	case Team:
		_, ok = w.Teams[who.Name]
	case Escalation:
		_, ok = w.Escalations[who.Name]
	case Schedule:
		_, ok = w.Schedules[who.Name]
	}
	return ok
}

// follow goes a way on.
func (l *Life) follow(who Who, way Way) {
	if !l.exists(who) {
		l.vain = true
		return
	}
	switch who.Kind {
	case User:
		l.tell(who.Name, way)
	case Team:
		l.ask(who.Name, way)
	case Schedule:
		l.call(who.Name, way)
	case Escalation:
		l.start(who.Name, way)
	}
}

// ask asks a team's routing rules: the first that matches decides. A step that tells members does not ask.
func (l *Life) ask(team string, way Way) {
	way.Team = team
	if way.Notify != "" && way.Notify != "next" && way.Notify != "previous" {
		l.tellMembers(team, way)
		return
	}
	way.Notify = ""
	r := l.routing(team)
	if r == nil {
		l.vain = true
		return
	}
	way.Routing = r.ID
	if r.To.Kind != Nobody {
		l.follow(r.To, way)
	}
}

func (l *Life) routing(team string) *Routing {
	for i := range l.world.Teams[team].Rules {
		r := &l.world.Teams[team].Rules[i]
		if (r.Priority == 0 || r.Priority == l.alert.Priority) && (r.Hours == nil || r.Hours.has(l.now)) {
			return r
		}
	}
	return nil
}

// call tells who is on call. A schedule whose turns lead back to it leads to nobody, and
// a team that has nobody notified is left out.
func (l *Life) call(schedule string, way Way) {
	s := l.world.Schedules[schedule]
	turns := s.turns(way.Notify, l.now)
	if s.Disabled || l.through[schedule] {
		l.vain = true
		return
	}
	l.through[schedule] = true
	defer delete(l.through, schedule)
	way.Schedule = schedule
	before, some := l.together, false
	l.together = true
	defer func() { l.together = before }()
	for i, t := range turns {
		if slices.ContainsFunc(turns[:i], func(u Turn) bool { return u.Who == t.Who }) || !l.exists(t.Who) {
			continue
		}
		if t.Who.Kind == Team {
			if r := l.routing(t.Who.Name); r != nil && r.To.Kind == Nobody {
				continue
			}
		}
		some = true
		way.Override = t.Override
		l.follow(t.Who, way)
	}
	l.vain = l.vain || !some
}

func (s *Shifts) turns(notify string, at time.Time) []Turn {
	switch notify {
	case "next":
		return s.Next(at)
	case "previous":
		return s.Previous(at)
	}
	return s.OnCall(at)
}

// tellMembers tells members of a team, by themselves: of whom it tells one, one who can be told.
func (l *Life) tellMembers(team string, way Way) {
	t := l.world.Teams[team]
	members := slices.DeleteFunc(slices.Clone(t.Members), func(m string) bool {
		admin := slices.Contains(t.Admins, m)
		switch way.Notify {
		case "users":
			return admin
		case "admins":
			return !admin
		case "random", "round-robin":
			return slices.Contains(l.acks, l.inPlaceOf(m, way)) || !l.canBeTold(l.inPlaceOf(m, way), way)
		}
		return false
	})
	if len(members) == 0 {
		l.vain = true
		return
	}
	switch way.Notify {
	case "random":
		members = []string{l.chance(way, members)}
	case "round-robin":
		members = []string{l.inTurn(way, t.Members, members)}
	}
	before := l.together
	l.together = true
	defer func() { l.together = before }()
	for _, m := range members {
		l.tell(m, way)
	}
}

// chance picks whoever was picked, of those who may be; the same one whenever the step is done again.
func (l *Life) chance(way Way, from []string) string {
	step := fmt.Sprint(way.Escalation, way.Step, way.Round, from)
	who, ok := l.chosen[step]
	if !ok {
		who = from[0]
		if is := l.Picked(way, from); slices.Contains(from, is) {
			who = is
		}
		l.chosen[step] = who
	}
	return who
}

// inTurn picks who comes after the last one in the team's order.
func (l *Life) inTurn(way Way, team, can []string) string {
	is := turn{way.Escalation, way.Step, way.Team}
	after := []string{l.turns[is]}
	if l.Last != nil {
		after = l.Last(way)
	}
	var next []string
	for _, last := range after {
		next = append(next, following(last, team, can))
	}
	l.turns[is] = next[0]
	if picked := l.Picked(way, next); len(next) > 1 && slices.Contains(next, picked) {
		l.turns[is] = picked
	}
	return l.turns[is]
}

// following is the first after the last one who can be told.
func following(last string, team, can []string) string {
	after := slices.Index(team, last) + 1
	for _, m := range slices.Concat(team[after:], team[:after]) {
		if slices.Contains(can, m) {
			return m
		}
	}
	return ""
}
