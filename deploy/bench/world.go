package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"keng/hub/client"
)

// process is a program that runs until it is stopped. What it says is kept in a file.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

// start runs a program.
func start(cmd *exec.Cmd, log string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the program has its own
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, log: log, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // why it ended is in its log
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// output is all that the program has said.
func (p *process) output() string {
	text, _ := os.ReadFile(p.log)
	return string(text)
}

// said is the end of it, for an error.
func (p *process) said() string {
	text := p.output()
	return text[max(0, len(text)-1000):]
}

// await waits until the program has come so far.
func (p *process) await(ctx context.Context, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for !done() {
		select {
		case <-time.After(pollPause):
		case <-p.ended:
			return fmt.Errorf("%s has ended; it said: %s", filepath.Base(p.cmd.Path), p.said())
		case <-ctx.Done():
			return fmt.Errorf("%s does not come up: %w; it said: %s", filepath.Base(p.cmd.Path), ctx.Err(), p.said())
		}
	}
	return nil
}

const (
	startTimeout = 30 * time.Second
	pollPause    = 20 * time.Millisecond
)

// await waits until something is so.
func await(ctx context.Context, what string, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for !done() {
		if err := wait(ctx, pollPause); err != nil {
			return fmt.Errorf("waited in vain for %s: %w", what, err)
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// installed returns the path of a program of Debian's.
func installed(program, debPackage string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s is not installed: apt install %s", program, debPackage)
	}
	return path, nil
}

// freeAddress returns an address of this machine at a port that nobody uses, neither by
// UDP nor by TCP. A hub that was killed comes back to its addresses: so the port is below
// those that systems give out by themselves, or whoever dials meanwhile may get it.
func freeAddress() (string, error) {
	const first, last = 12_000, 22_000
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(last-first))
		pc, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", address)
		_ = pc.Close()
		if err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("there is no free port")
}

// freeAddresses returns so many addresses as freeAddress does.
func freeAddresses(n int) ([]string, error) {
	var all []string
	for range n {
		address, err := freeAddress()
		if err != nil {
			return nil, err
		}
		all = append(all, address)
	}
	return all, nil
}

// hubProcess is a hub node under measurement.
type hubProcess struct {
	*process
	id, dir, binary, key, url, link string
	arguments                       []string
}

// startHub runs a hub of one node on a new directory.
func startHub(ctx context.Context, dir string) (*hubProcess, error) {
	hubs, err := startCluster(ctx, dir, 1)
	if err != nil {
		return nil, err
	}
	return hubs[0], nil
}

// cluster is hub nodes that are one cluster. The first one founded it.
type cluster []*hubProcess

// startCluster builds the hub and runs so many nodes, on new directories and with further
// arguments.
func startCluster(ctx context.Context, dir string, nodes int, arguments ...string) (c cluster, err error) {
	binary := filepath.Join(dir, "hub")
	if _, err := os.Stat(binary); errors.Is(err, os.ErrNotExist) {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./hub").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cannot build the hub: %s", out)
		}
	}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	key := newKey()
	membership := []string{"--bootstrap"}
	for i := range nodes {
		h := &hubProcess{id: fmt.Sprintf("n%d", i+1), binary: binary, key: key}
		raft, err := h.open(ctx, dir, append(membership, arguments...))
		if h.process != nil {
			c = append(c, h)
		}
		if err != nil {
			return c, err
		}
		if i == 0 && nodes > 1 {
			token, err := os.ReadFile(filepath.Join(h.dir, "node-token"))
			if err != nil {
				return c, fmt.Errorf("the first node has left no token: %w", err)
			}
			membership = []string{"--join", raft, "--join-token", strings.TrimSpace(string(token))}
		}
	}
	return c, nil
}

// open runs the node and returns, once it serves, its address for other nodes.
func (h *hubProcess) open(ctx context.Context, dir string, arguments []string) (raft string, err error) {
	if h.dir, err = os.MkdirTemp(dir, "hub-"); err != nil {
		return "", err
	}
	addresses, err := freeAddresses(2)
	if err != nil {
		return "", err
	}
	h.link, raft = addresses[0], addresses[1]
	h.arguments = append([]string{"serve", "--data-dir", h.dir, "--node-id", h.id,
		"--http", "127.0.0.1:0", "--link", h.link, "--raft", raft, "--advertise", "127.0.0.1"}, arguments...)
	return raft, h.serve(ctx)
}

// serve runs the node on its directory until it serves.
func (h *hubProcess) serve(ctx context.Context) (err error) {
	cmd := exec.CommandContext(ctx, h.binary, h.arguments...)
	cmd.Env = append(os.Environ(), "KENG_BOOTSTRAP_API_KEY="+h.key)
	if h.process, err = start(cmd, filepath.Join(h.dir, "log")); err != nil {
		return err
	}
	return h.await(ctx, func() bool {
		_, rest, _ := strings.Cut(h.output(), "serving: API at ")
		url, _, serves := strings.Cut(rest, ",")
		h.url = url
		return serves
	})
}

func (c cluster) stop() {
	for _, h := range c {
		h.stop()
		_ = os.RemoveAll(h.dir)
	}
}

// leader waits until every node has a vote, and returns which one leads.
func (c cluster) leader(ctx context.Context) (leader int, err error) {
	hub, err := client.New(c[0].url, c[0].key)
	if err != nil {
		return 0, err
	}
	err = await(ctx, "all nodes to have a vote", func() bool {
		seen, err := hub.Cluster(ctx)
		leader = slices.IndexFunc(c, func(h *hubProcess) bool { return h.id == seen.Leader })
		return err == nil && leader >= 0 && seen.Quorum.Voters == len(c)
	})
	return leader, err
}

// cpu returns the processor time that the nodes have used together.
func (c cluster) cpu() (sum time.Duration, err error) {
	for _, h := range c {
		used, err := cpuOf(h.pid())
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
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
	agent, err := start(exec.CommandContext(ctx, binary, "run", "--config", file, "--data-dir", dir), filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	select {
	case <-agent.ended:
		return nil, fmt.Errorf("the agent did not stay: %s", agent.said())
	case <-time.After(time.Second):
		return agent, nil
	}
}
