// Package all lists the kinds of check. A new kind is one folder and one line here.
package all

import (
	"keng/agent/check"
	"keng/agent/check/disk"
	"keng/agent/check/dns"
	"keng/agent/check/http"
	"keng/agent/check/icmp"
	"keng/agent/check/prometheus"
	"keng/agent/check/tcp"
)

// Kinds returns every kind, in the order in which forms offer them.
func Kinds() []check.Kind {
	return []check.Kind{
		http.Kind{},
		tcp.Kind{},
		icmp.Kind{},
		dns.Kind{},
		disk.Kind{},
		prometheus.Kind{},
	}
}

// Find returns the kind of that name, and whether there is one.
func Find(name string) (check.Kind, bool) {
	for _, kind := range Kinds() {
		if kind.Describe().Name == name {
			return kind, true
		}
	}
	return nil, false
}
