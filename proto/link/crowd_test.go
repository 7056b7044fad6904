package link_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"keng/proto/link"
)

// backlog is less than how many connections of linktest wait to be accepted.
const backlog = 128

// mute opens connections over TCP that begin so and say nothing more. leave closes them.
func (w *world) mute(address string, n int, begin []byte) (leave func()) {
	w.Helper()
	var all []net.Conn
	for i := range n {
		c := w.rawTCP("mute", address, link.Credentials{}, "").NetConn()
		if len(begin) > 0 {
			c.Write(begin)
		}
		all = append(all, c)
		if i%backlog == 0 {
			synctest.Wait()
		}
	}
	return func() {
		for _, c := range all {
			c.Close()
		}
	}
}

// TestSilentStrangersGiveWay: as many connections over TCP as a hub takes, which say
// nothing or half a word, keep nobody out for longer than a moment.
func TestSilentStrangersGiveWay(t *testing.T) {
	for name, length := range map[string]int{"nothing": 0, "half a word": 100} {
		t.Run(name, func(t *testing.T) {
			blocked(t, func(w *world) {
				h := w.serve("hub", link.ListenConfig{}, echo)
				defer h.close()
				e, cfg := w.agent("agent")
				defer e.Close()
				defer w.mute("hub", link.StrangersMax, clientHello(w, "keng/1")[:length])()
				begun := time.Now()
				w.dial(e, "hub", cfg).Close("")
				if took := time.Since(begun); took > 3*time.Second { // the head start of UDP in it
					w.Errorf("it took %s", took)
				}
			})
		})
	}
}

// TestHalfHandshakesOverTCPGiveWay: who begins a handshake over TCP and does not go on takes
// no place from UDP, and gives way to who comes over TCP.
func TestHalfHandshakesOverTCPGiveWay(t *testing.T) {
	bubble(t, func(w *world) {
		listener := w.network.ListenTCP("hub")
		h := w.serve("hub", link.ListenConfig{Handshakes: 8, TCP: []net.Listener{listener}}, echo)
		defer h.close()
		defer w.mute("hub", 20, clientHello(w, "keng/1"))()
		e, cfg := w.agent("over-udp")
		defer e.Close()
		w.dial(e, "hub", cfg).Close("")
		w.tcp = true
		slow, cfg := w.agent("over-tcp")
		defer slow.Close()
		begun := time.Now()
		w.dial(slow, "hub", cfg).Close("")
		if took := time.Since(begun); took > 3*time.Second {
			w.Errorf("it took %s", took)
		}
	})
}

// TestSplitterLetsSilentStrangersGiveWay: nor do they keep anybody out of the shared port.
func TestSplitterLetsSilentStrangersGiveWay(t *testing.T) {
	bubble(t, func(w *world) {
		port := w.network.ListenTCP("web")
		defer port.Close()
		splitter := link.NewSplitter(port)
		defer w.mute("web", link.SplitMax, nil)()
		time.Sleep(2 * time.Second)
		browser := w.rawTCP("browser", "web", link.Credentials{}, "").NetConn()
		defer browser.Close()
		io.WriteString(browser, "GET / HTTP/1.1\r\n\r\n")
		found := make(chan net.Conn, 1)
		go func() {
			if c, err := splitter.Rest().Accept(); err == nil {
				found <- c
			}
		}()
		select {
		case c := <-found:
			c.Close()
		case <-time.After(time.Second):
			w.Error("a browser that speaks was not let in")
		}
	})
}
