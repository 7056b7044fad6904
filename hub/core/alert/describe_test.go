package alert_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
)

func repeat(n int) string { return strings.Repeat("ẻ", n) }

// Rules ogapi-2.life.note, ogapi-3.limits.note.
func TestNotes(t *testing.T) {
	a := fresh()
	if o := a.AddNote(by("an", 0)); o.Reason != alert.NothingNamed {
		t.Errorf("an empty note: %+v", o)
	}
	b := by("an", 0)
	b.Note = repeat(alert.NoteMax + 1)
	o := a.AddNote(b)
	if !o.Moved() || len([]rune(o.Entry.Note)) != alert.NoteMax || !strings.HasSuffix(o.Entry.Note, "ẻ…") || !strings.HasPrefix(o.Entry.Text(), "Note: ẻ") {
		t.Errorf("%d", len([]rune(o.Entry.Note)))
	}
}

// Rules ogapi-2.life.tags, ogapi-3.limits.tags.
func TestTags(t *testing.T) {
	a := fresh()
	add := func(tags ...string) alert.Outcome { return a.AddTags(by("an", 0), tags) }
	for _, none := range [][]string{nil, {""}, {"", ""}} {
		if o := add(none...); o.Reason != alert.NothingNamed || o.OK() {
			t.Errorf("%q: %+v", none, o)
		}
	}
	if o := add("t", ""); o.Verdict != alert.Same || o.Reason != alert.HasTags {
		t.Errorf("%+v", o)
	}
	before := a.Tags
	if o := add("b", "a", "t", "b"); !o.Moved() || !slices.Equal(a.Tags, []string{"t", "b", "a"}) || o.Entry.Text() != "Tags added: b, a" || len(before) != 1 {
		t.Errorf("%+v %q", o, a.Tags)
	}
	if o := add(repeat(51)); !o.Moved() || a.Tags[3] != repeat(49)+"…" {
		t.Errorf("%+v %q", o, a.Tags)
	}
	if o := add(repeat(52)); o.Verdict != alert.Same {
		t.Errorf("cut it is the same: %+v", o)
	}
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprint(i))
	}
	if o := add(many...); !o.Moved() || len(a.Tags) != alert.TagsMax || len(o.Entry.Of) != 16 || a.Tags[19] != "15" {
		t.Errorf("%+v %q", o, a.Tags)
	}
	if o := add("more"); o.Reason != alert.TooManyTags {
		t.Errorf("%+v", o)
	}
	if o := add("t"); o.Verdict != alert.Same {
		t.Errorf("%+v", o)
	}
	remove := func(tags ...string) alert.Outcome { return a.RemoveTags(by("an", 0), tags) }
	if o := remove(); o.Reason != alert.NothingNamed {
		t.Errorf("%+v", o)
	}
	if o := remove("gone"); o.Verdict != alert.Same || o.Reason != alert.HasLessTags {
		t.Errorf("%+v", o)
	}
	if o := remove("a", repeat(51), "gone"); !o.Moved() || o.Entry.Text() != "Tags removed: a, "+repeat(49)+"…" || len(a.Tags) != 18 || a.Tags[1] != "b" {
		t.Errorf("%+v %q", o, a.Tags)
	}
}

