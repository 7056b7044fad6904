package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

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
	kinds                     map[string]string
}

var lintTexts = map[string]lintWords{
	"en": {
		grave: map[string]string{"error": "ERRORS: somebody is not told, or at some time will not be", "warning": "WARNINGS: it does something else than it seems", "hint": "HINTS: worth a look"},
		mend:  "To mend it: ", more: "… and %d more: mend these first.\n", unseen: "%d schedules were not looked through for gaps: there are too many shifts.\n",
		clean: "Nothing to mend: no finding of severity %s or graver.\n", looked: "Looked at: %s; %d checks, schedules for %d weeks.\n",
		kinds: map[string]string{"user": "users", "team": "teams", "schedule": "schedules", "escalation": "escalations", "policy": "policies", "integration": "integrations", "grouping": "groupings"},
	},
	"vi": {
		grave: map[string]string{"error": "LỖI: có người không được báo, hoặc sẽ có lúc không được báo", "warning": "CẢNH BÁO: hoạt động khác với những gì người viết nghĩ", "hint": "GỢI Ý: nên xem lại"},
		mend:  "Cách sửa: ", more: "… và %d mục nữa: hãy sửa những mục này trước.\n", unseen: "%d lịch trực chưa được tìm khoảng trống: có quá nhiều ca trực.\n",
		clean: "Không có gì cần sửa: không thấy mục nào từ mức %s trở lên.\n", looked: "Đã xem: %s; %d phép kiểm tra, lịch trực trong %d tuần tới.\n",
		kinds: map[string]string{"user": "người dùng", "team": "nhóm", "schedule": "lịch trực", "escalation": "chính sách leo thang", "policy": "chính sách", "integration": "tích hợp", "grouping": "quy tắc gom nhóm"},
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
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	last := ""
	for _, f := range report.Findings {
		if f.Severity != last {
			last = f.Severity
			fmt.Fprintf(table, "%s\n\n", words.grave[f.Severity])
		}
		fmt.Fprintf(table, "  %s\t%s\n  %s\t%s%s\n\n", f.Check, strings.TrimSpace(f.About.Kind+" "+f.About.Name)+": "+f.What, "", words.mend, f.Mend)
	}
	if err := table.Flush(); err != nil {
		return err
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
		things = append(things, fmt.Sprintf("%d %s", report.Looked.Things[kind], words.kinds[kind]))
	}
	_, err := fmt.Fprintf(out, words.looked, strings.Join(things, ", "), report.Looked.Checks, report.Looked.Weeks)
	return err
}
