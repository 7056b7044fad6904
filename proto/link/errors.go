package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/quic-go/quic-go"

	"keng/proto/link/linkpb"
)

// What a caller may want to tell apart, with [errors.Is].
var (
	// ErrRefused: the other side understood and said no; its words are in the error.
	ErrRefused = errors.New("refused")
	// ErrCertificate: one side does not accept the other's certificate.
	ErrCertificate = errors.New("certificate not accepted")
	// ErrFingerprint: the listener does not belong to the authority that the
	// token names. Nothing was sent to it.
	ErrFingerprint = errors.New("the listener is not of the cluster that the token was made for")
	// ErrBusy: the hub admits no more handshakes at the moment. Try another.
	ErrBusy = errors.New("the hub is busy")
	// ErrReplaced: a newer connection of the same peer took this one's place.
	ErrReplaced = errors.New("replaced by a newer connection of the same identity")
	// ErrSilent: heartbeats were not answered.
	ErrSilent = errors.New("heartbeats are not answered")
	// ErrLost: the connection died without a word: idle too long, or the other side has forgotten it.
	ErrLost = errors.New("connection lost")
	// ErrMalformed: a frame or message that cannot be understood.
	ErrMalformed = errors.New("malformed frame")
	// ErrTooLong: what is to be sent is longer than [MaxFrame]. (The receiver of such a
	// frame gets ErrMalformed.)
	ErrTooLong = errors.New("frame too long")
	// ErrSlow: the other side did not say Hello, or did not read, in time.
	ErrSlow = errors.New("the peer is too slow")
	// ErrToken: not an enrolment token.
	ErrToken = errors.New("not an enrolment token")
)

// Code says why a connection was closed. It goes over the wire as the
// application error code of QUIC (RFC 9000, section 20.2): a number never changes its
// meaning.
type Code uint64

// The reasons.
const (
	CodeDone      Code = 0 // an orderly end
	CodeGoingAway Code = 1 // a planned stop, after a Goodbye
	CodeReplaced  Code = 2 // a newer connection of the same peer
	CodeRefused   Code = 3 // the reason says why
	CodeMalformed Code = 4 // a frame that cannot be understood, or too long a one
	CodeSlow      Code = 5 // no Hello, or no reading, in time
	CodeSilent    Code = 6 // heartbeats are not answered
)

// sentinel is the error that a code stands for; nil for an orderly end.
func (c Code) sentinel() error {
	switch c {
	case CodeDone, CodeGoingAway:
		return nil
	case CodeReplaced:
		return ErrReplaced
	case CodeRefused:
		return ErrRefused
	case CodeMalformed:
		return ErrMalformed
	case CodeSlow:
		return ErrSlow
	case CodeSilent:
		return ErrSilent
	}
	return ErrLost // a code of a later version
}

// ClosedError is why a connection ended, when one side closed it. It is the cause
// of [Conn.Context], and unwraps to the error that its code stands for.
type ClosedError struct {
	Code   Code
	Reason string
	// Remote says that the other side closed it.
	Remote bool
	// Delay is how long the other side asked to be left alone, else 0. At most ten minutes.
	Delay time.Duration
}

// Error is a sentence for people.
func (e *ClosedError) Error() string {
	who := "closed here"
	if e.Remote {
		who = "closed by the peer"
	}
	if e.Reason == "" {
		return who
	}
	return who + ": " + e.Reason
}

// Unwrap returns the sentinel of the code, or nil after an orderly end.
func (e *ClosedError) Unwrap() error { return e.Code.sentinel() }

// orderly reports whether a cause is a planned end, by either side.
func orderly(cause error) bool {
	closed, ok := errors.AsType[*ClosedError](cause)
	return ok && (closed.Code == CodeDone || closed.Code == CodeGoingAway)
}

// translate turns an error of the QUIC library into one of ours, so that nobody
// above has to know the library.
func translate(err error) error {
	if app, ok := errors.AsType[*quic.ApplicationError](err); ok {
		return &ClosedError{Code: Code(app.ErrorCode), Reason: printable(app.ErrorMessage), Remote: app.Remote}
	}
	if transport, ok := errors.AsType[*quic.TransportError](err); ok {
		return translateTransport(transport)
	}
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		return translateAlert(alert.Err)
	}
	switch {
	case isType[*ClosedError](err), errors.Is(err, ErrLost), errors.Is(err, ErrCertificate), errors.Is(err, ErrFingerprint):
		return err // it is ours already
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case isType[tls.RecordHeaderError](err):
		return fmt.Errorf("%w: what answers there does not speak TLS", ErrLost)
	case isType[*quic.StatelessResetError](err):
		return fmt.Errorf("%w: the hub has forgotten it, perhaps by a restart", ErrLost)
	case isType[*quic.IdleTimeoutError](err):
		return fmt.Errorf("%w: nothing heard for too long", ErrLost)
	case isType[*quic.HandshakeTimeoutError](err):
		return fmt.Errorf("%w: no answer to the handshake; is UDP let through?", ErrLost)
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

const noApplicationProtocol = 0x100 + 120 // the TLS alert of RFC 7301 in QUIC's numbering

func translateTransport(err *quic.TransportError) error {
	switch {
	case err.ErrorCode == quic.ConnectionRefused:
		return ErrBusy
	case err.ErrorCode == noApplicationProtocol:
		return errNoProtocol()
	case !err.ErrorCode.IsCryptoError():
		return fmt.Errorf("%w: %s", ErrLost, err.Error())
	case errors.Is(err, ErrCertificate), errors.Is(err, ErrFingerprint):
		// Our own verdict on the peer, wrapped by the TLS and QUIC libraries.
		return err
	case err.Remote:
		return errRejected()
	}
	return fmt.Errorf("%w: %s", ErrCertificate, err.Error())
}

// translateAlert turns what the other side of a TLS connection over TCP has against us into
// one of our errors. The standard library has a type for an alert, but only over QUIC; the
// words are the same.
func translateAlert(alert error) error {
	const internalError, certificateFirst, certificateLast, certificateRequired = 80, 42, 48, 116
	is := func(code tls.AlertError) bool { return alert.Error() == code.Error() }
	switch {
	case is(internalError): // see [server.greet]
		return ErrBusy
	case is(noApplicationProtocol - 0x100):
		return errNoProtocol()
	case is(certificateRequired):
		return errRejected()
	}
	for code := tls.AlertError(certificateFirst); code <= certificateLast; code++ {
		if is(code) {
			return errRejected()
		}
	}
	return fmt.Errorf("%w: the other side says %w", ErrLost, alert)
}

func errNoProtocol() error {
	return fmt.Errorf("%w: the other side does not speak this protocol, or takes no joiners", ErrRefused)
}

func errRejected() error {
	return fmt.Errorf("%w: the other side rejects ours; it may be revoked, expired or of another cluster", ErrCertificate)
}

// closedBy reads the Close of the other side.
func closedBy(body []byte) error {
	var m linkpb.Close
	if err := decode(body, &m); err != nil {
		return err
	}
	return &ClosedError{Code: Code(m.Code), Reason: printable(m.Reason), Remote: true}
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// printable makes words from the other side fit for a log line or a terminal.
func printable(words string) string {
	words = strings.ToValidUTF8(words, "?")
	words = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, words)
	return shorten(words)
}

// shorten cuts words to what fits a close frame, at a rune.
func shorten(words string) string {
	if len(words) <= maxReason {
		return words
	}
	return strings.ToValidUTF8(words[:maxReason], "")
}
