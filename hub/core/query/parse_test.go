package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
)

// now is the present of the tests, in the zone of most of them.
func now() time.Time {
	return time.Date(2026, 3, 10, 9, 30, 0, 0, time.FixedZone("Hanoi", 7*3600))
}

func options() Options { return Options{Now: now(), Zone: now().Location()} }

// Rules ogapi-5.field.alias-open, keng-5.form.equals, keng-5.form.small,
// keng-5.form.spellings, keng-5.time.forms, keng-5.time.span, ogapi-5.form.client,
// ogapi-5.form.colon, ogapi-5.form.parentheses, ogapi-5.form.phrase, ogapi-5.form.and,
// ogapi-5.form.or, ogapi-5.form.not, ogapi-5.sort.misspelt.
func TestCanonicalForm(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{" \n\t ", ""},
		{"*", ""},
		{"**", ""},
		{"status: open AND *", "status: open"},
		{"status:open", "status: open"},
		{"status = OPEN", "status: open"},
		{"STATUS :Open", "status: open"},
		{"priority: p1", "priority: P1"},
		{"status: open AND acknowledged:false", "status: open AND acknowledged: false"},
		{"acknowledged: TRUE", "acknowledged: true"},
		{"createdAt > 1470394841148", "createdAt > 1470394841148"},
		{"createdat>=1", "createdAt >= 1"},
		{"createdAt<=1", "createdAt <= 1"},
		{"createdAt<1", "createdAt < 1"},
		{"createdAt: 5", "createdAt: 5"},
		{"count > -3", "count > -3"},
		{"count: 007", "count: 7"},
		{"tag: disk OR tag: cpu AND status: open", "tag: disk OR tag: cpu AND status: open"},
		{"(tag: disk OR tag: cpu) AND status: open", "(tag: disk OR tag: cpu) AND status: open"},
		{"tag: disk status: open", "tag: disk AND status: open"},
		{"tag: disk (status: open)", "tag: disk AND status: open"},
		{"(((tag: disk)))", "tag: disk"},
		{"tag: a AND (tag: b AND (tag: c AND tag: a))", "tag: a AND tag: b AND tag: c"},
		{"tag: a OR (tag: b OR tag: a)", "tag: a OR tag: b"},
		{"NOT tag: a AND tag: b", "NOT tag: a AND tag: b"},
		{"NOT (tag: a AND tag: b)", "NOT (tag: a AND tag: b)"},
		{"NOT (tag: a OR tag: b) OR tag: c", "NOT (tag: a OR tag: b) OR tag: c"},
		{"NOT NOT tag: a", "tag: a"},
		{"not not not tag: a", "NOT tag: a"},
		{"NOT *", "NOT *"},
		{"* OR tag: a", "* OR tag: a"},
		{"status: open and tag: a or tag: b", "status: open AND tag: a OR tag: b"},
		{"priority: (P1 OR P2)", "priority: P1 OR priority: P2"},
		{"priority: (P1)", "priority: P1"},
		{"tag: (a AND NOT b)", "tag: a AND NOT tag: b"},
		{"tag: (NOT NOT a)", "tag: a"},
		{"tag: (a AND (b OR c))", "tag: a AND (tag: b OR tag: c)"},
		{"tag: (NOT (b OR c)) AND status: open", "NOT (tag: b OR tag: c) AND status: open"},
		{`tag = ("two words" OR x*)`, `tag: "two words" OR tag: x*`},
		{"disk full", "disk AND full"},
		{`"disk full"`, `"disk full"`},
		{`"disk"`, "disk"},
		{`"AND"`, `"AND"`},
		{`tag: "not"`, `tag: "not"`},
		{"android ORANGE notes", "android AND ORANGE AND notes"},
		{`"a\"b\\c\d"`, `"a\"b\\c\\d"`},
		{`message: C:\disk`, `message: "C:\\disk"`},
		{"message: disk*", "message: disk*"},
		{"message: *d**k*", "message: *d*k*"},
		{`message: "disk full"*`, `message: "disk full"*`},
		{`message: "5 * 3"`, `message: "5 * 3"`},
		{`message: "a b"*"c d"`, `message: "a b"*"c d"`},
		{"entity: https://example.vn/?a=b", `entity: "https://example.vn/?a=b"`},
		{"owner: *", "owner: *"},
		{"NOT snoozedUntil: *", "NOT snoozedUntil: *"},
		{"count: * count: *", "count: *"},
		{"tags: x team: y id: Z seen: true", "tag: x AND teams: y AND alertId: Z AND isSeen: true"},
		{"lastOccuredAt > 1", "lastOccurredAt > 1"},
		{"details.key: site AND details.value: \"chi nhánh 3\"", `details.key: site AND details.value: "chi nhánh 3"`},
		{"integration.name: Zabbix INTEGRATION.TYPE: API", "integration.name: Zabbix AND integration.type: API"},
		{"alias: x", "alias: x AND status: open"},
		{"alias: x*", "alias: x* AND status: open"},
		{"alias: *", "alias: *"},
		{"alias: x OR tag: y", "alias: x AND status: open OR tag: y"},
		{"tag: y AND (alias: x OR tag: z)", "tag: y AND (alias: x AND status: open OR tag: z)"},
		{"alias: x AND status: closed", "alias: x AND status: closed"},
		{"alias: x AND status: *", "alias: x AND status: *"},
		{"alias: x OR NOT status: closed", "alias: x OR NOT status: closed"},
		{"NOT alias: x", "NOT alias: x"},
		{"createdAt: 2026-03-10", "createdAt >= 1773075600000 AND createdAt < 1773162000000"},
		{"createdAt < 2026-03-10", "createdAt < 1773075600000"},
		{"createdAt <= 2026-03-10", "createdAt < 1773162000000"},
		{"createdAt > 2026-03-10", "createdAt >= 1773162000000"},
		{"createdAt >= 2026-03-10", "createdAt >= 1773075600000"},
		{"createdAt: 2026-03-10T02:30:00Z", "createdAt >= 1773109800000 AND createdAt < 1773109801000"},
		{"createdAt > 2026-03-10T09:30:00.250+07:00", "createdAt > 1773109800250"},
		{"createdAt > now", "createdAt > 1773109800000"},
		{"createdAt > NOW-90s", "createdAt > 1773109710000"},
		{"createdAt > now-2h", "createdAt > 1773102600000"},
		{"createdAt > now-15m", "createdAt > 1773108900000"},
		{"snoozedUntil < now+1d", "snoozedUntil < 1773196200000"},
		{"createdAt > now-10000m", "createdAt > 1772509800000"},
		{"(tag: a OR tag: b) AND alias: x", "(tag: a OR tag: b) AND alias: x AND status: open"},
		{"createdAt > now-1w", "createdAt > 1772505000000"},
	} {
		q, err := Parse(c.text, Alerts(), options())
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := q.String(); got != c.want {
			t.Errorf("%q is printed %q, want %q", c.text, got, c.want)
		}
	}
}

