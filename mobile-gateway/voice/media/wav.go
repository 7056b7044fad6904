package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// The rates that a WAV file may have, in samples a second.
	minRate, maxRate = SampleRate, 48000

	// riffHeader is the length of what precedes the first chunk, chunkHeader that of
	// what precedes a chunk's content, wavFormat that of the least "fmt " chunk.
	riffHeader, chunkHeader, wavFormat = 12, 8, 16

	wavPCM = 1 // the format of plain samples
)

// ParseWAV reads a WAV file of one channel and 16 bits, at 8,000 to 48,000
// samples a second. A program that writes to a pipe does not know how long its
// file will be, and puts a number of its own into the header: a chunk that claims
// more than there is ends where the file does.
func ParseWAV(file []byte) (samples []int16, rate int, err error) {
	if len(file) < riffHeader || !bytes.HasPrefix(file, []byte("RIFF")) || string(file[8:12]) != "WAVE" {
		return nil, 0, errors.New("this is no WAV file")
	}
	for rest := file[riffHeader:]; len(rest) >= chunkHeader; {
		name, length := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[chunkHeader:]
		content := rest[:min(length, int64(len(rest)))]
		switch name {
		case "fmt ":
			if rate, err = wavRate(content); err != nil {
				return nil, 0, err
			}
		case "data":
			if rate == 0 {
				return nil, 0, errors.New("the WAV file has samples before it says of what form they are")
			}
			return wavSamples(content), rate, nil
		}
		rest = rest[min(length+length%2, int64(len(rest))):] // chunks begin at even places
	}
	return nil, 0, errors.New("the WAV file has no samples")
}

// wavRate checks a "fmt " chunk and returns the rate of samples.
func wavRate(chunk []byte) (int, error) {
	if len(chunk) < wavFormat {
		return 0, errors.New("the WAV file is cut off")
	}
	word := func(at int) int { return int(binary.LittleEndian.Uint16(chunk[at:])) }
	if format, channels, bits := word(0), word(2), word(14); format != wavPCM || channels != 1 || bits != 16 {
		return 0, fmt.Errorf("the WAV file is of format %d, %d channels, %d bits; wanted is plain PCM (1), 1 channel, 16 bits", format, channels, bits)
	}
	rate := binary.LittleEndian.Uint32(chunk[4:])
	if rate < minRate || rate > maxRate {
		return 0, fmt.Errorf("the WAV file has %d samples a second; wanted are %d to %d", rate, minRate, maxRate)
	}
	return int(rate), nil
}

func wavSamples(content []byte) []int16 {
	samples := make([]int16, len(content)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(content[2*i:]))
	}
	return samples
}