// Rules ogapi-2.life.details, ogapi-3.limits.details.
func TestDetails(t *testing.T) {
	a := fresh()
	set := func(pairs ...string) alert.Outcome {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return a.AddDetails(by("an", 0), m)
	}
	if o := set(); o.Reason != alert.NothingNamed {
		t.Errorf("%+v", o)
	}
	if o := set("k", "v"); o.Verdict != alert.Same || o.Reason != alert.HasDetails {
		t.Errorf("%+v", o)
	}
	before := a.Details
	if o := set("b", "1", "a", "", "k", "v"); !o.Moved() || !maps.Equal(a.Details, map[string]string{"k": "v", "a": "", "b": "1"}) || o.Entry.Text() != "Details added: a, b" || len(before) != 1 {
		t.Errorf("%+v %q", o, a.Details)
	}
	if o := set("k", "w"); !o.Moved() || a.Details["k"] != "w" {
		t.Errorf("%+v", o)
	}
	room := alert.DetailsMax - len("kwab1") - len("long")
	if o := set("long", repeat(room+1), "other", "x"); o.Reason != alert.TooManyDetails || a.Details["other"] != "" {
		t.Errorf("%+v", o)
	}
	if o := set("long", repeat(room)); !o.Moved() {
		t.Errorf("%+v", o)
	}
	remove := func(keys ...string) alert.Outcome { return a.RemoveDetails(by("an", 0), keys) }
	if o := remove(); o.Reason != alert.NothingNamed {
		t.Errorf("%+v", o)
	}
	if o := remove("gone"); o.Verdict != alert.Same || o.Reason != alert.HasLessDetails {
		t.Errorf("%+v", o)
	}
	before = a.Details
	if o := remove("long", "gone", "b", "b"); !o.Moved() || !maps.Equal(a.Details, map[string]string{"k": "w", "a": ""}) || o.Entry.Text() != "Details removed: long, b" || len(before) != 4 {
		t.Errorf("%+v %q", o, a.Details)
	}
	bare := alert.New(alert.Draft{Message: "m"}, "id", 1, now)
	if o := bare.AddDetails(by("an", 0), map[string]string{"k": "v"}); !o.Moved() || bare.Details["k"] != "v" {
		t.Errorf("%+v", o)
	}
}

// Rule ogapi-2.life.action.
func TestActions(t *testing.T) {
	a := fresh()
	if o := a.RunAction(by("an", 0), "explode"); o.Reason != alert.NoSuchAction {
		t.Errorf("%+v", o)
	}
	if o := a.RunAction(by("an", 0), "restart"); !o.Moved() || o.Reason != alert.HasRun || o.Entry.Action() != "restart" || o.Entry.Text() != "Action executed: restart" {
		t.Errorf("%+v", o)
	}
}

// Rule ogapi-2.life.priority: the way of an alert through priorities, and where it begins anew.
func TestPriority(t *testing.T) {
	a := fresh()
	for _, p := range []core.Priority{0, 6} {
		if o := a.SetPriority(by("an", 0), p); o.Reason != alert.NoSuchPriority {
			t.Errorf("%d: %+v", p, o)
		}
	}
	if o := a.SetPriority(by("an", 0), core.P3); o.Verdict != alert.Same || o.Reason != alert.HasPriority {
		t.Errorf("%+v", o)
	}
	for _, step := range []struct {
		to   core.Priority
		then alert.Then
	}{{core.P4, 0}, {core.P3, 0}, {core.P2, alert.ThenBeginAnew}, {core.P5, 0}, {core.P2, 0}, {core.P1, alert.ThenBeginAnew}, {core.P2, 0}, {core.P1, 0}} {
		from := a.Priority
		o := a.SetPriority(by("an", 0), step.to)
		if o.Then != step.then || a.Priority != step.to || o.Entry.Text() != fmt.Sprintf("Priority changed from %s to %s", from, step.to) {
			t.Errorf("%s to %s: %+v", from, step.to, o)
		}
	}
}

// Rules ogapi-2.life.message, ogapi-3.limits.message.
func TestMessageAndDescription(t *testing.T) {
	a := fresh()
	if o := a.SetMessage(by("an", 0), ""); o.Reason != alert.NoMessage {
		t.Errorf("%+v", o)
	}
	if o := a.SetMessage(by("an", 0), "m"); o.Verdict != alert.Same || o.Reason != alert.HasMessage {
		t.Errorf("%+v", o)
	}
	if o := a.SetMessage(by("an", 0), repeat(130)); !o.Moved() || a.Message != repeat(130) || !strings.HasPrefix(o.Entry.Text(), `Message changed from "m" to "ẻẻ`) {
		t.Errorf("%+v", o)
	}
	if o := a.SetMessage(by("an", 0), repeat(131)); !o.Moved() || a.Message != repeat(129)+"…" {
		t.Errorf("%+v", o)
	}
	if o := a.SetDescription(by("an", 0), ""); o.Verdict != alert.Same || o.Reason != alert.HasDescription {
		t.Errorf("%+v", o)
	}
	if o := a.SetDescription(by("an", 0), repeat(15001)); !o.Moved() || a.Description != repeat(14999)+"…" {
		t.Errorf("%+v", o)
	}
	if o := a.SetDescription(by("an", 0), ""); !o.Moved() || a.Description != "" {
		t.Errorf("%+v", o)
	}
}
