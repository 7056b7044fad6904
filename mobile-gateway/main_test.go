package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "not-there.yaml")
	for _, c := range []struct {
		arguments string
		code      int
		out, errs string
	}{
		{"version", 0, "keng-gateway 0.1.0", ""},
		{"", 2, "", "expected one of"},
		{"fly", 2, "", "unexpected argument fly"},
		{"run", 2, "", "--config"},
		{"join --hub h:1", 2, "", "--token"},
		{"run --config " + nowhere, 1, "", "no such file"},
		{"test --config " + nowhere + " --to x", 1, "", "no such file"},
		{"test --to x", 2, "", "--config"},
		{"test --config x --to x --kind fax", 2, "", "--kind"},
		{"join --hub 127.0.0.1:1 --token nonsense --data-dir " + t.TempDir(), 1, "", "token"},
	} {
		var out, errs bytes.Buffer
		if code := run(strings.Fields(c.arguments), &out, &errs); code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.errs) {
			t.Errorf("%q: exit code %d, said %q and %q; want %d, %q and %q", c.arguments, code, out.String(), errs.String(), c.code, c.out, c.errs)
		}
	}
}
