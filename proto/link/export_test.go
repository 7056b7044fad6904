package link

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"keng/proto/link/linkpb"
)

// What the tests outside of the package need of its inside.
var (
	EncodeDatagram = encodeDatagram
	OpenFrame      = openFrame
	PeekProtocols  = peekProtocols
	ClosedBy       = closedBy
	Present        = present
)

const (
	MinDatagram  = minDatagram
	StrangersMax = strangersMax
	SplitMax     = splitMax
)

// ReadFrames reads frames until the end and returns their bodies, copied.
func ReadFrames(stream []byte, limit int) (bodies [][]byte, err error) {
	r := newFrameReader(bytes.NewReader(stream), limit)
	for {
		_, body, err := r.next()
		if err != nil {
			return bodies, err
		}
		bodies = append(bodies, bytes.Clone(body))
	}
}

// AppendRaw appends a frame of a kind around any bytes.
func AppendRaw(b []byte, kind protowire.Number, body []byte) []byte {
	frame := protowire.AppendBytes(protowire.AppendTag(nil, kind, protowire.BytesType), body)
	return protowire.AppendBytes(b, frame)
}

// Waits returns n waits after a number of failures.
func (b Backoff) Waits(failures, n int) []time.Duration {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = b.withDefaults().after(failures)
	}
	return waits
}

// Handshakes is how many places of the endpoint's admission are taken.
func (e *Endpoint) Handshakes() int64 { return e.admission.Load().count.Load() }

// Pulse lets a test play the dialler's decisions: answered says for each heartbeat
// whether its answer comes, after the delay given. It returns when each was sent, counted
// from the start, and when the verdict fell, if within the limit.
func Pulse(interval, delay, limit time.Duration, answered func(number uint64) bool) (sent []time.Duration, verdict time.Duration) {
	start := time.Unix(0, 0)
	p := newPulse(interval, start)
	var answers []time.Time
	for now := start; now.Sub(start) < limit; {
		switch {
		case len(answers) > 0 && !now.Before(answers[0]):
			p.heard, answers = answers[0], answers[1:]
		case !now.Before(p.verdict()):
			return sent, now.Sub(start)
		case !now.Before(p.due()):
			p.number++
			p.sent = now
			sent = append(sent, now.Sub(start))
			if answered(p.number) {
				answers = append(answers, now.Add(delay))
			}
		default:
			now = p.wake()
			if len(answers) > 0 && answers[0].Before(now) {
				now = answers[0]
			}
		}
	}
	return sent, 0
}

// Resumed reports whether the connection resumed a TLS session.
func (c *Conn) Resumed() bool { return c.wire.TLS().DidResume }

// Prove signs a connection and a request with the key of credentials.
func Prove(state tls.ConnectionState, own Credentials, csr []byte) ([]byte, error) {
	return prove(state, own.Certificate.PrivateKey, csr)
}

// AskRaw sends a request of a join and reads the reply.
func AskRaw(stream io.ReadWriter, request *linkpb.JoinRequest) (*linkpb.JoinReply, error) {
	reply := new(linkpb.JoinReply)
	err := writeMessage(stream, request)
	if err == nil {
		err = readMessage(stream, reply)
	}
	return reply, err
}

// JudgeRaw judges the bytes of a request whose proof should be of a digest of zeros.
func JudgeRaw(b []byte, authorities []*x509.Certificate, now time.Time) (Peer, error) {
	var m linkpb.JoinRequest
	if err := decode(b, &m); err != nil {
		return Peer{}, err
	}
	return judgeProof(&m, make([]byte, 32), authorities, now)
}

// RenewedRaw judges the bytes of a hub's answer to a key that was made for it.
func RenewedRaw(b []byte, who Peer) error {
	var m linkpb.Renewed
	if err := decode(b, &m); err != nil {
		return err
	}
	key, _, err := newRequest()
	if err != nil {
		return err
	}
	_, err = renewedCredentials(m.Certificates, m.Authorities, key, who)
	return err
}

// closings notes what a wire was closed with first.
type closings struct {
	wire
	said []ClosedError
}

func (w *closings) CloseWithError(code Code, reason string) {
	w.said = append(w.said, ClosedError{Code: code, Reason: reason})
}

// SaidByReceiver returns what the other side is told of the end of a connection when the
// goroutine that receives finds it ended before the one that ends it has closed the wire.
func SaidByReceiver(end *ClosedError) ClosedError {
	w := &closings{}
	c := &Conn{wire: w}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.cancel(end) // and before end goes on:
	c.broken(context.Cause(c.ctx))
	return w.said[0]
}
