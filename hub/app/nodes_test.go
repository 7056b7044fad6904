package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keng/hub/core"
)

// started is a node that serves until the test ends.
func started(t *testing.T, dir string, change ...func(*Options)) *App {
	t.Helper()
	a := node(t, dir, change...)
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) }) // it may have been removed
	return a
}

// joins makes a node join another one's cluster, under an id.
func joins(t *testing.T, first *App, id string) func(*Options) {
	t.Helper()
	token, err := os.ReadFile(first.inData(nodeTokenFileName))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) {
		o.NodeID, o.Bootstrap, o.Join, o.JoinToken = id, false, first.RaftAddr(), strings.TrimSpace(string(token))
	}
}

// until waits until something is so in the state of a node.
func until(t *testing.T, a *App, what string, so func() bool) {
	t.Helper()
	for {
		applied := a.store.Applied()
		if so() {
			return
		}
		select {
		case <-applied:
		case <-t.Context().Done():
			t.Fatalf("it never came to be: %s", what)
		}
	}
}

// Agents and gateways are told of members only: who is removed, by another node or by
// itself, is told to nobody, and learns it.
func TestWhoIsRemovedIsToldToNobody(t *testing.T) {
	t.Parallel()
	first := started(t, t.TempDir())
	for name, remover := range map[string]func(second *App) *App{
		"by another": func(*App) *App { return first },
		"by itself":  func(second *App) *App { return second },
	} {
		second := started(t, t.TempDir(), joins(t, first, "n2"))
		until(t, first, "two nodes are told of", func() bool { return len(first.hubs()) == 2 })
		list, err := nodes{first}.Nodes(t.Context())
		if err != nil || len(list) != 2 || !list[0].Leader || !list[0].This || list[1].ID != "n2" || list[1].Leader || !list[1].Reached || list[1].Link != second.LinkAddr() {
			t.Errorf("%s: the nodes are %+v, %v", name, list, err)
		}
		until(t, first, "n2 has a vote", func() bool {
			list, err := nodes{first}.Nodes(t.Context())
			return err == nil && len(list) == 2 && list[1].Voter
		})
		if err := (nodes{remover(second)}).RemoveNode(t.Context(), "n2"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := second.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "not a member") {
			t.Errorf("%s: the removed node says %v", name, err)
		}
		if told := first.hubs(); !slices.Equal(told, []string{first.LinkAddr()}) {
			t.Errorf("%s: told are %v", name, told)
		}
	}
	if err := (nodes{first}).RemoveNode(t.Context(), "n2"); core.KindOf(err) != core.NotFound {
		t.Errorf("one that is no member: %v", err)
	}
}

// Who joins keeps a master key that is there already, of another cluster.
func TestJoiningOverwritesNoOtherMasterKey(t *testing.T) {
	t.Parallel()
	first := started(t, t.TempDir())
	dir := t.TempDir()
	file := filepath.Join(dir, "master.key")
	other := []byte(hex.EncodeToString(bytes.Repeat([]byte{7}, 32)))
	if err := os.WriteFile(file, other, 0o600); err != nil {
		t.Fatal(err)
	}
	second := node(t, dir, joins(t, first, "n2"))
	if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "another cluster: keep it in a safe place") {
		t.Errorf("it says %v", err)
	}
	if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, other) {
		t.Errorf("it is %s now, %v", kept, err)
	}
	if err := first.key.save(file); err != nil { // as who copies it by hand
		t.Fatal(err)
	}
	again := node(t, dir, joins(t, first, "n2"))
	if err := errors.Join(again.Start(t.Context()), again.Stop(t.Context())); err != nil {
		t.Errorf("with the cluster's own key: %v", err)
	}
}
