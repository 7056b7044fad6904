package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// agentFigures are the budgets of the agent on linux/amd64.
func agentFigures() []figure {
	return []figure{
		{key: "binary_mib", unit: "MiB", floor: 13, goal: 11},
		{key: "largest_target_mib", unit: "MiB", floor: 14, goal: 14},
		{key: "rss_mib", unit: "MiB", floor: 20, goal: 12},
		{key: "cpu_percent", unit: "%", floor: 1, goal: 0.3},
	}
}

// targets are the machines that the agent must run on.
func targets() []string {
	return []string{"linux/amd64", "linux/arm64", "linux/arm", "linux/mipsle", "linux/riscv64", "windows/amd64", "darwin/arm64", "freebsd/amd64"}
}

const (
	agentWarmUp = 5 * time.Second
	agentWindow = 15 * time.Second
)

// benchAgent measures a stripped agent that is connected to a hub and runs twenty checks:
// ten of a website and five of metrics every 30 s, five of the website every 10 s.
func benchAgent(ctx context.Context, s setting) (map[string]float64, error) {
	figures, err := agentSizes(ctx, s.dir)
	if err != nil {
		return nil, err
	}
	hub, err := startHub(ctx, s.dir)
	if err != nil {
		return nil, err
	}
	defer hub.stop()
	site, closeSite, err := serveTarget()
	if err != nil {
		return nil, err
	}
	defer closeSite()
	agent, err := hub.startAgent(ctx, filepath.Join(s.dir, "agent-linux-amd64"), agentChecks(site))
	if err != nil {
		return nil, err
	}
	defer agent.stop()
	if err := wait(ctx, agentWarmUp); err != nil {
		return nil, err
	}
	before, err := cpuOf(agent.pid())
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := wait(ctx, agentWindow); err != nil {
		return nil, err
	}
	after, err := cpuOf(agent.pid())
	if err != nil {
		return nil, err
	}
	figures["cpu_percent"] = 100 * (after - before).Seconds() / time.Since(begin).Seconds()
	figures["rss_mib"], err = rssOf(agent.pid())
	return figures, err
}

// agentSizes builds the agent for every target. Later runs find the binaries.
func agentSizes(ctx context.Context, dir string) (map[string]float64, error) {
	figures := map[string]float64{}
	for _, target := range targets() {
		goos, goarch, _ := strings.Cut(target, "/")
		file := filepath.Join(dir, "agent-"+goos+"-"+goarch)
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "./agent")
			build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOMIPS=softfloat")
			if out, err := build.CombinedOutput(); err != nil {
				return nil, fmt.Errorf("cannot build the agent for %s: %s", target, out)
			}
		}
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		mib := float64(info.Size()) / (1 << 20)
		figures["largest_target_mib"] = max(figures["largest_target_mib"], mib)
		if target == "linux/amd64" {
			figures["binary_mib"] = mib
		}
	}
	return figures, nil
}

// agentChecks is an agent.yaml of twenty checks.
func agentChecks(site string) string {
	var b strings.Builder
	b.WriteString("site: bench\nprobes: []\nchecks:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - {name: site-%d, kind: http, target: \"http://%s/\", every: 30s}\n", i, site)
	}
	for i := range 5 {
		fmt.Fprintf(&b, "  - {name: metric-%d, kind: prometheus, target: \"http://%s/metrics\", when: 'value_%d > 1e9', every: 30s}\n", i, site, i)
	}
	for i := range 5 {
		fmt.Fprintf(&b, "  - {name: fast-%d, kind: http, target: \"http://%s/\", every: 10s}\n", i, site)
	}
	return b.String()
}

// serveTarget serves a small page and a thousand metrics.
func serveTarget() (address string, closeIt func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 1000 {
			fmt.Fprintf(w, "value_%d{host=\"a\"} %d\n", i, i)
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(l)
	return l.Addr().String(), func() { _ = server.Close() }, nil
}

// cpuOf returns the processor time that a process has used: fields 14 and 15 of
// /proc/PID/stat (proc(5)), in ticks of 10 ms.
func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("cannot read /proc/PID/stat")
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// rssOf returns the resident memory of a process in MiB.
func rssOf(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return float64(kib) / 1024, err
		}
	}
	return 0, errors.New("there is no VmRSS in /proc/PID/status")
}

// newKey makes an API key.
func newKey() string { return rand.Text() }
