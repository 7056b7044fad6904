package state_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/state"
)

// explanationVerbs are what plays ask about the reasons of pages.
func (s *stage) explanationVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"explain": s.explain}
}

// explain ALIAS|#NUMBER [vi] tells the explanation of an alert.
func (s *stage) explain(args []string) error {
	a, ok := state.FindAlert(s.tx, named(args[0]))
	if !ok {
		return core.Missing("alert", args[0])
	}
	account := state.Explain(s.tx, a, time.LoadLocation, time.UTC)
	for _, line := range account.Lines(len(args) > 1 && args[1] == "vi", func(at time.Time) string { return at.Format("15:04:05") }) {
		s.say("  %s", line)
	}
	return nil
}

// checkExplained looks whether each page of an alert is explained, with the reason that it has,
// and nothing else is, and whether everything is told in both languages.
func (l *fullLife) checkExplained(a *alert.Alert) {
	account := state.Explain(l.tx, a, time.LoadLocation, time.UTC)
	pages := state.DeliveriesOf(l.tx, a.ID)
	if account.Pages != len(pages) {
		l.t.Fatalf("P15: %d pages are explained as %d", len(pages), account.Pages)
	}
	explained := map[core.DeliveryID]explain.Page{}
	for _, p := range account.People {
		for _, page := range p.Pages {
			explained[page.ID] = page
		}
	}
	newest := pages[max(0, len(pages)-200):]
	if len(explained) != len(newest) {
		l.t.Fatalf("P15: of %d pages %d are explained", len(newest), len(explained))
	}
	for _, d := range newest {
		page, ok := explained[d.ID]
		if !ok || *page.Decision.Why != d.Why || page.Contact != d.Contact || page.Decision.User != d.User || page.Final != d.Final() {
			l.t.Fatalf("P15: page %s, %v, is explained as %+v", d.ID, d.Why, page)
		}
	}
	for _, vi := range []bool{false, true} {
		lines := account.Lines(vi, func(time.Time) string { return "T" })
		if slices.ContainsFunc(lines, func(s string) bool { return s == "." || s == "- T: ." }) {
			l.t.Fatalf("P15: an empty line in %q", lines)
		}
	}
	if wants := !a.Silent(); wants && len(account.Next) == 0 && account.Rests == nil && account.Under == nil {
		l.t.Fatalf("P15: alert #%d wants attention, and neither what comes nor why nothing does is said", a.Tiny)
	}
}

// Of an alert with many pages the newest are told, and how many there were. Rule
// keng-8.explain.bounds.
func TestExplanationIsBounded(t *testing.T) {
	s := newStage(t)
	s.machine = s.machine.With(state.Limits{})
	s.act("user an vi push:tok-an push@0s")
	s.act("create web user:an")
	for n := range 250 {
		s.act("ack web an")
		s.act("unack web an")
		if n%50 == 0 {
			s.act("wait 1h")
		}
	}
	a, _ := state.FindAlert(s.tx, state.Ref{Alias: "web"})
	account := state.Explain(s.tx, a, time.LoadLocation, time.UTC)
	if account.Pages != 251 || len(account.People) != 1 || len(account.People[0].Pages) != 200 {
		t.Fatalf("%d pages, %d people: %s", account.Pages, len(account.People), fmt.Sprint(len(account.People[0].Pages)))
	}
	lines := account.Lines(false, func(time.Time) string { return "" })
	if !slices.Contains(lines, "Of the older pages 51 are left out here.") {
		t.Errorf("it is not said that pages are left out: %q", lines[len(lines)-3:])
	}
}
