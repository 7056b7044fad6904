package tts

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
	"keng/proto/channel"
)

// espeak returns the real synthesizer. Without it the test is skipped, or fails
// where CI says that all counterparts are installed.
func espeak(t *testing.T) Synthesizer {
	t.Helper()
	s, err := Find("")
	if err == nil {
		return s
	}
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skip("SKIPPED: nothing was spoken:", err)
	return s
}

// script returns a synthesizer that is a shell script. It is called before
// t.Parallel: a process that another test starts at the same time would inherit the
// file while it is open for writing, and such a file cannot be run.
func script(t *testing.T, lines string) Synthesizer {
	t.Helper()
	if _, err := exec.LookPath("/bin/sh"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: there is no /bin/sh to play a faulty espeak-ng")
	}
	file := filepath.Join(t.TempDir(), "espeak-ng")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+lines+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := Find(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestClean(t *testing.T) {
	word := strings.Repeat("ỹ", 19) + " "
	for text, want := range map[string]string{
		"Máy chủ  web\r\n\tkhông trả lời ": "Máy chủ web không trả lời",
		"":                                 "",
		"\x00\x07\x1b[31mred\x1b[0m\u202e": "31mred 0m",
		"a\xffb\ufffdc":                    "a b c",
		"say [[h@'l@U]] [x":                "say h@'l@U x",
		"--version -f /etc/passwd":         "--version -f /etc/passwd", // on standard input this is but text
		"zero\u200bwidth \ue000 \U0010ffff no-op":  "zero width no-op",
		strings.Repeat(word, 50):                   strings.TrimSpace(strings.Repeat(word, 10)),
		strings.Repeat("ư", 500):                   strings.Repeat("ư", TextMax),
		strings.Repeat("\x00", 1<<20) + "far away": "",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%.40q is spoken as %q, want %q", text, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Máy chủ [[x]]\x00")
	f.Fuzz(func(t *testing.T, text string) {
		clean := Clean(text)
		if !utf8.ValidString(clean) || utf8.RuneCountInString(clean) > TextMax || strings.ContainsAny(clean, "[]\n\x00") {
			t.Errorf("%q is spoken as %q", text, clean)
		}
		if again := Clean(clean); again != clean {
			t.Errorf("%q is spoken as %q, and that as %q", text, clean, again)
		}
	})
}

func TestLanguage(t *testing.T) {
	for _, test := range []struct {
		text         string
		wanted, want channel.Language
	}{
		{"website down", "vi", "vi"}, {"website down", "en", "en"}, {"Café fermé à Lyon", "en", "en"},
		{"Máy chủ không trả lời", "en", "vi"}, {"ĐIỆN", "en", "vi"}, {"", "en", "en"},
	} {
		if got := Language(test.text, test.wanted); got != test.want {
			t.Errorf("%q for one who wants %s is spoken in %s, want %s", test.text, test.wanted, got, test.want)
		}
	}
}

// TestSay: what is spoken is as loud as the recorded phrases, and bounded.
func TestSay(t *testing.T) {
	s := espeak(t)
	for text, language := range map[string]channel.Language{
		"Máy chủ web ở Hà Nội không trả lời":      "vi",
		"Ổ đĩa của cơ sở dữ liệu sắp đầy":         "vi",
		"website is down: connection refused":     "vi",
		"The web server in Hanoi does not answer": "en",
		"--version":                      "en",
		"<speak><break time=\"9s\"/>a b": "en",
		strings.Repeat("W9", 500):        "en",
	} {
		spoken, err := s.Say(t.Context(), language, Pace, text)
		if err != nil {
			t.Errorf("%.40q: %v", text, err)
			continue
		}
		length := time.Duration(len(spoken)) * time.Second / media.SampleRate
		if length < 400*time.Millisecond || length > Longest {
			t.Errorf("%.40q lasts %s", text, length)
		}
		if got := decibels(spoken); got < -21 || got > -19 {
			t.Errorf("%.40q has %.1f dB, the recorded phrases have −20", text, got)
		}
	}
	for _, text := range []string{"", "\x00", "[[]]"} {
		if _, err := s.Say(t.Context(), "vi", Pace, text); !errors.Is(err, ErrNothing) {
			t.Errorf("%q: %v, want ErrNothing", text, err)
		}
	}
}

// decibels is the loudness of audio while somebody speaks.
func decibels(audio []int16) float64 {
	wave := make([]float64, len(audio))
	for i, v := range audio {
		wave[i] = float64(v) / math.MaxInt16
	}
	return 10 * math.Log10(power(wave))
}

// TestRecorded: the recorded phrases are as loud as what is spoken beside them, and
// are what this package makes of their texts, if espeak-ng is of the same version.
func TestRecorded(t *testing.T) {
	for _, language := range phrase.Languages() {
		for _, name := range phrase.Names() {
			audio, err := phrase.Audio(language, name)
			if err != nil {
				t.Fatal(err)
			}
			if got := decibels(audio); got < -21 || got > -19 {
				t.Errorf("%s/%s has %.1f dB", language, name, got)
			}
		}
	}
	got, err := espeak(t).Say(t.Context(), channel.Vietnamese, Pace, phrase.Text(channel.Vietnamese, phrase.PressOther))
	if err != nil {
		t.Fatal(err)
	}
	want, err := phrase.Audio(channel.Vietnamese, phrase.PressOther)
	if err != nil {
		t.Fatal(err)
	}
	if got = media.PCMU.Decode(media.PCMU.Encode(got)); !slices.Equal(got, want) {
		t.Logf("%d samples, %d are recorded, and not the same: another espeak-ng, or run go generate in package phrase", len(got), len(want))
	}
}

// TestFaulty: whatever the program does, Say returns soon and says what is wrong.
func TestFaulty(t *testing.T) {
	for name, test := range map[string]struct {
		lines, err string
	}{
		"fails":                     {"echo no voices >&2; exit 3", `exit status 3: "no voices\n"`},
		"complains without an end":  {"while :; do echo no voices >&2; done", "deadline exceeded"},
		"says nothing":              {"", "no WAV file"},
		"babbles":                   {"cat; exit 0", "no WAV file"},
		"babbles without an end":    {"exec cat /dev/zero", "deadline exceeded"},
		"hangs":                     {"exec sleep 20", "deadline exceeded"},
		"leaves a child that hangs": {"sleep 2", "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			s := script(t, test.lines)
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			start := time.Now()
			spoken, err := s.Say(ctx, "en", Pace, "hello")
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%d samples, error %v; want one with %q", len(spoken), err, test.err)
			}
			if took := time.Since(start); took > 1500*time.Millisecond {
				t.Errorf("took %s", took)
			}
		})
	}
}

