package engine

import (
	"strings"
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/proto/channel"
)

// What a page says of one alert: its number, and a line for each fact that is known.
func TestPageOfOneAlert(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	full := alert.Alert{ID: "a", Tiny: 7, Message: "web is down", Description: "502", Entity: "web-1", Source: "probe", Count: 2, Priority: 1, Sequence: 9}
	same := full
	same.Description, same.Entity, same.Source, same.Count = full.Message, "", "", 1
	parent := same
	parent.Lead = &alert.Lead{Members: 20, Open: 14, Newest: 21, About: "dns is down"}
	for _, c := range []struct {
		alert          alert.Alert
		language, body string
	}{
		{full, "en", "502\nAbout: web-1\nFrom: probe\nTimes: 2"},
		{full, "vi", "502\nĐối tượng: web-1\nNguồn: probe\nSố lần: 2"},
		{same, "en", ""},
		{parent, "en", "Open under it: 14, newest #21 dns is down"},
		{parent, "vi", "Đang mở trong nhóm: 14, mới nhất #21 dns is down"},
		{alert.Alert{ID: "a", Tiny: 7, Message: "web is down", Priority: 1, Sequence: 9}, "vi", ""},
	} {
		p := parcel{delivery: state.Delivery{Language: c.language, CreatedAt: now}, alerts: []*alert.Alert{&c.alert}}
		got := p.page(3, now)
		if got.Body != c.body || got.Title != "web is down" || got.TinyID != "7" || got.AlertID != "a" || got.Alerts != 0 || got.Sequence != 9 || got.Priority != "P1" || got.Term != 3 || got.Repeat {
			t.Errorf("%s: the page is %+v", c.language, got)
		}
	}
}

// P8: what a page says of several alerts: how many, how many of them are as grave as the
// gravest, and the first five.
func TestP8PageOfSeveralAlerts(t *testing.T) {
	alerts := func(grave, n int) (all []*alert.Alert) {
		for i := range n {
			a := &alert.Alert{Tiny: uint64(i + 1), Message: "m", Priority: 2, Sequence: uint64(n - i)}
			if i >= grave {
				a.Priority, a.Sequence = 3, 50
			}
			all = append(all, a)
		}
		return all
	}
	for _, c := range []struct {
		language    string
		grave, n    int
		title, last string
		lines       int
	}{
		{"en", 2, 3, "3 alerts, 2 of them P2", "P3 #3 m", 3},
		{"vi", 2, 3, "3 cảnh báo, 2 trong đó là P2", "P3 #3 m", 3},
		{"en", 5, 5, "5 alerts, all P2", "P2 #5 m", 5},
		{"vi", 6, 6, "6 cảnh báo, đều là P2", "và 1 cảnh báo khác", 6},
		{"en", 1, 7, "7 alerts, 1 of them P2", "and 2 more", 6},
	} {
		p := parcel{delivery: state.Delivery{Language: c.language}, alerts: alerts(c.grave, c.n)}
		page := p.page(1, time.Time{})
		lines := strings.Split(page.Body, "\n")
		wantSequence := uint64(c.n)
		if c.grave < c.n {
			wantSequence = 50
		}
		if page.Title != c.title || len(lines) != c.lines || lines[len(lines)-1] != c.last || page.Alerts != c.n || page.TinyID != "" || page.Sequence != wantSequence {
			t.Errorf("%s, %d of %d: the page is %+v", c.language, c.grave, c.n, page)
		}
	}
}

// P9, P4: lateness is said from half a minute on; what was attempted says that it may have
// come before.
func TestP9PageIsLate(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	for late, want := range map[time.Duration]time.Duration{lateAfter - 1: 0, lateAfter: lateAfter, time.Hour: time.Hour} {
		for _, stage := range []channel.Stage{channel.Queued, channel.Attempted} {
			p := parcel{delivery: state.Delivery{CreatedAt: now.Add(-late), Trace: []state.Trace{{Stage: stage}}}, alerts: []*alert.Alert{{}}}
			if page := p.page(1, now); page.LateBy != want || page.Repeat != (stage == channel.Attempted) {
				t.Errorf("late by %s, %s: the page is %+v", late, stage, page)
			}
		}
	}
}

// A page that nobody took has failed, for a reason, now.
func TestFailure(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	p := parcel{delivery: state.Delivery{ID: "d"}}
	if got, want := p.failure(channel.Unavailable, "nobody", now), (channel.Report{Page: "d", At: now, Stage: channel.Failed, Failure: channel.Unavailable, Detail: "nobody"}); got != want {
		t.Errorf("%v, not %v", got, want)
	}
}
