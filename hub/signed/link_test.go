package signed_test

import (
	"errors"
	"testing"
	"time"

	"keng/hub/signed"
)

func TestLinks(t *testing.T) {
	const kind = 1
	key, end := [32]byte{1}, time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	token := signed.Link(key, kind, []byte("payload"), end)
	if got, err := signed.Follow(key, kind, token, 7, end.Add(-time.Nanosecond)); err != nil || string(got) != "payload" {
		t.Errorf("%q, %v", got, err)
	}
	early := end.Add(-time.Minute)
	for what, c := range map[string]struct {
		key  [32]byte
		kind byte
		link string
		size int
		now  time.Time
		want error
	}{
		"at its end":           {key, kind, token, 7, end, signed.ErrExpired},
		"of another kind":      {key, kind + 1, token, 7, early, signed.ErrForged},
		"of another key":       {[32]byte{2}, kind, token, 7, early, signed.ErrForged},
		"of another size":      {key, kind, token, 6, early, signed.ErrForged},
		"a token that is none": {key, kind, signed.Token(key, []byte("payload")), 7, early, signed.ErrForged},
		"without a key":        {[32]byte{}, kind, signed.Link([32]byte{}, kind, []byte("payload"), end), 7, early, signed.ErrForged},
		"nothing":              {key, kind, "", 7, early, signed.ErrForged},
	} {
		if got, err := signed.Follow(c.key, c.kind, c.link, c.size, c.now); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
}
