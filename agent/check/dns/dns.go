// Package dns is the check kind dns: it asks one DNS server (RFC 1035) for the
// records of a name, over UDP and, when the answer is cut short, over TCP.
//
// It asks that server and no other, and caches nothing, so that an answer is
// always the server's own and of now.
package dns

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"keng/agent/check"
)

// Kind is the check kind dns.
type Kind struct{}

var _ check.Kind = Kind{}

// Describe implements [check.Kind].
func (Kind) Describe() check.Description {
	return check.Description{
		Name:  "dns",
		Label: check.Text{VI: "Phân giải tên miền (DNS)", EN: "Name resolution (DNS)"},
		Help: check.Text{
			VI: "Hỏi một máy chủ DNS về một tên miền và xét câu trả lời.",
			EN: "Asks a DNS server for a name and judges the answer.",
		},
		Target:  check.Text{VI: "Tên miền cần hỏi", EN: "The name to ask for"},
		Example: "example.vn",
		Fields: []check.Field{
			{
				Name: "server", Type: check.TypeText, Max: 300,
				Label: check.Text{VI: "Máy chủ DNS", EN: "DNS server"},
				Help: check.Text{
					VI: "Địa chỉ máy chủ, có thể kèm cổng; để trống là máy chủ mà máy này đang dùng.",
					EN: "Address of the server, with a port if it is not 53; left out: the one that this machine uses.",
				},
			},
			{
				Name: "type", Type: check.TypeChoice, Default: "A", Choices: typeNames(),
				Label: check.Text{VI: "Loại bản ghi", EN: "Record type"},
				Help:  check.Text{VI: "Loại bản ghi cần hỏi.", EN: "The type of record to ask for."},
			},
			{
				Name: "expect", Type: check.TypeTexts,
				Label: check.Text{VI: "Bản ghi mong đợi", EN: "Expected records"},
				Help: check.Text{
					VI: "Các bản ghi phải có trong câu trả lời; để trống là có bản ghi nào cũng được.",
					EN: "Records that must all be in the answer, as in a zone file; left out: any record will do.",
				},
			},
		},
	}
}

// dnsCheck asks one server for one name.
type dnsCheck struct {
	name   dnsmessage.Name
	qtype  dnsmessage.Type
	server string // host:port; empty: the machine's own, looked up at each run
	expect []string
}

// New implements [check.Kind].
func (Kind) New(target string, values check.Values) (check.Check, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(target, ".") + ".")
	if err != nil || !validName(target) {
		return nil, fmt.Errorf("target: %q is not a domain name", target)
	}
	c := &dnsCheck{name: name, qtype: typeByName(values.Text("type"))}
	if server := values.Text("server"); server != "" {
		if c.server, err = withPort(server); err != nil {
			return nil, fmt.Errorf("server: %w", err)
		}
	}
	for _, record := range values.Texts("expect") {
		wanted, err := normal(c.qtype, record)
		if err != nil {
			return nil, fmt.Errorf("expect: %w", err)
		}
		c.expect = append(c.expect, wanted)
	}
	return c, nil
}

// validName reports whether the labels of a name have the lengths of RFC 1035, section 2.3.4.
func validName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > 63 {
			return false
		}
	}
	return true
}

// withPort adds the DNS port to an address that has none.
func withPort(server string) (string, error) {
	if _, _, err := net.SplitHostPort(server); err == nil {
		return server, nil
	}
	bare := strings.Trim(server, "[]")
	if strings.Contains(bare, ":") && net.ParseIP(bare) == nil {
		return "", fmt.Errorf("%q is not an address; write 192.0.2.53, [2001:db8::53] or 192.0.2.53:5353", server)
	}
	return net.JoinHostPort(bare, "53"), nil
}

// Host implements [check.Check]. The machine's own server is looked up now.
func (c *dnsCheck) Host() string {
	server := c.server
	if server == "" {
		server, _ = systemServer()
	}
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return ""
	}
	return host
}

// systemServer returns the first name server of this machine (resolv.conf(5)).
func systemServer() (string, error) {
	file, err := os.Open("/etc/resolv.conf")
	if err != nil {
		return "", errors.New("this machine's DNS server is not known; name one with server")
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == "nameserver" {
			return withPort(fields[1])
		}
	}
	return "", errors.New("/etc/resolv.conf names no DNS server; name one with server")
}

// Run implements [check.Check].
func (c *dnsCheck) Run(ctx context.Context) check.Result {
	start := time.Now()
	server := c.server
	if server == "" {
		var err error
		if server, err = systemServer(); err != nil {
			return check.Result{State: check.Unknown, Reason: check.OneLine(err.Error()), Took: time.Since(start)}
		}
	}
	question := dnsmessage.Question{Name: c.name, Type: c.qtype, Class: dnsmessage.ClassINET}
	reply, err := ask(ctx, server, question)
	took := time.Since(start)
	if err != nil {
		result := check.Failed(ctx, err, took)
		result.Details = map[string]string{"server": server}
		return result
	}
	state, reason := c.judge(reply)
	if state == check.Up {
		reason += " in " + took.Round(time.Millisecond).String()
	}
	return check.Result{
		State:   state,
		Reason:  check.OneLine(reason),
		Details: map[string]string{"server": server, "rcode": rcodeName(reply.code), "records": check.OneLine(strings.Join(reply.records, ", "))},
		Took:    took,
	}
}

// judge says whether the answer is as expected, and what was seen.
func (c *dnsCheck) judge(got answer) (check.State, string) {
	if got.code != dnsmessage.RCodeSuccess {
		return check.Down, "the server answered " + rcodeName(got.code)
	}
	if len(got.records) == 0 {
		return check.Down, fmt.Sprintf("the answer has no %s record", typeName(c.qtype))
	}
	seen := strings.Join(got.records, ", ")
	for _, want := range c.expect {
		if !slices.Contains(got.records, want) {
			return check.Down, fmt.Sprintf("expected %s, but the answer is %s", want, seen)
		}
	}
	return check.Up, seen
}
