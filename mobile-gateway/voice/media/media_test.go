package media

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// TestG711 checks values of ITU-T G.711 (tables 1 and 2, at 16 bits) and the
// law of both codecs: decoding and encoding again changes nothing.
func TestG711(t *testing.T) {
	for sample, want := range map[int16]byte{0: 0xff, -1: 0x7f, 32767: 0x80, -32768: 0x00, 1000: 0xce, -1000: 0x4e} {
		if got := muLaw(sample); got != want {
			t.Errorf("µ-law of %d is %#02x, want %#02x", sample, got, want)
		}
	}
	for sample, want := range map[int16]byte{0: 0xd5, -1: 0x55, 32767: 0xaa, -32768: 0x2a, 1000: 0xfa, -1000: 0x7a} {
		if got := aLaw(sample); got != want {
			t.Errorf("A-law of %d is %#02x, want %#02x", sample, got, want)
		}
	}
	for b, want := range map[byte]int16{0xff: 0, 0x7f: 0, 0x80: 32124, 0x00: -32124} {
		if got := muLawSample(b); got != want {
			t.Errorf("µ-law %#02x is %d, want %d", b, got, want)
		}
	}
	for b, want := range map[byte]int16{0xd5: 8, 0x55: -8, 0xaa: 32256, 0x2a: -32256} {
		if got := aLawSample(b); got != want {
			t.Errorf("A-law %#02x is %d, want %d", b, got, want)
		}
	}
	for i := range 256 {
		b := []byte{byte(i)}
		if got := PCMA.Encode(PCMA.Decode(b)); got[0] != b[0] {
			t.Errorf("A-law %#02x comes back as %#02x", i, got[0])
		}
		if got := PCMU.Encode(PCMU.Decode(b)); got[0] != b[0] && i != 0x7f { // minus nought
			t.Errorf("µ-law %#02x comes back as %#02x", i, got[0])
		}
	}
	for s := -32768; s <= 32767; s++ {
		for _, codec := range []Codec{PCMU, PCMA} {
			back := int(codec.Decode(codec.Encode([]int16{int16(s)}))[0])
			if off := max(back-s, s-back); off > 16+max(s, -s)/24 {
				t.Fatalf("%s turns %d into %d", codec, s, back)
			}
		}
	}
}

func TestSDP(t *testing.T) {
	here := netip.MustParseAddrPort("192.0.2.7:4000")
	for _, d := range []Description{
		Offer(here), Offer(netip.MustParseAddrPort("[2001:db8::1]:4000")), Offer(here).Answer(here),
		{Audio: here, Codecs: []Codec{PCMA}},
	} {
		got, err := ParseSDP(d.Marshal(3))
		if err != nil || got.Audio != d.Audio || got.Event != d.Event || !slices.Equal(got.Codecs, d.Codecs) {
			t.Errorf("%+v comes back as %+v, %v", d, got, err)
		}
	}
}

func TestParseSDP(t *testing.T) {
	lines := func(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }
	for name, test := range map[string]struct {
		sdp  string
		want Description
		err  string
	}{
		"Asterisk": {
			sdp: lines("v=0", "o=- 1 1 IN IP4 198.51.100.2", "s=Asterisk", "c=IN IP4 198.51.100.2", "t=0 0", "m=audio 18022 RTP/AVP 9 8 0 96",
				"a=rtpmap:9 G722/8000", "a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-16", "a=ptime:20", "a=maxptime:150", "a=sendrecv"),
			want: Description{Audio: netip.MustParseAddrPort("198.51.100.2:18022"), Codecs: []Codec{PCMA, PCMU}, Event: 96},
		},
		"bare newlines, stream's own address, video first": {
			sdp:  "v=0\nc=IN IP4 198.51.100.2\nm=video 9 RTP/AVP 0\nc=IN IP4 203.0.113.1\nm=audio 20 RTP/AVP 0\nc=IN IP4 198.51.100.9/127\nm=audio 22 RTP/AVP 8\n",
			want: Description{Audio: netip.MustParseAddrPort("198.51.100.9:20"), Codecs: []Codec{PCMU}},
		},
		"on hold": {
			sdp:  lines("c=IN IP4 0.0.0.0", "m=audio 20 RTP/AVP 0"),
			want: Description{Codecs: []Codec{PCMU}},
		},
		"host name": {
			sdp:  lines("c=IN IP4 pbx.example", "m=audio 20 RTP/AVP 0"),
			want: Description{Codecs: []Codec{PCMU}},
		},
		"wideband events only": {
			sdp:  lines("c=IN IP4 192.0.2.1", "m=audio 20 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/48000"),
			want: Description{Audio: netip.MustParseAddrPort("192.0.2.1:20"), Codecs: []Codec{PCMU}},
		},
		"nothing":       {err: "no plain audio"},
		"only SRTP":     {sdp: lines("c=IN IP4 192.0.2.1", "m=audio 20 RTP/SAVP 0"), err: "no plain audio"},
		"refused":       {sdp: lines("c=IN IP4 192.0.2.1", "m=audio 0 RTP/AVP 0"), err: "refused"},
		"strange codec": {sdp: lines("c=IN IP4 192.0.2.1", "m=audio 20 RTP/AVP 18"), err: "neither PCMU nor PCMA"},
		"too long":      {sdp: strings.Repeat("a=x\r\n", maxSDP), err: "longer than"},
	} {
		got, err := ParseSDP([]byte(test.sdp))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v, want one with %q", name, err, test.err)
			}
			continue
		}
		if err != nil || got.Audio != test.want.Audio || got.Event != test.want.Event || !slices.Equal(got.Codecs, test.want.Codecs) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, test.want)
		}
	}
}

