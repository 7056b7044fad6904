package api_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"keng/hub/api"
	"keng/hub/intake"
)

// operation is one of the route table, with what the contract says of it.
type operation struct {
	method, path string
	said         *openapi3.Operation
	parameters   openapi3.Parameters // of the operation and of its path
}

// operations returns all operations in the order of the route table, so that new ones are there by themselves.
func operations(t testing.TB) (all []operation) {
	t.Helper()
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range api.Table() {
		item := doc.Paths.Find(r.Path)
		if item == nil || item.GetOperation(r.Method) == nil {
			t.Fatalf("%s %s is not in the contract", r.Method, r.Path)
		}
		o := operation{r.Method, r.Path, item.GetOperation(r.Method), nil}
		o.parameters = append(append(o.parameters, item.Parameters...), o.said.Parameters...)
		all = append(all, o)
	}
	return all
}

// ofTools reports whether other tools send to an operation in formats of their own.
func (o *operation) ofTools() bool { return strings.Contains(o.path, "{integrationType") }

// maker makes requests from what the contract says, of which some values are odd. The same dice make the same ones.
type maker struct {
	*rand.Rand
	world *fuzzWorld
	odd   int // one value of so many is odd; 0: none is
	// format is that of the tool that sends the request; nil: none does.
	format *intake.Format
}

func oneOf[T any](m *maker, list ...T) T { return list[m.IntN(len(list))] }

func (m *maker) isOdd() bool { return m.odd > 0 && m.IntN(m.odd) == 0 }

// request makes a request of an operation. A body that is given is sent as it is.
func (m *maker) request(o *operation, body []byte) (*http.Request, string) {
	if m.format = nil; o.ofTools() {
		m.format = oneOf(m, intake.All()...)
	}
	contentType, text := m.body(o)
	if body != nil {
		text = string(body)
	}
	method := o.method
	if m.isOdd() {
		method = oneOf(m, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", "get")
	}
	target := url.URL{Path: "/", RawQuery: m.query(o)}
	r := newRequest(method, target.String(), text)
	// What is escaped in a path stays so: as a client writes it, not as a tidy one would.
	escaped := m.path("", o.path)
	if plain, err := url.PathUnescape(escaped); err == nil {
		r.URL.Path, r.URL.RawPath = plain, escaped
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if m.isOdd() {
		r.Header.Set("Content-Type", oneOf(m, "", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", ";;;", "a/b; q=\"", "application/json; charset=utf-16"))
	}
	if m.isOdd() {
		r.Header.Set("Authorization", "GenieKey "+oneOf(m, teamKey, teamKey, readKey, writeKey, "unknown", ""))
	}
	if m.isOdd() {
		r.Header.Set("If-None-Match", oneOf(m, "*", `"x"`, `W/"x", "y"`))
	}
	return r, text
}

// path fills a pattern in, mostly with names of what there is. What is before the pattern is filled in already.
func (m *maker) path(filled, pattern string) string {
	before, rest, ok := strings.Cut(pattern, "{")
	if !ok {
		return filled + pattern + oneOf(m, "", "", "", "/")
	}
	_, after, _ := strings.Cut(rest, "}")
	some := m.world.namesOf(filled + before)
	if m.format != nil {
		some = []string{m.format.Path}
	}
	name := url.PathEscape(m.name(some))
	if m.isOdd() {
		name = oneOf(m, oddNames...)
	}
	return m.path(filled+before+name, after)
}

var oddNames = []string{
	"a/b", "%2F..%2F..%2Fhealthz", "%00", "%FF%FE", "%25zz", "..", ".", "%", " ", "a%20b%2Fc", "🔔", "%F0%9F%94%94", "0", "-1", "99999999999999999999999", strings.Repeat("x", 513),
	strings.Repeat("a/", 300), strings.Repeat("%2F", 100), "x;y=z", "requests", "count", "%e1%ba%bb.ics", "x/close", "null", "%0d%0aX: y",
}

// name returns one of some names, or of all if there are none.
func (m *maker) name(some []string) string {
	if len(some) == 0 || m.IntN(8) == 0 {
		some = m.world.names[""]
	}
	return oneOf(m, some...)
}

// query makes the query of a request.
func (m *maker) query(o *operation) string {
	q := url.Values{}
	for _, p := range o.parameters {
		if p.Value.In != "query" || m.IntN(2) == 0 {
			continue
		}
		text := m.value(p.Value.Name, p.Value.Schema, 3)
		if plain, err := strconv.Unquote(text); err == nil {
			text = plain
		}
		q.Add(p.Value.Name, text)
		if m.isOdd() {
			q.Add(p.Value.Name, oneOf(m, "", "x", text))
		}
	}
	raw := q.Encode()
	if m.isOdd() {
		raw += oneOf(m, "&", "&%zz=%zz", ";;;", "&limit=-1&offset=-1", "&limit=99999999999999999999", "&query="+strings.Repeat("%28", 3000), "&identifierType=tiny", "&identifierType=%00", "&a="+strings.Repeat("b", 5000), "&query=%FF", "&=", "&tags=,,,&keys=,")
	}
	return raw
}

// body makes the body of a request and says of what type it is, "" if there is none.
func (m *maker) body(o *operation) (contentType, text string) {
	if o.said.RequestBody == nil {
		return "", ""
	}
	content := o.said.RequestBody.Value.Content
	contentType = oneOf(m, slices.Sorted(maps.Keys(content))...)
	kind, _, _ := mime.ParseMediaType(contentType)
	if m.isOdd() && m.IntN(2) == 0 {
		return contentType, m.oddBody()
	}
	if m.format != nil && m.IntN(2) == 0 {
		return contentType, oneOf(m, m.format.Example, m.format.Over)
	}
	schema := content[contentType].Schema
	switch kind {
	case "application/json":
		return contentType, m.value("", schema, 0)
	case "multipart/form-data":
		return "multipart/form-data; boundary=seam", m.parts(schema)
	}
	lines := []string{"start,end,user", "2026-12-01 08:00,2026-12-01 20:00,an@example.vn", "date;shift;user", "1/12/2026\tday\tan@example.vn", "BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", "DTSTART;VALUE=DATE:20261225", "DTEND:20261226T000000Z",
		"RRULE:FREQ=DAILY;COUNT=99999999", "RRULE:FREQ=SECONDLY", "DTSTART;TZID=Nowhere/Else:20261225T000000", "SUMMARY:an@example.vn", "END:VEVENT", "END:VCALENDAR", `"`, strings.Repeat("x", 70_000), "\xff\xfe", ",,,,", "\x00"}
	if !m.isOdd() {
		lines = lines[:15]
	}
	for range m.IntN(25) {
		text += oneOf(m, lines...) + oneOf(m, "\n", "\r\n")
	}
	return contentType, text
}

// parts makes a body of the parts of a form, each part that is no text with the name of a file.
func (m *maker) parts(schema *openapi3.SchemaRef) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(schema.Value.Properties)) {
		part := schema.Value.Properties[name].Value
		fmt.Fprintf(&b, "--seam\r\nContent-Disposition: form-data; name=%q", oneOf(m, name, name, name, "x", ""))
		if part.Format == "binary" || m.isOdd() {
			fmt.Fprintf(&b, "; filename=%q", oneOf(m, "a.txt", "../../etc/passwd", "", strings.Repeat("n", 300), "ảnh.png"))
		}
		b.WriteString("\r\n\r\n" + oneOf(m, "text", "", "\x00\xff", strings.Repeat("y", 10_000)) + "\r\n")
	}
	return b.String() + oneOf(m, "--seam--\r\n", "--seam--\r\n", "--seam", "")
}

