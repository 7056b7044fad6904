package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

const (
	// idleMax is how long a connection is kept for the next mail: less than the five
	// minutes that a server should wait (RFC 5321, section 4.5.3.2.7) and than most do.
	idleMax = 30 * time.Second
	// quitTimeout bounds the goodbye.
	quitTimeout = 2 * time.Second
)

// server is the mail server with the connections to it that wait for a mail.
type server struct {
	cfg   Config
	tls   *tls.Config
	hello string // our name

	mu     sync.Mutex
	idle   []*session
	closed bool
}

func newServer(cfg Config) (*server, error) {
	roots, err := cfg.roots()
	if err != nil {
		return nil, err
	}
	hello, err := os.Hostname()
	if err != nil || hello == "" || strings.ContainsFunc(hello, func(r rune) bool { return r <= ' ' || r > '~' }) {
		hello = "localhost"
	}
	return &server{cfg: cfg, hello: hello, tls: &tls.Config{ServerName: cfg.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}}, nil
}

// session is one connection, signed in. It belongs to one mail at a time.
type session struct {
	client *smtp.Client
	conn   net.Conn // below TLS: closing it ends whatever waits
	expire *time.Timer
}

// stage is what was asked of the server when it failed.
type stage string

const (
	connecting stage = "connect"
	signingIn  stage = "sign in"
	sender     stage = "MAIL FROM"
	recipient  stage = "RCPT TO"
	content    stage = "DATA"
)

// sendError is a failure with where it happened.
type sendError struct {
	at  stage
	err error
}

func (e *sendError) Error() string { return string(e.at) + ": " + e.err.Error() }

func (e *sendError) Unwrap() error { return e.err }

// send hands one mail to the server and returns its words about it. When ctx ends the
// connection is closed, so that nothing here outlives it.
func (s *server) send(ctx context.Context, from, to string, message []byte) (said string, err error) {
	if kept := s.take(); kept != nil {
		said, err = s.use(ctx, kept, from, to, message)
		if !lost(err) {
			return said, err
		}
	}
	fresh, err := s.dial(ctx)
	if err != nil {
		return "", err
	}
	return s.use(ctx, fresh, from, to, message)
}

// lost reports whether a kept connection turned out to be dead before the server was asked
// to take the mail: only then may it be tried again.
func lost(err error) bool {
	failure, ok := errors.AsType[*sendError](err)
	if !ok || failure.at != sender {
		return false
	}
	answer, answered := errors.AsType[*textproto.Error](err)
	return !answered || answer.Code == 421
}

// use sends one mail on a session, and keeps the session if it is still good.
func (s *server) use(ctx context.Context, c *session, from, to string, message []byte) (said string, err error) {
	stop := context.AfterFunc(ctx, func() { c.conn.Close() })
	said, err = c.transact(from, to, message)
	if !stop() || err != nil && !c.recover(err) {
		c.conn.Close()
		return said, err
	}
	s.keep(c)
	return said, err
}

// transact is the mail transaction of RFC 5321, section 3.3.
func (c *session) transact(from, to string, message []byte) (said string, err error) {
	if err := c.client.Mail("<" + from + ">"); err != nil {
		return "", &sendError{sender, err}
	}
	if err := c.client.Rcpt("<" + to + ">"); err != nil {
		return "", &sendError{recipient, err}
	}
	w, err := c.client.Data()
	if err != nil {
		return "", &sendError{content, err}
	}
	if _, err := w.Write(message); err != nil {
		return "", &sendError{content, err}
	}
	if err := w.Close(); err != nil {
		return "", &sendError{content, err}
	}
	if closer, ok := w.(*smtp.DataCloser); ok {
		said = closer.ServerResponse()
	}
	return said, nil
}

// recover makes a session ready again after the server has refused a mail.
func (c *session) recover(err error) bool {
	answer, answered := errors.AsType[*textproto.Error](err)
	if !answered || answer.Code == 421 {
		return false
	}
	_ = c.conn.SetDeadline(time.Now().Add(quitTimeout))
	return c.client.Reset() == nil && c.conn.SetDeadline(time.Time{}) == nil
}

