package state

import (
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// PutDefaultTeam says which team answers for what names nobody: that agents are silent or have lost events, and
// their checks that name no team. Nil: none, so the only one if there is one alone.
type PutDefaultTeam struct {
	Team *Pick `cbor:"1,keyasint,omitempty"`
}

func (PutDefaultTeam) number() number { return putDefaultTeam }

func (k PutDefaultTeam) apply(c *change) (route.Team, error) {
	row, ok := GetCluster(c.tx)
	switch {
	case !ok:
		return route.Team{}, &core.Error{Kind: core.Conflict, Words: "The cluster has not been founded yet."}
	case k.Team == nil && row.DefaultTeam == "":
		return route.Team{}, errNoDefaultTeam
	case k.Team == nil:
		row.DefaultTeam = ""
		return route.Team{}, Clusters.Put(c.tx, row)
	}
	t, err := k.Team.Team(c.tx)
	if err != nil {
		wrong := faults{}
		wrong.missing("team", err)
		return route.Team{}, wrong.err()
	}
	row.DefaultTeam = t.ID
	return *t, Clusters.Put(c.tx, row)
}

var errNoDefaultTeam = &core.Error{Kind: core.NotFound, Words: "There is no default team."}

// DefaultTeamOf returns the team that the cluster names as its default team.
func DefaultTeamOf(r table.Reader) (*route.Team, error) {
	if row, ok := GetCluster(r); ok && row.DefaultTeam != "" {
		if t, ok := Teams.Get(r, table.K().String(string(row.DefaultTeam))); ok {
			return t, nil
		}
	}
	return nil, errNoDefaultTeam
}

// defaultTeam returns the team that answers when nobody was named: the one that the
// cluster names, else the only one there is.
func defaultTeam(r table.Reader) (alert.Responder, bool) {
	if row, ok := GetCluster(r); ok && row.DefaultTeam != "" {
		return alert.Responder{Kind: alert.Team, ID: string(row.DefaultTeam)}, true
	}
	var only alert.Responder
	for team := range Teams.All(r) {
		if only.ID != "" {
			return alert.Responder{}, false
		}
		only = alert.Responder{Kind: alert.Team, ID: string(team.ID)}
	}
	return only, only.ID != ""
}
