package app

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	sdk "github.com/opsgenie/opsgenie-go-sdk-v2/client"
)

// Opsgenie's client for Go speaks HTTPS if "api" is anywhere in the name of the host, and plain
// HTTP else: by such a name it creates, asks for the status of, and closes an alert.
func wantSDKOverTLS(t *testing.T, a *App, transport *http.Transport, key string) {
	t.Helper()
	own := transport.Clone()
	defer own.CloseIdleConnections()
	at, err := url.Parse(a.URL())
	if err != nil {
		t.Fatal(err)
	}
	own.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != sdkHost+":"+at.Port() {
			t.Errorf("the client dials %s", address)
		}
		return (&net.Dialer{}).DialContext(ctx, network, at.Host) // no name server knows the name
	}
	web := &seenSchemes{RoundTripper: own}
	alerts, err := alert.NewClient(&sdk.Config{ApiKey: key, OpsGenieAPIURL: sdk.ApiUrl(sdkHost + ":" + at.Port()), HttpClient: &http.Client{Transport: web}, LogLevel: errorLevel})
	if err != nil {
		t.Fatal(err)
	}
	created, err := alerts.Create(t.Context(), &alert.CreateAlertRequest{Message: "over TLS", Alias: "tls"})
	if err != nil {
		t.Fatal(err)
	}
	status, err := created.RetrieveStatus(t.Context())
	if err != nil || !status.IsSuccess {
		t.Fatalf("the status: %+v, %v", status, err)
	}
	closed, err := alerts.Close(t.Context(), &alert.CloseAlertRequest{IdentifierType: alert.ALIAS, IdentifierValue: "tls"})
	if err != nil {
		t.Fatal(err)
	}
	if status, err := closed.RetrieveStatus(t.Context()); err != nil || !status.IsSuccess {
		t.Errorf("the status of the close: %+v, %v", status, err)
	}
	if got, err := alerts.Get(t.Context(), &alert.GetAlertRequest{IdentifierValue: status.AlertID}); err != nil || got.Status != "closed" || got.Message != "over TLS" {
		t.Errorf("the alert: %+v, %v", got, err)
	}
	if len(web.schemes) != 1 || !web.schemes["https"] {
		t.Errorf("the client speaks %v", web.schemes)
	}
}

// sdkHost is a name by which the client speaks HTTPS.
const sdkHost = "api.keng.example"

// errorLevel has the client write down errors only.
const errorLevel = 2

// seenSchemes notes what is spoken.
type seenSchemes struct {
	http.RoundTripper
	schemes map[string]bool
}

// RoundTrip answers a request.
func (s *seenSchemes) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.schemes == nil {
		s.schemes = map[string]bool{}
	}
	s.schemes[r.URL.Scheme] = true
	return s.RoundTripper.RoundTrip(r)
}
