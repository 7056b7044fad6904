package raftstore_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/proto/clusterpb"
	"keng/raftstore"
	"keng/raftstore/internal/call"
	"keng/raftstore/storetest"
	"keng/raftstore/table"
)

// codedError is an error of the handler's that is to keep its identity.
type codedError struct{ code string }

func (e *codedError) Error() string { return "coded " + e.code }

// handle appends: "KEY VALUE". "fail CODE", "error WORDS" and "panic WORDS" do so.
func handle(tx table.Tx, _ time.Time, command []byte) ([]byte, error) {
	key, value, _ := strings.Cut(string(command), " ")
	switch key {
	case "fail":
		return nil, &codedError{value}
	case "error":
		return nil, errors.New(value)
	case "panic":
		panic(value)
	}
	old, _ := tx.Get([]byte(key))
	all := append(old[:len(old):len(old)], value...)
	tx.Set([]byte(key), all)
	return all, nil
}

// listen listens on the loopback interface.
func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// openTCP opens a node on real sockets and a real disk.
func openTCP(t testing.TB, authority *storetest.Authority, dir, id string, change func(*raftstore.Options)) *raftstore.Store {
	t.Helper()
	credentials := authority.Credentials(id)
	options := raftstore.Options{
		Dir: dir, NodeID: id, Handle: handle, Logger: slog.New(slog.DiscardHandler),
		Network: &raftstore.Network{
			Listener: listen(t), PeerID: authority.PeerID,
			Credentials: func() raftstore.Credentials { return credentials },
			EncodeError: func(err error) ([]byte, bool) {
				var coded *codedError
				if errors.As(err, &coded) {
					return []byte(coded.code), true
				}
				return nil, false
			},
			DecodeError: func(b []byte) error { return &codedError{string(b)} },
		},
	}
	change(&options)
	store, err := raftstore.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func bootstrap(o *raftstore.Options) { o.Bootstrap = true }

func join(addresses ...string) func(*raftstore.Options) {
	return func(o *raftstore.Options) { o.Network.Join = addresses }
}

// addressOf returns where a node is reached.
func addressOf(t testing.TB, s *raftstore.Store) string {
	t.Helper()
	for _, m := range s.Status().Members {
		if m.NodeID == s.Status().NodeID {
			return m.Address
		}
	}
	t.Fatalf("the node is no member: %+v", s.Status())
	return ""
}

// within returns a context that is generous.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func append1(t testing.TB, s *raftstore.Store, command string) string {
	t.Helper()
	result, err := s.Update(within(t), raftstore.NewCommandID(), []byte(command))
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return string(result)
}

// awaitVoter waits until a node knows that it has a vote.
func awaitVoter(t testing.TB, s *raftstore.Store) {
	t.Helper()
	ctx := within(t)
	for {
		applied := s.Applied()
		for _, m := range s.Status().Members {
			if m.NodeID == s.Status().NodeID && m.Voter {
				return
			}
		}
		select {
		case <-applied:
		case <-s.Failed():
			t.Fatal(s.Failure())
		case <-ctx.Done():
			t.Fatalf("the node gets no vote: %+v", s.Status())
		}
	}
}

