package alert_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// scripts are units of text that bytes, code points and what the eye sees count differently.
// Each is how many code points it is.
var scripts = map[string]int{
	"a":               1,
	"ẻ":               1, // three bytes
	"e\u0309":         2, // the same to the eye: a letter and its hook
	"👩\u200d👩\u200d👧": 5, // one family: three people and two joiners
	"🇻🇳":              2, // one flag
	"\u200b":          1, // nothing to the eye
}

// text is a text of exactly n code points, made of the unit.
func text(unit string, n int) string {
	return string([]rune(strings.Repeat(unit, n/scripts[unit]+1))[:n])
}

// fields are the texts of a draft, with their limits.
var fields = map[string]struct {
	most int
	of   func(*alert.Draft) *string
}{
	"message":     {130, func(d *alert.Draft) *string { return &d.Message }},
	"alias":       {512, func(d *alert.Draft) *string { return &d.Alias }},
	"description": {15000, func(d *alert.Draft) *string { return &d.Description }},
	"entity":      {512, func(d *alert.Draft) *string { return &d.Entity }},
	"source":      {100, func(d *alert.Draft) *string { return &d.Source }},
	"user":        {100, func(d *alert.Draft) *string { return &d.User }},
	"note":        {25000, func(d *alert.Draft) *string { return &d.Note }},
}

// complaint returns what a check says of one field, and fails if it says more.
func complaint(t *testing.T, err error, field string) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Kind != core.Unacceptable || len(e.Fields) != 1 {
		t.Errorf("%s: not a complaint about it alone: %v", field, err)
		return ""
	}
	return e.Fields[field]
}

// Rules ogapi-3.limits.runes, ogapi-3.limits.check, keng-3.limits.fit, keng-3.limits.alias.
func TestEveryTextHasItsLimitInEveryScript(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name]
		for unit := range scripts {
			d := alert.Draft{Message: "m"}
			*f.of(&d) = text(unit, f.most)
			if said := complaint(t, d.Check(), name); said != "" {
				t.Errorf("%s of %d × %q: %s", name, f.most, unit, said)
			}
			if cut := d.Fit(); cut != nil || *f.of(&d) != text(unit, f.most) {
				t.Errorf("%s of %d × %q is cut: %q", name, f.most, unit, cut)
			}
			*f.of(&d) = text(unit, f.most+1)
			want := fmt.Sprintf("%d characters are too many: at most %d are allowed.", f.most+1, f.most)
			if said := complaint(t, d.Check(), name); said != want {
				t.Errorf("%s of %d × %q: %q, want %q", name, f.most+1, unit, said, want)
			}
			cut, fitted := d.Fit(), text(unit, f.most-1)+"…"
			if name == "alias" {
				if cut != nil || *f.of(&d) != text(unit, f.most+1) {
					t.Errorf("the alias has become %q", *f.of(&d))
				}
				continue
			}
			if !slices.Equal(cut, []string{name}) || *f.of(&d) != fitted {
				t.Errorf("%s of %d × %q: cut %q, ends %q", name, f.most+1, unit, cut, (*f.of(&d))[len(*f.of(&d))-9:])
			}
		}
	}
}

// The limits of lists: how many, and how long each. Rules ogapi-3.limits.tags,
// ogapi-3.limits.check.
func TestListsHaveTheirLimits(t *testing.T) {
	for field, x := range map[string]struct {
		most, longest int
		set           func(*alert.Draft, []string)
	}{
		"tags":    {20, 50, func(d *alert.Draft, items []string) { d.Tags = items }},
		"actions": {10, 50, func(d *alert.Draft, items []string) { d.Actions = items }},
	} {
		for unit := range scripts {
			item := func(n int) string { return text(unit, n) }
			for _, c := range []struct {
				items []string
				want  string
			}{
				{slices.Repeat([]string{item(x.longest)}, x.most), ""},
				{slices.Repeat([]string{""}, x.most+1), fmt.Sprintf("%d are too many: at most %d are allowed.", x.most+1, x.most)},
				{[]string{item(1), item(x.longest + 1), item(x.longest + 2)}, "number 2 has 51 characters: at most 50 are allowed."},
			} {
				d := alert.Draft{Message: "m"}
				x.set(&d, c.items)
				if said := complaint(t, d.Check(), field); said != c.want {
					t.Errorf("%s of %q: %q, want %q", field, unit, said, c.want)
				}
			}
		}
	}
	for n, want := range map[int]string{50: "", 51: "51 are too many: at most 50 are allowed."} {
		d := alert.Draft{Message: "m", Responders: make([]alert.Responder, n)}
		if said := complaint(t, d.Check(), "responders"); said != want {
			t.Errorf("%d responders: %q, want %q", n, said, want)
		}
	}
}

