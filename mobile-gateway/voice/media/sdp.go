package media

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Description is what one end of a call says about its audio.
type Description struct {
	// Audio is where it wants to receive RTP. Invalid if it named a host that is
	// not an IP address.
	Audio netip.AddrPort
	// Codecs are those of its codecs that we know, best first. Never empty.
	Codecs []Codec
	// Event is its payload type for telephone-events, 0 if it takes none.
	Event uint8
}

// defaultEvent is the payload type for telephone-events in our offers. Any
// dynamic one would do; this is the one that everybody uses.
const defaultEvent = 101

// maxSDP bounds the session descriptions that are read, in bytes. A telephone's
// has a few hundred.
const maxSDP = 16 << 10

// Offer returns the description with which a call is offered: both codecs, and
// digits as telephone-events.
func Offer(audio netip.AddrPort) Description {
	return Description{Audio: audio, Codecs: []Codec{PCMU, PCMA}, Event: defaultEvent}
}

// Answer returns the answer to an offer (RFC 3264 §6): the offerer's first codec
// that we know, its payload type for digits, and our own address.
func (d Description) Answer(audio netip.AddrPort) Description {
	return Description{Audio: audio, Codecs: d.Codecs[:1], Event: d.Event}
}

// Marshal writes the description as SDP. The session number must grow with each
// description of the same call.
func (d Description) Marshal(session uint64) []byte {
	family := "IP4"
	if d.Audio.Addr().Is6() {
		family = "IP6"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=keng %d %d IN %s %s\r\ns=Keng\r\n", session, session, family, d.Audio.Addr())
	fmt.Fprintf(&b, "c=IN %s %s\r\nt=0 0\r\nm=audio %d RTP/AVP", family, d.Audio.Addr(), d.Audio.Port())
	for _, codec := range d.Codecs {
		fmt.Fprintf(&b, " %d", codec)
	}
	if d.Event != 0 {
		fmt.Fprintf(&b, " %d", d.Event)
	}
	b.WriteString("\r\n")
	for _, codec := range d.Codecs {
		fmt.Fprintf(&b, "a=rtpmap:%d %s/8000\r\n", codec, codec)
	}
	if d.Event != 0 {
		fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", d.Event, d.Event)
	}
	b.WriteString("a=ptime:20\r\na=sendrecv\r\n")
	return []byte(b.String())
}

// ParseSDP reads the first audio stream of a session description. It fails if
// there is none, if it is refused (port 0), or if we know none of its codecs.
func ParseSDP(body []byte) (Description, error) {
	if len(body) > maxSDP {
		return Description{}, fmt.Errorf("session description of %d bytes is longer than %d", len(body), maxSDP)
	}
	var p sdpParser
	for line := range strings.Lines(string(body)) {
		p.line(strings.TrimRight(line, "\r\n"))
	}
	return p.result()
}

// sdpParser gathers what matters from the lines of a session description.
type sdpParser struct {
	session netip.Addr // c= before any m=
	stream  netip.Addr // c= of the audio stream
	media   int        // how many m= were seen
	audio   bool       // the present m= is the audio stream that we take
	found   bool       // there was an audio stream
	port    uint16
	formats []uint8
	event   uint8 // rtpmap says that this payload type is telephone-event
}

func (p *sdpParser) line(line string) {
	kind, value, ok := strings.Cut(line, "=")
	if !ok {
		return
	}
	switch kind {
	case "m":
		p.mediaLine(strings.Fields(value))
	case "c":
		p.connection(strings.Fields(value))
	case "a":
		if p.audio {
			p.attribute(value)
		}
	}
}

// mediaLine reads "audio 49170 RTP/AVP 0 8 101".
func (p *sdpParser) mediaLine(fields []string) {
	p.media++
	p.audio = !p.found && len(fields) >= 4 && fields[0] == "audio" && fields[2] == "RTP/AVP"
	if !p.audio {
		return
	}
	p.found = true
	port, _, _ := strings.Cut(fields[1], "/")
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		p.port = uint16(n)
	}
	for _, field := range fields[3:] {
		if n, err := strconv.ParseUint(field, 10, 7); err == nil {
			p.formats = append(p.formats, uint8(n))
		}
	}
}

// connection reads "IN IP4 192.0.2.1", with an optional "/ttl" at its end.
func (p *sdpParser) connection(fields []string) {
	if len(fields) != 3 || fields[0] != "IN" {
		return
	}
	host, _, _ := strings.Cut(fields[2], "/")
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return
	}
	switch {
	case p.media == 0:
		p.session = ip.Unmap()
	case p.audio:
		p.stream = ip.Unmap()
	}
}

// attribute reads "rtpmap:101 telephone-event/8000". The static payload types
// of G.711 need none.
func (p *sdpParser) attribute(value string) {
	mapping, ok := strings.CutPrefix(value, "rtpmap:")
	if !ok {
		return
	}
	number, encoding, _ := strings.Cut(mapping, " ")
	n, err := strconv.ParseUint(number, 10, 7)
	if err != nil || n < 96 {
		return
	}
	if p.event == 0 && strings.EqualFold(strings.TrimSpace(encoding), "telephone-event/8000") {
		p.event = uint8(n)
	}
}

func (p *sdpParser) result() (Description, error) {
	if !p.found {
		return Description{}, errors.New("session description has no plain audio stream (m=audio … RTP/AVP)")
	}
	if p.port == 0 {
		return Description{}, errors.New("the other end refused the audio stream (port 0)")
	}
	d := Description{}
	for _, format := range p.formats {
		if codec := Codec(format); codec.Known() {
			d.Codecs = append(d.Codecs, codec)
		}
		if format == p.event {
			d.Event = format
		}
	}
	if len(d.Codecs) == 0 {
		return Description{}, errors.New("the other end speaks neither PCMU nor PCMA; allow one of them in the trunk or PBX")
	}
	ip := p.session
	if p.stream.IsValid() {
		ip = p.stream
	}
	// 0.0.0.0 is the old way to say "on hold, send nothing" (RFC 2543).
	if ip.IsValid() && !ip.IsUnspecified() {
		d.Audio = netip.AddrPortFrom(ip, p.port)
	}
	return d, nil
}
