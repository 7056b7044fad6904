package siptest

import (
	"slices"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
)

// BeforeMenu returns the part of what was heard in which a call tells of its alert:
// up to the first menu, or all of it if there was none.
func BeforeMenu(heard []int16) []int16 {
	matches := Recognise(heard, Vocabulary())
	menu := slices.IndexFunc(matches, func(m Match) bool { return m.Name == phrase.PressOne })
	if menu < 0 {
		return heard
	}
	return heard[:int(matches[menu].At*media.SampleRate/time.Second)]
}

// Alike returns how much one piece of audio is like another one: the correlation,
// up to 1, of their envelopes (loudness over time, every 5 ms) at the place where
// the shorter one fits the longer one best; 0 if one is shorter than 5 ms. Audio
// that carries the same speech comes near 1 through codecs and jitter buffers; other
// speech of the same voice stays below 0.5. Beware of what two calls have in common:
// of the same priority, and with numbers of as many digits, half of what they say
// before the menu is the same, and they reach 0.8. Compare other numbers, or titles.
//
// It takes no recording to know a text, as [Recognise] does: what was heard is
// compared with the text spoken anew by the same synthesizer.
func Alike(a, b []int16) float64 {
	long, short := newSound(a).envelope, newSound(b).envelope
	if len(long) < len(short) {
		long, short = short, long
	}
	if len(short) == 0 {
		return 0
	}
	best := -1.0
	for i := range len(long) - len(short) + 1 {
		best = max(best, correlation(long[i:i+len(short)], short, false))
	}
	return best
}
