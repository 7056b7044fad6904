package api_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
)

// discard is a reply that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// served is a hub behind a server with the limits that it has towards strangers.
func served(t *testing.T) (*hub, *httptest.Server) {
	h := newHub(t)
	s := httptest.NewUnstartedServer(nil)
	s.Config = api.Server("", h.api, slog.New(slog.DiscardHandler))
	return h, s
}

// creating is the head of a request that creates an alert, of so many bytes.
func creating(key string, bytes int, more string) string {
	return fmt.Sprintf("POST /v2/alerts HTTP/1.1\r\nHost: hub\r\nAuthorization: GenieKey %s\r\nContent-Length: %d\r\n%s\r\n", key, bytes, more)
}

// What one key has under way is bounded, and other keys do not feel it. Rule keng-7.limits.key.
func TestOneKeyLeavesRoomToOthers(t *testing.T) {
	const most = 5
	h, s := served(t)
	h.api.SetRequestsOfOneMax(most, 10*time.Millisecond)
	s.Config.ConnState = api.Crowd(2 * most)
	s.Start()
	defer s.Close()
	ask := func(request string) (net.Conn, *bufio.Reader) {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		return conn, bufio.NewReader(conn)
	}
	answered := func(r *bufio.Reader, want int) *http.Response {
		t.Helper()
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != want {
			body, _ := io.ReadAll(res.Body)
			t.Fatalf("HTTP %d, want %d: %s", res.StatusCode, want, body)
		}
		return res
	}
	const body = `{"message":"m"}`
	type slow struct {
		conn  net.Conn
		reply *bufio.Reader
	}
	var flood []slow
	for range most { // each has a body that does not come, and for which the hub waits: it says so
		conn, r := ask(creating(writeKey, len(body), "Expect: 100-continue\r\n"))
		answered(r, http.StatusContinue)
		flood = append(flood, slow{conn, r})
	}
	for range 3 * most {
		_, r := ask(creating(writeKey, len(body), "") + body)
		if res := answered(r, 429); res.Header.Get("Retry-After") != "1" || res.Header.Get("X-RateLimit-State") != "THROTTLED" {
			t.Errorf("%v", res.Header)
		}
	}
	_, r := ask(creating(fullKey, len(body), "") + body)
	answered(r, 202)
	_, r = ask("GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")
	answered(r, 200)
	for _, f := range flood {
		io.WriteString(f.conn, body)
		answered(f.reply, 202)
	}
	_, r = ask(creating(writeKey, len(body), "") + body)
	answered(r, 202)
	s.Close() // waits for what is under way
	if _, busy := h.api.Counted(); busy != 0 {
		t.Errorf("%d keys are busy for ever", busy)
	}
}

// Heads that do not come to their end shut nobody out. Rule keng-7.limits.connections.
func TestSlowHeadsShutNobodyOut(t *testing.T) {
	const most = 10
	_, s := served(t)
	s.Config.ConnState = api.Crowd(most)
	s.Start()
	defer s.Close()
	for i := range 3 * most {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, creating(writeKey, 10, "")[:20+i]) // it may be closed by now
	}
	res, err := http.Get(s.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("HTTP %d", res.StatusCode)
	}
}

// pipes is a listener in memory, for bubbles: who writes waits until the other reads.
type pipes struct {
	dialled chan net.Conn
	closed  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialled:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.dialled <- server
	return client
}

// Who takes his time is let go, and no longer counts as under way. Rule keng-7.limits.connections.
func TestWhoIsSlowIsLetGo(t *testing.T) {
	answer := func(conn net.Conn) string { all, _ := io.ReadAll(conn); return string(all) }
	for _, test := range []struct {
		name  string
		after time.Duration
		slow  func(net.Conn) (said string)
	}{
		{"nothing", 5 * time.Second, answer},
		{"half a head", 5 * time.Second, func(conn net.Conn) string {
			io.WriteString(conn, "GET /v2/alerts HTTP/1.1\r\nHo")
			return answer(conn)
		}},
		{"half a body", 30 * time.Second, func(conn net.Conn) string {
			io.WriteString(conn, creating(writeKey, 100, "")+`{"mess`)
			return answer(conn)
		}},
		{"a stranger's body to an operation", time.Second, func(conn net.Conn) string {
			io.WriteString(conn, creating("unknown-key-of-somebody", 100, "")+`{"mess`)
			return answer(conn)
		}},
		{"a stranger's body to a tool's", 5 * time.Second, func(conn net.Conn) string {
			io.WriteString(conn, "POST /v1/json/zabbix HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\n")
			return answer(conn)
		}},
		{"a body of what has none", time.Second, func(conn net.Conn) string {
			io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\n")
			return answer(conn)
		}},
		{"a reply that is not read", 60 * time.Second, func(conn net.Conn) string {
			io.WriteString(conn, "GET /openapi.yaml HTTP/1.1\r\nHost: hub\r\n\r\n")
			one := make([]byte, 1)
			conn.Read(one)
			time.Sleep(time.Minute + time.Second)
			return answer(conn)
		}},
		{"nothing more", 2 * time.Minute, func(conn net.Conn) string {
			io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")
			return answer(conn)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHub(t)
				listener := &pipes{make(chan net.Conn), make(chan struct{})}
				server := api.Server("", h.api, slog.New(slog.DiscardHandler))
				go server.Serve(listener)
				defer server.Close()
				begun := time.Now()
				conn := listener.dial()
				defer conn.Close()
				said := test.slow(conn)
				if took := time.Since(begun); took < test.after || took > test.after+2*time.Second {
					t.Errorf("let go after %v, want %v: %s", took, test.after, said)
				}
				if test.name == "half a body" && (!strings.HasPrefix(said, "HTTP/1.1 400 ") || !strings.Contains(said, "too slowly")) {
					t.Errorf("it was told %q", said)
				}
				if strings.HasSuffix(said, "\r\n0\r\n\r\n") {
					t.Error("the reply came whole all the same")
				}
				synctest.Wait()
				if _, busy := h.api.Counted(); busy != 0 {
					t.Errorf("%d keys are busy", busy)
				}
			})
		})
	}
}
