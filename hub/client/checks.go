package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// CheckList is a list of checks that the hub has for the agents that its labels choose.
type CheckList struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"` // none: every agent
	// Checks are objects with the keys of agent.yaml.
	Checks    []json.RawMessage `json:"checks"`
	Version   uint64            `json:"version"`
	ChangedAt time.Time         `json:"changedAt"`
}

// AgentChecks says which lists of checks choose an agent, and whether it uses the newest.
type AgentChecks struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
	Lists     []string          `json:"lists"`
	Conflicts []string          `json:"conflicts"` // sentences
	Version   string            `json:"version"`   // that it should use
	InUse     string            `json:"inUse"`     // that it uses
	UpToDate  bool              `json:"upToDate"`
	Problem   string            `json:"problem"` // why it does not use the newest
	Dropped   uint64            `json:"dropped"` // events that its spool had to give up
}

// CheckLists returns all lists of checks.
func (c *Client) CheckLists(ctx context.Context) ([]CheckList, error) {
	return everyRow(ctx, c, "/keng/v1/checks", func(l CheckList) string { return l.Name })
}

func checksPath(name string) string { return "/keng/v1/checks/" + url.PathEscape(name) }

// CheckList returns one list of checks.
func (c *Client) CheckList(ctx context.Context, name string) (CheckList, error) {
	var out CheckList
	_, err := c.call(ctx, http.MethodGet, checksPath(name), nil, &out)
	return out, err
}

// PutCheckList makes a list of checks, or replaces it. The checks are YAML, as in
// agent.yaml below "checks".
func (c *Client) PutCheckList(ctx context.Context, name string, labels map[string]string, checks string) (CheckList, error) {
	var out CheckList
	_, err := c.call(ctx, http.MethodPut, checksPath(name), map[string]any{"labels": labels, "checks": checks}, &out)
	return out, err
}

// DeleteCheckList deletes a list of checks.
func (c *Client) DeleteCheckList(ctx context.Context, name string) error {
	_, err := c.call(ctx, http.MethodDelete, checksPath(name), nil, nil)
	return err
}

// AgentsChecks returns, for every agent, which lists choose it and what it uses.
func (c *Client) AgentsChecks(ctx context.Context) ([]AgentChecks, error) {
	return everyRow(ctx, c, "/keng/v1/agents/checks", func(a AgentChecks) string { return a.ID })
}
