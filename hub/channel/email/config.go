package email

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strings"
)

// Config says through which server mails go, and from whom they come.
type Config struct {
	Host string // name or IP address
	Port string // decimal
	// TLS is how the connection is made secret.
	TLS TLS
	// User and Password sign in; without User nobody does.
	User, Password string
	// From is the sender, which the server must allow.
	From mail.Address
	// CAFile holds certificates, PEM, of authorities to trust beside the system's.
	CAFile string
}

// TLS is how a connection is made secret.
type TLS string

// The ways.
const (
	Required      TLS = "required"      // STARTTLS (RFC 3207), or there is no mail
	Opportunistic TLS = "opportunistic" // STARTTLS if the server offers it
	None          TLS = "none"          // in the clear: for a relay on this machine
	Implicit      TLS = "implicit"      // TLS from the first byte (RFC 8314): smtps
)

// example is how an address of a server is written.
const example = "smtp://user:password@mail.example.vn:587?from=keng@example.vn"

// ParseURL reads the address of a server:
//
//	smtp://user:password@mail.example.vn:587?from=keng@example.vn&starttls=required
//	smtps://user:password@mail.example.vn?from=Kẻng <keng@example.vn>
//
// Ports are 587 and 465 if none is named. starttls is required (the default), opportunistic or
// none. ca names a PEM file of authorities to trust besides. Special characters of user and
// password are written %40 and so on. The password stands in no error.
func ParseURL(text string) (Config, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return Config{}, fmt.Errorf("the mail server is written like %s, with %%40 and the like for special characters in user and password", example)
	}
	cfg := Config{Host: u.Hostname(), Port: u.Port(), TLS: Required}
	switch u.Scheme {
	case "smtp":
		cfg.Port = orElse(cfg.Port, "587")
	case "smtps":
		cfg.Port, cfg.TLS = orElse(cfg.Port, "465"), Implicit
	default:
		return Config{}, fmt.Errorf("the mail server's address begins with smtp:// or smtps://, as in %s", example)
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return Config{}, errors.New("the mail server's address has nothing between the port and the question mark, and no #")
	}
	if u.User != nil {
		cfg.User = u.User.Username()
		cfg.Password, _ = u.User.Password()
	}
	if err := cfg.readQuery(u.RawQuery); err != nil {
		return Config{}, err
	}
	return cfg, cfg.check()
}

// readQuery reads what stands after the question mark.
func (cfg *Config) readQuery(raw string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return errors.New("what follows the question mark in the mail server's address cannot be read: write from=…&starttls=…")
	}
	from := cfg.User
	for key, values := range query {
		value := values[len(values)-1]
		switch key {
		case "from":
			from = value
		case "ca":
			cfg.CAFile = value
		case "starttls":
			if cfg.TLS == Implicit {
				return errors.New("smtps:// is TLS from the first byte: leave starttls out, or write smtp://")
			}
			cfg.TLS = TLS(value)
		default:
			return fmt.Errorf("the mail server's address knows from, starttls and ca, not %q", key)
		}
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return errors.New("say from whom the mails come: from=keng@example.vn in the mail server's address")
	}
	cfg.From = *sender
	return nil
}

// check refuses what could not work, or would give the password away.
func (cfg *Config) check() error {
	switch {
	case cfg.Host == "" || cfg.Port == "":
		return errors.New("the mail server needs a host and a port")
	case !slices.Contains([]TLS{Required, Opportunistic, None, Implicit}, cfg.TLS):
		return fmt.Errorf("starttls is required, opportunistic or none, not %q", cfg.TLS)
	case !validAddress(cfg.From.Address):
		return fmt.Errorf("the sender %q is not an e-mail address such as keng@example.vn", cfg.From.Address)
	case cfg.User != "" && (cfg.TLS == None || cfg.TLS == Opportunistic) && !cfg.local():
		return fmt.Errorf("starttls=%s may send the password in the clear: use starttls=required or smtps://", cfg.TLS)
	}
	return nil
}

// local reports whether the server is on this machine, so that nobody listens between.
func (cfg *Config) local() bool {
	ip := net.ParseIP(cfg.Host)
	return cfg.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// caMax is the greatest file of certificates in bytes.
const caMax = 1 << 20

// roots returns the authorities to trust; nil for the system's.
func (cfg *Config) roots() (*x509.CertPool, error) {
	if cfg.CAFile == "" {
		return nil, nil
	}
	info, err := os.Stat(cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificates that ca names: %w", err)
	}
	if info.Size() > caMax {
		return nil, fmt.Errorf("%s, which ca names, is larger than %d bytes: is it the right file?", cfg.CAFile, caMax)
	}
	pem, err := os.ReadFile(cfg.CAFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificates that ca names: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s, which ca names, holds no certificate in PEM", cfg.CAFile)
	}
	return pool, nil
}

func orElse(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}
