package edge

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/link"
	"keng/raftstore/table"
)

// admitTimeout bounds how long the others are asked about a peer that this node does not
// know: it may have joined at another node a moment ago.
const admitTimeout = 2 * time.Second

// admit refuses peers that the cluster does not know, or knows no more.
func (e *Edge) admit(p link.Peer, _ *x509.Certificate) error {
	judge := func(r table.Reader) error { return state.MayCome(r, p.ID, string(p.Kind)) }
	ctx, cancel := context.WithTimeout(context.Background(), admitTimeout)
	defer cancel()
	err := e.store.View(ctx, false, judge)
	if core.KindOf(err) == core.NotFound {
		err = e.store.View(ctx, true, judge)
	}
	if core.KindOf(err) == core.NotFound {
		return errors.New("it is not known here")
	}
	return err
}

// join spends a token and signs a certificate.
func (e *Edge) join(ctx context.Context, request link.JoinRequest, remote net.Addr) (link.JoinReply, error) {
	refuse := func(err error) (link.JoinReply, error) {
		e.logger.Warn("joining refused", "address", remote.String(), "why", err)
		return link.JoinReply{Refused: err.Error()}, nil
	}
	token, err := link.ParseToken(request.Token)
	if err != nil {
		return refuse(err)
	}
	if err := checkRequest(request.CSR); err != nil { // before the token is spent on it
		return refuse(err)
	}
	signer, until := e.signer()
	hash := sha256.Sum256(token.Secret)
	peer, err := state.Do(ctx, e.store, seed.New(), state.UseToken{
		Token: token.ID, Hash: hash[:], Kind: string(request.Kind), Name: request.Name, Remote: hostOf(remote), Certified: certified(signer, until),
	})
	if core.KindOf(err) == core.Forbidden {
		return refuse(err)
	}
	if err != nil {
		return link.JoinReply{}, err
	}
	reply, err := e.certify(signer, link.Peer{Kind: request.Kind, ID: peer.ID}, request.CSR)
	if err != nil {
		return refuse(err)
	}
	e.logger.Info("joined", "kind", request.Kind, "id", peer.ID, "name", request.Name, "address", remote.String())
	return reply, nil
}

// renew signs a new certificate for a peer that has one, if it may still come: the leader
// knows that.
func (e *Edge) renew(ctx context.Context, peer link.Peer, csr []byte) (link.JoinReply, error) {
	refuse := func(err error) (link.JoinReply, error) {
		e.logger.Warn("renewal refused", "peer", peer.String(), "why", err)
		return link.JoinReply{Refused: err.Error()}, nil
	}
	if err := checkRequest(csr); err != nil {
		return refuse(err)
	}
	signer, until := e.signer()
	_, err := state.Do(ctx, e.store, seed.New(), state.RenewPeer{ID: peer.ID, Kind: string(peer.Kind), Certified: certified(signer, until)})
	if core.KindOf(err) == core.Forbidden {
		return refuse(err)
	}
	if err != nil {
		return link.JoinReply{}, err
	}
	reply, err := e.certify(signer, peer, csr)
	if err != nil {
		return refuse(err)
	}
	e.logger.Info("certificate renewed", "peer", peer.String(), "until", until)
	return reply, nil
}

// checkRequest refuses a signing request that is worth nothing.
func checkRequest(csr []byte) error {
	if request, err := x509.ParseCertificateRequest(csr); err != nil || request.CheckSignature() != nil {
		return errors.New("the signing request is damaged, or not signed by its own key")
	}
	return nil
}

// signer returns who signs at present, and until when that is good.
func (e *Edge) signer() (link.Authority, time.Time) {
	return e.authority(), time.Now().Add(link.DefaultLifetime).UTC().Truncate(time.Second)
}

func certified(signer link.Authority, until time.Time) state.Certified {
	return state.Certified{Until: until, Authority: state.AuthorityID(signer.Certificate.Raw)}
}

// certify signs a certificate, and names whom to trust.
func (e *Edge) certify(signer link.Authority, peer link.Peer, csr []byte) (link.JoinReply, error) {
	now := time.Now()
	der, err := signer.Sign(csr, peer, now, link.DefaultLifetime)
	if err != nil {
		return link.JoinReply{}, err
	}
	reply := link.JoinReply{ID: peer.ID, Certificates: [][]byte{der}, Now: now}
	for _, authority := range e.listen.Credentials().Authorities {
		reply.Authorities = append(reply.Authorities, authority.Raw)
	}
	return reply, nil
}

// hostOf returns an address without its port.
func hostOf(remote net.Addr) string {
	host, _, err := net.SplitHostPort(remote.String())
	if err != nil {
		return remote.String()
	}
	return host
}
