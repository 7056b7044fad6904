package sms

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"keng/proto/channel"
)

// Bounds, in runes.
const (
	titleMax  = 400
	bodyMax   = 1000
	detailMax = 300
	linkMax   = 200
	// wordsMin is how much of the text there must be room for beside a link; else there is none.
	wordsMin = 30
)

// The letters of one message, and of each part of a longer one: 3GPP TS 23.038 and 23.040.
const (
	gsmOne, gsmPart   = 160, 153 // septets
	ucs2One, ucs2Part = 70, 67   // UTF-16 units
)

// The GSM 7 bit default alphabet, and what needs an escape before it.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtra = "^{}\\[~]|€\f"
)

// size is how much room a text takes, and whether it needs UCS-2.
func size(text string) (units int, ucs2 bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			units++
		case strings.ContainsRune(gsmExtra, r):
			units += 2
		default:
			return len(utf16.Encode([]rune(text))), true
		}
	}
	return units, false
}

// fits reports whether a text is of at most so many parts.
func fits(text string, parts int) bool {
	units, ucs2 := size(text)
	one, part := gsmOne, gsmPart
	if ucs2 {
		one, part = ucs2One, ucs2Part
	}
	return units <= one || parts > 1 && units <= part*parts
}

// compose writes the text of a page, for a provider.
func compose(page channel.Page, p *Provider) (text string, ucs2 bool) {
	plain := func(s string) string {
		if p.Diacritics == "strip" {
			s = strip(s)
		}
		return without(s, p.Without)
	}
	head, body := plain(headOf(page)), plain(oneLine(page.Body, bodyMax))
	more := "…"
	if p.Diacritics == "strip" {
		more = "..."
	}
	// The body is worth nothing if the title must suffer for it.
	whole := head
	if body != "" {
		whole = head + ". " + body
		if strings.HasSuffix(head, ".") {
			whole = head + " " + body
		}
	}
	link, letter := linkOf(page), "n"
	if _, ucs2 = size(whole); ucs2 {
		letter = "ạ"
	}
	if !fits(strings.Repeat(letter, wordsMin)+" "+link, p.Parts) {
		link = ""
	}
	text = cut(whole, link, more, p.Parts)
	_, ucs2 = size(text)
	return text, ucs2
}

// headOf is what leads a message: notes, priority, number, title.
func headOf(page channel.Page) string {
	p := phrasesIn(page.Language)
	var head []string
	for _, word := range []string{oneLine(page.Priority, 16), prefixed("#", oneLine(page.TinyID, 20))} {
		if word != "" {
			head = append(head, word)
		}
	}
	if page.Repeat {
		head = append(head, "("+p.repeat+")")
	}
	if page.LateBy > 0 {
		head = append(head, "("+fmt.Sprintf(p.late, p.duration(page.LateBy))+")")
	}
	title := oneLine(page.Title, titleMax)
	if title == "" {
		title = p.alert
	}
	if len(head) == 0 {
		return title
	}
	return strings.Join(head, " ") + ": " + title
}

// linkOf returns a page's link, if a message can hold it.
func linkOf(page channel.Page) string {
	link := page.Link
	if len(link) > linkMax || strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return link
}

// cut shortens words, at a word if it can, until they fit with the link, which is never cut.
func cut(words, link, more string, parts int) string {
	with := func(words string) string { return strings.TrimSpace(words + " " + link) }
	if fits(with(words), parts) {
		return with(words)
	}
	runes := []rune(words)
	low, high := 0, len(runes) // the greatest length that fits is in [low, high)
	for low+1 < high {
		if middle := (low + high) / 2; fits(with(string(runes[:middle])+more), parts) {
			low = middle
		} else {
			high = middle
		}
	}
	kept := string(runes[:low])
	if at := strings.LastIndexFunc(kept, unicode.IsSpace); at > len(kept)/2 && !unicode.IsSpace(runes[low]) {
		kept = kept[:at]
	}
	return with(strings.TrimRightFunc(kept, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }) + more)
}

// phrases are the words of one language.
type phrases struct {
	alert, repeat, late          string
	days, hours, minutes, second string
}

// phrasesIn returns the words of a language; of one that we do not speak, English.
func phrasesIn(language channel.Language) phrases {
	if language == channel.Vietnamese {
		return phrases{"Cảnh báo", "gửi lại", "trễ %s", "%d ngày", "%d giờ", "%d phút", "%d giây"}
	}
	return phrases{"Alert", "repeat", "late by %s", "%d d", "%d h", "%d min", "%d s"}
}

// duration says a duration in its greatest unit.
func (p phrases) duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf(p.second, d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf(p.minutes, d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf(p.hours, d/time.Hour)
	}
	return fmt.Sprintf(p.days, d/(24*time.Hour))
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// without puts spaces in the place of characters that a provider takes not.
func without(text, unwanted string) string {
	if unwanted == "" {
		return text
	}
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune(unwanted, r) {
			return ' '
		}
		return r
	}, text)), " ")
}

// oneLine makes text valid UTF-8 on one line, of at most limit runes.
func oneLine(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= limit {
		return string(runes)
	}
	return strings.TrimRightFunc(string(runes[:limit-1]), unicode.IsSpace) + "…"
}
