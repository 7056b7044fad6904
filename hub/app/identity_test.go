package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/link"
	"keng/raftstore"
)

// node is one that has not started, on a directory.
func node(t *testing.T, dir string, change ...func(*Options)) *App {
	t.Helper()
	o := Options{
		DataDir: dir, NodeID: "n1", HTTP: "127.0.0.1:0", Link: "127.0.0.1:0", Raft: "127.0.0.1:0", Bootstrap: true,
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What is wrong with a node's own files is said, and nothing is made anew over it.
func TestIdentityThatIsNotWhole(t *testing.T) {
	dir := t.TempDir()
	first := node(t, dir)
	if err := errors.Join(first.Start(t.Context()), first.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range []string{authorityFileName, "master.key"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	for _, c := range []struct{ name, content, says string }{
		{authorityFileName, "", "is missing, though the node has a store"},
		{authorityFileName, "{", "is damaged"},
		{authorityFileName, "{}", "does not open"},
		{"master.key", "", "without which this cluster's secrets stay shut"},
		{"master.key", strings.Repeat("00", 32), "another cluster's key file"},
		{"master.key", "00", "64 hex digits"},
	} {
		file := filepath.Join(dir, c.name)
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.content == "" {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		if err := node(t, dir).Start(t.Context()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s is %q: %v", c.name, c.content, err)
		}
		if err := os.WriteFile(file, files[c.name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other, err := link.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	certificate, secret, err := other.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	key, err := loadMasterKey(filepath.Join(dir, "master.key"), false)
	if err != nil {
		t.Fatal(err)
	}
	stray := node(t, dir)
	if err := stray.keepAuthority(authorityFile{Certificate: certificate, SealedKey: key.seal(secret, sealedAuthority)}); err != nil {
		t.Fatal(err)
	}
	if err := stray.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "is not of this cluster") {
		t.Errorf("with another authority under the same key: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, authorityFileName), files[authorityFileName], 0o600); err != nil {
		t.Fatal(err)
	}
	again := node(t, dir, func(o *Options) { o.Bootstrap = false })
	if err := errors.Join(again.Start(t.Context()), again.Stop(t.Context())); err != nil {
		t.Errorf("with its files put back: %v", err)
	}
	if again.authorities.present().Certificate.Equal(first.authorities.present().Certificate) == false {
		t.Error("the authority is another one")
	}
}

// The founder of a cluster that has lost its store does not found the cluster once more,
// though --bootstrap is still in its command line.
func TestALostStoreIsNotBegunAnew(t *testing.T) {
	dir := t.TempDir()
	first := node(t, dir)
	if err := errors.Join(first.Start(t.Context()), first.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{"an empty directory", "nothing"} {
		if err := os.RemoveAll(filepath.Join(dir, storeDir)); err != nil {
			t.Fatal(err)
		}
		if left != "nothing" {
			if err := os.Mkdir(filepath.Join(dir, storeDir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := node(t, dir).Start(t.Context()); err == nil || !strings.Contains(err.Error(), "its store is missing") {
			t.Errorf("with %s in its place: %v", left, err)
		}
	}
}

// A founding that was interrupted is finished by the next start.
func TestFoundingGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := node(t, dir).openIdentity(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := node(t, dir)
	if err := errors.Join(again.Start(t.Context()), again.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if again.founding() {
		t.Error("the cluster is still to be founded")
	}
}

// A node that was let in and could not keep what it got asks again, and the token is still
// good for it; and for nobody else.
func TestATokenIsNotLostWithTheAnswer(t *testing.T) {
	t.Parallel()
	first := node(t, t.TempDir())
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Stop(context.Background()) })
	token, err := first.makeToken(t.Context(), state.CreateToken{Uses: 1, Lifetime: time.Hour, Node: true})
	if err != nil {
		t.Fatal(err)
	}
	joins := func(dir, id, keyFile string) error {
		n := node(t, dir, func(o *Options) {
			o.Bootstrap, o.NodeID, o.Join, o.JoinToken = false, id, first.RaftAddr(), token
			o.KeyFile = filepath.Join(dir, keyFile)
		})
		return n.openIdentity(t.Context())
	}
	dir := t.TempDir()
	if err := joins(dir, "n2", "missing/master.key"); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a node that cannot keep the master key: %v", err)
	}
	for who, id := range map[string]string{"another node": "n3", "another of the same name": "n2"} {
		if err := joins(t.TempDir(), id, "master.key"); err == nil || !strings.Contains(err.Error(), "used already") {
			t.Errorf("%s has used the token: %v", who, err)
		}
	}
	if err := joins(dir, "n2", "master.key"); err != nil {
		t.Errorf("the same node, once more: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, attemptFileName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the attempt is still there: %v", err)
	}
}

func TestOptionsOfANodeAmongOthers(t *testing.T) {
	for says, o := range map[string]Options{
		"not both":       {DataDir: "d", Bootstrap: true, Join: "127.0.0.1:1", Raft: ":0"},
		"--raft":         {DataDir: "d", Join: "127.0.0.1:1"},
		"without a port": {DataDir: "d", Advertise: "hub.example.vn:7443"},
		"--node-id":      {DataDir: "d", NodeID: "a/b"},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// address is that of a listener.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

func TestWhereANodeIsReached(t *testing.T) {
	for _, c := range []struct{ listens, advertise, want string }{
		{"192.0.2.1:7443", "", "192.0.2.1:7443"},
		{"[::]:7443", "", "name:7443"},
		{"0.0.0.0:7443", "", "name:7443"},
		{"0.0.0.0:7443", "hub.example.vn", "hub.example.vn:7443"},
		{"127.0.0.1:7443", "2001:db8::1", "[2001:db8::1]:7443"},
		{"[2001:db8::2]:1", "", "[2001:db8::2]:1"},
	} {
		a := &App{hostname: "name", o: Options{Advertise: c.advertise}}
		if got := a.reachable(address(c.listens)); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// Only a hub's certificate makes a node: those of agents and gateways are of the same authority.
func TestWhoIsANode(t *testing.T) {
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[link.Kind]string{link.Hub: "n2", link.Agent: "", link.Gateway: ""} {
		credentials, err := authority.Credentials(link.Peer{Kind: kind, ID: "n2"}, time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := credentials.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		if id, err := nodeOf(leaf); (err == nil) != (want != "") || err == nil && id != want {
			t.Errorf("a %s's certificate: %q, %v", kind, id, err)
		}
	}
	if _, err := nodeOf(authority.Certificate); err == nil {
		t.Error("the authority's own certificate makes a node")
	}
}

// A command's own error is the same on every node.
func TestErrorsCrossBetweenNodes(t *testing.T) {
	for _, err := range []error{core.Invalid("uses", "must be from 1 to 10"), fmt.Errorf("in words: %w", core.Missing("User", "An"))} {
		b, ok := encodeError(err)
		if !ok {
			t.Fatalf("%v does not cross", err)
		}
		var own *core.Error
		if !errors.As(err, &own) || !reflect.DeepEqual(decodeError(b), own) {
			t.Errorf("%v becomes %v", err, decodeError(b))
		}
	}
	if _, ok := encodeError(errors.New("not a command's")); ok {
		t.Error("an error that is no command's crosses as one")
	}
}

func FuzzErrorOfAnotherNode(f *testing.F) {
	f.Add([]byte(`{"Kind":2,"Words":"no","Fields":{"a":"b"}}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if decodeError(b) == nil {
			t.Error("no error")
		}
	})
}

// Strangers' requests are refused before anything is done.
func FuzzIntroduction(f *testing.F) {
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		f.Fatal(err)
	}
	right, err := json.Marshal(introduction{Token: link.NewToken(authority.Certificate).String(), NodeID: "n2"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(right)
	f.Add([]byte(`{"token":"v1.a.b.c","node_id":"../x"}`))
	f.Add([]byte(`[]`))
	a := &App{opened: make(chan struct{}), logger: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := a.letIn(ctx, right); !errors.Is(err, raftstore.ErrNotNow) {
		f.Errorf("while the node is starting, a good request is answered with %v", err)
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		if answer, err := a.letIn(ctx, request); err == nil || answer != nil {
			t.Errorf("%q is answered", request)
		}
	})
}
