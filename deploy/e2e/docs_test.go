package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// What the user documentation says works as written: its commands are run, in order, in
// an empty folder with the programs in it. Only ports are exchanged for free ones.
func TestDocsFirstSteps(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/first-steps.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.NewReplacer(":8080", ":"+freeTCP(t), ":7443", freeUDP(t)[len("127.0.0.1"):]).Replace(string(text))
	dir := t.TempDir()
	for _, name := range []string{"hub", "agent", "mobile-gateway"} {
		shown := map[string]string{"hub": "keng-hub", "agent": "keng-agent", "mobile-gateway": "keng-gateway"}[name]
		if err := os.Symlink(program(t, name), filepath.Join(dir, shown)); err != nil {
			t.Fatal(err)
		}
	}
	blocks := regexp.MustCompile("(?s)(<!-- goes on -->\n)?```sh\n(.*?)```").FindAllStringSubmatch(doc, -1)
	if len(blocks) < 6 {
		t.Fatalf("only %d blocks of commands were found", len(blocks))
	}
	var env []string // what was exported so far
	for _, b := range blocks {
		goesOn, commands := b[1] != "", b[2]
		if strings.Contains(commands, "go build") {
			continue // done above
		}
		for _, m := range regexp.MustCompile(`(?m)^export (.*)$`).FindAllStringSubmatch(commands, -1) {
			env = append(env, strings.Fields(m[1])...)
		}
		cmd := exec.Command("bash", "-euc", commands)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		out := &lines{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if !goesOn {
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, commands, out)
			}
			if strings.Contains(commands, "on-calls") && !strings.Contains(out.String(), `"onCallRecipients":["an@example.vn"]`) {
				t.Errorf("the one person of the team is not on call:\n%s", out)
			}
			continue
		}
		t.Cleanup(func() {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
			_ = cmd.Wait()
		})
		if strings.Contains(commands, "serve") {
			eventually(t, "the hub serves", func() bool { return strings.Contains(out.String(), "serving: ") })
		}
	}
}

// freeTCP finds a TCP port that is free now.
func freeTCP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
