package route_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// constant invents a rewriting without placeholders: it writes the same whatever was there.
func (r inventor) constant() route.Rewrite {
	text := func() string { return []string{"", "net", "sự cố", "a"}[r.IntN(4)] }
	w := route.Rewrite{
		Message: text(), Alias: text(), Description: text(), Entity: text(), Source: text(), Priority: core.Priority(r.IntN(6)), CustomPriority: []string{"", "p2", "x"}[r.IntN(3)],
		Responders: r.responders(4), Details: map[string]string{}, IgnoreTags: r.some(3), IgnoreActions: r.some(3), IgnoreDetails: r.some(3), IgnoreResponders: r.some(3),
	}
	for range r.IntN(3) {
		w.Tags, w.Actions = append(w.Tags, text()), append(w.Actions, text())
		w.Details[text()] = text()
	}
	return w
}

// always makes a global policy that is applied to everything.
func always(id string, fields route.Rewrite) route.AlertPolicy {
	return route.AlertPolicy{ID: id, Continue: true, Fields: fields}
}

// shaped returns what global policies make of a draft.
func shaped(d alert.Draft, p ...route.AlertPolicy) alert.Draft {
	return (&route.Shaping{Global: p}).Shape(d, world()).Draft
}

// What writes the same whatever was there changes nothing the second time.
func TestShapingASecondTime(t *testing.T) {
	changed := 0
	for seed := range uint64(3000) {
		r := inventor{newRandom(seed)}
		d, p := r.draft(), always("p", r.constant())
		once := shaped(d, p)
		if twice := shaped(once, p); !sameDraft(once, twice) {
			t.Fatalf("keng-8.shape.idempotent: seed %d:\n%+v, and then\n%+v", seed, once, twice)
		}
		if !sameDraft(d, once) {
			changed++
		}
		// What was cut once is within its limits, and is not cut again.
		cut := shaped(d, always("q", route.Rewrite{}))
		if again := shaped(cut, always("q", route.Rewrite{Message: "{{message}}", Alias: "{{alias}}", Description: "{{description}}", Entity: "{{entity}}", Source: "{{source}}"})); !sameDraft(cut, again) {
			t.Fatalf("keng-8.shape.idempotent, keng-8.shape.cut: seed %d:\n%+v, and then\n%+v", seed, cut, again)
		}
	}
	if changed < 2000 {
		t.Errorf("only %d drafts were changed at all", changed)
	}
}

// Policies that continue are one after the other what they are together; one that was not
// applied might as well not be there; and after the one that does not continue nothing counts.
func TestShapingInSteps(t *testing.T) {
	for seed := range uint64(1500) {
		r := inventor{newRandom(seed)}
		d, list := r.draft(), r.policies()
		for i := range list {
			list[i].Continue = true
		}
		step := d
		for _, p := range list {
			step = shaped(step, p)
		}
		whole := (&route.Shaping{Global: list}).Shape(d, world())
		if !sameDraft(whole.Draft, step) {
			t.Fatalf("keng-8.policy.sees-what-was-made: seed %d:\n%+v, and step by step\n%+v", seed, whole.Draft, step)
		}
		applied := slices.DeleteFunc(slices.Clone(list), func(p route.AlertPolicy) bool {
			return !slices.ContainsFunc(whole.Applied, func(a route.Applied) bool { return a.Policy == p.ID })
		})
		if got := (&route.Shaping{Global: applied}).Shape(d, world()); !reflect.DeepEqual(got, whole) {
			t.Fatalf("ogapi-8.policy.filter, ogapi-8.policy.enabled: seed %d: without those that were not applied: %+v, want %+v", seed, got, whole)
		}
		if len(applied) == 0 {
			continue
		}
		last := r.IntN(len(applied))
		applied[last].Continue = false
		stopped, short := shaped(d, applied...), shaped(d, applied[:last+1]...)
		if !sameDraft(stopped, short) {
			t.Fatalf("ogapi-8.policy.first, ogapi-8.policy.continue: seed %d:\n%+v, and without those after it\n%+v", seed, stopped, short)
		}
		asTeam := (&route.Shaping{Team: func(core.TeamID) []route.AlertPolicy { return applied }}).Shape(d, world())
		if plainOwner(&d) != "" && !sameDraft(asTeam.Draft, stopped) || plainOwner(&d) == "" && len(asTeam.Applied) > 0 {
			t.Fatalf("ogapi-8.policy.owner, ogapi-8.policy.one-of-each: seed %d: as a team's: %+v, as global ones: %+v", seed, asTeam.Draft, stopped)
		}
	}
}

