//go:build linux

package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"keng/hub/client"
)

// namespace is a network of its own on this machine. Nothing leaves it but by the pairs of
// interfaces that a story makes.
type namespace struct {
	t    *testing.T
	name string
}

// newNamespaces makes two networks joined by a cable: eth0 of each. It needs root and
// iproute2; without them the story is skipped.
func newNamespaces(t *testing.T) (hub, agent namespace) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the tool ip is missing (Debian: iproute2)")
		}
		t.Skip("SKIPPED: the story needs the tool ip (Debian: iproute2)")
	}
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can make network namespaces")
	}
	unique := rand.Text()[:6]
	hub, agent = namespace{t, "keng-h-" + unique}, namespace{t, "keng-a-" + unique}
	for _, n := range []namespace{hub, agent} {
		if out, err := exec.Command("ip", "netns", "add", n.name).CombinedOutput(); err != nil {
			t.Skipf("SKIPPED: this machine lets nobody make network namespaces: %s", out)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", n.name).Run() })
		n.ip("link set lo up")
	}
	hub.ip("link add eth0 type veth peer name eth0 netns " + agent.name)
	for i, n := range []namespace{hub, agent} {
		n.ip(fmt.Sprintf("address add 10.231.7.%d/24 dev eth0", i+1))
		n.ip("link set eth0 up")
	}
	return hub, agent
}

// ip runs the tool ip inside.
func (n namespace) ip(command string) {
	n.t.Helper()
	if out, err := exec.Command("ip", append([]string{"-n", n.name}, strings.Fields(command)...)...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v: %s", command, err, out)
	}
}

// command is a program that runs inside.
func (n namespace) command(name string, args ...string) *exec.Cmd {
	n.t.Helper()
	return exec.Command("ip", append([]string{"netns", "exec", n.name, program(n.t, name)}, args...)...)
}

// run runs a program inside that goes on.
func (n namespace) run(env []string, name string, args ...string) *process {
	n.t.Helper()
	return runCommand(n.t, env, n.command(name, args...), name, args...)
}

// inside calls a function on a thread that is inside, and which ends with it. Sockets that it
// opens stay inside.
func (n namespace) inside(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlock it: no other goroutine may come upon it
		file, err := os.Open(filepath.Join("/run/netns", n.name))
		if err != nil {
			done <- err
			return
		}
		defer file.Close()
		if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// transport makes requests from the inside.
func (n namespace) transport() *http.Transport {
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (c net.Conn, err error) {
		err = n.inside(func() error {
			c, err = (&net.Dialer{}).DialContext(ctx, network, address)
			return err
		})
		return c, err
	}}
	n.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// serve serves HTTP inside, at loopback, and returns the URL.
func (n namespace) serve(f http.HandlerFunc) string {
	n.t.Helper()
	var listener net.Listener
	err := n.inside(func() (err error) {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	server := &http.Server{Handler: f}
	go server.Serve(listener)
	n.t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String() + "/"
}

// The address of the agent's machine changes under it, as with another Wi-Fi: events go on,
// each is told once.
func TestStoryAddressChangesUnderAnAgent(t *testing.T) {
	t.Parallel()
	hubSide, agentSide := newNamespaces(t)
	h := &hub{t: t, dir: t.TempDir(), key: rand.Text(), url: "http://10.231.7.1:8080", link: "10.231.7.1:7443"}
	h.process = hubSide.run([]string{"KENG_BOOTSTRAP_API_KEY=" + h.key}, "hub", "serve", "--bootstrap", "--data-dir", h.dir,
		"--http", "10.231.7.1:8080", "--link", h.link, "--raft", "127.0.0.1:7444", "--advertise", "10.231.7.1", "--node-id", "n1")
	h.says("serving: ")
	h.transport = hubSide.transport()
	token, err := h.client().CreateToken(t.Context(), client.TokenSpec{Uses: 1})
	if err != nil {
		t.Fatal(err)
	}
	site := &sites{}
	site.url = agentSide.serve(site.answer)
	dir := t.TempDir()
	config := filepath.Join(dir, "agent.yaml")
	if err := os.WriteFile(config, []byte("site: branch-3\nprobes: []\nchecks:\n  "+site.checks()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := agentSide.command("agent", "join", "--hub", h.link, "--token", token, "--data-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("join: %v %s", err, out)
	}
	agent := agentSide.run(nil, "agent", "run", "--config", config, "--data-dir", dir)
	agent.connected(1, "udp")
	for round := range 3 {
		site.down.Store(true)
		// With no address at all for a moment.
		agentSide.ip(fmt.Sprintf("address del 10.231.7.%d/24 dev eth0", round+2))
		agentSide.ip(fmt.Sprintf("address add 10.231.7.%d/24 dev eth0", round+3))
		for i := range sitesMax {
			h.waitForCount(fmt.Sprint("branch-3/site-", i), "open", round+1)
		}
		site.down.Store(false)
		for i := range sitesMax {
			h.waitForCount(fmt.Sprint("branch-3/site-", i), "closed", round+1)
		}
	}
	t.Logf("it connected %d times", strings.Count(agent.out.String(), "link: connected"))
}
