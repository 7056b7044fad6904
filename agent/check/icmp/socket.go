package icmp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"keng/agent/check"
)

// open opens a ping socket, and if there is none a raw socket.
func open(to netip.Addr) (socket, error) {
	return openFirst(to, icmp.ListenPacket)
}

// openFirst is open with a system of the caller's.
func openFirst(to netip.Addr, listen func(network, address string) (*icmp.PacketConn, error)) (socket, error) {
	ping, raw, local := "udp4", "ip4:icmp", "0.0.0.0"
	if to.Is6() {
		ping, raw, local = "udp6", "ip6:ipv6-icmp", "::"
	}
	conn, pingErr := listen(ping, local)
	if pingErr == nil {
		return &systemSocket{conn: conn}, nil
	}
	conn, err := listen(raw, local)
	switch {
	case err == nil:
		s := &systemSocket{conn: conn, isRaw: true}
		s.filter()
		return s, nil
	case check.NotPermitted(err):
		return nil, denied()
	default:
		return nil, fmt.Errorf("no ICMP socket can be opened: %w", errors.Join(pingErr, err))
	}
}

// systemSocket is a socket of the operating system.
type systemSocket struct {
	conn  *icmp.PacketConn
	isRaw bool
	once  sync.Once
}

func (s *systemSocket) raw() bool { return s.isRaw }

func (s *systemSocket) kind() string {
	if s.isRaw {
		return "raw"
	}
	return "ping"
}

func (s *systemSocket) close() (err error) {
	s.once.Do(func() { err = s.conn.Close() })
	return err
}

// filter spares a raw socket what it has no use for, such as the requests that this
// machine itself is sent. Where there is no filter it reads them and passes them over.
func (s *systemSocket) filter() {
	if conn := s.conn.IPv4PacketConn(); conn != nil {
		var only ipv4.ICMPFilter
		only.SetAll(true)
		for _, wanted := range []ipv4.ICMPType{ipv4.ICMPTypeEchoReply, ipv4.ICMPTypeDestinationUnreachable, ipv4.ICMPTypeTimeExceeded} {
			only.Accept(wanted)
		}
		_ = conn.SetICMPFilter(&only)
	}
	if conn := s.conn.IPv6PacketConn(); conn != nil {
		var only ipv6.ICMPFilter
		only.SetAll(true)
		for _, wanted := range []ipv6.ICMPType{ipv6.ICMPTypeEchoReply, ipv6.ICMPTypeDestinationUnreachable, ipv6.ICMPTypeTimeExceeded} {
			only.Accept(wanted)
		}
		_ = conn.SetICMPFilter(&only)
	}
}

func (s *systemSocket) send(message []byte, to netip.Addr) error {
	var address net.Addr = &net.UDPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	if s.isRaw {
		address = &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	}
	_, err := s.conn.WriteTo(message, address)
	return err
}

func (s *systemSocket) receive(buffer []byte, until time.Time) (int, netip.Addr, error) {
	if err := s.conn.SetReadDeadline(until); err != nil {
		return 0, netip.Addr{}, err
	}
	n, from, err := s.conn.ReadFrom(buffer)
	if err != nil {
		return 0, netip.Addr{}, err
	}
	var ip net.IP
	switch from := from.(type) {
	case *net.UDPAddr:
		ip = from.IP
	case *net.IPAddr:
		ip = from.IP
	}
	address, _ := netip.AddrFromSlice(ip) // one that is invalid equals none
	return n, address.Unmap(), nil
}
