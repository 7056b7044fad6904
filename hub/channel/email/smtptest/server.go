// Package smtptest is a mail server for tests. It speaks SMTP as real ones do (RFC 5321, with
// STARTTLS and AUTH if asked to), remembers every mail that it took, and can refuse, stall and
// drop the connection, for one address or for all.
//
//	server, err := smtptest.Start(smtptest.Options{})
//	defer server.Close()
//	server.Refuse("gone@example.vn", 550, "5.1.1 no such user here")
//	… a client sends to server.Addr() …
//	mail, err := server.Wait(ctx, func(m smtptest.Mail) bool { return m.To == "an@example.vn" })
package smtptest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options say what sort of server it is.
type Options struct {
	// TLS offers STARTTLS with this certificate, or demands TLS from the first byte if Implicit.
	TLS      *tls.Config
	Implicit bool
	// User and Password are asked for, if User is set.
	User, Password string
}

// Mail is a mail that the server took.
type Mail struct {
	From, To string // of the envelope
	Raw      []byte
	Header   mail.Header // as it came: encoded words are not decoded
	Subject  string      // decoded
	Text     string      // the part of type text/plain, decoded
	HTML     string      // the part of type text/html, decoded
}

// Everybody is the address that stands for all.
const Everybody = ""

// Server is safe for concurrent use.
type Server struct {
	smtp     *smtp.Server
	listener net.Listener
	o        Options
	served   sync.WaitGroup

	mu       sync.Mutex
	mails    []Mail
	sessions int
	tries    map[string]int           // how often each address was named as the recipient
	moods    map[string]func() error  // what RCPT TO is answered
	stalls   map[string]chan struct{} // closed when a stalled server goes on
	afters   map[string]func() error  // what the end of DATA is answered
	changed  chan struct{}            // closed and replaced whenever something is new
}

// sizeMax bounds a mail in bytes.
const sizeMax = 1 << 20

// Start starts a server on a free port of this machine.
func Start(o Options) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if o.Implicit {
		l = tls.NewListener(l, o.TLS)
	}
	s := &Server{
		listener: l, o: o, tries: map[string]int{}, moods: map[string]func() error{}, stalls: map[string]chan struct{}{},
		afters: map[string]func() error{}, changed: make(chan struct{}),
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return s.session(c) }))
	s.smtp.Domain, s.smtp.MaxMessageBytes, s.smtp.AllowInsecureAuth = "smtptest", sizeMax, true
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = time.Minute, time.Minute
	s.smtp.ErrorLog = log.New(io.Discard, "", 0)
	if !o.Implicit {
		s.smtp.TLSConfig = o.TLS
	}
	s.served.Go(func() { _ = s.smtp.Serve(l) })
	return s, nil
}

// Close ends all connections and stops the server.
func (s *Server) Close() error {
	s.mu.Lock()
	for _, stalled := range s.stalls {
		select {
		case <-stalled:
		default:
			close(stalled)
		}
	}
	s.mu.Unlock()
	err := errors.Join(s.smtp.Close(), s.listener.Close()) // the server knows its listener only once it serves
	s.served.Wait()
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Addr is "host:port".
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Refuse answers the recipient, or [Everybody], with a code and a text, which may begin with an
// enhanced code.
func (s *Server) Refuse(to string, code int, text string) { s.mood(to, refusal(code, text)) }

// RefuseMail takes the recipient, but answers the mail itself with a code and a text.
func (s *Server) RefuseMail(to string, code int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.afters[to] = refusal(code, text)
}

// Accept ends what Refuse, RefuseMail and Stall began for this address.
func (s *Server) Accept(to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.moods, to)
	delete(s.afters, to)
	if stalled := s.stalls[to]; stalled != nil {
		close(stalled)
		delete(s.stalls, to)
	}
}

// Stall leaves the recipient, or [Everybody], without an answer, until Accept or Close.
func (s *Server) Stall(to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalls[to] = make(chan struct{})
}

// Hang takes the mail and drops the connection instead of an answer.
func (s *Server) Hang(to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.afters[to] = func() error { return errDrop }
}

var errDrop = errors.New("the connection is dropped")

func (s *Server) mood(to string, answer func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moods[to] = answer
}

