package voice

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"keng/proto/channel"
)

// need returns the path of a program that the test needs. Without it the test is
// skipped, or fails where CI says that all counterparts are installed.
func need(t *testing.T, program, debian string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; apt-get install %s", program, debian)
	}
	t.Skipf("SKIPPED: %s is missing, so a real counterpart was not called; apt-get install %s", program, debian)
	return ""
}

// freePort returns a UDP port that was free a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// run starts a program and returns a function that waits for its success.
func run(t *testing.T, program string, arguments ...string) (wait func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, program, arguments...)
	command.Dir = t.TempDir()
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(program), err, output.String())
		}
	}
}

// TestSipp calls sipp, a stack that is not ours.
func TestSipp(t *testing.T) {
	t.Parallel()
	sipp := need(t, "sipp", "sip-tester")
	each(t, map[string]string{
		"busy":       "failed busy",
		"declined":   "ringing failed declined",
		"unanswered": "ringing failed unanswered",
		"info":       "ringing answered done acknowledge",
	}, func(t *testing.T, want string) {
		scenario, err := filepath.Abs("testdata/sipp-" + filepath.Base(t.Name()) + ".xml")
		if err != nil {
			t.Fatal(err)
		}
		port := freePort(t)
		wait := run(t, sipp, "-sf", scenario, "-m", "1", "-i", "127.0.0.1", "-p", fmt.Sprint(port),
			"-mp", fmt.Sprint(freePort(t)), "-nostdin", "-timeout", "30s", "-timeout_error", "-trace_err")
		config := quick()
		config.TrunkTimeout = 10 * time.Second // SIP repeats its INVITE until sipp has started
		p := page(fmt.Sprintf("sip:phone@127.0.0.1:%d", port))
		p.Language = channel.English
		if got := stages(send(t, t.Context(), newChannel(t, config), p)); got != want {
			t.Errorf("stages: %s, want %s", got, want)
		}
		wait()
	})
}
