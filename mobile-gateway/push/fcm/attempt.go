package fcm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// triesMax is how often one attempt may ask Google.
	triesMax = 2
	// answerMax is how many bytes of an answer are read.
	answerMax = 64 << 10
)

// newTransport returns a transport that pings a connection which has been silent for
// a while, so that one lost behind a NAT is found before a page needs it.
func newTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = Concurrent
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second}
	return t
}

// attempt is what the transport knows of one Send. It travels in the request's
// context, because Firebase's client builds the request.
type attempt struct {
	sendBy time.Time
	tries  atomic.Int32
	giveUp context.CancelCauseFunc
	ctx    context.Context
}

type attemptKey struct{}

// errGaveUp marks the cause with which an attempt was given up.
var errGaveUp = errors.New("FCM attempt given up")

func newAttempt(ctx context.Context, sendBy time.Time) (context.Context, *attempt) {
	a := &attempt{sendBy: sendBy}
	a.ctx, a.giveUp = context.WithCancelCause(ctx)
	return context.WithValue(a.ctx, attemptKey{}, a), a
}

// end is why the transport gave the attempt up; nil if it did not.
func (a *attempt) end() error {
	if cause := context.Cause(a.ctx); errors.Is(cause, errGaveUp) {
		return cause
	}
	return nil
}

// stop ends the attempt: Firebase's client stops waiting for its next try.
func (a *attempt) stop(cause error) { a.giveUp(gaveUp{cause}) }

// gaveUp is a cause that is also errGaveUp.
type gaveUp struct{ cause error }

func (g gaveUp) Error() string        { return g.cause.Error() }
func (g gaveUp) Unwrap() error        { return g.cause }
func (g gaveUp) Is(target error) bool { return target == errGaveUp }

// boundedTransport adds the access token to each request, reads the whole answer
// within bounds, and ends the attempt when another try would have to wait.
type boundedTransport struct {
	base   http.RoundTripper
	tokens *tokenCache
}

// RoundTrip implements [http.RoundTripper].
func (t *boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	a, ok := req.Context().Value(attemptKey{}).(*attempt)
	if !ok {
		return nil, errors.New("fcm: a request outside an attempt")
	}
	last := int(a.tries.Add(1)) >= triesMax
	response, err := t.try(req)
	_, refused := errors.AsType[*credentialsError](err)
	switch {
	case err != nil && (last || refused || !time.Now().Before(a.sendBy)):
		a.stop(err)
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusServiceUnavailable && (last || response.Header.Get("Retry-After") != "" || !time.Now().Before(a.sendBy)):
		body, _ := io.ReadAll(response.Body) // from memory: see readWhole
		response.Body = io.NopCloser(bytes.NewReader(body))
		a.stop(fmt.Errorf("%s: %s", response.Status, words(response.StatusCode, body)))
	}
	return response, err
}

// try sends the request once, or twice if the access token turned out worthless:
// revoked, or expired by Google's clock.
func (t *boundedTransport) try(req *http.Request) (*http.Response, error) {
	for renewed := false; ; renewed = true {
		token, err := t.tokens.get(req.Context())
		if err != nil {
			return nil, err
		}
		sent := req.Clone(req.Context())
		if req.GetBody != nil {
			if sent.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
		sent.Header.Set("Authorization", "Bearer "+token)
		response, err := t.base.RoundTrip(sent)
		if err != nil {
			return nil, err
		}
		if response, err = readWhole(response); err != nil {
			return nil, err
		}
		if response.StatusCode != http.StatusUnauthorized || renewed {
			return response, nil
		}
		t.tokens.forget(token)
	}
}

// readWhole replaces the answer's body by its first answerMax bytes, read.
func readWhole(response *http.Response) (*http.Response, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerMax))
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
