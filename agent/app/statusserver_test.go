package app

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// serveStatus serves a status, and returns when it can be asked for, and how to stop.
func serveStatus(t *testing.T, dir string, status func(context.Context) (Status, error)) (stop func()) {
	t.Helper()
	s := &statusServer{dir: dir, status: status, logger: slog.New(slog.NewTextHandler(testWriter{t}, nil))}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.run(ctx) }()
	patience := time.After(20 * time.Second)
	for {
		conn, _, err := dialStatus(t.Context(), dir)
		if err == nil {
			conn.Close()
			break
		}
		select {
		case <-patience:
			t.Fatal(err)
		case err := <-done:
			t.Fatal("it ended: ", err)
		default:
			runtime.Gosched()
		}
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func site(name string) func(context.Context) (Status, error) {
	return func(context.Context) (Status, error) { return Status{Site: name, Checks: []CheckStatus{}}, nil }
}

// shortDir is a directory whose path fits a socket, and longDir one whose does not.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "keng")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func longDir(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheDoor(t *testing.T) {
	for name, dir := range map[string]string{"socket": shortDir(t), "port": longDir(t)} {
		t.Run(name, func(t *testing.T) {
			if _, err := AskStatus(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "no agent runs in") {
				t.Fatal(err)
			}
			stop := serveStatus(t, dir, site("here"))
			status, err := AskStatus(t.Context(), dir)
			if err != nil || status.Site != "here" {
				t.Fatal(status, err)
			}
			door := filepath.Join(dir, statusSocket)
			if name == "port" {
				door = filepath.Join(dir, statusAddress)
			}
			if info, err := os.Stat(door); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
				t.Fatal(info, err)
			}
			stop()
			if _, err := os.Stat(door); !errors.Is(err, os.ErrNotExist) {
				t.Fatal("it stays open: ", err)
			}
			if _, err := AskStatus(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "no agent runs in") {
				t.Fatal(err)
			}
		})
	}
}

// What an agent that was killed left behind says so, and is replaced.
func TestTheDoorOfADeadAgentIsReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no sockets of this kind")
	}
	dir := shortDir(t)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, statusSocket)})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
	if _, err := AskStatus(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "the last one died") {
		t.Fatal(err)
	}
	serveStatus(t, dir, site("anew"))
	if status, err := AskStatus(t.Context(), dir); err != nil || status.Site != "anew" {
		t.Fatal(status, err)
	}

	other := longDir(t)
	if err := os.WriteFile(filepath.Join(other, statusAddress), []byte("127.0.0.1:1 token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := AskStatus(t.Context(), other); err == nil || !strings.Contains(err.Error(), "the last one died") {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, statusAddress), []byte("192.0.2.1:1 token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := AskStatus(t.Context(), other); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Fatal(err)
	}
}

// say says something at the door and returns all that is answered.
func say(t *testing.T, dir, text string) string {
	t.Helper()
	conn, _, err := dialStatus(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, text) // it may be hung up on meanwhile
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

func TestWhoSaysTheWrongThingIsHungUpOn(t *testing.T) {
	short, long := shortDir(t), longDir(t)
	serveStatus(t, short, site("here"))
	serveStatus(t, long, site("here"))
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "status x\n", "\n", strings.Repeat("x", 10_000) + "\n"} {
		if got := say(t, short, text); got != "" {
			t.Errorf("%.20q is answered: %s", text, got)
		}
	}
	for _, text := range []string{"status\n", "status \n", "status wrong\n"} {
		if got := say(t, long, text); got != "" {
			t.Errorf("%.20q is answered without the token: %s", text, got)
		}
	}
	if got := say(t, short, "status\n"); !strings.HasPrefix(got, `{"software":""`) {
		t.Error(got)
	}
}

// Many who say nothing do not hold more than their places, and end with the agent.
func TestSilentAskersAreBounded(t *testing.T) {
	dir := shortDir(t)
	stop := serveStatus(t, dir, site("here"))
	var conns []net.Conn
	for range 3 * statusAskersMax {
		conn, _, err := dialStatus(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	ended := func(conn net.Conn) {
		t.Helper()
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := bufio.NewReader(conn).ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	for _, conn := range conns[2*statusAskersMax:] {
		ended(conn) // there was no place
	}
	stop() // does not wait for the others
	for _, conn := range conns[:2*statusAskersMax] {
		ended(conn)
	}
}

func TestAnAgentThatCannotTell(t *testing.T) {
	dir := shortDir(t)
	serveStatus(t, dir, func(context.Context) (Status, error) { return Status{}, errNotRunning })
	if _, err := AskStatus(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "no answer that can be read") {
		t.Fatal(err)
	}
}
