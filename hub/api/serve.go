package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/ical"
	"keng/hub/seed"
	"keng/hub/state"
)

// outcome is the answer of an operation: it fills in the envelope and says the HTTP code.
type outcome interface{ fill(*envelope) int }

// envelope is what every reply with JSON looks like.
type envelope struct {
	Message string  `json:"message,omitempty"`
	Result  string  `json:"result,omitempty"`
	Data    any     `json:"data,omitempty"`
	Paging  *paging `json:"paging,omitempty"`
	Marker  string  `json:"marker,omitempty"` // of a list of log files: what to ask for to go on
	// Expandable says what more may be asked for with the parameter expand.
	Expandable []string          `json:"expandable,omitempty"`
	TotalCount *int              `json:"totalCount,omitempty"` // of a paged list, all pages together
	Errors     map[string]string `json:"errors,omitempty"`
	Code       int               `json:"code,omitempty"`
	Took       float64           `json:"took"` // seconds
	RequestID  string            `json:"requestId"`
}

// paging holds the URLs of the pages around this one.
type paging struct {
	First string `json:"first,omitempty"`
	Prev  string `json:"prev,omitempty"`
	Next  string `json:"next,omitempty"`
	Last  string `json:"last,omitempty"`
}

// data is the answer of a read that is not paged.
type data[T any] struct{ of T }

func (d *data[T]) fill(e *envelope) int {
	e.Data = d.of
	return http.StatusOK
}

// page is the answer of a read that is paged.
type page[T any] struct {
	of     []T
	paging *paging
}

func (p *page[T]) fill(e *envelope) int {
	e.Data, e.Paging = p.of, p.paging
	if p.of == nil {
		e.Data = []T{}
	}
	return http.StatusOK
}

// ack is the answer to a write whose fate is asked for by its request id.
type ack struct{}

func (*ack) fill(e *envelope) int {
	e.Result = "Request will be processed"
	return http.StatusAccepted
}

// file is an answer that is not JSON.
type file struct {
	contentType string
	bytes       []byte
}

func (*file) fill(*envelope) int { return http.StatusOK }

// statusClientGone is what is counted of a request whose caller did not wait for the answer, by the custom of
// reverse proxies.
const statusClientGone = 499

// unreadTime is how long what comes of a body is waited for that nobody reads.
const unreadTime = time.Second

// hurry bounds how long net/http waits for the rest of a body, which it passes over before it answers. Where
// there is no connection nobody is slow.
func hurry(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadTime))
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	if r.ContentLength != 0 && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		hurry(w) // no page and no operation reads it
	}
	route, params, allowed := a.router.find(r.Method, r.URL)
	if route == nil && a.Pages != nil && len(allowed) == 0 && !ours(r.URL.Path) {
		a.Pages.ServeHTTP(w, r)
		return
	}
	c := &call{r: r, w: w, params: params, base: a.base(r), seed: seed.New()}
	c.home = func() *time.Location { return a.home(r.Context()) }
	c.now = a.Now
	c.room = func(most int64) error { return a.underWay.room(r.Context(), c, most) }
	c.turn = func(ctx context.Context) (func(), error) { return a.underWay.search(ctx, c) }
	c.id = c.seed.Ordered("request", 0)
	defer a.underWay.end(c)
	var out outcome
	var err error
	if route == nil {
		err = noRoute(allowed)
	} else {
		out, err = a.answer(route, c)
	}
	if err != nil {
		p := problemOf(err)
		switch failed := p.status >= http.StatusInternalServerError; {
		case failed && r.Context().Err() != nil: // nobody waits for the answer, and it is no fault of the cluster's
			p.status = statusClientGone
			a.Logger.Debug("the caller went away", "requestId", c.id, "err", err)
		case failed:
			a.Logger.Error("a request failed", "requestId", c.id, "method", r.Method, "status", p.status, "err", err)
		}
		out = p
	}
	if err != nil && r.ContentLength != 0 && c.raw == nil {
		hurry(w)
	}
	status := a.reply(w, r, c.id, out, begun)
	pattern := ""
	if route != nil {
		pattern = route.Path
	}
	a.Observe(r.Method, pattern, status, time.Since(begun))
}

