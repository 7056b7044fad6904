package state

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// What is cut is cut as if it were written out letter by letter.
func TestLineIsCutByLetters(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "Z", " ", "~", "\n", "\x00", "\x7f", "ệ", "đ", "🔔", "\xff", "\u0085"}
	for range 5000 {
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		s, n := b.String(), 1+random.IntN(10)
		want := []rune(s)
		if len(want) > n {
			want = append(want[:n-1:n-1], '…')
		}
		for i, r := range want {
			if unicode.IsControl(r) {
				want[i] = ' '
			}
		}
		got := line(s, n)
		if got != string(want) || !utf8.ValidString(got) {
			t.Fatalf("%q cut to %d is %q, not %q", s, n, got, string(want))
		}
	}
}
