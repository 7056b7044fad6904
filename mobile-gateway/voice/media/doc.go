// Package media is what a telephone call carries beside its signalling, in the
// small part that every telephone understands: G.711 audio in 20 ms RTP packets
// (RFC 3550, RFC 3551), digits as telephone-events (RFC 4733) or SIP INFO bodies,
// and the SDP that two ends agree by (RFC 4566, RFC 3264). Audio of other origin
// is brought to that form by [ParseWAV] and [Resample].
//
// Both ends of a call use it: the voice channel, which speaks and waits for a
// digit, and siptest's phone, which listens and presses one.
//
// What comes from outside is bounded and checked here; a decoder returns an
// error or false, never panics.
package media
