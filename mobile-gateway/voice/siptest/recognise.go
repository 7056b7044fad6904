package siptest

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
	"keng/proto/channel"
)

// Phrase is a recorded phrase of a language.
type Phrase struct {
	Language channel.Language
	Name     phrase.Name
}

// String returns the phrase as "vi/press-1".
func (p Phrase) String() string { return string(p.Language) + "/" + string(p.Name) }

// Match is a phrase that was recognised.
type Match struct {
	Phrase
	At    time.Duration // its beginning, from the beginning of the audio
	Score float64       // correlation with the recording, up to 1
}

// Vocabulary returns all recorded phrases of all languages.
func Vocabulary() []Phrase {
	var all []Phrase
	for _, language := range phrase.Languages() {
		for _, name := range phrase.Names() {
			all = append(all, Phrase{language, name})
		}
	}
	return all
}

// How alike audio must be to a recording to be it. The same recording stays above
// 0.98 through A-law and losses; of different ones, two syllables that rhyme and
// come from the same synthesiser reach 0.71 (TestScores).
const (
	waveAlike = 0.87
	// envelopeAlike is only a sieve for places worth a closer look.
	envelopeAlike = 0.6
	hop           = 40 // samples, 5 ms: the grid of envelopes
)

// Recognise finds the phrases in the audio, in the order of their beginnings.
// It compares waves, not meanings: it knows a recording when it hears it, through
// G.711 and with gaps, and nothing else, not even the same words spoken anew.
//
// Two steps: where the envelope (loudness over time) of audio and phrase agree,
// their waves are compared at every sample around.
func Recognise(audio []int16, phrases []Phrase) []Match {
	heard := newSound(audio)
	var found []Match
	for _, p := range phrases {
		recording, err := phrase.Audio(p.Language, p.Name)
		if err != nil {
			continue // no such phrase was recorded, so none is heard
		}
		found = append(found, heard.find(p, newSound(recording))...)
	}
	return withoutOverlaps(found)
}

// sound is audio prepared for comparing.
type sound struct {
	wave     []float64
	envelope []float64
	energy   []float64 // energy[i] is the energy of wave[:i]
}

func newSound(samples []int16) sound {
	s := sound{wave: make([]float64, len(samples)), energy: make([]float64, len(samples)+1)}
	for i, sample := range samples {
		s.wave[i] = float64(sample)
		s.energy[i+1] = s.energy[i] + s.wave[i]*s.wave[i]
	}
	for i := 0; i+hop <= len(samples); i += hop {
		s.envelope = append(s.envelope, math.Sqrt(s.energy[i+hop]-s.energy[i]))
	}
	return s
}

// find returns where the phrase occurs in s.
func (s sound) find(p Phrase, recording sound) []Match {
	var found []Match
	for near := range s.places(recording) {
		if at, alike := s.compare(recording, near); alike >= waveAlike {
			found = append(found, Match{Phrase: p, At: time.Duration(at) * time.Second / media.SampleRate, Score: alike})
		}
	}
	return found
}

// places yields where the envelopes agree: the sieve.
func (s sound) places(recording sound) iter.Seq[int] {
	return func(yield func(int) bool) {
		width := len(recording.envelope)
		if width == 0 {
			return
		}
		before, now := 0.0, 0.0
		for i := 0; i+width <= len(s.envelope); i++ {
			after := 0.0
			if i+1+width <= len(s.envelope) {
				after = correlation(s.envelope[i+1:i+1+width], recording.envelope, true)
			}
			if i == 0 {
				now = correlation(s.envelope[:width], recording.envelope, true)
			}
			if now >= envelopeAlike && now >= before && now >= after && !yield(i*hop) {
				return
			}
			before, now = now, after
		}
	}
}

// compare returns the place around near at which the wave is most like the
// recording's, and how much so. The place is searched with the loudest part of
// the recording, then judged by all of it.
func (s sound) compare(recording sound, near int) (at int, alike float64) {
	best := math.Inf(-1)
	loud, length := recording.loudest()
	for i := max(0, near-2*hop); i <= min(near+2*hop, len(s.wave)-len(recording.wave)); i++ {
		if alike := likeness(s.wave[i+loud:], recording.wave[loud:loud+length]); alike > best {
			best, at = alike, i
		}
	}
	if math.IsInf(best, -1) {
		return 0, 0
	}
	return at, likeness(s.wave[at:], recording.wave)
}

// likeness is the correlation of a wave's beginning with a recording, over the
// samples that are not 0: lost packets count neither for nor against it. It is
// 0 if they were more than half of the recording's energy.
func likeness(wave, recording []float64) float64 {
	var dot, power, recorded, whole float64
	for i, r := range recording {
		whole += r * r
		if w := wave[i]; w != 0 {
			dot += w * r
			power += w * w
			recorded += r * r
		}
	}
	if power == 0 || recorded < whole/2 {
		return 0
	}
	return dot / math.Sqrt(power*recorded)
}

// loudest returns the place of the loudest 100 ms, long enough to span several
// lost packets.
func (s sound) loudest() (at, length int) {
	length = min(len(s.wave), media.SampleRate/10)
	best := -1.0
	for i := 0; i+length <= len(s.wave); i += hop {
		if e := s.energy[i+length] - s.energy[i]; e > best {
			best, at = e, i
		}
	}
	return at, length
}

// correlation is Pearson's coefficient of two equally long rows. If gaps is set, it
// is over the places at which a is not 0, for a lost packet says nothing about
// likeness, and is 0 if that is less than half of them.
func correlation(a, b []float64, gaps bool) float64 {
	var n, sumA, sumB, sumAA, sumBB, sumAB float64
	for i := range a {
		if gaps && a[i] == 0 {
			continue
		}
		n++
		sumA += a[i]
		sumB += b[i]
		sumAA += a[i] * a[i]
		sumBB += b[i] * b[i]
		sumAB += a[i] * b[i]
	}
	if n < float64(len(a))/2 {
		return 0
	}
	power := (sumAA - sumA*sumA/n) * (sumBB - sumB*sumB/n)
	if power <= 0 {
		return 0
	}
	return (sumAB - sumA*sumB/n) / math.Sqrt(power)
}

// withoutOverlaps keeps the best of matches that lie over each other, and orders
// what remains by time.
func withoutOverlaps(found []Match) []Match {
	slices.SortFunc(found, func(a, b Match) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Match
	for _, match := range found {
		if !slices.ContainsFunc(kept, match.overlaps) {
			kept = append(kept, match)
		}
	}
	slices.SortFunc(kept, func(a, b Match) int { return cmp.Compare(a.At, b.At) })
	return kept
}

func (m Match) overlaps(other Match) bool {
	return m.At < other.end() && other.At < m.end()
}

func (m Match) end() time.Duration {
	recording, _ := phrase.Audio(m.Language, m.Name)
	return m.At + time.Duration(len(recording))*time.Second/media.SampleRate
}
