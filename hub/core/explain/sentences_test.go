package explain_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keng/hub/core/explain"
)

var rewrite = flag.Bool("rewrite", false, "write the sentences anew")

// The number, the name and the sentences of every kind, and the words for what becomes of a page, are what
// testdata/sentences.txt says: numbers are stored, names are what tools read, and a person reads the rest.
func TestSentences(t *testing.T) {
	var b strings.Builder
	for _, k := range explain.Kinds() {
		d := filled(k)
		d.Of = append(d.Of, "thứ ba")
		fmt.Fprintf(&b, "%d %s\n  %s\n  %s\n", k, k, d.Text(), d.TextVi())
		if d.CauseVi() != d.TextVi() {
			fmt.Fprintf(&b, "  because %s / vì %s\n", d.Cause(), d.CauseVi())
		}
		fmt.Fprintf(&b, "  rests %v, of a page %v\n", k.Rests(), k.OfPage())
	}
	for _, of := range []explain.Fate{
		{Stage: "queued"}, {Stage: "attempted"}, {Stage: "accepted"}, {Stage: "ringing"}, {Stage: "answered"}, {Stage: "done"}, {Stage: "failed"}, {Stage: "cancelled"},
		{Failure: "dead-contact"}, {Failure: "refused"}, {Failure: "overloaded"}, {Failure: "unavailable"}, {Failure: "busy"}, {Failure: "declined"}, {Failure: "unanswered"},
		{Failure: "no-reply"}, {Failure: "expired"}, {Failure: "stale-term"}, {Failure: "misconfigured"},
		{Detail: "the alert is acknowledged"}, {Detail: "the alert is closed"}, {Detail: "the alert is snoozed"}, {Detail: "the alert is about to be closed"},
		{Detail: "the alert is deleted"}, {Detail: "the person has acknowledged the alert"}, {Detail: "the person has passed the alert on"},
		{Detail: "the contact works no more"}, {Detail: "nothing was heard of this page in time"}, {Detail: "no gateway that is connected serves sms"},
		{Reply: "acknowledge"}, {Reply: "close"}, {Reply: "next-person"},
	} {
		fmt.Fprintf(&b, "fate %s\n  %s\n", of, of.TextVi())
	}
	for _, by := range []string{"push", "voice", "sms", "email", "pager"} {
		fmt.Fprintf(&b, "by %s\n  %s\n", by, explain.Decision{Kind: explain.AttemptComes, Name: "an", By: by, At: time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)}.TextVi())
	}
	file := filepath.Join("testdata", "sentences.txt")
	if *rewrite {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, lines := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(lines)) {
		switch {
		case i >= len(got) || i >= len(lines):
			t.Fatalf("there are %d lines, want %d", len(got), len(lines))
		case got[i] != lines[i]:
			t.Fatalf("line %d is %q, want %q (see -rewrite)", i+1, got[i], lines[i])
		}
	}
}
