package lint

import (
	"iter"
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// tellable reports whether a page to a person can arrive at all.
func tellable(u *reach.User) bool {
	return u != nil && !u.Blocked && slices.ContainsFunc(u.Contacts, func(c reach.Contact) bool { return c.Usable() })
}

// severalPeople is how many people a responder leads to as far as anybody asks: one person is no
// crowd, two are.
const severalPeople = 2

// reaches returns people to whom a responder can lead who can be told, at most
// [severalPeople].
func (w *world) reaches(r alert.Responder) []core.UserID {
	all, done := w.reached[r]
	if done {
		return all
	}
	for x := range w.walk(r) {
		if x.Kind == alert.User && tellable(w.users.byID[core.UserID(x.ID)]) {
			if all = append(all, core.UserID(x.ID)); len(all) == severalPeople {
				break
			}
		}
	}
	w.reached[r] = all
	return all
}

// comesBack reports whether a way that begins at a responder leads to another one.
func (w *world) comesBack(from, to alert.Responder) bool {
	for x := range w.walk(from) {
		if x == to {
			return true
		}
	}
	return false
}

// walk returns all to whom a responder leads, itself included, each once. It takes the ways that a
// page takes: a team by its routing rules, a schedule by who has turns from now on.
func (w *world) walk(from alert.Responder) iter.Seq[alert.Responder] {
	return func(yield func(alert.Responder) bool) {
		seen, open := map[alert.Responder]bool{from: true}, []alert.Responder{from}
		for len(open) > 0 {
			r := open[0]
			open = open[1:]
			if !yield(r) {
				return
			}
			for next := range w.leads(r) {
				if !seen[next] {
					seen[next] = true
					open = append(open, next)
				}
			}
		}
	}
}

// leads returns to whom a responder leads at once; a person leads nowhere.
func (w *world) leads(r alert.Responder) iter.Seq[alert.Responder] {
	return func(yield func(alert.Responder) bool) {
		switch r.Kind {
		case alert.Team:
			if t := w.teams.byID[core.TeamID(r.ID)]; t != nil {
				for _, rule := range t.Rules {
					if rule.Notify.Kind != 0 && !yield(rule.Notify) {
						return
					}
				}
			}
		case alert.Escalation:
			if p := w.escalations.byID[core.EscalationID(r.ID)]; p != nil {
				for _, rule := range p.Rules {
					for _, to := range w.recipients(rule) {
						if !yield(to) {
							return
						}
					}
				}
			}
		case alert.Schedule:
			if s := w.schedules.byID[core.ScheduleID(r.ID)]; s != nil && !s.Disabled {
				for p := range w.takers(s) {
					if p != (rota.Participant{}) && !yield(state.ResponderOf(p)) {
						return
					}
				}
			}
		}
	}
}

// exists reports whether a responder is there.
func (w *world) exists(r alert.Responder) bool {
	switch r.Kind {
	case alert.User:
		return w.users.byID[core.UserID(r.ID)] != nil
	case alert.Team:
		return w.teams.byID[core.TeamID(r.ID)] != nil
	case alert.Escalation:
		return w.escalations.byID[core.EscalationID(r.ID)] != nil
	}
	return w.schedules.byID[core.ScheduleID(r.ID)] != nil
}

// called is the name of a responder, else its id.
func (w *world) called(r alert.Responder) string {
	switch {
	case !w.exists(r):
		return r.ID
	case r.Kind == alert.User:
		return w.users.byID[core.UserID(r.ID)].Username
	case r.Kind == alert.Team:
		return w.teams.byID[core.TeamID(r.ID)].Name
	case r.Kind == alert.Escalation:
		return w.escalations.byID[core.EscalationID(r.ID)].Name
	}
	return w.schedules.byID[core.ScheduleID(r.ID)].Name
}

// user is called by the username, else by the id.
func (w *world) user(id core.UserID) string {
	return w.called(alert.Responder{Kind: alert.User, ID: string(id)})
}

// gone says why nobody is told by a person: deleted or blocked; the zero value: nothing speaks
// against it.
func (w *world) gone(id core.UserID) Text {
	switch u := w.users.byID[id]; {
	case u == nil:
		return Text{"does not exist any more", "không còn tồn tại"}
	case u.Blocked:
		return Text{"is blocked", "đã bị khóa"}
	}
	return Text{}
}
