package console

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// The bounds of sessions.
const (
	sessionLife = 12 * time.Hour
	sessionsMax = 10_000 // on one node
	cookieName  = "keng_session"
)

// sessions are those who are signed in on this node.
type sessions struct {
	mu  sync.Mutex
	all map[string]session
}

type session struct {
	key  core.IntegrationID
	ends time.Time
}

func newSessions() *sessions { return &sessions{all: map[string]session{}} }

// begin makes a session and returns its secret. When there are too many, the one that
// ends first goes.
func (s *sessions) begin(key core.IntegrationID, now time.Time) string {
	secret := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) >= sessionsMax {
		first := ""
		for id, x := range s.all {
			if first == "" || x.ends.Before(s.all[first].ends) {
				first = id
			}
		}
		delete(s.all, first)
	}
	s.all[secret] = session{key: key, ends: now.Add(sessionLife)}
	return secret
}

func (s *sessions) find(secret string, now time.Time) (core.IntegrationID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.all[secret]
	if ok && !now.Before(x.ends) {
		delete(s.all, secret)
		return "", false
	}
	return x.key, ok
}

func (s *sessions) end(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, secret)
}

// signedIn calls f for who is signed in with a key that is still good, and shows the
// form to anybody else.
func (c *Console) signedIn(f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(cookieName)
		if err != nil {
			c.show(w, r, http.StatusUnauthorized, "sign-in", false)
			return
		}
		id, ok := c.sessions.find(cookie.Value, time.Now())
		good := false
		if ok && !c.read(w, r, func(tx table.Reader) error {
			key, ok := state.Keys.Get(tx, table.K().String(string(id)))
			good = ok && mayLook(key)
			return nil
		}) {
			return
		}
		if !good {
			c.sessions.end(cookie.Value)
			c.show(w, r, http.StatusUnauthorized, "sign-in", false)
			return
		}
		f(w, r)
	}
}

func mayLook(k *state.Key) bool { return !k.Disabled && k.Rights&state.Read != 0 }

// signIn begins a session for who sends a key that may read.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	secret := strings.TrimSpace(r.PostFormValue("key"))
	var key *state.Key
	find := func(tx table.Reader) error {
		key, _ = state.FindKey(tx, secret)
		if key == nil {
			return core.Missing("key", "")
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), viewTimeout)
	defer cancel()
	err := c.o.Store.View(ctx, false, find)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = c.o.Store.View(ctx, true, find) // another node may just have made it
	}
	switch {
	case err != nil && core.KindOf(err) != core.NotFound:
		c.show(w, r, http.StatusServiceUnavailable, "unavailable", nil)
		return
	case err != nil || !mayLook(key):
		c.show(w, r, http.StatusUnauthorized, "sign-in", true)
		return
	}
	http.SetCookie(w, sessionCookie(r, c.sessions.begin(key.ID, time.Now()), int(sessionLife.Seconds())))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (c *Console) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		c.sessions.end(cookie.Value)
	}
	http.SetCookie(w, sessionCookie(r, "", -1))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// sessionCookie returns the cookie of a session, for some seconds. Over HTTPS, also that
// of a proxy before the hub, it never goes over HTTP.
func sessionCookie(r *http.Request, value string, seconds int) *http.Cookie {
	secure := r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	return &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode}
}

// parsePreference reads an element of Accept-Language, such as "vi-VN;q=0.8" (RFC 9110,
// section 12.5.4). Its weight is 0 if it makes no sense.
func parsePreference(s string) (tag string, weight float64) {
	tag, rest, weighed := strings.Cut(strings.TrimSpace(s), ";")
	if !weighed {
		return strings.TrimSpace(tag), 1
	}
	q, ok := strings.CutPrefix(strings.TrimSpace(rest), "q=")
	weight, err := strconv.ParseFloat(q, 64)
	if !ok || err != nil || !(weight >= 0 && weight <= 1) {
		return "", 0
	}
	return strings.TrimSpace(tag), weight
}
