package main

import (
	"errors"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// asProgram makes this test's binary behave as keng-agent.
const asProgram = "KENG_AGENT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// execute runs the program and returns its exit code and all that it printed.
func execute(t *testing.T, env []string, args ...string) (int, string) {
	t.Helper()
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), append(env, asProgram+"=1")...)
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if strings.Contains(string(output), "goroutine ") {
		t.Errorf("%v prints a stack trace:\n%s", args, output)
	}
	return command.ProcessState.ExitCode(), string(output)
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	site := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(nethttp.StatusBadGateway)
		}
	}))
	defer site.Close()
	check := "site: x\nchecks:\n  - {name: website, kind: http, target: '%s'}\n"
	good, bad := write("good.yaml", fmt.Sprintf(check, site.URL)), write("bad.yaml", fmt.Sprintf(check, site.URL+"/broken"))
	wrong := write("wrong.yaml", "site: x\nnonsense: 1\n")

	for _, c := range []struct {
		args []string
		env  []string
		code int
		says string
	}{
		{args: []string{"--help"}, says: "Usage: keng-agent"},
		{args: []string{"join", "--help"}, says: "KENG_TOKEN"},
		{args: []string{"run", "--help"}, says: "/etc/keng/agent.yaml"},
		{args: []string{"check", "--help"}, says: "Usage: keng-agent check FILE"},
		{args: []string{"version", "--help"}, says: "Print the version"},
		{args: []string{"version"}, says: "keng-agent " + version},
		{args: []string{}, code: 2, says: "Usage: keng-agent"},
		{args: []string{"dance"}, code: 2, says: "there is no command \"dance\""},
		{args: []string{"run", "--nonsense"}, code: 2, says: "unknown flag --nonsense"},
		{args: []string{"join"}, code: 2, says: "--hub and --token must be given"},
		{args: []string{"check"}, code: 2, says: "FILE must be given"},
		{args: []string{"check", "a", "b"}, code: 2, says: "unexpected argument \"b\""},
		{args: []string{"version", "a"}, code: 2, says: "unexpected argument"},
		{args: []string{"run", "-config", "x"}, code: 2, says: "unknown flag -config"},
		{args: []string{"run", "--config"}, code: 2, says: "--config needs a value"},
		{args: []string{"join", "--hub", "h", "--token=x", "--replace=perhaps"}, code: 2, says: "true or false"},
		{args: []string{"join", "--hub", "h:1", "--token=x", "--replace", "--data-dir=" + dir}, code: 1, says: "not an enrolment token"},
		{args: []string{"join", "--hub", "h", "--token", "x", "--data-dir", dir}, code: 1, says: "write host:port"},
		{args: []string{"join", "--data-dir", dir}, env: []string{"KENG_HUB=127.0.0.1:1", "KENG_TOKEN=x"}, code: 1, says: "not an enrolment token"},
		{args: []string{"run", "--config", good, "--data-dir", dir}, code: 1, says: "run keng-agent join"},
		{args: []string{"run", "--config", wrong, "--data-dir", dir}, code: 1, says: "line 2: nonsense: unknown key"},
		{args: []string{"run"}, env: []string{"KENG_CONFIG=" + filepath.Join(dir, "none.yaml")}, code: 1, says: "none.yaml"},
		{args: []string{"status", "--help"}, says: "KENG_JSON"},
		{args: []string{"status", "--data-dir", dir}, code: 1, says: "no agent runs in"},
		{args: []string{"status", "--json=perhaps"}, code: 2, says: "true or false"},
		{args: []string{"status", "now"}, code: 2, says: "unexpected argument"},
		{args: []string{"check", good}, says: "website  http  up"},
		{args: []string{"check", bad}, code: 1, says: "status 502 Bad Gateway"},
		{args: []string{"check", wrong}, code: 1, says: "line 2"},
	} {
		code, output := execute(t, c.env, c.args...)
		if code != c.code || !strings.Contains(output, c.says) {
			t.Errorf("%v %v: exit code %d instead of %d, output:\n%s\nlacks: %s", c.env, c.args, code, c.code, output, c.says)
		}
	}
}
