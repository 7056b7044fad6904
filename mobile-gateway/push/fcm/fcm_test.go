package fcm

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keng/mobile-gateway/push/fcm/fcmtest"
	"keng/proto/channel"
)

func TestAcceptedNamesTheMessage(t *testing.T) {
	ch, server := open(t)
	reports := sendTo(t.Context(), ch, pageTo("token-accepts"))
	if len(reports) != 2 || reports[0].Stage != channel.Accepted || reports[1].Stage != channel.Done {
		t.Fatalf("reports are %+v; want accepted, done", reports)
	}
	messages := server.Messages()
	if len(messages) != 1 {
		t.Fatalf("the server has %d messages; want 1", len(messages))
	}
	if name := messages[0].Name; reports[0].ProviderID != name || reports[1].ProviderID != name {
		t.Errorf("ProviderID is %q, %q; want %q", reports[0].ProviderID, reports[1].ProviderID, name)
	}
}

func TestEveryError(t *testing.T) {
	for code, want := range map[string]channel.Failure{
		fcmtest.Unregistered:     channel.DeadContact,
		fcmtest.InvalidToken:     channel.DeadContact,
		fcmtest.InvalidArgument:  channel.Refused,
		fcmtest.SenderIDMismatch: channel.Misconfigured,
		fcmtest.ThirdPartyAuth:   channel.Misconfigured,
		fcmtest.Unauthenticated:  channel.Misconfigured,
		fcmtest.PermissionDenied: channel.Misconfigured,
		fcmtest.NoProject:        channel.Misconfigured,
		fcmtest.QuotaExceeded:    channel.Overloaded,
		fcmtest.Unavailable:      channel.Unavailable,
		fcmtest.Internal:         channel.Unavailable,
		fcmtest.Dropped:          channel.Unavailable,
		fcmtest.Garbled:          channel.Unavailable,
	} {
		t.Run(code, func(t *testing.T) {
			ch, server := open(t)
			server.Refuse(code)
			reports := sendTo(t.Context(), ch, pageTo("token-1"))
			final := reports[len(reports)-1]
			if len(reports) != 1 || final.Failure != want || final.Detail == "" {
				t.Errorf("reports are %+v; want one, failed as %q", reports, want)
			}
			if tries := len(server.Tries()); tries > 2*triesMax {
				t.Errorf("asked %d times", tries)
			}
		})
	}
}

// A provider's error moves on at once (P5): nothing waits for Google's client to
// pause, whatever the server asks for.
func TestP5NoPauseBetweenTries(t *testing.T) {
	for name, refuse := range map[string]func(*fcmtest.Server){
		"503":                 func(s *fcmtest.Server) { s.Refuse(fcmtest.Unavailable) },
		"503 and Retry-After": func(s *fcmtest.Server) { s.RefuseFor(fcmtest.Unavailable, time.Minute) },
		"429 and Retry-After": func(s *fcmtest.Server) { s.RefuseFor(fcmtest.QuotaExceeded, time.Minute) },
		"dropped":             func(s *fcmtest.Server) { s.Drop() },
		"nobody listens":      func(s *fcmtest.Server) { s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			ch, server := open(t)
			sendTo(t.Context(), ch, pageTo("token-warm")) // has an access token from here on
			refuse(server)
			begin := time.Now()
			final := last(sendTo(t.Context(), ch, pageTo("token-1")))
			if took := time.Since(begin); took > time.Second {
				t.Errorf("took %v; Google's client would pause for 1 s and more", took)
			}
			if final.Stage != channel.Failed {
				t.Errorf("ended as %q", final.Stage)
			}
		})
	}
}

func TestProvidersWordsAreReported(t *testing.T) {
	ch, server := open(t)
	server.Refuse(fcmtest.Unavailable)
	final := last(sendTo(t.Context(), ch, pageTo("token-1")))
	if !strings.Contains(final.Detail, "currently unavailable") {
		t.Errorf("detail is %q; want Google's words", final.Detail)
	}
}

func TestStallIsBounded(t *testing.T) {
	ch, server := open(t)
	ch.timeout = 200 * time.Millisecond
	server.Stall()
	begin := time.Now()
	final := last(sendTo(t.Context(), ch, pageTo("token-1")))
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("took %v; want about 200 ms", took)
	}
	if final.Failure != channel.Unavailable {
		t.Errorf("failure is %q; want unavailable", final.Failure)
	}
}

// The token endpoint is asked without the request's context by the library; it
// must not hold a page all the same.
func TestStallOfTheTokenEndpointIsBounded(t *testing.T) {
	server, err := fcmtest.New(project)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.StallTokens(true)
	ch, err := New(config(t, server))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	final := last(sendTo(ctx, ch, pageTo("token-1")))
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("took %v; want about 200 ms", took)
	}
	if final.Failure != channel.Unavailable {
		t.Errorf("failure is %q; want unavailable", final.Failure)
	}
}

func TestOneRetryHealsADeadConnection(t *testing.T) {
	_, server := open(t)
	cut := &cutOnce{base: http.DefaultTransport}
	cfg := config(t, server)
	cfg.HTTPClient = &http.Client{Transport: cut}
	ch, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if final := last(sendTo(t.Context(), ch, pageTo("token-1"))); final.Stage != channel.Done {
		t.Errorf("ended as %q (%s); want done by the second try", final.Stage, final.Detail)
	}
	if !cut.done {
		t.Error("the first try was not cut: nothing was tested")
	}
}

// cutOnce fails the first message as a connection does that died unnoticed.
type cutOnce struct {
	base http.RoundTripper
	done bool // only one Send is under way
}

func (c *cutOnce) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "messages:send") && !c.done {
		c.done = true
		return nil, &net.OpError{Op: "write", Err: net.ErrClosed}
	}
	return c.base.RoundTrip(req)
}

func TestRevokedAccessTokenIsRenewed(t *testing.T) {
	ch, server := open(t)
	for range 2 {
		if final := last(sendTo(t.Context(), ch, pageTo("token-1"))); final.Stage != channel.Done {
			t.Fatalf("ended as %q (%s); want done", final.Stage, final.Detail)
		}
		server.RevokeTokens()
	}
}

func TestRefusedServiceAccount(t *testing.T) {
	mine, err := fcmtest.New(project)
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	_, other := open(t)
	cfg := config(t, mine)
	account := strings.ReplaceAll(string(mine.ServiceAccountJSON()), mine.URL(), other.URL())
	if err := os.WriteFile(cfg.CredentialsFile, []byte(account), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Endpoint = other.URL()
	ch, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	final := last(sendTo(t.Context(), ch, pageTo("token-1")))
	if final.Failure != channel.Misconfigured || !strings.Contains(final.Detail, "fcm.credentials") {
		t.Errorf("failure is %q (%s); want misconfigured, naming fcm.credentials", final.Failure, final.Detail)
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	_, server := open(t)
	good := config(t, server)
	empty := filepath.Join(t.TempDir(), "empty.json")
	if err := os.WriteFile(empty, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Config){
		"fcm.project":     func(c *Config) { c.Project = "" },
		"is missing":      func(c *Config) { c.CredentialsFile = "" },
		"no such file":    func(c *Config) { c.CredentialsFile += "-not" },
		"service account": func(c *Config) { c.CredentialsFile = empty },
		"fcm.endpoint":    func(c *Config) { c.Endpoint = "localhost" },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New says %v; want something with %q", err, want)
		}
	}
}

func last(reports []channel.Report) channel.Report { return reports[len(reports)-1] }
