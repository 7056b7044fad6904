// Package call carries clusterpb requests and responses over a connection: many at
// once, answered in any order.
package call

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"time"

	"google.golang.org/protobuf/proto"
)

// Bounds.
const (
	// MaxFrame bounds a message: a command, or a result, and what is around it.
	MaxFrame = 4 << 20
	// maxQueuedFrames is how many frames may wait to be written.
	maxQueuedFrames = 256
	// writeTimeout is how long the other side may take to read what is written.
	writeTimeout = 10 * time.Second
	bufferBytes  = 64 << 10
)

// errFrame says that the other side does not keep to the protocol.
var errFrame = errors.New("the other side has sent no proper message")

// readFrame reads one message into m.
func readFrame(r *bufio.Reader, m proto.Message) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > MaxFrame {
		return fmt.Errorf("%w: it has %d bytes, and %d are allowed", errFrame, size, MaxFrame)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	return nil
}

// encodeFrame returns a message with its length before it.
func encodeFrame(m proto.Message) ([]byte, error) {
	b, err := proto.MarshalOptions{}.MarshalAppend(make([]byte, 4, 4+proto.Size(m)), m)
	if err != nil {
		return nil, fmt.Errorf("cannot encode a message: %w", err)
	}
	if len(b)-4 > MaxFrame {
		return nil, fmt.Errorf("a message of %d bytes cannot be sent: %d are allowed", len(b)-4, MaxFrame)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b, nil
}

// writer writes frames on one goroutine, several at once when they come fast.
type writer struct {
	conn   net.Conn
	frames chan []byte
	closed <-chan struct{} // when the connection is done with
}

// next returns a frame that waits, nil if there is none. When there is none it lets others
// run first: on a busy machine some are about to have one, and what is written together
// costs one call of the system, here and there, and one record of TLS.
func (w *writer) next() []byte {
	for yielded := false; ; yielded = true {
		select {
		case frame := <-w.frames:
			return frame
		default:
		}
		if yielded {
			return nil
		}
		runtime.Gosched()
	}
}

// run writes until the connection is done with, or fails; then it closes it.
func (w *writer) run() {
	defer func() { _ = w.conn.Close() }()
	out := bufio.NewWriterSize(w.conn, bufferBytes)
	for {
		var frame []byte
		select {
		case frame = <-w.frames:
		case <-w.closed:
			return
		}
		if w.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
			return
		}
		for frame != nil {
			if _, err := out.Write(frame); err != nil {
				return
			}
			frame = w.next()
		}
		if out.Flush() != nil {
			return
		}
	}
}
