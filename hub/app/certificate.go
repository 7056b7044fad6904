package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

const (
	// certificateLook is how often the files of the HTTP certificate are looked at. What
	// changed is read at the look after that, when it has not changed once more: so a
	// program that writes one file after the other is not caught between the two.
	certificateLook = 2 * time.Second
	// certificateWarning is how long before its end a certificate is complained of, and how
	// often after that: a day.
	certificateWarning = 7 * 24 * time.Hour
	warningEvery       = 24 * time.Hour
)

// certificate is the hub's certificate for HTTP: two files that some other program renews.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger
	current           atomic.Pointer[tls.Certificate]
}

// openCertificate reads the files, or says what is wrong with them.
func openCertificate(certFile, keyFile string, logger *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, logger: logger}
	pair, err := c.read()
	if err != nil {
		return nil, err
	}
	c.current.Store(pair)
	return c, nil
}

// config is for a listener that serves HTTP/1.1 and HTTP/2 with the present certificate.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// read reads the pair of files.
func (c *certificate) read() (*tls.Certificate, error) {
	certPEM, err := readPEM("--tls-cert", c.certFile)
	if err != nil {
		return nil, err
	}
	keyPEM, err := readPEM("--tls-key", c.keyFile)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err == nil {
		return &pair, nil
	}
	if _, alone := firstCertificate(certPEM); alone != nil {
		return nil, fmt.Errorf("--tls-cert %s holds no certificate: it must be a PEM file, the hub's own certificate first, then those between it and its authority: %w", c.certFile, alone)
	}
	return nil, fmt.Errorf("--tls-key %s is not the key of the certificate in --tls-cert %s, or no key at all: give the two files that were made together: %w", c.keyFile, c.certFile, err)
}

// pemMax bounds a file, in bytes.
const pemMax = 1 << 20

func readPEM(flag, path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s %s: there is no such file", flag, path)
	case err == nil && info.Size() > pemMax:
		return nil, fmt.Errorf("%s %s: it has %d bytes, that is no PEM file of a certificate or key", flag, path, info.Size())
	case err != nil:
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s %s: this process may not read it: give the user that runs the hub the right to", flag, path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return text, nil
}

// watch reads the files again whenever they have changed, until ctx ends. A pair that is no
// good is complained of once, and the old one goes on to serve.
func (c *certificate) watch(ctx context.Context) error {
	look := time.NewTicker(certificateLook)
	defer look.Stop()
	seen := c.stamp()
	loaded, warned := seen, time.Time{}
	for {
		if now := time.Now(); now.Sub(warned) >= warningEvery && c.warn(now) {
			warned = now
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
		before := seen
		if seen = c.stamp(); seen != before || seen == loaded {
			continue
		}
		loaded = seen
		pair, err := c.read()
		if err != nil {
			c.logger.Error("the new certificate for HTTP cannot be used; the old one goes on to serve", "error", err)
			continue
		}
		c.current.Store(pair)
		warned = time.Time{}
		c.logger.Info("there is a new certificate for HTTP", "subject", pair.Leaf.Subject.String(), "until", pair.Leaf.NotAfter)
	}
}

// stamp changes when one of the files does.
func (c *certificate) stamp() (stamp [2]string) {
	for i, path := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(path); err == nil {
			stamp[i] = fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size())
		}
	}
	return stamp
}

// warn complains of a certificate that browsers and tools refuse, or soon will.
func (c *certificate) warn(now time.Time) bool {
	leaf := c.current.Load().Leaf
	switch {
	case now.After(leaf.NotAfter):
		c.logger.Warn("the certificate for HTTP has expired: callers refuse it; put a new one into the file, it is read by itself", "file", c.certFile, "since", leaf.NotAfter)
	case now.Before(leaf.NotBefore):
		c.logger.Warn("the certificate for HTTP is not valid yet: callers refuse it; is this machine's clock right?", "file", c.certFile, "from", leaf.NotBefore)
	case leaf.NotAfter.Sub(now) < certificateWarning:
		c.logger.Warn("the certificate for HTTP expires soon; put a new one into the file, it is read by itself", "file", c.certFile, "at", leaf.NotAfter)
	default:
		return false
	}
	return true
}

// firstCertificate reads the first certificate of a PEM file.
func firstCertificate(text []byte) (*x509.Certificate, error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("there is no block CERTIFICATE in it")
		}
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
		text = rest
	}
}
