package check

import (
	"net/netip"
	"strings"
)

// ValidHost reports whether host is an IP address or looks like a name, of at most
// 253 bytes. It does not ask whether the name exists.
func ValidHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host != "" && len(host) <= 253 && !strings.ContainsFunc(host, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune(`/\:@?#[]%"'`, r)
	})
}
