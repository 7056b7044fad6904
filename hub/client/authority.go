package client

import (
	"context"
	"net/http"
	"time"
)

// Authority is the cluster's certificate authority, and how far a change of it is. An
// authority is named by the SHA-256 of its certificate, in hexadecimal digits.
type Authority struct {
	Present string     `json:"present"`
	Next    string     `json:"next,omitempty"`  // takes its place, while it is being changed
	Since   *time.Time `json:"since,omitempty"` // when the stage began
	Stage   string     `json:"stage"`           // steady, changing or retiring
	Nodes   []string   `json:"nodesBehind,omitempty"`
	Peers   int        `json:"peersBehind"`
	Some    []string   `json:"somePeersBehind,omitempty"`
}

// Authority tells of the certificate authority.
func (c *Client) Authority(ctx context.Context) (Authority, error) {
	var out Authority
	_, err := c.call(ctx, http.MethodGet, "/keng/v1/cluster/authority", nil, &out)
	return out, err
}

// RotateAuthority begins to change the authority, or finishes that.
func (c *Client) RotateAuthority(ctx context.Context, finish, force bool) (Authority, error) {
	var out Authority
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/cluster/authority", map[string]bool{"finish": finish, "force": force}, &out)
	return out, err
}
