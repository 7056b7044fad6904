package table

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// rowLevel is the format level that is written: one byte in front of each row.
// All levels ever written are read for ever.
const rowLevel = 1

// MaxRowBytes bounds an encoded row. What is bigger is not a row but a blob.
const MaxRowBytes = 1 << 20

// Limits of a row's contents, so that corrupt bytes cannot ask for memory.
const (
	maxNesting  = 32
	maxElements = 1 << 16
)

// codec encodes and decodes rows.
type codec struct {
	enc     cbor.UserBufferEncMode
	dec     cbor.DecMode
	buffers *sync.Pool // of *bytes.Buffer
}

// newCodec returns the one way in which rows are written. Times are written as
// RFC 3339 text in UTC with nanoseconds: the other forms of CBOR are floating
// point or lose what is below a second. An unknown key of a struct is an error:
// to read such a row and write it again would silently drop what a newer version
// has put there, and new keys are written only when every member can read them.
func newCodec() codec {
	encOptions := cbor.CoreDetEncOptions()
	encOptions.Time = cbor.TimeRFC3339NanoUTC
	enc, err := encOptions.UserBufferEncMode()
	if err != nil {
		panic(fmt.Sprintf("table: the encoder's options are wrong: %v", err))
	}
	dec, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:   maxNesting,
		MaxArrayElements:  maxElements,
		MaxMapPairs:       maxElements,
		IndefLength:       cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode()
	if err != nil {
		panic(fmt.Sprintf("table: the decoder's options are wrong: %v", err))
	}
	return codec{enc: enc, dec: dec, buffers: &sync.Pool{New: func() any { return new(bytes.Buffer) }}}
}

// encode returns the level byte and the row.
func (c codec) encode(row any) ([]byte, error) {
	buffer := c.buffers.Get().(*bytes.Buffer)
	defer c.buffers.Put(buffer)
	buffer.Reset()
	buffer.WriteByte(rowLevel)
	if err := c.enc.MarshalToBuffer(row, buffer); err != nil {
		return nil, fmt.Errorf("cannot encode a row: %w", err)
	}
	if buffer.Len() > MaxRowBytes {
		return nil, fmt.Errorf("a row of %d bytes is larger than the %d allowed", buffer.Len()-1, MaxRowBytes)
	}
	return bytes.Clone(buffer.Bytes()), nil
}

// decode reads what encode wrote into row, a pointer to a struct.
func (c codec) decode(value []byte, row any) error {
	switch {
	case len(value) == 0:
		return fmt.Errorf("the row is empty")
	case value[0] != rowLevel:
		return fmt.Errorf("the row has format level %d, and this version reads up to %d: run a newer version", value[0], rowLevel)
	}
	return c.dec.Unmarshal(value[1:], row)
}
