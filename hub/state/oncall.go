package state

import (
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// notifySchedule leads from a schedule to those who are on call in it now, overrides included.
// Forwarding comes last: see [change.notifyUser].
func (c *change) notifySchedule(a *alert.Alert, s *rota.Schedule, why *Reason) error {
	return c.together(a.ID, func() error { return c.notifyOnCall(a, s, why) })
}

func (c *change) notifyOnCall(a *alert.Alert, s *rota.Schedule, why *Reason) error {
	way := *why
	way.Schedule, way.ScheduleName = s.ID, s.Name
	from, to := shiftSpan(why.Notify, c.now)
	calendar, err := plannedOf(c.tx, s, c.zones, from, to)
	if err != nil {
		if err := c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.CountedByUTC, Why: &way, Of: []string{err.Error()}}); err != nil {
			return err
		}
		if calendar, err = plannedOf(c.tx, s, orUTC(c.zones), from, to); err != nil {
			return c.nobody(a, explain.Decision{Kind: explain.ScheduleUnreadable, Why: &way, Of: []string{err.Error()}})
		}
	}
	periods, none := shiftsOf(calendar, why.Notify, c.now)
	if s.Disabled {
		return c.nobody(a, explain.Decision{Kind: explain.ScheduleDisabled, Why: &way})
	}
	if len(periods) == 0 {
		return c.nobody(a, explain.Decision{Kind: none, Why: &way})
	}
	if c.within[s.ID] {
		return c.nobody(a, explain.Decision{Kind: explain.ScheduleCircle, Why: &way})
	}
	if c.within == nil {
		c.within = map[core.ScheduleID]bool{}
	}
	c.within[s.ID] = true
	defer delete(c.within, s.ID)
	known, silent := false, false
	for i, p := range periods {
		who := ResponderOf(p.Participant)
		twice := slices.ContainsFunc(periods[:i], func(q rota.Period) bool { return q.Participant == p.Participant })
		if twice || c.exists(who) != nil {
			continue
		}
		if c.routesToNobody(a, who) {
			silent = true
			continue
		}
		known = true
		to := way
		to.Override = p.Override
		if err := c.notify(a, who, &to); err != nil {
			return err
		}
	}
	switch {
	case known && silent:
		return c.log(a.ID, SystemEntry, System, explain.Decision{Kind: explain.TeamOnCallSilent, Why: &way})
	case known:
		return nil
	case silent:
		return c.nobody(a, explain.Decision{Kind: explain.OnlyTeamSilent, Why: &way})
	}
	return c.nobody(a, explain.Decision{Kind: explain.OnCallGone, Why: &way})
}

// routesToNobody reports whether who answers is a team that has nobody notified of an alert.
func (c *change) routesToNobody(a *alert.Alert, who alert.Responder) bool {
	if who.Kind != alert.Team {
		return false
	}
	t, ok := Teams.Get(c.tx, table.K().String(who.ID))
	if !ok {
		return false
	}
	routed, ok := c.rules.route(t, a)
	return ok && routed.Rule.Notify.Kind == 0
}

// ResponderOf returns who takes a turn as one who answers for alerts; the zero value of nobody.
func ResponderOf(p rota.Participant) alert.Responder {
	switch {
	case p.User != "":
		return alert.Responder{Kind: alert.User, ID: string(p.User)}
	case p.Team != "":
		return alert.Responder{Kind: alert.Team, ID: string(p.Team)}
	case p.Escalation != "":
		return alert.Responder{Kind: alert.Escalation, ID: string(p.Escalation)}
	}
	return alert.Responder{}
}
