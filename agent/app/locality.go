package app

import (
	"net"
	"os"
	"slices"
	"strings"
)

// locality knows which hosts are this machine.
type locality struct {
	names     []string
	addresses []net.IP
}

// newLocality looks at this machine's name and addresses.
func newLocality() *locality {
	l := &locality{names: []string{"", "localhost"}}
	if name, err := os.Hostname(); err == nil {
		l.names = append(l.names, strings.ToLower(name))
	}
	addresses, _ := net.InterfaceAddrs() // without them only loopback is local
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok {
			l.addresses = append(l.addresses, network.IP)
		}
	}
	return l
}

// is reports whether a host, as check.Check.Host names it, is this machine.
func (l *locality) is(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if slices.Contains(l.names, host) || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || slices.ContainsFunc(l.addresses, ip.Equal))
}
