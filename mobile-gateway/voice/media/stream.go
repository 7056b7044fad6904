package media

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"
)

const (
	// lagLimit is how far the sender may fall behind its schedule and still catch
	// up by sending faster. A telephone's jitter buffer takes a burst of this
	// length; what is later than that it throws away, so then the schedule moves.
	lagLimit = 200 * time.Millisecond

	// maxPacket bounds a received packet. 20 ms of G.711 is 172 bytes.
	maxPacket = 1500

	// digitsWaiting is how many presses wait to be read; more are dropped. Nobody
	// presses so fast.
	digitsWaiting = 16

	// pressTime is how long a key is held, in packets: 100 ms.
	pressTime = 5

	// ends is how often the end of a press is sent, in case one is lost (RFC 4733 §2.5.1.4).
	ends = 3
)

// Packet is a piece of audio that came.
type Packet struct {
	Source    uint32 // its sender's SSRC
	Timestamp uint32 // in samples, from a random start
	Samples   []int16
}

// Peer is the other end of a stream.
type Peer struct {
	// Audio is where it wants to receive; the zero value if that is not known, and
	// then nothing is sent before something was received.
	Audio netip.AddrPort
	// Signalling is its address in SIP. RTP is accepted from there and from Audio's
	// address, from no other.
	Signalling netip.Addr
	Codec      Codec
	Event      uint8 // payload type of telephone-events; 0 for none
	// ReceiveOnly says that nothing is sent to it.
	ReceiveOnly bool
}

// Stream is one end of a call's audio: a UDP socket that sends a packet every
// 20 ms from [Stream.Start] to [Stream.Close], silence if there is nothing to
// say, and receives what comes. Its methods are safe for concurrent use.
//
// The sender keeps to a schedule of the monotonic clock, so that it does not
// drift however long the call lasts. RTP is symmetric: once the peer has sent
// something, from the port where a NAT let it out, answers go there.
type Stream struct {
	socket *net.UDPConn
	digits chan byte
	audio  func(Packet)
	done   chan struct{}
	wait   sync.WaitGroup
	begin  sync.Once
	end    sync.Once

	mu      sync.Mutex // guards what follows, up to the next comment
	peer    Peer
	queue   []int16
	spoken  chan struct{} // closed when queue is empty or thrown away
	presses []byte        // keys to be pressed

	// Owned by the sender's goroutine.
	header rtp.Header
	press  press

	// Owned by the receiver's goroutine.
	filter eventFilter
}

// press is a key that is being pressed: packets of the same timestamp with a
// growing duration.
type press struct {
	key   byte // 0 if none
	sent  int  // packets so far
	start uint32
}

// Listen opens a stream's socket on a free port of ip. audio, which may be nil,
// is called for every packet of audio that comes once the stream was started,
// from one goroutine.
func Listen(ip netip.Addr, audio func(Packet)) (*Stream, error) {
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
	if err != nil {
		return nil, fmt.Errorf("no port for the call's audio on %s: %w", ip, err)
	}
	s := &Stream{
		socket: socket,
		digits: make(chan byte, digitsWaiting),
		audio:  audio,
		done:   make(chan struct{}),
		header: rtp.Header{
			Version:        2,
			SSRC:           rand.Uint32(),
			SequenceNumber: uint16(rand.Uint32()),
			Timestamp:      rand.Uint32(),
		},
	}
	// From now on, so that ringing tones that come early do not fill the socket.
	s.wait.Go(s.receive)
	return s, nil
}

// Addr is the address at which the stream receives.
func (s *Stream) Addr() netip.AddrPort {
	addr := s.socket.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
}

// Start begins to send to and receive from the peer. Called again, it changes
// the peer (a re-INVITE moved the call to another place).
func (s *Stream) Start(peer Peer) {
	s.mu.Lock()
	s.peer = peer
	s.mu.Unlock()
	s.begin.Do(func() { s.wait.Go(s.send) })
}

// Digits is where the keys that the peer presses arrive, each once.
func (s *Stream) Digits() <-chan byte { return s.digits }

// Play speaks the samples instead of what is being spoken, and returns a
// channel that is closed when they have been sent or were replaced.
func (s *Stream) Play(samples []int16) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	s.queue, s.spoken = samples, make(chan struct{})
	spoken := s.spoken
	if len(samples) == 0 {
		s.drop()
	}
	return spoken
}

