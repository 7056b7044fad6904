package route_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// inventor invents rules and alerts.
type inventor struct{ *rand.Rand }

func (r inventor) some(n int) bool { return r.IntN(n) == 0 }

func (r inventor) word() string {
	return []string{"disk", "net", "sự cố", "a,b", "", "db-1", strings.Repeat("ẻ", 1+r.IntN(300)), "{{message}}"}[r.IntN(8)]
}

func (r inventor) template() string {
	return []string{
		"", "{{message}}", "{{alias}}/{{entity}}", "{{details.site}}", "{{tags}}", "{{ description }}", "{{details}}", "{{nothing", "{{message.toUpperCase()}}",
		"{{entity.orElse(\"?\")}}", "{{message.extract(/(\\w+)/)}}", strings.Repeat("{{message}}", 5), "x", "{{priority}}",
	}[r.IntN(14)]
}

func (r inventor) words(n int) (all []string) {
	for range r.IntN(n) {
		all = append(all, r.word())
	}
	return all
}

func (r inventor) responders(n int) (all []alert.Responder) {
	for range r.IntN(n) {
		all = append(all, alert.Responder{Kind: alert.ResponderKind(1 + r.IntN(4)), ID: fmt.Sprint(r.IntN(60))})
	}
	return all
}

func (r inventor) draft() alert.Draft {
	d := alert.Draft{
		Message: r.word() + "m", Alias: r.word(), Description: r.word(), Entity: r.word(), Source: r.word(), Tags: r.words(25), Actions: r.words(12),
		Priority: core.Priority(r.IntN(6)), Responders: r.responders(55), Details: map[string]string{},
	}
	for range r.IntN(4) {
		d.Details[r.word()] = strings.Repeat(r.word(), 1+r.IntN(20))
	}
	d.Details["site"] = r.word()
	return d
}

func (r inventor) condition() route.Condition {
	fields := []string{"message", "alias", "description", "source", "entity", "tags", "actions", "details", "extra-properties", "recipients", "responders", "teams", "priority", "eventType", "nothing"}
	operations := []string{"contains", "is-empty", "matches", "equals", "starts-with", "ends-with", "equals-ignore-whitespace", "contains-key", "contains-value", "greater-than", "less-than", "is"}
	c := route.Condition{Field: fields[r.IntN(len(fields))], Operation: operations[r.IntN(len(operations))], Not: r.some(3)}
	c.Value = []string{"disk", "P1", "P3", ".*", "(", "", "site", "5", "a"}[r.IntN(9)]
	if r.some(6) {
		c.Key = "site"
	}
	return c
}

func (r inventor) criteria() route.Criteria {
	c := route.Criteria{Join: route.Join(r.IntN(3))}
	for range r.IntN(4) {
		c.Conditions = append(c.Conditions, r.condition())
	}
	return c
}

func (r inventor) rewrite() route.Rewrite {
	w := route.Rewrite{
		Message: r.template(), Alias: r.template(), Description: r.template(), Entity: r.template(), Source: r.template(), Priority: core.Priority(r.IntN(6)),
		CustomPriority: r.template(), Responders: r.responders(5), Details: map[string]string{},
		IgnoreTags: r.some(3), IgnoreActions: r.some(3), IgnoreDetails: r.some(3), IgnoreResponders: r.some(3),
	}
	for range r.IntN(3) {
		w.Tags, w.Actions = append(w.Tags, r.template()), append(w.Actions, r.template())
		w.Details[r.word()] = r.template()
	}
	return w
}

func (r inventor) policies() (all []route.AlertPolicy) {
	for n := range r.IntN(5) {
		all = append(all, route.AlertPolicy{ID: fmt.Sprint("p", n), Disabled: r.some(4), Continue: r.some(2), Filter: r.criteria(), Fields: r.rewrite()})
	}
	return all
}

// Whatever the policies: the alert that comes of a draft with a message is within its limits,
// what was given stays as it was, the same gives the same again, with a memo and without, and
// policies had their say in order and no more of them than was said.
func TestShapingInGeneral(t *testing.T) {
	memo := route.NewMemo()
	for seed := range uint64(4000) {
		r := inventor{newRandom(seed)}
		d, global, own := r.draft(), r.policies(), r.policies()
		before := fmt.Sprintf("%q", []any{d, global, own})
		x := route.Shaping{Global: global, Team: func(core.TeamID) []route.AlertPolicy { return own }}
		w := world()
		w.Memo = memo
		got := x.Shape(d, w)
		if fmt.Sprintf("%q", []any{d, global, own}) != before {
			t.Fatalf("keng-8.shape.pure: seed %d: what was given was changed", seed)
		}
		w.Memo = nil
		if again := x.Shape(d, w); !reflect.DeepEqual(got, again) {
			t.Fatalf("keng-8.shape.again: seed %d: %+v, and then %+v", seed, got, again)
		}
		if err := got.Draft.Check(); err != nil && len(got.Applied) > 0 {
			t.Fatalf("keng-8.shape.cut: seed %d: %v", seed, err)
		}
		if got.Draft.User != d.User || got.Draft.Note != d.Note || got.Draft.Integration != d.Integration {
			t.Fatalf("keng-8.shape.pure: seed %d: what policies have no say in was changed", seed)
		}
		if len(got.Applied) == 0 && !reflect.DeepEqual(got.Draft, d) {
			t.Fatalf("keng-8.shape.pure: seed %d: changed by nobody", seed)
		}
		inOrder(t, seed, got, global, own)
	}
}

