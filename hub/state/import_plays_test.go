package state_test

import (
	"fmt"
	"strings"
	"time"

	"keng/hub/core/holiday"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// importVerbs are what plays bring in from elsewhere.
func (s *stage) importVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"beside": s.beside, "shifts": s.shifts, "importdays": s.importDays}
}

// beside SCHEDULE ROTATION WHO@FROM..TO …: shifts that come beside those of a roster.
func (s *stage) beside(args []string) error {
	k := state.PutRoster{Schedule: state.Either(args[0]), Rotation: state.Pick{Name: args[1]}, Beside: true}
	for _, a := range args[2:] {
		who, at, _ := strings.Cut(a, "@")
		from, to := s.between(at)
		k.Slots = append(k.Slots, state.RosterSlot{Who: *someone(who), Start: *from, End: *to})
	}
	_, err := do(s, k)
	return err
}

// shifts SCHEDULE FROM..TO: the final timeline.
func (s *stage) shifts(args []string) error {
	schedule, err := state.Either(args[0]).Schedule(s.tx)
	if err != nil {
		return err
	}
	from, to := s.between(args[1])
	calendar, err := state.CalendarOf(s.tx, schedule, time.LoadLocation, *from, *to)
	if err != nil {
		return err
	}
	for _, p := range calendar.Timeline(*from, *to).Final {
		s.say("%s from %s to %s", s.whoIs(rota.Participant(p.Participant)), p.Start.Sub(s.now), p.End.Sub(s.now))
	}
	return nil
}

// importdays NAME [whole] [vietnam] YYYY-MM-DD …: holidays from elsewhere.
func (s *stage) importDays(args []string) error {
	k := state.PutHolidays{Name: args[0]}
	for _, a := range args[1:] {
		switch a {
		case "whole":
			k.Whole = true
		case "vietnam", "mars":
			k.BuiltIn = a
		default:
			k.Days = append(k.Days, holiday.Day{Date: s.day(a), English: "day " + a})
		}
	}
	h, err := do(s, k)
	if err != nil {
		return err
	}
	var days []string
	for _, d := range h.Added {
		days = append(days, fmt.Sprintf("%04d-%02d-%02d", d.Date.Year, d.Date.Month, d.Date.Day))
	}
	s.say("%s begins with %q and adds %s", h.Name, h.BuiltIn, strings.Join(days, " "))
	return nil
}
