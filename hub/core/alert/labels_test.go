package alert_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"keng/hub/core/alert"
)

// Tags are added and removed as by one who does it one by one, and what was given stays as it was.
func TestTagsOneByOne(t *testing.T) {
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 17))
		throw := func(n int) (tags []string) {
			for range n {
				tags = append(tags, []string{"", strings.Repeat("ẻ", 51), strings.Repeat("ẻ", 49) + "…", fmt.Sprint("t", dice.IntN(30))}[min(dice.IntN(20), 3)])
			}
			return tags
		}
		tags, _, _ := alert.WithTags(nil, throw(dice.IntN(25)))
		more, had := throw(dice.IntN(8)), slices.Clone(tags)
		asked := slices.Clone(more)
		want, added, full := slices.Clone(tags), []string(nil), false
		for _, tag := range more {
			if tag == strings.Repeat("ẻ", 51) {
				tag = strings.Repeat("ẻ", 49) + "…"
			}
			if tag == "" || slices.Contains(want, tag) {
				continue
			}
			if full = full || len(want) == 20; len(want) < 20 {
				want, added = append(want, tag), append(added, tag)
			}
		}
		all, got, isFull := alert.WithTags(tags, more)
		if !slices.Equal(all, want) || !slices.Equal(got, added) || isFull != full {
			t.Fatalf("seed %d: %q and %q are %q, added %q, full %v", seed, had, asked, all, got, isFull)
		}
		kept, removed := alert.WithoutTags(all, more)
		for _, tag := range all {
			gone := slices.Contains(more, tag) || slices.Contains(more, strings.Repeat("ẻ", 51)) && tag == strings.Repeat("ẻ", 49)+"…"
			if slices.Contains(removed, tag) != gone || slices.Contains(kept, tag) == gone {
				t.Fatalf("seed %d: of %q without %q is %q left, %q removed", seed, all, more, kept, removed)
			}
		}
		if !slices.Equal(tags, had) || !slices.Equal(more, asked) || len(kept)+len(removed) != len(all) {
			t.Fatalf("seed %d: %q became %q", seed, had, tags)
		}
	}
}

func TestNamed(t *testing.T) {
	for want, lists := range map[bool][][]string{true: {{"a"}, {"", "a"}}, false: {nil, {}, {""}, {"", ""}}} {
		for _, tags := range lists {
			if alert.Named(tags) != want {
				t.Errorf("%q say something: %v", tags, !want)
			}
		}
	}
}

// Details are set and removed by their keys, and what was given stays as it was.
func TestDetailsByTheirKeys(t *testing.T) {
	old := map[string]string{"a": "1", "b": "2", "c": "3"}
	had, more := maps.Clone(old), map[string]string{"d": "4", "b": "2", "a": "x"}
	all, keys, fit := alert.WithDetails(old, more)
	if !maps.Equal(all, map[string]string{"a": "x", "b": "2", "c": "3", "d": "4"}) || !slices.Equal(keys, []string{"a", "d"}) || !fit || !maps.Equal(old, had) {
		t.Errorf("%v, of which %v are new, fit %v; before %v", all, keys, fit, old)
	}
	left, removed := alert.WithoutDetails(old, []string{"c", "x", "a", "c"})
	if !maps.Equal(left, map[string]string{"b": "2"}) || !slices.Equal(removed, []string{"c", "a"}) || !maps.Equal(old, had) {
		t.Errorf("%v, without %v; before %v", left, removed, old)
	}
	if left, removed := alert.WithoutDetails(nil, []string{"a"}); len(left) != 0 || removed != nil {
		t.Errorf("%v, without %v", left, removed)
	}
	if all, keys, fit := alert.WithDetails(nil, nil); len(all) != 0 || keys != nil || !fit {
		t.Errorf("%v %v %v", all, keys, fit)
	}
	for n, want := range map[int]bool{7_998: true, 7_999: false} {
		if _, _, fit := alert.WithDetails(map[string]string{"k": strings.Repeat("ẻ", n)}, map[string]string{"l": ""}); fit != want {
			t.Errorf("with %d characters and two keys: fit %v", n, fit)
		}
	}
	if _, _, fit := alert.WithDetails(map[string]string{"k": strings.Repeat("x", 8_000)}, map[string]string{"k": "y"}); !fit {
		t.Error("what is set anew still takes the room of the old one")
	}
}

// When the incident is over for which an alert calls somebody, the alert is closed whatever a
// team says, by whoever ended the incident, who has not looked at the alert by that.
func TestCloseOver(t *testing.T) {
	for name, prepare := range map[string]func(*alert.Alert){
		"new": func(*alert.Alert) {}, "acknowledged": func(a *alert.Alert) { a.Acknowledge(alert.By{Source: "api", At: now}) },
		"snoozed":     func(a *alert.Alert) { a.Snooze(alert.By{Source: "api", At: now}, now.Add(hour)) },
		"to be asked": func(a *alert.Alert) { a.Closing = &alert.Closing{By: "binh", At: now, Until: now.Add(hour)} },
	} {
		a := fresh()
		prepare(a)
		before := a.Sequence
		o := a.CloseOver(alert.By{User: "an", At: now.Add(hour)})
		if o.Reason != alert.HasClosed || o.Then != alert.ThenSilence || o.Entry.Why != alert.IncidentOver || o.Entry.Text() != "Alert closed: its incident is over" {
			t.Errorf("%s: %+v", name, o)
		}
		if a.Status != alert.Closed || a.ClosedBy != "an" || !a.ClosedAt.Equal(now.Add(hour)) || a.Snoozed() || a.Closing != nil || a.Seen() || a.Sequence != before+1 {
			t.Errorf("%s: %+v", name, a)
		}
		if o := a.CloseOver(alert.By{User: "an", At: now}); o.Reason != alert.AlreadyClosed || o.OK() {
			t.Errorf("%s, twice: %+v", name, o)
		}
	}
}

// A cause has the same words wherever it is told.
func TestTheWordsOfACause(t *testing.T) {
	for w := alert.AsAsked; w <= alert.IncidentOver; w++ {
		e := alert.Entry{What: alert.DidClose, Why: w}
		if w == alert.AsAsked {
			if w.Text() != "" || w.TextVi() != "" {
				t.Errorf("%q %q", w.Text(), w.TextVi())
			}
			continue
		}
		if e.Text() != "Alert closed: "+w.Text() || e.TextVi() != "Đã đóng cảnh báo: "+w.TextVi() {
			t.Errorf("%d: %q %q", w, w.Text(), w.TextVi())
		}
	}
	if alert.IncidentOver.TextVi() != "sự cố liên quan đã kết thúc" {
		t.Errorf("%q", alert.IncidentOver.TextVi())
	}
}
