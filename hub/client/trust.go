package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"

	"keng/hub/core"
)

// caFileMax bounds a file of authorities, in bytes.
const caFileMax = 4 << 20

// Trusting returns a transport, for [Client.Through], that trusts the authorities in a PEM
// file for https, besides those of this machine.
func Trusting(caFile string) (*http.Transport, error) {
	info, err := os.Stat(caFile)
	if err != nil {
		return nil, unusable("the file of authorities cannot be read: " + err.Error())
	}
	if info.Size() > caFileMax {
		return nil, unusable(caFile + " is too large for a file of authorities")
	}
	text, err := os.ReadFile(caFile)
	if err != nil {
		return nil, unusable("the file of authorities cannot be read: " + err.Error())
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a machine without any
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, unusable(caFile + " holds no certificate: it must be a PEM file")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return transport, nil
}

// advice says what to do about an error of TLS, if there is something.
func advice(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return " (if the hub's certificate is of an authority of your own, name that one's file with --ca-file or KENG_CA_FILE)"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return " (the hub serves plain HTTP there: write http:// in the URL)"
	}
	return ""
}

func unusable(words string) error { return &core.Error{Kind: core.Unacceptable, Words: words} }
