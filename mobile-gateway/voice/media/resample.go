package media

import "math"

const (
	// passBand is how much of the band that both rates can carry is kept: up to
	// 3.6 kHz at 8 kHz. The rest is where the filter falls off.
	passBand = 0.9

	// lobes is how many zeros of the sinc lie on each side of its middle. The filter
	// falls from −6 dB at passBand to under −60 dB at the band's end within them.
	lobes = 48
)

// Resample returns audio of one rate (samples a second) at another one. It is a
// band-limited interpolation: each new sample is the sum of the old ones around
// it, weighted with a sinc under a Blackman window. What lies above the lower
// rate's band is removed, so that it does not come back as a whistle.
//
// The rates are positive. A new sample lies at one of to/gcd(from, to) places
// between two old ones, so the weights are computed once for each of these.
func Resample(audio []float64, from, to int) []float64 {
	if from == to || len(audio) == 0 {
		return audio
	}
	divisor := gcd(from, to)
	up, down := to/divisor, from/divisor
	weights := sincs(up, min(1, float64(to)/float64(from))*passBand)
	reach := len(weights[0]) / 2
	resampled := make([]float64, (len(audio)*up+down-1)/down)
	for i := range resampled {
		middle, place := i*down/up, i*down%up
		begin := middle - reach + 1
		sum := 0.0
		for k := max(0, -begin); k < 2*reach && begin+k < len(audio); k++ {
			sum += audio[begin+k] * weights[place][k]
		}
		resampled[i] = sum
	}
	return resampled
}

// sincs returns, for each of the places between two samples, the weights of the
// samples around it. width is the band that is kept, as a part of the old rate's.
func sincs(places int, width float64) [][]float64 {
	reach := int(math.Ceil(lobes / width))
	weights := make([][]float64, places)
	for place := range weights {
		row, sum := make([]float64, 2*reach), 0.0
		for k := range row {
			// How far the old sample lies from the new one.
			x := float64(k-reach+1) - float64(place)/float64(places)
			row[k] = sinc(x*width) * blackman(x/float64(reach))
			sum += row[k]
		}
		for k := range row {
			row[k] /= sum
		}
		weights[place] = row
	}
	return weights
}

// sinc is sin(πx)/πx.
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// blackman is the Blackman window over −1 to 1.
func blackman(x float64) float64 {
	if x < -1 || x > 1 {
		return 0
	}
	return 0.42 + 0.5*math.Cos(math.Pi*x) + 0.08*math.Cos(2*math.Pi*x)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
