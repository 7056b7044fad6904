package link

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// The kinds of frame: field numbers of linkpb.Frame. Frames are put together and
// taken apart by hand, so that a payload is copied once and not three times.
const (
	frameUnknown protowire.Number = 0
	frameHello   protowire.Number = 1
	frameWelcome protowire.Number = 2
	frameGoodbye protowire.Number = 3
	framePayload protowire.Number = 4
	frameRenew   protowire.Number = 5
	frameRenewed protowire.Number = 6
	frameTrust   protowire.Number = 7

	// Over TCP only.
	frameHeartbeat    protowire.Number = 8
	frameHeartbeatAck protowire.Number = 9
	frameClose        protowire.Number = 10

	frameLast = frameClose
)

// readBuffer holds a usual frame. Ten thousand idle connections each have one.
const readBuffer = 512

// appendFrame appends a frame that holds m, its length before it; if it cannot, it appends
// nothing.
func appendFrame(b []byte, kind protowire.Number, m proto.Message) ([]byte, error) {
	size := proto.Size(m)
	length := protowire.SizeTag(kind) + protowire.SizeBytes(size)
	if length > MaxFrame {
		return b, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, length, MaxFrame)
	}
	frame := protowire.AppendVarint(b, uint64(length))
	frame = protowire.AppendTag(frame, kind, protowire.BytesType)
	frame = protowire.AppendVarint(frame, uint64(size))
	frame, err := proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(frame, m)
	if err != nil {
		return b, fmt.Errorf("cannot encode a frame: %w", err)
	}
	return frame, nil
}

// frameReader takes frames from a stream. For one goroutine.
type frameReader struct {
	stream *bufio.Reader
	limit  int // bytes of a frame
}

func newFrameReader(r io.Reader, limit int) frameReader {
	return frameReader{stream: bufio.NewReaderSize(r, readBuffer), limit: limit}
}

// next returns the next frame's kind and what it holds, which is valid until the
// next call. The error is [io.EOF] at a clean end of the stream, ErrTooLong,
// ErrMalformed, or the stream's own.
func (r *frameReader) next() (protowire.Number, []byte, error) {
	frame, err := r.read()
	if err != nil {
		return frameUnknown, nil, err
	}
	return openFrame(frame)
}

// read returns the bytes of the next frame.
func (r *frameReader) read() ([]byte, error) {
	length, err := r.length()
	if err != nil {
		return nil, err
	}
	if length > uint64(r.limit) {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, length, r.limit)
	}
	frame, err := r.take(int(length))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%w: cut off after its length", ErrMalformed)
	}
	return frame, err
}

// length reads the uvarint before a frame: at most 35 bits, which is enough for any
// length that we take and for naming one that we do not.
func (r *frameReader) length() (uint64, error) {
	var length uint64
	for shift := 0; shift < 35; shift += 7 {
		b, err := r.stream.ReadByte()
		if errors.Is(err, io.EOF) && shift > 0 {
			return 0, fmt.Errorf("%w: cut off in its length", ErrMalformed)
		}
		if err != nil {
			return 0, err
		}
		length |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return length, nil
		}
	}
	return 0, fmt.Errorf("%w: its length has no end", ErrMalformed)
}

// take returns n bytes: out of the buffer if they fit. Else the memory grows as
// they arrive, because a length alone must not cost us a megabyte.
func (r *frameReader) take(n int) ([]byte, error) {
	if n <= readBuffer {
		frame, err := r.stream.Peek(n)
		if err == nil {
			_, err = r.stream.Discard(n)
		}
		return frame, err
	}
	var frame bytes.Buffer
	frame.Grow(min(n, 32<<10) + bytes.MinRead) // MinRead: ReadFrom asks for it at the end
	_, err := io.CopyN(&frame, r.stream, int64(n))
	return frame.Bytes(), err
}

// openFrame takes a linkpb.Frame apart. A kind of a later version is frameUnknown.
func openFrame(frame []byte) (protowire.Number, []byte, error) {
	kind, body := frameUnknown, []byte(nil)
	for len(frame) > 0 {
		number, wire, n := protowire.ConsumeTag(frame)
		if n < 0 {
			return frameUnknown, nil, fmt.Errorf("%w: %w", ErrMalformed, protowire.ParseError(n))
		}
		known := frameHello <= number && number <= frameLast
		if known && wire != protowire.BytesType {
			return frameUnknown, nil, fmt.Errorf("%w: field %d is not of bytes", ErrMalformed, number)
		}
		frame = frame[n:]
		if known {
			body, n = protowire.ConsumeBytes(frame)
			kind = number
		} else {
			n = protowire.ConsumeFieldValue(number, wire, frame)
		}
		if n < 0 {
			return frameUnknown, nil, fmt.Errorf("%w: %w", ErrMalformed, protowire.ParseError(n))
		}
		frame = frame[n:]
	}
	return kind, body, nil
}

// decode reads a message, and calls what it cannot read malformed.
func decode(body []byte, m proto.Message) error {
	if err := proto.Unmarshal(body, m); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}
