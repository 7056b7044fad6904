package silence

import (
	"encoding/binary"
	"errors"
	"time"
)

// Report is what a node tells the leader every two seconds: the agents connected to it that
// it has heard since the leader last answered.
type Report struct {
	Boot  uint64 // random, new at each start of the node
	Heard []Heard
}

// Heard is an agent and how long ago it was heard.
type Heard struct {
	Agent string
	Age   time.Duration // in milliseconds on the wire
}

const (
	// ReportMax is how many agents one report has at most. Who has more sends several.
	ReportMax = 4096
	// idMax bounds an agent's id, in bytes.
	idMax = 128
	// ageMax bounds an age: more makes no difference.
	ageMax = time.Hour
)

var errReport = errors.New("a report of agents heard is not properly formed")

// Encode returns the report's wire form: the boot in eight bytes, big endian, then of each
// agent the length of its id, the id, and the age in milliseconds, numbers as varints of
// encoding/binary. An id of more than 128 bytes is left out, as is what is beyond
// [ReportMax].
func (r Report) Encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, r.Boot)
	for _, h := range r.Heard[:min(len(r.Heard), ReportMax)] {
		if len(h.Agent) > idMax {
			continue
		}
		b = binary.AppendUvarint(b, uint64(len(h.Agent)))
		b = append(b, h.Agent...)
		b = binary.AppendUvarint(b, uint64(min(max(h.Age, 0), ageMax).Milliseconds()))
	}
	return b
}

// DecodeReport reads what Encode has written.
func DecodeReport(b []byte) (Report, error) {
	if len(b) < 8 {
		return Report{}, errReport
	}
	r := Report{Boot: binary.BigEndian.Uint64(b)}
	for b = b[8:]; len(b) > 0; {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > idMax || uint64(len(b)-n) < size || len(r.Heard) == ReportMax {
			return Report{}, errReport
		}
		id := string(b[n : n+int(size)])
		b = b[n+int(size):]
		age, n := binary.Uvarint(b)
		if n <= 0 {
			return Report{}, errReport
		}
		b = b[n:]
		r.Heard = append(r.Heard, Heard{id, time.Duration(min(age, uint64(ageMax.Milliseconds()))) * time.Millisecond})
	}
	return r, nil
}