// TestArguments: the text is on standard input and nowhere else.
func TestArguments(t *testing.T) {
	dir := t.TempDir()
	s := script(t, `echo "$@" > `+dir+`/arguments; cat > `+dir+`/text`)
	t.Parallel()
	if _, err := s.Say(t.Context(), channel.Vietnamese, 120, "--version\x00\n-w /tmp/x"); err == nil {
		t.Error("no samples and no error")
	}
	for file, want := range map[string]string{"arguments": "-b 1 -v vi -s 120 --stdin --stdout\n", "text": "--version -w /tmp/x"} {
		if got, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(got) != want {
			t.Errorf("%s: %q, want %q (%v)", file, got, want, err)
		}
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if _, err := Find(""); !errors.Is(err, ErrMissing) {
		t.Errorf("empty PATH: %v", err)
	}
	file := filepath.Join(dir, "espeak-ng")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, dir, filepath.Join(dir, "other"), "espeak-ng", "./espeak-ng"} {
		if _, err := Find(path); err == nil {
			t.Errorf("%s is found, and is no program", path)
		}
	}
	if err := os.Chmod(file, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", file} {
		if s, err := Find(path); err != nil || s.path != file {
			t.Errorf("%q: %q, %v", path, s.path, err)
		}
	}
}

// TestCondition: silence goes, what remains is level and begins and ends gently.
func TestCondition(t *testing.T) {
	const rate = 22050
	tone := make([]int16, 3*rate)
	for i := rate; i < 2*rate; i++ {
		tone[i] = int16(2000 * math.Sin(2*math.Pi*500*float64(i)/rate))
	}
	got := condition(tone, rate)
	if length := len(got); length < media.SampleRate-10 || length > media.SampleRate+10 {
		t.Errorf("1 s of tone became %d samples", length)
	}
	if got := decibels(got); math.Abs(got+20) > 0.1 {
		t.Errorf("it has %.2f dB, want −20", got)
	}
	if got[0] != 0 || got[len(got)-1] != 0 {
		t.Errorf("it begins with %d and ends with %d", got[0], got[len(got)-1])
	}
	for name, samples := range map[string][]int16{"nothing": nil, "silence": make([]int16, rate), "hiss": {1, -1, 2, 98}} {
		if got := condition(samples, rate); len(got) != 0 {
			t.Errorf("%s became %d samples", name, len(got))
		}
	}
	if got := condition(slices.Repeat([]int16{9000, -9000}, 30*rate/2), rate); len(got) != int(Longest/time.Second)*media.SampleRate {
		t.Errorf("30 s became %d samples", len(got))
	}
}

func TestHighPass(t *testing.T) {
	for hertz, want := range map[float64]float64{50: -24, 100: -12.3, 200: -3, 1000: 0} {
		wave := make([]float64, 22050)
		for i := range wave {
			wave[i] = math.Sin(2 * math.Pi * hertz * float64(i) / 22050)
		}
		highPass(wave, rumble, 22050)
		greatest := slices.Max(wave[11025:]) // when it has settled
		if got := 20 * math.Log10(greatest); math.Abs(got-want) > 0.2 {
			t.Errorf("%g Hz: %.1f dB, want %.1f", hertz, got, want)
		}
	}
}
