package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/client"
	"keng/proto/link"
)

// pemPair makes a certificate for 127.0.0.1 and [sdkHost] that is its own authority, and its key.
func pemPair(t *testing.T, name string, until time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: until.Add(-90 * 24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{sdkHost}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// pairFiles are a certificate's files.
type pairFiles struct{ cert, key string }

func (f pairFiles) write(t *testing.T, cert, key []byte) {
	t.Helper()
	for path, text := range map[string][]byte{f.cert: cert, f.key: key} {
		if text == nil {
			continue
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func newPairFiles(t *testing.T) pairFiles {
	dir := t.TempDir()
	return pairFiles{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
}

// What is wrong with the files is said so that one knows what to do.
func TestCertificateFilesThatAreNoGood(t *testing.T) {
	cert, key := pemPair(t, "a", time.Now().Add(30*24*time.Hour))
	_, other := pemPair(t, "b", time.Now().Add(30*24*time.Hour))
	for name, test := range map[string]struct {
		cert, key []byte
		want      string
	}{
		"no certificate file": {nil, key, "there is no such file"},
		"no key file":         {cert, nil, "there is no such file"},
		"another's key":       {cert, other, "is not the key of the certificate"},
		"the key twice":       {key, key, "holds no certificate"},
		"the files swapped":   {key, cert, "holds no certificate"},
		"garbage":             {[]byte("x"), []byte("y"), "holds no certificate"},
		"a huge file":         {bytes.Repeat([]byte("x"), 2<<20), key, "no PEM file"},
	} {
		files := newPairFiles(t)
		files.write(t, test.cert, test.key)
		if _, err := openCertificate(files.cert, files.key, slog.Default()); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "--tls-") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A new pair is taken without a restart; a broken one is complained of once and the old one
// serves; one that expires is complained of daily.
func TestCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		files := newPairFiles(t)
		cert, key := pemPair(t, "first", time.Now().Add(9*24*time.Hour))
		files.write(t, cert, key)
		var log bytes.Buffer
		c, err := openCertificate(files.cert, files.key, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.watch(ctx) }()
		serves := func(want string) {
			t.Helper()
			time.Sleep(5 * certificateLook)
			synctest.Wait()
			if got := c.current.Load().Leaf.Subject.CommonName; got != want {
				t.Errorf("%q serves instead of %q", got, want)
			}
		}
		serves("first")
		_, foreign := pemPair(t, "foreign", time.Now().Add(time.Hour))
		files.write(t, nil, append(foreign, "\n"...))
		serves("first")
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
			t.Errorf("it complained %d times:\n%s", n, &log)
		}
		cert, key = pemPair(t, "second", time.Now().Add(9*24*time.Hour))
		files.write(t, append(cert, "\n\n"...), append(key, "\n\n"...))
		serves("second")
		log.Reset()
		time.Sleep(20 * 24 * time.Hour)
		synctest.Wait()
		if soon, over := strings.Count(log.String(), "expires soon"), strings.Count(log.String(), "has expired"); soon < 6 || soon > 8 || over < 10 || over > 12 {
			t.Errorf("it warned %d times before and %d times after:\n%s", soon, over, &log)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// The API is served over TLS, by HTTP/1.1 and HTTP/2, and an agent joins at the same port.
//
// Rule ogapi-9.client.https-by-name.
func TestTLSForHTTP(t *testing.T) {
	t.Parallel()
	files := newPairFiles(t)
	cert, key := pemPair(t, "hub", time.Now().Add(30*24*time.Hour))
	files.write(t, cert, key)
	const apiKey = "a key of twenty characters"
	a, err := New(Options{
		DataDir: t.TempDir(), HTTP: "127.0.0.1:0", Link: "127.0.0.1:0", NodeID: "n1", Bootstrap: true, BootstrapKey: apiKey,
		TLSCert: files.cert, TLSKey: files.key, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	transport, err := client.Trusting(files.cert)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	if !strings.HasPrefix(a.URL(), "https://127.0.0.1:") {
		t.Errorf("the API is at %s", a.URL())
	}
	api, err := client.New(a.URL(), apiKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "--ca-file") {
		t.Errorf("without the authority: %v", err)
	}
	if err := api.Through(transport).Ready(t.Context()); err != nil {
		t.Error(err)
	}
	for _, want := range []int{1, 2} {
		own := transport.Clone()
		own.ForceAttemptHTTP2 = want == 2
		if want == 1 {
			own.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
			own.TLSClientConfig.NextProtos = nil
		}
		res, err := (&http.Client{Transport: own}).Get(a.URL() + "/healthz")
		if err != nil || res.ProtoMajor != want || res.StatusCode != 200 {
			t.Errorf("HTTP/%d: %v, %v", want, res, err)
		}
		if err == nil {
			res.Body.Close()
		}
		own.CloseIdleConnections()
	}
	wantSDKOverTLS(t, a, transport, apiKey)
	plain, err := client.New("http://"+a.HTTPAddr(), apiKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.Ready(t.Context()); err == nil {
		t.Error("plain HTTP is served too")
	}

	token, err := api.Through(transport).CreateToken(t.Context(), client.TokenSpec{Uses: 1})
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := link.NewEndpoint(socket, nil)
	defer endpoint.Close()
	own, _, err := endpoint.Join(t.Context(), a.HTTPAddr(), token, link.Agent, "x")
	if err != nil {
		t.Fatal(err)
	}
	c, err := endpoint.Dial(t.Context(), a.HTTPAddr(), link.DialConfig{Credentials: func() link.Credentials { return own }})
	if err != nil {
		t.Fatal(err)
	}
	if c.Network() != "tcp" {
		t.Errorf("connected over %s", c.Network())
	}
	c.Close("enough")
}
