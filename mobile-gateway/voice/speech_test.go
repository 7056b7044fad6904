package voice

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/siptest"
	"keng/mobile-gateway/voice/siptest/counterpart"
	"keng/proto/channel"
)

// needSpeaker returns a speaker that reads titles.
func needSpeaker(t *testing.T) Speaker {
	t.Helper()
	speaker, err := NewSpeaker(counterpart.Need(t, "espeak-ng", "espeak-ng"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return speaker
}

func speak(t *testing.T, speaker Speaker, p channel.Page) Speech {
	t.Helper()
	speech, err := speaker.Speak(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return speech
}

// Envelope correlations of what was heard with a text.
const (
	sameText  = 0.9 // at least, if that text was said
	otherText = 0.6 // less than that, if another one was
)

// expectText checks that what was heard before the menu tells of this page and not
// of another one: as a whole, and its last part, the title, alone.
func expectText(t *testing.T, speaker Speaker, heard []int16, this, other channel.Page) {
	t.Helper()
	alert := func(p channel.Page) []int16 { return speak(t, speaker, p).Alert }
	title := func(p channel.Page) []int16 {
		recorded := len(speak(t, phrases{}, p).Alert) + len(media.Silence(sentencePause))
		return alert(p)[recorded:]
	}
	end := heard[max(0, len(heard)-len(title(this))-len(media.Silence(2*sentencePause))):]
	for name, got := range map[string]struct{ this, other float64 }{
		"text":  {siptest.Alike(heard, alert(this)), siptest.Alike(heard, alert(other))},
		"title": {siptest.Alike(end, title(this)), siptest.Alike(end, title(other))},
	} {
		t.Logf("the %s heard correlates with this alert's at %.3f, with another's at %.3f", name, got.this, got.other)
		if got.this < sameText || got.other >= otherText {
			t.Errorf("the %s heard correlates at %.3f and %.3f; want at least %.1f, and less than %.1f", name, got.this, got.other, sameText, otherText)
		}
	}
}

// TestKeys: each key of the menu is a reply of its own, and is confirmed in words
// of its own.
func TestKeys(t *testing.T) {
	t.Parallel()
	each(t, map[string]struct {
		reply channel.Reply
		want  []string
	}{
		"1": {channel.Acknowledge, []string{"en/keng-alert", "en/acknowledged"}},
		"2": {channel.Close, []string{"en/keng-alert", "en/closed"}},
		"3": {channel.NextPerson, []string{"en/keng-alert", "en/passed-on"}},
	}, func(t *testing.T, test struct {
		reply channel.Reply
		want  []string
	}) {
		key := t.Name()[len(t.Name())-1]
		phone := startPhone(t, siptest.Script{Press: []siptest.Press{{Key: key, After: 1500 * time.Millisecond}}})
		p := short(phone.URI())
		p.Language = channel.English
		reports := send(t, t.Context(), newChannel(t, quick()), p)
		if got := stages(reports); got != "ringing answered done "+string(test.reply) {
			t.Errorf("stages: %s", got)
		}
		if got := only(t, phone).Heard(); !slices.Equal(got, test.want) {
			t.Errorf("heard %v, want %v", got, test.want)
		}
	})
}

// TestTitle: the title is said between the phrases and the menu.
func TestTitle(t *testing.T) {
	t.Parallel()
	speaker := needSpeaker(t)
	config := quick()
	config.Speaker = speaker
	phone := startPhone(t, siptest.Script{HangUpMenus: 1})
	p, other := short(phone.URI()), short("")
	p.Language, p.Title = channel.English, "The web server in Hanoi does not answer"
	other.Language, other.Title = channel.English, "A disk is nearly full"
	if got := stages(send(t, t.Context(), newChannel(t, config), p)); got != "ringing answered failed no-reply" {
		t.Fatalf("stages: %s", got)
	}
	call := only(t, phone)
	if got, want := call.Heard(), []string{"en/keng-alert", "en/press-1"}; !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
	expectText(t, speaker, siptest.BeforeMenu(call.Audio), p, other)
}

// TestSpeaker: what becomes of titles that cannot or need not be spoken.
func TestSpeaker(t *testing.T) {
	t.Parallel()
	speaker := needSpeaker(t)
	usual := page("")
	recorded := speak(t, phrases{}, usual)
	for name, text := range map[string]string{"none": "", "control characters": "\x00\x1b\n", "brackets": "[[]]"} {
		p := usual
		p.Title = text
		if got := speak(t, speaker, p); !slices.Equal(got.Alert, recorded.Alert) {
			t.Errorf("%s: not the recorded phrases alone", name)
		}
	}
	vietnamese, english := usual, usual
	vietnamese.Title, english.Title = "Cổng thanh toán bị lỗi", "Cổng thanh toán bị lỗi"
	english.Language = channel.English
	first, second := speak(t, speaker, vietnamese).Alert, speak(t, speaker, english).Alert
	if n := 2 * media.SampleRate; !slices.Equal(first[len(first)-n/2:], second[len(second)-n/2:]) {
		t.Error("a Vietnamese title is not spoken in Vietnamese to who wants English")
	}
	if kept := speaker.(*reader).titles.order.Len(); kept != 1 {
		t.Errorf("%d titles are kept, want 1", kept)
	}
}

// faulty is a Speaker that fails at once, or only when there is no time left.
type faulty struct{ stalls bool }

func (f faulty) Speak(ctx context.Context, _ channel.Page) (Speech, error) {
	if f.stalls {
		<-ctx.Done()
	}
	return Speech{}, errors.New("no voice today")
}

// TestSpeakerFails: the recorded phrases stand in, and the phone rings meanwhile.
func TestSpeakerFails(t *testing.T) {
	t.Parallel()
	each(t, map[string]faulty{"at once": {}, "after the time allowed": {stalls: true}}, func(t *testing.T, speaker faulty) {
		config := quick()
		config.Speaker = speaker
		phone := startPhone(t, siptest.Script{RingFor: 200 * time.Millisecond, HangUpMenus: 1})
		start := time.Now()
		var rang time.Duration
		final := newChannel(t, config).Send(t.Context(), short(phone.URI()), func(r channel.Report) {
			if r.Stage == channel.Ringing {
				rang = time.Since(start)
			}
		})
		if final.Failure != channel.NoReply || rang > speechTime/2 {
			t.Errorf("rang after %s, ended as %+v", rang, final)
		}
		if got, want := only(t, phone).Heard(), []string{"vi/keng-alert", "vi/press-1"}; !slices.Equal(got, want) {
			t.Errorf("heard %v, want %v", got, want)
		}
	})
}

// slow is a Speaker that says one phrase, after a time.
type slow struct{ takes time.Duration }

func (s slow) Speak(ctx context.Context, _ channel.Page) (Speech, error) {
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return Speech{}, ctx.Err()
	}
	words, err := phrase.Speak(channel.Vietnamese, []phrase.Name{phrase.Closed})
	return Speech{Alert: words}, err
}

// TestSlowSpeaker: it has the time for which the phone rings.
func TestSlowSpeaker(t *testing.T) {
	t.Parallel()
	config := quick()
	config.Speaker, config.RingTimeout, config.Repeats = slow{speechTime + 200*time.Millisecond}, patience, 1
	phone := startPhone(t, siptest.Script{RingFor: speechTime + 300*time.Millisecond})
	if got := stages(send(t, t.Context(), newChannel(t, config), short(phone.URI()))); got != "ringing answered failed no-reply" {
		t.Fatalf("stages: %s", got)
	}
	if got, want := only(t, phone).Heard(), []string{"vi/closed"}; !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
}

// TestEspeak: what the configuration may say of espeak-ng. (YAML 1.1 had a bare off
// for a boolean.)
func TestEspeak(t *testing.T) {
	var written Config
	if err := yaml.Unmarshal([]byte("espeak: off"), &written); err != nil || written.Espeak != off {
		t.Errorf("espeak: off is read as %q, %v", written.Espeak, err)
	}
	t.Setenv("PATH", t.TempDir())
	for value, works := range map[string]bool{"": true, off: true, "/nowhere/espeak-ng": false, "espeak-ng": false, "/": false} {
		c, err := New(Config{Espeak: value}, nil)
		if (err == nil) != works {
			t.Errorf("espeak: %q: error %v", value, err)
		}
		if err == nil {
			if _, ok := c.config.Speaker.(phrases); !ok {
				t.Errorf("espeak: %q reads titles without espeak-ng", value)
			}
			c.Close()
		}
	}
}

func TestTitles(t *testing.T) {
	t.Parallel()
	kept := newTitles(2)
	a, b, c := title{"vi", "a"}, title{"en", "a"}, title{"vi", "c"}
	kept.put(a, []int16{1})
	kept.put(b, []int16{2})
	kept.put(a, []int16{1}) // spoken twice; now used last
	kept.put(c, []int16{3})
	for wanted, want := range map[title]int16{a: 1, b: 0, c: 3} {
		if got, ok := kept.get(wanted); ok != (want != 0) || ok && got[0] != want {
			t.Errorf("%v: %v, %t", wanted, got, ok)
		}
	}
	if len(kept.places) != 2 || kept.order.Len() != 2 {
		t.Errorf("%d and %d are kept, want 2", len(kept.places), kept.order.Len())
	}
}
