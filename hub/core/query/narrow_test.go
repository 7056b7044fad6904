package query

import (
	"strings"
	"testing"
)

// laptops is a vocabulary with two fields that are within others.
func laptops() *Vocabulary {
	return NewVocabulary(
		Field{Name: "state", Kind: Choice, Choices: []string{"used", "stored"}, Always: true},
		Field{Name: "site", Kind: Name, Always: true},
		Field{Name: "number", Kind: Number, Always: true, Within: "state: used"},
		Field{Name: "room", Kind: Name, Within: "site: hanoi"},
		Field{Name: "note", Kind: Text, Free: true},
	)
}

func TestNarrow(t *testing.T) {
	for text, want := range map[string]string{
		"number: 5":                            "number: 5 AND state: used",
		"number > 5":                           "number > 5 AND state: used",
		"number: *":                            "number: *",
		"number: 5 AND state: stored":          "number: 5 AND state: stored",
		"number: 5 OR state: stored":           "number: 5 OR state: stored",
		"number: 5 AND NOT state: stored":      "number: 5 AND NOT state: stored",
		"number: 5 number: 6":                  "number: 5 AND state: used AND number: 6",
		"number: (5 OR 6)":                     "number: 5 AND state: used OR number: 6 AND state: used",
		"NOT number: 5":                        "NOT number: 5",
		"NOT (number: 5 OR note: x)":           "NOT (number: 5 OR note: x)",
		"NOT NOT number: 5":                    "number: 5 AND state: used",
		"number: 5 AND NOT number: 6":          "number: 5 AND state: used AND NOT number: 6",
		"note: x":                              "note: x",
		"(note: x OR note: y) AND number: 5":   "(note: x OR note: y) AND number: 5 AND state: used",
		"note: z AND (note: x OR number: 5)":   "note: z AND (note: x OR number: 5 AND state: used)",
		"(note: x AND (note: y OR number: 5))": "note: x AND (note: y OR number: 5 AND state: used)",
		"room: a":                              "room: a AND site: hanoi",
		"room: a*":                             "room: a* AND site: hanoi",
		"room: a site: hue":                    "room: a AND site: hue",
	} {
		q, err := Parse(text, laptops(), Options{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := q.String(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		again, err := Parse(want, laptops(), Options{})
		if err != nil || again.String() != want {
			t.Errorf("%q is read as %q, %v", want, again, err)
		}
	}
}

// Two fields are each within another: the order in which they are narrowed must not show.
func TestNarrowIsTheSameEachTime(t *testing.T) {
	for range 50 {
		q, err := Parse("room: a AND number: 5", laptops(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := q.String(), "room: a AND site: hanoi AND number: 5 AND state: used"; got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}

func TestEverything(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, " ": true, "*": true, "* AND *": true, "(*)": true, "NOT NOT *": true,
		"NOT *": false, "* OR tag: a": false, "tag: *": false, "status: *": false, "x": false,
	} {
		q, err := Parse(text, Alerts(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if q.Everything() != want {
			t.Errorf("%q: %v", text, q.Everything())
		}
	}
}

func TestTerms(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"a":                           "a",
		"a b":                         "a b",
		"a OR NOT (b c) d":            "a b c d",
		"(a OR b) (c OR d) e":         "a b c d e",
		"NOT a":                       "a",
		"(a (b OR (c NOT (d OR e))))": "a b c d e",
	} {
		q, err := Parse(text, Alerts(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for term := range terms(q.root) {
			got = append(got, term.value.text())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: the terms are %q, want %q", text, got, want)
		}
		n := 0
		for range terms(q.root) {
			if n++; n == 2 {
				break
			}
		}
		if n != min(2, len(got)) {
			t.Errorf("%q: a loop that is left after two had %d", text, n)
		}
	}
}

func TestMentions(t *testing.T) {
	v := Alerts()
	q, err := Parse("tag: a OR NOT (owner: b AND (count > 3 OR x))", v, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tag", "owner", "count"} {
		if !mentions(q.root, v.find(name)) {
			t.Errorf("%s is in %s", name, q)
		}
	}
	for _, name := range []string{"status", "alias", "message"} {
		if mentions(q.root, v.find(name)) {
			t.Errorf("%s is not in %s", name, q)
		}
	}
}
