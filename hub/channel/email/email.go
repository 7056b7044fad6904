// Package email reaches people by e-mail, through one SMTP server that takes mail for
// everybody: a submission server or a relay of one's own (RFC 5321, RFC 6409).
//
// # One attempt
//
// A page is one mail to one address. "Done" means that the server has taken it; whether it
// comes to be read, SMTP does not tell. Nothing waits here for a server that says "later"
// (4xx, greylisting among it): the person's next method begins at once (P5). A server that
// greylists is no server to page through; a relay of one's own does the waiting. The one
// thing that is tried again, at once, is a connection that had been kept from an earlier
// mail and turned out to be dead before the mail was on its way.
//
// # What a mail looks like
//
// The subject leads with priority and number, so that filters and people see them. All
// mails about an alert refer to the same message, so that they are one thread. The
// Message-ID is made of the delivery's id: if the same attempt is handed over again, which
// the mail says (P4), mail programs know it for the same. A link, if the page has one, is
// the way to acknowledge. Mails say that a program sent them (RFC 3834), so that no
// "out of office" comes back; there is no List-Unsubscribe, because nobody can leave this
// list by a click in the middle of the night: contacts are changed where they were made.
package email

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"keng/proto/channel"
)

// Timeout bounds one attempt, from dialling to the server's word that it has the mail.
const Timeout = 15 * time.Second

// Concurrent is how many mails may be under way at once, each on a connection of its own:
// servers commonly allow ten.
const Concurrent = 8

// addressMax is the longest address in bytes: RFC 5321, section 4.5.3.1.3, less its brackets.
const addressMax = 254

// Channel sends pages as e-mails. It is safe for concurrent use.
type Channel struct {
	server  *server
	from    mail.Address
	domain  string // of from: message ids end in it
	timeout time.Duration
}

var _ channel.Channel = (*Channel)(nil)

// New makes the channel. It opens no connection: a server that is down does not keep the
// hub from starting.
func New(cfg Config) (*Channel, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	return &Channel{server: s, from: cfg.From, domain: domainOf(cfg.From.Address), timeout: Timeout}, nil
}

// Close closes the connections that are kept for the next mail.
func (c *Channel) Close() { c.server.close() }

// Describe implements [channel.Channel].
func (c *Channel) Describe() channel.Description {
	return channel.Description{
		Kind: channel.Email,
		Name: map[channel.Language]string{channel.Vietnamese: "Thư điện tử", channel.English: "E-mail"},
		Address: map[channel.Language]string{
			channel.Vietnamese: "Địa chỉ thư điện tử, ví dụ an@example.vn",
			channel.English:    "E-mail address, such as an@example.vn",
		},
		Loud: false, Replies: false, Replaces: false,
		Timeout: c.timeout, Concurrent: Concurrent,
	}
}

// Send implements [channel.Channel]. It reports Accepted, with the server's words about the
// mail it took, and is done.
func (c *Channel) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	now := time.Now()
	switch {
	case ctx.Err() != nil:
		return interrupted(ctx, 0)
	case !now.Before(page.SendBy):
		return failed(channel.Expired, "its time to be sent had passed")
	case !validAddress(page.Address):
		return failed(channel.Misconfigured, "the address is not an e-mail address such as an@example.vn: correct the contact")
	}
	message, err := c.compose(page, now)
	if err != nil {
		return failed(channel.Refused, "the mail cannot be written: "+err.Error())
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	said, err := c.server.send(bounded, c.from.Address, page.Address, message)
	switch {
	case err == nil:
		said = oneLine(said, detailMax)
		report(channel.Report{Stage: channel.Accepted, ProviderID: said})
		return channel.Report{Stage: channel.Done, ProviderID: said}
	case ctx.Err() != nil:
		return interrupted(ctx, time.Since(now))
	case bounded.Err() != nil:
		return late(c.timeout)
	}
	return fate(err)
}

// validAddress reports whether a text is a bare address, and plain enough for every server:
// addresses beyond ASCII need SMTPUTF8 (RFC 6531) all the way, which few servers offer.
func validAddress(address string) bool {
	if len(address) > addressMax || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false
	}
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && !strings.ContainsAny(address, `"<>`)
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// interrupted is the fate of a page whose context has ended: taken back, or out of time.
func interrupted(ctx context.Context, after time.Duration) channel.Report {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return late(after)
	}
	return channel.Report{Stage: channel.Cancelled, Detail: "taken back before the mail server had answered; it may still arrive"}
}

// late is the fate of a page that the server had for so long.
func late(had time.Duration) channel.Report {
	return failed(channel.Unavailable, fmt.Sprintf("the mail server did not answer within %v", had.Round(100*time.Millisecond)))
}

func failed(failure channel.Failure, detail string) channel.Report {
	return channel.Report{Stage: channel.Failed, Failure: failure, Detail: oneLine(detail, detailMax)}
}
