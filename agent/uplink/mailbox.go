package uplink

import (
	"sync"

	"keng/proto/agentpb"
)

// mailbox holds the latest acknowledgement. Whoever puts one never waits, so that a
// hub can always be read from, even while nothing can be sent to it: else the two
// could wait for each other.
type mailbox struct {
	ready chan struct{} // holds one token while latest is set

	mu     sync.Mutex
	latest *agentpb.Ack
}

func newMailbox() *mailbox { return &mailbox{ready: make(chan struct{}, 1)} }

// put replaces what is there: acknowledgements are cumulative.
func (m *mailbox) put(ack *agentpb.Ack) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latest = ack
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// take returns the latest acknowledgement, once ready has given its token.
func (m *mailbox) take() *agentpb.Ack {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.latest
}
