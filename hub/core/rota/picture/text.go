package picture

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes of any text one that can stand in XML and in one line: what is no
// character, controls, line breaks and marks that turn the direction of writing are left out or
// become spaces, and no letter bears more than a few marks. At most limit characters are kept.
func clean(s string, limit int) string {
	var b strings.Builder
	kept, marks, space := 0, 0, true
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			r = ' '
		}
		if r == ' ' && space || r == utf8.RuneError || hidden(r) {
			continue
		}
		if unicode.Is(unicode.M, r) {
			if marks++; marks > 3 {
				continue
			}
		} else {
			marks = 0
		}
		if kept == limit {
			b.WriteRune('…')
			break
		}
		space = r == ' '
		b.WriteRune(r)
		kept++
	}
	return strings.TrimSpace(b.String())
}

// hidden reports whether a rune turns the direction of writing, or is none that XML may hold.
func hidden(r rune) bool {
	switch {
	case r == 0x061c, r >= 0x200e && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x206f:
		return true
	case r == 0xfeff, r&0xfffe == 0xfffe, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// apart keeps a name that is written from right to left from turning what stands beside it.
func apart(name string) string {
	if strings.ContainsFunc(name, leftwards) {
		return "\u2068" + name + "\u2069"
	}
	return name
}

func leftwards(r rune) bool {
	return r >= 0x0590 && r <= 0x08ff || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfeff ||
		r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff
}

// escape writes a text, which was cleaned, for XML.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(s)
}

// width is about how wide a text is, in pixels, in a font of some size: rather too wide than
// too narrow, for nobody knows the font in which it will be read.
func width(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		w += advance(r)
	}
	return w * size
}

// advance is about how wide a character is, in units of the font's size.
func advance(r rune) float64 {
	switch {
	case unicode.Is(unicode.M, r), r >= 0x2066 && r <= 0x2069, r == 0x200d:
		return 0
	case strings.ContainsRune("ijlI.,:;'|!/·", r):
		return 0.34
	case strings.ContainsRune("frt -()[]", r):
		return 0.41
	case strings.ContainsRune("mwMW@%…", r):
		return 1
	case r < 0x1100 && unicode.IsUpper(r):
		return 0.76
	case r < 0x1100, r >= 0x1e00 && r < 0x2000:
		return 0.64
	}
	return 1.3
}

// fit shortens a text to a number of pixels. It returns "" if not even a letter fits.
func fit(s string, room, size float64) string {
	if width(s, size) <= room {
		return s
	}
	room -= width("…", size)
	kept := 0
	for at, r := range s {
		if room -= advance(r) * size; room < 0 {
			break
		}
		kept = at + utf8.RuneLen(r)
	}
	for kept > 0 && kept < len(s) && clings(s, kept) {
		_, n := utf8.DecodeLastRuneInString(s[:kept])
		kept -= n
	}
	short := strings.TrimRight(s[:kept], " ")
	if short == "" {
		return ""
	}
	return short + "…"
}

// clings reports whether the text may not be cut at a place: what follows belongs to the
// letter or the emoji before it.
func clings(s string, at int) bool {
	next, _ := utf8.DecodeRuneInString(s[at:])
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	return unicode.Is(unicode.M, next) || next == 0x200d || before == 0x200d || next >= 0x1f3fb && next <= 0x1f3ff
}