func FuzzSDP(f *testing.F) {
	f.Add(Offer(netip.MustParseAddrPort("192.0.2.7:4000")).Marshal(1))
	f.Add([]byte("m=audio 1/2 RTP/AVP 0 8 999\na=rtpmap:999 telephone-event/8000\nc=IN IP6 fe80::1%eth0"))
	f.Fuzz(func(t *testing.T, sdp []byte) {
		d, err := ParseSDP(sdp)
		if err != nil {
			return
		}
		if len(d.Codecs) == 0 {
			t.Error("no codec and no error")
		}
		if !d.Audio.IsValid() {
			return
		}
		again, err := ParseSDP(d.Marshal(1))
		if err != nil || again.Audio != d.Audio || again.Event != d.Event || !slices.Equal(again.Codecs, d.Codecs) {
			t.Errorf("%+v comes back as %+v, %v", d, again, err)
		}
	})
}

func TestInfo(t *testing.T) {
	for _, test := range []struct {
		kind, body string
		want       byte // 0 for none
	}{
		{DTMFRelay, "Signal=1\r\nDuration=160\r\n", '1'},
		{DTMFRelay, "Duration = 250\nSignal = #\n", '#'},
		{"Application/DTMF-Relay; charset=utf-8", "signal= d", 'D'},
		{DTMFRelay, "Signal=10\r\n", '*'},
		{DTMF, "1", '1'},
		{DTMF, " 11\r\n", '#'},
		{DTMFRelay, "Signal=12\r\n", 0},
		{DTMFRelay, "Signal=\r\n", 0},
		{DTMFRelay, "", 0},
		{"application/media_control+xml", "Signal=1", 0},
		{DTMF, strings.Repeat(" ", maxInfo) + "1", 0},
	} {
		if got, ok := ParseInfo(test.kind, []byte(test.body)); got != test.want || ok != (test.want != 0) {
			t.Errorf("%s %.20q: %q, %t; want %q", test.kind, test.body, got, ok, test.want)
		}
	}
}

func FuzzInfo(f *testing.F) {
	f.Add(DTMFRelay, []byte("Signal=1\r\nDuration=160\r\n"))
	f.Add(DTMF, []byte("11"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if key, ok := ParseInfo(kind, body); ok && !bytes.ContainsRune([]byte(keys), rune(key)) {
			t.Errorf("%q is not a key", key)
		}
	})
}

func TestEventFilter(t *testing.T) {
	var f eventFilter
	for i, test := range []struct {
		source, timestamp uint32
		fresh             bool
	}{
		{1, 0xfffffff0, true}, {1, 0xfffffff0, false}, {1, 0xfffffff0, false}, // a press and its repeats
		{1, 800, true}, {1, 0xfffffff0, false}, {1, 800, false}, // the next, and a late packet of the first
		{2, 5, true}, {2, 5, false}, // another sender
	} {
		if got := f.fresh(test.source, test.timestamp); got != test.fresh {
			t.Errorf("packet %d: fresh %t, want %t", i, got, test.fresh)
		}
	}
}

// openStream opens a started stream to an address.
func openStream(t testing.TB, to netip.AddrPort, audio func(Packet)) *Stream {
	t.Helper()
	s, err := Listen(netip.MustParseAddr("127.0.0.1"), audio)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.Start(Peer{Audio: to, Signalling: to.Addr(), Codec: PCMU, Event: 101})
	return s
}

func FuzzPacket(f *testing.F) {
	press := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 101}, Payload: event{key: '1'}.marshal()}
	seed, _ := press.Marshal()
	f.Add(seed)
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xff})
	f.Fuzz(func(t *testing.T, bytes []byte) {
		from := netip.MustParseAddrPort("192.0.2.1:9")
		s := &Stream{digits: make(chan byte, 1), audio: func(Packet) {}}
		s.peer = Peer{Audio: from, Codec: PCMU, Event: 101}
		s.packet(bytes, from)
		select {
		case key := <-s.digits:
			if !strings.ContainsRune(keys, rune(key)) {
				t.Errorf("%q is not a key", key)
			}
		default:
		}
	})
}

