package reach_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every rule of testdata/rules.txt is asserted by a test that bears its id, and no test
// bears the id of a rule that does not stand there.
func TestEveryRuleIsAsserted(t *testing.T) {
	id := regexp.MustCompile(`(ogapi|keng)-[0-9]+\.[a-z]+(\.[a-z0-9-]+)+`)
	raw, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		rule, sentence, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || id.FindString(rule) != rule || rules[rule] || !strings.HasSuffix(sentence, ".") {
			t.Errorf("not of the form id TAB sentence, or twice: %q", line)
		}
		rules[rule] = true
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	asserted := map[string]bool{}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range id.FindAllString(string(source), -1) {
			if asserted[rule] = true; !rules[rule] {
				t.Errorf("%s asserts %s, which testdata/rules.txt does not have", name, rule)
			}
		}
	}
	for rule := range rules {
		if !asserted[rule] {
			t.Errorf("no test asserts %s", rule)
		}
	}
}
