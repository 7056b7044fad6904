package state

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What agents and gateways say is cut to what a row can hold, and never refused: an event
// that fails for ever would keep back all events behind it.

const (
	wordMax   = 50  // of a stage, a failure, a reply: code points
	detailMax = 500 // of what a provider says
)

// moment returns a foreign clock's time in UTC. One that cannot be, or that cannot be
// written down, is replaced by cluster time.
func (c *change) moment(t time.Time) time.Time {
	t = t.UTC()
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return c.now
	}
	return t
}

// line returns s as one line of valid text of at most n code points.
func line(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return firstRunes(strings.ToValidUTF8(s, "?"), n)
}

// firstRunes returns at most the first n code points of s.
func firstRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
