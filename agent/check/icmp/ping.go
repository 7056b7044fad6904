package icmp

import (
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"os"
	"time"

	"keng/agent/check"
)

// socket sends and receives ICMP messages of one family.
type socket interface {
	// send sends a message to a host.
	send(message []byte, to netip.Addr) error
	// receive waits for any message until a moment; then the error is
	// os.ErrDeadlineExceeded.
	receive(buffer []byte, until time.Time) (n int, from netip.Addr, err error)
	// raw reports whether the messages of other programs come in too, and the id of a
	// request is ours to choose.
	raw() bool
	// kind is the socket's name for people.
	kind() string
	// close ends send and receive. It may be called more than once.
	close() error
}

// packetMax bounds what is read of a message, in bytes.
const packetMax = 1500

// ping sends the requests, and waits for the answers.
func (c *icmpCheck) ping(ctx context.Context, s socket, to netip.Addr) (tally, error) {
	defer context.AfterFunc(ctx, func() { s.close() })()
	p := pinger{socket: s, to: to, family: familyOf(to), sent: make(map[uint16]time.Time, c.count)}
	rand.Read(p.token[:]) // never fails
	p.id = uint16(p.token[0])<<8 | uint16(p.token[1])

	began := time.Now()
	last, hasDeadline := ctx.Deadline()
	next := began // when to send the next request
	buffer := make([]byte, packetMax)
	for len(p.sent) > 0 || p.tally.sent < c.count {
		now := time.Now()
		until := next
		if p.tally.sent == c.count {
			until = p.lastSent.Add(c.wait)
			if !now.Before(until) {
				break
			}
		} else if !now.Before(next) {
			if err := p.request(now); err != nil {
				return p.tally, err
			}
			next = now.Add(interval)
			continue
		}
		// The end of ctx closes the socket.
		if err := p.hear(buffer, until, c.wait); err != nil && ctx.Err() == nil {
			return p.tally, err
		}
		if hasDeadline && !time.Now().Before(last) {
			p.tally.cut = last.Sub(began)
			break
		}
		if ctx.Err() != nil {
			return p.tally, ctx.Err()
		}
	}
	return p.tally, nil
}

// pinger is one run. Its fields belong to one goroutine.
type pinger struct {
	socket   socket
	to       netip.Addr
	family   family
	id       uint16
	token    [tokenSize]byte      // tells our requests from those of others
	sent     map[uint16]time.Time // those that are not settled yet, by sequence number
	lastSent time.Time
	tally    tally
}

// request sends the next echo request. That a host cannot be reached is told of that
// request alone; what this machine cannot do ends the run.
func (p *pinger) request(now time.Time) error {
	sequence := uint16(p.tally.sent)
	message, err := p.family.request(p.id, sequence, p.token)
	if err != nil {
		return err
	}
	p.tally.sent++
	p.lastSent = now
	err = p.socket.send(message, p.to)
	if err == nil {
		p.sent[sequence] = now
		return nil
	}
	failed := check.Failed(context.Background(), err, 1)
	if failed.State != check.Down {
		return err
	}
	p.tally.refusal, p.tally.by = failed.Reason, netip.Addr{}
	return nil
}

// hear takes one message, or none until a moment.
func (p *pinger) hear(buffer []byte, until time.Time, wait time.Duration) error {
	n, from, err := p.socket.receive(buffer, until)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil:
		return err
	}
	now := time.Now()
	got, ok := p.family.decode(buffer[:n])
	if !ok || p.socket.raw() && got.id != p.id {
		return nil
	}
	at, waiting := p.sent[got.sequence]
	switch {
	case !waiting:
	case got.refusal != "" && got.to.WithZone("") == p.to.WithZone(""):
		p.tally.refusal, p.tally.by = got.refusal, from
		delete(p.sent, got.sequence)
	case got.refusal == "" && from.WithZone("") == p.to.WithZone("") && got.token == p.token:
		delete(p.sent, got.sequence)
		if trip := now.Sub(at); trip <= wait {
			p.tally.trips = append(p.tally.trips, trip)
		}
	}
	return nil
}
