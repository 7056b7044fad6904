package dns_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"keng/agent/check"
	"keng/agent/check/checktest"
	"keng/agent/check/dns"
)

// server is a DNS server of a small zone. The first label of a name tells what it does.
type server struct {
	t       *testing.T
	udp     net.PacketConn
	tcp     net.Listener
	running sync.WaitGroup
}

func startServer(t *testing.T) string {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, udp: udp, tcp: tcp}
	s.running.Go(s.serveUDP)
	s.running.Go(s.serveTCP)
	t.Cleanup(func() { udp.Close(); tcp.Close(); s.running.Wait() })
	return tcp.Addr().String()
}

func (s *server) serveUDP() {
	buffer := make([]byte, 2048)
	for {
		n, from, err := s.udp.ReadFrom(buffer)
		if err != nil {
			return
		}
		query := buffer[:n]
		if strings.Contains(string(query), "forged") {
			forged := s.answer(query, false)
			forged[0] ^= 0xff // another id
			s.udp.WriteTo(forged, from)
			s.udp.WriteTo([]byte("rubbish"), from)
		}
		s.udp.WriteTo(s.answer(query, false), from)
	}
}

func (s *server) serveTCP() {
	for {
		conn, err := s.tcp.Accept()
		if err != nil {
			return
		}
		s.running.Go(func() {
			defer conn.Close()
			var size [2]byte
			if _, err := io.ReadFull(conn, size[:]); err != nil {
				return
			}
			query := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(conn, query); err != nil {
				return
			}
			reply := s.answer(query, true)
			conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
		})
	}
}

// answer makes the reply to a query.
func (s *server) answer(query []byte, tcp bool) []byte {
	var message dnsmessage.Message
	if err := message.Unpack(query); err != nil {
		return []byte("?")
	}
	question := message.Questions[0]
	message.Response, message.Additionals = true, nil
	switch first, _, _ := strings.Cut(question.Name.String(), "."); first {
	case "gone":
		message.RCode = dnsmessage.RCodeNameError
	case "broken":
		message.RCode = dnsmessage.RCodeServerFailure
	case "empty":
	case "big":
		if !tcp {
			message.Truncated = true
			break
		}
		fallthrough
	default:
		message.Answers = records(question)
	}
	reply, err := message.Pack()
	if err != nil {
		s.t.Error(err)
	}
	return reply
}

func records(question dnsmessage.Question) []dnsmessage.Resource {
	name := func(text string) dnsmessage.Name { return dnsmessage.MustNewName(text) }
	bodies := map[dnsmessage.Type][]dnsmessage.ResourceBody{
		dnsmessage.TypeA:    {&dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}}, &dnsmessage.AResource{A: [4]byte{192, 0, 2, 2}}},
		dnsmessage.TypeAAAA: {&dnsmessage.AAAAResource{AAAA: [16]byte{0x20, 1, 0xd, 0xb8, 15: 1}}},
		dnsmessage.TypeMX:   {&dnsmessage.MXResource{Pref: 10, MX: name("Mail.example.")}},
		dnsmessage.TypeTXT:  {&dnsmessage.TXTResource{TXT: []string{"v=spf1 ", "-all"}}},
		dnsmessage.TypeNS:   {&dnsmessage.NSResource{NS: name("ns1.example.")}},
		dnsmessage.TypePTR:  {&dnsmessage.PTRResource{PTR: name("host.example.")}},
		dnsmessage.TypeSRV:  {&dnsmessage.SRVResource{Priority: 1, Weight: 2, Port: 5060, Target: name("sip.example.")}},
		dnsmessage.TypeSOA:  {&dnsmessage.SOAResource{NS: name("ns1.example."), MBox: name("root.example."), Serial: 7}},
	}
	alias := dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 60},
		Body:   &dnsmessage.CNAMEResource{CNAME: name("www.example.")},
	}
	list := []dnsmessage.Resource{alias}
	for _, body := range bodies[question.Type] {
		list = append(list, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: name("www.example."), Class: dnsmessage.ClassINET, TTL: 60}, Body: body,
		})
	}
	return list
}

