package client

import (
	"context"
	"net/http"
	"net/url"
)

// Lint is what is wrong in a configuration, the gravest first, and what was looked at.
type Lint struct {
	Findings []Finding `json:"findings"`
	More     int       `json:"more"` // found besides
	Looked   struct {
		Checks int            `json:"checks"`
		Things map[string]int `json:"things"`
		Weeks  int            `json:"weeks"`           // how far ahead
		Unseen int            `json:"unseenSchedules"` // not looked through for gaps
	} `json:"looked"`
}

// Finding is one mistake and how to mend it, in the language that was asked for.
type Finding struct {
	Check    string `json:"check"`
	Severity string `json:"severity"` // error, warning or hint
	About    struct {
		Kind string `json:"kind"`
		ID   string `json:"id,omitempty"`
		Name string `json:"name,omitempty"`
	} `json:"about"`
	What string `json:"what"`
	Mend string `json:"mend"`
}

// Lint looks through the whole configuration for what is at least so grave: hint, warning or error.
// The language is vi or en.
func (c *Client) Lint(ctx context.Context, severity, language string) (Lint, error) {
	var out Lint
	q := url.Values{"severity": {severity}, "language": {language}}
	_, err := c.call(ctx, http.MethodGet, "/keng/v1/lint?"+q.Encode(), nil, &out)
	return out, err
}
