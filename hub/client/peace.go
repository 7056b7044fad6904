package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Peace is when a person is not paged.
type Peace struct {
	Username   string     `json:"username"`
	TimeZone   string     `json:"timeZone"`
	MutedUntil *time.Time `json:"mutedUntil,omitempty"` // nil: not muted
}

// Peace tells when a person, by username or id, is not paged.
func (c *Client) Peace(ctx context.Context, user string) (p Peace, err error) {
	_, err = c.call(ctx, http.MethodGet, "/v2/users/"+url.PathEscape(user), nil, &p)
	return p, err
}

// Mute has a person, by username or id, not paged until a moment; nil ends that.
func (c *Client) Mute(ctx context.Context, user string, until *time.Time) error {
	_, err := c.call(ctx, http.MethodPatch, "/v2/users/"+url.PathEscape(user), map[string]*time.Time{"mutedUntil": until}, nil)
	return err
}
