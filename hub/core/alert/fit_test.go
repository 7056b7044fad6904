package alert_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"keng/hub/core/alert"
)

func TestCut(t *testing.T) {
	for _, x := range []struct {
		s    string
		n    int
		want string
	}{
		{"", 1, ""}, {"a", 1, "a"}, {"ab", 1, "…"}, {"kẻng", 4, "kẻng"}, {"kẻng", 3, "kẻ…"}, {"a\xffb", 3, "a?b"}, {"a\xff\xfeb", 9, "a?b"}, {"ẻẻẻ", 2, "ẻ…"},
	} {
		if got := alert.Cut(x.s, x.n); got != x.want {
			t.Errorf("%q cut to %d is %q, want %q", x.s, x.n, got, x.want)
		}
	}
}

// Rules keng-3.limits.fit, keng-3.limits.alias.
func TestFitCutsEverythingThatCanBeCut(t *testing.T) {
	many := func(n, length int) (all []string) {
		for range n {
			all = append(all, repeat(length))
		}
		return all
	}
	d := alert.Draft{
		Message: repeat(131), Alias: repeat(513), Description: repeat(15001), Entity: repeat(513), Source: repeat(101), User: repeat(101), Note: repeat(25001),
		Tags: many(21, 51), Actions: many(11, 51), Responders: make([]alert.Responder, 51),
		Details: map[string]string{"a": repeat(4000), "b": repeat(4000), "c": repeat(3997)},
	}
	cut := d.Fit()
	want := []string{"actions", "description", "details", "entity", "message", "note", "responders", "source", "tags", "user"}
	if !slices.Equal(cut, want) {
		t.Errorf("it says that it has cut %q", cut)
	}
	if d.Alias != repeat(513) {
		t.Error("an alias has been cut")
	}
	d.Alias = "x"
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	if d.Message != repeat(129)+"…" || d.Description != repeat(14999)+"…" || d.Entity != repeat(511)+"…" || d.Source != repeat(99)+"…" || d.User != repeat(99)+"…" || d.Note != repeat(24999)+"…" {
		t.Error("more was cut than had to be, or it is not said")
	}
	if len(d.Tags) != 20 || len(d.Actions) != 10 || d.Tags[19] != repeat(49)+"…" || len(d.Responders) != 50 {
		t.Errorf("%d tags, %d actions", len(d.Tags), len(d.Actions))
	}
	if !slices.Equal(slices.Sorted(maps.Keys(d.Details)), []string{"a", "c"}) {
		t.Error("details are left out that fit, or kept that do not")
	}
	fits := alert.Draft{
		Message: repeat(130), Alias: "x", Tags: many(20, 50), Actions: many(10, 50), Details: map[string]string{"k": repeat(7999)}, Responders: make([]alert.Responder, 50),
	}
	if cut := fits.Fit(); cut != nil || fits.Details["k"] != repeat(7999) {
		t.Errorf("what fits was cut: %q", cut)
	}
	empty := alert.Draft{}
	if cut := empty.Fit(); cut != nil || empty.Check() == nil {
		t.Errorf("an empty message: %q", cut)
	}
}

func TestCheckCountsAllTags(t *testing.T) {
	d := alert.Draft{Message: "m", Tags: slices.Repeat([]string{"x"}, 20)}
	d.Tags[19] = repeat(51)
	if err := d.Check(); err == nil || !strings.Contains(err.Error(), "number 20 has 51 characters") {
		t.Errorf("%v", err)
	}
	d = alert.Draft{Message: "m", Actions: slices.Repeat([]string{"x"}, 11)}
	if err := d.Check(); err == nil || !strings.Contains(err.Error(), "11 are too many: at most 10") {
		t.Errorf("%v", err)
	}
}

// Whatever comes in, what was fitted is within the limits, valid, and fits again; moves keep
// an alert within them.
func FuzzFit(f *testing.F) {
	f.Add("m", "d", "tag\x00tag", "k", 3)
	f.Add("\xff\xfe", strings.Repeat("ẻ", 300), strings.Repeat("x\x00", 30), "ẻ", 40)
	f.Fuzz(func(t *testing.T, message, description, list, key string, n int) {
		details := map[string]string{}
		for i := range min(max(n, 0), 50) {
			details[fmt.Sprint(key, i)] = description
		}
		items := strings.Split(list, "\x00")
		d := alert.Draft{Message: message, Description: description, Tags: items, Actions: items, Note: description, Source: key, User: message, Entity: list, Details: details}
		d.Fit()
		if d.Message == "" {
			d.Message = "m"
		}
		if err := d.Check(); err != nil {
			t.Fatal(err)
		}
		if again := d.Fit(); again != nil {
			t.Fatalf("it was cut twice: %q", again)
		}
		if !utf8.ValidString(d.Message + d.Description + d.Note + strings.Join(d.Tags, "")) {
			t.Fatal("not valid text")
		}
		a := alert.New(d, "id", 1, now)
		a.AddTags(alert.By{User: message, Note: list, At: now}, items)
		a.AddDetails(alert.By{At: now}, map[string]string{key: list})
		a.SetMessage(alert.By{At: now}, list)
		a.SetDescription(alert.By{At: now}, list)
		check := alert.Draft{Message: a.Message, Description: a.Description, Tags: a.Tags, Actions: a.Actions, Details: a.Details}
		if err := check.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
