package http

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	nethttp "net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"keng/agent/check"
)

// statusRange is an inclusive range of status codes.
type statusRange struct{ first, last int }

// expectation is what a good answer looks like.
type expectation struct {
	statuses   []statusRange
	statusText string // as configured, for people
	contains   string
	matches    *regexp.Regexp // nil if not configured
	bodyLimit  int64
}

// newExpectation reads the values of answerFields.
func newExpectation(values check.Values) (expectation, error) {
	texts := values.Texts("expect_status")
	e := expectation{
		statusText: strings.Join(texts, ", "),
		contains:   values.Text("contains"),
		bodyLimit:  values.Integer("body_limit"),
	}
	for _, text := range texts {
		span, err := parseStatus(text)
		if err != nil {
			return expectation{}, fmt.Errorf("expect_status: %w", err)
		}
		e.statuses = append(e.statuses, span)
	}
	if len(e.statuses) == 0 {
		return expectation{}, fmt.Errorf("expect_status: is empty; give at least one status or leave it out")
	}
	if pattern := values.Text("matches"); pattern != "" {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return expectation{}, fmt.Errorf("matches: %w", err)
		}
		e.matches = compiled
	}
	if values.Text("method") == nethttp.MethodHead && (e.contains != "" || e.matches != nil) {
		return expectation{}, fmt.Errorf("method: HEAD brings no body, so contains and matches can never hold; use GET")
	}
	return e, nil
}

// parseStatus reads "200", "2xx" or "200-299".
func parseStatus(text string) (statusRange, error) {
	wrong := fmt.Errorf("%q is not a status; write 200, 2xx or 200-299", text)
	if len(text) == 3 && strings.EqualFold(text[1:], "xx") && text[0] >= '1' && text[0] <= '5' {
		hundred := int(text[0]-'0') * 100
		return statusRange{hundred, hundred + 99}, nil
	}
	low, high, isRange := strings.Cut(text, "-")
	first, err := strconv.Atoi(low)
	if err != nil {
		return statusRange{}, wrong
	}
	last := first
	if isRange {
		if last, err = strconv.Atoi(high); err != nil {
			return statusRange{}, wrong
		}
	}
	if first < 100 || last > 599 || first > last {
		return statusRange{}, wrong
	}
	return statusRange{first, last}, nil
}

// judge says whether the answer is as expected, and what was seen.
func (e *expectation) judge(response *nethttp.Response, body []byte, took time.Duration) (check.State, string) {
	status := strings.TrimSpace(fmt.Sprintf("%d %s", response.StatusCode, nethttp.StatusText(response.StatusCode)))
	if !e.expects(response.StatusCode) {
		return check.Down, fmt.Sprintf("status %s, expected %s", status, e.statusText)
	}
	if e.contains != "" && !bytes.Contains(body, []byte(e.contains)) {
		return check.Down, fmt.Sprintf("status %s, but the body does not contain %q", status, e.contains)
	}
	if e.matches != nil && !e.matches.Match(body) {
		return check.Down, fmt.Sprintf("status %s, but the body does not match %s", status, e.matches)
	}
	return check.Up, fmt.Sprintf("status %s in %s", status, took.Round(time.Millisecond))
}

// expects reports whether the status is one of the good ones.
func (e *expectation) expects(status int) bool {
	for _, span := range e.statuses {
		if status >= span.first && status <= span.last {
			return true
		}
	}
	return false
}

// stopwatch notes when the phases of a request end. With redirects the last
// request counts. The trace calls it from several goroutines, even after the
// request has returned, hence the lock.
type stopwatch struct {
	start time.Time

	mu      sync.Mutex
	phases  map[string]time.Duration
	address string
}

// newStopwatch starts one.
func newStopwatch(start time.Time) *stopwatch {
	return &stopwatch{start: start, phases: map[string]time.Duration{}}
}

// attach returns a context that makes a request report its phases.
func (s *stopwatch) attach(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSDone: func(httptrace.DNSDoneInfo) { s.note("resolved_after") },
		ConnectDone: func(_, address string, err error) {
			s.noteAddress(address)
			if err == nil {
				s.note("connected_after")
			}
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				s.note("tls_after")
			}
		},
		GotFirstResponseByte: func() { s.note("first_byte_after") },
	})
}

func (s *stopwatch) note(phase string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phases[phase] = time.Since(s.start)
}

func (s *stopwatch) noteAddress(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = address
}

// details returns what was noted, for an alert. The map is the caller's.
func (s *stopwatch) details() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	details := make(map[string]string, len(s.phases)+4)
	for phase, after := range s.phases {
		details[phase] = after.Round(100 * time.Microsecond).String()
	}
	if s.address != "" {
		details["address"] = s.address
	}
	return details
}
