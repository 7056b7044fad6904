package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Token is an enrolment token, without its secret.
type Token struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	UsesLeft  int       `json:"usesLeft"`
}

// Peer is an agent or a gateway that has joined.
type Peer struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"` // agent or gateway
	Name     string    `json:"name"`
	JoinedAt time.Time `json:"joinedAt"`
	Revoked  bool      `json:"revoked"`
	Dropped  uint64    `json:"dropped"` // events that its spool had to give up
}

// CreateToken makes an enrolment token for agents and gateways. This is the only time
// that it is told.
func (c *Client) CreateToken(ctx context.Context, uses int, lifetime time.Duration) (string, error) {
	var out struct {
		Token string `json:"token"`
	}
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/tokens", map[string]any{"uses": uses, "lifetime": lifetime.String()}, &out)
	return out.Token, err
}

// Tokens returns all enrolment tokens.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	return everyRow(ctx, c, "/keng/v1/tokens", func(t Token) string { return t.ID })
}

// Peers returns all agents and gateways that have joined.
func (c *Client) Peers(ctx context.Context) ([]Peer, error) {
	return everyRow(ctx, c, "/keng/v1/peers", func(p Peer) string { return p.ID })
}

// everyRow reads a list of /keng/v1 to its end.
func everyRow[T any](ctx context.Context, c *Client, path string, id func(T) string) ([]T, error) {
	var all []T
	query := url.Values{"limit": {"1000"}}
	for {
		var page []T
		r, err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &page)
		all = append(all, page...)
		if err != nil || r.Paging.Next == "" || len(page) == 0 {
			return all, err
		}
		query.Set("after", id(page[len(page)-1]))
	}
}
