package state_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
)

const day = 24 * time.Hour

func TestTokensAreBounded(t *testing.T) {
	s := newStage(t)
	many := map[string]string{}
	for i := range state.LabelsMax + 1 {
		many[fmt.Sprint("l", i)] = ""
	}
	for field, list := range map[string][]state.CreateToken{
		"kind":     {{Kind: "hub"}},
		"note":     {{Note: strings.Repeat("ạ", state.NoteMax+1)}},
		"networks": {{Networks: []string{"10.0.0.0/33"}}, {Networks: []string{""}}, {Networks: []string{"::ffff:10.0.0.0/104"}}, {Networks: make([]string, state.TokenNetworksMax+1)}},
		"labels":   {{Labels: many}, {Labels: map[string]string{"": "x"}}, {Labels: map[string]string{"a b": "x"}}, {Labels: map[string]string{"a": strings.Repeat("x", state.LabelValueMax+1)}}},
	} {
		for _, c := range list {
			c.Uses, c.Lifetime = 1, time.Hour
			_, err := do(s, c)
			if own, ok := err.(*core.Error); !ok || own.Fields[field] == "" {
				t.Errorf("%+v: %v", c, err)
			}
		}
	}
}

// A token is good from its networks only; one that is refused is not spent.
func TestTokensOfANetwork(t *testing.T) {
	s := newStage(t)
	hash := sha256.Sum256([]byte("secret"))
	token, err := do(s, state.CreateToken{ID: "x", Hash: hash[:], Lifetime: time.Hour, Uses: 1, Networks: []string{"10.3.7.9/16", "2001:db8::1"}})
	if err != nil || token.Networks[0] != "10.3.0.0/16" || token.Networks[1] != "2001:db8::1/128" {
		t.Fatal(token.Networks, err)
	}
	use := func(remote string) error {
		return second(do(s, state.UseToken{Token: "x", Hash: hash[:], Kind: "agent", Remote: remote}))
	}
	for _, remote := range []string{"10.4.0.1", "::1", "2001:db8::2", "", "hub-1", "::ffff:10.4.0.1"} {
		if err := use(remote); core.KindOf(err) != core.Forbidden || !strings.Contains(err.Error(), "may be used only from 10.3.0.0/16, 2001:db8::1/128") {
			t.Errorf("from %q: %v", remote, err)
		}
	}
	if err := use("::ffff:10.3.255.1"); err != nil {
		t.Error(err)
	}
	if _, err := do(s, state.RevokeToken{ID: "y"}); core.KindOf(err) != core.NotFound {
		t.Errorf("to revoke what is not there: %v", err)
	}
}

