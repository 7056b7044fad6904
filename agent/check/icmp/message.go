package icmp

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// tokenSize is the size of the random mark in the data of a request, which an answer
// repeats.
const tokenSize = 16

// dataSize is the size of the data of a request, as that of ping(8).
const dataSize = 56

// family is a version of ICMP.
type family struct {
	protocol int // as IANA numbers it
	echo     icmp.Type
	answer   icmp.Type
}

func familyOf(address netip.Addr) family {
	if address.Is4() {
		return family{protocol: 1, echo: ipv4.ICMPTypeEcho, answer: ipv4.ICMPTypeEchoReply}
	}
	return family{protocol: 58, echo: ipv6.ICMPTypeEchoRequest, answer: ipv6.ICMPTypeEchoReply}
}

// request builds an echo request. The checksum of ICMPv6 is the system's business,
// which knows the addresses.
func (f family) request(id, sequence uint16, token [tokenSize]byte) ([]byte, error) {
	data := make([]byte, dataSize)
	copy(data, token[:])
	message := icmp.Message{Type: f.echo, Body: &icmp.Echo{ID: int(id), Seq: int(sequence), Data: data}}
	return message.Marshal(nil)
}

// answer is what a message says about one of our requests.
type answer struct {
	id, sequence uint16
	token        [tokenSize]byte // of an echo reply
	refusal      string          // why the request cannot arrive; "" for an echo reply
	to           netip.Addr      // where the refused request went
}

// decode reads a message. It is false if that is neither an echo reply nor says that an
// echo request cannot arrive. Whose request it was is for the caller to compare.
func (f family) decode(packet []byte) (answer, bool) {
	message, err := icmp.ParseMessage(f.protocol, packet)
	if err != nil {
		return answer{}, false
	}
	switch body := message.Body.(type) {
	case *icmp.Echo:
		if message.Type != f.answer || len(body.Data) < tokenSize {
			return answer{}, false
		}
		got := answer{id: uint16(body.ID), sequence: uint16(body.Seq)}
		copy(got.token[:], body.Data)
		return got, true
	case *icmp.DstUnreach:
		return f.refused(body.Data, f.unreachable(message.Code))
	case *icmp.TimeExceeded:
		return f.refused(body.Data, "the packet went in circles (time to live exceeded)")
	}
	return answer{}, false
}

// refused finds out from the beginning of a packet, which an error message repeats,
// which request it was.
func (f family) refused(packet []byte, why string) (answer, bool) {
	size, protocolAt, toAt, toSize := 40, 6, 24, 16 // of an IPv6 header (RFC 8200)
	if f.protocol == 1 {
		protocolAt, toAt, toSize = 9, 16, 4 // of an IPv4 header (RFC 791)
		if len(packet) < 20 {
			return answer{}, false
		}
		size = int(packet[0]&0x0f) * 4
	}
	if size < toAt+toSize || len(packet) < size+8 || int(packet[protocolAt]) != f.protocol {
		return answer{}, false
	}
	to, _ := netip.AddrFromSlice(packet[toAt : toAt+toSize])
	request := packet[size:]
	if number, ok := f.number(); !ok || request[0] != number {
		return answer{}, false
	}
	return answer{
		id: binary.BigEndian.Uint16(request[4:]), sequence: binary.BigEndian.Uint16(request[6:]),
		refusal: why, to: to,
	}, true
}

// number is the type of an echo request on the wire.
func (f family) number() (byte, bool) {
	switch echo := f.echo.(type) {
	case ipv4.ICMPType:
		return byte(echo), true
	case ipv6.ICMPType:
		return byte(echo), true
	}
	return 0, false
}

// unreachable says the usual codes of "destination unreachable" for people.
func (f family) unreachable(code int) string {
	names := map[int]string{0: "no route to the host", 1: "administratively prohibited", 3: "the host does not answer its neighbours"}
	if f.protocol == 1 {
		names = map[int]string{0: "the network is unreachable", 1: "the host is unreachable", 9: "administratively prohibited", 10: "administratively prohibited", 13: "administratively prohibited"}
	}
	if name, known := names[code]; known {
		return name
	}
	return "the host cannot be reached"
}
