package client

import (
	"context"
	"net/http"
)

// teamOnly is how the API tells the default team.
type teamOnly struct {
	Team Thing `json:"team"`
}

const defaultTeamPath = "/keng/v1/default-team"

// DefaultTeam tells which team answers for what names nobody. An error of kind [core.NotFound] means that none is named.
func (c *Client) DefaultTeam(ctx context.Context) (Thing, error) {
	var out teamOnly
	_, err := c.call(ctx, http.MethodGet, defaultTeamPath, nil, &out)
	return out.Team, err
}

// PutDefaultTeam names it, by its id or its name.
func (c *Client) PutDefaultTeam(ctx context.Context, team string) (Thing, error) {
	var out teamOnly
	_, err := c.call(ctx, http.MethodPut, defaultTeamPath, teamOnly{Thing{team, team}}, &out)
	return out.Team, err
}

// DeleteDefaultTeam says that none is.
func (c *Client) DeleteDefaultTeam(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodDelete, defaultTeamPath, nil, nil)
	return err
}
