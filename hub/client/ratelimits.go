package client

import (
	"context"
	"net/http"
)

// RateLimits is how often a key may ask: as often as it likes for what is not in the list.
type RateLimits struct {
	Limits []RateLimit `json:"limits"`
}

// RateLimit is how often each key may ask for what belongs to a domain, at each node. Zero is no limit.
type RateLimit struct {
	Domain    string `json:"domain"`
	PerSecond int    `json:"perSecond,omitempty"`
	PerMinute int    `json:"perMinute,omitempty"`
}

const rateLimitsPath = "/keng/v1/rate-limits"

// RateLimits tells the rate limits. An error of kind [core.NotFound] means that there are none.
func (c *Client) RateLimits(ctx context.Context) (RateLimits, error) {
	var out RateLimits
	_, err := c.call(ctx, http.MethodGet, rateLimitsPath, nil, &out)
	return out, err
}

// PutRateLimits says what they are from now on.
func (c *Client) PutRateLimits(ctx context.Context, wanted RateLimits) (RateLimits, error) {
	var out RateLimits
	_, err := c.call(ctx, http.MethodPut, rateLimitsPath, wanted, &out)
	return out, err
}

// DeleteRateLimits says that there are none.
func (c *Client) DeleteRateLimits(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodDelete, rateLimitsPath, nil, nil)
	return err
}
