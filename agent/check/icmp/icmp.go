// Package icmp is the check kind icmp: it asks a host for echoes (ping; RFC 792 for
// IPv4, RFC 4443 for IPv6) and judges how many come back, and how fast.
//
//	{name: router, kind: icmp, target: 192.0.2.1, every: 10s}
//	{name: radio link, kind: icmp, target: 10.9.0.1, count: 10, lost: 30%, latency_above: 80ms}
//
// A run sends count echo requests, a fifth of a second apart, and waits for the answer
// to each for at most wait. It is down when at least lost of them are not answered, or
// when the average answer takes longer than latency_above.
//
// # Rights
//
// There are two ways to send an echo request, and an agent takes the one it may: a
// ping socket, which needs no right but a system that allows it (Linux:
// net.ipv4.ping_group_range; macOS: always), and a raw socket, which needs
// CAP_NET_RAW on Linux, root on other Unix systems, or an administrator on Windows.
// When it may use neither it has learnt nothing about the host: the check is unknown,
// and its reason says what to do.
package icmp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"time"

	"keng/agent/check"
)

// Kind is the check kind icmp.
type Kind struct{}

var _ check.Kind = Kind{}

// icmpCheck asks one host.
type icmpCheck struct {
	host    string
	literal netip.Addr // of the host, if it was given as an address
	network string     // ip, ip4 or ip6, for the resolver
	count   int
	wait    time.Duration // for one answer
	limits  limits
	// open opens a socket of the family of an address; tests have a network of their own.
	open func(to netip.Addr) (socket, error)
}

// New implements [check.Kind].
func (Kind) New(target string, values check.Values) (check.Check, error) {
	if !check.ValidHost(target) {
		return nil, fmt.Errorf("target: %q is not a host; write a name or an address, without a port", target)
	}
	limits, err := newLimits(values)
	if err != nil {
		return nil, err
	}
	c := &icmpCheck{host: target, network: "ip", count: int(values.Integer("count")), limits: limits, open: open}
	if c.wait, err = time.ParseDuration(values.Text("wait")); err != nil || c.wait <= 0 || c.wait > waitMax {
		return nil, fmt.Errorf("wait: %q is not a duration; write 500ms or 2s, at most %s", values.Text("wait"), waitMax)
	}
	if version := values.Text("ip_version"); version != "any" {
		c.network += version
	}
	if literal, err := netip.ParseAddr(target); err == nil {
		c.literal = literal.Unmap()
		if c.network == "ip4" && !c.literal.Is4() || c.network == "ip6" && !c.literal.Is6() {
			return nil, fmt.Errorf("ip_version: %s is an address of the other version", target)
		}
	}
	return c, nil
}

// Host implements [check.Check].
func (c *icmpCheck) Host() string { return c.host }

// Run implements [check.Check].
func (c *icmpCheck) Run(ctx context.Context) check.Result {
	start := time.Now()
	to, err := c.resolve(ctx)
	if err != nil {
		return check.Failed(ctx, err, time.Since(start))
	}
	details := map[string]string{"address": to.String()}
	var got tally
	socket, err := c.open(to)
	if err == nil {
		defer socket.close()
		details["socket"] = socket.kind()
		got, err = c.ping(ctx, socket, to)
	}
	result := check.Result{Details: details, Took: max(time.Since(start), 1)}
	var denied *deniedError
	switch {
	case errors.As(err, &denied):
		result.Reason = check.OneLine(denied.Error()) // and the state stays Unknown
	case err != nil:
		result = check.Failed(ctx, err, result.Took)
		result.Details = details
	default:
		got.describe(details)
		var reason string
		result.State, reason = c.limits.judge(got, c.wait)
		result.Reason = check.OneLine(reason)
	}
	return result
}

// resolve finds the address of the host.
func (c *icmpCheck) resolve(ctx context.Context) (netip.Addr, error) {
	if c.literal.IsValid() {
		return c.literal, nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, c.network, c.host)
	if err != nil {
		return netip.Addr{}, err
	}
	if len(found) == 0 {
		return netip.Addr{}, fmt.Errorf("the name %s has no address", c.host)
	}
	return found[0].Unmap(), nil
}

// deniedError says that this agent may not send echo requests, and what to do.
type deniedError struct{ os string }

func (e *deniedError) Error() string {
	const what = "this agent may not send ICMP echo requests: "
	switch e.os {
	case "linux":
		return what + "give it the capability CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW), or allow its group in the sysctl net.ipv4.ping_group_range"
	case "windows":
		return what + "run it as an administrator or as LocalSystem"
	default:
		return what + "run it as root"
	}
}

// denied is the error for this system.
func denied() error { return &deniedError{os: runtime.GOOS} }
