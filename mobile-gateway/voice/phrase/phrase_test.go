package phrase

import (
	"io/fs"
	"slices"
	"testing"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/proto/channel"
)

// sizeMax bounds what the recordings add to the program, in bytes.
const sizeMax = 400 << 10

// TestRecorded: every phrase of every language is there, loud enough, without
// silence around it, and of a plausible length for its text. And no other file is.
func TestRecorded(t *testing.T) {
	size, files := 0, 0
	for _, language := range Languages() {
		for _, name := range Names() {
			if Text(language, name) == "" {
				t.Errorf("%s/%s has no text", language, name)
			}
			audio, err := Audio(language, name)
			if err != nil {
				t.Error(err)
				continue
			}
			size += len(audio)
			files++
			length := time.Duration(len(audio)) * time.Second / media.SampleRate
			if letters := len([]rune(Text(language, name))); length < 200*time.Millisecond || length > 600*time.Millisecond+time.Duration(letters)*60*time.Millisecond {
				t.Errorf("%s/%s lasts %s for %d letters", language, name, length, letters)
			}
			if peak := max(slices.Max(audio), -slices.Min(audio)); peak < 12000 {
				t.Errorf("%s/%s has its peak at %d", language, name, peak)
			}
			loud := func(v int16) bool { return v > 100 || v < -100 }
			if begin := slices.IndexFunc(audio, loud); begin > 50*media.SampleRate/1000 {
				t.Errorf("%s/%s begins with %d samples of silence", language, name, begin)
			}
		}
	}
	if size > sizeMax {
		t.Errorf("the recordings are %d bytes, more than %d", size, sizeMax)
	}
	fs.WalkDir(recordings, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files--
		}
		return err
	})
	if files != 0 {
		t.Errorf("%d recordings belong to no phrase; delete them", -files)
	}
}

func TestAlert(t *testing.T) {
	for name, test := range map[string]struct {
		page channel.Page
		want []Name
	}{
		"usual":    {channel.Page{Priority: "P1", TinyID: "407"}, []Name{Greeting, Priority, "1", AlertNumber, "4", "0", "7"}},
		"many":     {channel.Page{Priority: "P1", TinyID: "407", Alerts: 14}, []Name{Greeting, Priority, "1", AlertCount, "1", "4"}},
		"repeated": {channel.Page{Priority: "P5", Repeat: true}, []Name{Greeting, Repeated, Priority, "5"}},
		"late":     {channel.Page{LateBy: time.Minute, TinyID: "1"}, []Name{Greeting, Late, AlertNumber, "1"}},
		"odd":      {channel.Page{Priority: "P6", TinyID: "a1"}, []Name{Greeting}},
		"long":     {channel.Page{TinyID: "1234567890123"}, []Name{Greeting}},
		"empty":    {channel.Page{}, []Name{Greeting}},
	} {
		got := Alert(test.page)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		for _, language := range Languages() {
			if audio, err := Speak(language, append(got, Menu()...)); err != nil || len(audio) == 0 {
				t.Errorf("%s in %s: %d samples, %v", name, language, len(audio), err)
			}
		}
	}
}

func TestLanguage(t *testing.T) {
	for wanted, want := range map[channel.Language]channel.Language{"vi": "vi", "en": "en", "": "en", "fr": "en", "../vi": "en"} {
		if got := Language(wanted); got != want {
			t.Errorf("%q is spoken to in %q, want %q", wanted, got, want)
		}
	}
	if _, err := Audio("fr", PressOne); err == nil {
		t.Error("there is audio in French")
	}
}
