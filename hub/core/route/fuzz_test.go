package route_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/route"
)

// FuzzConditions: no condition, however strange, does anything but be met or not, and what is
// not refused is turned round by "not".
func FuzzConditions(f *testing.F) {
	for _, field := range []string{"message", "tags", "details", "priority", "teams", "NewStateValue"} {
		for _, operation := range []string{"matches", "contains", "greater-than", "contains-key", "equals-ignore-whitespace", "is-empty"} {
			f.Add(field, "", operation, ".*P1", "disk full", false)
		}
	}
	f.Add("extra-properties", "site", "less-than", "1e3", "97.5", true)
	f.Add("message", "", "matches", `(?i)(\Qa.b\E|x{2,5})+[^\p{Greek}]`, "a.bxx", false)
	f.Fuzz(func(t *testing.T, field, key, operation, value, text string, payload bool) {
		s := route.Subject{Message: text, Alias: text, Tags: strings.Fields(text), Details: map[string]string{"site": text, key: value}, Responders: nil}
		scope := route.Alerts
		if payload {
			scope, s.Payload = route.Payloads, map[string]string{field: text}
		}
		c := route.Condition{Field: field, Key: key, Operation: operation, Value: value}
		criteria := route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{c}}
		err := criteria.Check(scope)
		if err != nil && (core.KindOf(err) != core.Unacceptable || err.Error() == "") {
			t.Fatalf("a complaint of no kind: %v", err)
		}
		memo := route.NewMemo()
		straight := c.MetBy(&s, memo)
		if straight != c.MetBy(&s, memo) || straight != c.MetBy(&s, nil) || straight != criteria.MetBy(&s, nil) {
			t.Fatal("it is met, and then not")
		}
		c.Not = true
		if turned := c.MetBy(&s, memo); err == nil && turned == straight {
			t.Fatalf("%s is not turned round", c.String())
		}
	})
}

// FuzzTemplates: no template, however strange, gives more than it may, or what is no text;
// one that was not refused leaves no placeholder standing that it did not get from elsewhere.
func FuzzTemplates(f *testing.F) {
	for _, template := range []string{
		"{{message}}", "[{{ details.site }}] {{tags}}", `{{message.substringBetween("a", 'b').toUpperCase()}}`, `{{message.extract(/(\w+)\/x/)}}`,
		`{{x.substring(1, 2).orElse("y")}}`, "{{", "}}", "{{}}", `{{a.extract(/(/)}}`, "{{message.substring(1,,2)}}", `{{a.orElse("\"")}}`,
	} {
		f.Add(template, "sự cố mạng", uint16(130))
	}
	f.Fuzz(func(t *testing.T, template, text string, most uint16) {
		text = strings.ReplaceAll(text, "{{", "")
		s := route.Subject{Message: text, Details: map[string]string{"site": text}, Tags: []string{text, text}, Payload: map[string]string{"x": text}}
		got, missing := route.Fill(template, int(most), &s, nil)
		if again, _ := route.Fill(template, int(most), &s, route.NewMemo()); again != got {
			t.Fatalf("gives %q, and then %q", got, again)
		}
		if utf8.RuneCountInString(got) > int(most) {
			t.Fatalf("gives %d characters of %d", utf8.RuneCountInString(got), most)
		}
		err := route.CheckTemplate("message", template, route.Payloads)
		if err != nil {
			if core.KindOf(err) != core.Unacceptable {
				t.Fatalf("a complaint of no kind: %v", err)
			}
			if utf8.RuneCountInString(template) <= route.TemplateMax && len(missing) > 0 {
				t.Fatalf("a template that is no template lacks %q", missing)
			}
			return
		}
		if utf8.ValidString(template) && utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Fatalf("gives what is no text: %q", got)
		}
		if !strings.ContainsAny(template, `"'/`) && strings.Contains(got, "{{message}}") && !strings.Contains(text, "{") && !strings.Contains(text, "}") {
			t.Fatalf("a placeholder was left standing: %q", got)
		}
	})
}
