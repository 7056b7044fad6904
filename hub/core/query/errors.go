package query

import (
	"fmt"
	"strings"

	"keng/hub/core"
)

// Error says what is wrong with a query, and where. To [core.KindOf] it is
// Unacceptable, and the API shows its words at the field "query".
type Error struct {
	At      int    // where the token begins, in runes from 0
	Token   string // what stands there; "" at the end of the query
	Why     string // what is wrong, and what was expected
	Instead string // what was perhaps meant; "" if nothing is near
}

// Error returns words for a person, such as
// `at character 1, "statis": there is no such field; did you mean "status"?`.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "at character %d, ", e.At+1)
	if e.Token == "" {
		b.WriteString("the end of the query: ")
	} else {
		fmt.Fprintf(&b, "%q: ", shorten(e.Token))
	}
	b.WriteString(e.Why)
	if e.Instead != "" {
		fmt.Fprintf(&b, "; did you mean %q?", e.Instead)
	}
	return b.String()
}

// Unwrap returns the error as the rest of the hub knows it.
func (e *Error) Unwrap() error { return core.Invalid("query", e.Error()) }

// invalid says that a parameter of a list cannot be as it is.
func invalid(field, why string) error { return core.Invalid(field, why) }

// tokenShown is how many runes of a token a message shows.
const tokenShown = 40

func shorten(token string) string {
	if runes := []rune(token); len(runes) > tokenShown {
		return string(runes[:tokenShown]) + "…"
	}
	return token
}

// nearest returns the name that a misspelt one is at most two slips away from (one, if
// it has less than five letters), the first of the nearest; "" if none is that near.
// The case of letters is no slip.
func nearest(misspelt string, names []string) string {
	best, allowed := "", 2
	if len(misspelt) < 5 {
		allowed = 1
	}
	if len(misspelt) > 50 {
		return ""
	}
	for _, name := range names {
		if d := slips(strings.ToLower(misspelt), strings.ToLower(name)); d <= allowed {
			best, allowed = name, d-1
		}
	}
	return best
}

// slips counts how many letters must be added, left out, changed or swapped with their
// neighbour to make b of a (optimal string alignment).
func slips(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			changed := above[j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			row[j] = min(changed, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
