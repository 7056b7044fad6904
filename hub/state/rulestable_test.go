package state_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The rules of the product have ids, which the lists testdata/rules.txt of the packages
// give: a line is an id, a tab, a sentence. A rule of Opsgenie's begins with "ogapi-" and
// the section of the notes on its API, one of our own with "keng-" and the section that it
// belongs to. Tests bear the ids of the rules that they assert, in comments or texts; plays
// have a line "# rules:" with the ids of those that they show.
var (
	ruleID     = regexp.MustCompile(`\b(?:ogapi|keng)-[0-9]+\.[a-z0-9-]+(?:\.[a-z0-9-]+)*`)
	ruleIDForm = regexp.MustCompile(`^(?:ogapi|keng)-[0-9]+\.[a-z]+\.[a-z0-9-]+$`)
)

// apiRules are the rules of what is said and told by HTTP.
const apiRules = "../api/testdata/rules.txt"

// ruleLater has the rules of parts that are yet to come: a third column says with what.
const ruleLater = "testdata/rules-later.txt"

// ruleAreas are areas whose rules show in what the hub does: each needs a play. So do the
// rules of this package's own list. Those of the API's list are about what replies say.
var ruleAreas = []string{"life", "dedup", "heartbeat", "closure", "escalation", "repeat", "notify", "routing", "reach"}

// ruleBounds are names of rules about how much there may be: to show them a play would need
// hundreds of lines.
var ruleBounds = []string{"bounds", "most", "room", "size", "pages"}

// last returns the last part of a rule's id.
func last(id string) string { return id[strings.LastIndexByte(id, '.')+1:] }

// rule is a line of the table.
type rule struct {
	id, sentence string
	list         string // the file that has it
	later        string // with what it comes; empty: it is there
	plays, tests []string
}

// Every rule has a test, or a play where it shows in what the hub does; tests and plays bear
// no ids but of rules; and testdata/rules.md says which is where.
func TestEveryRuleIsShown(t *testing.T) {
	rules := ruleLists(t)
	bear := func(id, where string, to func(*rule)) {
		if r := rules[id]; r == nil {
			t.Errorf("%s bears %s, which is in no testdata/rules.txt", where, id)
		} else {
			to(r)
		}
	}
	for _, where := range ruleTests(t) {
		bear(where.id, where.name, func(r *rule) { r.tests = append(r.tests, where.name) })
	}
	for _, where := range rulePlays(t) {
		bear(where.id, where.name+".play", func(r *rule) { r.plays = append(r.plays, where.name) })
	}
	for _, id := range slices.Sorted(maps.Keys(rules)) {
		if why := rules[id].hole(); why != "" {
			t.Errorf("%s %s: %s", id, why, rules[id].sentence)
		}
	}
	const file = "testdata/rules.md"
	table := ruleTable(rules)
	if *rewrite {
		if err := os.WriteFile(file, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if was, err := os.ReadFile(file); err != nil || string(was) != table {
		t.Errorf("%s is not what it would be (see -rewrite): %v\n%s", file, err, firstDifference(string(was), table))
	}
}

// hole says what a rule lacks, "" if nothing.
func (r *rule) hole() string {
	area := strings.Split(r.id, ".")[1]
	seen := len(r.plays)+len(r.tests) > 0
	switch {
	case r.later != "" && seen:
		return "is there: it belongs into testdata/rules.txt, not into " + ruleLater
	case r.later != "":
		return ""
	case !seen:
		return "has neither test nor play"
	case len(r.plays) == 0 && !slices.Contains(ruleBounds, last(r.id)) && (r.list == "testdata/rules.txt" || r.list != apiRules && slices.Contains(ruleAreas, area)):
		return "has no play"
	}
	return ""
}

// ruleFiles returns the files with a name below the packages whose rules these are, in order.
func ruleFiles(t *testing.T, suffix string) (files []string) {
	t.Helper()
	for _, dir := range []string{".", "../api", "../app", "../core"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, suffix) {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// ruleLists reads all lists.
func ruleLists(t *testing.T) map[string]*rule {
	t.Helper()
	rules := map[string]*rule{}
	for _, file := range append(ruleFiles(t, "testdata/rules.txt"), ruleLater) {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // nothing is to come any more
		} else if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			r := &rule{id: cells[0], list: file}
			if file == ruleLater && len(cells) == 3 {
				r.later, cells = cells[2], cells[:2]
			}
			if len(cells) != 2 || !ruleIDForm.MatchString(r.id) || !strings.HasSuffix(cells[1], ".") || strings.Contains(line, "|") || (r.later == "") == (file == ruleLater) {
				t.Errorf("%s: not of the form id TAB sentence: %q", file, line)
				continue
			}
			if r.sentence = cells[1]; rules[r.id] != nil {
				t.Errorf("%s: %s is in %s too", file, r.id, rules[r.id].list)
			}
			rules[r.id] = r
		}
	}
	return rules
}

// bearer is a test or a play, and the id of a rule that it bears.
type bearer struct{ name, id string }

// ruleTests returns the tests that bear ids, as package.TestName, in order, each id once.
func ruleTests(t *testing.T) (all []bearer) {
	t.Helper()
	for _, file := range ruleFiles(t, "_test.go") {
		positions := token.NewFileSet()
		source, err := parser.ParseFile(positions, file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		found := func(at token.Pos, text string) {
			for _, id := range ruleID.FindAllString(text, -1) {
				names := testsAt(source, at)
				if len(names) == 0 {
					t.Errorf("%s: %s stands outside of any test", positions.Position(at), id)
				}
				for _, name := range names {
					all = append(all, bearer{strings.TrimSuffix(source.Name.Name, "_test") + "." + name, id})
				}
			}
		}
		for _, group := range source.Comments {
			for _, comment := range group.List {
				found(comment.Pos(), comment.Text)
			}
		}
		ast.Inspect(source, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				found(text.Pos(), text.Value)
			}
			return true
		})
	}
	return once(all)
}

// testsAt returns the test in which, or in whose comment, a place is; of a function that helps
// tests, the tests of the file that name it.
func testsAt(source *ast.File, at token.Pos) (names []string) {
	within := func(f *ast.FuncDecl) bool {
		return at <= f.End() && (at >= f.Pos() || f.Doc != nil && at >= f.Doc.Pos())
	}
	for _, d := range source.Decls {
		f, ok := d.(*ast.FuncDecl)
		switch {
		case !ok || !within(f):
		case isTest(f):
			return []string{f.Name.Name}
		default:
			for _, d := range source.Decls {
				if test, ok := d.(*ast.FuncDecl); ok && isTest(test) && mentions(test, f.Name.Name) {
					names = append(names, test.Name.Name)
				}
			}
		}
	}
	return names
}

func isTest(f *ast.FuncDecl) bool {
	return slices.ContainsFunc([]string{"Test", "Fuzz", "Example"}, func(kind string) bool { return strings.HasPrefix(f.Name.Name, kind) })
}

// mentions reports whether a function names another one.
func mentions(f *ast.FuncDecl, name string) (found bool) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}

