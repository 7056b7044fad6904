package api

import (
	"context"
	"iter"
	"net/http"
	"time"

	"keng/hub/state"
	"keng/raftstore/table"
)

// tokenLifetime is how long an enrolment token is good for unless said otherwise.
const tokenLifetime = 72 * time.Hour

// createTokenIn is an enrolment token as it is asked for.
type createTokenIn struct {
	uses     int // default 1
	lifetime time.Duration
}

func (in *createTokenIn) read(c *call) { in.readFor(c, tokenLifetime) }

// readFor reads a token that is good for a time unless said otherwise.
func (in *createTokenIn) readFor(c *call, otherwise time.Duration) {
	in.uses = c.body.number("uses", 1)
	in.lifetime = otherwise
	if text := c.body.text("lifetime"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			c.wrong["lifetime"] = `must be a duration such as "72h" or "30m"`
		}
		in.lifetime = d
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
	token, err := a.MakeToken(ctx, in.uses, in.lifetime)
	return &newToken{token}, err
}

// rowsIn is a page of a list of /keng/v1, which begins after the row with an id.
type rowsIn struct {
	after string
	limit int
	link  func(pairs ...string) string
}

func (in *rowsIn) read(c *call) {
	in.after, in.limit, in.link = c.query("after"), c.number("limit", 1, rowsMax, listMax), c.link
}

type tokenRecord struct {
	ID        string `json:"id"`
	CreatedAt moment `json:"createdAt"`
	ExpiresAt moment `json:"expiresAt"`
	UsesLeft  int    `json:"usesLeft"`
}

func (a *API) listTokens(ctx context.Context, in *rowsIn) (*page[tokenRecord], error) {
	var out *page[tokenRecord]
	err := a.Store.View(ctx, false, func(tx table.Reader) error {
		out = rows(in, state.EnrolmentTokens(tx), func(t *state.Token) (string, tokenRecord) {
			return t.ID, tokenRecord{ID: t.ID, CreatedAt: moment{t.CreatedAt}, ExpiresAt: moment{t.ExpiresAt}, UsesLeft: t.UsesLeft}
		})
		return nil
	})
	return out, err
}

// peerRecord is an agent or a gateway that has joined.
type peerRecord struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	JoinedAt moment `json:"joinedAt"`
	Revoked  bool   `json:"revoked"`
	Dropped  uint64 `json:"dropped"` // events that its spool had to give up
}

func (a *API) listPeers(ctx context.Context, in *rowsIn) (*page[peerRecord], error) {
	var out *page[peerRecord]
	err := a.Store.View(ctx, false, func(tx table.Reader) error {
		out = rows(in, state.Peers.All(tx), func(p *state.Peer) (string, peerRecord) {
			return p.ID, peerRecord{ID: p.ID, Kind: p.Kind, Name: p.Name, JoinedAt: moment{p.JoinedAt}, Revoked: p.Revoked, Dropped: p.Dropped}
		})
		return nil
	})
	return out, err
}

// rows makes a page of rows that come in the order of their ids.
func rows[R, T any](in *rowsIn, all iter.Seq[*R], tell func(*R) (id string, t T)) *page[T] {
	out := &page[T]{paging: &paging{First: in.link("after", "")}}
	last := ""
	for row := range all {
		id, t := tell(row)
		if id <= in.after && in.after != "" {
			continue
		}
		if len(out.of) == in.limit {
			out.paging.Next = in.link("after", last)
			break
		}
		out.of, last = append(out.of, t), id
	}
	return out
}
