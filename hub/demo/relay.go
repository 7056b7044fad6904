package demo

import (
	"net"
	"sync"
	"sync/atomic"
)

// relay is the network between the agent and the hub: it carries UDP packets, until it
// is cut.
type relay struct {
	front *net.UDPConn // where the agent dials
	hub   *net.UDPAddr
	cut   atomic.Bool

	mu    sync.Mutex
	backs map[string]*net.UDPConn // one socket towards the hub for each dialler
}

// newRelay opens a relay to the hub.
func newRelay(hub string) (*relay, error) {
	target, err := net.ResolveUDPAddr("udp", hub)
	if err != nil {
		return nil, err
	}
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	r := &relay{front: front, hub: target, backs: map[string]*net.UDPConn{}}
	go r.forward()
	return r, nil
}

// Addr is where to dial.
func (r *relay) Addr() string { return r.front.LocalAddr().String() }

// forward carries packets to the hub until the relay closes.
func (r *relay) forward() {
	buf := make([]byte, 65536)
	for {
		n, from, err := r.front.ReadFromUDP(buf)
		if err != nil {
			return
		}
		back, err := r.back(from)
		if err != nil || r.cut.Load() {
			continue // a network loses packets without a word
		}
		_, _ = back.Write(buf[:n])
	}
}

// back returns the socket that stands for a dialler towards the hub.
func (r *relay) back(from *net.UDPAddr) (*net.UDPConn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if back, ok := r.backs[from.String()]; ok {
		return back, nil
	}
	back, err := net.DialUDP("udp", nil, r.hub)
	if err != nil {
		return nil, err
	}
	r.backs[from.String()] = back
	go func() {
		buf := make([]byte, 65536)
		for {
			n, err := back.Read(buf)
			if err != nil {
				return
			}
			if !r.cut.Load() {
				_, _ = r.front.WriteToUDP(buf[:n], from)
			}
		}
	}()
	return back, nil
}

// Close ends the relay.
func (r *relay) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, back := range r.backs {
		_ = back.Close()
	}
	return r.front.Close()
}
