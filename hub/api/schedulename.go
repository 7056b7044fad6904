package api

import (
	"slices"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// scheduleName names a schedule, as the key of the caller may see it: one that is bound to a team does not see
// the schedules of other teams. Those of no team it sees, as its own team may be called by them.
type scheduleName struct {
	state.Pick
	of core.TeamID // that the caller's key is bound to
}

// schedule returns which schedule the path names.
func (c *call) schedule(typeName string) scheduleName {
	return scheduleName{c.picked(typeName), c.key.Team}
}

// seen reports whether the caller may see a schedule.
func (n scheduleName) seen(s *rota.Schedule) bool {
	return n.of == "" || s.Team == "" || s.Team == n.of
}

// Schedule returns the schedule, or an error of kind NotFound or Forbidden.
func (n scheduleName) Schedule(tx reader) (*rota.Schedule, error) {
	s, err := n.Pick.Schedule(tx)
	if err == nil && !n.seen(s) {
		return nil, &core.Error{Kind: core.Forbidden, Words: "This API key is bound to a team, and the schedule is another team's."}
	}
	return s, err
}

// concerned reports whether a trouble is one of a schedule that the caller may see, be it of another one, too.
func (n scheduleName) concerned(tx reader, t *rota.Trouble) bool {
	return n.of == "" || slices.ContainsFunc(append([]core.ScheduleID{t.Schedule, t.Other}, t.More...), func(id core.ScheduleID) bool {
		s, err := state.Pick{ID: string(id)}.Schedule(tx)
		return err == nil && n.seen(s)
	})
}
