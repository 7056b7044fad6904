package e2e

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the module's path; everything in it is "ours".
const module = "keng"

// A rule says what the packages below some folders may not import, and why.
type rule struct {
	in     []string // folders, with all below them
	except []string // folders of those to which it does not apply
	forbid func(imported string) bool
	// apart, instead, are parts that may not import one another; "x/*" stands for every
	// folder in x.
	apart []string
	why   string
}

// rules is the architecture.
var rules = []rule{
	{
		in: []string{"proto"}, forbid: oursBut("proto"),
		why: "proto is what is said between programs: it knows none of them",
	},
	{
		in: []string{"raftstore"}, forbid: oursBut("raftstore", "proto"),
		why: "the replicated store knows no alert: it must serve any commands",
	},
	{
		in: []string{"agent"}, forbid: oursBut("agent", "proto"),
		why: "the agent must stay small and lives on machines that have nothing else of Kẻng",
	},
	{
		in: []string{"mobile-gateway"}, forbid: oursBut("mobile-gateway", "proto"),
		why: "a gateway runs where no hub is",
	},
	{
		in: []string{"hub"}, except: []string{"hub/main.go", "hub/demo.go", "hub/serve.go", "hub/inside.go", "hub/demo"},
		forbid: below("agent", "mobile-gateway"),
		why:    "programs meet over the wire; only the hub's main and demo carry the others within them, as functions",
	},
	{
		in: []string{"hub/core"}, forbid: func(i string) bool {
			return !below("hub/core")(i) && !isStandard(i) || touchesWorld(i) || i == "context"
		},
		why: "the centre decides and does nothing: the standard library alone, and of it nothing that touches the world",
	},
	{
		in: []string{"hub/state", "agent/plan"}, forbid: touchesWorld,
		why: "what decides must give the same answer again: no network, files or randomness",
	},
	{
		in: []string{"agent/plan"}, forbid: func(i string) bool { return !isStandard(i) },
		why: "what an agent concludes must be played back with nothing but the standard library",
	},
	{
		in: []string{"hub/state"}, forbid: func(i string) bool {
			return isOurs(i) && !below("hub/core", "hub/state", "raftstore/table", "proto")(i)
		},
		why: "the state is evaluated wherever a table can be read and written; it does not know how it is replicated",
	},
	{
		in: []string{"hub/lint"}, forbid: func(i string) bool {
			return isOurs(i) && !below("hub/core", "hub/state", "raftstore/table", "proto/channel")(i) || touchesWorld(i)
		},
		why: "what is wrong in a configuration is a function of the state and a moment, whoever asks",
	},
	{
		in:    []string{"hub/engine", "hub/edge", "hub/api", "hub/intake", "hub/console"},
		apart: []string{"hub/engine", "hub/edge", "hub/api", "hub/intake", "hub/console", "hub/app", "hub/demo"},
		why:   "the parts of a hub meet in hub/app only, so that each can be read and tested alone",
	},
	{
		in: []string{"agent/check"}, except: []string{"agent/check/all"}, apart: []string{"agent/check/*"},
		why: "a kind of check stands alone: adding or removing one touches its folder and the list",
	},
	{
		in: []string{"agent/check"}, forbid: func(i string) bool { return below("agent")(i) && !below("agent/check")(i) },
		why: "a check asks and answers; when it runs and what follows is not its business",
	},
	{
		in:    []string{"mobile-gateway/push", "mobile-gateway/voice"},
		apart: []string{"mobile-gateway/push/*", "mobile-gateway/voice", "mobile-gateway/pager", "mobile-gateway/ledger", "mobile-gateway/app"},
		why:   "a channel stands alone: it takes one page and tells its fate",
	},
	{
		in: []string{"mobile-gateway/pager", "mobile-gateway/ledger"}, forbid: below("mobile-gateway/push", "mobile-gateway/voice", "mobile-gateway/app"),
		why: "what happens to a page is the same whatever channel it goes by",
	},
	{
		in: []string{"raftstore/table", "raftstore/internal"}, forbid: func(i string) bool {
			return i == module+"/raftstore" || below("github.com/hashicorp", "github.com/cockroachdb")(i)
		},
		why: "tables work over anything that can be read and written, so what is built on them carries no Raft along",
	},
	{
		// The benchmark's file runs a bare Raft as a peer, beside which raftstore is measured.
		in: []string{"hub", "agent", "mobile-gateway", "proto", "deploy"}, except: []string{"deploy/bench/bareraft.go"},
		forbid: below("github.com/hashicorp/raft", "github.com/hashicorp/raft-boltdb", "github.com/hashicorp/raft-wal", "github.com/cockroachdb/pebble"),
		why:    "how the state is replicated and stored is raftstore's secret",
	},
	{
		in: []string{"hub", "agent", "mobile-gateway", "raftstore", "deploy"}, forbid: below("github.com/quic-go/quic-go"),
		why: "how programs are joined is proto/link's secret",
	},
	{
		in: []string{"hub", "agent", "raftstore", "proto", "deploy", "mobile-gateway"}, except: []string{"mobile-gateway/push/fcm"}, forbid: below("firebase.google.com/go"),
		why: "Firebase is one way to push; no other part may need it",
	},
	{
		in: []string{"hub"}, except: []string{"hub/app", "hub/hubtest"}, forbid: func(i string) bool { return i == module+"/raftstore" },
		why: "only the wiring knows which store it is, and the cluster for tests, which gives it disks",
	},
	{
		in: []string{"hub", "agent", "mobile-gateway", "proto", "raftstore", "deploy"}, forbid: below("github.com/opsgenie/opsgenie-go-sdk-v2"),
		why: "Opsgenie's client is what the API is held against, by tests alone; we have a client of our own",
	},
}

