package siptest

import (
	"sync"
	"time"

	"keng/mobile-gateway/voice/media"
)

// maxRecording bounds what is kept of a call.
const maxRecording = 10 * time.Minute

// recorder puts the audio of a call together by the timestamps of its packets:
// late ones go to their places, lost ones leave silence. Safe for concurrent use.
type recorder struct {
	lose int // every lose-th packet is lost

	mu      sync.Mutex
	started bool
	source  uint32
	origin  uint32 // timestamp of samples[0]
	samples []int16
	count   int
	lost    int
}

// add takes a packet.
func (r *recorder) add(p media.Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	if r.lose > 0 && r.count%r.lose == 0 {
		r.lost++
		return
	}
	if !r.started || p.Source != r.source {
		// A new sender counts from elsewhere; it goes on where the old one ended.
		r.started, r.source = true, p.Source
		r.origin = p.Timestamp - uint32(len(r.samples))
	}
	at := int(int32(p.Timestamp - r.origin))
	end := at + len(p.Samples)
	if at < 0 || end > int(maxRecording.Seconds())*media.SampleRate {
		return
	}
	if end > len(r.samples) {
		r.samples = append(r.samples, make([]int16, end-len(r.samples))...)
	}
	copy(r.samples[at:], p.Samples)
}

// recording returns a copy of the audio from a moment on, and how many packets were lost.
func (r *recorder) recording(from time.Duration) (samples []int16, lost int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := min(int(from*media.SampleRate/time.Second), len(r.samples))
	return append([]int16(nil), r.samples[start:]...), r.lost
}
