package intake_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"keng/hub/intake"
)

var rewrite = flag.Bool("rewrite", false, "write the list of formats into the documentation")

const docs = "../../deploy/docs/webhooks.md"

// The documentation lists the formats as they describe themselves.
func TestDocsListTheFormats(t *testing.T) {
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- formats: written by go test ./hub/intake -run Docs -rewrite -->\n", "<!-- end of formats -->"
	before, rest, ok := strings.Cut(string(text), begin)
	was, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s has no place for the formats", docs)
	}
	is := list()
	if *rewrite {
		if err := os.WriteFile(docs, []byte(before+begin+is+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if was != is {
		t.Errorf("%s is not in step with the formats: run the test with -rewrite", docs)
	}
}

// list writes the formats for people.
func list() string {
	var b strings.Builder
	b.WriteString("| tool | path | type of its integration | |\n|---|---|---|---|\n")
	for _, f := range intake.All() {
		verified := "verified"
		if !f.Verified() {
			verified = "**unverified**"
		}
		fmt.Fprintf(&b, "| %s | `/v1/json/%s` | `%s` | %s |\n", f.Label, f.Path, f.Type, verified)
	}
	for _, f := range intake.All() {
		fmt.Fprintf(&b, "\n### %s\n\n", f.Label)
		if f.Verified() {
			fmt.Fprintf(&b, "Verified against %s. ", f.Seen)
		} else {
			b.WriteString("**Unverified**: made by analogy. ")
		}
		fmt.Fprintf(&b, "%s\n\n", f.Note)
		for _, a := range f.Actions {
			var when []string
			for _, c := range a.Filter.Conditions {
				when = append(when, "`"+c.String()+"`")
			}
			fmt.Fprintf(&b, "- %s: %s\n", a.Kind, strings.Join(when, " and "))
		}
		b.WriteString("\n")
		for i, x := range f.Fields {
			if i > 0 {
				b.WriteString(" · ")
			}
			fmt.Fprintf(&b, "`%s` %s", x.Name, x.Words)
		}
		fmt.Fprintf(&b, "\n\n```json\n%s\n```\n", f.Example)
	}
	b.WriteString("\n")
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), " \n", "\n"), "\n\n\n", "\n\n")
}
