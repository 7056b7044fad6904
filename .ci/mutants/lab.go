package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// goPackage is what is known of a package.
type goPackage struct {
	Dir        string
	ImportPath string
	GoFiles    []string
	Module     struct{ Dir string }
}

// shown returns the path of one of its files as people know it.
func (p goPackage) shown(name string) string {
	path := filepath.Join(p.Dir, name)
	if short, err := filepath.Rel(p.Module.Dir, path); err == nil {
		return filepath.ToSlash(short)
	}
	return path
}

// list finds packages as the go command does.
func list(ctx context.Context, patterns []string) ([]goPackage, error) {
	out, err := goCommand(ctx, append([]string{"list", "-json=Dir,ImportPath,GoFiles,Module"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// goCommand runs the go command and returns what it prints.
func goCommand(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	var complaint bytes.Buffer
	c := exec.CommandContext(ctx, "go", args...)
	c.Stderr = &complaint
	out, err := c.Output()
	if err != nil {
		return out, fmt.Errorf("go %s: %w\n%s", args[0], err, complaint.Bytes())
	}
	return out, nil
}

// equivalentFile lists changes that mean the same as the code: one a line, as a mutant is
// printed but without the number of the line, and behind a # why it is so.
const equivalentFile = ".ci/mutants/equivalent.txt"

// equivalents reads the list, from the top of the module that the command runs in.
func equivalents(ctx context.Context) (map[string]bool, error) {
	known := map[string]bool{}
	top, err := goCommand(ctx, "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(top)), equivalentFile))
	if errors.Is(err, os.ErrNotExist) {
		return known, nil
	}
	for line := range strings.Lines(string(raw)) {
		if at := strings.LastIndex(line, " # "); at > 0 {
			known[strings.TrimSpace(line[:at])] = true
		}
	}
	return known, err
}

// fate is what becomes of a mutant.
type fate string

const (
	noMutant fate = "does not compile"
	killed   fate = "killed"
	hangs    fate = "killed by the timeout"
	survives fate = "survived"
)

// waitShare is how much longer than they may compute tests may take in all.
const waitShare = 10

// lab is where mutants are built and tested.
type lab struct {
	dir     string          // for all its files
	timeout time.Duration   // of the processor
	args    []string        // of the tests
	sound   map[string]bool // packages whose tests pass without a change
}

func newLab(timeout time.Duration, args []string) (*lab, error) {
	dir, err := os.MkdirTemp("", "mutants-")
	return &lab{dir: dir, timeout: timeout, args: args, sound: map[string]bool{}}, err
}

func (l *lab) close() { os.RemoveAll(l.dir) }

// try says what becomes of a mutant. An error means that nothing is known of it.
func (l *lab) try(ctx context.Context, m mutant) (fate, error) {
	if !l.sound[m.pkg.ImportPath] {
		switch f, err := l.test(ctx, m.pkg, filepath.Join(m.pkg.Dir, m.name), m.source); {
		case err != nil:
			return "", err
		case f != survives:
			return "", fmt.Errorf("the tests of %s fail without a change (%s): they can tell nothing", m.pkg.ImportPath, f)
		}
		l.sound[m.pkg.ImportPath] = true
	}
	return l.test(ctx, m.pkg, filepath.Join(m.pkg.Dir, m.name), m.text())
}

// test builds and runs the tests of a package in which a file has another text.
func (l *lab) test(ctx context.Context, p goPackage, path string, text []byte) (fate, error) {
	changed, overlay, binary := filepath.Join(l.dir, "changed.go"), filepath.Join(l.dir, "overlay.json"), filepath.Join(l.dir, "tests")
	told, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(changed, text, 0o600), os.WriteFile(overlay, told, 0o600)); err != nil {
		return "", err
	}
	os.Remove(binary)
	if _, err := goCommand(ctx, "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, p.ImportPath); err != nil {
		return noMutant, ctx.Err()
	}
	if _, err := os.Stat(binary); err != nil {
		return "", fmt.Errorf("%s has no tests", p.ImportPath)
	}
	return l.run(ctx, binary, p.Dir)
}

// run runs tests in the folder of their package. A change may make a loop endless, or one
// that takes ever more memory, or a wait: all are bounded. It is the processor's time that
// counts, so that nothing is called endless because the machine is busy; what waits may do so
// much longer.
func (l *lab) run(ctx context.Context, binary, dir string) (fate, error) {
	within, cancel := context.WithTimeout(ctx, waitShare*l.timeout)
	defer cancel()
	limits := fmt.Sprintf(`ulimit -v 4194304; ulimit -t %d; exec "$0" "$@"`, max(1, int(l.timeout.Seconds())))
	c := exec.CommandContext(within, "sh", append([]string{"-c", limits, binary}, l.args...)...)
	c.Dir = dir
	c.WaitDelay = time.Second
	err := c.Run()
	var status *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err == nil:
		return survives, nil
	case errors.As(err, &status) && status.ExitCode() < 0: // by a signal
		return hangs, nil
	case errors.As(err, &status):
		return killed, nil
	}
	return "", err
}
