package route_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/route"
)

// filled is what templates are filled in from in these tests.
func filled() *route.Subject {
	a := disk()
	s := route.Of(&a, names)
	s.EventType = "create"
	s.Payload = map[string]string{"subject": "Host: web-1 URL: http://x (down)", "_payload.host.name": "web-1", "long": strings.Repeat("x", 70_000), "braces": "{{message}}", "vi": "Sự cố mạng", "none": ""}
	return &s
}

// What templates give, and which names they lacked.
func TestTemplates(t *testing.T) {
	for _, c := range []struct {
		rule, template, want string
		missing              []string
	}{
		{"ogapi-8.template.text", "as it is", "as it is", nil},
		{"ogapi-8.template.text", "", "", nil},
		{"ogapi-8.template.text", "a } b }} c { d", "a } b }} c { d", nil},
		{"ogapi-8.template.field", "{{message}}", "disk full on db-1", nil},
		{"ogapi-8.template.field", "[{{priority}}] {{message}}!", "[P2] disk full on db-1!", nil},
		{"ogapi-8.template.field", "{{ message }}", "disk full on db-1", nil},
		{"ogapi-8.template.field", "{{alias}}{{source}}", "branch-3/diskagent", nil},
		{"ogapi-8.template.field", "{{description}}", "97 % of /var\nis in use", nil},
		{"ogapi-8.template.field", "{{eventType}}", "create", nil},
		{"ogapi-8.template.field", "<{{entity}}>", "<>", nil},
		{"ogapi-8.template.list", "{{tags}}", "disk, db", nil},
		{"ogapi-8.template.list", "{{ actions }}", "Reboot now", nil},
		{"ogapi-8.template.list", "{{teams}}", "network, it ops", nil},
		{"ogapi-8.template.list", "{{recipients}}", "an@example.vn", nil},
		{"ogapi-8.template.list", "{{responders}}", "network, an@example.vn, e1, it ops", nil},
		{"ogapi-8.template.detail", "{{details.site}}", "branch-3", nil},
		{"ogapi-8.template.detail", "{{extraProperties.site}}", "branch-3", nil},
		{"ogapi-8.template.detail", "{{extra-properties.site}}", "branch-3", nil},
		{"ogapi-8.template.detail", "<{{details.empty}}>", "<>", nil},
		{"ogapi-8.template.details", "{{details}}", "empty: \nsite: branch-3\nused: 97.5", nil},
		{"ogapi-8.template.details", "{{extraProperties}}", "empty: \nsite: branch-3\nused: 97.5", nil},
		{"ogapi-8.template.payload", "{{subject}}", "Host: web-1 URL: http://x (down)", nil},
		{"ogapi-8.template.payload", "{{_payload.host.name}}", "web-1", nil},
		{"ogapi-8.template.payload", "<{{none}}>", "<>", nil},
		{"keng-8.template.missing", "a {{nothing}} b", "a  b", []string{"nothing"}},
		{"keng-8.template.missing", "{{details.nothing}}", "", []string{"details.nothing"}},
		{"keng-8.template.missing", "{{x}}{{y}}{{x}}", "", []string{"x", "y"}},
		{"keng-8.template.missing", "{{x.toUpperCase()}}", "", []string{"x"}},
		{"keng-8.template.no-recursion", "{{braces}}", "{{message}}", nil},
		{"keng-8.template.no-recursion", "{{braces.toUpperCase()}}", "{{MESSAGE}}", nil},
		{"keng-8.template.malformed-stands", "{{message", "{{message", nil},
		{"keng-8.template.malformed-stands", "{{message}} {{}}", "{{message}} {{}}", nil},
		{"ogapi-8.template.to-lower", "{{vi.toLowerCase()}}", "sự cố mạng", nil},
		{"ogapi-8.template.to-upper", "{{vi.toUpperCase()}}", "SỰ CỐ MẠNG", nil},
		{"ogapi-8.template.to-upper", "{{ details.site.toUpperCase( ) }}", "BRANCH-3", nil},
		{"ogapi-8.template.substring", "{{vi.substring(3)}}", "cố mạng", nil},
		{"ogapi-8.template.substring", "{{vi.substring(3, 5)}}", "cố", nil},
		{"ogapi-8.template.substring", "{{vi.substring(0,2)}}", "Sự", nil},
		{"ogapi-8.template.substring", "{{vi.substring(0,1000)}}", "Sự cố mạng", nil},
		{"ogapi-8.template.substring", "{{vi.substring(9)}}", "g", nil},
		{"ogapi-8.template.substring", "{{vi.substring(10)}}", "", nil},
		{"ogapi-8.template.substring", "{{vi.substring(999)}}", "", nil},
		{"ogapi-8.template.substring", "{{vi.substring(5,3)}}", "", nil},
		{"ogapi-8.template.substring", "{{vi.substring(3,3)}}", "", nil},
		{"ogapi-8.template.substring-after", `{{subject.substringAfter("Host: ")}}`, "web-1 URL: http://x (down)", nil},
		{"ogapi-8.template.substring-after", `{{subject.substringAfter("nowhere")}}`, "", nil},
		{"ogapi-8.template.substring-after", `{{subject.substringAfter(":")}}`, " web-1 URL: http://x (down)", nil},
		{"ogapi-8.template.substring-before", `{{subject.substringBefore(":")}}`, "Host", nil},
		{"ogapi-8.template.substring-before", `{{vi.substringBefore("@")}}`, "Sự cố mạng", nil},
		{"ogapi-8.template.substring-between", `{{subject.substringBetween("URL: ", " (")}}`, "http://x", nil},
		{"ogapi-8.template.substring-between", `{{subject.substringBetween("URL: ", "]")}}`, "", nil},
		{"ogapi-8.template.substring-between", `{{subject.substringBetween("nowhere", "(")}}`, "", nil},
		{"ogapi-8.template.extract", `{{subject.extract(/Host: (\S+)/)}}`, "web-1", nil},
		{"ogapi-8.template.extract", `{{subject.extract(/http:\/\/(\w+)/)}}`, "x", nil},
		{"ogapi-8.template.extract", `{{subject.extract("\((\w+)\)")}}`, "down", nil},
		{"ogapi-8.template.extract", `{{subject.extract(/w[a-z]+-[0-9]/)}}`, "web-1", nil},
		{"ogapi-8.template.extract", `{{subject.extract(/(Ho)(st)/)}}`, "Ho", nil},
		{"ogapi-8.template.extract", `{{subject.extract(/nowhere(.*)/)}}`, "", nil},
		{"ogapi-8.template.extract", `{{subject.extract(/x|(y)/)}}`, "", nil},
		{"keng-8.template.or-else", `{{entity.orElse("unknown")}}`, "unknown", nil},
		{"keng-8.template.or-else", `{{source.orElse("unknown")}}`, "agent", nil},
		{"keng-8.template.or-else", `{{details.nothing.orElse('no site')}}`, "no site", nil},
		{"keng-8.template.or-else", `{{x.orElse("")}}`, "", nil},
		{"ogapi-8.template.chain", `{{subject.substringAfter("Host: ").substringBefore(" ").toUpperCase()}}`, "WEB-1", nil},
		{"ogapi-8.template.chain", `{{x.toUpperCase().orElse("y").toUpperCase()}}`, "Y", nil},
		{"ogapi-8.template.quotes", `{{x.orElse("a \"b\" }} c")}}`, `a "b" }} c`, nil},
		{"ogapi-8.template.quotes", `{{x.orElse('it\'s "so"')}}`, `it's "so"`, nil},
		{"ogapi-8.template.quotes", `{{x.orElse("C:\dir")}}`, `C:\dir`, nil},
		{"keng-8.template.malformed-stands", `{{x.orElse("\\")}}`, `{{x.orElse("\\")}}`, nil}, // the quote is a part of the text, which does not end
	} {
		for _, memo := range []*route.Memo{nil, route.NewMemo()} {
			got, missing := route.Fill(c.template, 15_000, filled(), memo)
			if got != c.want {
				t.Errorf("%s: %s gives %q, want %q", c.rule, c.template, got, c.want)
			}
			equal(t, c.rule+": missing in "+c.template, missing, c.missing)
		}
		malformed := c.rule == "keng-8.template.malformed-stands"
		if err := route.CheckTemplate("message", c.template, route.Payloads); (err != nil) != malformed {
			t.Errorf("%s: %s is checked: %v", c.rule, c.template, err)
		}
	}
}

