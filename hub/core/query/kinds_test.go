package query

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// one names a field of each kind, and a value that it takes.
func one() []struct {
	kind         Kind
	field, value string
} {
	return []struct {
		kind         Kind
		field, value string
	}{
		{Text, "message", "disk"},
		{Name, "tag", "disk"},
		{Identifier, "alertId", "disk"},
		{Choice, "status", "open"},
		{Flag, "snoozed", "true"},
		{Number, "count", "3"},
		{Time, "createdAt", "3"},
	}
}

// TestWhichKindTakesWhat tries every way to compare with every kind of field.
//
// Rules ogapi-5.form.compare, keng-5.form.any, keng-5.form.equals, keng-5.form.list.
func TestWhichKindTakesWhat(t *testing.T) {
	ordered := []Kind{Number, Time}
	texts := []Kind{Text, Name, Identifier}
	every := []Kind{Text, Name, Identifier, Choice, Flag, Number, Time}
	for _, c := range []struct {
		form  string // F is the field, V its value
		taken []Kind
	}{
		{"F: V", every},
		{"F:V", every},
		{"F = V", every},
		{"F=V", every},
		{"F: *", every},
		{"F: \"V\"", every},
		{"F: (V)", every},
		{"F: (V OR V)", every},
		{"F: (NOT V)", every},
		{"F: (* AND NOT V)", every},
		{"F < V", ordered},
		{"F <= V", ordered},
		{"F > V", ordered},
		{"F >= V", ordered},
		{"F>=V", ordered},
		{"F: V*", texts},
		{"F: *V", texts},
		{"F: *V*", texts},
		{"F: V*V", texts},
		{"F: V x", every},
		{"F > *", nil},
		{"F > (V)", nil},
		{"F: > V", nil},
		{"F: <V", nil},
		{"F: =V", nil},
		{"F: \"\"", nil},
		{"F: ()", nil},
		{"F:", nil},
		{"\"F\": V", nil},
		{"F*: V", nil},
	} {
		for _, f := range one() {
			text := strings.NewReplacer("F", f.field, "V", f.value).Replace(c.form)
			_, err := Parse(text, Alerts(), Options{})
			if taken := slices.Contains(c.taken, f.kind); (err == nil) != taken {
				t.Errorf("%s: taken should be %v, but: %v", text, taken, err)
			}
		}
	}
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		kind             Kind
		numeric, ordered bool
	}{
		{Text, false, false},
		{Name, false, false},
		{Identifier, false, false},
		{Choice, false, false},
		{Flag, true, false},
		{Number, true, true},
		{Time, true, true},
	} {
		if c.kind.numeric() != c.numeric || c.kind.ordered() != c.ordered {
			t.Errorf("kind %d: numeric %v, ordered %v", c.kind, c.kind.numeric(), c.kind.ordered())
		}
	}
}

// TestAlertFields writes down what is known of each field: indexes are chosen by it, so a
// change must be meant.
func TestAlertFields(t *testing.T) {
	want := `
status            4 always sorts
createdAt         7 always sorts
lastOccurredAt    7 always sorts
updatedAt         7 always sorts
snoozedUntil      7 sorts
alertId           3 always
tinyId            6 free always sorts
alias             3 free always sorts within status: open
count             6 always sorts
message           1 free always sorts
description       1 free
source            1 free sorts
entity            1 free
priority          4 always sorts
owner             2 free sorts
acknowledgedBy    2 sorts
closedBy          2 sorts
recipients        2 many
responders        2 many
teams             2 free many
isSeen            5 always sorts
acknowledged      5 always sorts
snoozed           5 always sorts
integration.name  2 sorts
integration.type  2 sorts
tag               2 free many
actions           2 many
details.key       2 free many
details.value     1 free many
report.ackTime    6 sorts
report.closeTime  6 sorts
`
	if got := fieldTable(Alerts()); got != strings.TrimPrefix(want, "\n") {
		t.Errorf("the fields are\n%s", got)
	}
}

func TestUserFields(t *testing.T) {
	want := `
username          2 free always sorts
fullName          1 free sorts
role              2 sorts
blocked           5 always sorts
verified          5 always sorts
locale            2
timeZone          2
userAddress       1 many
createdAt         7 always sorts
`
	if got := fieldTable(Users()); got != strings.TrimPrefix(want, "\n") {
		t.Errorf("the fields are\n%s", got)
	}
}

func fieldTable(v *Vocabulary) string {
	var b strings.Builder
	for _, f := range v.Fields() {
		fmt.Fprintf(&b, "%-17s %d", f.Name, f.Kind)
		for _, is := range []struct {
			so   bool
			word string
		}{{f.Free, "free"}, {f.Many, "many"}, {f.Always, "always"}, {f.Sorts, "sorts"}} {
			if is.so {
				b.WriteString(" " + is.word)
			}
		}
		if f.Within != "" {
			b.WriteString(" within " + f.Within)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// A term about each field is answered by that field and no other.
func TestEachFieldIsAskedForByItsName(t *testing.T) {
	v := Alerts()
	for _, f := range v.Fields() {
		value := map[Kind]string{Choice: "", Flag: "true", Number: "7", Time: "7"}[f.Kind]
		if f.Kind == Choice {
			value = f.Choices[0]
		} else if value == "" {
			value = "x"
		}
		q, err := Parse(f.Name+": "+value, v, Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		s := &thing{texts: map[string][]string{"status": {"open"}}, numbers: map[string]int64{}}
		if f.Name != "status" && q.Match(s) {
			t.Errorf("%s matches what has no %s", q, f.Name)
		}
		if f.Kind.numeric() {
			s.numbers[f.Name] = map[Kind]int64{Flag: 1, Number: 7, Time: 7}[f.Kind]
		} else {
			s.texts[f.Name] = []string{value}
		}
		if !q.Match(s) {
			t.Errorf("%s does not match what has it", q)
		}
	}
}
