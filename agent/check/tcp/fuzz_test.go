package tcp

import (
	"bytes"
	"context"
	"io"
	"net"
	"regexp"
	"testing"

	"keng/agent/check"
)

// heard is a connection on which some bytes come in.
type heard struct {
	net.Conn
	io.Reader
}

func (h heard) Read(p []byte) (int, error) { return h.Reader.Read(p) }

func FuzzExpect(f *testing.F) {
	f.Add([]byte("220 ready\r\n"), "220", 100)
	f.Add([]byte("\x00\xff\x1b[31m"), "\xff", 2)
	pattern := regexp.MustCompile(`^\d+ `)
	f.Fuzz(func(t *testing.T, data []byte, expect string, limit int) {
		talk := talk{expect: expect, matches: pattern, limit: 1 + (limit&0x7fffffff)%(64<<10)}
		details := map[string]string{}
		state, reason, err := talk.with(context.Background(), heard{Reader: bytes.NewReader(data)}, details)
		within := data[:min(len(data), talk.limit)]
		if wanted := bytes.Contains(within, []byte(expect)) && pattern.Match(within); wanted != (state == check.Up) {
			t.Fatalf("%s, %q, %v", state, reason, err)
		}
		if answer := details["answer"]; check.OneLine(answer) != answer {
			t.Fatalf("%q", answer)
		}
	})
}