// dial connects, makes the connection secret, and signs in.
func (s *server) dial(ctx context.Context) (*session, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.cfg.Host, s.cfg.Port))
	if err != nil {
		return nil, &sendError{connecting, err}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	client, err := s.greet(ctx, conn)
	if err == nil {
		err = s.signIn(client)
	}
	if !stop() && err == nil {
		err = &sendError{connecting, context.Cause(ctx)}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &session{client: client, conn: conn}, nil
}

// errNoTLS says that the server does not offer what is required.
var errNoTLS = errors.New("the server offers no STARTTLS, which starttls=required asks for")

// greet says hello and makes the connection secret.
func (s *server) greet(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	if s.cfg.TLS == Implicit {
		secret := tls.Client(conn, s.tls)
		if err := secret.HandshakeContext(ctx); err != nil {
			return nil, &sendError{connecting, err}
		}
		conn = secret
	}
	client, err := smtp.NewClient(conn, s.cfg.Host)
	if err != nil {
		return nil, &sendError{connecting, err}
	}
	client.SkipSMTPUTF8(true) // no address of ours needs it, and the next server may not have it
	if err := client.Hello(s.hello); err != nil {
		return nil, &sendError{connecting, err}
	}
	if s.cfg.TLS != Required && s.cfg.TLS != Opportunistic {
		return client, nil
	}
	offered, _ := client.Extension("STARTTLS")
	if !offered && s.cfg.TLS == Required {
		return nil, &sendError{connecting, errNoTLS}
	}
	if offered {
		if err := client.StartTLS(s.tls); err != nil {
			return nil, &sendError{connecting, err}
		}
	}
	return client, nil
}

// signIn authenticates by the first mechanism that both sides know, if there is a user.
func (s *server) signIn(client *smtp.Client) error {
	if s.cfg.User == "" {
		return nil
	}
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	local := s.cfg.local()
	for _, m := range []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(s.cfg.User, s.cfg.Password)},
		{"PLAIN", smtp.PlainAuth("", s.cfg.User, s.cfg.Password, s.cfg.Host, local)},
		{"LOGIN", smtp.LoginAuth(s.cfg.User, s.cfg.Password, s.cfg.Host, local)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(s.cfg.User, s.cfg.Password)},
	} {
		if !contains(mechanisms, m.name) {
			continue
		}
		if err := client.Auth(m.auth); err != nil {
			return &sendError{signingIn, err}
		}
		return nil
	}
	return &sendError{signingIn, fmt.Errorf("the server offers none of SCRAM-SHA-256, PLAIN, LOGIN and CRAM-MD5, but %q", oneLine(offered, 100))}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// take returns a kept session, the one that was used last; nil if there is none.
func (s *server) take() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		last := len(s.idle) - 1
		c := s.idle[last]
		s.idle = s.idle[:last]
		if c.expire.Stop() {
			return c
		}
	}
	return nil
}

// keep keeps a session for the next mail, for a while.
func (s *server) keep(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.idle) >= Concurrent {
		go c.quit()
		return
	}
	c.expire = time.AfterFunc(idleMax, func() {
		s.mu.Lock()
		for i, kept := range s.idle {
			if kept == c {
				s.idle = append(s.idle[:i], s.idle[i+1:]...)
				break
			}
		}
		s.mu.Unlock()
		c.quit()
	})
	s.idle = append(s.idle, c)
}

// quit says goodbye and closes.
func (c *session) quit() {
	_ = c.conn.SetDeadline(time.Now().Add(quitTimeout))
	_ = c.client.Quit()
	_ = c.conn.Close()
}

// close ends all that is kept.
func (s *server) close() {
	s.mu.Lock()
	kept := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range kept {
		if c.expire.Stop() {
			c.quit()
		}
	}
}
