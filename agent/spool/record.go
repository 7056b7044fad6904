package spool

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"iter"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"keng/proto/agentpb"
)

// segmentMagic begins every segment. Its last digit is the version of the format.
const segmentMagic = "kengevt1"

// headerBytes is the length of a record's header.
const headerBytes = 8

// numberField is the number of agentpb.Event.number, which every payload begins with.
const numberField protowire.Number = 1

// encode gives the event its number and returns its record.
func encode(event *agentpb.Event, number uint64) ([]byte, error) {
	event.Number = number
	record, err := proto.MarshalOptions{}.MarshalAppend(make([]byte, headerBytes, 512), event)
	if err != nil {
		return nil, fmt.Errorf("cannot encode the event: %w", err)
	}
	length := len(record) - headerBytes
	if length > EventMax {
		return nil, fmt.Errorf("%w: %d bytes, and at most %d are allowed", ErrTooLong, length, EventMax)
	}
	binary.LittleEndian.PutUint32(record, uint32(length))
	binary.LittleEndian.PutUint32(record[4:], checksum(record[:4], record[headerBytes:]))
	return record, nil
}

// checksum is the CRC-32C of length and payload.
func checksum(length, payload []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(length, table), table, payload)
}

// record is one event as it lies in a segment.
type record struct {
	number  uint64
	payload []byte // shares the memory of the segment
	end     int    // offset of the first byte after it
}

// decode reads the record that begins data. It is false if there is none.
func decode(data []byte) (record, bool) {
	if len(data) < headerBytes {
		return record{}, false
	}
	length := binary.LittleEndian.Uint32(data)
	if length == 0 || length > EventMax || int(length) > len(data)-headerBytes {
		return record{}, false
	}
	payload := data[headerBytes : headerBytes+int(length)]
	if checksum(data[:4], payload) != binary.LittleEndian.Uint32(data[4:]) {
		return record{}, false
	}
	number, ok := numberOf(payload)
	return record{number: number, payload: payload, end: headerBytes + int(length)}, ok
}

// numberOf reads the number of an encoded event without decoding the rest. The
// encoder writes fields in their order.
func numberOf(payload []byte) (uint64, bool) {
	field, kind, n := protowire.ConsumeTag(payload)
	if n < 0 || field != numberField || kind != protowire.VarintType {
		return 0, false
	}
	number, n := protowire.ConsumeVarint(payload[n:])
	return number, n >= 0 && number > 0
}

// records goes through the records of a segment's data, which begins with one. It
// passes over what is damaged to the next record that is whole, and over one whose
// number is lower than next or than its predecessor's. For the damage before a
// record, or at the end, the second value is false, and only end is set.
func records(data []byte, next uint64) iter.Seq2[record, bool] {
	return func(yield func(record, bool) bool) {
		at, damaged := 0, false
		for at < len(data) {
			found, ok := decode(data[at:])
			if !ok || found.number < next {
				damaged = true
				at++
				continue
			}
			if damaged && !yield(record{end: at}, false) {
				return
			}
			damaged = false
			at += found.end
			next = found.number + 1
			found.end = at
			if !yield(found, true) {
				return
			}
		}
		if damaged {
			yield(record{end: len(data)}, false)
		}
	}
}

// tail is what lies after the last whole record of a segment.
type tail uint8

const (
	tailNone    tail = iota
	tailTorn         // being written when the machine stopped: never promised
	tailDamaged      // may have been events that were promised
)

// survey returns the number after the last whole record of a segment's data, where
// that record ends, and what lies behind it.
func survey(data []byte, first uint64) (next uint64, end int, rest tail) {
	next = first
	for found, ok := range records(data, first) {
		if ok {
			next, end = found.number+1, found.end
		}
	}
	return next, end, kindOfTail(data[end:])
}

// kindOfTail tells a write that was cut short from damage. Before an event is
// promised its record is whole on the disk, so a record that is shorter than its
// header says, or all zero because the file grew before its bytes were written, was not.
func kindOfTail(data []byte) tail {
	if len(data) == 0 {
		return tailNone
	}
	zero := true
	for _, b := range data {
		zero = zero && b == 0
	}
	if zero || len(data) < headerBytes {
		return tailTorn
	}
	length := binary.LittleEndian.Uint32(data)
	if length == 0 || length > EventMax || int(length) <= len(data)-headerBytes {
		return tailDamaged
	}
	// Short, unless it is only the length that is wrong.
	whole := binary.LittleEndian.AppendUint32(nil, uint32(len(data)-headerBytes))
	if checksum(whole, data[headerBytes:]) == binary.LittleEndian.Uint32(data[4:]) {
		return tailDamaged
	}
	return tailTorn
}

// skipped bounds from above how many events a damaged tail may have held.
func skipped(bytes int) uint64 {
	const shortest = headerBytes + 12 // number, time and an empty verdict
	return uint64(bytes/shortest) + 1
}
