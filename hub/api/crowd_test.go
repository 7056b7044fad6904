package api_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"keng/hub/api"
)

// Connections that wait for nothing shut nobody out, and those under way are not broken off.
func TestIdleConnectionsGiveWay(t *testing.T) {
	const most = 20
	release := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-release
		}
		io.WriteString(w, "done")
	}))
	server.Config.ConnState = api.Crowd(most)
	server.Start()
	defer server.Close()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	ask := func(conn net.Conn, path string) {
		if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: hub\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	answered := func(conn net.Conn) error {
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
		}
		return err
	}
	slow := dial()
	ask(slow, "/slow")
	var idle []net.Conn
	for range 3 * most {
		conn := dial()
		ask(conn, "/")
		if err := answered(conn); err != nil { // kept alive, and idle from now on
			t.Fatalf("connection %d: %v", len(idle)+1, err)
		}
		idle = append(idle, conn)
	}
	for range 3 * most { // which say nothing at all
		dial()
	}
	last := dial()
	ask(last, "/")
	if err := answered(last); err != nil {
		t.Errorf("after %d others: %v", 6*most, err)
	}
	close(release)
	if err := answered(slow); err != nil {
		t.Errorf("the one under way: %v", err)
	}
	idle[0].SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := idle[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the oldest is still there: %v", err)
	}
}
