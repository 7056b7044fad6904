package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"keng/proto/link/linktest"
)

// programs are the real binaries, built once for all stories.
var programs struct {
	once sync.Once
	dir  string
	err  error
}

// stripped leaves out what debuggers want: linking is most of what a build costs here.
const stripped = "-ldflags=-s -w"

// program returns the path of a program: hub, agent or mobile-gateway.
func program(t *testing.T, name string) string {
	t.Helper()
	programs.once.Do(func() {
		programs.dir, programs.err = os.MkdirTemp("", "keng-e2e-")
		if programs.err != nil {
			return
		}
		args := []string{"build", stripped, "-o", programs.dir + "/"}
		if tags := os.Getenv("KENG_E2E_TAGS"); tags != "" {
			args = append(args, "-tags", tags)
		}
		build := exec.Command("go", append(args, "./hub", "./agent", "./mobile-gateway")...)
		build.Dir = "../.."
		if out, err := build.CombinedOutput(); err != nil {
			programs.err = errors.New(string(out))
		}
	})
	if programs.err != nil {
		t.Fatal(programs.err)
	}
	if name == movableHub {
		buildMovableHub(t)
	}
	return filepath.Join(programs.dir, name)
}

// storiesAtOnce is how many stories go on at the same time, unless -parallel says otherwise or
// there are more processors. They wait most of the time.
const storiesAtOnce = 4

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(max(storiesAtOnce, runtime.GOMAXPROCS(0)))); err != nil {
		panic(err)
	}
	code := m.Run()
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

// process is a program that runs.
type process struct {
	t    *testing.T
	name string
	args []string
	cmd  *exec.Cmd
	out  *lines
	done chan struct{}
}

// again runs the program once more with the same arguments.
func (p *process) again() *process { return run(p.t, nil, p.name, p.args...) }

// run starts a program that goes on until the story ends or it is killed.
func run(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	return runCommand(t, env, exec.Command(program(t, name), args...), name, args...)
}

// runCommand starts a command that runs a program with arguments.
func runCommand(t *testing.T, env []string, cmd *exec.Cmd, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, args: args, cmd: cmd, out: &lines{}, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %s said:\n%s", name, strings.Join(args, " "), p.out)
		}
	})
	return p
}

// kill ends the program at once, as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

// says waits until the program has written a line that begins so, and returns the rest.
func (p *process) says(beginning string) string {
	p.t.Helper()
	var rest string
	eventually(p.t, "it says "+beginning, func() bool {
		select {
		case <-p.done:
			p.t.Fatalf("it ended before it said %q:\n%s", beginning, p.out)
		default:
		}
		found := false
		scan := bufio.NewScanner(strings.NewReader(p.out.String()))
		for scan.Scan() {
			if r, ok := strings.CutPrefix(scan.Text(), beginning); ok {
				rest, found = r, true
			}
		}
		return found
	})
	return rest
}

// lines collects what a program writes.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write takes more.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is all so far.
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// once runs a program to its end and returns its exit code and what it wrote.
func once(t *testing.T, env []string, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, name), args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), out.String(), errs.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, out.String(), errs.String()
}

// eventually waits for something that other processes bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("it never happened: %s", what)
		}
	}
}

// hub is a hub process with what is needed to speak to it.
type hub struct {
	*process
	t        *testing.T
	id       string // of the node
	dir, key string
	args     []string // how it begins, and what else it is told
	http     string
	link     string // for agents and gateways
	raft     string // for other nodes
	url      string // of the API
	// transport is how to call it, if not as usual.
	transport http.RoundTripper
	wall      string // the file that moves its wall clock; "" where that cannot be moved
}

// startHub runs `hub serve --bootstrap` on a new directory and free ports.
func startHub(t *testing.T, args ...string) *hub {
	t.Helper()
	h := newHub(t, "n1", rand.Text(), append([]string{"--bootstrap"}, args...)...)
	h.restart()
	return h
}

// newHub is a hub with a new directory and free ports, which restart starts. Only who
// bootstraps makes use of the key.
func newHub(t *testing.T, id, key string, args ...string) *hub {
	t.Helper()
	return &hub{t: t, id: id, dir: t.TempDir(), key: key, args: args, http: freeAddress(t), link: freeAddress(t), raft: freeAddress(t)}
}

// restart runs the hub on its directory, and waits until it serves.
func (h *hub) restart() {
	h.t.Helper()
	h.start()
	h.serving()
}

// start runs the hub on its directory.
func (h *hub) start() {
	h.t.Helper()
	// Every alert is a page of its own here; the story of a storm says otherwise, after this.
	args := append([]string{"serve", "--data-dir", h.dir, "--http", h.http, "--link", h.link, "--raft", h.raft, "--node-id", h.id, "--page-window", "0"}, h.args...)
	env, name := []string{"KENG_BOOTSTRAP_API_KEY=" + h.key}, "hub"
	if h.wall != "" {
		env, name = append(env, "KENG_TEST_WALL_OFFSET_FILE="+h.wall), movableHub
	}
	h.process = run(h.t, env, name, args...)
}

// serving waits until it serves.
func (h *hub) serving() {
	h.t.Helper()
	h.url, _, _ = strings.Cut(h.says("serving: API at "), ",")
}

// freeAddress is an address of loopback that is free for UDP and TCP. A hub that was killed comes back
// to its addresses: nobody gets them meanwhile who asks for any.
func freeAddress(t *testing.T) string {
	t.Helper()
	return linktest.FreePort(t, "127.0.0.1")
}

// call sends a request of the API and returns the code and the body.
func (h *hub) call(method, path, body string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "GenieKey "+h.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// token makes an enrolment token by the command line, as an administrator would.
func (h *hub) token() string {
	h.t.Helper()
	code, out, errs := once(h.t, []string{"KENG_URL=" + h.url, "KENG_API_KEY=" + h.key}, "hub", "token", "create")
	if code != 0 || strings.Count(out, "\n") != 1 {
		h.t.Fatalf("token create: %d %q %q", code, out, errs)
	}
	return strings.TrimSpace(out)
}
