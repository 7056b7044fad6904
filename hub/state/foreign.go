package state

import (
	"strings"
	"time"
	"unicode"
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
	s = firstRunes(s, n)
	if printable(strings.TrimSuffix(s, "…")) {
		return s // nearly all there is
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.ToValidUTF8(s, "?")
}

// printable reports whether there is nothing in a text but the printable characters of ASCII.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// firstRunes returns at most the first n code points of s.
func firstRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count, end := 0, 0
	for i := range s {
		switch count++; count {
		case n:
			end = i
		case n + 1:
			return s[:end] + "…"
		}
	}
	return s
}
