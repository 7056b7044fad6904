package tts

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"keng/proto/channel"
)

// TextMax is the greatest number of characters that are spoken of a text.
const TextMax = 200

// scanMax bounds how much of a text is looked at, in bytes: a text may be longer,
// and nothing but signs that are not spoken.
const scanMax = 64 * TextMax

// Clean returns what is spoken of a text: on one line, without what is no
// character to speak (control and formatting characters, bytes that are no UTF-8)
// or has a meaning for the program (square brackets: two begin phonemes), and cut
// at the last word that ends within [TextMax] characters.
func Clean(text string) string {
	text = text[:min(len(text), scanMax)]
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsPrint(r) || unicode.IsSpace(r) || r == utf8.RuneError || r == '[' || r == ']'
	})
	var clean strings.Builder
	length := 0
	for _, word := range words {
		runes := []rune(word)
		if length+len(runes) > TextMax {
			if length == 0 { // a text without spaces is still better than none
				clean.WriteString(string(runes[:TextMax]))
			}
			break
		}
		clean.WriteString(word)
		clean.WriteByte(' ')
		length += len(runes) + 1
	}
	return strings.TrimSpace(clean.String())
}

// Language returns the language in which a text is best spoken to a person who
// wants a language: Vietnamese if it is written in Vietnamese letters, which an
// English voice would spell out one by one, else the one wanted.
func Language(text string, wanted channel.Language) channel.Language {
	if strings.ContainsFunc(text, vietnamese) {
		return channel.Vietnamese
	}
	return wanted
}

// vietnamese reports whether a letter is a sign of Vietnamese. (é and ô are not:
// French has them. Croatian đ and Romanian ă count; we speak neither language.)
func vietnamese(r rune) bool {
	switch unicode.ToLower(r) {
	case 'ă', 'đ', 'ơ', 'ư':
		return true
	}
	return r >= 'Ạ' && r <= 'ỹ' // Latin Extended Additional: the letters with two marks, or a dot below
}
