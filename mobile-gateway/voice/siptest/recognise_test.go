package siptest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
	"keng/proto/channel"
)

func announcement(t *testing.T, language channel.Language, number string) []int16 {
	t.Helper()
	names := phrase.Alert(channel.Page{Priority: "P3", TinyID: number})
	audio, err := phrase.Speak(language, append(names, phrase.Menu()...))
	if err != nil {
		t.Fatal(err)
	}
	return audio
}

func heard(audio []int16) []string { return Call{Audio: audio}.Heard() }

func wanted(language, number string) []string {
	names := []string{language + "/keng-alert", language + "/priority", language + "/3", language + "/alert-number"}
	for _, digit := range number {
		names = append(names, language+"/"+string(digit))
	}
	return append(names, language+"/press-1", language+"/press-2-3")
}

// lose silences every n-th packet, beginning with the first-th.
func lose(audio []int16, n, first int) []int16 {
	audio = slices.Clone(audio)
	for i := first; i*media.FrameSamples < len(audio); i += n {
		clear(audio[i*media.FrameSamples : min((i+1)*media.FrameSamples, len(audio))])
	}
	return audio
}

// TestRecognise: what was said is heard, wherever it begins, through A-law and
// with every packet's loss in turn, and nothing else is: not another number, not
// the other language.
func TestRecognise(t *testing.T) {
	for _, language := range phrase.Languages() {
		for _, number := range []string{"42", "80", "1735269"} {
			audio := announcement(t, language, number)
			want := wanted(string(language), number)
			if got := heard(audio); !slices.Equal(got, want) {
				t.Errorf("%s %s, plain: heard %v", language, number, got)
			}
			if len(number) == 2 {
				continue
			}
			shifted := slices.Concat(make([]int16, 1237), media.PCMA.Decode(media.PCMA.Encode(audio)), make([]int16, 99))
			if got := heard(shifted); !slices.Equal(got, want) {
				t.Errorf("%s %s, shifted and through A-law: heard %v", language, number, got)
			}
			for first := 0; first < 10; first += 3 {
				if got := heard(lose(audio, 10, first)); !slices.Equal(got, want) {
					t.Errorf("%s %s, every tenth packet lost from %d on: heard %v", language, number, first, got)
				}
			}
		}
	}
}

func TestRecogniseNothing(t *testing.T) {
	noise := make([]int16, 5*media.SampleRate)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = int16(random.IntN(20000) - 10000)
	}
	backwards := announcement(t, channel.Vietnamese, "1735269")
	slices.Reverse(backwards)
	half := announcement(t, channel.English, "")
	half = half[:len(half)-media.SampleRate/2] // the menu's second part is cut off
	for name, test := range map[string]struct {
		audio []int16
		want  []string
	}{
		"nothing":   {nil, nil},
		"short":     {make([]int16, 7), nil},
		"silence":   {make([]int16, 5*media.SampleRate), nil},
		"noise":     {noise, nil},
		"backwards": {backwards, nil},
		"cut off":   {half, []string{"en/keng-alert", "en/priority", "en/3", "en/press-1"}},
	} {
		if got := heard(test.audio); !slices.Equal(got, test.want) {
			t.Errorf("%s: heard %v, want %v", name, got, test.want)
		}
	}
}

// TestScores: each recording is told from each other one by a wide margin, on
// which the thresholds rest.
func TestScores(t *testing.T) {
	worst := 0.0
	for _, p := range Vocabulary() {
		recording, err := phrase.Audio(p.Language, p.Name)
		if err != nil {
			t.Fatal(err)
		}
		pad := make([]int16, 2*media.SampleRate)
		audio := newSound(slices.Concat(pad, recording, pad))
		for _, other := range Vocabulary() {
			if other == p {
				continue
			}
			samples, err := phrase.Audio(other.Language, other.Name)
			if err != nil {
				t.Fatal(err)
			}
			sought := newSound(samples)
			for near := range audio.places(sought) {
				if at, alike := audio.compare(sought, near); alike > worst {
					worst = alike
					t.Logf("%.2f: %s has something like %s at sample %d", alike, p, other, at-len(pad))
				}
			}
		}
	}
	t.Logf("most alike of two different recordings: %.2f", worst)
	if worst > waveAlike-0.1 {
		t.Errorf("two different recordings correlate at %.2f, too close to the threshold %.2f", worst, waveAlike)
	}
}

func TestRecorderPutsPacketsInPlace(t *testing.T) {
	packet := func(source, timestamp uint32, value int16) media.Packet {
		return media.Packet{Source: source, Timestamp: timestamp, Samples: slices.Repeat([]int16{value}, 160)}
	}
	var r recorder
	start := uint32(0xffffff80) // the timestamp wraps around
	r.add(packet(1, start, 1))
	r.add(packet(1, start+480, 4)) // overtakes
	r.add(packet(1, start+160, 2))
	r.add(packet(1, start-1600, 9))  // from before the beginning
	r.add(packet(1, start+1<<30, 9)) // from the far future
	r.add(packet(7, 12345, 5))       // the sender changed
	got, _ := r.recording(0)
	want := slices.Concat(packet(0, 0, 1).Samples, packet(0, 0, 2).Samples, packet(0, 0, 0).Samples, packet(0, 0, 4).Samples, packet(0, 0, 5).Samples)
	if !slices.Equal(got, want) {
		t.Errorf("recorded %d samples, want %d; or not the same ones", len(got), len(want))
	}
	if rest, _ := r.recording(80 * time.Millisecond); !slices.Equal(rest, packet(0, 0, 5).Samples) {
		t.Errorf("recording from 80 ms on is %d samples", len(rest))
	}
}
