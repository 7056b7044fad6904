package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"keng/hub/core"
)

// Ref names an alert: by its id, its short number or, while it is open, its alias.
type Ref struct{ kind, value string }

// ByID names an alert by its id.
func ByID(id string) Ref { return Ref{"id", id} }

// ByAlias names the open alert that has an alias.
func ByAlias(alias string) Ref { return Ref{"alias", alias} }

// ByTiny names an alert by its short number.
func ByTiny(tiny string) Ref { return Ref{"tiny", tiny} }

func (r Ref) path(root, suffix string) string {
	return root + "/alerts/" + url.PathEscape(r.value) + suffix + "?identifierType=" + r.kind
}

// NewAlert is an alert to be created. Only Message must be set.
type NewAlert struct {
	Message     string            `json:"message"`
	Alias       string            `json:"alias,omitempty"`
	Description string            `json:"description,omitempty"`
	Responders  []Responder       `json:"responders,omitempty"`
	Tags        []string          `json:"tags,omitempty"`
	Actions     []string          `json:"actions,omitempty"`
	Details     map[string]string `json:"details,omitempty"`
	Entity      string            `json:"entity,omitempty"`
	Source      string            `json:"source,omitempty"`
	Priority    string            `json:"priority,omitempty"` // P1 to P5; default P3
	User        string            `json:"user,omitempty"`
	Note        string            `json:"note,omitempty"`
}

// Responder is who answers for an alert: a type (user, team, escalation, schedule) and
// an id, or a name, or for a user a username.
type Responder struct {
	Type     string `json:"type"`
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Username string `json:"username,omitempty"`
}

// Alert is an alert as the hub tells it. A list leaves out the last four fields.
type Alert struct {
	ID             string      `json:"id"`
	TinyID         string      `json:"tinyId"`
	Alias          string      `json:"alias"`
	Message        string      `json:"message"`
	Status         string      `json:"status"` // open or closed
	Acknowledged   bool        `json:"acknowledged"`
	Snoozed        bool        `json:"snoozed"`
	SnoozedUntil   time.Time   `json:"snoozedUntil"` // zero if it is not
	Tags           []string    `json:"tags"`
	Count          uint64      `json:"count"`
	LastOccurredAt time.Time   `json:"lastOccurredAt"`
	CreatedAt      time.Time   `json:"createdAt"`
	UpdatedAt      time.Time   `json:"updatedAt"`
	Source         string      `json:"source"`
	Owner          string      `json:"owner"`
	Priority       string      `json:"priority"`
	Responders     []Responder `json:"responders"`
	OwnerTeamID    string      `json:"ownerTeamId"`
	Report         Report      `json:"report"`

	Actions     []string          `json:"actions"`
	Entity      string            `json:"entity"`
	Description string            `json:"description"`
	Details     map[string]string `json:"details"`
}

// Report says how long it took to acknowledge and to close an alert, in milliseconds,
// and who did. Zero before.
type Report struct {
	AckTime        int64  `json:"ackTime"`
	CloseTime      int64  `json:"closeTime"`
	AcknowledgedBy string `json:"acknowledgedBy"`
	ClosedBy       string `json:"closedBy"`
}

// Request is what became of a write.
type Request struct {
	Success     bool      `json:"success"`
	Action      string    `json:"action"`
	ProcessedAt time.Time `json:"processedAt"`
	Status      string    `json:"status"`
	AlertID     string    `json:"alertId"`
	Alias       string    `json:"alias"`
}

// CreateAlert creates an alert and returns the request's id.
func (c *Client) CreateAlert(ctx context.Context, a NewAlert) (requestID string, err error) {
	r, err := c.call(ctx, http.MethodPost, "/v2/alerts", a, nil)
	return r.RequestID, err
}

// RequestStatus returns what became of a write. Since the hub answers a write after it
// has been carried out, it is known at once.
func (c *Client) RequestStatus(ctx context.Context, requestID string) (Request, error) {
	var out Request
	_, err := c.call(ctx, http.MethodGet, "/v2/alerts/requests/"+url.PathEscape(requestID), nil, &out)
	return out, err
}

// Alert returns an alert.
func (c *Client) Alert(ctx context.Context, ref Ref) (Alert, error) {
	var out Alert
	_, err := c.call(ctx, http.MethodGet, ref.path("/v2", ""), nil, &out)
	return out, err
}

// Alerts returns up to limit (at most 20,000) alerts that match a query such as
// "status: open AND acknowledged: false", newest first. An empty query matches all.
func (c *Client) Alerts(ctx context.Context, query string, limit int) ([]Alert, error) {
	const perPage = 100
	var all []Alert
	for len(all) < limit {
		params := url.Values{"offset": {strconv.Itoa(len(all))}, "limit": {strconv.Itoa(min(perPage, limit-len(all)))}}
		if query != "" {
			params.Set("query", query)
		}
		var page []Alert
		r, err := c.call(ctx, http.MethodGet, "/v2/alerts?"+params.Encode(), nil, &page)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if r.Paging.Next == "" || len(page) == 0 {
			break
		}
	}
	return all[:min(len(all), max(limit, 0))], nil
}

// Entry is a line of an alert's activity log.
type Entry struct {
	Number uint64    `json:"number"`
	At     time.Time `json:"at"`
	Type   string    `json:"type"`
	Owner  string    `json:"owner"`
	Text   string    `json:"text"`
}

// Log returns the activity log of an alert, oldest line first.
func (c *Client) Log(ctx context.Context, ref Ref) ([]Entry, error) {
	const perPage = 1000
	var all []Entry
	after := uint64(0)
	for {
		var page []Entry
		_, err := c.call(ctx, http.MethodGet, ref.path("/keng/v1", "/log")+"&after="+strconv.FormatUint(after, 10), nil, &page)
		all = append(all, page...)
		if err != nil || len(page) < perPage {
			return all, err
		}
		after = page[len(page)-1].Number
	}
}

// Delivery is a page: one attempt to reach one person by one contact.
type Delivery struct {
	ID   string `json:"id"`
	User struct {
		ID       string `json:"id"`
		Username string `json:"username"`
	} `json:"user"`
	ContactID string    `json:"contactId"`
	Kind      string    `json:"kind"` // push, voice …
	Why       string    `json:"why"`
	CreatedAt time.Time `json:"createdAt"`
	SendBy    time.Time `json:"sendBy"`
	Final     bool      `json:"final"` // nothing more will come
	// Alerts is how many alerts the page speaks of, if of several; else 0.
	Alerts int `json:"alerts"`
	// HeldUntil is, of a page that waits to be one with what else comes, until when; else zero.
	HeldUntil time.Time `json:"heldUntil"`
	Trace     []Stage   `json:"trace"`
}

// Stage is one stage of a page's life; the words are those of proto/channel.
type Stage struct {
	At         time.Time `json:"at"`
	Stage      string    `json:"stage"`
	Failure    string    `json:"failure"`
	Reply      string    `json:"reply"`
	Detail     string    `json:"detail"`
	ProviderID string    `json:"providerId"`
}

// Deliveries returns the pages of an alert with their traces, oldest first.
func (c *Client) Deliveries(ctx context.Context, ref Ref) ([]Delivery, error) {
	var out []Delivery
	_, err := c.call(ctx, http.MethodGet, ref.path("/keng/v1", "/deliveries"), nil, &out)
	return out, err
}

// Missing reports whether err says that what was asked for does not exist.
func Missing(err error) bool { return err != nil && core.KindOf(err) == core.NotFound }
