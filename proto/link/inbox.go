package link

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
)

// inboxMax is how many bytes of frames wait for who receives, over TCP: as much as a stream
// of QUIC lets wait. Then the other side is not read from any more.
const inboxMax = maxWindow / 2

// inbox holds frames that were read ahead, so that heartbeats do not wait behind them. One
// goroutine puts, one takes.
type inbox struct {
	filled  chan struct{} // holds a token after put
	emptied chan struct{} // holds a token after take

	mutex  sync.Mutex
	frames []inFrame
	bytes  int
}

type inFrame struct {
	kind protowire.Number
	body []byte
}

// frameCost is what a frame counts for besides its bytes.
const frameCost = 64

func newInbox() *inbox {
	return &inbox{filled: make(chan struct{}, 1), emptied: make(chan struct{}, 1)}
}

// put waits until there is room and puts a copy of a frame in. It reports whether it did
// before ctx ended.
func (b *inbox) put(ctx context.Context, kind protowire.Number, body []byte) bool {
	frame := inFrame{kind, slices.Clone(body)}
	for !b.offer(frame) {
		select {
		case <-b.emptied:
		case <-ctx.Done():
			return false
		}
	}
	signal(b.filled)
	return true
}

func (b *inbox) offer(frame inFrame) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.bytes > inboxMax {
		return false
	}
	b.frames = append(b.frames, frame)
	b.bytes += len(frame.body) + frameCost
	return true
}

// take waits for the oldest frame. The error is the cause of the end of ctx.
func (b *inbox) take(ctx context.Context) (protowire.Number, []byte, error) {
	for ctx.Err() == nil {
		if frame, ok := b.oldest(); ok {
			signal(b.emptied)
			return frame.kind, frame.body, nil
		}
		select {
		case <-b.filled:
		case <-ctx.Done():
		}
	}
	return frameUnknown, nil, context.Cause(ctx)
}

func (b *inbox) oldest() (inFrame, bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if len(b.frames) == 0 {
		return inFrame{}, false
	}
	frame := b.frames[0]
	b.frames[0] = inFrame{}
	if b.frames = b.frames[1:]; len(b.frames) == 0 {
		b.frames = nil // an idle connection keeps no memory
	}
	b.bytes -= len(frame.body) + frameCost
	return frame, true
}

// signal puts a token in, unless there is one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
