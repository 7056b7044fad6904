package ledger

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"keng/proto/channel"
)

// magic begins the file; its last byte is the format's version.
const magic = "kengldg1"

// The kinds of record. Values are on disk: they never change their meaning.
const (
	pageBegun    = 1 // Page, At, Term
	reportMade   = 2 // Page, Number, At and what the report says
	reportsAcked = 3 // Page, Number
	termSeen     = 4 // Term
)

// record is one line of the log. Key numbers are never reused.
type record struct {
	Kind       uint8  `cbor:"1,keyasint"`
	Page       string `cbor:"2,keyasint,omitempty"`
	At         int64  `cbor:"3,keyasint,omitempty"` // Unix time in milliseconds
	Term       uint64 `cbor:"4,keyasint,omitempty"`
	Number     uint32 `cbor:"5,keyasint,omitempty"`
	Stage      string `cbor:"6,keyasint,omitempty"`
	Failure    string `cbor:"7,keyasint,omitempty"`
	Reply      string `cbor:"8,keyasint,omitempty"`
	Detail     string `cbor:"9,keyasint,omitempty"`
	ProviderID string `cbor:"10,keyasint,omitempty"`
}

func recordOf(r channel.Report) record {
	return record{
		Kind: reportMade, Page: r.Page, At: r.At.UnixMilli(), Number: r.Number, Stage: string(r.Stage), Failure: string(r.Failure),
		Reply: string(r.Reply), Detail: r.Detail, ProviderID: r.ProviderID,
	}
}

func (r record) report() channel.Report {
	return channel.Report{
		Page: r.Page, Number: r.Number, At: time.UnixMilli(r.At).UTC(), Stage: channel.Stage(r.Stage), Failure: channel.Failure(r.Failure),
		Reply: channel.Reply(r.Reply), Detail: r.Detail, ProviderID: r.ProviderID,
	}
}

// cut bounds a text in a report, and makes it valid UTF-8.
func cut(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), detailMax)], "")
}

const (
	headBytes = 8       // length and checksum before each record
	recordMax = 4 << 10 // bytes of a payload; ours have at most 2,400
)

// codec turns records into bytes and back.
type codec struct {
	encode cbor.EncMode
	decode cbor.DecMode
	crc    *crc32.Table
}

func newCodec() (codec, error) {
	encode, err := cbor.EncOptions{}.EncMode()
	if err != nil {
		return codec{}, err
	}
	decode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 4, MaxArrayElements: 16, MaxMapPairs: 64,
	}.DecMode()
	return codec{encode, decode, crc32.MakeTable(crc32.Castagnoli)}, err
}

// appendRecord appends a record with its head to b.
func (c codec) appendRecord(b []byte, r record) ([]byte, error) {
	payload, err := c.encode.Marshal(r)
	if err != nil {
		return b, err
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(payload, c.crc))
	return append(b, payload...), nil
}

// errDamaged is what read says of a log that it could not read to its end.
var errDamaged = errors.New("the ledger is damaged")

// read reads a log and hands each record to apply. It returns nil at the end of
// the log, also if the last record was cut off, as by kill -9 in the middle of a write;
// errDamaged, wrapped, if anything else is wrong; or the reader's error.
func (c codec) read(source io.Reader, apply func(record)) error {
	reader := bufio.NewReader(source)
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(reader, head); err != nil {
		return cutOff(err)
	}
	if string(head) != magic {
		return fmt.Errorf("%w: it does not begin with %q", errDamaged, magic)
	}
	for {
		r, err := c.next(reader)
		if err != nil {
			return cutOff(err)
		}
		apply(r)
	}
}

// cutOff makes nothing of an end in the middle of a record.
func cutOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}

func (c codec) next(reader *bufio.Reader) (record, error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(reader, head[:]); err != nil {
		return record{}, err
	}
	length, sum := binary.LittleEndian.Uint32(head[:4]), binary.LittleEndian.Uint32(head[4:])
	if length == 0 || length > recordMax {
		return record{}, fmt.Errorf("%w: a record of %d bytes", errDamaged, length)
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(reader, payload); err != nil {
		return record{}, err
	}
	if crc32.Checksum(payload, c.crc) != sum {
		return record{}, fmt.Errorf("%w: a record's checksum is wrong", errDamaged)
	}
	var r record
	if err := c.decode.Unmarshal(payload, &r); err != nil {
		return record{}, fmt.Errorf("%w: a record cannot be decoded: %w", errDamaged, err)
	}
	return r, nil
}
