package api

import (
	"errors"
	"net/http"
	"time"

	"keng/hub/signed"
)

// The kinds of links that need no key. A number is never used again.
const (
	attachmentLinks = 1
	logFileLinks    = 2
)

// linkToken returns the token of a link that works for a while.
func (a *API) linkToken(kind byte, payload []byte, life time.Duration) string {
	return signed.Link(a.LinkKey, kind, payload, a.Now().Add(life))
}

// followLink returns the payload, of so many bytes, of a link to a thing ("attachment"), if it is one
// of this cluster's that works still.
func (a *API) followLink(kind byte, token string, size int, thing string) ([]byte, error) {
	payload, err := signed.Follow(a.LinkKey, kind, token, size, a.Now())
	switch {
	case errors.Is(err, signed.ErrExpired):
		return nil, badLink("This link has expired. Ask for the " + thing + " again.")
	case err != nil:
		return nil, badLink("This is no link of this hub's. Ask for the " + thing + " again.")
	}
	return payload, nil
}

func badLink(words string) *problem {
	return &problem{status: http.StatusForbidden, typ: "AccessDenied", words: words}
}