// Details are counted all together, keys too. Rule ogapi-3.limits.details.
func TestDetailsAreCountedTogether(t *testing.T) {
	for unit := range scripts {
		for _, c := range []struct {
			key, value int
			want       string
		}{
			{1, 7998, ""},
			{7998, 1, ""},
			{2, 7998, "8001 characters in all are too many: at most 8000 are allowed."},
			{1, 7999, "8001 characters in all are too many: at most 8000 are allowed."},
		} {
			details := map[string]string{text(unit, c.key): text(unit, c.value), "": "x"}
			d := alert.Draft{Message: "m", Details: details}
			if said := complaint(t, d.Check(), "details"); said != c.want {
				t.Errorf("%d and %d × %q: %q, want %q", c.key, c.value, unit, said, c.want)
			}
			a := alert.New(alert.Draft{Message: "m"}, "id", 1, now)
			if o := a.AddDetails(by("an", 0), details); o.OK() != (c.want == "") {
				t.Errorf("%d and %d × %q, added: %+v", c.key, c.value, unit, o.Reason)
			}
		}
	}
}

// plainCut is Cut, written anew: rune by rune, what is no text one question mark a row.
func plainCut(s string, n int) string {
	var all []rune
	broken := false
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		bad := r == utf8.RuneError && size == 1
		switch {
		case !bad:
			all = append(all, r)
		case !broken:
			all = append(all, '?')
		}
		broken, s = bad, s[size:]
	}
	if len(all) > n {
		all = append(all[:n-1], '…')
	}
	return string(all)
}

// Rule keng-3.limits.fit: texts of all kinds, also what is no text, cut at every length.
func TestCutAgreesWithThePlainOne(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	units := []string{"a", "ẻ", "e\u0309", "👩\u200d👧", "\xff", "\xe1\xba", "\x00", "\ufffd", "…"}
	for range 3000 {
		var b strings.Builder
		for range dice.IntN(12) {
			b.WriteString(units[dice.IntN(len(units))])
		}
		for n := 1; n <= 14; n++ {
			got := alert.Cut(b.String(), n)
			if want := plainCut(b.String(), n); got != want {
				t.Fatalf("%q cut to %d is %q, want %q", b.String(), n, got, want)
			}
			if again := alert.Cut(got, n); again != got {
				t.Fatalf("%q, cut to %d, is cut to %q", got, n, again)
			}
		}
	}
}

// What a draft says reaches the alert, field by field, and nothing else does. Rules
// ogapi-3.alias.default, ogapi-3.priority.default.
func TestAnAlertIsWhatItsDraftSays(t *testing.T) {
	d := alert.Draft{
		Message: "m", Alias: "al", Description: "de", Responders: []alert.Responder{{Kind: alert.Schedule, ID: "s"}}, Actions: []string{"ac"}, Tags: []string{"ta"},
		Details: map[string]string{"k": "v"}, Entity: "en", Source: "so", Priority: core.P5, User: "us", Note: "no", Integration: "in", OwnerTeam: "ow",
	}
	want := &alert.Alert{
		ID: "id", Tiny: 7, Alias: "al", Message: "m", Description: "de", Entity: "en", Source: "so", Priority: core.P5, Tags: []string{"ta"}, Actions: []string{"ac"},
		Details: map[string]string{"k": "v"}, Responders: []alert.Responder{{Kind: alert.Schedule, ID: "s"}}, OwnerTeam: "ow", Integration: "in",
		Status: alert.Open, Count: 1, CreatedAt: now, UpdatedAt: now, LastOccurredAt: now, Sequence: 1, Reporter: "us",
	}
	if got := alert.New(d, "id", 7, now); !alike(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	bare := alert.New(alert.Draft{Message: "m"}, "id", 7, now)
	if bare.Alias != "id" || bare.Priority != core.P3 || bare.Reporter != "" {
		t.Errorf("%+v", bare)
	}
}