// wire is a bare socket that stands for the other end.
func wire(t *testing.T, host string) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(host)})
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: this machine has no socket at %s: %v", host, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func read(t *testing.T, conn *net.UDPConn) rtp.Packet {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	buffer := make([]byte, maxPacket)
	n, err := conn.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	var packet rtp.Packet
	if err := packet.Unmarshal(buffer[:n]); err != nil {
		t.Fatal(err)
	}
	return packet
}

// TestStreamSends: one packet each 20 ms of media time, without gap or change,
// speech and then silence; a key as nine packets of one timestamp.
func TestStreamSends(t *testing.T) {
	t.Parallel()
	conn, addr := wire(t, "127.0.0.1")
	s := openStream(t, addr, nil)
	speech := slices.Repeat([]int16{1000}, 5*FrameSamples/2)
	spoken := s.Play(speech)
	first := read(t, conn)
	start := time.Now()
	packets := []rtp.Packet{first}
	for len(packets) < 20 {
		packets = append(packets, read(t, conn))
	}
	if took := time.Since(start); took < 19*FrameTime-lagLimit-FrameTime {
		t.Errorf("19 packets took %s, want %s", took, 19*FrameTime)
	}
	<-spoken
	var heard []int16
	for i, p := range packets {
		if p.SequenceNumber != first.SequenceNumber+uint16(i) || p.Timestamp != first.Timestamp+uint32(i*FrameSamples) || p.SSRC != first.SSRC {
			t.Errorf("packet %d does not follow: %+v", i, p.Header)
		}
		heard = append(heard, PCMU.Decode(p.Payload)...)
	}
	if loud := slices.IndexFunc(heard, func(v int16) bool { return v != 0 }); loud < 0 || loud > 3*FrameSamples {
		t.Errorf("speech begins at sample %d", loud)
	} else if length := slices.Index(heard[loud:], 0); length != len(speech) {
		t.Errorf("speech lasts %d samples, want %d", length, len(speech))
	}

	if err := s.Press('#'); err != nil {
		t.Fatal(err)
	}
	var presses []rtp.Packet
	for len(presses) < pressTime+ends {
		if p := read(t, conn); p.PayloadType == 101 {
			presses = append(presses, p)
		}
	}
	for i, p := range presses {
		e, ok := parseEvent(p.Payload)
		want := event{key: '#', end: i >= pressTime, duration: uint16(min(i+1, pressTime) * FrameSamples)}
		if !ok || e != want || p.Timestamp != presses[0].Timestamp || p.Marker != (i == 0) {
			t.Errorf("packet %d of the press: %+v %+v, want %+v", i, e, p.Header, want)
		}
	}
	if s.Press('x') == nil {
		t.Error("pressed a key that no telephone has")
	}
}

// TestStreamReceives: a press is one digit, however many packets it has; a NAT may
// change the port; strangers are not heard.
func TestStreamReceives(t *testing.T) {
	t.Parallel()
	conn, addr := wire(t, "127.0.0.1")
	stranger, _ := wire(t, "127.0.0.9")
	s := openStream(t, netip.AddrPortFrom(addr.Addr(), 9), nil) // SDP names another port
	to := net.UDPAddrFromAddrPort(s.Addr())
	press := func(from *net.UDPConn, key byte, timestamp uint32) {
		p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 101, Timestamp: timestamp}, Payload: event{key: key}.marshal()}
		bytes, _ := p.Marshal()
		from.WriteToUDP(bytes, to)
	}
	conn.WriteToUDP([]byte("no RTP"), to)
	press(stranger, '7', 1)
	for range 4 {
		press(conn, '1', 1)
	}
	press(conn, '2', 900)
	for _, want := range []byte{'1', '2'} {
		select {
		case got := <-s.Digits():
			if got != want {
				t.Errorf("digit %q, want %q", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("digit %q did not come", want)
		}
	}
	read(t, conn) // our packets follow to the port where its came from
}

// TestPlayReplaces: what is spoken anew replaces the old at once, and whoever waits
// for the old is told.
func TestPlayReplaces(t *testing.T) {
	t.Parallel()
	_, addr := wire(t, "127.0.0.1")
	s := openStream(t, addr, nil)
	first := s.Play(Silence(time.Hour))
	second := s.Play(Silence(40 * time.Millisecond))
	<-first
	<-second
	third := s.Play(Silence(time.Hour))
	<-s.Play(nil)
	<-third
	last := s.Play(Silence(time.Hour))
	s.Close()
	<-last
}
