package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"keng/hub/core"
)

// NewIntegration says what an integration is to be. What its key may do that is nil is as the hub has it.
type NewIntegration struct {
	Type       string  `json:"type"`
	Name       string  `json:"name"`
	OwnerTeam  *Thing  `json:"ownerTeam,omitempty"`
	Responders []Party `json:"responders,omitempty"`
	Read       *bool   `json:"allowReadAccess,omitempty"`
	Write      *bool   `json:"allowWriteAccess,omitempty"`
	Delete     *bool   `json:"allowDeleteAccess,omitempty"`
	Configure  *bool   `json:"allowConfigurationAccess,omitempty"`
}

// Integration is how a tool is let in.
type Integration struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Enabled bool   `json:"enabled"`
	TeamID  string `json:"teamId,omitempty"`
}

// IntegrationDetail is an integration with what its key may do.
type IntegrationDetail struct {
	Integration
	OwnerTeam  *Thing  `json:"ownerTeam,omitempty"`
	Responders []Party `json:"responders"`
	Read       bool    `json:"allowReadAccess"`
	Write      bool    `json:"allowWriteAccess"`
	Delete     bool    `json:"allowDeleteAccess"`
	Configure  bool    `json:"allowConfigurationAccess"`
}

// KeyedIntegration is an integration with its key, which the hub tells once.
type KeyedIntegration struct {
	Integration
	Key string `json:"apiKey"`
}

const integrationsPath = "/v2/integrations"

func integrationPath(id string) string { return integrationsPath + "/" + url.PathEscape(id) }

// CreateIntegration makes an integration and its key.
func (c *Client) CreateIntegration(ctx context.Context, wanted NewIntegration) (KeyedIntegration, error) {
	var out KeyedIntegration
	_, err := c.call(ctx, http.MethodPost, integrationsPath, wanted, &out)
	return out, err
}

// Integrations returns all integrations, in the order of their names.
func (c *Client) Integrations(ctx context.Context) ([]Integration, error) {
	var out []Integration
	_, err := c.call(ctx, http.MethodGet, integrationsPath, nil, &out)
	return out, err
}

// IntegrationNamed returns the integration of a name or an id, or an error of kind [core.NotFound].
func (c *Client) IntegrationNamed(ctx context.Context, which string) (Integration, error) {
	all, err := c.Integrations(ctx)
	if err != nil {
		return Integration{}, err
	}
	for _, i := range all {
		if i.Name == which || i.ID == which {
			return i, nil
		}
	}
	return Integration{}, &core.Error{Kind: core.NotFound, Words: fmt.Sprintf("there is no integration %q", which)}
}

// Integration returns an integration.
func (c *Client) Integration(ctx context.Context, id string) (IntegrationDetail, error) {
	var out IntegrationDetail
	_, err := c.call(ctx, http.MethodGet, integrationPath(id), nil, &out)
	return out, err
}

// IntegrationActions returns what becomes of what comes in, as the API tells it, by kind.
func (c *Client) IntegrationActions(ctx context.Context, id string) (map[string]json.RawMessage, error) {
	var out map[string]json.RawMessage
	_, err := c.call(ctx, http.MethodGet, integrationPath(id)+"/actions", nil, &out)
	return out, err
}

// EnableIntegration lets the tool of an integration in, or keeps it out.
func (c *Client) EnableIntegration(ctx context.Context, id string, on bool) error {
	word := map[bool]string{true: "/enable", false: "/disable"}[on]
	_, err := c.call(ctx, http.MethodPost, integrationPath(id)+word, nil, nil)
	return err
}

// DeleteIntegration deletes an integration and its key.
func (c *Client) DeleteIntegration(ctx context.Context, id string) error {
	_, err := c.call(ctx, http.MethodDelete, integrationPath(id), nil, nil)
	return err
}

// RenewKey gives an integration another key. The one that it had is good for nothing at once.
func (c *Client) RenewKey(ctx context.Context, id string) (KeyedIntegration, error) {
	var out KeyedIntegration
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/integrations/"+url.PathEscape(id)+"/key", nil, &out)
	return out, err
}
