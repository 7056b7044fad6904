package link

import (
	"context"
	"time"

	"keng/proto/link/linkpb"
)

// askLook is how often to look whether anything has come.
const askLook = 10 * time.Millisecond

// Ask asks the other side for a sign of life, and waits until anything has come from it
// since, which takes a round trip and up to 25 ms, or until ctx or the connection ends; then
// it returns the cause of that. A heartbeat shows the same, but is a matter of seconds. It is
// QUIC that answers, so every version of the other side does.
//
// Over TCP it asks nothing and returns at once: there the connection of a process that has
// died ends by itself.
func (c *Conn) Ask(ctx context.Context) error {
	if c.datagrams == nil || c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	before := c.datagrams.Received()
	// An answer to no heartbeat, which diallers pass over. If it is lost QUIC asks again.
	question, err := encodeDatagram(new(linkpb.HeartbeatAck))
	if err == nil {
		err = c.datagrams.SendDatagram(question)
	}
	if err != nil {
		return err
	}
	look := time.NewTicker(askLook)
	defer look.Stop()
	for c.datagrams.Received() == before {
		select {
		case <-look.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.ctx.Done():
			return context.Cause(c.ctx)
		}
	}
	return nil
}
