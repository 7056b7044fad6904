package query

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGolden reads testdata/*.golden: queries, each with its canonical form and its plan
// for the newest of a million alerts with the indexes of alertIndexes, or its error.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no files", err)
	}
	rewrite := flag.Lookup("rewrite").Value.String() == "true"
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := answers(string(text))
			if got == string(text) {
				return
			}
			if !rewrite {
				t.Errorf("the answers are others (see -rewrite):\n%s", firstDifference(string(text), got))
			} else if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

var _ = flag.Bool("rewrite", false, "write the golden files anew")

// answers returns the file with the answers as they are now: a block is a query, a line
// of dashes, and the answer up to an empty line.
func answers(file string) string {
	v := Alerts()
	planner := NewPlanner(v, 1_000_000, alertIndexes()...)
	var b strings.Builder
	for block := range strings.SplitSeq(strings.TrimRight(file, "\n"), "\n\n") {
		if strings.HasPrefix(block, "#") {
			b.WriteString(block + "\n\n")
			continue
		}
		text, _, _ := strings.Cut(block, "\n")
		b.WriteString(text + "\n----\n")
		if q, err := Parse(text, v, options()); err != nil {
			b.WriteString(err.Error() + "\n\n")
		} else {
			p := planner.Plan(q, newest())
			b.WriteString(cmp.Or(q.String(), "everything") + "\n" + p.Explain() + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// firstDifference returns the first lines that differ.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "want " + a[i] + "\ngot  " + b[i]
		}
	}
	return "one is longer"
}