// touchesWorld reports whether a package of the standard library has to do with more
// than its arguments.
func touchesWorld(i string) bool {
	return below("net", "os", "math/rand", "crypto/rand", "syscall", "io/ioutil", "log")(i) && i != "net/url" && i != "net/netip"
}

func isOurs(i string) bool { return i == module || strings.HasPrefix(i, module+"/") }

// isStandard reports whether a package is of the standard library: no dot in the first
// element of its path.
func isStandard(i string) bool {
	first, _, _ := strings.Cut(i, "/")
	return !strings.Contains(first, ".") && !isOurs(i)
}

// below matches packages at or below some paths; ours may be given without the module.
func below(paths ...string) func(string) bool {
	return func(i string) bool {
		return slices.ContainsFunc(paths, func(p string) bool {
			return i == p || strings.HasPrefix(i, p+"/") || i == module+"/"+p || strings.HasPrefix(i, module+"/"+p+"/")
		})
	}
}

// oursBut matches packages of the module that are not below some folders.
func oursBut(paths ...string) func(string) bool {
	allowed := below(paths...)
	return func(i string) bool { return isOurs(i) && !allowed(i) }
}

// strays reports whether an import leads from one of the parts into another.
func strays(file, imported string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool {
		if folder, all := strings.CutSuffix(p, "/*"); all {
			rest, inside := strings.CutPrefix(imported, module+"/"+folder+"/")
			kind, _, _ := strings.Cut(rest, "/")
			return inside && !within(file, []string{folder + "/" + kind})
		}
		return below(p)(imported) && !within(file, []string{p})
	})
}

// source is one Go file: its path from the module's root and its syntax.
type source struct {
	path string
	file *ast.File
}

// folder is where the file is.
func (s source) folder() string { return path.Dir(s.path) }

// imports are the paths that the file imports.
func (s source) imports() []string {
	var all []string
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		all = append(all, p)
	}
	return all
}

// violations says where a file breaks the rules.
func violations(s source) []string {
	var all []string
	for _, r := range rules {
		if !within(s.path, r.in) || within(s.path, r.except) {
			continue
		}
		for _, i := range s.imports() {
			if r.forbid != nil && r.forbid(i) || strays(s.path, i, r.apart) {
				all = append(all, fmt.Sprintf("%s imports %q: %s", s.path, i, r.why))
			}
		}
	}
	return all
}

func within(file string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return file == f || strings.HasPrefix(file, f+"/") })
}

// sources parses every Go file of the module that is not a test.
func sources(t *testing.T) []source {
	t.Helper()
	root := "../.."
	var all []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && p != root {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		all = append(all, source{filepath.ToSlash(rel), f})
		return err
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("cannot read the module: %d files, %v", len(all), err)
	}
	return all
}

func TestArchitecture(t *testing.T) {
	for _, s := range sources(t) {
		for _, v := range violations(s) {
			t.Error(v)
		}
	}
}

