package fcm

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"keng/proto/channel"
)

// phrases are the words of one language that a push message is made of.
type phrases struct {
	alert   string // stands in for a missing title
	late    string // takes a duration
	repeat  string
	days    string // each takes a number
	hours   string
	minutes string
	seconds string
}

// phrasesIn returns the words of a language; of one that we do not speak, English.
func phrasesIn(language channel.Language) phrases {
	if language == channel.Vietnamese {
		return phrases{
			alert:  "Cảnh báo",
			late:   "Báo trễ %s vì Kẻng vừa bị gián đoạn.",
			repeat: "Báo lại: có thể bạn đã nhận được thông báo này.",
			days:   "%d ngày", hours: "%d giờ", minutes: "%d phút", seconds: "%d giây",
		}
	}
	return phrases{
		alert:  "Alert",
		late:   "Late by %s, because Kẻng itself was down.",
		repeat: "Repeat: you may have had this page already.",
		days:   "%d d", hours: "%d h", minutes: "%d min", seconds: "%d s",
	}
}

// text returns title and body in the person's language. The title leads with priority and
// number, which stay visible on a small screen; "late by" (P9) and "repeat" (P4)
// lead the body for the same reason.
func text(page channel.Page) (title, body string) {
	p := phrasesIn(page.Language)
	var head []string
	if priority := bounded(page.Priority); priority != "" {
		head = append(head, priority)
	}
	if tiny := bounded(page.TinyID); tiny != "" {
		head = append(head, "#"+tiny)
	}
	subject := oneLine(page.Title, titleMax)
	if subject == "" {
		subject = p.alert
	}
	title = clip(strings.Join(append(head, subject), " · "), titleMax)

	var lines []string
	if page.LateBy > 0 {
		lines = append(lines, fmt.Sprintf(p.late, p.duration(page.LateBy)))
	}
	if page.Repeat {
		lines = append(lines, p.repeat)
	}
	if rest := cleanLines(page.Body); rest != "" {
		lines = append(lines, rest)
	}
	return title, clip(strings.Join(lines, "\n"), bodyMax)
}

// duration says a duration in its two greatest units.
func (p phrases) duration(d time.Duration) string {
	units := []struct {
		format string
		size   time.Duration
	}{{p.days, 24 * time.Hour}, {p.hours, time.Hour}, {p.minutes, time.Minute}, {p.seconds, time.Second}}
	for i, unit := range units {
		if d < unit.size && unit.size > time.Second {
			continue
		}
		said := fmt.Sprintf(unit.format, d/unit.size)
		if i+1 < len(units) && units[i+1].size > time.Second {
			if rest := d % unit.size / units[i+1].size; rest > 0 {
				said += " " + fmt.Sprintf(units[i+1].format, rest)
			}
		}
		return said
	}
	return "" // not reached: seconds take any duration
}

// cleanLines keeps a body's lines, without other control characters.
func cleanLines(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text))
}
