// Package tcp is the check kind tcp: it connects to a port, and if wanted speaks a
// little with what listens there.
//
// A run connects (over IPv4 or IPv6), begins TLS if tls is set, sends send, and reads
// until what came satisfies expect and matches. At most read_limit bytes are looked
// at. Without expect and matches a connection, or a TLS handshake, is enough.
//
//	{name: mail, kind: tcp, target: "mail.example.vn:25", expect: "220 "}
//	{name: redis, kind: tcp, target: "10.0.0.5:6379", send: "PING\r\n", expect: "+PONG"}
//	{name: ldaps, kind: tcp, target: "dc.example.vn:636", tls: true, min_days_left: 14}
//
// The reason tells apart a port that refuses (nothing listens), a connection that is
// reset, a connection that is closed, and silence (a firewall, or a dead machine).
package tcp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"time"

	"keng/agent/check"
)

// Kind is the check kind tcp.
type Kind struct{}

var _ check.Kind = Kind{}

// Describe implements [check.Kind].
func (Kind) Describe() check.Description {
	return check.Description{
		Name:  "tcp",
		Label: check.Text{VI: "Cổng TCP", EN: "TCP port"},
		Help: check.Text{
			VI: "Kết nối tới một cổng TCP; có thể gửi một đoạn chữ, xét lời đáp và kiểm tra TLS.",
			EN: "Connects to a TCP port; can send a text, judge the answer and verify TLS.",
		},
		Target:  check.Text{VI: "Máy chủ và cổng", EN: "Host and port"},
		Example: "mail.example.vn:25",
		Fields:  append(talkFields(), tlsFields()...),
	}
}

// tcpCheck connects to one port.
type tcpCheck struct {
	address string // host:port
	host    string
	network string // tcp, tcp4 or tcp6
	talk    talk
	tls     *tls.Config // nil: no TLS
	minLeft time.Duration
}

// New implements [check.Kind].
func (Kind) New(target string, values check.Values) (check.Check, error) {
	host, err := splitTarget(target)
	if err != nil {
		return nil, err
	}
	talk, err := newTalk(values)
	if err != nil {
		return nil, err
	}
	c := &tcpCheck{address: target, host: host, network: network(values.Text("ip_version")), talk: talk}
	if !values.Boolean("tls") {
		if values.Integer("min_days_left") > 0 || values.Text("tls_server_name") != "" {
			return nil, errors.New("tls: must be true when min_days_left or tls_server_name is given")
		}
		return c, nil
	}
	c.tls = &tls.Config{ServerName: values.Text("tls_server_name"), InsecureSkipVerify: !values.Boolean("tls_verify")}
	if c.tls.ServerName == "" {
		c.tls.ServerName = host
	}
	c.minLeft = time.Duration(values.Integer("min_days_left")) * 24 * time.Hour
	return c, nil
}

// splitTarget checks "host:port" and returns the host.
func splitTarget(target string) (string, error) {
	host, port, err := net.SplitHostPort(target)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || number == 0 || !check.ValidHost(host) {
		return "", fmt.Errorf("target: %q is not host:port; write mail.example.vn:25, 192.0.2.1:25 or [2001:db8::1]:25", target)
	}
	return host, nil
}

// network is the name that package net has for a version of IP.
func network(version string) string {
	if version == "any" {
		return "tcp"
	}
	return "tcp" + version
}

// Host implements [check.Check].
func (c *tcpCheck) Host() string { return c.host }

// Run implements [check.Check].
func (c *tcpCheck) Run(ctx context.Context) check.Result {
	start := time.Now()
	details := map[string]string{}
	state, reason, err := c.run(ctx, start, details)
	took := time.Since(start)
	if err != nil {
		result := check.Failed(ctx, err, took)
		result.Details = details
		return result
	}
	if state == check.Up {
		reason += " in " + took.Round(100*time.Microsecond).String()
	}
	return check.Result{State: state, Reason: check.OneLine(reason), Details: details, Took: took}
}

// run does the whole conversation. An error is one of the network or this machine.
func (c *tcpCheck) run(ctx context.Context, start time.Time, details map[string]string) (check.State, string, error) {
	note := func(phase string) { details[phase] = time.Since(start).Round(100 * time.Microsecond).String() }
	conn, err := (&net.Dialer{}).DialContext(ctx, c.network, c.address)
	if err != nil {
		return check.Unknown, "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	note("connected_after")
	details["address"] = conn.RemoteAddr().String()

	reason := "connected"
	if c.tls != nil {
		secure := tls.Client(conn, c.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return check.Unknown, "", fmt.Errorf("the TLS handshake failed: %w", err)
		}
		note("tls_after")
		conn = secure
		left := time.Until(secure.ConnectionState().PeerCertificates[0].NotAfter)
		days := int(math.Floor(left.Hours() / 24))
		details["certificate_days_left"] = strconv.Itoa(days)
		if c.minLeft > 0 && left < c.minLeft {
			return check.Down, certificateReason(left, days, c.minLeft), nil
		}
		reason = fmt.Sprintf("connected with TLS, the certificate is good for %d days", days)
	}
	if c.talk.empty() {
		return check.Up, reason, nil
	}
	return c.talk.with(ctx, conn, details)
}

// certificateReason says that a certificate ends too soon.
func certificateReason(left time.Duration, days int, wanted time.Duration) string {
	if left < 0 {
		return "the certificate has expired"
	}
	return fmt.Sprintf("the certificate expires in %d days, and at least %d are wanted", days, int(wanted.Hours()/24))
}
