package client

import (
	"context"
	"net/http"
	"time"
)

// ZoneData is time-zone data for a cluster.
type ZoneData struct {
	Version string            `json:"version,omitempty"`
	Zones   map[string][]byte `json:"zones,omitempty"` // RFC 9636, by the zones' names
	DryRun  bool              `json:"dryRun,omitempty"`
}

// GivenZones is which time-zone data a cluster has been given, or would be, and what that
// moves.
type GivenZones struct {
	Given   bool       `json:"given"`
	Version string     `json:"version"`
	Zones   int        `json:"zones"`
	GivenAt *time.Time `json:"givenAt"`
	Moved   []Moved    `json:"moved"`
	More    int        `json:"more"`
}

// Moved is a period that is there by the old data or by the new.
type Moved struct {
	Schedule Thing  `json:"schedule"`
	Rotation string `json:"rotation"`
	Data     string `json:"data"` // old or new
	Period
}

// Zones returns which time-zone data the cluster has been given.
func (c *Client) Zones(ctx context.Context) (GivenZones, error) {
	var out GivenZones
	_, err := c.call(ctx, http.MethodGet, "/keng/v1/time-zones", nil, &out)
	return out, err
}

// PutZones gives the cluster time-zone data, or only tells what that would move.
func (c *Client) PutZones(ctx context.Context, data ZoneData) (GivenZones, error) {
	var out GivenZones
	_, err := c.call(ctx, http.MethodPut, "/keng/v1/time-zones", data, &out)
	return out, err
}
