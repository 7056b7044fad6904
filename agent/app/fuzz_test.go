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

// Whatever a hub tells, what is in use is a list that can run.
func FuzzHubChecks(f *testing.F) {
	f.Add([]byte(`{"site":"x","checks":[{"name":"web","kind":"http","target":"http://y/"}]}`))
	f.Add([]byte("site: x\nprobes: []"))
	f.Fuzz(func(t *testing.T, document []byte) {
		site, checks, err := parseHubChecks(document, "")
		if err != nil {
			return
		}
		if len(checks) > 0 && checkName(site) != nil {
			t.Errorf("checks at the site %q", site)
		}
		for _, c := range checks {
			if c == nil || c.check == nil || !c.fromHub {
				t.Errorf("%+v cannot run", c)
			}
		}
	})
}
