package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keng/agent/app"
	"keng/proto/agentpb"
	"keng/proto/link"
	"keng/proto/link/linktest"
)

// hub is a hub that acknowledges whatever it is sent. It returns its address.
func hub(t *testing.T, authority *linktest.Authority) string {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := link.NewEndpoint(socket, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- endpoint.Serve(ctx, link.ListenConfig{Credentials: authority.As(link.Hub, "hub-1"), Node: "hub-1"}, acknowledge)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		endpoint.Close()
	})
	return socket.LocalAddr().String()
}

func acknowledge(_ context.Context, conn *link.Conn) {
	var epoch []byte
	for {
		message := &agentpb.FromAgent{}
		if conn.Receive(message) != nil {
			return
		}
		if resume := message.GetResume(); resume != nil {
			epoch = resume.GetEpoch()
		}
		ack := &agentpb.Ack{Epoch: epoch, Through: message.GetEvent().GetNumber()}
		if conn.Send(&agentpb.ToAgent{Kind: &agentpb.ToAgent_Ack{Ack: ack}}) != nil {
			return
		}
	}
}

// agentProcess is the real program.
type agentProcess struct {
	t       *testing.T
	command *exec.Cmd
	lines   *bufio.Scanner // of its log
}

func startAgent(t *testing.T, args ...string) *agentProcess {
	t.Helper()
	p := &agentProcess{t: t, command: exec.Command(os.Args[0], append([]string{"run"}, args...)...)}
	p.command.Env = append(os.Environ(), asProgram+"=1")
	log, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(log)
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// await reads the log until a line has all the words.
func (p *agentProcess) await(words ...string) {
	p.t.Helper()
	defer time.AfterFunc(time.Minute, func() { p.command.Process.Kill() }).Stop()
	for p.lines.Scan() {
		found := true
		for _, word := range words {
			found = found && strings.Contains(p.lines.Text(), word)
		}
		if found {
			return
		}
	}
	p.t.Fatalf("the agent never logs %v", words)
}

func (p *agentProcess) kill() {
	p.command.Process.Kill()
	io.Copy(io.Discard, eofReader{p.lines})
	p.command.Wait()
}

// eofReader reads a scanner to its end.
type eofReader struct{ *bufio.Scanner }

func (r eofReader) Read([]byte) (int, error) {
	for r.Scan() {
	}
	return 0, io.EOF
}

// The whole way: an agent that is up, that finds something down, that dies, and that
// is started again over what the dead one left.
func TestStoryStatus(t *testing.T) {
	var broken atomic.Bool
	site := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		if broken.Load() {
			w.WriteHeader(nethttp.StatusBadGateway)
		}
	}))
	defer site.Close()
	dir := t.TempDir()
	authority := linktest.NewAuthority(t)
	if err := link.SaveCredentials(filepath.Join(dir, "identity"), authority.Issue(link.Peer{Kind: link.Agent, ID: "agent-1"})); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "agent.yaml")
	text := "site: here\nprobes: []\nchecks:\n" +
		"  - {name: website, kind: http, target: '%s', every: 100ms}\n  - {name: disk, kind: disk, target: '%s', every: 100ms, free_below: 0%%, inodes_below: 0}\n"
	if err := os.WriteFile(config, fmt.Appendf(nil, text, site.URL, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	status := func(code int, says ...string) string {
		t.Helper()
		got, output := execute(t, nil, "status", "--data-dir", dir)
		for _, word := range says {
			if got != code || !strings.Contains(output, word) {
				t.Fatalf("exit code %d instead of %d, output:\n%s\nlacks: %s", got, code, output, word)
			}
		}
		return output
	}

	status(1, "no agent runs in "+dir)
	run := []string{"--config", config, "--data-dir", dir, "--hub", hub(t, authority)}
	agent := startAgent(t, run...)
	agent.await("check=website", "state=STATE_UP")
	awaitWell(t, dir)
	t.Log("\n" + status(0, "hub-1 (127.0.0.1:", "last acknowledgement", "0 events waiting, 0 dropped", "not cut off", "website  http  up", "disk     disk  up"))
	var parsed app.Status
	if code, output := execute(t, nil, "status", "--json", "--data-dir", dir); code != 0 || json.Unmarshal([]byte(output), &parsed) != nil || !parsed.Well() || len(parsed.Checks) != 2 {
		t.Fatal(code, output)
	}

	broken.Store(true)
	agent.await("check=website", "state=STATE_DOWN")
	t.Log("\n" + status(1, "website  http  down", "status 502 Bad Gateway", "1 of 2 checks are down"))

	agent.kill()
	status(1, "no agent runs in "+dir+"; the last one died")
	broken.Store(false)
	startAgent(t, run...).await("check=website", "state=STATE_UP")
	awaitWell(t, dir)
	status(0, "website  http  up")
}

// awaitWell asks until all is up, and the hub has it all.
func awaitWell(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		status, err := app.AskStatus(ctx, dir)
		if err == nil && status.Well() && status.Spool.Waiting == 0 && !status.Hub.LastAck.IsZero() {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("never all is up: %+v, %v", status, err)
		case <-ticker.C:
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 400 * time.Millisecond: "0s", 12 * time.Second: "12s", 90 * time.Second: "1m30s",
		59*time.Second + 700*time.Millisecond: "1m0s", 125 * time.Minute: "2h5m", 76 * time.Hour: "3d4h",
	} {
		if got := span(d); got != want {
			t.Errorf("%s: %s instead of %s", d, got, want)
		}
	}
}

func TestWriteStatus(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var b strings.Builder
	err := writeStatus(&b, app.Status{
		Software: "keng-agent 1", Site: "here", Now: now, Began: now.Add(-time.Hour), CutOff: true, CutOffSince: now.Add(-time.Minute),
		Hub:   app.HubStatus{Node: "hub-1", Address: "192.0.2.1:7443", Since: now.Add(-50 * time.Second), LastAck: now.Add(-55 * time.Second), LastError: "gone"},
		Spool: app.SpoolStatus{Waiting: 7, Unwritten: 2, Dropped: 3},
		Checks: []app.CheckStatus{
			{Name: "web", Kind: "http", State: "up", Since: now.Add(-time.Hour), Held: true, Reason: "no answer within 10s", NextRun: now.Add(5 * time.Second)},
			{Name: "new", Kind: "icmp", State: "pending"},
		},
	})
	want := `AGENT    keng-agent 1, site here, running for 1h0m
HUB      not connected for 50s (gone), last to hub-1 (192.0.2.1:7443), last acknowledgement 55s ago
NETWORK  cut off for 1m0s: no probe answers, and what fails is held back
SPOOL    7 events waiting, 3 dropped, 2 in memory alone: the disk takes none

CHECK  KIND  STATE           FOR   NEXT RUN  LAST RUN FOUND
web    http  up (held back)  1h0m  in 5s     no answer within 10s
new    icmp  pending         -     now       
`
	if got := b.String(); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}
