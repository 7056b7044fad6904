package email

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"keng/proto/channel"
)

// Bounds of a mail's parts, in runes but for idMax.
const (
	titleMax  = 200
	bodyMax   = 10_000
	detailMax = 300
	idMax     = 64 // bytes
)

// phrases are the words of one language that a mail is made of.
type phrases struct {
	alert       string // stands in for a missing title
	late        string // takes a duration
	lateShort   string // the same in a subject
	repeat      string
	repeatShort string
	several     string // takes a number of alerts
	acknowledge string // the button
	link        string // before the bare link
	secret      string // what the link is
	why         string // at the foot
	whyNotice   string // the same of a mail that is about no alert
	days        string // each takes a number
	hours       string
	minutes     string
	seconds     string
}

// phrasesIn returns the words of a language; of one that we do not speak, English.
func phrasesIn(language channel.Language) phrases {
	if language == channel.Vietnamese {
		return phrases{
			alert: "Cảnh báo", late: "Báo trễ %s vì Kẻng vừa bị gián đoạn.", lateShort: "trễ %s",
			repeat: "Gửi lại: có thể bạn đã nhận được thư này.", repeatShort: "gửi lại", several: "Thư này báo %d cảnh báo.",
			acknowledge: "Xem và tiếp nhận", link: "Xem và tiếp nhận cảnh báo tại:",
			secret:    "Đường dẫn này dành riêng cho bạn và có hiệu lực trong 7 ngày. Đừng chuyển tiếp: ai mở được nó đều có thể tiếp nhận thay bạn.",
			why:       "Kẻng gửi thư này vì bạn chịu trách nhiệm về cảnh báo. Muốn đổi cách báo, hãy sửa quy tắc thông báo của bạn.",
			whyNotice: "Kẻng gửi thư này vì bạn tham gia hoặc phụ trách lịch trực. Muốn đổi cách nhắc, hãy sửa quy tắc thông báo của bạn.",
			days:      "%d ngày", hours: "%d giờ", minutes: "%d phút", seconds: "%d giây",
		}
	}
	return phrases{
		alert: "Alert", late: "Late by %s, because Kẻng itself was down.", lateShort: "late by %s",
		repeat: "Repeat: you may have had this mail already.", repeatShort: "repeat", several: "This mail is about %d alerts.",
		acknowledge: "View and acknowledge", link: "View and acknowledge it at:",
		secret:    "This link is yours alone and works for 7 days. Do not forward it: whoever opens it can acknowledge in your name.",
		why:       "Kẻng sent this mail because you answer for the alert. To be told in another way, change your notification rules.",
		whyNotice: "Kẻng sent this mail because you take part in an on-call schedule, or look after it. To be reminded in another way, change your notification rules.",
		days:      "%d d", hours: "%d h", minutes: "%d min", seconds: "%d s",
	}
}

// subject leads with priority and number, which stay visible on a small screen.
func subject(page channel.Page) string {
	p := phrasesIn(page.Language)
	var head []string
	if priority := oneLine(page.Priority, 16); priority != "" {
		head = append(head, priority)
	}
	if tiny := oneLine(page.TinyID, 20); tiny != "" {
		head = append(head, "#"+tiny)
	}
	text := titleOf(page)
	if len(head) > 0 {
		text = "[" + strings.Join(head, " ") + "] " + text
	}
	var notes []string
	if page.Repeat {
		notes = append(notes, p.repeatShort)
	}
	if page.LateBy > 0 {
		notes = append(notes, fmt.Sprintf(p.lateShort, p.duration(page.LateBy)))
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text
}

func titleOf(page channel.Page) string {
	if title := oneLine(page.Title, titleMax); title != "" {
		return title
	}
	return phrasesIn(page.Language).alert
}

// duration says a duration in its greatest unit and the next one.
func (p phrases) duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf(p.seconds, d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf(p.minutes, d/time.Minute)
	case d < 24*time.Hour:
		return pair(p.hours, d/time.Hour, p.minutes, d%time.Hour/time.Minute)
	}
	return pair(p.days, d/(24*time.Hour), p.hours, d%(24*time.Hour)/time.Hour)
}

func pair(great string, n time.Duration, small string, m time.Duration) string {
	if m == 0 {
		return fmt.Sprintf(great, n)
	}
	return fmt.Sprintf(great, n) + " " + fmt.Sprintf(small, m)
}

// oneLine makes text fit for a header or a report: valid UTF-8, one line, at most limit runes.
func oneLine(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return clip(strings.Join(strings.Fields(text), " "), limit)
}

// lines keeps the lines of a text, without other control characters.
func lines(text string, limit int) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(strings.ToValidUTF8(text, "\uFFFD"))
	return clip(strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)), limit)
}

// clip shortens text to at most limit runes, the last of which then says so.
func clip(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return strings.TrimRightFunc(string(runes[:limit-1]), unicode.IsSpace) + "…"
}
