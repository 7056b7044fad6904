package counterpart

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/siptest"
)

// modules is where Debian has baresip's modules.
const modules = "/usr/lib/baresip/modules"

// listenEvery is how often Await looks at what has been heard.
const listenEvery = 200 * time.Millisecond

// Baresip is a running baresip, which rings until a key is pressed. It is for one call,
// and its methods are for one goroutine, but for Press.
type Baresip struct {
	t    testing.TB
	home string // where it keeps what it hears
	port int
	keys int // UDP port at which it takes keys of a keyboard
	wait func()
}

// StartBaresip starts a baresip.
func StartBaresip(t testing.TB) *Baresip {
	t.Helper()
	program := Need(t, "baresip", "baresip-core")
	if _, err := os.Stat(modules); err != nil {
		missing(t, "baresip's modules are not in "+modules, "baresip-core")
	}
	port := freePorts(t, 3) // SIP, SIP over TLS, keys
	b := &Baresip{t: t, home: t.TempDir(), port: port, keys: port + 2}
	// Player and source are the ends of one bridge: baresip sends digits only between
	// frames of a source, so it needs one.
	b.write("config", fmt.Sprintf("sip_listen 127.0.0.1:%d\ncons_listen 127.0.0.1:%d\nmodule_path %s\nsnd_path %s\n", b.port, b.keys, modules, b.home)+
		"audio_player aubridge,a\naudio_source aubridge,a\naudio_alert aubridge,b\nmodule g711.so\nmodule aubridge.so\nmodule sndfile.so\n"+
		"module cons.so\nmodule_tmp account.so\nmodule_app menu.so\n")
	b.write("accounts", fmt.Sprintf("<sip:phone@127.0.0.1:%d>;regint=0;answermode=manual;audio_codecs=pcma\n", b.port))
	b.write("contacts", "")
	b.wait = run(t, program, "-f", b.home)
	return b
}

func (b *Baresip) write(name, content string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.home, name), []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// URI is where it is called.
func (b *Baresip) URI() string { return fmt.Sprintf("sip:phone@127.0.0.1:%d", b.port) }

// Press presses a key of its keyboard: a answers, a digit is sent to the caller, b hangs
// up or declines, q ends baresip.
func (b *Baresip) Press(key byte) {
	conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", b.keys))
	if err != nil {
		b.t.Error(err)
		return
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{key}); err != nil {
		b.t.Error(err)
	}
}

// Await waits until it has heard a recorded phrase to its end. The error is ctx's.
func (b *Baresip) Await(ctx context.Context, phrase siptest.Phrase) error {
	tick := time.NewTicker(listenEvery)
	defer tick.Stop()
	for {
		if heard, err := b.recording(); err == nil && len(siptest.Recognise(heard, []siptest.Phrase{phrase})) > 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("baresip has not heard %s: %w", phrase, context.Cause(ctx))
		}
	}
}

// Heard ends baresip and returns what it has heard in its only call, as its own jitter
// buffer and decoder gave it.
func (b *Baresip) Heard() []int16 {
	b.t.Helper()
	b.Press('q')
	b.wait()
	heard, err := b.recording()
	if err != nil {
		b.t.Fatal(err)
	}
	return heard
}

// recording is what it has heard so far.
func (b *Baresip) recording() ([]int16, error) {
	files, err := filepath.Glob(filepath.Join(b.home, "dump-*-dec.wav"))
	if err != nil || len(files) != 1 {
		return nil, fmt.Errorf("baresip left %d recordings, want 1 (%v)", len(files), err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		return nil, err
	}
	// Before the file is closed, its header says that it is empty. To the end of the file,
	// then.
	if at := bytes.Index(content, []byte("data")); at >= 0 && len(content) >= at+8 {
		binary.LittleEndian.PutUint32(content[at+4:], 1<<32-1)
	}
	samples, rate, err := media.ParseWAV(content)
	if err == nil && rate != media.SampleRate {
		err = errors.New("baresip's recording is not at the rate of telephones")
	}
	return samples, err
}
