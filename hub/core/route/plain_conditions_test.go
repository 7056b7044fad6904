package route_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// asker invents conditions and subjects of so few words that they often meet.
type asker struct{ *rand.Rand }

func (r asker) pick(of ...string) string { return of[r.IntN(len(of))] }

func (r asker) word() string {
	return r.pick("", "a", "b", "ab", "ba", "a b", "a\tb ", "aba", "ê", "5", "-5", "5.0", " 6", "7e0", "NaN", "Inf", "P1", "P3", "P5", "k")
}

func (r asker) words() (all []string) {
	for range r.IntN(4) {
		all = append(all, r.word())
	}
	return all
}

func (r asker) subject() route.Subject {
	s := route.Subject{
		Message: r.word(), Alias: r.word(), Description: r.word(), Source: r.word(), Entity: r.word(), EventType: r.word(),
		Priority: core.Priority(r.IntN(6)), Tags: r.words(), Actions: r.words(), Details: map[string]string{},
	}
	for _, id := range r.words() {
		s.Responders = append(s.Responders, alert.Responder{Kind: []alert.ResponderKind{alert.Team, alert.User, alert.Escalation, alert.Schedule}[r.IntN(7)%4], ID: id})
	}
	for _, key := range r.words() {
		s.Details[key] = r.word()
	}
	if r.IntN(2) == 0 {
		s.Names = func(x alert.Responder) string { return map[string]string{"a": "b", "b": "ab", "5": "a b"}[x.ID] }
	}
	if r.IntN(2) == 0 {
		s.Payload = map[string]string{"host": r.word(), "k": r.word(), "message": r.word()}
	}
	return s
}

// askedFields are all that can be asked about, and some that cannot.
var askedFields = []string{"message", "alias", "description", "source", "entity", "eventType", "tags", "actions", "recipients", "responders", "teams", "priority", "details", "extra-properties", "extraProperties", "host", "none", ""}

// askedOperations are all that there are, and one that is none.
var askedOperations = []string{"contains", "is-empty", "matches", "equals", "starts-with", "ends-with", "equals-ignore-whitespace", "contains-key", "contains-value", "greater-than", "less-than", "is"}

func (r asker) condition() route.Condition {
	c := route.Condition{Field: r.pick(askedFields...), Operation: r.pick(askedOperations...), Value: r.word(), Not: r.IntN(3) == 0}
	if strings.HasPrefix(c.Field, "details") || strings.HasPrefix(c.Field, "extra") {
		c.Key = r.pick("", "a", "k", "ab")
	}
	if c.Operation == "matches" && r.IntN(2) == 0 {
		c.Value = r.pick("a|ab", "(a|b)+", ".", ".*", "a?b?", "[^a]", "(", `\w`, "(?i)AB", "a{2", "^a$", "(?s).+")
	}
	return c
}

func (r asker) criteria() route.Criteria {
	c := route.Criteria{Join: route.Join(r.IntN(3))}
	for range r.IntN(4) {
		c.Conditions = append(c.Conditions, r.condition())
	}
	return c
}

// Every condition finds what a second, plain evaluation of it finds, and each operation was
// asked of each field that it fits with both answers.
func TestConditionsAsPlainlyEvaluated(t *testing.T) {
	memo := route.NewMemo()
	answers := map[string][2]int{} // how often it was not met, and met
	for seed := range uint64(40_000) {
		r := asker{newRandom(seed)}
		s, c := r.subject(), r.condition()
		want, understood := plainMet(&c, &s)
		if got := c.MetBy(&s, memo); got != want {
			t.Fatalf("ogapi-6.cond.contains, ogapi-6.cond.key and their like: seed %d: %s of %+v: %v, and plainly %v", seed, c.String(), s, got, want)
		}
		scope := route.Alerts
		if s.Payload != nil {
			scope = route.Payloads
		}
		criteria := route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{c}}
		if err := criteria.Check(scope); (err == nil) != understood {
			t.Fatalf("ogapi-6.cond.operation, ogapi-6.cond.field: seed %d: %s is understood: %v, and yet %v", seed, c.String(), understood, err)
		}
		if understood {
			sort, _, _ := plainField(c.Field, c.Key, &s)
			n := answers[sort+" "+c.Operation]
			n[map[bool]int{true: 1}[want != c.Not]]++
			answers[sort+" "+c.Operation] = n
		}
	}
	for asked, n := range answers {
		if n[0] < 3 || n[1] < 3 {
			t.Errorf("%s: not met %d times, met %d times: this proves little", asked, n[0], n[1])
		}
	}
	if len(answers) != 7+7+9+3+4+3 {
		t.Errorf("%d operations of sorts of field were asked: %v", len(answers), answers)
	}
}

// Criteria are met as a plain count of their conditions says, and tell by which.
func TestCriteriaAsPlainlyEvaluated(t *testing.T) {
	for seed := range uint64(20_000) {
		r := asker{newRandom(seed)}
		s, c := r.subject(), r.criteria()
		if got, want := c.MetBy(&s, nil), plainAll(&c, &s); got != want {
			t.Fatalf("ogapi-6.join.any, ogapi-6.join.all-conditions, ogapi-6.join.match-all: seed %d: %+v: %v, and plainly %v", seed, c, got, want)
		}
		if why, want := c.Why(&s, nil), plainWhy(&c, &s); c.MetBy(&s, nil) && why != want {
			t.Fatalf("keng-6.cond.why: seed %d: %q, and plainly %q", seed, why, want)
		}
	}
}

