package voice

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/siptest"
	"keng/proto/channel"
)

// baresip is a running baresip: a telephone that is not ours.
type baresip struct {
	t    *testing.T
	home string // where it keeps what it hears
	port int
	keys int // UDP port at which it takes keys of a keyboard
	wait func()
}

// startBaresip starts a baresip that answers every call.
func startBaresip(t *testing.T) *baresip {
	t.Helper()
	program := need(t, "baresip", "baresip-core")
	const modules = "/usr/lib/baresip/modules"
	if _, err := os.Stat(modules); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("baresip's modules are not in %s; apt-get install baresip-core", modules)
		}
		t.Skipf("SKIPPED: baresip's modules are not in %s, where Debian has them", modules)
	}
	b := &baresip{t: t, home: t.TempDir(), port: freePort(t), keys: freePort(t)}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(b.home, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Player and source are the ends of one bridge: baresip sends digits only between
	// frames of a source, so it needs one.
	write("config", fmt.Sprintf("sip_listen 127.0.0.1:%d\ncons_listen 127.0.0.1:%d\nmodule_path %s\nsnd_path %s\n", b.port, b.keys, modules, b.home)+
		"audio_player aubridge,a\naudio_source aubridge,a\naudio_alert aubridge,b\nmodule g711.so\nmodule aubridge.so\nmodule sndfile.so\n"+
		"module cons.so\nmodule_tmp account.so\nmodule_app menu.so\n")
	write("accounts", fmt.Sprintf("<sip:phone@127.0.0.1:%d>;regint=0;answermode=auto;audio_codecs=pcma\n", b.port))
	write("contacts", "")
	b.wait = run(t, program, "-f", b.home)
	return b
}

// press presses a key: a digit is sent to the caller, b hangs up, q ends baresip.
func (b *baresip) press(key string) {
	conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", b.keys))
	if err != nil {
		b.t.Error(err)
		return
	}
	defer conn.Close()
	conn.Write([]byte(key))
}

// heard ends baresip and returns what it has heard in its only call.
func (b *baresip) heard() []int16 {
	b.t.Helper()
	b.press("q")
	b.wait()
	recordings, err := filepath.Glob(filepath.Join(b.home, "dump-*-dec.wav"))
	if err != nil || len(recordings) != 1 {
		b.t.Fatalf("baresip left %d recordings, want 1 (%v)", len(recordings), err)
	}
	content, err := os.ReadFile(recordings[0])
	if err != nil {
		b.t.Fatal(err)
	}
	samples, rate, err := media.ParseWAV(content)
	if err != nil || rate != media.SampleRate {
		b.t.Fatalf("baresip's recording is at %d samples a second (%v)", rate, err)
	}
	return samples
}

// TestBaresip calls baresip twice, about two alerts. What it heard before the menu,
// by its own jitter buffer and decoder, is the alert's text and not the other one's.
// Then 1 acknowledges, and hanging up does not.
func TestBaresip(t *testing.T) {
	t.Parallel()
	speaker := needSpeaker(t)
	web, disk := page(""), page("")
	web.Title = "Máy chủ web ở Hà Nội không trả lời"
	disk.Priority, disk.TinyID, disk.Title = "P2", "57", "Ổ đĩa của cơ sở dữ liệu sắp đầy"
	type test struct {
		page, other channel.Page
		key         string
		want        string
	}
	each(t, map[string]test{
		"1":       {web, disk, "1", "done acknowledge"},
		"hang up": {disk, web, "b", "failed no-reply"},
	}, func(t *testing.T, test test) {
		phone := startBaresip(t)
		test.page.Address = fmt.Sprintf("sip:phone@127.0.0.1:%d", phone.port)
		final := callUntilMenu(t, speaker, test.page, func() { phone.press(test.key) })
		if got := stages([]channel.Report{final}); got != test.want {
			t.Errorf("ended as %q, want %q: %s", got, test.want, final.Detail)
		}
		audio := phone.heard()
		want := append(announced(test.page), "vi/press-1")
		if got := (siptest.Call{Audio: audio}).Heard(); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("heard %v, want %v", got, want)
		}
		expectText(t, speaker, siptest.BeforeMenu(audio), test.page, test.other)
	})
}

// callUntilMenu sends the page; when the menu has begun, key is called.
func callUntilMenu(t *testing.T, speaker Speaker, p channel.Page, key func()) channel.Report {
	t.Helper()
	before := slices.Concat(speak(t, speaker, p).Alert, speak(t, phrases{}, p).Menu)
	length := time.Duration(len(before)) * time.Second / media.SampleRate
	config := quick()
	config.Speaker, config.TrunkTimeout, config.Pause = speaker, 10*time.Second, patience // SIP repeats its INVITE until the phone has started
	c := newChannel(t, config)
	defer c.Close() // after the confirmation
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return c.Send(ctx, p, func(r channel.Report) {
		if r.Stage == channel.Answered {
			time.AfterFunc(liftTime+length+sentencePause, key)
		}
	})
}
