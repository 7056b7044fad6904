package raftstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"keng/raftstore"
	"keng/raftstore/storetest"
)

// Nodes hand each other messages, and themselves; errors keep their identity.
func TestTell(t *testing.T) {
	t.Parallel()
	authority := storetest.NewAuthority(t)
	answering := func(o *raftstore.Options) {
		id := o.NodeID
		o.Told = func(_ context.Context, from, topic string, body []byte) ([]byte, error) {
			switch topic {
			case "coded":
				return nil, &codedError{code: "x"}
			case "long":
				return make([]byte, raftstore.MaxTellBytes+1), nil
			}
			return []byte(id + " hears " + string(body) + " from " + from), nil
		}
	}
	a := openTCP(t, authority, t.TempDir(), "a", func(o *raftstore.Options) { bootstrap(o); answering(o) })
	b := openTCP(t, authority, t.TempDir(), "b", func(o *raftstore.Options) { join(addressOf(t, a))(o); answering(o) })
	awaitVoter(t, b)
	for _, c := range []struct {
		from       *raftstore.Store
		to, topic  string
		body, want string
		is         error
	}{
		{a, "b", "t", "hello", "b hears hello from a", nil},
		{b, "a", "t", "hello", "a hears hello from b", nil},
		{b, "b", "t", "hello", "b hears hello from b", nil},
		{a, "c", "t", "", "", raftstore.ErrNotMember},
		{a, "b", "t", strings.Repeat("x", raftstore.MaxTellBytes+1), "", raftstore.ErrTooLarge},
		{a, "b", "long", "", "", raftstore.ErrTooLarge},
		{a, "a", "long", "", "", raftstore.ErrTooLarge},
	} {
		got, err := c.from.Tell(within(t), c.to, c.topic, []byte(c.body))
		if !errors.Is(err, c.is) || string(got) != c.want {
			t.Errorf("to %s about %s: %q, %v", c.to, c.topic, got, err)
		}
	}
	if _, err := a.Tell(within(t), "b", "coded", nil); err == nil || !strings.Contains(err.Error(), "x") {
		t.Errorf("the other's own error came as %v", err)
	}
}
