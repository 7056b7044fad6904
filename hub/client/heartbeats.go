package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// NewHeartbeat is a sign of life to be awaited.
type NewHeartbeat struct {
	Name     string `json:"name"`
	Interval int    `json:"interval"`
	Unit     string `json:"intervalUnit"` // minutes, hours or days
}

// Heartbeat is a sign of life that is awaited.
type Heartbeat struct {
	NewHeartbeat
	Enabled  bool      `json:"enabled"`
	Expired  bool      `json:"expired"`
	LastPing time.Time `json:"lastPingTime"` // the last that is written; zero: none ever was
}

func heartbeatPath(name string) string { return "/v2/heartbeats/" + url.PathEscape(name) }

// CreateHeartbeat makes a heartbeat. Its first ping starts the timer.
func (c *Client) CreateHeartbeat(ctx context.Context, h NewHeartbeat) error {
	_, err := c.call(ctx, http.MethodPost, "/v2/heartbeats", h, nil)
	return err
}

// Heartbeat returns one heartbeat.
func (c *Client) Heartbeat(ctx context.Context, name string) (Heartbeat, error) {
	var out Heartbeat
	_, err := c.call(ctx, http.MethodGet, heartbeatPath(name), nil, &out)
	return out, err
}

// PingHeartbeat pings a heartbeat, if there is one of the name.
func (c *Client) PingHeartbeat(ctx context.Context, name string) error {
	_, err := c.call(ctx, http.MethodPost, heartbeatPath(name)+"/ping", nil, nil)
	return err
}
