package sms

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"keng/mobile-gateway/sms/smstest"
	"keng/proto/channel"
	"keng/proto/channel/channeltest"
)

// open starts a server and a channel to it.
func open(t *testing.T, more string) (*Channel, *smstest.Server) {
	t.Helper()
	server := startServer(t)
	return channelTo(t, Entry{Name: "test", File: fileOf(t, server, more)}), server
}

func startServer(t *testing.T) *smstest.Server {
	t.Helper()
	server := smstest.Start()
	t.Cleanup(server.Close)
	return server
}

func fileOf(t *testing.T, server *smstest.Server, more string) string {
	t.Helper()
	file, err := server.File(t.TempDir(), more)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func channelTo(t *testing.T, entries ...Entry) *Channel {
	t.Helper()
	ch, err := New(Config{Providers: entries})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ch.Close)
	return ch
}

func TestSuite(t *testing.T) {
	channeltest.Suite(t, channeltest.Case{
		Open: func(t *testing.T) channeltest.Setup {
			ch, server := open(t, "")
			var count atomic.Int64
			return channeltest.Setup{
				Channel: ch,
				Address: func(b channeltest.Behaviour) string {
					to := fmt.Sprintf("+8490%07d", count.Add(1))
					switch b {
					case channeltest.Refuses:
						server.Refuse(to, smstest.Spam)
					case channeltest.Dead:
						server.Refuse(to, smstest.BadPhone)
					case channeltest.Overloaded:
						server.Refuse(to, smstest.Overload)
					case channeltest.Broken:
						server.Fail(to, 502)
					case channeltest.Stalls:
						server.Stall(to)
					}
					return to
				},
				Reached: func(ctx context.Context, address string) error { return server.WaitTried(ctx, address) },
			}
		},
		Bad: []string{"0901234567", "+0901234567", "84901234567", "+84 901 234 567", "+849o1234567", "+1234567890123456", "an@example.vn"},
	})
}

func pageTo(address string) channel.Page { return channeltest.NewPage(channel.SMS, "page-1", address) }

func sendTo(ctx context.Context, ch *Channel, page channel.Page) []channel.Report {
	var reports []channel.Report
	final := ch.Send(ctx, page, func(r channel.Report) { reports = append(reports, r) })
	return append(reports, final)
}

func last(reports []channel.Report) channel.Report { return reports[len(reports)-1] }

// The examples can be read, with secrets in their places.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d examples: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		secrets := map[string]string{}
		for name := range p.Secrets {
			secrets[name] = "s3cret"
		}
		ready, err := newProvider(Entry{Name: file}, p, secrets, nil)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if _, err := ready.request(pageTo("+84901234567")); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
