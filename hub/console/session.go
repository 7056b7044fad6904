package console

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

const (
	// sessionLife is how long a session lasts, unless its key ends before.
	sessionLife = 12 * time.Hour
	// endedMax bounds the sessions that this node remembers to have been ended.
	endedMax = 10_000
	// pathMax bounds the path of a page to which signing in leads.
	pathMax    = 512
	cookieName = "keng_session"
)

// sessions seals into a cookie who is signed in, and until when. So whoever is signed in
// on one node is so on all that share the secret. Signing out takes the cookie away, and
// ends the session on this node; to end one that a thief may show to another node,
// disable its key.
type sessions struct {
	aead cipher.AEAD

	mu    sync.Mutex
	ended map[string]time.Time // what was sealed for those who signed out, and by when it is over
}

func newSessions(secret [32]byte) (*sessions, error) {
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sessions{aead: aead, ended: map[string]time.Time{}}, err
}

// begin returns the cookie of a new session.
func (s *sessions) begin(key core.IntegrationID, now time.Time) string {
	ends := binary.BigEndian.AppendUint64(nil, uint64(now.Add(sessionLife).Unix()))
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, append(ends, key...), nil))
}

// find returns whose session a cookie is, if it is a good one.
func (s *sessions) find(cookie string, now time.Time) (core.IntegrationID, bool) {
	sealed, key, good := s.open(cookie, now)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[sealed]
	return key, good && !ended
}

// open returns what is sealed in a cookie, if it was made with this secret and is not over.
// A session is known by its sealed bytes: several texts of base64 stand for the same.
func (s *sessions) open(cookie string, now time.Time) (sealed string, key core.IntegrationID, good bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return "", "", false
	}
	plain, err := s.aead.Open(nil, nil, raw, nil)
	if err != nil || len(plain) < 8 || uint64(now.Unix()) >= binary.BigEndian.Uint64(plain) {
		return "", "", false
	}
	return string(raw), core.IntegrationID(plain[8:]), true
}

// end ends the session of a cookie, if it is a good one.
func (s *sessions) end(cookie string, now time.Time) {
	sealed, _, good := s.open(cookie, now)
	if !good {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.ended[sealed]; known {
		return
	}
	if len(s.ended) == endedMax {
		s.makeRoom(now)
	}
	s.ended[sealed] = now.Add(sessionLife)
}

// makeRoom forgets the ended sessions that are over anyhow, or else the one that will be
// first. The lock is held.
func (s *sessions) makeRoom(now time.Time) {
	first := ""
	for sealed, until := range s.ended {
		if !now.Before(until) {
			delete(s.ended, sealed)
		} else if first == "" || until.Before(s.ended[first]) {
			first = sealed
		}
	}
	if len(s.ended) == endedMax {
		delete(s.ended, first)
	}
}

// signedIn calls f for who is signed in with a key that is still good, and shows the
// form to anybody else.
func (c *Console) signedIn(f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(cookieName)
		if err != nil {
			c.askToSignIn(w, r, false, r.URL.EscapedPath())
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
			c.askToSignIn(w, r, false, r.URL.EscapedPath())
			return
		}
		f(w, r)
	}
}

// signInView is the form for signing in.
type signInView struct {
	Wrong bool   // what was sent just now is no good
	To    string // the page that is shown afterwards
}

func (c *Console) askToSignIn(w http.ResponseWriter, r *http.Request, wrong bool, to string) {
	c.show(w, r, http.StatusUnauthorized, "sign-in", signInView{wrong, local(to)})
}

// local returns the page of the console that is meant by a path: an alert's, else the first
// one. It is put together anew, so that it leads nowhere else, whatever a request has said.
func local(path string) string {
	rest, ok := strings.CutPrefix(path, "/alerts/")
	id, err := url.PathUnescape(rest)
	if !ok || err != nil || id == "" || len(path) > pathMax || strings.Trim(id, ".") == "" || strings.ContainsFunc(id, foreignToPaths) {
		return "/"
	}
	return alertPath(id)
}

// foreignToPaths reports whether no id has a character: some browsers take them for others,
// or leave them out.
func foreignToPaths(c rune) bool {
	return c == '/' || c == '\\' || c == utf8.RuneError || !unicode.IsPrint(c)
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
		c.askToSignIn(w, r, true, r.PostFormValue("to"))
		return
	}
	http.SetCookie(w, sessionCookie(r, c.sessions.begin(key.ID, time.Now()), int(sessionLife.Seconds())))
	http.Redirect(w, r, local(r.PostFormValue("to")), http.StatusSeeOther)
}

func (c *Console) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		c.sessions.end(cookie.Value, time.Now())
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