// node says of itself what one does that trusts the authorities and shows a certificate of one.
func (s *stage) node(id, shows string, trusts ...string) {
	s.t.Helper()
	n := state.Node{ID: id, Authority: state.AuthorityID([]byte(shows))}
	for _, a := range trusts {
		n.Trusts = append(n.Trusts, state.AuthorityID([]byte(a)))
	}
	if _, err := do(s, state.PutNode{Node: n}); err != nil {
		s.t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

// The stages of a change of authority, and who stands in the way of each.
func TestRotation(t *testing.T) {
	s := newStage(t)
	refused := func(what string, c state.RotateAuthority, words string) {
		t.Helper()
		if _, err := do(s, c); core.KindOf(err) != core.Conflict || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", what, err, words)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	members := []string{"n1", "n2"}
	begin := state.RotateAuthority{Next: []byte("new"), SealedNext: []byte("sealed"), Members: members}
	finish := state.RotateAuthority{Members: members}
	must(second(do(s, state.FoundCluster{Authority: []byte("old"), SealedKey: []byte("key")})))
	s.node("n1", "old", "old")
	s.node("n2", "old", "old")
	refused("to finish nothing", finish, "No change")
	must(second(do(s, begin)))
	refused("to begin twice", begin, "under way since")
	refused("nodes are behind", finish, "Node n1, n2 does not trust")
	s.node("n1", "old", "new", "old")
	refused("a node is behind", finish, "Node n2 does not trust")
	s.node("n2", "old", "new", "old")

	// Peers: one renewed, one in a hub's process, one revoked, one away for long, one behind.
	old := state.Certified{Until: s.now.Add(7 * day), Authority: state.AuthorityID([]byte("old"))}
	hash := sha256.Sum256([]byte("secret"))
	must(second(do(s, state.CreateToken{ID: "x", Hash: hash[:], Lifetime: time.Hour, Uses: 10})))
	ids := map[string]string{}
	for _, name := range []string{"renewed", "revoked", "away", "behind"} {
		c := old
		if name == "away" {
			c.Until = s.now.Add(-15 * day)
		}
		p, err := do(s, state.UseToken{Token: "x", Hash: hash[:], Kind: "agent", Name: name, Certified: c})
		must(err)
		ids[name] = p.ID
	}
	must(second(do(s, state.UseToken{Kind: "gateway", Name: "inside", ID: "inside"})))
	must(second(do(s, state.RenewPeer{ID: ids["renewed"], Kind: "agent", Certified: state.Certified{Until: old.Until, Authority: state.AuthorityID([]byte("new"))}})))
	must(second(do(s, state.RevokePeer{ID: ids["revoked"]})))
	refused("a peer is behind", finish, "1 agents or gateways that were here within 14 days have no certificate of the new authority yet (agent behind)")
	finish.Force = true
	row, err := do(s, finish)
	must(err)
	if string(row.Authority) != "new" || string(row.SealedKey) != "sealed" || string(row.Retired) != "old" || row.Next != nil {
		t.Errorf("the cluster is %+v", row)
	}
	refused("a change after the change", begin, "node n1, n2 still shows")
	s.node("n1", "new", "new")
	s.node("n2", "new", "new")
	must(second(do(s, state.RotateAuthority{Next: []byte("newer"), SealedNext: []byte("sealed"), Members: members})))
}

// A peer that is revoked stays so, and is counted once.
func TestRevokedPeers(t *testing.T) {
	s := newStage(t)
	hash := sha256.Sum256([]byte("secret"))
	if _, err := do(s, state.CreateToken{ID: "x", Hash: hash[:], Lifetime: time.Hour, Uses: 1}); err != nil {
		t.Fatal(err)
	}
	p, err := do(s, state.UseToken{Token: "x", Hash: hash[:], Kind: "agent", Name: "a"})
	if err != nil || state.MayCome(s.tx, p.ID, "agent") != nil || state.MayCome(s.tx, p.ID, "gateway") == nil {
		t.Fatal(err)
	}
	for range 2 {
		if p, err := do(s, state.RevokePeer{ID: p.ID, Reason: "stolen"}); err != nil || !p.Revoked {
			t.Error(p, err)
		}
	}
	if n := state.Revocations(s.tx); n != 1 {
		t.Errorf("%d revocations", n)
	}
	for what, err := range map[string]error{
		"it may come":  state.MayCome(s.tx, p.ID, "agent"),
		"it may renew": second(do(s, state.RenewPeer{ID: p.ID, Kind: "agent"})),
		"a stranger":   second(do(s, state.RenewPeer{ID: "nobody", Kind: "agent"})),
	} {
		if core.KindOf(err) != core.Forbidden {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, c := range map[string]error{
		"revoke": second(do(s, state.RevokePeer{ID: "nobody"})), "rename": second(do(s, state.RenamePeer{ID: "nobody", Name: "x"})),
	} {
		if core.KindOf(c) != core.NotFound {
			t.Errorf("%s nobody: %v", what, c)
		}
	}
	if p, err := do(s, state.RenamePeer{ID: p.ID, Name: "b\n"}); err != nil || p.Name != "b" {
		t.Errorf("renamed: %q, %v", p.Name, err)
	}
	if _, err := do(s, state.RenamePeer{ID: p.ID, Name: " "}); core.KindOf(err) != core.Unacceptable {
		t.Errorf("renamed to nothing: %v", err)
	}
}
