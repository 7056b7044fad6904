package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mutant is one file of a package with one small thing changed.
type mutant struct {
	pkg    goPackage
	name   string // of the file, in the package's folder
	file   string // for people: from the top of the module
	line   int
	begin  int // byte offsets in the file of what is taken away
	end    int
	insert string
	source []byte // of the file as it is
}

// text returns the changed file.
func (m mutant) text() []byte {
	return bytes.Join([][]byte{m.source[:m.begin], []byte(m.insert), m.source[m.end:]}, nil)
}

// place tells where the mutant is, as hub/core/route/delay.go:131.
func (m mutant) place() string { return m.file + ":" + strconv.Itoa(m.line) }

// change tells what is changed, whichever line it is on.
func (m mutant) change() string {
	from := bytes.LastIndexByte(m.source[:m.begin], '\n') + 1
	to := len(m.source)
	if n := bytes.IndexByte(m.source[m.end:], '\n'); n >= 0 {
		to = m.end + n
	}
	before := string(m.source[from:to])
	after := string(m.source[from:m.begin]) + m.insert + string(m.source[m.end:to])
	return m.file + ": " + oneLine(before) + " → " + oneLine(after)
}

func (m mutant) String() string {
	_, what, _ := strings.Cut(m.change(), ": ")
	return m.place() + ": " + what
}

// oneLine squeezes code into one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// finder collects the mutants of a file.
type finder struct {
	mutant // what they all have in common
	fset   *token.FileSet
	found  []mutant
	// results are the types of the results of the function around, as they are written.
	results []string
}

// mutantsOf returns all mutants of a file, in the order of its text.
func mutantsOf(p goPackage, name string) ([]mutant, error) {
	path := filepath.Join(p.Dir, name)
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := finder{fset: token.NewFileSet(), mutant: mutant{pkg: p, name: name, file: p.shown(name), source: source}}
	parsed, err := parser.ParseFile(f.fset, path, source, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(parsed) {
		return nil, nil
	}
	ast.Inspect(parsed, f.visit)
	return f.found, nil
}

// replace adds a mutant that has another text instead of a piece of code.
func (f *finder) replace(from, to token.Pos, insert string) {
	m := f.mutant
	m.line = f.fset.Position(from).Line
	m.begin, m.end, m.insert = f.fset.Position(from).Offset, f.fset.Position(to).Offset, insert
	f.found = append(f.found, m)
}

// drop adds a mutant that lacks a statement.
func (f *finder) drop(n ast.Node) { f.replace(n.Pos(), n.End(), "") }

// code returns a node as it is written.
func (f *finder) code(n ast.Node) string {
	return string(f.source[f.fset.Position(n.Pos()).Offset:f.fset.Position(n.End()).Offset])
}

// visit adds the mutants of a node, and says whether those within it are wanted.
func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.Field: // a struct tag is no code
		if n.Tag != nil {
			ast.Inspect(n.Type, f.visit)
			return false
		}
	case *ast.FuncDecl:
		f.results = typesOf(n.Type)
	case *ast.FuncLit:
		around := f.results
		f.results = typesOf(n.Type)
		ast.Inspect(n.Body, f.visit)
		f.results = around
		return false
	case *ast.BinaryExpr:
		for _, other := range operators[n.Op] {
			f.replace(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), other)
		}
	case *ast.UnaryExpr:
		if n.Op == token.NOT || n.Op == token.SUB {
			f.replace(n.OpPos, n.OpPos+1, "")
		}
	case *ast.IfStmt:
		f.condition(n.Cond)
	case *ast.CaseClause:
		for _, x := range n.List {
			f.caseOf(x)
		}
	case *ast.BasicLit:
		f.literal(n)
	case *ast.Ident:
		if other, ok := opposites[n.Name]; ok {
			f.replace(n.Pos(), n.End(), other)
		}
	case *ast.ReturnStmt:
		f.returned(n)
	case ast.Stmt:
		f.statement(n)
	}
	return true
}

// operators are what is written for an operator: what is almost the same, and what is the
// opposite.
var operators = map[token.Token][]string{
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"}, token.EQL: {"!="}, token.NEQ: {"=="},
	token.LAND: {"||"}, token.LOR: {"&&"},
	token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"}, token.REM: {"*"},
	token.AND: {"|"}, token.OR: {"&"}, token.XOR: {"&"}, token.AND_NOT: {"&"}, token.SHL: {">>"}, token.SHR: {"<<"},
}

