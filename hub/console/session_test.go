package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
)

func TestSessionsEnd(t *testing.T) {
	now := time.Now()
	one, other := sealing(t, 1), sealing(t, 2)
	cookie := one.begin("k", now)
	if key, ok := sealing(t, 1).find(cookie, now.Add(sessionLife-time.Second)); !ok || key != "k" {
		t.Error("on another node of the cluster it is none, or ended too early")
	}
	if _, ok := one.find(cookie, now.Add(sessionLife)); ok {
		t.Error("it does not end")
	}
	if _, ok := other.find(cookie, now); ok {
		t.Error("another cluster takes it")
	}
	one.end("nonsense", now)
	first := one.begin("k", now)
	one.end(first, now)
	for range endedMax {
		one.end(one.begin("k", now), now.Add(time.Minute))
	}
	if len(one.ended) != endedMax {
		t.Errorf("%d ended sessions are remembered", len(one.ended))
	}
	one.end(one.begin("k", now.Add(sessionLife)), now.Add(sessionLife+time.Minute))
	if len(one.ended) != 1 {
		t.Errorf("%d ended sessions are remembered when all but one are over", len(one.ended))
	}
}

// Who has signed out is not signed in again by another spelling of the same cookie.
func TestAnEndedSessionHasNoOtherSpelling(t *testing.T) {
	s, now := sealing(t, 1), time.Now()
	for _, key := range []core.IntegrationID{"k", "ke", "key"} { // one of them fills whole groups of base64
		cookie := s.begin(key, now)
		s.end(cookie, now)
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for _, last := range alphabet {
			if other := cookie[:len(cookie)-1] + string(last); good(s, other, now) {
				t.Errorf("%s is ended, %s is not", cookie, other)
			}
		}
	}
}

// Nothing that comes with a request leads away from the console.
func TestSigningInLeadsToAPageOfTheConsole(t *testing.T) {
	for path, want := range map[string]string{
		"/alerts/0192-ab": "/alerts/0192-ab", "/alerts/c%E1%BA%A3nh": "/alerts/c%E1%BA%A3nh", "/alerts/a%20b": "/alerts/a%20b", "/": "/",
		"": "/", "alerts/x": "/", "//evil.example": "/", "//evil.example/alerts/x": "/", "///evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/",
		"https://evil.example": "/", "https:evil.example": "/", "javascript:alert(1)": "/", "https://evil.example/alerts/x": "/", "http:/alerts/x": "/",
		"/alerts//evil.example": "/", "/alerts/": "/", "/alerts/.": "/", "/alerts/..": "/", "/alerts/%2e%2e": "/", "/alerts/../x": "/",
		"/alerts/%2F%2Fevil.example": "/", `/alerts/\evil.example`: "/", "/alerts/%5Cevil.example": "/", "/alerts/%5c%5cevil.example": "/",
		"/alerts/x\r\nSet-Cookie: a=b": "/", "/alerts/x%0d%0aLocation:%20//evil.example": "/", "/alerts/%00": "/", "/alerts/\t/evil.example": "/", "/\t/evil.example": "/",
		"/alerts/%zz": "/", "/alerts/%ff": "/", "/alerts/\u202ex": "/", " /alerts/x": "/", "/alerts/x?y#z": "/alerts/x%3Fy%23z", "/sign-out": "/",
		"/alerts/" + strings.Repeat("x", pathMax): "/",
	} {
		if got := local(path); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}

func FuzzWhereSigningInLeads(f *testing.F) {
	f.Add("/alerts/%2F%2Fevil.example")
	f.Fuzz(func(t *testing.T, path string) {
		to := local(path)
		u, err := url.Parse(to)
		if err != nil || u.Scheme+u.Host+u.RawQuery+u.Fragment != "" || to != "/" && !strings.HasPrefix(to, "/alerts/") || strings.Contains(to[1:], "//") ||
			strings.ContainsFunc(to, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' }) || local(to) != to {
			t.Errorf("%q leads to %q", path, to)
		}
	})
}

func good(s *sessions, cookie string, now time.Time) bool {
	_, ok := s.find(cookie, now)
	return ok
}

func sealing(t testing.TB, secret byte) *sessions {
	s, err := newSessions([32]byte{secret})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func FuzzSessionCookie(f *testing.F) {
	s, now := sealing(f, 1), time.Now()
	f.Add("")
	f.Add(s.begin("k", now)[1:])
	f.Add(sealing(f, 2).begin("k", now))
	f.Fuzz(func(t *testing.T, cookie string) {
		if _, ok := s.find(cookie, now); ok {
			t.Errorf("%q is a session", cookie)
		}
	})
}

func TestLanguage(t *testing.T) {
	for accept, want := range map[string]string{"": "en", "vi": "vi", "vi-VN,vi;q=0.9,en;q=0.8": "vi", "en-US,en;q=0.9,vi;q=0.8": "en", "fr, vi;q=0.1": "vi",
		"fr": "en", "vi;q=0": "en", "vi;q=x": "en", "en;q=0.1, VI ; q=0.2": "vi", "vi;q=NaN": "en", strings.Repeat("x,", 100) + "vi": "en", ";;,,=": "en"} {
		if got := language(accept); got != want {
			t.Errorf("%q gives %s, want %s", accept, got, want)
		}
	}
}

// Both languages have the words that the pages name.
func TestWordsOfBothLanguages(t *testing.T) {
	for key := range words("en") {
		if words("vi")[key] == "" {
			t.Errorf("no Vietnamese for %q", key)
		}
	}
}

func FuzzAcceptLanguage(f *testing.F) {
	f.Add("vi-VN,vi;q=0.9,en;q=0.8")
	f.Fuzz(func(t *testing.T, s string) {
		if l := language(s); l != "vi" && l != "en" {
			t.Errorf("%q gives %q", s, l)
		}
	})
}
