package console

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/core"
)

func TestSessionsEndAndAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions()
		secret := s.begin("k", time.Now())
		time.Sleep(sessionLife - time.Second)
		if key, ok := s.find(secret, time.Now()); !ok || key != "k" {
			t.Error("ended too early")
		}
		time.Sleep(time.Second)
		if _, ok := s.find(secret, time.Now()); ok {
			t.Error("did not end")
		}
		first := s.begin("first", time.Now())
		time.Sleep(time.Second)
		for i := range sessionsMax {
			s.begin(core.IntegrationID(strconv.Itoa(i)), time.Now())
		}
		if _, ok := s.find(first, time.Now()); ok || len(s.all) != sessionsMax {
			t.Errorf("%d sessions", len(s.all))
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