func refusal(code int, text string) func() error {
	status := smtp.NoEnhancedCode
	if first, rest, ok := strings.Cut(text, " "); ok && strings.Count(first, ".") == 2 {
		var parsed smtp.EnhancedCode
		for i, digits := range strings.Split(first, ".") {
			parsed[i], _ = strconv.Atoi(digits)
		}
		status, text = parsed, rest
	}
	return func() error { return &smtp.SMTPError{Code: code, EnhancedCode: status, Message: text} }
}

// Mails returns what it took so far, in order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Sessions returns how many connections were made.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Tries returns how often the address was named as a recipient.
func (s *Server) Tries(to string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries[to]
}

// Wait waits for a mail, past ones among it, or returns ctx's error.
func (s *Server) Wait(ctx context.Context, wanted func(Mail) bool) (Mail, error) {
	var found Mail
	err := s.until(ctx, func() bool {
		for _, m := range s.mails {
			if wanted(m) {
				found = m
				return true
			}
		}
		return false
	})
	return found, err
}

// WaitTried waits until the address was named as a recipient, whatever the answer.
func (s *Server) WaitTried(ctx context.Context, to string) error {
	return s.until(ctx, func() bool { return s.tries[to] > 0 })
}

// until waits until something is so. The lock is held while it is looked at.
func (s *Server) until(ctx context.Context, so func() bool) error {
	for {
		s.mu.Lock()
		done, changed := so(), s.changed
		s.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// announce wakes who waits. The lock is held.
func (s *Server) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	if s.o.User != "" {
		return &authSession{session{server: s, conn: c, needsAuth: true}}, nil
	}
	return &session{server: s, conn: c}, nil
}

// session is one connection.
type session struct {
	server    *Server
	conn      *smtp.Conn
	needsAuth bool
	from, to  string
}

// authSession is one at which one signs in.
type authSession struct{ session }

// AuthMechanisms implements [smtp.AuthSession].
func (*authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements [smtp.AuthSession].
func (c *authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.server.o.User || password != c.server.o.Password {
			return smtp.ErrAuthFailed
		}
		c.needsAuth = false
		return nil
	}), nil
}

// Mail implements [smtp.Session].
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if c.needsAuth {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

// Rcpt implements [smtp.Session].
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s := c.server
	s.mu.Lock()
	s.tries[to]++
	s.announce()
	answer, stalled := pick(s.moods, to), pick(s.stalls, to)
	s.mu.Unlock()
	c.to = to
	if stalled != nil {
		<-stalled
	}
	if answer != nil {
		return answer()
	}
	return nil
}

func pick[T any](by map[string]T, to string) T {
	if one, ok := by[to]; ok {
		return one
	}
	return by[Everybody]
}

// Data implements [smtp.Session].
func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s := c.server
	s.mu.Lock()
	answer := pick(s.afters, c.to)
	s.mu.Unlock()
	if answer != nil {
		if err := answer(); !errors.Is(err, errDrop) {
			return err
		}
	}
	m, err := parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not a mail: " + err.Error()}
	}
	m.From, m.To = c.from, c.to
	s.mu.Lock()
	s.mails = append(s.mails, m)
	s.announce()
	s.mu.Unlock()
	if answer != nil {
		_ = c.conn.Conn().Close()
	}
	return nil
}

// Reset implements [smtp.Session].
func (c *session) Reset() { c.from, c.to = "", "" }

// Logout implements [smtp.Session].
func (*session) Logout() error { return nil }

// parse takes a mail apart.
func parse(raw []byte) (Mail, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, err
	}
	out := Mail{Raw: raw, Header: m.Header}
	if out.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return Mail{}, err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return Mail{}, err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		out.Text, err = decoded(m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return out, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return Mail{}, err
		}
		text, err := decoded(part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return Mail{}, err
		}
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "text/plain":
			out.Text = text
		case "text/html":
			out.HTML = text
		}
	}
}

// decoded undoes a transfer encoding.
func decoded(encoding string, r io.Reader) (string, error) {
	if strings.EqualFold(encoding, "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	text, err := io.ReadAll(r)
	return strings.ReplaceAll(string(text), "\r\n", "\n"), err
}

// Check reports whether a text is a mail that can be taken apart.
func Check(raw []byte) error {
	_, err := parse(raw)
	return err
}
