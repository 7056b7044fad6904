package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// TokenSpec says what an enrolment token is to be. The zero value is a token for one agent
// or gateway, from anywhere, for a day.
type TokenSpec struct {
	Uses     int               `json:"uses,omitempty"`
	Lifetime Lifetime          `json:"lifetime,omitempty"`
	Kind     string            `json:"kind,omitempty"`     // agent, gateway or any
	Networks []string          `json:"networks,omitempty"` // CIDR; none: anywhere
	Labels   map[string]string `json:"labels,omitempty"`   // of who joins with it
	Note     string            `json:"note,omitempty"`     // for people
}

// Lifetime is a time.Duration as the API writes it: "24h0m0s".
type Lifetime time.Duration

// MarshalText writes it.
func (l Lifetime) MarshalText() ([]byte, error) { return []byte(time.Duration(l).String()), nil }

// Token is an enrolment token, without its secret.
type Token struct {
	ID        string            `json:"id"`
	Note      string            `json:"note,omitempty"`
	Kind      string            `json:"kind"` // agent, gateway or any
	CreatedAt time.Time         `json:"createdAt"`
	ExpiresAt time.Time         `json:"expiresAt"`
	UsesLeft  int               `json:"usesLeft"`
	Networks  []string          `json:"networks,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Revoked   bool              `json:"revoked"`
	Usable    bool              `json:"usable"` // not revoked, expired or used up
}

// Peer is an agent or a gateway that has joined.
type Peer struct {
	ID               string            `json:"id"`
	Kind             string            `json:"kind"` // agent or gateway
	Name             string            `json:"name"`
	Labels           map[string]string `json:"labels,omitempty"`
	JoinedAt         time.Time         `json:"joinedAt"`
	CertificateUntil *time.Time        `json:"certificateUntil,omitempty"` // nil for one in a hub's own process
	Revoked          bool              `json:"revoked"`
	RevokedAt        *time.Time        `json:"revokedAt,omitempty"`
	Reason           string            `json:"reason,omitempty"`     // of the revocation
	Dropped          uint64            `json:"dropped"`              // events that its spool had to give up
	Connection       *Connection       `json:"connection,omitempty"` // nil if not to the node that was asked
}

// Connection is how a peer is connected to the node that was asked.
type Connection struct {
	Since    time.Time `json:"since"`
	Address  string    `json:"address"`
	Software string    `json:"software,omitempty"`
}

// CreateToken makes an enrolment token for agents and gateways. This is the only time
// that it is told.
func (c *Client) CreateToken(ctx context.Context, wanted TokenSpec) (string, error) {
	var out struct {
		Token string `json:"token"`
	}
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/tokens", wanted, &out)
	return out.Token, err
}

// Tokens returns all enrolment tokens.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	return everyRow(ctx, c, "/keng/v1/tokens", func(t Token) string { return t.ID })
}

// RevokeToken makes a token useless. Who has joined with it stays.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	_, err := c.call(ctx, http.MethodDelete, "/keng/v1/tokens/"+url.PathEscape(id), nil, nil)
	return err
}

// Peers returns all agents and gateways that have joined.
func (c *Client) Peers(ctx context.Context) ([]Peer, error) {
	return everyRow(ctx, c, "/keng/v1/peers", func(p Peer) string { return p.ID })
}

// RevokePeer puts an agent or a gateway out for good. The reason, at most 200 characters, is
// told to the machine as well.
func (c *Client) RevokePeer(ctx context.Context, id, reason string) error {
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/peers/"+url.PathEscape(id)+"/revoke", map[string]string{"reason": reason}, nil)
	return err
}

// RenamePeer gives an agent or a gateway another name, for people.
func (c *Client) RenamePeer(ctx context.Context, id, name string) error {
	_, err := c.call(ctx, http.MethodPatch, "/keng/v1/peers/"+url.PathEscape(id), map[string]string{"name": name}, nil)
	return err
}

// everyRow reads a list of /keng/v1 to its end.
func everyRow[T any](ctx context.Context, c *Client, path string, id func(T) string) ([]T, error) {
	all := []T{}
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
