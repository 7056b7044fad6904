package alert_test

import (
	"strings"
	"testing"

	"keng/hub/core/alert"
)

// Rule ogapi-10.log.actions.
func TestEverythingThatHappensHasWords(t *testing.T) {
	names := map[string]alert.What{}
	for w := alert.DidCreate; w <= alert.DidDeleteAttachment; w++ {
		e := alert.Entry{What: w, By: "an", At: now, Of: []string{"old", "new"}, Note: "the note"}
		if w.String() == "" || e.Text() == "" || e.TextVi() == "" || e.Text() == e.TextVi() {
			t.Errorf("%d is %q, told as %q and %q", w, w, e.Text(), e.TextVi())
		}
		if strings.Contains(e.Text()+e.TextVi(), "%") || !strings.HasSuffix(e.Text(), ": the note") || !strings.HasSuffix(e.TextVi(), ": the note") {
			t.Errorf("%s: %q, %q", w, e.Text(), e.TextVi())
		}
		if e.Text()[0] < 'A' || e.Text()[0] > 'Z' {
			t.Errorf("%q does not begin as a sentence", e.Text())
		}
		if other, twice := names[w.String()]; twice && !(w == alert.DidAskToClose && other == alert.DidClose) {
			t.Errorf("%d and %d have the name %s", w, other, w)
		}
		names[w.String()] = w
	}
	// The names that the documentation of webhooks has for what can happen to an alert.
	for _, name := range strings.Fields(`Create Acknowledge UnAcknowledge AddTeam AddResponder AddNote AddTags RemoveTags Close AssignOwnership TakeOwnership
		Delete Escalate EscalateToNext Snooze SnoozeEnded UpdatePriority UpdateDescription UpdateMessage AddDetails RemoveDetails`) {
		if _, ok := names[name]; !ok {
			t.Errorf("nothing is named %s", name)
		}
	}
	if w := alert.DidDeleteAttachment + 1; w.String() != "" || alert.What(0).String() != "" || (alert.Entry{What: 255}).Text() != "" {
		t.Error("what cannot happen has words")
	}
}

func TestCausesHaveWords(t *testing.T) {
	seen := map[string]bool{}
	for w := alert.SnoozeOver; w <= alert.AllWasDone; w++ {
		e := alert.Entry{What: alert.DidClose, Why: w}
		en, vi := e.Text(), e.TextVi()
		if len(en) <= len("Alert closed: ") || len(vi) <= len("Đã đóng cảnh báo: ") || seen[en] || seen[vi] {
			t.Errorf("%d: %q, %q", w, en, vi)
		}
		seen[en], seen[vi] = true, true
	}
	if e := (alert.Entry{What: alert.DidClose}); e.Text() != "Alert closed" || e.TextVi() != "Đã đóng cảnh báo" {
		t.Errorf("%q %q", e.Text(), e.TextVi())
	}
	if e := (alert.Entry{What: alert.DidClose, Why: alert.AllWasDone + 1}); e.Text() != "Alert closed" {
		t.Errorf("%q", e.Text())
	}
}

// A line of an earlier or a later version may have what does not fit its sentence.
func TestOddLinesAreTold(t *testing.T) {
	for _, e := range []alert.Entry{
		{What: alert.DidUpdatePriority, Of: []string{"P1"}}, {What: alert.DidAddTags}, {What: alert.DidRunAction},
		{What: alert.DidUpdateMessage, Of: []string{"100%s", "%d"}}, {What: alert.DidAddTags, Of: []string{"%s"}},
	} {
		if text := e.Text(); strings.Contains(text, "MISSING") || strings.Contains(text, "EXTRA") || strings.Contains(text, "%!") {
			t.Errorf("%q", text)
		}
	}
	if got := (alert.Entry{What: alert.DidRunAction}).Action(); got != "Action" {
		t.Errorf("%q", got)
	}
	if got := (alert.Entry{What: alert.DidAddTags, Of: []string{"x"}}).Action(); got != "AddTags" {
		t.Errorf("%q", got)
	}
	if got := (alert.Entry{What: alert.DidUpdatePriority, Of: []string{"P1", "P2"}}).TextVi(); got != "Đã đổi mức ưu tiên từ P1 thành P2" {
		t.Errorf("%q", got)
	}
}

func TestWhoDoesIt(t *testing.T) {
	for _, x := range []struct {
		by   alert.By
		want string
	}{{alert.By{User: "an", Source: "api"}, "an"}, {alert.By{Source: "api"}, "api"}, {alert.By{}, "System"}} {
		if got := x.by.Name(); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}
