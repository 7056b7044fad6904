package api_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"keng/hub/api"
)

// framed is a client that speaks HTTP/2 frame by frame.
type framed struct {
	*http2.Framer
	t    *testing.T
	conn net.Conn
	next uint32 // stream
}

// newFramed begins a connection.
func newFramed(t *testing.T, conn net.Conn) *framed {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	f := &framed{http2.NewFramer(conn, conn), t, conn, 1}
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	f.must(f.WriteSettings())
	return f
}

func (f *framed) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// ask sends the head of a request, and says whether that was all. It returns the stream.
func (f *framed) ask(method, path, key string, all bool) uint32 {
	f.t.Helper()
	id, err := f.send(method, path, key, all, true)
	f.must(err)
	return id
}

func (f *framed) send(method, path, key string, all, headed bool) (uint32, error) {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	fields := [][2]string{{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "hub"}, {"authorization", "GenieKey " + key}}
	if !all { // what needs little room is not kept waiting for it
		fields = append(fields, [2]string{"content-length", "15"})
	}
	for _, field := range fields {
		_ = enc.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	id := f.next
	f.next += 2
	return id, f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: all, EndHeaders: headed})
}

// until reads frames until one is what is wanted, and answers what the protocol wants answered. The
// error is that of a connection that ends before.
func (f *framed) until(wanted func(http2.Frame) bool) error {
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return err
		}
		if s, ok := frame.(*http2.SettingsFrame); ok && !s.IsAck() {
			if err := f.WriteSettingsAck(); err != nil {
				return err
			}
		}
		if wanted(frame) {
			return nil
		}
	}
}

// settled reads on until both sides have agreed on how to speak.
func (f *framed) settled() error {
	return f.until(func(frame http2.Frame) bool { s, ok := frame.(*http2.SettingsFrame); return ok && s.IsAck() })
}

// status reads on to the head of the reply of a stream, and returns its code.
func (f *framed) status(id uint32) (code string) {
	f.t.Helper()
	f.must(f.until(func(frame http2.Frame) bool {
		h, ok := frame.(*http2.MetaHeadersFrame)
		if ok = ok && h.StreamID == id; ok {
			code = h.PseudoValue("status")
		}
		return ok
	}))
	return code
}

// inClear has a server speak HTTP/2 without TLS, as tests do.
func inClear(s *http.Server) {
	s.Protocols = new(http.Protocols)
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
}

// On one connection no more is under way than is allowed, and others do not feel it.
//
// Rule keng-7.limits.streams.
func TestStreamsAreBounded(t *testing.T) {
	_, s := served(t)
	inClear(s.Config)
	s.Start()
	defer s.Close()
	dial := func() *framed {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		return newFramed(t, conn)
	}
	f := dial()
	var announced uint32
	f.must(f.until(func(frame http2.Frame) bool {
		settings, ok := frame.(*http2.SettingsFrame)
		if ok = ok && !settings.IsAck(); ok {
			announced, _ = settings.Value(http2.SettingMaxConcurrentStreams)
		}
		return ok
	}))
	if announced != api.StreamsMax {
		t.Errorf("%d streams are announced", announced)
	}
	for range api.StreamsMax {
		f.ask("POST", "/v2/alerts", fullKey, false) // the body does not come
	}
	refused := f.ask("POST", "/v2/alerts", fullKey, false)
	f.must(f.until(func(frame http2.Frame) bool {
		reset, ok := frame.(*http2.RSTStreamFrame)
		return ok && reset.StreamID == refused // as a fault of the protocol: the bound was announced
	}))
	other := dial()
	if code := other.status(other.ask("GET", "/healthz", "", true)); code != "200" {
		t.Errorf("another connection is told %s", code)
	}
	f.must(f.WriteData(1, true, []byte(`{"message":"m"}`)))
	if code := f.status(1); code != "202" {
		t.Errorf("what was under way is told %s", code)
	}
	f.conn.Close()
}

// Who opens requests and takes them back at once, again and again, leaves nothing behind, and others do
// not feel it. Rule keng-7.limits.streams.
func TestRequestsThatAreTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		listener := &pipes{make(chan net.Conn), make(chan struct{})}
		server := api.Server("", h.api, slog.New(slog.DiscardHandler))
		inClear(server)
		go server.Serve(listener)
		defer server.Close()
		f := newFramed(t, listener.dial())
		f.must(f.settled())
		go io.Copy(io.Discard, f.conn)
		for i := range 2000 {
			id, err := f.send("POST", "/v2/alerts", fullKey, false, true)
			if err == nil {
				err = f.WriteRSTStream(id, http2.ErrCodeCancel)
			}
			if err != nil {
				break // the server has had enough
			}
			if i == 1000 {
				other := newFramed(t, listener.dial())
				if code := other.status(other.ask("GET", "/healthz", "", true)); code != "200" {
					t.Errorf("another connection is told %s", code)
				}
				other.conn.Close()
			}
		}
		f.conn.Close()
		synctest.Wait()
		if _, busy := h.api.Counted(); busy != 0 {
			t.Errorf("%d keys are busy for ever", busy)
		}
	})
}

// Who takes his time is let go over HTTP/2 as well. Rule keng-7.limits.connections.
func TestWhoIsSlowIsLetGoOverHTTP2(t *testing.T) {
	ended := func(f *framed) bool { return f.until(func(http2.Frame) bool { return false }) != nil }
	for _, test := range []struct {
		name  string
		after time.Duration
		slow  func(f *framed) bool
	}{
		{"half a body", 30 * time.Second, func(f *framed) bool {
			id := f.ask("POST", "/v2/alerts", writeKey, false)
			f.must(f.WriteData(id, false, []byte(`{"mess`)))
			return f.status(id) == "400"
		}},
		{"a reply that is not let in", time.Minute, func(f *framed) bool {
			id := f.ask("GET", "/openapi.yaml", "", true) // longer than the window, which is never opened further
			return f.until(func(frame http2.Frame) bool {
				_, ok := frame.(*http2.RSTStreamFrame)
				return ok && frame.Header().StreamID == id
			}) == nil
		}},
		{"a connection that is not read", 30 * time.Second, func(f *framed) bool {
			f.ask("GET", "/openapi.yaml", "", true)
			time.Sleep(31 * time.Second)
			return f.WritePing(false, [8]byte{}) != nil
		}},
		{"half a head", 2 * time.Minute, func(f *framed) bool {
			f.must(f.settled())
			_, err := f.send("GET", "/healthz", "", true, false)
			f.must(err)
			return ended(f)
		}},
		{"nothing", 2 * time.Minute, ended},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHub(t)
				listener := &pipes{make(chan net.Conn), make(chan struct{})}
				server := api.Server("", h.api, slog.New(slog.DiscardHandler))
				inClear(server)
				go server.Serve(listener)
				defer server.Close()
				begun := time.Now()
				f := newFramed(t, listener.dial())
				defer f.conn.Close()
				let := test.slow(f)
				if took := time.Since(begun); !let || took < test.after || took > test.after+3*time.Second {
					t.Errorf("let go (%v) after %v, want %v", let, took, test.after)
				}
				f.conn.Close()
				synctest.Wait()
				if _, busy := h.api.Counted(); busy != 0 {
					t.Errorf("%d keys are busy", busy)
				}
			})
		})
	}
}
