package query

import (
	"strings"
	"testing"
)

// The fields by which Opsgenie's alerts and users are searched, and ours.
func TestFields(t *testing.T) {
	for v, names := range map[*Vocabulary]string{
		Alerts(): "createdAt lastOccurredAt snoozedUntil alertId tinyId alias count message description source entity status owner acknowledgedBy " +
			"closedBy recipients isSeen acknowledged snoozed teams integration.name integration.type tag actions details.key details.value priority " +
			"id tags responders updatedAt",
		Incidents(): "status createdAt updatedAt incidentId id tinyId tiny message description source priority owner responders responder teams team " +
			"impactedServices serviceId service isSeen seen tag tags details.key details.value",
		Users(): "username fullName blocked verified role locale timeZone userAddress createdAt insertedAt",
	} {
		for _, name := range strings.Fields(names) {
			for _, spelt := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
				if _, err := Parse(spelt+": *", v, Options{}); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestFieldsAreCopies(t *testing.T) {
	v := Users()
	fields := v.Fields()
	if len(fields) != 9 || fields[0].Name != "username" {
		t.Errorf("%d fields, the first %q", len(fields), fields[0].Name)
	}
	fields[0].Name = "x"
	if v.Fields()[0].Name != "username" {
		t.Error("the vocabulary changed with a copy of its fields")
	}
}

func TestNewVocabularyPanics(t *testing.T) {
	status := Field{Name: "status", Kind: Choice, Choices: []string{"open", "closed"}}
	for name, fields := range map[string][]Field{
		"the same name":         {status, {Name: "STATUS", Kind: Text}},
		"the same spelling":     {status, {Name: "state", Also: []string{"status"}, Kind: Text}},
		"within a field behind": {{Name: "alias", Kind: Identifier, Within: "status: open"}, status},
		"within two terms":      {status, {Name: "alias", Kind: Identifier, Within: "status: open status: closed"}},
		"within anything":       {status, {Name: "alias", Kind: Identifier, Within: "status: *"}},
		"within a free text":    {status, {Name: "alias", Kind: Identifier, Within: "open"}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			NewVocabulary(fields...)
		})
	}
}

// Rule keng-5.error.instead.
func TestNearest(t *testing.T) {
	names := []string{"status", "owner", "count", "tag", "tags", "createdAt"}
	for misspelt, want := range map[string]string{
		"statis": "status", "staus": "status", "sttaus": "status", "STATUS": "status", "statuses": "status", "stat": "", "sutats": "status",
		"ownre": "owner", "onwer": "owner", "cuont": "count", "createAt": "createdAt", "cretdAt": "createdAt",
		"tga": "tag", "tagz": "tag", "gta": "", "ta": "tag", "t": "", "xyz": "", "": "",
		strings.Repeat("status", 10): "",
	} {
		if got := nearest(misspelt, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", misspelt, got, want)
		}
	}
}

func TestSlips(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"abc", "abc", 0}, {"abc", "axc", 1}, {"abcd", "acbd", 1},
		{"kitten", "sitting", 3}, {"ca", "abc", 3}, {"abcdef", "badcfe", 3},
	} {
		if got := slips(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
