package app

import (
	"context"
	"net"

	"keng/raftstore"
)

// Host is the machine that a node runs on, as far as a test puts another one in its
// place: a field that is nil means the real thing.
type Host struct {
	Listen       func(network, address string) (net.Listener, error)
	ListenPacket func(network, address string) (net.PacketConn, error)
	// Dial connects to another node.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// OpenStore opens the replicated store, on another disk or by another clock.
	OpenStore func(raftstore.Options) (*raftstore.Store, error)
}

// withDefaults returns the host with the real machine in the place of what is nil.
func (h Host) withDefaults() Host {
	if h.Listen == nil {
		h.Listen = net.Listen
	}
	if h.ListenPacket == nil {
		h.ListenPacket = net.ListenPacket
	}
	if h.Dial == nil {
		h.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}
	}
	if h.OpenStore == nil {
		h.OpenStore = raftstore.Open
	}
	return h
}
