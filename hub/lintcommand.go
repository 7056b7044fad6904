package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"keng/hub/client"
)

// lintCommand looks through the whole configuration.
type lintCommand struct {
	server
	Severity string `default:"hint" enum:"error,warning,hint" help:"Only what is at least so grave: error, warning or hint."`
	Language string `default:"en" enum:"vi,en" help:"Of what is told: vi or en."`
	JSON     bool   `name:"json" help:"Print the API's object."`
}

// lintWords are what a person reads around the findings.
type lintWords struct {
	grave                     map[string]string // the heading of a severity
	mend, more, unseen, clean string
	looked                    string
	kinds                     map[string]string // of what a thing is called, where it is not as the API says
	many                      map[string]string // of these, where it is not with an s
}

// count tells how many things of a kind there are.
func (w *lintWords) count(kind string, n int) string {
	word := w.kinds[kind]
	switch {
	case word != "": // Vietnamese has one form
	case n == 1:
		word = kind
	default:
		word = cmp.Or(w.many[kind], kind+"s")
	}
	return fmt.Sprintf("%d %s", n, word)
}

var lintTexts = map[string]lintWords{
	"en": {
		grave: map[string]string{"error": "ERRORS: somebody is not told, or at some time will not be", "warning": "WARNINGS: it does something else than it seems", "hint": "HINTS: worth a look"},
		mend:  "To mend it: ", more: "… and %d more: mend these first.\n", unseen: "%d schedules were not looked through for gaps: there are too many shifts.\n",
		clean: "Nothing to mend: no finding of severity %s or graver.\n", looked: "Looked at: %s; %d checks, schedules for %d weeks.",
		many: map[string]string{"policy": "policies"},
	},
	"vi": {
		grave: map[string]string{"error": "LỖI: có người không được báo, hoặc sẽ có lúc không được báo", "warning": "CẢNH BÁO: hoạt động khác với những gì người viết nghĩ", "hint": "GỢI Ý: nên xem lại"},
		mend:  "Cách sửa: ", more: "… và %d mục nữa: hãy sửa những mục này trước.\n", unseen: "%d lịch trực chưa được tìm khoảng trống: có quá nhiều ca trực.\n",
		clean: "Không có gì cần sửa: không thấy mục nào từ mức %s trở lên.\n", looked: "Đã xem: %s; %d phép kiểm tra, lịch trực trong %d tuần tới.",
		kinds: map[string]string{"user": "người dùng", "team": "nhóm", "schedule": "lịch trực", "escalation": "chính sách leo thang", "policy": "chính sách", "integration": "tích hợp", "grouping": "quy tắc gom nhóm",
			"alert-policy": "chính sách cảnh báo", "notification-policy": "chính sách thông báo", "maintenance": "bảo trì", "checks": "danh sách phép kiểm tra", "cluster": "cụm"},
	},
}

// Help says what the exit code means.
func (*lintCommand) Help() string {
	return "The exit code is 1 if there are errors, else 0: warnings and hints do not count. Run it after every change, and from a job once a day."
}

// Run prints what was found, the gravest first. With errors the command fails.
func (c *lintCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	report, err := hub.Lint(ctx, c.Severity, c.Language)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(out, report)
	} else {
		err = printLint(out, report, c.Severity, lintTexts[c.Language])
	}
	if err == nil && len(report.Findings) > 0 && report.Findings[0].Severity == "error" {
		return errTold
	}
	return err
}

// printLint prints findings of a severity or graver under headings, and what was looked at.
func printLint(out io.Writer, report client.Lint, severity string, words lintWords) error {
	last := ""
	for _, f := range report.Findings {
		if f.Severity != last {
			last = f.Severity
			fmt.Fprintf(out, "%s\n\n", words.grave[f.Severity])
		}
		about := strings.TrimSpace(cmp.Or(words.kinds[f.About.Kind], f.About.Kind) + " " + f.About.Name)
		fmt.Fprintln(out, wrapped("  "+f.Check+"  "+about+": "+f.What, 4))
		fmt.Fprintln(out, wrapped("    "+words.mend+f.Mend, 4)+"\n")
	}
	if len(report.Findings) == 0 {
		fmt.Fprintf(out, words.clean, severity)
	}
	if report.More > 0 {
		fmt.Fprintf(out, words.more, report.More)
	}
	if report.Looked.Unseen > 0 {
		fmt.Fprintf(out, words.unseen, report.Looked.Unseen)
	}
	var things []string
	for _, kind := range []string{"user", "team", "schedule", "escalation", "policy", "integration", "grouping"} {
		things = append(things, words.count(kind, report.Looked.Things[kind]))
	}
	_, err := fmt.Fprintln(out, wrapped(fmt.Sprintf(words.looked, strings.Join(things, ", "), report.Looked.Checks, report.Looked.Weeks), 4))
	return err
}
