// Package client speaks the hub's HTTP API for the hub's own command line and the demo:
// it is a small Go client of /v2/alerts and /keng/v1.
//
// Errors that the hub tells come back as [*core.Error] with the kind that they had in
// the hub, so that a caller asks [core.KindOf] and never sees an HTTP code. A hub that
// cannot be reached is [core.Unavailable].
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"keng/hub/core"
)

// The bounds of a call.
const (
	Timeout  = 30 * time.Second // of a whole call, if its context has no earlier one
	replyMax = 64 << 20         // bytes of a reply
)

// Client calls one hub. It is safe for concurrent use.
type Client struct {
	base string
	key  string
	http *http.Client
}

// New returns a client of the hub at a URL such as "http://127.0.0.1:8080", calling
// with an API key, which may be empty for what needs none.
func New(baseURL, key string) (*Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, &core.Error{Kind: core.Unacceptable, Words: fmt.Sprintf("%q is not the URL of a hub: write it as http://HOST:PORT or https://HOST:PORT", baseURL)}
	}
	if at := strings.Index(u.Path+"/", "/v2/"); at >= 0 { // as tools want it, many of which add nothing
		return nil, &core.Error{Kind: core.Unacceptable, Words: fmt.Sprintf("%q is the URL of an operation: write that of the hub, %s://%s%s", baseURL, u.Scheme, u.Host, u.Path[:at])}
	}
	if strings.ContainsAny(key, "\r\n") {
		return nil, core.Invalid("key", "an API key is one line")
	}
	return &Client{base: strings.TrimSuffix(baseURL, "/"), key: key, http: &http.Client{Timeout: Timeout}}, nil
}

// Through returns a client that is the same but for the way to the hub: requests go by a
// transport that is not Go's usual one. It stays the caller's to close.
func (c *Client) Through(transport http.RoundTripper) *Client {
	through := *c
	through.http = &http.Client{Timeout: Timeout, Transport: transport}
	return &through
}

// reply is the envelope of the hub's replies.
type reply struct {
	Data      json.RawMessage   `json:"data"`
	Message   string            `json:"message"`
	Errors    map[string]string `json:"errors"`
	RequestID string            `json:"requestId"`
	Paging    struct {
		Next string `json:"next"`
	} `json:"paging"`
}

// call makes one request and decodes the reply's data into out, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, body, out any) (reply, error) {
	status, raw, err := c.send(ctx, method, path, body)
	if err != nil {
		return reply{}, err
	}
	r, err := c.open(status, raw)
	if err != nil || out == nil {
		return r, err
	}
	if err := json.Unmarshal(r.Data, out); err != nil {
		return r, fmt.Errorf("cannot read the hub's reply to %s %s: %w", method, path, err)
	}
	return r, nil
}

// fetch returns what the hub answers to a GET that is not JSON.
func (c *Client) fetch(ctx context.Context, path string) ([]byte, error) {
	status, raw, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil || status < 300 {
		return raw, err
	}
	_, err = c.open(status, raw)
	return nil, err
}

// file is a body that is sent as it is.
type file []byte

// send makes one request.
func (c *Client) send(ctx context.Context, method, path string, body any) (status int, raw []byte, err error) {
	var content io.Reader
	contentType := "application/json"
	switch sent := body.(type) {
	case nil:
	case file:
		content = bytes.NewReader(sent)
	case form:
		content, contentType = bytes.NewReader(sent.content), sent.contentType
	default:
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, nil, fmt.Errorf("cannot encode a request: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return 0, nil, fmt.Errorf("cannot make a request: %w", err)
	}
	if c.key != "" {
		req.Header.Set("Authorization", "GenieKey "+c.key)
	}
	req.Header.Set("Content-Type", contentType)
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, &core.Error{Kind: core.Unavailable, Words: "cannot reach the hub: " + err.Error() + advice(err)}
	}
	defer res.Body.Close()
	if raw, err = io.ReadAll(io.LimitReader(res.Body, replyMax)); err != nil {
		return 0, nil, &core.Error{Kind: core.Unavailable, Words: "the hub's reply was cut short: " + err.Error()}
	}
	return res.StatusCode, raw, nil
}

// open reads the envelope of a reply. What the hub refuses is an error.
func (c *Client) open(status int, raw []byte) (r reply, err error) {
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, &core.Error{Kind: kindOf(status), Words: fmt.Sprintf("what answers at %s is not a hub (HTTP %d)", c.base, status)}
	}
	if status >= 300 {
		return r, &core.Error{Kind: kindOf(status), Words: r.Message, Fields: r.Errors}
	}
	return r, nil
}

// kindOf turns an HTTP code back into the kind of error that it was in the hub.
func kindOf(status int) core.Kind {
	switch status {
	case http.StatusNotFound:
		return core.NotFound
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return core.Unacceptable
	case http.StatusConflict:
		return core.Conflict
	case http.StatusPreconditionRequired:
		return core.InUse
	case http.StatusUnauthorized, http.StatusForbidden:
		return core.Forbidden
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return core.Unavailable
	}
	return core.Internal
}

// Ready reports, by its error, whether the hub can serve.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.call(ctx, http.MethodGet, "/readyz", nil, nil)
	return err
}
