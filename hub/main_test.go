package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// withoutEnvironment takes what could change a command line's meaning away.
func withoutEnvironment(t *testing.T) {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "KENG_") {
			t.Setenv(name, value) // restores it at the end
			os.Unsetenv(name)
		}
	}
	t.Setenv("LC_ALL", "C")
}

// command runs a command line and returns the exit code and all that was said.
func command(ctx context.Context, args ...string) (int, string) {
	var said bytes.Buffer
	code := run(ctx, args, &said, &said)
	return code, said.String()
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodesAndWhatIsSaid(t *testing.T) {
	withoutEnvironment(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy, file, dir := taken.Addr().String(), write(t, "- a list"), t.TempDir()
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"version", 0, "keng-hub"},
		{"", 2, "expected one of"},
		{"fly", 2, "Try keng-hub --help"},
		{"serve", 2, "--data-dir"},
		{"serve --data-dir " + dir + " --http 8080", 2, "--http must be HOST:PORT"},
		{"serve --data-dir " + dir + " --link x:99999", 2, "--link must be HOST:PORT"},
		{"serve --data-dir " + dir + " --gateway-config nowhere.yaml", 2, "no such file"},
		{"serve --data-dir " + dir + " --smtp-url mail.example.vn:25", 2, "--smtp-url"},
		{"serve --data-dir " + dir + " --public-url keng.example.vn", 2, "--public-url"},
		{"serve --data-dir " + file + "/x --bootstrap", 1, "data directory"},
		{"serve --data-dir " + dir + "/a", 1, "bootstrap"},
		{"serve --data-dir " + dir + "/b --bootstrap --link 127.0.0.1:0 --http " + busy, 1, "choose another port"},
		{"serve --data-dir " + dir + "/c --bootstrap --tls-cert " + file, 2, "--tls-key"},
		{"serve --data-dir " + dir + "/c --bootstrap --http 127.0.0.1:0 --tls-key " + file + " --tls-cert " + dir + "/none.pem", 1, "there is no such file"},
		{"serve --data-dir " + dir + "/c --bootstrap --http 127.0.0.1:0 --tls-key " + file + " --tls-cert " + file, 1, "holds no certificate"},
		{"token create --key k --ca-file " + dir + "/none.pem", 1, "no such file"},
		{"token create --key k --ca-file " + file, 1, "holds no certificate"},
		{"token create", 2, "--key"},
		{"token create --key k --uses 0", 2, "1 or more"},
		{"token create --key k --lifetime=-1h", 2, "more than 0"},
		{"token create --key k --url http://127.0.0.1:1", 1, "cannot reach the hub"},
		{"oncall --key k --at 24/12/2026", 2, "write it as 2026-11-29T03:00:00+07:00"},
		{"takeover it --key k", 2, "say who takes over"},
		{"demo --fault fire", 2, "no-answer"},
		{"demo --language fr", 2, "vi or en"},
		{"demo --watch example", 2, "URL"},
		{"demo --once --http " + busy, 1, "FAILED start: "},
		{"demo --once --language vi --http " + busy, 1, "hãy chọn cổng khác"},
		{"demo --once --data-dir " + filepath.Dir(file), 1, "FAILED start: the directory"},
		{"demo --once --data-dir " + file, 1, "FAILED start: cannot use the directory"},
		{"serve --config " + dir + "/nowhere.yaml", 2, "no such file"},
		{"serve --config " + dir, 2, "directory"},
		{"serve --config " + file, 2, "flag: value"},
	} {
		code, said := command(t.Context(), strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(said, c.says) || strings.Contains(said, "goroutine ") {
			t.Errorf("%q: exit code %d, want %d, saying %q:\n%s", c.args, code, c.code, c.says, said)
		}
	}
}

// The command line goes before the environment, and the environment before the file.
func TestConfigFile(t *testing.T) {
	withoutEnvironment(t)
	file := write(t, "key: k\nurl: http://127.0.0.1:1\nuses: 2\nlifetime: 1h\nnode-id: for another command\n")
	for _, c := range []struct {
		name, variable string
		args           []string
		code           int
		says           string
	}{
		{"the file is enough", "", nil, 1, "127.0.0.1:1"},
		{"the environment goes before it", "http://127.0.0.1:2", nil, 1, "127.0.0.1:2"},
		{"the command line goes before both", "http://127.0.0.1:2", []string{"--url", "http://127.0.0.1:3"}, 1, "127.0.0.1:3"},
	} {
		if c.variable != "" {
			t.Setenv("KENG_URL", c.variable)
		}
		code, said := command(t.Context(), append([]string{"token", "create", "--config", file}, c.args...)...)
		if code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit code %d: %s", c.name, code, said)
		}
	}
	t.Setenv("KENG_CONFIG", file)
	if code, said := command(t.Context(), "token", "create"); code != 1 || !strings.Contains(said, "127.0.0.1:2") {
		t.Errorf("named by the environment: exit code %d: %s", code, said)
	}
}

func TestConfigFileWithMistakes(t *testing.T) {
	withoutEnvironment(t)
	for text, says := range map[string]string{
		"key: k\nuse: 2":          `line 2: there is no flag "use"`,
		"key: k\nhelp: true":      `no flag "help"`,
		"key: k\nuses: many":      "--uses",
		"key: k\nuses: [1, 2]":    "line 2",
		"key: k\nuses:":           "line 2",
		"key: k\nkey: l":          "already defined",
		"key: {":                  "flag: value",
		"key: k\nlifetime: 1 day": "--lifetime",
		"key: k\nuses: 0":         "1 or more",
		strings.Repeat("# much\n", maxConfigFile/7+1): "larger",
	} {
		code, said := command(t.Context(), "token", "create", "--config", write(t, text))
		if code != 2 || !strings.Contains(said, says) {
			t.Errorf("%.40q: exit code %d, want 2, saying %q:\n%s", text, code, says, said)
		}
	}
}

// A story that is interrupted says so, and at which step.
func TestDemoInterrupted(t *testing.T) {
	withoutEnvironment(t)
	ctx, stop := context.WithCancel(t.Context())
	out := &stopper{stop: stop, at: "ngừng hoạt động"}
	code := run(ctx, []string{"demo", "--once", "--language", "vi", "--http", "127.0.0.1:0", "--data-dir", t.TempDir()}, out, out)
	if said := out.String(); code != 1 || !strings.HasSuffix(said, "FAILED alert: bị người dùng ngắt\n") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

// A node can be configured by a file alone.
func TestServeIsConfiguredByFileAlone(t *testing.T) {
	withoutEnvironment(t)
	dir := filepath.Join(t.TempDir(), "data")
	file := write(t, "data-dir: "+dir+"\nhttp: 127.0.0.1:0\nlink: 127.0.0.1:0\nraft: 127.0.0.1:0\nbootstrap: true\nnode-id: one\n")
	ctx, stop := context.WithCancel(t.Context())
	out := &stopper{stop: stop, at: "serving: "}
	if code := run(ctx, []string{"serve", "--config", file}, out, out); code != 0 {
		t.Fatalf("exit code %d: %s", code, &out.Buffer)
	}
	if !regexp.MustCompile(`serving: API at http://127\.0\.0\.1:\d+, `).Match(out.Bytes()) {
		t.Error(out.String())
	}
	if _, err := os.Stat(filepath.Join(dir, "master.key")); err != nil {
		t.Error(err)
	}
}

// stopper stops a program as soon as it says something.
type stopper struct {
	bytes.Buffer
	stop context.CancelFunc
	at   string
}

func (s *stopper) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.at) {
		s.stop()
	}
	return s.Buffer.Write(p)
}
