package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/client"
)

// rehearsalWords are what a person reads around the steps of a rehearsal.
type rehearsalWords struct {
	columns       [5]string
	again, under  string // of an open alert, by its number
	came, nobody  string
	held, several string
	fates, ends   map[string]string
	days          [7]string
}

var rehearsalTexts = map[string]rehearsalWords{
	"en": {
		columns: [5]string{"AFTER", "TIME", "WHO", "BY", "THEN"},
		again:   "Alert #%d is open and has this alias: it would occur again. What is to come for it:\n",
		under:   "It would come under alert #%d, which calls people:\n",
		came:    "If it came at %s:\n\n", nobody: "NOBODY would be paged.",
		held: "; held since %s", several: "; one page about %d alerts",
		fates: map[string]string{"": "under way", "done": "arrives", "unanswered": "rings in vain", "cancelled": "taken back", "failed": "fails"},
		ends: map[string]string{
			"rests":        "From {end} on nobody further is notified, and nobody has reacted: {why}.",
			"acknowledged": "It is acknowledged, and nothing further comes after {end}.",
			"closed":       "It is closed at {end}.",
			"nothing":      "No alert would come of it. {why}",
			"goes-on":      "More comes after {end}: look further with --for.",
			"cut":          "More would come after {end}, but {why}.",
		},
		days: [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
	},
	"vi": {
		columns: [5]string{"SAU", "LÚC", "AI", "BẰNG", "KẾT QUẢ"},
		again:   "Cảnh báo #%d đang mở và có cùng alias: nó sẽ được tính là xảy ra lại. Những gì sắp đến với nó:\n",
		under:   "Cảnh báo sẽ nằm trong cảnh báo #%d, cảnh báo đó gọi người xử lý:\n",
		came:    "Nếu cảnh báo đến lúc %s:\n\n", nobody: "KHÔNG AI được báo.",
		held: "; giữ lại từ %s", several: "; một lần báo chung cho %d cảnh báo",
		fates: map[string]string{"": "đang diễn ra", "done": "đến nơi", "unanswered": "không ai nghe máy", "cancelled": "thu hồi", "failed": "không gửi được"},
		ends: map[string]string{
			"rests":        "Từ {end} không báo thêm cho ai, và chưa ai phản hồi: {why}.",
			"acknowledged": "Cảnh báo đã được xác nhận, sau {end} không còn gì nữa.",
			"closed":       "Cảnh báo đóng lúc {end}.",
			"nothing":      "Sẽ không có cảnh báo nào. {why}",
			"goes-on":      "Sau {end} vẫn còn nữa: xem xa hơn bằng --for.",
			"cut":          "Sau {end} vẫn còn nữa, nhưng {why}.",
		},
		days: [7]string{"CN", "T2", "T3", "T4", "T5", "T6", "T7"},
	},
}

// printRehearsal prints what would happen, by the wall of the first person who would be paged, else of
// this machine. Why somebody is paged stands below the page, unless it is why the person was before.
func printRehearsal(out io.Writer, r *client.Rehearsed, words rehearsalWords) error {
	zone := wallZone(r)
	day := func(at time.Time, form string) string {
		return words.days[at.In(zone).Weekday()] + at.In(zone).Format(form)
	}
	moment := func(at time.Time) string { return day(at, " 2006-01-02 15:04:05 -07:00") }
	switch {
	case r.TinyID != 0:
		fmt.Fprintf(out, words.again, r.TinyID)
	case r.Parent != 0:
		fmt.Fprintf(out, words.under, r.Parent)
	}
	if len(r.Steps) > 0 {
		fmt.Fprintf(out, words.came, moment(r.At))
	}
	rows, whys := [][]string{words.columns[:]}, map[int]string{}
	last := map[string]string{} // why somebody was paged last
	for i, step := range r.Steps {
		after := (time.Duration(step.Offset*1000) * time.Millisecond).Round(time.Second).String()
		at := day(step.At, " 01-02 15:04:05")
		p := step.Page
		if p == nil {
			if !toldByPages(r.Steps[i+1:], step) {
				rows = append(rows, []string{after, at, logWords(step)})
			}
			continue
		}
		why := p.Why
		if p.Alerts > 1 {
			why += fmt.Sprintf(words.several, p.Alerts)
		}
		if !p.HeldFrom.IsZero() {
			why += fmt.Sprintf(words.held, moment(p.HeldFrom))
		}
		rows = append(rows, []string{after, at, p.User.Username, strings.TrimSpace(p.Kind + " " + p.To), words.fates[fateOf(p)]})
		if why != last[p.User.ID] {
			whys[len(rows)-1], last[p.User.ID] = why, why
		}
	}
	printRows(out, rows, whys)
	if pagesOf(r) == 0 {
		fmt.Fprintln(out, words.nobody)
	}
	_, err := fmt.Fprintln(out, strings.NewReplacer("{end}", moment(r.EndAt), "{why}", r.Why).Replace(words.ends[r.End]))
	return err
}

// printRows prints rows in columns, the last of each as long as it is, and below some rows a text.
func printRows(out io.Writer, rows [][]string, below map[int]string) {
	if len(rows) == 1 {
		return
	}
	var widths [5]int
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, row := range rows {
		line, last := "", len(row)-1
		for i, cell := range row[:last] {
			line += fmt.Sprintf("%-*s  ", widths[i], cell)
		}
		fmt.Fprintln(out, wrapped(line+row[last], utf8.RuneCountInString(line)))
		if text := below[n]; text != "" {
			fmt.Fprintln(out, wrapped("         "+text, 9))
		}
	}
}

// lineWidth is how many characters a line of a text has at most, where a word ends before.
const lineWidth = 100

// wrapped breaks a text into lines, all but the first of which begin with so many blanks.
func wrapped(text string, indent int) string {
	var out strings.Builder
	width := 0
	for i, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+n > lineWidth && width > indent:
			out.WriteString("\n" + strings.Repeat(" ", indent))
			width = indent
		default:
			out.WriteByte(' ')
			width++
		}
		out.WriteString(word)
		width += n
	}
	return out.String()
}

// wallZone is that of the first person who would be paged, if this machine knows it.
func wallZone(r *client.Rehearsed) *time.Location {
	for _, step := range r.Steps {
		if step.Page == nil || step.Page.TimeZone == "" {
			continue
		}
		if zone, err := time.LoadLocation(step.Page.TimeZone); err == nil {
			return zone
		}
	}
	return time.Local
}

// toldByPages reports whether a line of the log only says what the pages of the same moment say.
func toldByPages(next []client.RehearsedStep, line client.RehearsedStep) bool {
	for _, step := range next {
		if !step.At.Equal(line.At) {
			return false
		}
		if p := step.Page; p != nil && strings.Contains(line.Log, p.User.Username) && strings.HasSuffix(line.Log, ": "+p.Why) {
			return true
		}
	}
	return false
}

func logWords(step client.RehearsedStep) string {
	if step.Owner != "System" {
		return step.Log + " (" + step.Owner + ")"
	}
	return step.Log
}

// fateOf says in a word what is assumed of a page.
func fateOf(p *client.RehearsedPage) string {
	switch {
	case p.Assumed == nil:
		return ""
	case p.Assumed.Stage == "done", p.Assumed.Stage == "cancelled":
		return p.Assumed.Stage
	case p.Assumed.Failure == "unanswered":
		return p.Assumed.Failure
	}
	return "failed"
}
