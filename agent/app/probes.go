package app

import (
	"context"
	"encoding/json"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"keng/agent/check"
)

// probeTimeout bounds one probe.
const probeTimeout = 3 * time.Second

// probeNames returns the probes: those configured, else the default gateway if it
// is known.
func (c *Config) probeNames() []string {
	if c.Probes != nil {
		return c.Probes
	}
	if gateway := defaultGateway(); gateway != "" {
		return []string{gateway}
	}
	return nil
}

// askProbe reports whether a host answers. It opens a TCP connection, because an
// ICMP echo needs a right that an agent may not have; a refusal is an answer too, for the
// packet came back. Of a host without a port some that are common are tried.
func askProbe(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	addresses := []string{name}
	if _, _, err := net.SplitHostPort(name); err != nil {
		addresses = nil
		for _, port := range []string{"53", "80", "443", "22"} {
			addresses = append(addresses, net.JoinHostPort(strings.Trim(name, "[]"), port))
		}
	}
	answers := make(chan bool, len(addresses))
	for _, address := range addresses {
		go func() { answers <- connects(ctx, address) }()
	}
	// The first answer ends the wait of the others, and none is left behind.
	answered := false
	for range addresses {
		if <-answers {
			answered = true
			cancel()
		}
	}
	return answered
}

// connects reports whether anything comes back from an address.
func connects(ctx context.Context, address string) bool {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err == nil {
		conn.Close()
		return true
	}
	return check.Answered(err)
}

// knownProbes are the probes that have answered, in this life of the agent or an
// earlier one. It belongs to one goroutine.
type knownProbes struct {
	path  string
	names []string
}

// loadKnownProbes reads the note. If it cannot be read, nothing is known: then
// probes count from their next answer on.
func loadKnownProbes(dataDir string) *knownProbes {
	known := &knownProbes{path: filepath.Join(dataDir, probesFile)}
	if data, err := readSmall(known.path); err == nil {
		json.Unmarshal(data, &known.names) // a damaged note is as good as none
	}
	return known
}

func (k *knownProbes) has(name string) bool { return slices.Contains(k.names, name) }

// add notes that a probe has answered. It writes only what is new.
func (k *knownProbes) add(name string) error {
	if k.has(name) {
		return nil
	}
	k.names = append(k.names, name)
	if surplus := len(k.names) - 4*probesMax; surplus > 0 {
		k.names = k.names[surplus:] // those of old configurations
	}
	return writeJSON(k.path, k.names)
}
