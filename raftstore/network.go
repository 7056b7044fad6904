package raftstore

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"keng/raftstore/internal/port"
)

// Network makes a node one of several. What nodes say to one another, Raft's
// messages and calls alike, goes over one TCP port, in TLS on which both sides
// show a certificate.
type Network struct {
	// Listener accepts connections of other nodes. The store closes it.
	Listener net.Listener
	// Advertise is the address, host:port, at which the others reach this node: the
	// listener's own unless set. When it changes, the node tells the others.
	Advertise string
	// Credentials returns what this node shows and trusts. It is asked for each
	// connection, so certificates may be renewed while the node runs. Required.
	Credentials func() Credentials
	// PeerID says which node a certificate belongs to, or returns an error if its
	// owner may not connect. Chain and time have been checked before. Required.
	PeerID func(*x509.Certificate) (nodeID string, err error)
	// Dial connects to an address: by TCP unless set.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Join are addresses of nodes of the cluster that this node, if it has no state
	// yet, asks to be made a member. See also Introduce.
	Join []string
	// Introduce answers strangers, who have no certificate yet, on any node: what
	// they ask and what they get is the user's matter. An error is told them as a refusal,
	// unless it is ErrNotNow. Without it none are heard.
	Introduce func(ctx context.Context, request []byte) (answer []byte, err error)
	// EncodeError and DecodeError carry the Handler's errors between nodes. What
	// EncodeError does not take (ok is false), or without them all, arrives as an
	// error with the same words.
	EncodeError func(error) (b []byte, ok bool)
	DecodeError func(b []byte) error
}

// Credentials are what a node shows to others, and what it trusts.
type Credentials = port.Credentials

// Protocols on the port, by ALPN.
const (
	protocolRaft      = "keng-raft/1"
	protocolCalls     = "keng-node/1"
	protocolIntroduce = "keng-join/1"
)

const (
	// raftTimeout bounds one message of Raft's and its answer: at most 16 MiB, which
	// the other side syncs to its disk.
	raftTimeout = 5 * time.Second
	// raftPool is how many idle connections to a node Raft keeps.
	raftPool = 3
	// snapshotPace is how many bytes of a snapshot must go through in a raftTimeout.
	snapshotPace = 4 << 20
	// midMessageTimeout is how long the rest of a message of Raft's may take to come.
	midMessageTimeout = 20 * time.Second
)

// check returns the network with its defaults.
func (n Network) check(nodeID string) (*Network, error) {
	switch {
	case n.Listener == nil:
		return nil, errors.New("raftstore: Network.Listener is not set")
	case n.Credentials == nil || n.PeerID == nil:
		return nil, errors.New("raftstore: Network.Credentials and Network.PeerID are required")
	case (n.EncodeError == nil) != (n.DecodeError == nil):
		return nil, errors.New("raftstore: Network.EncodeError and Network.DecodeError go together")
	case strings.Contains(nodeID, "@"):
		return nil, fmt.Errorf("raftstore: node id %q has an @ in it", nodeID)
	}
	if n.Advertise == "" {
		n.Advertise = n.Listener.Addr().String()
	}
	if n.Dial == nil {
		dialer := &net.Dialer{}
		n.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}
	}
	return &n, nil
}

// openNetwork opens the port, and Raft's transport on it.
func (s *Store) openNetwork(raftLog raftLogger) {
	n := s.options.Network
	s.self = contact(s.options.NodeID, n.Advertise)
	raftStream := &stream{self: s.self, accepted: make(chan net.Conn), closed: make(chan struct{})}
	protocols := map[string]port.Protocol{
		protocolRaft:  {Serve: raftStream.serve},
		protocolCalls: {Serve: s.serveCalls},
	}
	if n.Introduce != nil {
		protocols[protocolIntroduce] = port.Protocol{Serve: s.serveIntroduction, Strangers: true}
	}
	p := port.Open(port.Config{
		Listener: n.Listener, Credentials: n.Credentials, PeerID: n.PeerID, Dial: n.Dial, Logger: s.logger, Protocols: protocols,
	})
	raftStream.port = p
	raftStream.close = sync.OnceValue(func() error {
		close(raftStream.closed)
		return p.Close()
	})
	dial := func(ctx context.Context, nodeID, address string) (net.Conn, error) {
		return p.Dial(ctx, protocolCalls, nodeID, address)
	}
	s.peers, s.blobPeers = newPeers(dial), newPeers(dial)
	network := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: raftStream, MaxPool: raftPool, Timeout: raftTimeout, Logger: raftLog,
		// One message at a time to each node: it is as fast here, and a stalled disk does
		// not wedge the follower for good.
		MaxRPCsInFlight: 1,
	})
	network.TimeoutScale = snapshotPace
	s.transport = &transport{network, s.commits}
}

// closeNetwork closes all that openNetwork has opened, or what takes its place.
func (s *Store) closeNetwork() error {
	s.endLife()
	if s.peers != nil {
		s.peers.close()
		s.blobPeers.close()
	}
	if t, ok := s.transport.(raft.WithClose); ok {
		return t.Close()
	}
	return nil
}

// A contact is what Raft knows as a node's address: node id and network address.
// So whoever dials can make sure that it is this node that answers, and not
// another one that has got its address: that one's vote must not count for it.

func contact(nodeID, address string) raft.ServerAddress {
	return raft.ServerAddress(nodeID + "@" + address)
}

// splitContact returns an empty address if there is none: the node was bootstrapped
// without a network.
func splitContact(c raft.ServerAddress) (nodeID, address string) {
	nodeID, address, _ = strings.Cut(string(c), "@")
	return nodeID, address
}

// stream is Raft's way to the port. It implements raft.StreamLayer.
type stream struct {
	port     *port.Port
	self     raft.ServerAddress
	accepted chan net.Conn
	closed   chan struct{} // closed before Close waits for anything
	close    func() error
}

// Dial connects to a node.
func (s *stream) Dial(to raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	nodeID, address := splitContact(to)
	if address == "" {
		return nil, fmt.Errorf("node %s has no address yet", nodeID)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return s.port.Dial(ctx, protocolRaft, nodeID, address)
}

// Accept waits for a connection.
func (s *stream) Accept() (net.Conn, error) {
	select {
	case conn := <-s.accepted:
		return conn, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close closes the port, with all that goes over it.
func (s *stream) Close() error { return s.close() }

// Addr returns this node's contact.
func (s *stream) Addr() net.Addr { return streamAddr(s.self) }

type streamAddr raft.ServerAddress

func (streamAddr) Network() string  { return "raft" }
func (a streamAddr) String() string { return string(a) }

// serve hands an accepted connection to Raft.
func (s *stream) serve(conn net.Conn, _ string) {
	select {
	case s.accepted <- &raftConn{Conn: conn}:
	case <-s.closed:
		_ = conn.Close()
	}
}

// raftConn is an accepted connection of Raft's. Between messages it may be idle for
// ever, but not within one: Raft reads them on the goroutine that also votes, and
// sets no deadline. It is read and written by one goroutine.
type raftConn struct {
	net.Conn
	within bool // part of a message was read, and nothing was answered since
}

// Read reads; within a message it waits so long and no longer.
func (c *raftConn) Read(b []byte) (int, error) {
	var deadline time.Time
	if c.within {
		deadline = time.Now().Add(midMessageTimeout)
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	c.within = c.within || n > 0
	return n, err
}

// Write answers a message.
func (c *raftConn) Write(b []byte) (int, error) {
	c.within = false
	if err := c.SetWriteDeadline(time.Now().Add(midMessageTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