// answer runs a route's handler for a caller who may call it.
func (a *API) answer(route *route, c *call) (out outcome, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			a.Logger.Error("a handler panicked", "requestId", c.id, "panic", fault, "stack", string(debug.Stack()))
			out, err = nil, &core.Error{Words: "a handler panicked"}
		}
	}()
	ctx := c.r.Context()
	if err = c.readQuery(); err != nil {
		return nil, err
	}
	if route.Right != anyone {
		var limit state.RateLimit
		c.secret = secretOf(c)
		if c.secret == "" && route.keyInBody() {
			if c.secret, err = a.bodyKey(c); err != nil {
				return nil, err
			}
		}
		if c.key, limit, err = a.authorize(ctx, c.secret, route); err != nil {
			return nil, err
		}
		if err = a.admit(ctx, c, limit); err != nil {
			return nil, err
		}
		if err = a.underWay.known(ctx, c); err != nil {
			return nil, err
		}
	}
	c.wrong, c.bodyMax = map[string]string{}, route.bodyMax()
	return route.Handle(a, ctx, c)
}

// reply writes an answer with its headers, and returns its HTTP code.
func (a *API) reply(w http.ResponseWriter, r *http.Request, id string, out outcome, begun time.Time) (status int) {
	e := envelope{RequestID: id, Took: float64(time.Since(begun).Microseconds()) / 1e6}
	status = out.fill(&e)
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("X-Response-Time", strconv.FormatFloat(e.Took, 'f', -1, 64))
	h.Set("X-RateLimit-State", "OK")
	h.Set("X-RateLimit-Reason", "ACCOUNT")
	h.Set("X-RateLimit-Period-In-Sec", "60")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if d, ok := out.(*download); ok {
		return d.serve(w, r)
	}
	contentType, body := "application/json; charset=utf-8", []byte(nil)
	switch o := out.(type) {
	case *file:
		contentType, body = o.contentType, o.bytes
	case *feedFile:
		contentType, body = ical.ContentType, o.bytes
		o.headers(h)
	case *problem:
		o.headers(h)
	}
	if body == nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil { // nothing that is stored can cause this
			a.Logger.Error("cannot encode a reply", "requestId", id, "err", err)
			status = http.StatusInternalServerError
		}
		body = b.Bytes()
	}
	h.Set("Content-Type", contentType)
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return status
	}
	if _, err := w.Write(body); err != nil {
		a.Logger.LogAttrs(r.Context(), slog.LevelDebug, "the caller went away", slog.String("requestId", id))
	}
	return status
}

// forwarded returns what the outermost of several proxies says of the request as it came.
func forwarded(r *http.Request, what string) string {
	outermost, _, _ := strings.Cut(r.Header.Get("X-Forwarded-"+what), ",")
	return strings.TrimSpace(outermost)
}

// base returns scheme and host by which the caller reaches the hub, for links.
func (a *API) base(r *http.Request) string {
	if a.PublicURL != "" {
		return strings.TrimSuffix(a.PublicURL, "/")
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if s := strings.ToLower(forwarded(r, "Proto")); s == "http" || s == "https" {
		scheme = s
	}
	if h := forwarded(r, "Host"); h != "" && !strings.ContainsAny(h, "/\\?#@, ") {
		host = h
	}
	return scheme + "://" + host
}

// readBody reads the body of a request that has one. GET and DELETE have none, whatever
// they carry.
func (c *call) readBody() error {
	c.body = object{wrong: c.wrong}
	if m := c.r.Method; m == http.MethodGet || m == http.MethodHead || m == http.MethodDelete {
		return nil
	}
	if err := c.readRaw(c.bodyMax); err != nil {
		return err
	}
	return c.body.parse(c.raw)
}

// readRaw reads the body, up to so many bytes, unless it was read already.
func (c *call) readRaw(most int64) (err error) {
	if c.raw != nil {
		return nil
	}
	if err := c.room(most); err != nil {
		return err
	}
	c.raw, err = io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, most))
	return unreadable(err)
}

// unreadable returns what the caller is told when the body could not be read, nil if it could.
func unreadable(err error) error {
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(big.Limit)
	}
	if err == nil || core.KindOf(err) == core.Unavailable {
		return err
	}
	return malformed("the body could not be read: it was cut short or came too slowly")
}

// do has a command carried out. As long as the cluster can not, or the outcome is not
// known, it tries again: the seed is the command's identity, so it is never done twice.
func do[C state.Command[R], R any](ctx context.Context, a *API, id core.Seed, command C) (R, error) {
	ctx, cancel := context.WithTimeout(ctx, CommandTimeout)
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		result, err := state.Do(ctx, a.Store, id, command)
		if core.KindOf(err) != core.Unavailable {
			return result, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return result, err
		case <-timer.C:
		}
	}
}
