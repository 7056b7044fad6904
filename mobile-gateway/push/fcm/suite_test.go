package fcm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"keng/mobile-gateway/push/fcm/fcmtest"
	"keng/proto/channel"
	"keng/proto/channel/channeltest"
)

const project = "keng-test"

// open starts a server and a channel to it.
func open(t *testing.T) (*Channel, *fcmtest.Server) {
	t.Helper()
	server, err := fcmtest.New(project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	ch, err := New(config(t, server))
	if err != nil {
		t.Fatal(err)
	}
	return ch, server
}

func config(t *testing.T, server *fcmtest.Server) Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "firebase.json")
	if err := os.WriteFile(file, server.ServiceAccountJSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	return Config{Project: server.Project(), CredentialsFile: file, Endpoint: server.URL()}
}

func TestSuite(t *testing.T) {
	channeltest.Suite(t, channeltest.Case{
		Bad: []string{"short", "a token with blanks", "tiếng-việt-không-phải-token"},
		Open: func(t *testing.T) channeltest.Setup {
			ch, server := open(t)
			var count atomic.Int64
			return channeltest.Setup{
				Channel: ch,
				Address: func(b channeltest.Behaviour) string {
					token := fmt.Sprintf("token-%d:%s", count.Add(1), b)
					behave(server.Phone(token), b)
					return token
				},
				Reached: func(ctx context.Context, token string) error {
					_, err := server.WaitTry(ctx, func(m fcmtest.Message) bool { return m.Token == token })
					return err
				},
			}
		},
	})
}

func behave(phone fcmtest.Phone, b channeltest.Behaviour) {
	switch b {
	case channeltest.Refuses:
		phone.Refuse(fcmtest.InvalidArgument)
	case channeltest.Dead:
		phone.Unregister()
	case channeltest.Overloaded:
		phone.Refuse(fcmtest.QuotaExceeded)
	case channeltest.Broken:
		phone.Refuse(fcmtest.Unavailable)
	case channeltest.Stalls:
		phone.Stall()
	}
}

// sendTo sends a page and returns its reports, the final one last.
func sendTo(ctx context.Context, ch *Channel, page channel.Page) []channel.Report {
	var reports []channel.Report
	final := ch.Send(ctx, page, func(r channel.Report) { reports = append(reports, r) })
	return append(reports, final)
}

func pageTo(token string) channel.Page { return channeltest.NewPage(channel.Push, "delivery-1", token) }