// opposites are what is written for a name.
var opposites = map[string]string{
	"true": "false", "false": "true", "min": "max", "max": "min", "HasPrefix": "HasSuffix", "HasSuffix": "HasPrefix", "Before": "After", "After": "Before",
}

// condition adds mutants of what an if asks: the opposite, always and never.
func (f *finder) condition(x ast.Expr) {
	f.replace(x.Pos(), x.End(), "!("+f.code(x)+")")
	f.replace(x.Pos(), x.End(), "true || "+f.inner(x, token.LOR))
	f.replace(x.Pos(), x.End(), "false && "+f.inner(x, token.LAND))
}

// caseOf adds mutants of what a case asks, if it is a condition. Other cases do not compile
// when they are negated.
func (f *finder) caseOf(x ast.Expr) {
	switch x := x.(type) {
	case *ast.BinaryExpr, *ast.UnaryExpr, *ast.CallExpr:
		f.replace(x.Pos(), x.End(), "!("+f.code(x)+")")
		f.replace(x.Pos(), x.End(), "false && "+f.inner(x, token.LAND))
	}
}

// inner returns an expression as it stands behind an operator.
func (f *finder) inner(x ast.Expr, behind token.Token) string {
	if b, ok := x.(*ast.BinaryExpr); ok && b.Op.Precedence() <= behind.Precedence() {
		return "(" + f.code(x) + ")"
	}
	return f.code(x)
}

// literal adds mutants of a number that is off by one, and of a text that is not there.
func (f *finder) literal(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT:
		if v, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			f.replace(n.Pos(), n.End(), strconv.FormatInt(v+1, 10))
			if v > 0 {
				f.replace(n.Pos(), n.End(), strconv.FormatInt(v-1, 10))
			}
		}
	case token.STRING:
		if n.Value != `""` && n.Value != "``" {
			f.replace(n.Pos(), n.End(), `""`)
		} else {
			f.replace(n.Pos(), n.End(), `"mutant"`)
		}
	}
}

// statement adds the mutant that lacks a statement. Declarations would not compile.
func (f *finder) statement(n ast.Stmt) {
	switch n := n.(type) {
	case *ast.ExprStmt, *ast.DeferStmt, *ast.SendStmt:
		f.drop(n)
	case *ast.BranchStmt:
		f.drop(n)
	case *ast.IncDecStmt:
		f.drop(n)
		f.replace(n.TokPos, n.TokPos+2, map[token.Token]string{token.INC: "--", token.DEC: "++"}[n.Tok])
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE {
			return
		}
		f.drop(n)
		if other := map[token.Token]string{token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.MUL_ASSIGN: "/="}[n.Tok]; other != "" {
			f.replace(n.TokPos, n.TokPos+2, other)
		}
	}
}

// returned adds mutants of results: nothing, or the opposite of a bool.
func (f *finder) returned(n *ast.ReturnStmt) {
	if len(n.Results) != len(f.results) {
		return // names, or one call that gives all
	}
	for i, x := range n.Results {
		zero := zeroOf(f.results[i])
		if f.results[i] == "bool" {
			zero = "!(" + f.code(x) + ")"
		}
		if code := f.code(x); zero != "" && code != zero && code != "true" && code != "false" {
			f.replace(x.Pos(), x.End(), zero)
		}
	}
}

// zeroOf returns the zero value of a type, "" where that is not known.
func zeroOf(kind string) string {
	switch {
	case kind == "string":
		return `""`
	case kind == "error", strings.HasPrefix(kind, "*"), strings.HasPrefix(kind, "[]"), strings.HasPrefix(kind, "map["), strings.HasPrefix(kind, "func("):
		return "nil"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"), strings.HasPrefix(kind, "float"), kind == "byte", kind == "rune":
		return "0"
	}
	return ""
}

// typesOf returns the types of a function's results.
func typesOf(t *ast.FuncType) (kinds []string) {
	if t.Results == nil {
		return nil
	}
	for _, field := range t.Results.List {
		for range max(1, len(field.Names)) {
			kinds = append(kinds, typeName(field.Type))
		}
	}
	return kinds
}

func typeName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return "*"
	case *ast.ArrayType:
		if x.Len == nil {
			return "[]"
		}
	case *ast.MapType:
		return "map["
	case *ast.FuncType:
		return "func("
	}
	return fmt.Sprintf("%T", x)
}