// oddBody is a body that is nothing an operation asks for.
func (m *maker) oddBody() string {
	return oneOf(m, "", " ", "null", "[]", "{}", "17", `"x"`, "true", "{", "[", `{"a":1,}`, "\x00", "\xff\xfe{}", "'x'", `{"a":1} {"b":2}`, "NaN", `{"a":NaN}`, `{"a":Infinity}`, `{"a":1e999999}`, "a=b&c=d", "<x/>",
		strings.Repeat("[", 10_000), strings.Repeat(`{"a":`, 10_000), strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000), `{"message":`+strings.Repeat("[", 9_000)+strings.Repeat("]", 9_000)+`}`,
		strings.Repeat(`{"rules":[`, 2_000)+strings.Repeat("]}", 2_000), `{"name":"`+strings.Repeat("ế", 300_000)+`"}`, `{"\u0000":"\ud800"}`, "\ufeff{}",
		strings.Repeat(" ", api.BodyMax)+"{}")
}

var oddValues = []string{
	"null", "true", "false", "0", "-1", "1.5", "1e400", "-1e-400", "9223372036854775808", "-9223372036854775809", "99999999999999999999999999", `""`, `" "`, `"\u0000"`, `"\ud800"`, `"\udfff\ud800"`, `"\u202e"`, "\"\xff\xfe\"",
	`"NaN"`, "[]", "{}", "[[]]", "[{}]", "[null]", "[17]", `["x",null,7]`, `{"":""}`, `{"a":{"b":{"c":[]}}}`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"-0001-01-01T00:00:00Z"`, `"2026-13-45T99:99:99Z"`, `"2026-11-25T09:00:00+99:99"`,
	`"2026-11-25"`, `"1970-01-01T00:00:00Z"`, `"2200-01-01T00:00:00Z"`, `"99999h"`, `"-1h"`, `"1ns"`, `"Nowhere/Else"`, `"../../etc/passwd"`, `"Asia/Ho_Chi_Minh"`, `"a/b/c"`, `"%00"`, `"{{"`, `"{{message}}"`, `"{{.}}"`, `"((("`, `"(a*)*b"`, `"*"`, `"\\"`,
	`"status: open AND ("`, `"P9"`, `"P1"`, `"<script>"`, `"none"`, `"all"`, `"user"`,
}

// hugeValues are large, and so rarer.
var hugeValues = []string{
	`"` + strings.Repeat("x", 70_000) + `"`, `"` + strings.Repeat("ế", 20_000) + `"`, "[" + strings.Repeat(`"t",`, 3_000) + `"t"]`, strings.Repeat("[", 1_000) + strings.Repeat("]", 1_000), "[" + strings.Repeat("{},", 2_000) + "{}]", strings.Repeat("9", 4_000),
}

// value makes the JSON of a value that a schema describes, known by the key under which it stands.
func (m *maker) value(key string, ref *openapi3.SchemaRef, depth int) string {
	if m.isOdd() {
		if m.IntN(40) == 0 {
			return oneOf(m, hugeValues...)
		}
		return oneOf(m, oddValues...)
	}
	if ref == nil || ref.Value == nil {
		return oneOf(m, "1", `"x"`, "{}")
	}
	s := ref.Value
	switch {
	case len(s.Enum) > 0:
		return literal(oneOf(m, s.Enum...))
	case len(s.OneOf) > 0:
		return m.value(key, oneOf(m, s.OneOf...), depth)
	case len(s.AnyOf) > 0:
		return m.value(key, oneOf(m, s.AnyOf...), depth)
	case s.Type.Is("array"):
		var items []string
		for range min(int(s.MinItems)+m.IntN(3), 5) {
			items = append(items, m.value(key, s.Items, depth+1))
		}
		return "[" + strings.Join(items, ",") + "]"
	case s.Type.Is("integer"), s.Type.Is("number"):
		return m.number(s)
	case s.Type.Is("boolean"):
		return oneOf(m, "true", "false")
	case s.Type.Is("string"):
		return strconv.Quote(m.text(key, s))
	}
	return m.object(key, ref, depth)
}

func literal(v any) string {
	if text, ok := v.(string); ok {
		return strconv.Quote(text)
	}
	if v == nil {
		return "null"
	}
	return fmt.Sprint(v)
}

func (m *maker) number(s *openapi3.Schema) string {
	low, high := 0, 60
	if s.Min != nil {
		low = int(*s.Min)
		high = low + 60
	}
	if s.Max != nil {
		high = int(min(*s.Max, 1e9))
	}
	return strconv.Itoa(low + m.IntN(max(1, high-low+1)))
}

// text makes a text that means something where it stands.
func (m *maker) text(key string, s *openapi3.Schema) string {
	if example, ok := s.Example.(string); ok && m.IntN(2) == 0 {
		return example
	}
	lists := map[string]string{"username": "users", "user": "users", "owner": "users", "team": "teams", "ownerTeam": "teams", "schedule": "schedules", "escalation": "escalations", "alias": "alerts", "policy": "policies"}
	switch low := strings.ToLower(key); {
	case s.Format == "date-time", s.Format == "date":
		at := m.world.madeAt.Add(time.Duration(m.IntN(2_000)-500) * time.Hour)
		if s.Format == "date" {
			return at.Format(time.DateOnly)
		}
		return at.In(time.FixedZone("", 7*3600)).Format(time.RFC3339)
	case strings.Contains(low, "zone"):
		return oneOf(m, "UTC", "Asia/Ho_Chi_Minh", "America/New_York")
	case key == "query":
		return oneOf(m, "status: open", "tag: x OR message: o*", "createdAt > 1470394841148", "NOT acknowledged: true", "alias: a-1", "details.key: k")
	case key == "id" || strings.HasSuffix(low, "id") || strings.HasSuffix(low, "name") || key == "identifier":
		return m.name(nil)
	case lists[key] != "":
		return m.name(m.world.namesOf("/" + lists[key]))
	}
	return oneOf(m, "x", "một hai ba", "5m", "84-901234567", "message", "contains", "it", "a-1", "P2", "")
}

// object makes an object of all properties that are needed and some of the others.
func (m *maker) object(key string, ref *openapi3.SchemaRef, depth int) string {
	var pairs []string
	var add func(ref *openapi3.SchemaRef)
	add = func(ref *openapi3.SchemaRef) {
		s := ref.Value
		for _, part := range s.AllOf {
			add(part)
		}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			needed := slices.Contains(s.Required, name)
			if !needed && (depth > 6 || m.IntN(3) == 0) || needed && m.isOdd() {
				continue
			}
			under := name
			if (name == "id" || name == "name") && key != "" {
				under = key // of what it is the id
			}
			pair := strconv.Quote(name) + ":" + m.value(under, s.Properties[name], depth+1)
			if m.isOdd() { // the same key twice, or as Go's own decoder would take it for the same
				pair = strconv.Quote(oneOf(m, name, strings.ToUpper(name[:1])+name[1:], strings.ToUpper(name))) + ":" + oneOf(m, oddValues...) + "," + pair
			}
			pairs = append(pairs, pair)
		}
		if more := s.AdditionalProperties.Schema; more != nil {
			for range m.IntN(3) {
				pairs = append(pairs, strconv.Quote(oneOf(m, "k", "khóa", "", "a.b", "k2"))+":"+m.value("", more, depth+1))
			}
		}
	}
	add(ref)
	return "{" + strings.Join(pairs, ",") + "}"
}
