package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"keng/hub/core"
)

// Opsgenie's own numbers of errors.
const (
	codeNoPermission = 40301
	codeTeamOnly     = 40302
)

// problem is an answer that says what went wrong.
type problem struct {
	status int
	typ    string // X-Opsgenie-Errortype
	words  string
	fields map[string]string
	code   int
	allow  []string // methods, for 405
	// For 429: of which length of time the limit is, and when it is worth trying again. In seconds.
	period, wait int
}

// Error returns the words.
func (p *problem) Error() string { return p.words }

func (p *problem) fill(e *envelope) int {
	e.Message, e.Errors, e.Code = p.words, p.fields, p.code
	return p.status
}

func (p *problem) headers(h http.Header) {
	h.Set("X-Opsgenie-Errortype", p.typ)
	switch p.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "GenieKey")
	case http.StatusMethodNotAllowed:
		h.Set("Allow", strings.Join(p.allow, ", "))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusTooManyRequests:
		h.Set("X-RateLimit-State", "THROTTLED")
		h.Set("X-RateLimit-Period-In-Sec", strconv.Itoa(p.period))
		h.Set("Retry-After", strconv.Itoa(p.wait))
	}
}

// problemOf turns any error into an answer. It is the one place where kinds of error
// become HTTP codes; hub/client turns them back.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		e = &core.Error{Kind: core.Internal}
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			e = &core.Error{Kind: core.Unavailable, Words: "The cluster did not answer in time. Try again."}
		}
	}
	switch e.Kind {
	case core.NotFound:
		return &problem{status: http.StatusNotFound, typ: "EntityNotFound", words: e.Words}
	case core.Unacceptable:
		return &problem{status: http.StatusUnprocessableEntity, typ: "InvalidRequest", words: e.Words, fields: e.Fields}
	case core.Conflict:
		return &problem{status: http.StatusConflict, typ: "EntityConflict", words: e.Words}
	case core.InUse:
		return &problem{status: http.StatusPreconditionRequired, typ: "EntityInUse", words: e.Words}
	case core.Forbidden:
		return &problem{status: http.StatusForbidden, typ: "AccessDenied", words: e.Words, code: codeNoPermission}
	case core.Unavailable:
		return &problem{status: http.StatusServiceUnavailable, typ: "Unavailable", words: e.Words}
	}
	// What went wrong inside is in the log, not in the reply.
	return &problem{status: http.StatusInternalServerError, typ: "InternalError", words: "The hub failed at this request. Its log says more under the request id."}
}

func noRoute(allowed []string) *problem {
	if len(allowed) == 0 {
		return &problem{status: http.StatusNotFound, typ: "RouteNotFound", words: "There is nothing at this path."}
	}
	return &problem{status: http.StatusMethodNotAllowed, typ: "MethodNotAllowed", allow: allowed,
		words: "This path knows only " + strings.Join(allowed, ", ") + "."}
}

func malformed(words string) *problem {
	return &problem{status: http.StatusBadRequest, typ: "MalformedRequest", words: words}
}

// tooLarge is the answer to a body of more than so many bytes.
func tooLarge(most int64) *problem {
	size := fmt.Sprintf("%d KiB", most>>10)
	if most >= 1<<20 {
		size = fmt.Sprintf("%d MiB", most>>20)
	}
	return &problem{status: http.StatusRequestEntityTooLarge, typ: "RequestTooLarge", words: "The body is larger than " + size + "."}
}

func unauthorized(words string) *problem {
	return &problem{status: http.StatusUnauthorized, typ: "Unauthorized", words: words}
}

// throttled is the answer to who asks too often. Times are in seconds.
func throttled(period, wait int, words string) *problem {
	return &problem{status: http.StatusTooManyRequests, typ: "TooManyRequests", period: period, wait: wait, words: words}
}

// notProcessed is what clients that poll for the status of a request wait out.
func notProcessed() *problem {
	return &problem{status: http.StatusNotFound, typ: "RequestNotProcessed", words: "Request not processed yet, or never made."}
}
