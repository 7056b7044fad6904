package voice

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// resolveTime bounds the look-up of a host that an answer names.
const resolveTime = 2 * time.Second

// inCall makes a request inside the answered call (RFC 3261 §12.2.1.1).
func (l *leg) inCall(method sip.RequestMethod) *sip.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	target := l.request.Recipient
	if contact := l.answer.Contact(); contact != nil {
		target = contact.Address
	}
	request := sip.NewRequest(method, *target.Clone())
	for _, route := range routes(l.answer) {
		request.AppendHeader(sip.NewHeader("Route", route))
	}
	request.AppendHeader(sip.HeaderClone(l.request.From()))
	request.AppendHeader(sip.HeaderClone(l.answer.To()))
	request.AppendHeader(sip.HeaderClone(l.request.CallID()))
	if method != sip.ACK { // an ACK bears its INVITE's number
		l.sequence++
	}
	request.AppendHeader(&sip.CSeqHeader{SeqNo: l.sequence, MethodName: method})
	request.AppendHeader(sip.HeaderClone(l.contact))
	request.SetDestination(l.inside)
	l.complete(request)
	return request
}

// routes returns the way of requests inside the call, nearest proxy first: the
// Record-Routes of the answer in reverse. Several may stand in one header.
func routes(answer *sip.Response) []string {
	var all []string
	for _, header := range answer.GetHeaders("Record-Route") {
		start, quoted := 0, false
		value := header.Value()
		for i, r := range value {
			switch {
			case r == '<' || r == '>':
				quoted = r == '<'
			case r == ',' && !quoted:
				all = append(all, strings.TrimSpace(value[start:i]))
				start = i + 1
			}
		}
		all = append(all, strings.TrimSpace(value[start:]))
	}
	slices.Reverse(all)
	return all
}

// insideAddress is the "ip:port" to which requests inside the call are sent: the
// nearest proxy that wants to stay on the way, else the callee's Contact. What
// cannot be found, or lies behind a NAT, is replaced by the server that the INVITE
// went to; it knows the call.
func insideAddress(answer *sip.Response, server netip.AddrPort) string {
	var hop sip.Uri
	proxies := routes(answer)
	switch contact := answer.Contact(); {
	case len(proxies) > 0:
		var parameters sip.HeaderParams
		if _, err := sip.ParseAddressValue(proxies[0], &hop, &parameters); err != nil {
			return server.String()
		}
	case contact != nil:
		hop = contact.Address
	}
	ip, err := lookUp(hop.Host)
	if err != nil || unreachable(ip, server.Addr()) {
		return server.String()
	}
	port := uint16(defaultPort)
	if hop.Port > 0 && hop.Port <= 65535 {
		port = uint16(hop.Port)
	}
	return netip.AddrPortFrom(ip, port).String()
}

// lookUp returns the IP address of a host.
func lookUp(host string) (netip.Addr, error) {
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ip.Unmap(), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if err != nil {
		return netip.Addr{}, err
	}
	return ips[0].Unmap(), nil
}

// unreachable reports whether an address lies behind a NAT while the server that
// told of it is outside.
func unreachable(ip, server netip.Addr) bool {
	inside := func(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsUnspecified() }
	return inside(ip) && !inside(server)
}