// Policies that write different fields may stand in any order.
func TestShapingInAnyOrder(t *testing.T) {
	for seed := range uint64(1000) {
		r := inventor{newRandom(seed)}
		d, all := r.draft(), r.constant()
		parts := []route.AlertPolicy{
			always("message", route.Rewrite{Message: all.Message}), always("alias", route.Rewrite{Alias: all.Alias}), always("description", route.Rewrite{Description: all.Description}),
			always("entity", route.Rewrite{Entity: all.Entity}), always("source", route.Rewrite{Source: all.Source}),
			always("priority", route.Rewrite{Priority: all.Priority, CustomPriority: all.CustomPriority}),
			always("tags", route.Rewrite{Tags: all.Tags, IgnoreTags: all.IgnoreTags}), always("actions", route.Rewrite{Actions: all.Actions, IgnoreActions: all.IgnoreActions}),
			always("details", route.Rewrite{Details: all.Details, IgnoreDetails: all.IgnoreDetails}), always("responders", route.Rewrite{Responders: all.Responders, IgnoreResponders: all.IgnoreResponders}),
		}
		d = shaped(d, always("cut", route.Rewrite{})) // so that cutting is no part of it
		want := shaped(d, always("all", all))
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		if got := shaped(d, parts...); !sameDraft(got, want) {
			t.Fatalf("ogapi-8.policy.fields and its like: seed %d:\n%+v, and at once\n%+v", seed, got, want)
		}
	}
}

// What comes of anything is within the limits of an alert, each of which is reached; and what
// a rule adds is there as long as it fits by itself.
func TestShapedAlertsAreWithinLimits(t *testing.T) {
	reached := map[string]int{}
	for seed := range uint64(1000) {
		r := inventor{newRandom(seed)}
		d, fields := r.draft(), r.rewrite()
		for range r.IntN(3) {
			d.Details[r.word()+fmt.Sprint(r.IntN(9))] = string(make([]byte, r.IntN(9000)))
		}
		if r.some(3) {
			d.Description, d.Entity, d.Source = d.Description+string(make([]byte, 14_990)), d.Entity+string(make([]byte, 500)), d.Source+string(make([]byte, 95))
			d.Alias += string(make([]byte, 505))
		}
		got := shaped(d, always("p", fields))
		weight := 0
		for key, value := range got.Details {
			weight += utf8.RuneCountInString(key) + utf8.RuneCountInString(value)
		}
		label := 0
		for _, x := range slices.Concat(got.Tags, got.Actions) {
			label = max(label, utf8.RuneCountInString(x))
		}
		for _, c := range []struct {
			what    string
			n, most int
		}{
			{"message", utf8.RuneCountInString(got.Message), 130}, {"alias", utf8.RuneCountInString(got.Alias), 512}, {"description", utf8.RuneCountInString(got.Description), 15_000},
			{"entity", utf8.RuneCountInString(got.Entity), 512}, {"source", utf8.RuneCountInString(got.Source), 100}, {"details", weight, 8000}, {"tags", len(got.Tags), 20},
			{"actions", len(got.Actions), 10}, {"responders", len(got.Responders), 50}, {"label", label, 50},
		} {
			if c.n > c.most {
				t.Fatalf("keng-8.shape.cut: seed %d: %s of %d, at most %d are allowed", seed, c.what, c.n, c.most)
			}
			if c.n == c.most {
				reached[c.what]++
			}
		}
		for _, x := range fields.Responders {
			if !slices.Contains(got.Responders, x) {
				t.Fatalf("keng-8.shape.own-first: seed %d: %v is not among %v", seed, x, got.Responders)
			}
		}
		own := slices.Sorted(maps.Keys(fields.Details))
		for _, key := range own {
			if value, ok := got.Details[key]; !ok && weight < 7000 || fields.Details[key] == "x" && value != "x" && weight < 7000 {
				t.Fatalf("keng-8.shape.own-first: seed %d: of %q there is %q", seed, own, got.Details)
			}
		}
	}
	for _, what := range []string{"message", "alias", "description", "entity", "source", "details", "tags", "actions", "responders", "label"} {
		if reached[what] < 5 {
			t.Errorf("keng-8.shape.cut: the limit of %s was reached %d times", what, reached[what])
		}
	}
}

// Nothing that is given to a decision shares memory with what comes of it in such a way that
// changing the one changes the other's elements beyond what was there.
func TestShapingLendsNothing(t *testing.T) {
	for seed := range uint64(1000) {
		r := inventor{newRandom(seed)}
		d, fields := r.draft(), r.rewrite()
		d.Tags, d.Actions = slices.Grow(d.Tags, 50), slices.Grow(d.Actions, 50)
		d.Responders = slices.Grow(d.Responders, 100)
		before := [3]string{fmt.Sprintf("%q", d.Tags[:cap(d.Tags)]), fmt.Sprintf("%q", d.Actions[:cap(d.Actions)]), fmt.Sprint(d.Responders[:cap(d.Responders)])}
		shaped(d, always("p", fields), always("q", fields))
		after := [3]string{fmt.Sprintf("%q", d.Tags[:cap(d.Tags)]), fmt.Sprintf("%q", d.Actions[:cap(d.Actions)]), fmt.Sprint(d.Responders[:cap(d.Responders)])}
		if before != after {
			t.Fatalf("keng-8.shape.pure: seed %d: the room behind what was given was written to", seed)
		}
	}
}
