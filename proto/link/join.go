package link

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/proto/link/linkpb"
)

// JoinRequest is what a joiner asks of the hub. Only the token and the CSR's public
// key mean anything; verify the token before anything else is done with it.
type JoinRequest struct {
	// Token is the text of a [Token].
	Token string
	// CSR is a signing request, PKCS #10 in DER; see [Authority.Sign].
	CSR []byte
	// Kind is Agent or Gateway.
	Kind Kind
	// Name is for people, at most 200 bytes.
	Name string
}

// JoinReply is the hub's answer.
type JoinReply struct {
	// ID is the identity given.
	ID string
	// Certificates are in DER, leaf first; Authorities those of the cluster, in DER.
	Certificates, Authorities [][]byte
	// Refused is a sentence for people; then there is nothing else.
	Refused string
	// Now is the hub's clock, for machines without one.
	Now time.Time
}

const (
	maxJoinMessage = 64 << 10         // bytes of a request or a reply
	joinTimeout    = 30 * time.Second // of the whole, for the joiner
	joinSilence    = 10 * time.Second // without a packet from the hub
	maxJoins       = 32               // answered at once
)

// Join exchanges a token for a certificate: it makes a key, connects to the hub at
// "host:port", verifies that the hub belongs to the authority that the token
// names, and only then sends the token and a signing request. The key never leaves
// this machine. Save the credentials with [SaveCredentials].
//
// Errors to tell apart: [ErrToken], [ErrFingerprint], [ErrRefused] (the hub's words
// are in it), [ErrBusy], [ErrLost].
func (e *Endpoint) Join(ctx context.Context, address, token string, kind Kind, name string) (Credentials, Peer, error) {
	parsed, err := ParseToken(token)
	if err != nil {
		return Credentials{}, Peer{}, err
	}
	if err := checkJoiner(kind, name); err != nil {
		return Credentials{}, Peer{}, fmt.Errorf("cannot join: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	credentials, peer, err := e.join(ctx, address, parsed, kind, name)
	if err != nil {
		return Credentials{}, Peer{}, fmt.Errorf("cannot join by hub %s: %w", address, err)
	}
	return credentials, peer, nil
}

// checkJoiner bounds what a joiner says of itself.
func checkJoiner(kind Kind, name string) error {
	if kind != Agent && kind != Gateway {
		return fmt.Errorf("an agent or a gateway can join, not %q", printable(string(kind)))
	}
	if len(name) > maxWord {
		return fmt.Errorf("a name has at most %d bytes, not %d", maxWord, len(name))
	}
	return nil
}

func (e *Endpoint) join(ctx context.Context, address string, token Token, kind Kind, name string) (Credentials, Peer, error) {
	key, csr, err := newRequest()
	if err != nil {
		return Credentials{}, Peer{}, err
	}
	w, over, err := e.open(ctx, opening{
		address: address, resolve: e.resolve, silence: joinSilence,
		tls: func(network) (*tls.Config, error) { return joinTLS(token.Fingerprint), nil },
	})
	if err != nil {
		return Credentials{}, Peer{}, silence(err)
	}
	defer w.CloseWithError(CodeDone, "joined")
	authority, err := verifyFingerprint(w.TLS().PeerCertificates, token.Fingerprint)
	if err != nil {
		return Credentials{}, Peer{}, err
	}
	e.ways.worked(address, over)
	reply, err := ask(ctx, w, &linkpb.JoinRequest{Token: token.String(), Csr: csr, Kind: string(kind), Name: name})
	if err != nil {
		return Credentials{}, Peer{}, err
	}
	return checkReply(reply, key, authority, kind)
}

// joinTLS trusts whoever has the authority of a fingerprint in its chain. The
// handshake does not end before that is verified, so nothing is sent to anybody else.
func joinTLS(fingerprint [32]byte) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{protoJoin},
		ServerName:         serverName,
		InsecureSkipVerify: true, // see VerifyConnection
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := verifyFingerprint(state.PeerCertificates, fingerprint)
			return err
		},
	}
}

// ask sends the request and reads the reply.
func ask(ctx context.Context, w wire, request *linkpb.JoinRequest) (*linkpb.JoinReply, error) {
	stop := context.AfterFunc(ctx, func() { w.SetReadDeadline(time.Now()) })
	defer stop()
	reply := new(linkpb.JoinReply)
	err := writeMessage(w, request)
	if err == nil {
		err = w.CloseWrite()
	}
	if err == nil {
		err = readMessage(w, reply)
	}
	switch {
	case err == nil:
		return reply, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("the hub gave no answer: %w", context.Cause(ctx))
	case errors.Is(err, ErrMalformed), errors.Is(err, ErrTooLong):
		return nil, fmt.Errorf("the hub's answer: %w", err)
	}
	return nil, translate(err)
}

// checkReply makes credentials of the hub's answer, if it holds together.
func checkReply(reply *linkpb.JoinReply, key *ecdsa.PrivateKey, authority *x509.Certificate, kind Kind) (Credentials, Peer, error) {
	if reply.Refused != "" {
		return Credentials{}, Peer{}, fmt.Errorf("%w: %s", ErrRefused, printable(reply.Refused))
	}
	peer := Peer{Kind: kind, ID: reply.Id}
	given, err := renewedCredentials(reply.Certificates, reply.Authorities, key, peer)
	if err != nil {
		return Credentials{}, Peer{}, err
	}
	// The pinned authority vouches for the connection, hence for the list, but
	// a list without it would be of another cluster.
	if !contains(given.Authorities, authority) {
		return Credentials{}, Peer{}, fmt.Errorf("%w: its list of authorities lacks the one of the token", ErrFingerprint)
	}
	return given, peer, nil
}

func contains(list []*x509.Certificate, certificate *x509.Certificate) bool {
	for _, each := range list {
		if each.Equal(certificate) {
			return true
		}
	}
	return false
}

// writeMessage writes a message of a join, its length before it as a uvarint.
func writeMessage(w io.Writer, m proto.Message) error {
	body, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("cannot encode: %w", err)
	}
	if len(body) > maxJoinMessage {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(body), maxJoinMessage)
	}
	_, err = w.Write(append(binary.AppendUvarint(nil, uint64(len(body))), body...))
	return err
}

// readMessage reads what writeMessage wrote.
func readMessage(r io.Reader, m proto.Message) error {
	frames := newFrameReader(r, maxJoinMessage)
	body, err := frames.read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: there is none", ErrMalformed)
	}
	if err != nil {
		return err
	}
	// Over TCP a Close may stand in the place of a message, which has no field of its number.
	if kind, closing, err := openFrame(body); err == nil && kind == frameClose {
		return closedBy(closing)
	}
	return decode(body, m)
}

func (r JoinReply) message() *linkpb.JoinReply {
	if r.Refused != "" {
		return &linkpb.JoinReply{Refused: shorten(r.Refused), Now: timestamppb.New(r.Now)}
	}
	return &linkpb.JoinReply{
		Id: r.ID, Certificates: r.Certificates, Authorities: r.Authorities, Now: timestamppb.New(r.Now),
	}
}

// silence says of a handshake that failed for want of answers what that means for who
// typed the address.
func silence(err error) error {
	if errors.Is(err, ErrLost) {
		return fmt.Errorf("%w: nothing answers there; is the address right, does a hub run, does a firewall let UDP or TCP through?", err)
	}
	return err
}
