package voice

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Trunk is a SIP provider or PBX that puts calls through to telephone numbers.
type Trunk struct {
	// Name is for logs and traces.
	Name string `yaml:"name"`
	// Server is where calls are sent: "sip:host:port;transport=udp" or "…=tcp". The
	// port defaults to 5060, the transport to udp.
	Server string `yaml:"server"`
	// User and PasswordFile answer the trunk's digest challenges. The file holds
	// the password alone. Both may be empty if the trunk knows us by our address.
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	// CallerID is the number that the phone shows; default User.
	CallerID string `yaml:"caller_id"`
}

const (
	maxURI       = 255 // bytes of a SIP URI that is accepted
	maxNumber    = 20  // digits of a telephone number; E.164 has 15, with a prefix more
	defaultPort  = 5060
	defaultAgent = "keng" // the user part of From, if nothing else is configured
)

// line is one way to place a call: a trunk, or straight to a SIP URI's host.
type line struct {
	name     string
	server   sip.Uri // where requests are sent; scheme, host, port, transport
	user     string
	password string
	caller   string // user part of From
}

// address is the host and port of the line's server.
func (l line) address() string {
	return net.JoinHostPort(strings.Trim(l.server.Host, "[]"), strconv.Itoa(l.server.Port))
}

// transport is "udp" or "tcp".
func (l line) transport() string { return l.server.UriParams.GetOr("transport", "udp") }

// newLine checks a trunk's configuration and reads its password.
func newLine(t Trunk) (line, error) {
	if t.Name == "" {
		return line{}, errors.New("a SIP trunk has no name; give it one, it appears in traces")
	}
	server, err := parseURI(t.Server)
	if err != nil {
		return line{}, fmt.Errorf("server of SIP trunk %s: %w", t.Name, err)
	}
	server.User = ""
	l := line{name: t.Name, server: server, user: t.User, caller: t.CallerID}
	if l.caller == "" {
		l.caller = l.user
	}
	if l.caller == "" {
		l.caller = defaultAgent
	}
	if strings.ContainsFunc(l.caller, notUserPart) {
		return line{}, fmt.Errorf("caller_id of SIP trunk %s is %q; use digits, letters, + - . _ only", t.Name, l.caller)
	}
	if t.PasswordFile == "" {
		return l, nil
	}
	if t.User == "" {
		return line{}, fmt.Errorf("SIP trunk %s has a password_file but no user", t.Name)
	}
	password, err := os.ReadFile(t.PasswordFile)
	if err != nil {
		return line{}, fmt.Errorf("password of SIP trunk %s: %w", t.Name, err)
	}
	l.password = strings.TrimRight(string(password), "\r\n")
	return l, nil
}

// notUserPart reports whether r may not stand in the user part of a URI that we
// write. RFC 3261 allows more; what we are given comes from people, and ends up
// in a header.
func notUserPart(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("+-._", r))
}

// parseURI reads a SIP URI of the kind that can be called, and fills in its port
// and transport. Nothing but the transport is kept of its parameters.
func parseURI(text string) (sip.Uri, error) {
	wrong := func(why string) (sip.Uri, error) {
		return sip.Uri{}, fmt.Errorf("%.80q is not a SIP address that can be called (%s); write sip:user@host:port;transport=udp", text, why)
	}
	if len(text) > maxURI {
		return wrong("too long")
	}
	var uri sip.Uri
	if err := sip.ParseUri(text, &uri); err != nil {
		return wrong(err.Error())
	}
	switch {
	case uri.Scheme != "sip":
		return wrong("it must begin with sip:")
	case uri.Headers.Length() > 0:
		return wrong("no headers, please")
	case strings.ContainsFunc(uri.User, notUserPart) || uri.Password != "":
		return wrong("its user part may hold digits, letters and + - . _ only")
	case !validHost(uri.Host):
		return wrong("bad host")
	case uri.Port < 0 || uri.Port > 65535:
		return wrong("bad port")
	}
	transport := strings.ToLower(uri.UriParams.GetOr("transport", "udp"))
	if transport != "udp" && transport != "tcp" {
		return wrong("transport must be udp or tcp")
	}
	if uri.Port == 0 {
		uri.Port = defaultPort
	}
	clean := sip.Uri{Scheme: "sip", User: uri.User, Host: uri.Host, Port: uri.Port, UriParams: sip.NewParams()}
	clean.UriParams.Add("transport", transport)
	return clean, nil
}

// validHost reports whether host is an IP address or looks like a name.
func validHost(host string) bool {
	if net.ParseIP(strings.Trim(host, "[]")) != nil {
		return true
	}
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool { return r == '+' || notUserPart(r) })
}

// number returns the dialled form of a telephone number as people write it:
// digits with an optional plus, without spaces, dashes, dots and brackets.
func number(text string) (string, bool) {
	if len(text) > maxURI {
		return "", false
	}
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()\u00a0", r) {
			return -1
		}
		return r
	}, text)
	bare := strings.TrimPrefix(digits, "+")
	if len(bare) < 2 || len(bare) > maxNumber || strings.ContainsFunc(bare, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", false
	}
	return digits, true
}

// attempt is one line together with whom to call over it.
type attempt struct {
	line
	callee sip.Uri
}

// attempts returns the ways to reach an address, best first: a number over each
// trunk, a SIP URI straight at its host. A trunk's password is never shown to
// another host than its own.
func attempts(trunks []line, address string) ([]attempt, error) {
	address = strings.TrimSpace(strings.TrimPrefix(address, "tel:"))
	if digits, ok := number(address); ok {
		if len(trunks) == 0 {
			return nil, errors.New("no SIP trunk is configured, so a telephone number cannot be dialled; add one under sip.trunks")
		}
		var all []attempt
		for _, trunk := range trunks {
			callee := *trunk.server.Clone()
			callee.User = digits
			all = append(all, attempt{trunk, callee})
		}
		return all, nil
	}
	if !strings.HasPrefix(strings.ToLower(address), "sip:") {
		return nil, fmt.Errorf("%.80q is neither a telephone number nor a SIP address; write +84901234567 or sip:user@host", address)
	}
	uri, err := parseURI(address)
	if err != nil {
		return nil, err
	}
	for _, trunk := range trunks {
		if strings.EqualFold(trunk.address(), line{server: uri}.address()) {
			return []attempt{{trunk, uri}}, nil
		}
	}
	server := *uri.Clone()
	server.User = ""
	direct := line{name: "direct", server: server, caller: defaultAgent}
	if len(trunks) > 0 {
		direct.caller = trunks[0].caller
	}
	return []attempt{{direct, uri}}, nil
}
