package link_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"keng/proto/link"
)

// TestOnePortForLinksAndTheRest: links and joiners get through at the port of something
// else, which gets all the rest, also what is not TLS.
func TestOnePortForLinksAndTheRest(t *testing.T) {
	blocked(t, func(w *world) {
		port := w.network.ListenTCP("web")
		splitter := link.NewSplitter(port)
		own := w.authority.Issue(link.Peer{Kind: link.Hub, ID: "web"})
		go func() {
			for {
				c, err := splitter.Rest().Accept()
				if err != nil {
					return
				}
				first := make([]byte, 1)
				io.ReadFull(c, first)
				c.Write(append([]byte("the rest: "), first...))
				c.Close()
			}
		}()
		w.tcp = false // the port is not the endpoint's
		h := w.serve("hub", link.ListenConfig{TCP: []net.Listener{splitter.Link()}}, echo)
		defer port.Close() // not before the hub, which says that it cannot listen without it
		defer h.close()
		w.tcp = true

		e, cfg := w.agent("agent")
		defer e.Close()
		c := w.dial(e, "web", cfg)
		c.Send(text("xin chào"))
		if got, err := receive(c); got != "xin chào" {
			w.Errorf("a link: %q, %v", got, err)
		}
		c.Close("")
		_, _, err := e.Join(w.Context(), "web", link.NewToken(w.authority.Certificate).String(), link.Agent, "x")
		if !errors.Is(err, link.ErrRefused) { // nobody may join, says the hub
			w.Errorf("a joiner: %v", err)
		}
		for what, first := range map[string]string{"HTTP": "GET / HTTP/1.1\r\n\r\n"} {
			conn := w.rawTCP("browser", "web", own, "h2").NetConn()
			io.WriteString(conn, first)
			if got, _ := io.ReadAll(conn); string(got) != "the rest: "+first[:1] {
				w.Errorf("%s: %q", what, got)
			}
			conn.Close()
		}
		browser := w.rawTCP("browser-2", "web", own, "h2")
		if err := browser.Handshake(); err == nil {
			w.Error("something else than a link was taken for one")
		}
		browser.NetConn().Close()
		mute := w.rawTCP("mute", "web", own, "h2").NetConn()
		begun := time.Now()
		if n, err := mute.Read(make([]byte, 1)); n > 0 || err == nil || time.Since(begun) > 11*time.Second {
			w.Errorf("who says nothing: %d, %v after %s", n, err, time.Since(begun))
		}
		mute.Close()
	})
}

// clientHello is the first message of a dialler for a protocol.
func clientHello(t testing.TB, protocols ...string) []byte {
	near, far := net.Pipe()
	go func() {
		tls.Client(near, &tls.Config{ServerName: "keng", NextProtos: protocols}).Handshake()
	}()
	b := make([]byte, 16<<10)
	n, err := far.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	far.Close()
	near.Close()
	return b[:n]
}

func TestPeek(t *testing.T) {
	for _, protocols := range [][]string{nil, {"h2", "http/1.1"}, {"keng/1"}} {
		hello := clientHello(t, protocols...)
		got, seen, err := link.PeekProtocols(bytes.NewReader(append(slices.Clone(hello), "more"...)))
		if err != nil || !slices.Equal(got, protocols) || !bytes.HasPrefix(append(hello, "more"...), seen) || len(seen) < len(hello) {
			t.Errorf("%v: %v, %d bytes of %d, %v", protocols, got, len(seen), len(hello), err)
		}
		if _, _, err := link.PeekProtocols(bytes.NewReader(hello[:len(hello)-1])); err == nil {
			t.Error("half a message is enough")
		}
	}
}

// FuzzPeek: whatever a stranger begins with, nothing of it is lost.
func FuzzPeek(f *testing.F) {
	f.Add(clientHello(f, "keng/1"))
	f.Add(clientHello(f))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		_, seen, err := link.PeekProtocols(bytes.NewReader(stream))
		if err == nil && !bytes.HasPrefix(stream, seen) {
			t.Errorf("%x is seen as %x", stream, seen)
		}
	})
}

// FuzzClose: the last words of a peer are fit for a log.
func FuzzClose(f *testing.F) {
	f.Add([]byte{8, 3, 18, 2, 'n', 'o'})
	f.Add([]byte{18, 1, 27})
	f.Fuzz(func(t *testing.T, body []byte) {
		err := link.ClosedBy(body)
		closed, ok := errors.AsType[*link.ClosedError](err)
		if !ok && !errors.Is(err, link.ErrMalformed) {
			t.Errorf("an error of no kind: %v", err)
		}
		if ok && (len(closed.Reason) > 200 || bytes.ContainsAny([]byte(closed.Reason), "\x00\x1b\n")) {
			t.Errorf("a reason of %d bytes: %q", len(closed.Reason), closed.Reason)
		}
	})
}