// rulePlays returns the plays that bear ids, in order, each id once. Every play bears one.
func rulePlays(t *testing.T) (all []bearer) {
	t.Helper()
	for _, file := range ruleFiles(t, ".play") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, some := strings.TrimSuffix(filepath.Base(file), ".play"), false
		for line := range strings.Lines(string(text)) {
			ids, ok := strings.CutPrefix(line, "# rules:")
			if !ok {
				continue
			}
			for _, id := range strings.Fields(ids) {
				all, some = append(all, bearer{name, id}), true
			}
		}
		if !some {
			t.Errorf("%s: no line \"# rules:\" says which rules it shows", file)
		}
	}
	return once(all)
}

func once(all []bearer) []bearer {
	slices.SortFunc(all, func(a, b bearer) int { return strings.Compare(a.name+" "+a.id, b.name+" "+b.id) })
	return slices.Compact(all)
}

// ruleTable writes the table, for people.
func ruleTable(rules map[string]*rule) string {
	var b strings.Builder
	b.WriteString("# Rules, and where each is shown\n\nWritten by `go test ./hub/state -run TestEveryRuleIsShown -rewrite`: not to be changed by hand.\nThe sentences are those of the lists `testdata/rules.txt` of the packages.\n\n")
	later, plays := 0, map[string]bool{}
	for _, r := range rules {
		for _, p := range r.plays {
			plays[p] = true
		}
		if r.later != "" {
			later++
		}
	}
	fmt.Fprintf(&b, "%d rules and %d that are yet to come, %d plays.\n\n| id | rule | plays | tests |\n|---|---|---|---|\n", len(rules)-later, later, len(plays))
	for _, id := range slices.Sorted(maps.Keys(rules)) {
		r := rules[id]
		tests := strings.Join(r.tests, ", ")
		if r.later != "" {
			tests = "*comes with " + r.later + "*"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.id, r.sentence, strings.Join(r.plays, ", "), tests)
	}
	return b.String()
}
