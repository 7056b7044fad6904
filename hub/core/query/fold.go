package query

import (
	"unicode"
	"unicode/utf8"
)

// Fold returns a text as it is compared: in lower case, without diacritics, each run of
// white space as one space. So "su co" is found in "SỰ  CỐ", and a text whose marks are
// characters of their own (NFD) is the same as one in which they are not (NFC).
//
// Marks are taken from Latin letters (Vietnamese and the rest of Latin-1, Latin
// Extended-A, -B and Additional), đ becomes d, æ ae, œ oe, ß ss and þ th; letters of
// other scripts keep theirs unless these are characters of their own. Bytes that are no
// UTF-8 become U+FFFD. Folding what is folded changes nothing.
//
// Keys of indexes are made of it (see [Column]), so a change of Fold is a change of the
// stored format: it needs a migration.
func Fold(text string) string {
	if foldedPrefix(text) == len(text) {
		return text
	}
	return string(appendFold(make([]byte, 0, len(text)+len(text)/8), text))
}

// appendFold appends the folded text to b.
func appendFold(b []byte, text string) []byte {
	done := foldedPrefix(text)
	start := len(b)
	b = append(b, text[:done]...)
	for _, r := range text[done:] {
		switch {
		case 'A' <= r && r <= 'Z':
			b = append(b, byte(r)+'a'-'A')
		case unicode.IsSpace(r):
			if len(b) == start || b[len(b)-1] != ' ' {
				b = append(b, ' ')
			}
		case r < utf8.RuneSelf:
			b = append(b, byte(r))
		default:
			b = appendFoldedRune(b, r)
		}
	}
	return b
}

// foldedPrefix returns how many bytes at the beginning of a text are surely as Fold
// leaves them: ASCII but for capitals and white space other than single spaces.
func foldedPrefix(text string) int {
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' || '\t' <= c && c <= '\r' || c == ' ' && i > 0 && text[i-1] == ' ' {
			return i
		}
	}
	return len(text)
}

func appendFoldedRune(b []byte, r rune) []byte {
	if isMark(r) {
		return b
	}
	// Up, then down: several small letters (σ and ς) can have one capital.
	r = unicode.ToLower(unicode.ToUpper(r))
	var base byte
	switch {
	case 0xC0 <= r && r < 0x250:
		base = latin[r-0xC0]
	case 0x1E00 <= r && r < 0x1F00:
		base = latinAdditional[r-0x1E00]
	}
	switch base {
	case 0, '.':
		return utf8.AppendRune(b, r)
	case '+':
		return append(b, twoLetters(r)...)
	}
	return append(b, base)
}

// isMark reports whether r is a mark that stands on the letter before it, of those that
// Unicode has for every script (the blocks "Combining Diacritical Marks").
func isMark(r rune) bool {
	return 0x300 <= r && r < 0x370 || 0x1AB0 <= r && r < 0x1B00 || 0x1DC0 <= r && r < 0x1E00 || 0x20D0 <= r && r < 0x2100 || 0xFE20 <= r && r < 0xFE30
}

// twoLetters returns what a letter marked '+' in the tables stands for.
func twoLetters(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'þ':
		return "th"
	case 'ĳ':
		return "ij"
	case 'œ':
		return "oe"
	}
	return "ae" // æ, ǣ, ǽ
}

// The tables have the basic letter of each letter from U+00C0 to U+024F and from U+1E00
// to U+1EFF: '.' for none, '+' for two letters (see [twoLetters]). They come of the
// canonical decompositions of the Unicode Character Database; testdata/latin.txt lists
// those once more.
const (
	latin = "aaaaaa+ceeeeiiiidnooooo.ouuuuy++aaaaaa+ceeeeiiiidnooooo.ouuuuy+y" +
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii++jjkkklllllll" +
		"lllnnnnnnnnnoooooo++rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" +
		"................................oo.............uu..............." +
		".............aaiioouuuuuuuuuu.aaaa++..ggkkoooo..j...gg..nnaa++.." +
		"aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............" +
		"................"
	latinAdditional = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm" +
		"mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" +
		"wwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee" +
		"eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......"
)
