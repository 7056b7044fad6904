package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"keng/proto/link/linkpb"
)

// minDatagram is the least length of a heartbeat in bytes: a QUIC packet that
// holds less is too short to trigger a stateless reset.
const minDatagram = 24

// beatsMax is how many heartbeats wait over TCP to be looked at; more are dropped.
const beatsMax = 4

// pulse decides when to send a heartbeat and when to give up. It is a value without a clock.
//
// While answers come, a heartbeat is due every interval. While one is owed, they are
// sent eight times as often, and yet the verdict falls two intervals after the last answer:
// so even on a line that loses a third of all datagrams each way, eight tries in a row
// fail once in two hundred.
type pulse struct {
	interval time.Duration
	sent     time.Time // the last heartbeat
	heard    time.Time // the last answer
	number   uint64    // of the last heartbeat
}

func newPulse(interval time.Duration, now time.Time) pulse {
	return pulse{interval: interval, sent: now, heard: now}
}

// due is when the next heartbeat is to be sent.
func (p *pulse) due() time.Time {
	if p.heard.Before(p.sent) {
		return p.sent.Add(p.interval / 8)
	}
	return p.sent.Add(p.interval)
}

// verdict is when the other side is taken for dead.
func (p *pulse) verdict() time.Time { return p.heard.Add(2 * p.interval) }

// wake is when to look again, if nothing is heard before.
func (p *pulse) wake() time.Time {
	if due := p.due(); due.Before(p.verdict()) {
		return due
	}
	return p.verdict()
}

// beat sends heartbeats and ends the connection if they are not answered. It is the
// dialler's goroutine; it ends with the connection.
func (c *Conn) beat(interval time.Duration) {
	p := newPulse(interval, time.Now())
	for {
		heard, err := c.hear(p.wake())
		now := time.Now()
		switch {
		case err != nil:
			return
		case heard:
			c.touch()
			p.heard = now
		case !now.Before(p.verdict()):
			c.shut(CodeSilent, fmt.Sprintf("no answer to heartbeats for %s", now.Sub(p.heard).Round(time.Millisecond)))
			return
		case !now.Before(p.due()):
			p.number++
			p.sent = now
			if err := c.sendBeat(frameHeartbeat, &linkpb.Heartbeat{Number: p.number, BootId: c.hello.BootID}); err != nil {
				return
			}
		}
	}
}

// hear waits for an answer until a moment. The error is that of an ended connection.
func (c *Conn) hear(until time.Time) (bool, error) {
	ctx, cancel := context.WithDeadline(c.ctx, until)
	defer cancel()
	beat, err := c.receiveBeat(ctx)
	if err != nil {
		if c.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return false, nil
		}
		return false, err
	}
	var ack linkpb.HeartbeatAck
	// What is no answer is passed over: a later version may send other things.
	return proto.Unmarshal(beat, &ack) == nil && ack.Number != 0, nil
}

// answer answers heartbeats. It is the listener's goroutine; it ends with the connection.
func (c *Conn) answer() {
	var beat linkpb.Heartbeat
	for {
		received, err := c.receiveBeat(c.ctx)
		if err != nil {
			return
		}
		if proto.Unmarshal(received, &beat) != nil || beat.Number == 0 {
			continue
		}
		c.touch()
		if c.sendBeat(frameHeartbeatAck, &linkpb.HeartbeatAck{Number: beat.Number}) != nil {
			return
		}
	}
}

// sendBeat sends a heartbeat or an answer: as a datagram over UDP, as a frame of a kind
// over TCP.
func (c *Conn) sendBeat(kind protowire.Number, m proto.Message) error {
	if c.datagrams == nil {
		return c.send(kind, m)
	}
	datagram, err := encodeDatagram(m)
	if err != nil {
		return err
	}
	return c.datagrams.SendDatagram(datagram)
}

// receiveBeat waits for a heartbeat or an answer until ctx ends.
func (c *Conn) receiveBeat(ctx context.Context) ([]byte, error) {
	if c.datagrams != nil {
		return c.datagrams.ReceiveDatagram(ctx)
	}
	select {
	case beat := <-c.beats:
		return beat, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// encodeDatagram encodes a heartbeat or an answer and pads it to minDatagram.
func encodeDatagram(m proto.Message) ([]byte, error) {
	if size := proto.Size(m); size < minDatagram {
		padding := make([]byte, minDatagram-size) // its tag and length only add to it
		switch m := m.(type) {
		case *linkpb.Heartbeat:
			m.Padding = padding
		case *linkpb.HeartbeatAck:
			m.Padding = padding
		}
	}
	return proto.Marshal(m)
}