// A rule that nothing can break is no rule: each is broken here once.
func TestArchitectureNoticesPlantedImports(t *testing.T) {
	for _, c := range []struct{ file, imported string }{
		{"proto/link/x.go", "keng/hub/core"},
		{"raftstore/x.go", "keng/hub/core"},
		{"agent/check/http/x.go", "keng/hub/core"},
		{"mobile-gateway/app/x.go", "keng/agent/app"},
		{"hub/app/x.go", "keng/agent/app"},
		{"hub/core/rota/x.go", "net"},
		{"hub/core/rota/x.go", "context"},
		{"hub/core/rota/x.go", "github.com/fxamacker/cbor/v2"},
		{"hub/core/rota/x.go", "keng/hub/state"},
		{"hub/state/x.go", "os"},
		{"hub/state/x.go", "math/rand/v2"},
		{"hub/state/x.go", "keng/raftstore"},
		{"hub/lint/x.go", "keng/hub/api"},
		{"hub/lint/x.go", "os"},
		{"agent/plan/x.go", "net/http"},
		{"agent/plan/x.go", "keng/proto/agentpb"},
		{"agent/check/http/x.go", "keng/agent/plan"},
		{"mobile-gateway/voice/x.go", "keng/mobile-gateway/push/fcm"},
		{"mobile-gateway/push/fcm/x.go", "keng/mobile-gateway/ledger"},
		{"mobile-gateway/pager/x.go", "keng/mobile-gateway/voice"},
		{"raftstore/table/x.go", "keng/raftstore"},
		{"raftstore/internal/overlay/x.go", "github.com/cockroachdb/pebble/v2"},
		{"hub/engine/x.go", "keng/hub/edge"},
		{"hub/api/x.go", "keng/hub/app"},
		{"agent/check/http/x.go", "keng/agent/check/dns"},
		{"hub/state/x.go", "github.com/hashicorp/raft"},
		{"hub/app/x.go", "github.com/cockroachdb/pebble/v2"},
		{"deploy/bench/x.go", "github.com/hashicorp/raft"},
		{"agent/uplink/x.go", "github.com/quic-go/quic-go"},
		{"mobile-gateway/app/x.go", "firebase.google.com/go/v4"},
		{"hub/engine/x.go", "keng/raftstore"},
		{"hub/client/x.go", "github.com/opsgenie/opsgenie-go-sdk-v2/alert"},
	} {
		f := &ast.File{Imports: []*ast.ImportSpec{{Path: &ast.BasicLit{Value: strconv.Quote(c.imported)}}}}
		if len(violations(source{c.file, f})) == 0 {
			t.Errorf("nobody notices that %s imports %s", c.file, c.imported)
		}
	}
	for _, c := range []struct{ file, imported string }{
		{"hub/app/x.go", "keng/raftstore"},
		{"hub/demo/x.go", "keng/agent/app"},
		{"hub/state/x.go", "keng/raftstore/table"},
		{"hub/core/rota/x.go", "time"},
		{"hub/lint/x.go", "keng/hub/state"},
		{"hub/api/x.go", "keng/hub/lint"},
		{"agent/check/http/x.go", "keng/agent/check"},
		{"mobile-gateway/voice/x.go", "keng/mobile-gateway/voice/media"},
		{"raftstore/table/tabletest/x.go", "keng/raftstore/internal/overlay"},
		{"mobile-gateway/push/fcm/x.go", "firebase.google.com/go/v4/messaging"},
		{"proto/link/x.go", "github.com/quic-go/quic-go"},
		{"deploy/bench/bareraft.go", "github.com/hashicorp/raft"},
	} {
		f := &ast.File{Imports: []*ast.ImportSpec{{Path: &ast.BasicLit{Value: strconv.Quote(c.imported)}}}}
		for _, v := range violations(source{c.file, f}) {
			t.Errorf("this should be allowed: %s", v)
		}
	}
}

// What decides takes the time as an argument and zones as values.
func TestWhatDecidesHasNoClock(t *testing.T) {
	forbidden := []string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker", "AfterFunc", "Tick", "LoadLocation", "Local"}
	for _, s := range sources(t) {
		if !within(s.path, []string{"hub/core", "hub/state", "hub/lint", "agent/plan"}) || within(s.path, []string{"hub/state/oracle/oracletest"}) {
			continue // what makes worlds for tests gives them their zones
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(forbidden, sel.Sel.Name) {
				t.Errorf("%s uses time.%s: the present moment and zones are arguments here", s.path, sel.Sel.Name)
			}
			return true
		})
	}
}

// Everybody who opens a folder is told what it is for.
func TestEveryPackageHasAManual(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		seen[s.folder()] = true
		if s.file.Doc != nil || slices.ContainsFunc(s.file.Comments, func(c *ast.CommentGroup) bool { return strings.Contains(c.Text(), "syntax = ") }) {
			documented[s.folder()] = true
		}
		if strings.HasSuffix(s.path, ".pb.go") {
			documented[s.folder()] = true // its manual is the .proto file
		}
	}
	for folder := range seen {
		if !documented[folder] {
			t.Errorf("package %s has no package comment", folder)
		}
	}
}

// The top of the house has these names and no other.
func TestTopFolders(t *testing.T) {
	allowed := []string{"agent", "hub", "mobile-gateway", "raftstore", "proto", "deploy", "go.mod", "go.sum", "README.md", "LICENSE"}
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top of the house", e.Name())
		}
	}
}