// plainWhy says by what criteria are met.
func plainWhy(c *route.Criteria, s *route.Subject) string {
	var by []string
	for i := range c.Conditions {
		x := &c.Conditions[i]
		if met, _ := plainMet(x, s); met {
			by = append(by, plainWords(x))
		}
	}
	switch {
	case c.Join == route.All || len(c.Conditions) == 0:
		return "everything matches"
	case c.Join == route.AnyCondition && len(by) > 0:
		return by[0]
	}
	return strings.Join(by, " and ")
}

func plainWords(c *route.Condition) string {
	words := c.Field
	if c.Key != "" {
		words += "." + c.Key
	}
	if c.Not {
		words += " not"
	}
	words += " " + c.Operation
	if c.Value != "" {
		words += fmt.Sprintf(" %q", c.Value)
	}
	return words
}

// What must not matter does not: the order of conditions, one that stands there twice, and
// what is joined by "all" instead of denied by "any".
func TestCriteriaTurnedAbout(t *testing.T) {
	for seed := range uint64(10_000) {
		r := asker{newRandom(seed)}
		s, c := r.subject(), r.criteria()
		met := c.MetBy(&s, nil)
		shuffled := route.Criteria{Join: c.Join, Conditions: slices.Clone(c.Conditions)}
		r.Shuffle(len(shuffled.Conditions), func(i, j int) {
			shuffled.Conditions[i], shuffled.Conditions[j] = shuffled.Conditions[j], shuffled.Conditions[i]
		})
		if shuffled.MetBy(&s, nil) != met {
			t.Fatalf("ogapi-6.join.any, ogapi-6.join.all-conditions: seed %d: another order is another answer: %+v", seed, c)
		}
		if len(c.Conditions) > 0 {
			shuffled.Conditions = append(shuffled.Conditions, c.Conditions[r.IntN(len(c.Conditions))])
			if shuffled.MetBy(&s, nil) != met {
				t.Fatalf("ogapi-6.join.any, ogapi-6.join.all-conditions: seed %d: a condition said twice is another answer: %+v", seed, c)
			}
		}
		understood, denied := true, route.Criteria{Join: route.AnyCondition}
		for _, x := range c.Conditions {
			_, ok := plainMet(&x, &s)
			understood = understood && ok
			x.Not = !x.Not
			denied.Conditions = append(denied.Conditions, x)
		}
		if c.Join = route.AllConditions; understood && c.MetBy(&s, nil) == denied.MetBy(&s, nil) {
			t.Fatalf("ogapi-6.cond.not: seed %d: all of %+v, and yet one that is denied", seed, c)
		}
		// A condition that cannot be evaluated adds nothing to "any", and lets "all" be met by nothing.
		hopeless := route.Condition{Field: "message", Operation: "matches", Value: "(", Not: r.IntN(2) == 0}
		c.Join = route.AnyCondition
		before := c.MetBy(&s, nil)
		c.Conditions = append(c.Conditions, hopeless)
		if c.MetBy(&s, nil) != before {
			t.Fatalf("keng-6.cond.not-understood: seed %d: any of %+v", seed, c)
		}
		if c.Join = route.AllConditions; c.MetBy(&s, nil) {
			t.Fatalf("keng-6.cond.not-understood: seed %d: all of %+v", seed, c)
		}
	}
}

// A subject is asked about in an alert as in the draft of it, but for what only a draft has.
func TestAlertsAreAskedAsTheirDrafts(t *testing.T) {
	for seed := range uint64(5000) {
		r := asker{newRandom(seed)}
		s, c := r.subject(), r.condition()
		owner := core.TeamID(r.pick("", "a", "b", "t"))
		d := alert.Draft{
			Message: s.Message, Alias: s.Alias, Description: s.Description, Source: s.Source, Entity: s.Entity, Priority: s.Priority,
			Tags: s.Tags, Actions: s.Actions, Details: s.Details, Responders: s.Responders, OwnerTeam: owner,
		}
		a := alert.Alert{
			Message: d.Message, Alias: d.Alias, Description: d.Description, Source: d.Source, Entity: d.Entity, Priority: d.Priority,
			Tags: d.Tags, Actions: d.Actions, Details: d.Details, Responders: d.Responders, OwnerTeam: owner,
		}
		ofDraft, ofAlert := route.OfDraft(&d, s.Names), route.Of(&a, s.Names)
		if ofDraft.EventType != "create" || ofAlert.EventType != "" {
			t.Fatalf("ogapi-6.cond.event-type: seed %d: of a draft it is %q, of an alert %q", seed, ofDraft.EventType, ofAlert.EventType)
		}
		if c.Field != "eventType" && c.MetBy(&ofDraft, nil) != c.MetBy(&ofAlert, nil) {
			t.Fatalf("ogapi-6.cond.teams and its like: seed %d: %s is met by the alert or the draft, and not by the other", seed, c.String())
		}
		nameless := route.Of(&a, nil)
		if c.Match(&a) != c.MetBy(&nameless, nil) {
			t.Fatalf("ogapi-6.cond.teams: seed %d: %s", seed, c.String())
		}
		if owner != "" && !slices.Contains(ofAlert.Responders, team(string(owner))) || len(ofAlert.Responders) > len(a.Responders)+1 {
			t.Fatalf("ogapi-6.cond.teams: seed %d: owned by %q: %v", seed, owner, ofAlert.Responders)
		}
	}
}
