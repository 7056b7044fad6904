package alert_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every rule of testdata/rules.txt is named by a test of this package, and every name that a
// test gives is a rule.
func TestEveryRuleHasATest(t *testing.T) {
	text, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		id, sentence, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || rules[id] || !strings.HasSuffix(sentence, ".") {
			t.Errorf("not a rule, or twice: %q", line)
		}
		rules[id] = true
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	id := regexp.MustCompile(`\b(?:ogapi-[0-9]+|keng|p7)\.[a-z-]+(?:\.[a-z-]+)*\b`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			if comment, isComment := strings.CutPrefix(line, "//"); isComment {
				for _, name := range id.FindAllString(comment, -1) {
					named[name] = true
				}
			}
		}
	}
	for name := range named {
		if !rules[name] {
			t.Errorf("a test names %s, which is no rule", name)
		}
	}
	for rule := range rules {
		if !named[rule] {
			t.Errorf("no test names %s", rule)
		}
	}
}
