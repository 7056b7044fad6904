package sms

import (
	"strings"
	"unicode"
)

// bases says which letters of Vietnamese, and of its neighbours in Latin-1, are read as which.
const bases = "aàáảãạăằắẳẵặâầấẩẫậäåā eèéẻẽẹêềếểễệëē iìíỉĩịïī oòóỏõọôồốổỗộơờớởỡợöøō uùúủũụưừứửữựüū yỳýỷỹỵÿ dđð nñ cç"

// marks are what is written otherwise.
const marks = "‘' ’' “\" ”\" «\" »\" –- —- −- ·- •* ×x ÷/ °o →> ←<"

// strip writes a text in ASCII, as Vietnamese is written in messages: without diacritics. What
// has no such form becomes a question mark.
func strip(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r == '…':
			b.WriteString("...")
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
			// A combining mark stands after its letter; a joiner is not seen.
		default:
			b.WriteByte(baseOf(r))
		}
	}
	return b.String()
}

// baseOf returns the ASCII character that a letter or mark is written as.
func baseOf(r rune) byte {
	small := unicode.ToLower(r)
	for _, group := range strings.Fields(bases) {
		if strings.ContainsRune(group, small) {
			if small != r {
				return group[0] - 'a' + 'A'
			}
			return group[0]
		}
	}
	for _, pair := range strings.Fields(marks) {
		if strings.HasPrefix(pair, string(r)) {
			return pair[len(pair)-1]
		}
	}
	return '?'
}
