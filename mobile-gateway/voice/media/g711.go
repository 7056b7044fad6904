package media

import (
	"fmt"
	"math/bits"
	"time"
)

// SampleRate is the rate of all audio here, in samples a second.
const SampleRate = 8000

// FrameSamples is the number of samples in one packet: 20 ms.
const FrameSamples = SampleRate / 50

// FrameTime is the time that one packet lasts.
const FrameTime = 20 * time.Millisecond

// Codec is a way to write a sample in one byte. Its value is the static RTP
// payload type (RFC 3551 §6).
type Codec uint8

// The two codecs of G.711, which every telephone speaks.
const (
	PCMU Codec = 0 // µ-law
	PCMA Codec = 8 // A-law
)

// String returns the name that SDP uses.
func (c Codec) String() string {
	switch c {
	case PCMU:
		return "PCMU"
	case PCMA:
		return "PCMA"
	default:
		return fmt.Sprintf("payload type %d", uint8(c))
	}
}

// Known reports whether c is a codec that this package speaks.
func (c Codec) Known() bool { return c == PCMU || c == PCMA }

// Encode returns the samples as one byte each.
func (c Codec) Encode(samples []int16) []byte {
	encode := muLaw
	if c == PCMA {
		encode = aLaw
	}
	bytes := make([]byte, len(samples))
	for i, s := range samples {
		bytes[i] = encode(s)
	}
	return bytes
}

// Decode returns the samples written in bytes.
func (c Codec) Decode(bytes []byte) []int16 {
	decode := muLawSample
	if c == PCMA {
		decode = aLawSample
	}
	samples := make([]int16, len(bytes))
	for i, b := range bytes {
		samples[i] = decode(b)
	}
	return samples
}

// Silence returns d of silence.
func Silence(d time.Duration) []int16 {
	return make([]int16, int(d*SampleRate/time.Second))
}

// µ-law (ITU-T G.711 table 2): the magnitude plus a bias of 33 (132 at 16
// bits) is a floating point number of 3 bits exponent and 4 bits mantissa; all
// bits are sent inverted.
const (
	muLawBias = 132
	muLawClip = 32635
)

func muLaw(sample int16) byte {
	sign, magnitude := byte(0), int(sample)
	if magnitude < 0 {
		sign, magnitude = 0x80, -magnitude
	}
	magnitude = min(magnitude, muLawClip) + muLawBias
	exponent := bits.Len(uint(magnitude)) - 8
	mantissa := byte(magnitude>>(exponent+3)) & 0x0f
	return ^(sign | byte(exponent)<<4 | mantissa)
}

func muLawSample(b byte) int16 {
	b = ^b
	exponent, mantissa := int(b>>4)&7, int(b)&0x0f
	magnitude := (mantissa<<3+muLawBias)<<exponent - muLawBias
	if b&0x80 != 0 {
		return int16(-magnitude)
	}
	return int16(magnitude)
}

// A-law (ITU-T G.711 table 1): 13 bits, the smallest exponent is linear, even
// bits are sent inverted.
func aLaw(sample int16) byte {
	sign, magnitude := byte(0x80), int(sample)
	if magnitude < 0 {
		sign, magnitude = 0, -magnitude-1
	}
	magnitude >>= 3
	exponent := max(0, bits.Len(uint(magnitude))-5)
	mantissa := byte(magnitude>>max(exponent, 1)) & 0x0f
	return (sign | byte(exponent)<<4 | mantissa) ^ 0x55
}

func aLawSample(b byte) int16 {
	b ^= 0x55
	exponent, mantissa := int(b>>4)&7, int(b)&0x0f
	magnitude := mantissa<<4 + 8
	if exponent > 0 {
		magnitude = (magnitude + 256) << (exponent - 1)
	}
	if b&0x80 == 0 {
		return int16(-magnitude)
	}
	return int16(magnitude)
}
