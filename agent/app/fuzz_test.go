package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
)

// Only the right word opens the door.
func FuzzStatusLine(f *testing.F) {
	for _, line := range []string{"status token\n", "status token\r\n", "status\n", "GET / HTTP/1.1\r\n", "\n", "\x00\xff"} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		near, far := net.Pipe()
		defer near.Close()
		s := &statusServer{token: "token", status: site("here"), logger: slog.New(slog.DiscardHandler)}
		go s.serve(context.Background(), far)
		go func() {
			near.Write(said) // it may be hung up on meanwhile
			near.Write([]byte("\n"))
		}()
		answer, _ := io.ReadAll(near)
		line, _, _ := bytes.Cut(said, []byte("\n"))
		right := strings.TrimSpace(string(line)) == "status token" && len(line) < statusLineMax
		if right != (len(answer) > 0) {
			t.Fatalf("%q is answered with %q", said, answer)
		}
	})
}
