package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Rehearsal asks who would be paged if an alert came.
type Rehearsal struct {
	// Alert is a JSON object as for POST /v2/alerts.
	Alert json.RawMessage `json:"alert"`
	// Integration is by whose rules, an id or a name; empty: that of the client's key.
	Integration string `json:"integration,omitempty"`
	// At is when it comes; zero: now.
	At time.Time `json:"at,omitzero"`
	// For and AckAfter are durations such as 90m; empty: a day, and nobody acknowledges.
	For      string `json:"for,omitempty"`
	AckAfter string `json:"ackAfter,omitempty"`
	// Fail are kinds of contact that are assumed to be broken.
	Fail []string `json:"fail,omitempty"`
}

// Rehearsed is what would happen.
type Rehearsed struct {
	At     time.Time       `json:"at"`
	Until  time.Time       `json:"until"`
	Status string          `json:"status"`       // of the request to create the alert
	TinyID uint64          `json:"tinyId"`       // of the open alert that would occur again; 0: it would be new
	Parent uint64          `json:"parentTinyId"` // under which it would come; 0: none
	Steps  []RehearsedStep `json:"steps"`
	End    string          `json:"end"`
	EndAt  time.Time       `json:"endAt"`
	Why    string          `json:"why"`
}

// RehearsedStep is a page, or a line of the activity log.
type RehearsedStep struct {
	At     time.Time      `json:"at"`
	Offset float64        `json:"offset"` // seconds since the alert came
	Type   string         `json:"type"`   // page or log
	Log    string         `json:"log,omitempty"`
	LogVi  string         `json:"logVi,omitempty"`
	Owner  string         `json:"owner,omitempty"`
	Page   *RehearsedPage `json:"page,omitempty"`
}

// RehearsedPage is a page that would go out.
type RehearsedPage struct {
	User struct {
		Type     string `json:"type"`
		ID       string `json:"id"`
		Username string `json:"username"`
	} `json:"user"`
	FullName string         `json:"fullName"`
	TimeZone string         `json:"timeZone"`
	Contact  string         `json:"contactId"`
	Kind     string         `json:"kind"`
	To       string         `json:"to"`
	Why      string         `json:"why"`
	WhyVi    string         `json:"whyVi"`
	Alerts   int            `json:"alerts"`
	HeldFrom time.Time      `json:"heldFrom,omitzero"`
	Assumed  *RehearsedFate `json:"assumed,omitempty"` // nil: it is under way at the end
}

// RehearsedFate is what is assumed to become of a page.
type RehearsedFate struct {
	At      time.Time `json:"at"`
	Stage   string    `json:"stage"`
	Failure string    `json:"failure,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// Rehearse asks who would be paged, when, by what and why.
func (c *Client) Rehearse(ctx context.Context, r Rehearsal) (Rehearsed, error) {
	var out Rehearsed
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/rehearsals", r, &out)
	return out, err
}
