// Package link joins agents and gateways (who dial) to hubs (who listen): a
// QUIC connection with mutual TLS 1.3, one long-lived stream of frames, and
// heartbeats as datagrams; where UDP is blocked, the same frames over mutual TLS 1.3 on
// TCP. It knows who the peer is and that it lives; what the frames mean is the business
// of agentpb and gatewaypb.
//
// # Dialling
//
// An [Endpoint] is one UDP socket; it dials and listens. [Endpoint.Dial] returns
// when the hub has said Welcome, not before: in TLS 1.3 the handshake ends for
// the dialler before the hub has judged its certificate. [Endpoint.Keep] dials
// for ever, whichever of several hubs answers, and is what an agent wants.
//
// Both dial over UDP first, and after a head start over TCP as well; the first handshake that
// ends is it, and what worked is remembered for twenty minutes. So blocked UDP costs two and a
// half seconds the first time and nothing afterwards. Then UDP gets its head start again,
// which is longer where UDP got through before: who keeps silent there is likely busy;
// and Keep looks every ten to fifteen minutes whether it gets through, beside the connection
// over TCP, which it gives up only for one that stands.
//
// # Listening
//
// [Endpoint.Serve] admits a bounded number of handshakes before it spends
// anything on TLS, drops who does not say Hello in time, and hands each [Conn] to
// a function. A newer connection of a [Peer] replaces the older one: the function
// never runs twice at once for the same peer.
//
// # Promises
//
//   - The frames of one direction arrive in order, each whole, or the connection ends.
//   - Nothing sent is known to have arrived until the peer says so in a frame of its
//     own. A connection that ends may take the last frames with it, unless it was
//     ended by [Conn.Goodbye].
//   - A dialler whose heartbeats are not answered for two intervals ends the
//     connection with [ErrSilent].
//   - Over TCP all of this is the same; only heartbeats go through the stream.
//   - A peer's identity is what its certificate says and nothing else; it is verified
//     on every connection, resumed ones included, against the present
//     authorities, the present time and [ListenConfig].Admit.
//
// # Joining
//
// A machine without a certificate presents a [Token] on an ALPN of its own. The
// token carries the fingerprint of the cluster's authority, and [Endpoint.Join]
// sends nothing before the listener has proved that it belongs to it.
//
// # Renewal
//
// Who dials with an [Identity] has its certificate renewed at half of its life, over the
// connection that it has, and for [RenewalGrace] after its end, with proof of the old key.
// The old certificate is kept until a hub has welcomed the new one. Which authorities are
// trusted comes with each certificate, and from a hub by [Conn.Trust].
package link

import (
	"time"
)

// The application protocols (RFC 7301) of a link.
const (
	protoLink = "keng/1"      // both sides present certificates
	protoJoin = "keng-join/1" // only the hub does
)

// The versions of what is said on the stream. Hub N serves N-2.
const (
	protocolNewest = 1
	protocolOldest = 1
)

// Limits of a link. They are the same everywhere, so that both sides of a
// connection agree on them.
const (
	// MaxFrame is the greatest length of a frame in bytes, its envelope included.
	MaxFrame = 1 << 20
	// DefaultHeartbeat is how often a dialler shows that it lives, if the hub
	// does not say otherwise.
	DefaultHeartbeat = 10 * time.Second
	// IdleTimeout ends a connection on which nothing at all arrives.
	IdleTimeout = 45 * time.Second

	maxHello      = 16 << 10         // bytes of a frame before the peer is known
	helloTimeout  = 10 * time.Second // from the handshake to Hello, and for its parts
	writeTimeout  = 10 * time.Second // without progress of one write
	goodbyeWait   = 2 * time.Second  // for the peer to close after our Goodbye
	dialTimeout   = 30 * time.Second // until Welcome
	heartbeatMin  = 100 * time.Millisecond
	heartbeatMax  = 20 * time.Second // two of them must end before IdleTimeout
	maxDelay      = 10 * time.Minute // that a hub may ask a dialler to stay away
	maxHandshakes = 200              // under way at once, by default
	maxStreams    = 16               // that a peer may open at once
	maxReason     = 200              // bytes of a reason on the wire
	maxWindow     = 4 << 20          // bytes of a peer waiting to be read
)
