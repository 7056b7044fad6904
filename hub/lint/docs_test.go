package lint_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"keng/hub/lint"
)

var rewrite = flag.Bool("rewrite", false, "write the list of checks into deploy/docs/lint.md")

const page, before, after = "../../deploy/docs/lint.md", "<!-- checks -->\n", "<!-- end of the checks -->"

// The page lists exactly the checks that there are, in their order, in both languages.
func TestDocsListTheChecks(t *testing.T) {
	list := "| check | | what it finds | tìm gì |\n|---|---|---|---|\n"
	for _, c := range lint.All() {
		list += fmt.Sprintf("| `%s` | %s | %s | %s |\n", c.ID, c.Severity, c.Finds.En, c.Finds.Vi)
	}
	text := string(must(os.ReadFile(page)))
	head, rest, _ := strings.Cut(text, before)
	_, tail, found := strings.Cut(rest, after)
	if want := head + before + list + after + tail; !found || text != want {
		if *rewrite && found {
			must(0, os.WriteFile(page, []byte(want), 0o644))
			return
		}
		t.Errorf("%s does not list the checks: go test ./hub/lint -run Docs -rewrite", page)
	}
}
