package tts

import (
	"math"
	"slices"

	"keng/mobile-gateway/voice/media"
)

const (
	// quiet is the amplitude, of 1, under which a beginning or an end is silence. The
	// synthesizer pads with it.
	quiet = 0.003

	// rumble is the lowest frequency kept, in Hz: telephones carry less of what is
	// below, and it eats up loudness.
	rumble = 200

	// loudness is the power of speech while somebody speaks, of 1: −20 dB. Networks
	// are planned for −26 dB (ITU-T P.56); a sleeper needs more, and above −19 dB the
	// peaks of some sentences would not fit.
	loudness = 0.01

	// speaking is the power, of the loudest 20 ms, from which on somebody speaks.
	speaking = 0.01

	// peak is the greatest amplitude, of 1, that is left to a codec, whatever becomes of
	// the loudness.
	peak = 0.95

	// fade is the length of fading in and out, in 8 kHz samples: 5 ms. A cut wave
	// clicks.
	fade = media.SampleRate / 200
)

// condition makes of a synthesizer's samples what goes well over a telephone. It
// returns nothing if they are all silence.
func condition(samples []int16, rate int) []int16 {
	wave := make([]float64, len(samples))
	for i, sample := range samples {
		wave[i] = float64(sample) / -math.MinInt16
	}
	wave = trim(wave)
	highPass(wave, rumble, rate)
	wave = media.Resample(wave, rate, media.SampleRate)
	wave = wave[:min(len(wave), int(Longest.Seconds())*media.SampleRate)]
	level(wave)
	for i := range min(fade, len(wave)) {
		gain := float64(i) / fade
		wave[i] *= gain
		wave[len(wave)-1-i] *= gain
	}
	spoken := make([]int16, len(wave))
	for i, v := range wave {
		spoken[i] = int16(math.Round(v * math.MaxInt16))
	}
	return spoken
}

// trim cuts the silence off at both ends.
func trim(wave []float64) []float64 {
	loud := func(v float64) bool { return math.Abs(v) >= quiet }
	begin := slices.IndexFunc(wave, loud)
	if begin < 0 {
		return nil
	}
	end := len(wave)
	for !loud(wave[end-1]) {
		end--
	}
	return wave[begin:end]
}

// highPass weakens, in place, what lies below a frequency in Hz, by 12 dB an
// octave: a Butterworth filter of second order, by the bilinear transform.
func highPass(wave []float64, hertz float64, rate int) {
	k := math.Tan(math.Pi * hertz / float64(rate))
	norm := 1 / (1 + math.Sqrt2*k + k*k)
	a1, a2 := 2*(k*k-1)*norm, (1-math.Sqrt2*k+k*k)*norm
	var x1, x2, y1, y2 float64 // the two before: in and out
	for i, x := range wave {
		y := norm*(x-2*x1+x2) - a1*y1 - a2*y2
		x2, x1, y2, y1 = x1, x, y1, y
		wave[i] = y
	}
}

// level brings 8 kHz audio to the loudness wanted, in place.
func level(wave []float64) {
	greatest := 0.0
	for _, v := range wave {
		greatest = max(greatest, math.Abs(v))
	}
	if greatest == 0 {
		return
	}
	gain := min(math.Sqrt(loudness/power(wave)), peak/greatest)
	for i := range wave {
		wave[i] *= gain
	}
}

// power is the mean power of those pieces of 20 ms in which somebody speaks.
func power(wave []float64) float64 {
	var pieces []float64
	for piece := range slices.Chunk(wave, media.FrameSamples) {
		sum := 0.0
		for _, v := range piece {
			sum += v * v
		}
		pieces = append(pieces, sum/float64(len(piece)))
	}
	least := slices.Max(pieces) * speaking
	sum, n := 0.0, 0
	for _, p := range pieces {
		if p >= least {
			sum, n = sum+p, n+1
		}
	}
	return sum / float64(n)
}
