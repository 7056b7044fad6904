package media

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

// wav makes a WAV file of two chunks whose lengths are claimed, not measured.
func wav(format, channels uint16, rate uint32, bits uint16, claimed uint32, content []byte) []byte {
	file := []byte("RIFF\xff\xff\xff\x7fWAVEfmt \x10\x00\x00\x00")
	file = binary.LittleEndian.AppendUint16(file, format)
	file = binary.LittleEndian.AppendUint16(file, channels)
	file = binary.LittleEndian.AppendUint32(file, rate)
	file = binary.LittleEndian.AppendUint32(file, rate*uint32(channels)*uint32(bits)/8)
	file = binary.LittleEndian.AppendUint16(file, channels*bits/8)
	file = binary.LittleEndian.AppendUint16(file, bits)
	file = append(file, "data"...)
	file = binary.LittleEndian.AppendUint32(file, claimed)
	return append(file, content...)
}

func TestParseWAV(t *testing.T) {
	content := []byte{1, 0, 0xff, 0xff, 0, 0x80}
	whole := wav(1, 1, 22050, 16, 6, content)
	extra := slices.Concat(whole[:36], []byte("LIST\x03\x00\x00\x00abc\x00"), whole[36:])
	for name, test := range map[string]struct {
		file []byte
		want []int16
		err  string
	}{
		"plain":             {file: whole, want: []int16{1, -1, -32768}},
		"through a pipe":    {file: wav(1, 1, 22050, 16, 0x7ffff000, content), want: []int16{1, -1, -32768}},
		"a chunk between":   {file: extra, want: []int16{1, -1, -32768}},
		"half a sample":     {file: wav(1, 1, 22050, 16, 6, content[:3]), want: []int16{1}},
		"something after":   {file: append(wav(1, 1, 22050, 16, 2, content), "junk"...), want: []int16{1}},
		"nothing":           {err: "no WAV file"},
		"an MP3":            {file: []byte("ID3\x03 and much more"), err: "no WAV file"},
		"no samples":        {file: whole[:36], err: "no samples"},
		"cut off":           {file: whole[:30], err: "cut off"},
		"samples too early": {file: slices.Concat(whole[:12], whole[36:]), err: "before it says"},
		"stereo":            {file: wav(1, 2, 22050, 16, 6, content), err: "2 channels"},
		"eight bits":        {file: wav(1, 1, 22050, 8, 6, content), err: "8 bits"},
		"floats":            {file: wav(3, 1, 22050, 32, 6, content), err: "format 3"},
		"too fast":          {file: wav(1, 1, 96000, 16, 6, content), err: "96000"},
		"no rate":           {file: wav(1, 1, 0, 16, 6, content), err: "0 samples a second"},
	} {
		samples, rate, err := ParseWAV(test.file)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v, want one with %q", name, err, test.err)
			}
			continue
		}
		if err != nil || rate != 22050 || !slices.Equal(samples, test.want) {
			t.Errorf("%s: %v at %d, %v; want %v", name, samples, rate, err, test.want)
		}
	}
}

func FuzzWAV(f *testing.F) {
	f.Add(wav(1, 1, 22050, 16, 0x7ffff000, []byte{1, 2, 3, 4}))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVELIST\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		samples, rate, err := ParseWAV(file)
		if err == nil && (rate < minRate || rate > maxRate || 2*len(samples) > len(file)) {
			t.Errorf("%d samples at %d out of %d bytes", len(samples), rate, len(file))
		}
	})
}

// TestResample: a tone of the telephone's band comes through as it was, one above
// it does not come through, least of all as another tone.
func TestResample(t *testing.T) {
	for _, test := range []struct {
		from      int
		hertz     float64
		want, off float64 // the amplitude wanted, of 1, and how far off it may be
	}{
		{22050, 300, 1, 0.001}, {22050, 1000, 1, 0.001}, {22050, 3400, 1, 0.002},
		{22050, 4000, 0, 0.001}, {22050, 5000, 0, 0.001}, {22050, 9000, 0, 0.001},
		{48000, 1000, 1, 0.001}, {48000, 6000, 0, 0.001},
		{8000, 1000, 1, 0}, {16000, 3000, 1, 0.001}, {11025, 3000, 1, 0.001}, {44100, 15000, 0, 0.001},
	} {
		audio := tone(test.from, test.hertz, test.from) // 1 s
		got := Resample(audio, test.from, SampleRate)
		if len(got) != SampleRate {
			t.Errorf("1 s at %d became %d samples", test.from, len(got))
			continue
		}
		want := tone(SampleRate, test.hertz, SampleRate)
		// The ends are cut off: there a tone that begins at once has no narrow band.
		for i := 200; i < len(got)-200; i++ {
			if off := math.Abs(got[i] - test.want*want[i]); off > test.off {
				t.Errorf("%g Hz at %d: off by %.4f at sample %d", test.hertz, test.from, off, i)
				break
			}
		}
	}
	if got := Resample(nil, 22050, SampleRate); len(got) != 0 {
		t.Errorf("nothing became %d samples", len(got))
	}
}

func tone(rate int, hertz float64, length int) []float64 {
	wave := make([]float64, length)
	for i := range wave {
		wave[i] = math.Sin(2 * math.Pi * hertz * float64(i) / float64(rate))
	}
	return wave
}
