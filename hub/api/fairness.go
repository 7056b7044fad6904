package api

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// fairnessUsual is how far back it is looked, unless said otherwise.
const fairnessUsual = 12 * 7 * 24 * time.Hour

// fairnessIn asks how much each person is on call in a time.
type fairnessIn struct {
	schedule scheduleName // of the path, if it names one
	team     string
	from, to time.Time
}

func (in *fairnessIn) read(c *call) {
	in.schedule, in.team = c.schedule("identifierType"), c.query("team")
	in.from, in.to = c.moment("from"), c.moment("to")
}

// span returns the time that is asked for: by default the weeks up to now.
func (in *fairnessIn) span(now time.Time) (from, to time.Time, err error) {
	from, to = in.from.UTC(), in.to.UTC()
	if in.to.IsZero() {
		if to = now.UTC(); !in.from.IsZero() && !from.Before(to) {
			to = from.Add(fairnessUsual)
		}
	}
	if in.from.IsZero() {
		from = to.Add(-fairnessUsual)
	}
	switch {
	case !to.After(from):
		return from, to, core.Invalid("to", "must be after from")
	case to.Sub(from) > timelineMax:
		return from, to, core.Invalid("to", "must be at most 366 days after from")
	case from.Year() < 1970 || to.Year() > 2200:
		return from, to, core.Invalid("from", "must be in the years 1970 to 2200")
	}
	return from, to, nil
}

// fairness is how much people are on call, as replies tell it.
type fairness struct {
	StartDate moment   `json:"startDate"`
	EndDate   moment   `json:"endDate"`
	Schedules []thing  `json:"schedules"`
	People    []burden `json:"people"` // who has the most hours first
}

// burden is how much one person is on call, in hours.
type burden struct {
	User     someone `json:"user"`
	Hours    float64 `json:"hours"`
	Nights   float64 `json:"nights"`
	Weekends float64 `json:"weekends"`
	Holidays float64 `json:"holidays"`
}

func (a *API) scheduleFairness(ctx context.Context, in *fairnessIn) (*data[fairness], error) {
	return a.fairness(ctx, in, func(tx reader) ([]*rota.Schedule, error) {
		s, err := in.schedule.Schedule(tx)
		return []*rota.Schedule{s}, err
	})
}

// teamFairness adds up the schedules of a team, or all.
func (a *API) teamFairness(ctx context.Context, in *fairnessIn) (*data[fairness], error) {
	return a.fairness(ctx, in, func(tx reader) (list []*rota.Schedule, err error) {
		var team core.TeamID
		if in.team != "" {
			t, err := state.Either(in.team).Team(tx)
			if err != nil {
				return nil, core.Invalid("team", err.Error())
			}
			team = t.ID
		}
		for s := range state.Schedules.All(tx) {
			if (team == "" || s.Team == team) && in.schedule.seen(s) {
				list = append(list, s)
			}
		}
		return list, nil
	})
}

// fairness tells how much people are on call in some schedules together.
func (a *API) fairness(ctx context.Context, in *fairnessIn, which func(reader) ([]*rota.Schedule, error)) (*data[fairness], error) {
	var out data[fairness]
	from, to, err := in.span(a.Now())
	if err != nil {
		return nil, err
	}
	err = a.look(ctx, func(tx reader) error {
		schedules, err := which(tx)
		if err != nil {
			return err
		}
		out.of = fairness{StartDate: moment{from}, EndDate: moment{to}, Schedules: []thing{}, People: []burden{}}
		sum := map[core.UserID]rota.Load{}
		left := loadsMax
		for _, s := range schedules {
			out.of.Schedules = append(out.of.Schedules, thing{ID: string(s.ID), Name: s.Name})
			calendar, err := state.CalendarOf(tx, s, a.zones.In(tx), from, to)
			if err != nil {
				return core.Invalid("schedule", err.Error())
			}
			n := calendar.Periods(from, to, left)
			if left -= n; left <= 0 {
				return core.Invalid("to", fmt.Sprintf("there are more than %d periods: ask for a shorter time", loadsMax))
			}
			addLoads(sum, calendar, from, to)
		}
		for user, load := range sum {
			out.of.People = append(out.of.People, burden{*personOf(tx, user), hours(load.OnCall), hours(load.Nights), hours(load.Weekends), hours(load.Holidays)})
		}
		slices.SortFunc(out.of.People, func(a, b burden) int {
			return cmp.Or(-cmp.Compare(a.Hours, b.Hours), cmp.Compare(a.User.Username, b.User.Username), cmp.Compare(a.User.ID, b.User.ID))
		})
		return nil
	})
	return &out, err
}

// loadsMax bounds how many periods are added up for one answer.
const loadsMax = 100_000

// addLoads adds up how much each person is on call, those of the schedule too who never are.
func addLoads(sum map[core.UserID]rota.Load, c *rota.Calendar, from, to time.Time) {
	for _, user := range c.Schedule.People() {
		sum[user] = sum[user]
	}
	for user, load := range c.Loads(from, to) {
		all := sum[user]
		all.OnCall += load.OnCall
		all.Nights += load.Nights
		all.Weekends += load.Weekends
		all.Holidays += load.Holidays
		sum[user] = all
	}
}

// hours returns a length of time in hours, to the hundredth.
func hours(d time.Duration) float64 { return math.Round(d.Hours()*100) / 100 }