// TestRealSockets: three nodes over TLS on TCP, with their logs on disk.
func TestRealSockets(t *testing.T) {
	authority, dir := storetest.NewAuthority(t), t.TempDir()
	a := openTCP(t, authority, filepath.Join(dir, "a"), "a", bootstrap)
	append1(t, a, "k a")
	b := openTCP(t, authority, filepath.Join(dir, "b"), "b", join(addressOf(t, a)))
	awaitVoter(t, b)
	c := openTCP(t, authority, filepath.Join(dir, "c"), "c", join(addressOf(t, b)))
	awaitVoter(t, c)
	if got := append1(t, c, "k c"); got != "ac" {
		t.Errorf("the result is %q", got)
	}
	errorsCross(t, c)
	var wg sync.WaitGroup
	for i, s := range []*raftstore.Store{a, b, c} {
		for w := range 20 {
			wg.Go(func() {
				for range 20 {
					append1(t, s, fmt.Sprintf("w%d-%d x", i, w))
				}
			})
		}
	}
	wg.Wait()
	if err := b.TransferLeadership(within(t), "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Lead(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if got := append1(t, c, "k d"); got != "acd" {
		t.Errorf("the result is %q", got)
	}
	status, err := c.StatusOf(within(t), "a")
	if err != nil || status.NodeID != "a" || len(status.Members) != 3 {
		t.Errorf("the status of a: %+v, %v", status, err)
	}
	// Another address on the next start: the others are told.
	b = openTCP(t, authority, filepath.Join(dir, "b"), "b", func(*raftstore.Options) {})
	if got := append1(t, b, "k e"); got != "acde" {
		t.Errorf("the result is %q", got)
	}
	if err := b.View(within(t), raftstore.Leader, func(r table.Reader) error {
		if value, _ := r.Get([]byte("w2-19")); string(value) != strings.Repeat("x", 20) {
			t.Errorf("the restarted node has %q", value)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// errorsCross: what a follower returns is what the leader would have returned.
func errorsCross(t *testing.T, follower *raftstore.Store) {
	t.Helper()
	try := func(command string) error {
		_, err := follower.Update(within(t), raftstore.NewCommandID(), []byte(command))
		return err
	}
	var coded *codedError
	if err := try("fail 42"); !errors.As(err, &coded) || coded.code != "42" {
		t.Errorf("a coded error: %v", err)
	}
	if err := try("error some words"); err == nil || err.Error() != "some words" {
		t.Errorf("an error with words: %v", err)
	}
	var panicked *raftstore.PanicError
	if err := try("panic some words"); !errors.As(err, &panicked) || panicked.Value != "some words" {
		t.Errorf("a panic: %v", err)
	}
	if err := try("key " + strings.Repeat("x", raftstore.MaxCommandBytes)); !errors.Is(err, raftstore.ErrTooLarge) {
		t.Errorf("a large command: %v", err)
	}
	if got := append1(t, follower, "large "+strings.Repeat("x", 1<<20)); len(got) != 1<<20 {
		t.Errorf("a large result has %d bytes", len(got))
	}
}

// TestGrow: a node that was alone, without a network, becomes one of two.
func TestGrow(t *testing.T) {
	t.Parallel()
	authority, dir := storetest.NewAuthority(t), t.TempDir()
	alone, err := raftstore.Open(raftstore.Options{Dir: filepath.Join(dir, "a"), NodeID: "a", Bootstrap: true, Handle: handle, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	append1(t, alone, "k 1")
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	var address string
	a := openTCP(t, authority, filepath.Join(dir, "a"), "a", func(o *raftstore.Options) { address = o.Network.Listener.Addr().String() })
	b := openTCP(t, authority, filepath.Join(dir, "b"), "b", join(address))
	awaitVoter(t, b)
	if got := append1(t, b, "k 2"); got != "12" {
		t.Errorf("the result is %q", got)
	}
	if err := a.RemoveNode(within(t), "a"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-a.Failed():
		if !errors.Is(a.Failure(), raftstore.ErrNotMember) {
			t.Errorf("the removed node has failed with %v", a.Failure())
		}
	case <-time.After(time.Minute):
		t.Error("the removed node does not notice")
	}
	if got := append1(t, b, "k 3"); got != "123" {
		t.Errorf("the result is %q", got)
	}
	if err := b.RemoveNode(within(t), "b"); !errors.Is(err, raftstore.ErrRefused) {
		t.Errorf("removing the last member: %v", err)
	}
}

// TestStrangers: who has no certificate of the authority's, or another node's, gets
// nowhere, but may introduce itself.
func TestStrangers(t *testing.T) {
	authority, dir := storetest.NewAuthority(t), t.TempDir()
	a := openTCP(t, authority, filepath.Join(dir, "a"), "a", func(o *raftstore.Options) {
		o.Bootstrap = true
		o.Network.Introduce = func(_ context.Context, request []byte) ([]byte, error) {
			switch string(request) {
			case "token":
				return []byte("certificate"), nil
			case "early":
				return nil, fmt.Errorf("%w: there is no leader", raftstore.ErrNotNow)
			}
			return nil, errors.New("the token is wrong")
		}
	})
	append1(t, a, "k 1")
	address := addressOf(t, a)

	roots := authority.Credentials("nobody").Roots
	config := &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots})
		return err
	}}
	if answer, err := raftstore.Introduce(within(t), address, config, nil, []byte("token")); err != nil || string(answer) != "certificate" {
		t.Errorf("an introduction: %q, %v", answer, err)
	}
	if _, err := raftstore.Introduce(within(t), address, config, nil, []byte("guess")); !errors.Is(err, raftstore.ErrRefused) || !strings.Contains(err.Error(), "token is wrong") {
		t.Errorf("a wrong token: %v", err)
	}
	if _, err := raftstore.Introduce(within(t), address, config, nil, []byte("early")); err == nil || errors.Is(err, raftstore.ErrRefused) || !strings.Contains(err.Error(), "no leader") {
		t.Errorf("what may be asked again: %v", err)
	}

	other := storetest.NewAuthority(t)
	for what, c := range map[string]*tls.Config{
		"no certificate":                 {},
		"another authority":              {Certificates: []tls.Certificate{other.Credentials("b").Certificate}},
		"a protocol that is not spoken":  {Certificates: []tls.Certificate{authority.Credentials("b").Certificate}, NextProtos: []string{"h2"}},
		"no protocol, but a certificate": {Certificates: []tls.Certificate{authority.Credentials("b").Certificate}, NextProtos: []string{}},
	} {
		c.InsecureSkipVerify = true
		if c.NextProtos == nil {
			c.NextProtos = []string{"keng-node/1"}
		}
		if err := converse(t, address, c); err == nil {
			t.Errorf("somebody with %s was heard", what)
		}
	}
	good := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"keng-node/1"}, Certificates: []tls.Certificate{authority.Credentials("b").Certificate}}
	if err := converse(t, address, good); err != nil {
		t.Errorf("somebody with a certificate was not heard: %v", err)
	}
	// Nobody but a member has anything carried out: a node that was removed may not know it.
	conn, err := tls.Dial("tcp", address, good)
	if err != nil {
		t.Fatal(err)
	}
	asker := call.NewClient(conn)
	defer asker.Close()
	for what, request := range map[string]*clusterpb.Request{
		"a command":  {Kind: &clusterpb.Request_Forward{Forward: &clusterpb.Forward{Id: make([]byte, 16), Command: []byte("k 2")}}},
		"a removal":  {Kind: &clusterpb.Request_Remove{Remove: &clusterpb.Remove{NodeId: "a"}}},
		"an index":   {Kind: &clusterpb.Request_ReadIndex{ReadIndex: &clusterpb.ReadIndex{}}},
		"a transfer": {Kind: &clusterpb.Request_Transfer{Transfer: &clusterpb.Transfer{}}},
	} {
		response, err := asker.Call(within(t), request)
		if err != nil || response.GetError().GetKind() != clusterpb.Error_KIND_NOT_MEMBER {
			t.Errorf("%s of a node that is no member: %v, %v", what, response, err)
		}
	}
}