// Complaints about templates tell the place and what to write.
func TestTemplatesThatAreRefused(t *testing.T) {
	long := strings.Repeat("a", 201)
	for _, c := range []struct {
		template string
		words    []string
	}{
		{"ab {{message", []string{"character 4", "is not closed", "}}"}},
		{"sự {{message", []string{"character 4"}},
		{"{{}}", []string{"character 1", "has no name"}},
		{"{{  }}", []string{"has no name"}},
		{"{{message}} {{ alias {{x}} }}", []string{"character 13", "'{'"}},
		{"{{message(}}", []string{"'('"}},
		{"{{mes\nsage}}", []string{`'\n'`}},
		{"{{mes\xffsage}}", []string{"of which no name is made"}},
		{"{{" + long + "}}", []string{"more than 200 characters"}},
		{"{{message.shout()}}", []string{`"shout"`, "is no function", "toUpperCase", "orElse"}},
		{"{{message.toUpperCase(}}", []string{"toUpperCase"}},
		{"{{message.toUpperCase(1)}}", []string{"not in quotes", ".toUpperCase()"}},
		{`{{message.toUpperCase("x")}}`, []string{"wrong number of arguments"}},
		{"{{message.substring()}}", []string{"wrong number of arguments", ".substring(5)"}},
		{"{{message.substring(1,2,3)}}", []string{"wrong number of arguments"}},
		{"{{message.substring(x)}}", []string{"no whole number"}},
		{"{{message.substring(-1)}}", []string{"no whole number"}},
		{"{{message.substring(1 2)}}", []string{"does not end"}},
		{"{{message.substring(99999999999999999999)}}", []string{"no whole number"}},
		{`{{message.substringAfter("x)}}`, []string{"is not closed", `write "`}},
		{`{{message.substringAfter("x"}}`, []string{"does not end"}},
		{`{{message.substringAfter(x)}}`, []string{"not in quotes"}},
		{`{{message.substringAfter(/x/)}}`, []string{"not in quotes"}},
		{`{{message.substringAfter()}}`, []string{"wrong number"}},
		{`{{message.substringAfter("` + long + `")}}`, []string{"longer than 200"}},
		{`{{message.substringBetween("x")}}`, []string{"wrong number", "substringBetween("}},
		{`{{message.substringBetween("x" "y")}}`, []string{"does not end"}},
		{`{{message.extract(/(/)}}`, []string{"RE2"}},
		{`{{message.extract(/a{9}{9}{99}/)}}`, []string{"regular expression"}},
		{`{{message.extract(/(a)/`, []string{"does not end"}},
		{"{{message.toUpperCase() x}}", []string{`"x"`, "close it with }}"}},
		{"{{message.toUpperCase()", []string{`""`, "close it"}},
		{"{{message.toUpperCase().substring}}", []string{"without parentheses"}},
		{"{{message.toUpperCase().}}", []string{`""`, "is no function"}},
		{"{{message" + strings.Repeat(".toUpperCase()", 11) + "}}", []string{"at most 10"}},
		{strings.Repeat("{{message}}", 101), []string{"character 1101", "at most 100"}},
		{strings.Repeat("x", 15_001), []string{"15001 characters", "15000"}},
	} {
		err := route.CheckTemplate("message", c.template, route.Payloads)
		if core.KindOf(err) != core.Unacceptable {
			t.Errorf("ogapi-8.template.check: %.60q is taken: %v", c.template, err)
			continue
		}
		mentions(t, fmt.Sprintf("ogapi-8.template.check: the complaint about %.60q", c.template), err.(*core.Error).Fields["message"], c.words...)
	}
	for _, fine := range []string{strings.Repeat("{{message}}", 100), strings.Repeat("ẻ", 15_000), "{{message" + strings.Repeat(".toUpperCase()", 10) + "}}", "{{" + long[:200] + "}}",
		`{{message.substringAfter("` + long[:200] + `")}}`} {
		if err := route.CheckTemplate("message", fine, route.Payloads); err != nil {
			t.Errorf("keng-8.template.bounds: %.60q is refused: %v", fine, err)
		}
	}
}

