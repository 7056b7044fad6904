package query

import (
	"strings"
	"testing"
)

// Rules keng-5.compare.exact, keng-5.compare.fold, keng-5.compare.missing,
// keng-5.compare.whole, keng-5.compare.words, keng-5.form.any, keng-5.form.beside,
// keng-5.form.list, keng-5.form.stars, ogapi-5.form.compare, ogapi-5.form.free,
// ogapi-5.form.not, ogapi-5.form.star, ogapi-5.time.milliseconds.
func TestMatch(t *testing.T) {
	s := outage()
	for text, want := range map[string]bool{
		"":                       true,
		"NOT *":                  false,
		"status: open":           true,
		"status: closed":         false,
		"NOT status: closed":     true,
		"priority: (P1 OR P2)":   true,
		"priority: (P2 OR P3)":   false,
		"acknowledged: false":    true,
		"acknowledged: true":     false,
		"isSeen: true":           true,
		"count: 3":               true,
		"count: 4":               false,
		"count > 3":              false,
		"count >= 3":             true,
		"count < 3":              false,
		"count <= 3":             true,
		"count > 2 AND count <4": true,
		"tinyId: 4711":           true,
		// Times.
		"createdAt: 2026-03-10":            true,
		"createdAt: 2026-03-09":            false,
		"createdAt: 2026-03-10T09:30:00Z":  false,
		"createdAt: 2026-03-10T02:30:00Z":  true,
		"createdAt > 2026-03-10T02:30:00Z": false,
		"createdAt > 1773109799999":        true,
		"createdAt > 1773109800000":        false,
		"createdAt >= now":                 true,
		"createdAt > now-1m":               true,
		// No value.
		"snoozedUntil: *":                 false,
		"NOT snoozedUntil: *":             true,
		"snoozedUntil > 0":                false,
		"NOT snoozedUntil > 0":            true,
		"closedBy: *":                     false,
		"owner: *":                        true,
		"count: *":                        true,
		"tag: *":                          true,
		"report.ackTime: *":               false,
		"report.ackTime < 99 OR owner: *": true,
		// Words of texts.
		`message: "su co"`:                           true,
		`message: "SỰ CỐ"`:                           true,
		"message: \"su\u031b\u0323 co\u0302\u0301\"": true,
		`message: "su cop"`:                          false,
		"message: mat":                               true,
		"message: ma":                                false,
		"message: ma*":                               true,
		"message: *at":                               true,
		"message: *a*":                               true,
		"message: a":                                 false,
		"message: web":                               true,
		"message: web-01":                            true,
		"message: \"web 01\"":                        false,
		"message: example.vn":                        true,
		"message: example.v":                         false,
		"message: k*noi":                             true,
		"message: k*oi":                              true,
		"message: k*o":                               false,
		"message: su*vn":                             true,
		"message: vn*su":                             false,
		"description: disk":                          true,
		"description: full":                          true,
		`description: "full on"`:                     true, // a line ends between them
		"description: \"(95%)\"":                     true,
		"description: 95%":                           true,
		"description: 5%":                            false,
		"description: *5%":                           true,
		"source: 10.0.0":                             true,
		"source: 10.0.0.*":                           true,
		"entity: web":                                true,
		// Whole names.
		"owner: an@example.vn":             true,
		"owner: AN@EXAMPLE.VN":             true,
		"owner: an":                        false,
		"owner: an*":                       true,
		"owner: *@example.vn":              true,
		"owner: *n*e.vn":                   true,
		"owner: *z*":                       false,
		"owner: a*@example.v":              false,
		"owner: an@example.vn*":            true,
		"teams: it":                        true,
		`teams: "truc ca dem"`:             true,
		`teams: "truc ca"`:                 false,
		`teams: "truc ca"*`:                true,
		"teams: i":                         false,
		"tag: disk":                        true,
		`tag: (disk AND "CHI NHÁNH 3")`:    true,
		"tag: (disk AND cpu)":              false,
		"NOT tag: disk":                    false,
		"NOT tag: cpu":                     true,
		"tag: nhanh":                       false,
		"actions: restart":                 true,
		"recipients: an@example.vn":        true,
		`responders: "trực ca đêm"`:        true,
		"details.key: site":                true,
		"details.key: duong":               true,
		"details.value: hue":               true,
		`details.value: "ha noi"`:          true,
		"details.value: no":                false,
		`integration.name: "zabbix chinh"`: true,
		"integration.type: api":            true,
		// Exactly.
		"alias: Branch-3/website":                    true,
		"alias: branch-3/website":                    false,
		"alias: Branch-3*":                           true,
		"alias: branch-3*":                           false,
		"alias: Branch-3/website AND status: closed": false,
		"id: 0a1b-77":                                true,
		"alertId: 0A1B-77":                           false,
		"alertId: 0a1b":                              false,
		// Free text.
		"su co":             true,
		"\"su co\" website": true,
		"branch-3":          true,
		"BRANCH-3/WEBSITE":  true,
		"nhanh":             true,
		"nguyen hue":        true,
		"dem":               true,
		"zabbix":            false,
		"4711":              true,
		"#4711":             true,
		"#471":              false,
		"471*":              false,
		"471":               false,
		"10.0.0.7":          true,
		"nowhere":           false,
		"NOT nowhere":       true,
		"nowhere OR disk":   true,
		"disk nowhere":      false,
	} {
		q, err := Parse(text, Alerts(), options())
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := q.Match(s); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// Rule keng-5.compare.words.
func TestWithin(t *testing.T) {
	for _, c := range []struct {
		value, text string
		want        bool
	}{
		{"co", "su co", true},
		{"co", "cop co", true}, // not at first, but behind
		{"co", "cocoa tacos", false},
		{"a*b", "xa a b", true},
		{"a*b", "xa bb b", false}, // no word begins with a
		{"a*b", "a bb b", true},
		{"a*b", "a bb", true}, // the star is " b"
		{"*b", "bb", true},
		{"a*", "aa", true},
		{"b*", "ab", false},
		{"a*a", "a", false},
		{"a*b*c", "a c b c", true},
		{"a*b*c", "a c b", false},
		{`"!!"`, "what!!!", true},
		{`"!"`, "!", true},
		{"-1", "x-1", true},
		{"停", "系统停止了", true},
		{"ไทย", "ประเทศไทย", true},
		{"москва", "вмосква", false},
		{"x", "хx", false}, // a Cyrillic letter before it
		{"x", "٣x", false}, // an Arabic digit
		{"а", "аे", false}, // a mark behind it
		{"z", "Z", false},  // what is folded has no capitals
		{"z", "zZ", false},
	} {
		p := parsed(t, c.value)
		if got := p.within([]byte(c.text)); got != c.want {
			t.Errorf("%q within %q: %v", c.value, c.text, got)
		}
	}
}

// parsed returns the pattern that a free text is read as.
func parsed(t *testing.T, value string) *pattern {
	t.Helper()
	q, err := Parse(value, Alerts(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &q.root.(*term).value
}

// An empty text is no value, whatever is asked of it.
//
// Rule keng-5.compare.missing.
func TestEmptyTextIsNoValue(t *testing.T) {
	s := &thing{texts: map[string][]string{"owner": {""}, "description": {""}, "status": {"open"}}}
	for text, want := range map[string]bool{"owner: *": false, "NOT owner: *": true, "owner: *x*": false, "description: *": false, "x": false} {
		q, err := Parse(text, Alerts(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if q.Match(s) != want {
			t.Errorf("%s: want %v", text, want)
		}
	}
}

// Rule ogapi-5.users.fields.
func TestUsers(t *testing.T) {
	s := &thing{
		texts: map[string][]string{
			"username": {"lan@example.vn"}, "fullName": {"Nguyễn Thị Lan"}, "role": {"Admin"}, "locale": {"vi_VN"},
			"timeZone": {"Asia/Ho_Chi_Minh"}, "userAddress": {"Huế", "Việt Nam"},
		},
		numbers: map[string]int64{"blocked": 0, "verified": 1, "createdAt": 1000},
	}
	for text, want := range map[string]bool{
		"lan": true, "nguyen": true, "admin": false, "username: lan@example.vn": true, "username: lan": false, "username: lan*": true,
		"fullName: thi": true, "role: admin": true, "blocked: false": true, "verified: false": false, "timeZone: Asia/*": true,
		"locale: VI_VN": true, "userAddress: hue": true, "insertedAt > 999": true, "createdAt > 1000": false,
	} {
		q, err := Parse(text, Users(), Options{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if q.Match(s) != want {
			t.Errorf("%s: want %v", text, want)
		}
	}
	if _, err := Parse("status: open", Users(), Options{}); err == nil || !strings.Contains(err.Error(), "no such field") {
		t.Error(err)
	}
}

func TestMatcherAllocatesNothing(t *testing.T) {
	s := outage()
	q, err := Parse(`status: open AND tag: disk AND createdAt > 5 AND "su co" AND NOT alias: x`, Alerts(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := q.Matcher()
	if !m.Match(s) {
		t.Fatal("no match")
	}
	if n := testing.AllocsPerRun(100, func() { m.Match(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
