package raftstore

import (
	"encoding/binary"
	"fmt"
	"time"

	"keng/raftstore/internal/overlay"
)

// memory is the memory of commands' results, by id. It lives in the state itself
// (a command and the memory of it are one batch); what is here is the evaluator's
// knowledge about it. A command that failed has no effect and is not remembered.
type memory struct {
	limit  uint64 // how many results are kept at most
	count  uint64 // how many there are
	oldest []byte // no time key is below; spares each scan the graves of the last
	due    time.Time
}

// timeKeyBytes is the length of a key of keyResultTime: prefix, time, id.
const timeKeyBytes = len(keyResultTime) + 8 + len(CommandID{})

// loadMemory reads the count from the state that r reads.
func loadMemory(r *reader, limit uint64) (*memory, error) {
	m := &memory{limit: limit, oldest: []byte(keyResultTime)}
	value, ok := r.Get([]byte(keyResultCount))
	if err := r.Err(); err != nil {
		return nil, err
	}
	if ok {
		if len(value) != 8 {
			return nil, fmt.Errorf("the number of remembered results is corrupt: %x", value)
		}
		m.count = binary.BigEndian.Uint64(value)
	}
	return m, nil
}

// recall returns the result of a command that has taken effect.
func (m *memory) recall(o *overlay.Overlay, id CommandID) (result []byte, known bool) {
	value, ok := o.Get(resultKey(id))
	if !ok {
		return nil, false
	}
	if len(value) < 8 {
		o.Fail(fmt.Errorf("the remembered result of command %s is corrupt", id))
		return nil, false
	}
	return value[8:], true
}

// remember keeps a result. The caller has made sure that the id is new.
func (m *memory) remember(o *overlay.Overlay, id CommandID, now time.Time, result []byte) {
	value := make([]byte, 8, 8+len(result))
	binary.BigEndian.PutUint64(value, uint64(now.UnixNano()))
	o.Set(resultKey(id), append(value, result...))
	o.Set(resultTimeKey(now, id), nil)
	m.count++
}

// tidy forgets results that are too old or too many, at most so many, and writes
// the count. It is called once for a batch that has remembered something.
func (m *memory) tidy(o *overlay.Overlay, now time.Time, most int) {
	m.forget(o, now, most)
	o.Set([]byte(keyResultCount), binary.BigEndian.AppendUint64(nil, m.count))
}

func (m *memory) forget(o *overlay.Overlay, now time.Time, most int) {
	if m.count <= m.limit && now.Before(m.due) {
		return
	}
	for key := range o.Scan(m.oldest, []byte(keyAfterTimes)) {
		if len(key) != timeKeyBytes {
			o.Fail(fmt.Errorf("the memory of results has a broken key %x", key))
			return
		}
		key := append([]byte(nil), key...)
		m.oldest = key
		at := time.Unix(0, int64(binary.BigEndian.Uint64(key[len(keyResultTime):]))).UTC()
		m.due = at.Add(memoryAge)
		if most == 0 || m.count <= m.limit && now.Before(m.due) {
			return
		}
		o.Delete(resultKey(CommandID(key[len(key)-len(CommandID{}):])))
		o.Delete(key)
		m.count--
		most--
	}
}

func resultKey(id CommandID) []byte { return append([]byte(keyResult), id[:]...) }

func resultTimeKey(t time.Time, id CommandID) []byte {
	b := make([]byte, 0, timeKeyBytes)
	b = append(b, keyResultTime...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.UnixNano()))
	return append(b, id[:]...)
}
