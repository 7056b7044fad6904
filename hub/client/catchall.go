package client

import (
	"context"
	"net/http"
)

// CatchAll is who is called in the end, when nobody takes care of an alert.
type CatchAll struct {
	Responder       Party  `json:"responder"`
	After           Span   `json:"after"`
	MinimumPriority string `json:"minimumPriority,omitempty"`
}

const catchAllPath = "/keng/v1/catch-all"

// CatchAll tells who is the last resort. An error of kind [core.NotFound] means that nobody is.
func (c *Client) CatchAll(ctx context.Context) (CatchAll, error) {
	var out CatchAll
	_, err := c.call(ctx, http.MethodGet, catchAllPath, nil, &out)
	return out, err
}

// PutCatchAll says who is the last resort.
func (c *Client) PutCatchAll(ctx context.Context, wanted CatchAll) (CatchAll, error) {
	var out CatchAll
	_, err := c.call(ctx, http.MethodPut, catchAllPath, wanted, &out)
	return out, err
}

// DeleteCatchAll says that nobody is.
func (c *Client) DeleteCatchAll(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodDelete, catchAllPath, nil, nil)
	return err
}
