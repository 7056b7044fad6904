package api

import (
	"context"
	"net/http"
	"time"

	"keng/hub/state"
	"keng/raftstore/table"
)

// TokenSpec is an enrolment token as it is asked for.
type TokenSpec struct {
	Uses     int
	Lifetime time.Duration
	Kind     string            // "agent", "gateway", or "" for either
	Networks []string          // CIDR; none: from anywhere
	Labels   map[string]string // of who joins with it
	Note     string            // for people
}

// tokenLifetime is how long an enrolment token is good for unless said otherwise.
const tokenLifetime = 24 * time.Hour

// createTokenIn is the question of an enrolment token, or a node token.
type createTokenIn struct{ spec TokenSpec }

func (in *createTokenIn) read(c *call) {
	in.readFor(c, tokenLifetime)
	in.spec.Networks, in.spec.Labels, in.spec.Note = c.body.texts("networks"), c.body.pairs("labels"), c.body.text("note")
	if in.spec.Kind = c.body.text("kind"); in.spec.Kind == "any" {
		in.spec.Kind = ""
	}
}

// readFor reads a token that is good for a time unless said otherwise.
func (in *createTokenIn) readFor(c *call, otherwise time.Duration) {
	in.spec.Uses = c.body.number("uses", 1)
	in.spec.Lifetime = otherwise
	if text := c.body.text("lifetime"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			c.wrong["lifetime"] = `must be a duration such as "72h" or "30m"`
		}
		in.spec.Lifetime = d
	}
}

// newToken is a token, told this once.
type newToken struct {
	Token string `json:"token"`
}

func (t *newToken) fill(e *envelope) int {
	e.Result, e.Data = "Created", t
	return http.StatusCreated
}

func (a *API) createToken(ctx context.Context, in *createTokenIn) (*newToken, error) {
	ctx, cancel := context.WithTimeout(ctx, CommandTimeout)
	defer cancel()
	token, err := a.MakeToken(ctx, in.spec)
	return &newToken{token}, err
}

type tokenRecord struct {
	ID        string            `json:"id"`
	Note      string            `json:"note,omitempty"`
	Kind      string            `json:"kind"` // agent, gateway or any
	CreatedAt moment            `json:"createdAt"`
	ExpiresAt moment            `json:"expiresAt"`
	UsesLeft  int               `json:"usesLeft"`
	Networks  []string          `json:"networks,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Revoked   bool              `json:"revoked"`
	Usable    bool              `json:"usable"` // not revoked, expired or used up
}

func (a *API) listTokens(ctx context.Context, in *rowsIn) (*page[tokenRecord], error) {
	var out *page[tokenRecord]
	now := a.Now()
	err := a.Store.View(ctx, false, func(tx table.Reader) error {
		out = rows(in, state.EnrolmentTokens(tx), func(t *state.Token) (string, tokenRecord) {
			kind := t.Kind
			if kind == "" {
				kind = "any"
			}
			return t.ID, tokenRecord{
				ID: t.ID, Note: t.Note, Kind: kind, CreatedAt: moment{t.CreatedAt}, ExpiresAt: moment{t.ExpiresAt}, UsesLeft: t.UsesLeft,
				Networks: t.Networks, Labels: t.Labels, Revoked: t.Revoked, Usable: t.Usable(now),
			}
		})
		return nil
	})
	return out, err
}

// idIn names a thing by its id.
type idIn struct{ id string }

func (in *idIn) read(c *call) { in.id = c.identifier("id") }

func revokeToken(in *idIn) state.RevokeToken { return state.RevokeToken{ID: in.id} }