// Rules keng-5.error.instead, keng-5.error.points.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text, token string
		at          int
		why         string // a part of it
		instead     string
	}{
		{"statis: open", "statis", 0, "no such field", "status"},
		{"status: open && priority: P1", "&&", 13, "joined by AND and OR", ""},
		{"status: open || priority: P1", "||", 13, "joined by AND and OR", ""},
		{"priority: P1 | P2", "|", 13, "joined by AND and OR", ""},
		{"tag: &", "&", 5, "joined by AND and OR", ""},
		{"tag IN (x, y)", "IN", 4, "tag: (value OR value)", ""},
		{"message contains disk", "contains", 8, "message: value", ""},
		{"message ~ disk", "~", 8, "with a colon", ""},
		{"status != closed", "!", 7, "NOT status: closed", ""},
		{"status!=closed", "status!", 0, "NOT status: value", ""},
		{"!acknowledged: true", "!acknowledged", 0, "NOT before the field", ""},
		{"tag: !x", "!x", 5, "NOT before the field", ""},
		{"tag: x, y", "x,", 5, "tag: (a OR b)", ""},
		{"tag: x,y", "x,y", 5, "tag: (a OR b)", ""},
		{"message: “disk full”", "“disk", 9, "plain double quotes", ""},
		{"status: open AND sttaus: x", "sttaus", 17, "no such field", "status"},
		{"tinyd > 3", "tinyd", 0, "no such field", "tinyId"},
		{"tgas: x", "tgas", 0, "no such field", "tag"},
		{"xyzzy: 1", "xyzzy", 0, "a text with a colon in it stands in double quotes", ""},
		{"sự cố: x", "cố", 3, "no such field", ""},
		{"status: opne", "opne", 8, "expected is open or closed", "open"},
		{"status: acked", "acked", 8, "expected is open or closed", ""},
		{"priority: P9", "P9", 10, "expected is P1, P2, P3, P4 or P5", "P1"},
		{"acknowledged: yes", "yes", 14, "expected is false or true", ""},
		{"status: op*", "op*", 8, "takes no wildcard", ""},
		{"count: 5*", "5*", 7, "takes no wildcard", ""},
		{"count: five", "five", 7, "whole number", ""},
		{"count: 1000000000000000001", "1000000000000000001", 7, "whole number", ""},
		{"count: -1000000000000000001", "-1000000000000000001", 7, "whole number", ""},
		{"count > *", "*", 8, "number or a time", ""},
		{"message > x", ">", 8, "neither a number nor a time", ""},
		{"acknowledged <= true", "<=", 13, "neither a number nor a time", ""},
		{"createdAt > yesterday", "yesterday", 12, "a time is expected", ""},
		{"createdAt > now-2y", "now-2y", 12, "a time is expected", ""},
		{"createdAt > now2h", "now2h", 12, "a time is expected", ""},
		{"createdAt > now-123456h", "now-123456h", 12, "a time is expected", ""},
		{"createdAt > now--2h", "now--2h", 12, "a time is expected", ""},
		{"createdAt > now-h", "now-h", 12, "a time is expected", ""},
		{"createdAt > now-", "now-", 12, "a time is expected", ""},
		{"createdAt > 2026-02-30", "2026-02-30", 12, "a time is expected", ""},
		{"status:", "", 7, "a value or a term is expected", ""},
		{"status: ", "", 8, "a value or a term is expected", ""},
		{"status: AND tag: x", "AND", 8, "put it in double quotes", ""},
		{"AND tag: x", "AND", 0, "put it in double quotes", ""},
		{"tag: x AND", "", 10, "a value or a term is expected", ""},
		{"tag: x OR OR tag: y", "OR", 10, "put it in double quotes", ""},
		{"tag: x AND NOT", "", 14, "a value or a term is expected", ""},
		{"()", ")", 1, "expected before it", ""},
		{"(tag: x", "", 7, "the one at character 1", ""},
		{"tag: y (tag: x", "", 14, "the one at character 8", ""},
		{"tag: x)", ")", 6, "no opening parenthesis", ""},
		{"entity: a:b)", ")", 11, "no opening parenthesis", ""},
		{"tag: (a b)", "b", 8, "OR or AND is expected", ""},
		{"tag: (a OR b", "", 12, "closing parenthesis", ""},
		{"tag: ()", ")", 6, "expected before it", ""},
		{"tag: (a OR)", ")", 10, "expected before it", ""},
		{"count > (1 OR 2)", "(", 8, "only a colon can be followed by a list", ""},
		{`message: "disk`, `"disk`, 9, "closing double quote is missing", ""},
		{`message: "a\"`, `"a\"`, 9, "closing double quote is missing", ""},
		{`message: ""`, `""`, 9, "NOT field: *", ""},
		{`tag: a"b"`, `"b"`, 6, "a space is expected", ""},
		{`"a""b"`, `"b"`, 3, "a space is expected", ""},
		{`"a"b`, `b`, 3, "a space is expected", ""},
		{"message == x", "=", 9, "begins with such a character", ""},
		{"tag:: x", ":", 4, "begins with such a character", ""},
		{": x", ":", 0, "begins with such a character", ""},
		{`"status": open`, ":", 8, "name of a field is expected", ""},
		{"sta*: open", ":", 4, "name of a field is expected", ""},
		{"a*b*c*d*e*f*g*h*i*j", "a*b*c*d*e*f*g*h*i*j", 0, "at most 8 stars", ""},
		{"message: a*b*c*d*e*f*g*h*i*j AND x", "a*b*c*d*e*f*g*h*i*j", 9, "at most 8 stars", ""},
		{"message: \u0301", "\u0301", 9, "nothing in it to look for", ""},
		{"\u0301", "\u0301", 0, "nothing in it to look for", ""},
		{"sự \xff", "\uFFFD", 3, "must be UTF-8", ""},
		{strings.Repeat("ố", RunesMax+1), "ố", RunesMax, "at most 1000 characters, this one has 1001", ""},
		{strings.Repeat("(", NestingMax+1) + "x", "(", NestingMax, "nested at most 32 deep", ""},
		{strings.Repeat("NOT ", NestingMax+1) + "x", "NOT ", NestingMax * 4, "nested at most 32 deep", ""},
		{strings.Repeat("x ", TermsMax) + "yy z", "yy", TermsMax * 2, "at most 100 terms", ""},
		{strings.Repeat("x ", TermsMax) + "createdAt: 2026-03-10 y", "2026-03-10", TermsMax*2 + 11, "at most 100 terms", ""},
		{strings.Repeat("x ", TermsMax-1) + "createdAt: 2026-03-10 y", "2026-03-10", TermsMax*2 + 9, "at most 100 terms", ""},
		{"tag: (" + strings.Repeat("x OR ", TermsMax) + "yy)", "yy", 6 + TermsMax*5, "at most 100 terms", ""},
	} {
		_, err := Parse(c.text, Alerts(), options())
		e, ok := err.(*Error)
		if !ok {
			t.Errorf("%q: %v, want an *Error", c.text, err)
			continue
		}
		if e.At != c.at || e.Token != c.token || e.Instead != c.instead || !strings.Contains(e.Why, c.why) {
			t.Errorf("%q: At %d, Token %q, Instead %q, Why %q; want %d, %q, %q, … %q …", c.text, e.At, e.Token, e.Instead, e.Why, c.at, c.token, c.instead, c.why)
		}
	}
}

func TestErrorWords(t *testing.T) {
	_, err := Parse("tag: x AND statis: open", Alerts(), Options{})
	if want := `at character 12, "statis": there is no such field; did you mean "status"?`; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if _, err := Parse("tag:", Alerts(), Options{}); err.Error() != "at character 5, the end of the query: a value or a term is expected" {
		t.Error(err)
	}
	_, err = Parse("count: "+strings.Repeat("ố", 41), Alerts(), Options{})
	if want := `at character 8, "` + strings.Repeat("ố", 40) + `…": a whole number is expected`; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestErrorIsOfTheHub(t *testing.T) {
	_, err := Parse("statis: open", Alerts(), Options{})
	if core.KindOf(err) != core.Unacceptable {
		t.Errorf("the kind is %d", core.KindOf(err))
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Fields["query"] != err.Error() {
		t.Errorf("the error is %+v", e)
	}
}