// drop throws away what is being spoken. The caller holds mu.
func (s *Stream) drop() {
	s.queue = nil
	if s.spoken != nil {
		close(s.spoken)
		s.spoken = nil
	}
}

// Press presses a key of a telephone, one of 0–9, *, #, A–D, as a telephone-event.
func (s *Stream) Press(key byte) error {
	if !strings.Contains(keys, string(key)) {
		return fmt.Errorf("%q is not a key of a telephone", key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer.Event == 0 {
		return errors.New("the other end takes no telephone-events")
	}
	s.presses = append(s.presses, key)
	return nil
}

// Close stops the stream and waits until its goroutines have ended.
func (s *Stream) Close() {
	s.end.Do(func() {
		close(s.done)
		s.socket.Close()
	})
	s.wait.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
}

// send sends a packet every 20 ms.
func (s *Stream) send() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := time.Now()
	for {
		select {
		case <-timer.C:
		case <-s.done:
			return
		}
		now := time.Now()
		if now.Sub(due) > lagLimit {
			due = now
		}
		for ; !due.After(now); due = due.Add(FrameTime) {
			s.sendPacket()
		}
		timer.Reset(time.Until(due))
	}
}

// sendPacket sends what is due: a piece of a key press, of speech, or of silence.
// A lost packet is lost; there is nobody to tell.
func (s *Stream) sendPacket() {
	payload, peer := s.next()
	if peer.Audio.IsValid() && !peer.ReceiveOnly {
		packet := rtp.Packet{Header: s.header, Payload: payload}
		if s.press.key != 0 {
			packet.Timestamp = s.press.start
			packet.PayloadType = peer.Event
			packet.Marker = s.press.sent == 1
		}
		if bytes, err := packet.Marshal(); err == nil {
			s.socket.WriteToUDPAddrPort(bytes, peer.Audio)
		}
		s.header.SequenceNumber++
	}
	if s.press.sent == pressTime+ends {
		s.press = press{}
	}
	s.header.Timestamp += FrameSamples
}

// next returns the payload that is due, and where to send it.
func (s *Stream) next() ([]byte, Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.header.PayloadType = uint8(s.peer.Codec)
	if s.press.key == 0 && len(s.presses) > 0 {
		s.press = press{key: s.presses[0], start: s.header.Timestamp}
		s.presses = s.presses[1:]
	}
	if s.press.key != 0 {
		s.press.sent++
		held := min(s.press.sent, pressTime)
		return event{
			key:      s.press.key,
			end:      s.press.sent > pressTime,
			duration: uint16(held * FrameSamples),
		}.marshal(), s.peer
	}
	frame := make([]int16, FrameSamples)
	s.queue = s.queue[copy(frame, s.queue):]
	if len(s.queue) == 0 {
		s.drop()
	}
	return s.peer.Codec.Encode(frame), s.peer
}

// receive takes what comes until the socket is closed.
func (s *Stream) receive() {
	buffer := make([]byte, maxPacket)
	for {
		n, from, err := s.socket.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier packet; the next read may work
		}
		s.packet(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

// packet takes one packet, whatever it is.
func (s *Stream) packet(bytes []byte, from netip.AddrPort) {
	var packet rtp.Packet
	if err := packet.Unmarshal(bytes); err != nil || packet.Version != 2 {
		return
	}
	peer, ok := s.admit(packet.PayloadType, from)
	if !ok {
		return
	}
	if peer.Event != 0 && packet.PayloadType == peer.Event {
		e, ok := parseEvent(packet.Payload)
		if ok && s.filter.fresh(packet.SSRC, packet.Timestamp) {
			select {
			case s.digits <- e.key:
			default:
			}
		}
		return
	}
	if s.audio != nil {
		samples := Codec(packet.PayloadType).Decode(packet.Payload)
		s.audio(Packet{Source: packet.SSRC, Timestamp: packet.Timestamp, Samples: samples})
	}
}

// admit decides whether a packet is the peer's, and if so remembers where it came
// from: the latest such place is where our packets go. Strangers that guess our
// port must not press keys, so the address must be one that the peer named; the
// port may be another one (a NAT's, or that of a relay which comes in later).
func (s *Stream) admit(payloadType uint8, from netip.AddrPort) (Peer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := Codec(payloadType).Known() || payloadType == s.peer.Event && s.peer.Event != 0
	if !known || from.Addr() != s.peer.Signalling && from.Addr() != s.peer.Audio.Addr() {
		return Peer{}, false
	}
	s.peer.Audio = from
	return s.peer, true
}
