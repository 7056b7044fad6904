package client

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Reachability is how well a person can be reached.
type Reachability struct {
	User struct {
		ID       string `json:"id"`
		Username string `json:"username"`
	} `json:"user"`
	Standing string        `json:"standing"` // unreachable, quiet, unproven or proven
	Contacts []ContactMark `json:"contacts"`
	Canary   *Canary       `json:"canary,omitempty"`
}

// ContactMark is how much a contact can be relied on, and why.
type ContactMark struct {
	ID          string     `json:"id"`
	Method      string     `json:"method"`
	To          string     `json:"to"`
	Loud        bool       `json:"loud"`
	Grade       string     `json:"grade"` // disabled, dead, failing, unanswered, unproven or proven
	Verified    bool       `json:"verified"`
	VerifiedAt  *time.Time `json:"verifiedAt,omitempty"`
	LastProof   *Proof     `json:"lastProof,omitempty"`
	LastFailure *Proof     `json:"lastFailure,omitempty"`
}

// Proof is what happened to a page: that it was accepted, delivered or answered, or why it failed.
type Proof struct {
	At  time.Time `json:"at"`
	How string    `json:"how"`
}

// Canary is a person's daily test.
type Canary struct {
	By      string     `json:"by"` // a method; to set it also the id of a contact
	Contact string     `json:"contactId,omitempty"`
	Hour    int        `json:"hour"` // by the person's zone
	Days    []string   `json:"days"` // empty: every day
	Next    *time.Time `json:"nextAt,omitempty"`
	LastAt  *time.Time `json:"lastAt,omitempty"`
	Last    string     `json:"last,omitempty"` // what became of it
}

// SentCode tells that a code was sent to a contact.
type SentCode struct {
	Contact string    `json:"contactId"`
	Method  string    `json:"method"`
	To      string    `json:"to"`
	Notice  string    `json:"noticeId"`
	Expires time.Time `json:"expires"`
}

// standings are the words for how well people can be reached, the worst first.
var standings = []string{"unreachable", "quiet", "unproven", "proven"}

// AllReachability returns how well people can be reached: the worst first, and then by their usernames.
func (c *Client) AllReachability(ctx context.Context) ([]Reachability, error) {
	all, err := everyRow(ctx, c, "/keng/v1/reachability", func(r Reachability) string { return r.User.ID })
	slices.SortFunc(all, func(a, b Reachability) int {
		return cmp.Or(cmp.Compare(slices.Index(standings, a.Standing), slices.Index(standings, b.Standing)), cmp.Compare(a.User.Username, b.User.Username))
	})
	return all, err
}

// Reachability returns how well a person can be reached.
func (c *Client) Reachability(ctx context.Context, user string) (out Reachability, err error) {
	_, err = c.call(ctx, http.MethodGet, personPath(user)+"/reachability", nil, &out)
	return out, err
}

// SendCode has a code sent to a contact.
func (c *Client) SendCode(ctx context.Context, user, contact string) (out SentCode, err error) {
	_, err = c.call(ctx, http.MethodPost, verificationPath(user, contact), nil, &out)
	return out, err
}

// ConfirmContact says the code that was sent to a contact. A wrong one is an error.
func (c *Client) ConfirmContact(ctx context.Context, user, contact, code string) error {
	_, err := c.call(ctx, http.MethodPost, verificationPath(user, contact)+"/confirm", map[string]string{"code": code}, nil)
	return err
}

// PutCanary has a person tested daily.
func (c *Client) PutCanary(ctx context.Context, user string, canary Canary) (out Canary, err error) {
	_, err = c.call(ctx, http.MethodPut, personPath(user)+"/canary", map[string]any{"by": canary.By, "hour": canary.Hour, "days": canary.Days}, &out)
	return out, err
}

// DeleteCanary has a person tested no more.
func (c *Client) DeleteCanary(ctx context.Context, user string) error {
	_, err := c.call(ctx, http.MethodDelete, personPath(user)+"/canary", nil, nil)
	return err
}

func personPath(user string) string { return "/keng/v1/users/" + url.PathEscape(user) }

func verificationPath(user, contact string) string {
	return personPath(user) + "/contacts/" + url.PathEscape(contact) + "/verification"
}
