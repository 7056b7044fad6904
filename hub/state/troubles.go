package state

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// How many periods are looked at for troubles at most: of one schedule, and of all together.
const (
	troublePeriods    = rota.PeriodsMax
	allTroublePeriods = 1_000_000
)

// Troubles returns what is to be mended in all schedules in [from, to), in order of time: gaps,
// shifts of people who are away or blocked, and people who are on call in two schedules at once; of each
// schedule, and of those in two, the first [rota.TroublesMax]. A schedule of which that cannot
// be told, by its zone or since it has too many periods, is a trouble itself, and harms no other;
// so is one that is disabled, if something sends alerts to it.
func Troubles(r table.Reader, zones Zones, from, to time.Time) []rota.Trouble {
	return troubles(r, zones, nil, from, to)
}

// TroublesWith returns what would be to be mended in one schedule in [from, to) if it were as
// planned, in order of time; double bookings with others are told if it is one of them.
func TroublesWith(r table.Reader, zones Zones, planned *rota.Schedule, from, to time.Time) []rota.Trouble {
	return slices.DeleteFunc(troubles(r, zones, planned, from, to), func(t rota.Trouble) bool { return !t.Concerns(planned.ID) })
}

// troubles is as [Troubles], with one schedule as it is planned, if there is one.
func troubles(r table.Reader, zones Zones, planned *rota.Schedule, from, to time.Time) (all []rota.Trouble) {
	var away []rota.Absence
	for a := range AbsencesOf(r, "", from) {
		away = append(away, *a)
	}
	for u := range Users.All(r) {
		if u.Blocked { // nothing reaches them: as good as away for ever
			away = append(away, rota.Absence{User: u.ID, Start: from, End: to})
		}
	}
	var calendars []*rota.Calendar
	left := allTroublePeriods
	for s := range Schedules.All(r) {
		if planned != nil && s.ID == planned.ID {
			s = planned
		}
		why := ""
		calendar, err := CalendarOf(r, s, zones, from, to)
		if s.Disabled {
			by := sendsTo(r, s.ID)
			if by == "" {
				continue
			}
			why = "it is disabled, so nobody is, and " + by + " sends to it"
		} else if err != nil {
			why = "its time zone " + s.Zone + " is not known"
		} else if n := calendar.Periods(from, to, troublePeriods+1); n > min(troublePeriods, left) {
			why = fmt.Sprintf("it has more than %d periods in this time: look less far ahead", min(troublePeriods, left))
		} else {
			left -= n
		}
		if why != "" {
			all = append(all, rota.Trouble{Kind: rota.Unknown, Schedule: s.ID, Start: from, End: to, Why: why})
			continue
		}
		calendars = append(calendars, calendar)
	}
	all = append(all, rota.Troubles(calendars, from, to, away)...)
	slices.SortStableFunc(all, func(a, b rota.Trouble) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Schedule, b.Schedule))
	})
	return all
}

// sendsTo names an escalation or a team that sends alerts to a schedule, "" if none does.
func sendsTo(r table.Reader, id core.ScheduleID) string {
	schedule := alert.Responder{Kind: alert.Schedule, ID: string(id)}
	for p := range Escalations.All(r) {
		if slices.ContainsFunc(p.Rules, func(rule escalate.Rule) bool { return rule.Recipient == schedule }) {
			return "escalation " + p.Name
		}
	}
	for t := range Teams.All(r) {
		if slices.ContainsFunc(t.Rules, func(rule route.Rule) bool { return rule.Notify == schedule }) {
			return "a routing rule of team " + t.Name
		}
	}
	return ""
}
