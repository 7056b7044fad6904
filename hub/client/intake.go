package client

import (
	"context"
	"net/http"
	"net/url"
)

// ToolTrial is what would become of what a tool sends in a format of its own.
type ToolTrial struct {
	Format          string      `json:"format"`
	IntegrationType string      `json:"integrationType"`
	Verified        bool        `json:"verified"`
	Inputs          []ToolInput `json:"inputs"`
	More            int         `json:"more"`
}

// ToolInput is what would become of one thing that a body says.
type ToolInput struct {
	Event   string            `json:"event"`
	Fields  map[string]string `json:"fields"`
	Action  string            `json:"action"` // "": nothing would be done
	Reason  string            `json:"reason"`
	Alias   string            `json:"alias"`
	AlertID string            `json:"alertId"`
	Alert   *ToolAlert        `json:"alert,omitempty"`
	User    string            `json:"user,omitempty"`
	Note    string            `json:"note,omitempty"`
	Missing []string          `json:"missing,omitempty"`
}

// ToolAlert is the alert that would be.
type ToolAlert struct {
	Message     string            `json:"message"`
	Description string            `json:"description"`
	Priority    string            `json:"priority"`
	Source      string            `json:"source"`
	Entity      string            `json:"entity"`
	Tags        []string          `json:"tags"`
	Details     map[string]string `json:"details"`
	Responders  []Responder       `json:"responders"`
}

// TryTool tells what would become of a body in the format of a tool, such as "nagios". Nothing
// is changed.
func (c *Client) TryTool(ctx context.Context, format string, body []byte) (ToolTrial, error) {
	var out ToolTrial
	path := url.URL{Path: "/keng/v1/intake/" + format + "/test"} // a format may have slashes
	_, err := c.call(ctx, http.MethodPost, path.EscapedPath(), file(body), &out)
	return out, err
}