func TestSuite(t *testing.T) {
	at := "server: '" + startServer(t) + "'\n"
	checktest.Suite(t, checktest.Config{
		Kind: dns.Kind{},
		Cases: []checktest.Case{
			{Name: "an address", Target: "example.vn", YAML: at, State: check.Up, Reason: "192.0.2.1, 192.0.2.2 in"},
			{Name: "a name with a dot", Target: "example.vn.", YAML: at, State: check.Up},
			{Name: "expected", Target: "example.vn", YAML: at + "expect: 192.0.2.2", State: check.Up},
			{Name: "not expected", Target: "example.vn", YAML: at + "expect: [192.0.2.2, 192.0.2.9]", State: check.Down, Reason: "expected 192.0.2.9, but the answer is 192.0.2.1, 192.0.2.2"},
			{Name: "AAAA", Target: "example.vn", YAML: at + "type: AAAA\nexpect: '2001:0db8::0001'", State: check.Up},
			{Name: "MX", Target: "example.vn", YAML: at + "type: MX\nexpect: '10 mail.example.'", State: check.Up},
			{Name: "TXT", Target: "example.vn", YAML: at + "type: TXT\nexpect: 'v=spf1 -all'", State: check.Up},
			{Name: "NS", Target: "example.vn", YAML: at + "type: NS\nexpect: NS1.example", State: check.Up},
			{Name: "PTR", Target: "1.2.0.192.in-addr.arpa", YAML: at + "type: PTR\nexpect: host.example", State: check.Up},
			{Name: "SRV", Target: "_sip._tcp.example.vn", YAML: at + "type: SRV\nexpect: 1 2 5060 sip.example", State: check.Up},
			{Name: "SOA", Target: "example.vn", YAML: at + "type: SOA\nexpect: ns1.example root.example 7", State: check.Up},
			{Name: "CNAME", Target: "example.vn", YAML: at + "type: CNAME\nexpect: www.example", State: check.Up},
			{Name: "no such name", Target: "gone.vn", YAML: at, State: check.Down, Reason: "NXDOMAIN"},
			{Name: "the server fails", Target: "broken.vn", YAML: at, State: check.Down, Reason: "SERVFAIL"},
			{Name: "no record", Target: "empty.vn", YAML: at, State: check.Down, Reason: "no A record"},
			{Name: "too big for UDP", Target: "big.vn", YAML: at, State: check.Up, Reason: "192.0.2.1"},
			{Name: "forgeries are passed over", Target: "forged.vn", YAML: at, State: check.Up, Reason: "192.0.2.1"},
		},
		Target:     func(address string) (string, string) { return "example.vn", "server: '" + address + "'" },
		BadTargets: []string{".", "a..b", strings.Repeat("x", 64) + ".vn", strings.Repeat("abcdefg.", 40) + "vn"},
	})
}

func TestServers(t *testing.T) {
	for server, host := range map[string]string{
		"192.0.2.53": "192.0.2.53", "192.0.2.53:5353": "192.0.2.53", "[2001:db8::53]": "2001:db8::53",
		"2001:db8::53": "2001:db8::53", "[2001:db8::53]:5353": "2001:db8::53", "dns.example.vn": "dns.example.vn",
	} {
		made, err := checktest.Make(t, dns.Kind{}, "example.vn", "server: '"+server+"'")
		if err != nil || made.Host() != host {
			t.Errorf("%s: %v, host %q", server, err, made.Host())
		}
	}
	for _, fields := range []string{"server: 'a:b:c'", "type: ANY", "expect: {a: b}", "expect: 192.0.2", "{type: AAAA, expect: 192.0.2.1}"} {
		if _, err := checktest.Make(t, dns.Kind{}, "example.vn", fields); err == nil {
			t.Errorf("%s is taken", fields)
		}
	}
}
