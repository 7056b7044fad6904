package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Explanation says why people were paged for an alert, or were not, and what comes next.
type Explanation struct {
	AlertID     string            `json:"alertId"`
	TinyID      string            `json:"tinyId"`
	Language    string            `json:"language"`
	State       Decision          `json:"state"`
	Under       *Decision         `json:"under,omitempty"`
	StandsFor   *Decision         `json:"standsFor,omitempty"`
	PageCount   int               `json:"pageCount"`
	People      []ExplainedPerson `json:"people"`
	Decisions   []Decision        `json:"decisions"`
	Next        []Decision        `json:"next"`
	NothingNext *Decision         `json:"nothingNext,omitempty"`
	Lines       []string          `json:"lines"` // all of it, to be read
}

// Decision is something that was decided, or is to come, with its sentence.
type Decision struct {
	Kind  string         `json:"kind"`
	At    *time.Time     `json:"at,omitempty"`
	Until *time.Time     `json:"until,omitempty"`
	User  *ExplainedUser `json:"user,omitempty"`
	Why   *Way           `json:"why,omitempty"`
	Text  string         `json:"text"`
}

// ExplainedPerson is somebody whom an alert concerns, with the pages and, of one who was not
// paged, why not.
type ExplainedPerson struct {
	User  ExplainedUser `json:"user"`
	Paged bool          `json:"paged"` // there is a page that did not fail
	// Tried is how many pages went or are to go, Failed how many of them ended without reaching
	// the person, and Withdrawn how many more were taken back before they went.
	Tried     int             `json:"tried"`
	Failed    int             `json:"failed"`
	Withdrawn int             `json:"withdrawn"`
	Text      string          `json:"text"`
	Pages     []ExplainedPage `json:"pages"`
	Notes     []Decision      `json:"notes"`
}

// ExplainedUser names a person.
type ExplainedUser struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

// ExplainedPage is a page with its reason and what has become of it.
type ExplainedPage struct {
	ID        string        `json:"id"`
	At        time.Time     `json:"at"`
	Kind      string        `json:"kind"`
	ContactID string        `json:"contactId"`
	Others    int           `json:"others,omitempty"` // alerts with which it came
	Why       Way           `json:"why"`
	Final     bool          `json:"final"`
	Fate      ExplainedFate `json:"fate"`
	Text      string        `json:"text"`
}

// ExplainedFate is how a page ended or, if it has not, how far it is.
type ExplainedFate struct {
	At      time.Time `json:"at"`
	Stage   string    `json:"stage"`
	Failure string    `json:"failure,omitempty"`
	Reply   string    `json:"reply,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// Way is how it came to a person.
type Way struct {
	Team             *Thing         `json:"team,omitempty"`
	RoutingRule      *Thing         `json:"routingRule,omitempty"`
	Escalation       *Thing         `json:"escalation,omitempty"`
	Step             int            `json:"step,omitempty"` // of the escalation, from 1
	Schedule         *Thing         `json:"schedule,omitempty"`
	Override         string         `json:"override,omitempty"`
	ForwardedFrom    *ExplainedUser `json:"forwardedFrom,omitempty"`
	NotificationRule *Thing         `json:"notificationRule,omitempty"`
	AfterPage        string         `json:"afterPage,omitempty"`
	Repeat           int            `json:"repeat,omitempty"`           // how often the escalation's steps had run before
	NotifyType       string         `json:"notifyType,omitempty"`       // of the step, if it is not default
	Acknowledgements int            `json:"acknowledgements,omitempty"` // how many must acknowledge
	AcknowledgedBy   string         `json:"acknowledgedBy,omitempty"`   // called all the same, until the alert is closed
	AssignedBy       string         `json:"assignedBy,omitempty"`
	Again            int            `json:"again,omitempty"` // how often the person's rule has repeated
	LastResort       bool           `json:"lastResort,omitempty"`
}

// Explain says why people were paged for an alert, or were not: in a language, "en" or "vi", with
// moments told in a time zone, by its IANA name.
func (c *Client) Explain(ctx context.Context, alert Ref, language, zone string) (Explanation, error) {
	var out Explanation
	path := alert.path("/keng/v1", "/explanation") + "&" + url.Values{"language": {language}, "timezone": {zone}}.Encode()
	_, err := c.call(ctx, http.MethodGet, path, nil, &out)
	return out, err
}