// A template about alerts may name what every alert has, one about payloads anything.
func TestTemplateNames(t *testing.T) {
	for name, known := range map[string]bool{
		"message": true, "alias": true, "description": true, "source": true, "entity": true, "priority": true, "tags": true, "actions": true,
		"details": true, "details.x y": true, "extraProperties.x": true, "extra-properties.x": true, "extraProperties": true, "teams": true,
		"recipients": true, "responders": true, "eventType": true,
		"subject": false, "_payload.x": false, "Message": false, "detail.x": false, "message.x": false,
	} {
		err := route.CheckTemplate("message", "{{"+name+"}}", route.Alerts)
		if known != (err == nil) {
			t.Errorf("ogapi-8.template.names: %s: %v", name, err)
		}
		if !known {
			mentions(t, "ogapi-8.template.names", err.Error(), "details."+name, "message")
		}
		if err := route.CheckTemplate("message", "{{"+name+"}}", route.Payloads); err != nil {
			t.Errorf("ogapi-8.template.names: of a payload %s: %v", name, err)
		}
	}
}

// What is filled in is cut to the limit of its place, between two characters.
func TestFilledTextsAreCut(t *testing.T) {
	s := filled()
	for _, c := range []struct {
		template string
		most     int
		want     string
	}{
		{"abcdef", 3, "abc"},
		{"sự cố", 2, "sự"},
		{"sự cố", 5, "sự cố"},
		{"sự cố", 0, ""},
		{"{{vi}}{{vi}}", 12, "Sự cố mạngSự"},
		{"{{vi}}", 10, "Sự cố mạng"},
		{"{{nothing", 4, "{{no"},
	} {
		if got, _ := route.Fill(c.template, c.most, s, nil); got != c.want {
			t.Errorf("keng-8.template.cut: %q to %d: %q, want %q", c.template, c.most, got, c.want)
		}
	}
	// What is missing beyond the cut is told all the same, and an alias of it is none.
	if got, missing := route.Fill("{{long}}{{nothing}}", 10, s, nil); got != "xxxxxxxxxx" || len(missing) != 1 {
		t.Errorf("keng-8.template.missing: beyond the cut: %q, missing %q", got, missing)
	}
	if got, ok := route.GroupOf([]route.Grouping{{ID: "g", Key: "{{message.orElse('')}}{{description}}{{details.nothing}}"}}, &route.Subject{Description: strings.Repeat("x", 15_000)}, nil); ok {
		t.Errorf("keng-8.group.missing: beyond the cut: %.20q", got.Key)
	}
	got, _ := route.Fill(strings.Repeat("{{long}}", 100), 15_000, s, nil)
	if utf8.RuneCountInString(got) != 15_000 {
		t.Errorf("keng-8.template.cut: %d characters", utf8.RuneCountInString(got))
	}
	got, _ = route.Fill("{{long}}", 100_000, s, nil)
	if len(got) != 64_000 {
		t.Errorf("keng-8.template.bounds: one placeholder gives %d bytes", len(got))
	}
	s.Payload["long"] = strings.Repeat("ẻ", 30_000) // three bytes each, and 64,000 is no multiple of 3
	if got, _ = route.Fill("{{long}}", 100_000, s, nil); !utf8.ValidString(got) || len(got) != 63_999 {
		t.Errorf("keng-8.template.bounds: cut within a character: %d bytes", len(got))
	}
}

// A memo forgets rather than grows, and forgetting changes nothing.
func TestMemoIsBounded(t *testing.T) {
	memo, s := route.NewMemo(), filled()
	for n := range 12_000 {
		cond := route.Condition{Field: "message", Operation: "matches", Value: fmt.Sprintf("disk.*|%d", n)}
		if !cond.MetBy(s, memo) {
			t.Fatalf("keng-6.cond.memo: not met after %d patterns", n)
		}
		if got, _ := route.Fill(fmt.Sprintf("%d {{message}}", n), 130, s, memo); got != fmt.Sprintf("%d disk full on db-1", n) {
			t.Fatalf("keng-6.cond.memo: %q after %d templates", got, n)
		}
	}
}