// TestAnIntroductionIsGivenUp: who waits for the answer to one need not wait to its end.
func TestAnIntroductionIsGivenUp(t *testing.T) {
	authority, heard := storetest.NewAuthority(t), make(chan struct{})
	a := openTCP(t, authority, filepath.Join(t.TempDir(), "a"), "a", func(o *raftstore.Options) {
		o.Bootstrap = true
		o.Network.Introduce = func(ctx context.Context, _ []byte) ([]byte, error) {
			close(heard)
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	append1(t, a, "k 1")
	ctx, cancel := context.WithCancel(within(t))
	go func() {
		<-heard
		cancel()
	}()
	start := time.Now()
	if _, err := raftstore.Introduce(ctx, addressOf(t, a), &tls.Config{InsecureSkipVerify: true}, nil, []byte("token")); err == nil {
		t.Error("there was an answer")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it was given up after %s", took)
	}
}

// converse asks for the status, in so many bytes, and reads the beginning of the
// answer.
func converse(t *testing.T, address string, config *tls.Config) error {
	t.Helper()
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Write([]byte{0, 0, 0, 6, 0x08, 7, 0x10, 100, 0x42, 0}); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 10))
	return err
}

// TestWrongNode: a node that has lost its state cannot come back under its name, nor
// does anybody take a node for another that has its address.
func TestWrongNode(t *testing.T) {
	authority, dir := storetest.NewAuthority(t), t.TempDir()
	a := openTCP(t, authority, filepath.Join(dir, "a"), "a", bootstrap)
	append1(t, a, "k 1")
	b := openTCP(t, authority, filepath.Join(dir, "b"), "b", join(addressOf(t, a)))
	awaitVoter(t, b)
	c := openTCP(t, authority, filepath.Join(dir, "c"), "c", join(addressOf(t, a)))
	awaitVoter(t, c)
	address := addressOf(t, b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	fresh := openTCP(t, authority, filepath.Join(dir, "b2"), "b", join(addressOf(t, a)))
	if err := a.AddNode(within(t), "b", "127.0.0.1:1"); !errors.Is(err, raftstore.ErrRefused) || !strings.Contains(err.Error(), "lost its state") {
		t.Errorf("a member without a state: %v", err)
	}
	if got := fresh.Status(); got.Applied != 0 || len(got.Members) != 0 {
		t.Errorf("the node without a state has %+v", got)
	}
	_ = fresh.Close()
	taken, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("b's port was taken meanwhile: %v", err)
	}
	d := openTCP(t, authority, filepath.Join(dir, "d"), "d", func(o *raftstore.Options) {
		_ = o.Network.Listener.Close()
		o.Network.Listener = taken
		o.Network.Join = []string{addressOf(t, a)}
	})
	awaitVoter(t, d)
	if _, err := a.StatusOf(within(t), "b"); err == nil || !strings.Contains(err.Error(), "in the place of node b") {
		t.Errorf("asking b where d is: %v", err)
	}
	append1(t, d, "k 2")
}