// inOrder asserts that policies had their say in order: of each owner's, any number that
// continue, and at the most one that does not, which is the last.
func inOrder(t *testing.T, seed uint64, got route.Shaped, global, own []route.AlertPolicy) {
	t.Helper()
	chain := slices.Concat(global, own)
	place := -1
	for n, a := range got.Applied {
		next := slices.IndexFunc(chain[place+1:], func(p route.AlertPolicy) bool { return p.ID == a.Policy && !p.Disabled })
		if next < 0 {
			t.Fatalf("ogapi-8.policy.order: seed %d: %v of %d global ones", seed, policies(got), len(global))
		}
		place += 1 + next
		if stops := !chain[place].Continue; stops && place >= len(global) && n != len(got.Applied)-1 {
			t.Fatalf("ogapi-8.policy.continue: seed %d: %v", seed, policies(got))
		}
		if a.Reason == "" {
			t.Fatalf("keng-8.policy.reason: seed %d: none", seed)
		}
	}
}

// Conditions in general: "not" turns round what can be evaluated, and nothing else; what is
// refused, unless it is only too long, is met by nothing; a memo changes nothing.
func TestConditionsInGeneral(t *testing.T) {
	memo := route.NewMemo()
	for seed := range uint64(20_000) {
		r := inventor{newRandom(seed)}
		d, c := r.draft(), r.condition()
		s := route.OfDraft(&d, names)
		refused := c.Check() != nil
		straight := c.MetBy(&s, memo)
		if straight != c.MetBy(&s, nil) {
			t.Fatalf("keng-6.cond.memo: seed %d: %s", seed, c.String())
		}
		c.Not = !c.Not
		turned := c.MetBy(&s, memo)
		keyAlone := c.Key != "" && c.Field != "details" && c.Field != "extra-properties" // is kept, and does nothing
		switch {
		case refused && !keyAlone && (straight || turned):
			t.Fatalf("keng-6.cond.not-understood: seed %d: %s", seed, c.String())
		case !refused && straight == turned:
			t.Fatalf("ogapi-6.cond.not: seed %d: %s", seed, c.String())
		}
	}
}

// Integrations in general: what is decided has a reason, and what is created is an alert.
func TestDecisionsInGeneral(t *testing.T) {
	for seed := range uint64(3000) {
		r := inventor{newRandom(seed)}
		d := r.draft()
		s := route.OfDraft(&d, nil)
		s.Payload = maps.Clone(d.Details)
		i := route.Integration{ID: "i1", Name: r.word(), Disabled: r.some(10), IgnoreResponders: r.some(3), Responders: r.responders(3)}
		for n := range r.IntN(5) {
			i.Actions = append(i.Actions, route.Action{ID: fmt.Sprint(n), Name: r.word(), Kind: route.ActionKind(r.IntN(7)), Filter: r.criteria(), Alias: r.template(), User: r.template(), Note: r.template(), Fields: r.rewrite()})
		}
		before := fmt.Sprintf("%q", []any{d, i})
		got := i.Decide(&d, &s, world())
		if fmt.Sprintf("%q", []any{d, i}) != before {
			t.Fatalf("keng-8.shape.pure: seed %d: what was given was changed", seed)
		}
		if got.Reason == "" || !utf8.ValidString(got.Alias) {
			t.Fatalf("keng-8.action.reason: seed %d: %+v", seed, got)
		}
		if err := got.Draft.Check(); got.Kind == route.Create && err != nil {
			t.Fatalf("keng-8.shape.cut: seed %d: %v", seed, err)
		}
		if got.Kind != route.Create && got.Draft.Message != "" {
			t.Fatalf("keng-8.action.reason: seed %d: %v makes an alert", seed, got.Kind)
		}
		if got.Kind > route.Ignore {
			t.Fatalf("keng-8.action.unknown-kind: seed %d: %d", seed, got.Kind)
		}
	}
}
