package linktest

import (
	"testing"
	"time"

	"keng/proto/link"
)

// Authority is a cluster's authority to throw away. Its certificates are valid now,
// also if now is the year 2000 of a bubble.
type Authority struct {
	link.Authority
	t testing.TB
}

// NewAuthority makes an authority, or fails the test.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &Authority{authority, t}
}

// Issue makes an identity for a peer, valid for a week, that trusts this authority.
func (a *Authority) Issue(peer link.Peer) link.Credentials {
	a.t.Helper()
	return a.IssueFor(peer, 0)
}

// IssueFor is Issue with a lifetime; a negative one makes an identity that has expired,
// if it is not under five minutes.
func (a *Authority) IssueFor(peer link.Peer, lifetime time.Duration) link.Credentials {
	a.t.Helper()
	now := time.Now()
	if lifetime < 0 {
		now, lifetime = now.Add(2*lifetime), -lifetime
	}
	credentials, err := a.Credentials(peer, now, lifetime)
	if err != nil {
		a.t.Fatal(err)
	}
	return credentials
}

// As makes an identity and returns it as a function, as the configurations of a
// link want it.
func (a *Authority) As(kind link.Kind, id string) func() link.Credentials {
	a.t.Helper()
	credentials := a.Issue(link.Peer{Kind: kind, ID: id})
	return func() link.Credentials { return credentials }
}
