package port

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// Both sides verify certificates themselves, in VerifyConnection: nodes are known
// by what PeerID finds in their certificates, not by host names. There are no
// session tickets, so every connection is judged by what is trusted now.

// serverTLS is the accepting side.
func (p *Port) serverTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			own := p.config.Credentials()
			for _, name := range hello.SupportedProtos {
				if protocol, ok := p.config.Protocols[name]; ok {
					return p.protocolTLS(own, name, protocol), nil
				}
			}
			return nil, errors.New("no protocol that is spoken here was asked for")
		},
	}
}

func (p *Port) protocolTLS(own Credentials, name string, protocol Protocol) *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{name},
		Certificates: []tls.Certificate{own.Certificate}, SessionTicketsDisabled: true,
	}
	if !protocol.Strangers {
		config.ClientAuth = tls.RequireAnyClientCert
		config.VerifyConnection = func(state tls.ConnectionState) error {
			_, err := p.verify(state, own.Roots, x509.ExtKeyUsageClientAuth)
			return err
		}
	}
	return config
}

// clientTLS is the dialling side.
func (p *Port) clientTLS(protocol, nodeID string) *tls.Config {
	own := p.config.Credentials()
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{protocol},
		Certificates:       []tls.Certificate{own.Certificate},
		InsecureSkipVerify: true, // see VerifyConnection
		VerifyConnection: func(state tls.ConnectionState) error {
			id, err := p.verify(state, own.Roots, x509.ExtKeyUsageServerAuth)
			switch {
			case err != nil:
				return err
			case nodeID != "" && id != nodeID:
				return fmt.Errorf("node %s answers in the place of node %s", id, nodeID)
			case state.NegotiatedProtocol != protocol:
				return fmt.Errorf("the other side does not speak %s", protocol)
			}
			return nil
		},
	}
}

// verify returns whose certificate the other side has shown.
func (p *Port) verify(state tls.ConnectionState, roots *x509.CertPool, usage x509.ExtKeyUsage) (nodeID string, err error) {
	if len(state.PeerCertificates) == 0 {
		return "", errors.New("the other side has shown no certificate")
	}
	intermediates := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		intermediates.AddCert(c)
	}
	leaf := state.PeerCertificates[0]
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage}}
	if _, err := leaf.Verify(options); err != nil {
		return "", fmt.Errorf("the other side's certificate is not accepted: %w", err)
	}
	return p.config.PeerID(leaf)
}
