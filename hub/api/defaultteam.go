package api

import (
	routing "keng/hub/core/route"
	"keng/hub/state"
)

// defaultTeamRoutes are the operations on the team that answers for what names nobody.
func defaultTeamRoutes() []route {
	const path = "/keng/v1/default-team"
	return []route{
		{"GET", path, state.Read, true, configurationDomain, tell(getDefaultTeam)},
		{"PUT", path, state.Configure, true, configurationDomain, change(putDefaultTeam, defaultTeamPut)},
		{"DELETE", path, state.Configure, true, configurationDomain, change(deleteDefaultTeam, deleted[routing.Team])},
	}
}

// defaultTeamIn says which team it is to be.
type defaultTeamIn struct {
	asker
	team *state.Pick
}

func (in *defaultTeamIn) read(c *call) {
	in.asker = c.asker()
	if c.r.Method != "PUT" {
		return
	}
	if in.team = c.body.saidPick("team"); in.team == nil {
		c.wrong["team"] = "must say which team it is"
	}
}

// defaultTeamRecord is the default team as replies tell it.
type defaultTeamRecord struct {
	Team thing `json:"team"`
}

func getDefaultTeam(tx reader, _ *defaultTeamIn) (defaultTeamRecord, error) {
	t, err := state.DefaultTeamOf(tx)
	if err != nil {
		return defaultTeamRecord{}, err
	}
	return defaultTeamRecord{thing{ID: string(t.ID), Name: t.Name}}, nil
}

func putDefaultTeam(in *defaultTeamIn) state.PutDefaultTeam {
	return state.PutDefaultTeam{Team: in.team}
}

func defaultTeamPut(t routing.Team) *written {
	return updated(defaultTeamRecord{thing{ID: string(t.ID), Name: t.Name}})
}

func deleteDefaultTeam(*defaultTeamIn) state.PutDefaultTeam { return state.PutDefaultTeam{} }
