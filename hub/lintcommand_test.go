package main

import (
	"strings"
	"testing"

	"keng/hub/client"
)

// The configuration is looked through by a command, which fails if there are errors: what is wrong, how
// to mend it and what was looked at, in either language.
func TestLintCommand(t *testing.T) {
	h, _ := rota(t)
	h.want(1, "lint --severity error", `(?s)^ERRORS: somebody is not told.*cluster-nobody +cluster Kẻng: No owner`)
	c, err := client.New(h.url, workKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateUser(t.Context(), client.NewUser{Username: "boss@example.vn", FullName: "Boss", Role: client.Thing{Name: "Owner"}}); err != nil {
		t.Fatal(err)
	}
	h.want(0, "lint --severity error", `(?s)^Nothing to mend: no finding of severity error or graver\.\nLooked at: 4 users, 0 teams, 1 schedule, .*; \d+\s+checks, schedules for 8 weeks\.\n$`)
	h.want(0, "lint", `(?s)^WARNINGS: .*catch-all-missing +cluster.*HINTS: .*schedule-unused +schedule it-rota: Nothing sends alerts to the schedule\.\n +To mend it: Name the schedule in a step`)
	h.want(0, "catch-all set schedule:it-rota", `is called`)
	h.want(1, "lint --severity error", `(?s)^ERRORS: somebody is not told.*person-not-loud +user an@example\.vn: No contact .*To mend it: Add the app`)
	h.want(1, "lint --language vi", `(?s)^LỖI: .*Cách sửa: Hãy thêm ứng dụng.*Đã xem: 4 người dùng`)
	code, said := h.run("lint", "--json", "--severity", "error")
	if code != 1 || len(said) == 0 || said[0] != '{' {
		t.Errorf("as JSON, exit code %d: %s", code, said)
	}
	var shown client.Lint
	h.want(0, "catch-all none", `^Nobody`)
	h.json("lint --json", &shown)
	if len(shown.Findings) < 2 || shown.Findings[0].Severity != "warning" || shown.Looked.Things["user"] != 4 {
		t.Errorf("as JSON it is %+v", shown)
	}
	h.want(2, "lint --severity fatal", `must be one of`)
	if help := (&lintCommand{}).Help(); !strings.Contains(help, "exit code is 1 if there are errors") {
		t.Errorf("--help says %s", help)
	}
}
