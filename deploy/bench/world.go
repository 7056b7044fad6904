package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// process is a program that runs until it is stopped.
type process struct{ cmd *exec.Cmd }

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// hubProcess is a hub under measurement.
type hubProcess struct {
	process
	dir, binary, key, url, link string
}

// startHub builds and runs a hub on a new directory.
func startHub(ctx context.Context, dir string) (*hubProcess, error) {
	h := &hubProcess{binary: filepath.Join(dir, "hub"), key: newKey()}
	if _, err := os.Stat(h.binary); errors.Is(err, os.ErrNotExist) {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", h.binary, "./hub").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cannot build the hub: %s", out)
		}
	}
	var err error
	if h.dir, err = os.MkdirTemp(dir, "hub-"); err != nil {
		return nil, err
	}
	if h.link, err = freeUDP(); err != nil {
		return nil, err
	}
	h.cmd = exec.CommandContext(ctx, h.binary, "serve", "--bootstrap", "--data-dir", h.dir, "--http", "127.0.0.1:0", "--link", h.link, "--raft", "127.0.0.1:0", "--node-id", "bench")
	h.cmd.Env = append(os.Environ(), "KENG_BOOTSTRAP_API_KEY="+h.key)
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(line, "serving: API at ")
	if !ok {
		h.stop()
		return nil, fmt.Errorf("the hub did not come up: it said %q (%v)", line, err)
	}
	h.url, _, _ = strings.Cut(url, ",")
	go io.Copy(io.Discard, out)
	return h, nil
}

func freeUDP() (string, error) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer pc.Close()
	return pc.LocalAddr().String(), nil
}

// startAgent joins an agent and runs it.
func (h *hubProcess) startAgent(ctx context.Context, binary, config string) (*process, error) {
	token := exec.CommandContext(ctx, h.binary, "token", "create")
	token.Env = append(os.Environ(), "KENG_URL="+h.url, "KENG_API_KEY="+h.key)
	text, err := token.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot make a token: %w", err)
	}
	dir, err := os.MkdirTemp(h.dir, "agent-")
	if err != nil {
		return nil, err
	}
	join := exec.CommandContext(ctx, binary, "join", "--hub", h.link, "--token", strings.TrimSpace(string(text)), "--data-dir", dir)
	if out, err := join.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot join: %s", out)
	}
	file := filepath.Join(dir, "agent.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	agent := &process{exec.CommandContext(ctx, binary, "run", "--config", file, "--data-dir", dir)}
	var said bytes.Buffer
	agent.cmd.Stderr = &said
	if err := agent.cmd.Start(); err != nil {
		return nil, err
	}
	if err := wait(ctx, time.Second); err != nil {
		return nil, err
	}
	if _, err := rssOf(agent.pid()); err != nil {
		agent.stop()
		return nil, fmt.Errorf("the agent did not stay: %s", said.String())
	}
	return agent, nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
