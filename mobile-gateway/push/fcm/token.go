package fcm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"golang.org/x/oauth2/jwt"
)

const (
	messagingScope = "https://www.googleapis.com/auth/firebase.messaging"
	// fetchTimeout bounds one request for an access token.
	fetchTimeout = 10 * time.Second
	// renewBefore is how long before its end a token is renewed, in the background.
	renewBefore = 5 * time.Minute
	// uselessBefore is how long before its end a token is not used any more: the
	// request must reach Google while it is good.
	uselessBefore = 30 * time.Second
)

// credentialsError says that Google refused the service account itself.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string {
	return "the service account is refused by Google: check fcm.credentials and this machine's clock: " + e.err.Error()
}
func (e *credentialsError) Unwrap() error { return e.err }

// tokenCache holds the current access token. The libraries' own sources fetch
// inside the request without its context, so that a token endpoint which stalls
// would hold a page for longer than its deadline; here one goroutine fetches and
// each page waits for it only as long as it can.
type tokenCache struct {
	account *jwt.Config
	client  *http.Client

	mu       sync.Mutex // owns all below
	current  *oauth2.Token
	fetching chan struct{} // closed when the fetch under way has ended; nil if there is none
	err      error         // of the last fetch
}

func newTokenCache(account []byte, base http.RoundTripper) (*tokenCache, error) {
	cfg, err := google.JWTConfigFromJSON(account, messagingScope)
	if err != nil {
		return nil, fmt.Errorf("fcm.credentials is not the JSON file of a service account: %w", err)
	}
	return &tokenCache{account: cfg, client: &http.Client{Transport: base, Timeout: fetchTimeout}}, nil
}

// get returns a usable access token, fetching one if it must.
func (t *tokenCache) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	left := t.left()
	if left < renewBefore {
		t.fetch()
	}
	token, fetching := t.current, t.fetching
	t.mu.Unlock()
	if left >= uselessBefore {
		return token.AccessToken, nil
	}
	select {
	case <-fetching:
	case <-ctx.Done():
		return "", fmt.Errorf("cannot get an access token from %s in time: %w", t.account.TokenURL, context.Cause(ctx))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left() >= uselessBefore {
		return t.current.AccessToken, nil
	}
	if t.err == nil {
		return "", errors.New("the access token that Google gave is about to expire")
	}
	return "", t.err
}

// left is how long the current token is good. t.mu is held.
func (t *tokenCache) left() time.Duration {
	switch {
	case t.current == nil:
		return 0
	case t.current.Expiry.IsZero():
		return 24 * time.Hour
	}
	return time.Until(t.current.Expiry)
}

// fetch begins to fetch a token unless that is under way. t.mu is held.
func (t *tokenCache) fetch() {
	if t.fetching != nil {
		return
	}
	t.fetching = make(chan struct{})
	go func() { // ends within fetchTimeout
		ctx := context.WithValue(context.Background(), oauth2.HTTPClient, t.client)
		token, err := t.account.TokenSource(ctx).Token()
		if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusal.Response.StatusCode < 500 {
			err = &credentialsError{err}
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.err = err; err == nil {
			t.current = token
		}
		close(t.fetching)
		t.fetching = nil
	}()
}

// warm begins to fetch a first token.
func (t *tokenCache) warm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fetch()
}

// forget drops a token that Google did not take.
func (t *tokenCache) forget(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && t.current.AccessToken == token {
		t.current = nil
	}
}
