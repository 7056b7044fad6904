package email

import (
	"context"
	"fmt"
	"net/mail"
	"sync/atomic"
	"testing"

	"keng/hub/channel/email/smtptest"
	"keng/proto/channel"
	"keng/proto/channel/channeltest"
)

// start starts a server.
func start(t *testing.T, o smtptest.Options) *smtptest.Server {
	t.Helper()
	server, err := smtptest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// open starts a server and a channel to it.
func open(t *testing.T) (*Channel, *smtptest.Server) {
	t.Helper()
	server := start(t, smtptest.Options{})
	return connect(t, "smtp://"+server.Addr()+"?starttls=none&from="+sender1), server
}

const sender1 = "keng@example.vn"

// connect makes a channel by its URL.
func connect(t *testing.T, url string) *Channel {
	t.Helper()
	cfg, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	ch, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ch.Close)
	return ch
}

func TestSuite(t *testing.T) {
	channeltest.Suite(t, channeltest.Case{
		Open: func(t *testing.T) channeltest.Setup {
			ch, server := open(t)
			var count atomic.Int64
			return channeltest.Setup{
				Channel: ch,
				Address: func(b channeltest.Behaviour) string {
					to := fmt.Sprintf("person-%d@example.vn", count.Add(1))
					switch b {
					case channeltest.Refuses:
						server.RefuseMail(to, 554, "5.7.1 looks like spam")
					case channeltest.Dead:
						server.Refuse(to, 550, "5.1.1 no such user here")
					case channeltest.Overloaded:
						server.Refuse(to, 452, "4.2.2 mailbox full")
					case channeltest.Broken:
						server.Refuse(to, 451, "4.3.0 try again later")
					case channeltest.Stalls:
						server.Stall(to)
					}
					return to
				},
				Reached: func(ctx context.Context, address string) error { return server.WaitTried(ctx, address) },
			}
		},
		Bad: []string{"an", "an@", "@example.vn", "An <an@example.vn>", "an@example.vn, binh@example.vn", "ân@example.vn", "a b@example.vn", "<an@example.vn>"},
	})
}

func pageTo(address string) channel.Page {
	return channeltest.NewPage(channel.Email, "page-1", address)
}

// sendTo sends a page and returns all reports, the final one last.
func sendTo(ctx context.Context, ch *Channel, page channel.Page) []channel.Report {
	var reports []channel.Report
	final := ch.Send(ctx, page, func(r channel.Report) { reports = append(reports, r) })
	return append(reports, final)
}

func last(reports []channel.Report) channel.Report { return reports[len(reports)-1] }

// addressOf is the bare address in a header.
func addressOf(t *testing.T, header string) string {
	t.Helper()
	a, err := mail.ParseAddress(header)
	if err != nil {
		t.Fatal(err)
	}
	return a.Address
}
