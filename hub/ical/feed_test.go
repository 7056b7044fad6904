package ical_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"keng/hub/ical"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/feed.ics anew; then read it")

func shifts(t *testing.T) []ical.Event {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return []ical.Event{
		{UID: "night-1@keng", Start: time.Date(2026, 10, 24, 22, 0, 0, 0, berlin), End: time.Date(2026, 10, 25, 6, 0, 0, 0, berlin), Summary: "Trực ca đêm", Description: "Thay cho Bình;\nxem \\wiki, trang 3", Location: "Hà Nội"},
		{Start: day(2027, 2, 5), End: day(2027, 2, 12), AllDay: true, Summary: strings.Repeat("Tết Nguyên đán ", 12)},
	}
}

func TestFeed(t *testing.T) {
	now := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	got := ical.Feed("Lịch trực, của An", "", time.FixedZone("Asia/Ho_Chi_Minh", 7*3600), shifts(t), now)
	if *rewrite {
		if err := os.WriteFile("testdata/feed.ics", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile("testdata/feed.ics"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the feed is not what it was (see -rewrite): %v\n%s", err, got)
	}
}

// What is written is read again as it was, whatever the texts.
func TestFeedOfHostileTexts(t *testing.T) {
	for _, text := range []string{
		"", `a\nb\\n;,:"'`, "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil", "line\nbreak", "\x00\x07\x1b[31m", "\xff\xfe", "שלום \u202e 👩‍👩‍👧‍👦",
		strings.Repeat("Ệ", 5000), strings.Repeat("word ", 500), strings.Repeat("x", 300), "trailing \\", "<b>&amp;</b>" + strings.Repeat("<>", 60),
	} {
		events := shifts(t)
		events[0].Summary, events[0].Description, events[0].UID, events[1].Location = text, text, text, text
		feed := ical.Feed(text, text, time.UTC, events, time.Unix(0, 0))
		for line := range strings.SplitSeq(strings.TrimSuffix(string(feed), "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n\x00\x07\x1b") {
				t.Errorf("a bad line of %d bytes: %q", len(line), line)
			}
		}
		got, err := ical.Read(bytes.NewReader(feed), day(2026, 1, 1), day(2028, 1, 1), zones, ical.Limits{})
		if err != nil || len(got) != 2 {
			t.Fatalf("%q: %d events, %v\n%s", text, len(got), err, feed)
		}
		if !got[0].Start.Equal(events[0].Start) || !got[0].End.Equal(events[0].End) || !got[1].AllDay || !got[1].End.Equal(events[1].End) || got[0].UID == "" {
			t.Errorf("%+v", got)
		}
		if kept := strings.TrimSpace(strings.ReplaceAll(text, "\r", "")); utf8.ValidString(kept) && len(kept) < 1000 && !strings.ContainsAny(kept, "\x00") && got[0].Summary != kept {
			t.Errorf("%q came back as %q", kept, got[0].Summary)
		}
	}
}

func TestUIDsAreStable(t *testing.T) {
	uids := func(events []ical.Event, now time.Time) []string {
		var all []string
		for line := range strings.Lines(string(ical.Feed("x", "", nil, events, now))) {
			if uid, ok := strings.CutPrefix(line, "UID:"); ok {
				all = append(all, strings.TrimSpace(uid))
			}
		}
		return all
	}
	events := shifts(t)
	before := uids(events, time.Unix(0, 0))
	if before[0] != "night-1@keng" || !strings.HasSuffix(before[1], "@keng") {
		t.Errorf("%q", before)
	}
	events[0].Summary, events[1].Description = "changed", "changed"
	if after := uids(events, time.Unix(9999, 0)); strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("%q became %q", before, after)
	}
	if events[1].Start = day(2027, 2, 6); uids(events, time.Unix(0, 0))[1] == before[1] {
		t.Error("another event has the same UID")
	}
}
