package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
	"keng/hub/client"
	"keng/hub/core"
)

// fakeCluster is an api.Cluster that remembers what it was asked for.
type fakeCluster struct {
	nodes    []api.Node
	asked    []string
	err      error
	stall    bool // until the context ends
	uses     int
	lifetime time.Duration
	next     []byte // certificate of the next authority
}

func (f *fakeCluster) Nodes(ctx context.Context) ([]api.Node, error) {
	if f.stall {
		<-ctx.Done()
	}
	return f.nodes, nil
}

func (f *fakeCluster) MakeNodeToken(_ context.Context, uses int, lifetime time.Duration) (string, error) {
	f.uses, f.lifetime = uses, lifetime
	if uses < 1 {
		return "", core.Invalid("uses", "must be 1 or more")
	}
	return "node-secret", f.err
}

func (f *fakeCluster) RemoveNode(ctx context.Context, id string) error {
	return f.do(ctx, "remove "+id)
}

func (f *fakeCluster) TransferLeadership(ctx context.Context, id string) error {
	return f.do(ctx, "transfer "+id)
}

func (f *fakeCluster) Authority(context.Context) (api.Authority, error) {
	return api.Authority{Present: []byte("a"), Next: f.next, Peers: 2, Some: []string{"agent x"}}, nil
}

func (f *fakeCluster) RotateAuthority(ctx context.Context, finish, force bool) error {
	f.next = []byte("b")
	return f.do(ctx, fmt.Sprintf("rotate finish=%t force=%t", finish, force))
}

func (f *fakeCluster) do(ctx context.Context, what string) error {
	f.asked = append(f.asked, what)
	if f.stall {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.err
}

// three returns a cluster of three whose node a leads.
func three() *fakeCluster {
	node := func(id string, applied, sequence uint64) api.Node {
		return api.Node{ID: id, Address: id + ":7444", Link: id + ":7443", Version: "v1", Voter: true, Leader: id == "a", This: id == "b", Reached: true,
			Term: 7, Applied: applied, Sequence: sequence, Chain: [32]byte{byte(sequence)}, Clock: &api.NodeClock{Agreed: true, Offset: (time.Duration(sequence) - 100) * time.Minute}, Time: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	}
	return &fakeCluster{nodes: []api.Node{node("a", 120, 100), node("b", 117, 97), node("c", 121, 101)}}
}

// lose makes a node not answer.
func (f *fakeCluster) lose(i int) {
	n := &f.nodes[i]
	*n = api.Node{ID: n.ID, Address: n.Address, Voter: n.Voter, Trouble: "connection refused"}
}

func newHubOf(t testing.TB, f *fakeCluster) *hub {
	return newHub(t, func(o *api.Options) { o.Cluster = f })
}

func TestClusterStatus(t *testing.T) {
	f := three()
	h := newHubOf(t, f)
	a := h.want(h.with(readKey, "GET", "/keng/v1/cluster", ""), 200)
	if a.data("leader") != "a" || a.data("answeredBy") != "b" || a.data("diverged") != false {
		t.Error(a.raw)
	}
	nodes := a.data("nodes").([]any)
	for i, want := range []struct {
		role   string
		behind float64
	}{{"leader", 0}, {"follower", 3}, {"follower", 0}} { // c was asked a moment later: not behind, surely
		n := nodes[i].(map[string]any)
		if n["role"] != want.role || n["behind"] != want.behind {
			t.Errorf("node %d: %v", i, n)
		}
	}
	if clock := nodes[1].(map[string]any)["clock"].(map[string]any); clock["offsetMillis"] != -180_000.0 || clock["wrong"] != true {
		t.Error(a.raw)
	}
	if clock := nodes[0].(map[string]any)["clock"].(map[string]any); clock["offsetMillis"] != 0.0 || clock["wrong"] != false || a.data("clocks") == nil {
		t.Error(a.raw)
	}
	f.lose(0)
	a = h.want(h.with(readKey, "GET", "/keng/v1/cluster", ""), 200)
	n := a.data("nodes").([]any)[0].(map[string]any)
	if a.data("leader") != nil || n["role"] != "unknown" || n["trouble"] != "connection refused" || n["applied"] != nil || n["behind"] != nil {
		t.Error(a.raw)
	}
}

func quorum(voters, needed, reachable int, majority bool, spare int) client.Quorum {
	return client.Quorum{Voters: voters, Needed: needed, Reachable: reachable, Majority: majority, Spare: spare}
}

func TestQuorum(t *testing.T) {
	for _, c := range []struct {
		name  string
		of    func(f *fakeCluster)
		want  client.Quorum
		alone client.Quorum // without node a
	}{
		{"three of three", func(*fakeCluster) {}, quorum(3, 2, 3, true, 1), quorum(2, 2, 2, true, 0)},
		{"two of three", func(f *fakeCluster) { f.lose(2) }, quorum(3, 2, 2, true, 0), quorum(2, 2, 1, false, 0)},
		{"two of three, the first lost", func(f *fakeCluster) { f.lose(0) }, quorum(3, 2, 2, true, 0), quorum(2, 2, 2, true, 0)},
		{"one of three", func(f *fakeCluster) { f.lose(1); f.lose(2) }, quorum(3, 2, 1, false, 0), quorum(2, 2, 0, false, 0)},
		{"two of two", func(f *fakeCluster) { f.nodes = f.nodes[:2] }, quorum(2, 2, 2, true, 0), quorum(1, 1, 1, true, 0)},
		{"one of one", func(f *fakeCluster) { f.nodes = f.nodes[:1] }, quorum(1, 1, 1, true, 0), quorum(0, 1, 0, false, 0)},
		{"one is joining", func(f *fakeCluster) { f.nodes[2].Voter = false }, quorum(2, 2, 2, true, 0), quorum(1, 1, 1, true, 0)},
	} {
		f := three()
		c.of(f)
		got := statusOf(t, newHubOf(t, f))
		if got.Quorum != c.want || got.Nodes[0].Without != c.alone {
			t.Errorf("%s: %+v, without a: %+v", c.name, got.Quorum, got.Nodes[0].Without)
		}
	}
}

// statusOf asks by the hub's own client, which must lose nothing of what it is told.
func statusOf(t *testing.T, h *hub) client.Cluster {
	t.Helper()
	server := httptest.NewServer(h.api)
	defer server.Close()
	got := must(must(client.New(server.URL, readKey)).Cluster(t.Context()))
	var told, kept any
	again := must(json.Marshal(got))
	a := h.want(h.with(readKey, "GET", "/keng/v1/cluster", ""), 200)
	told = a.body["data"]
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(again), `:00Z"`, `:00.000Z"`)), &kept); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(told, kept) {
		t.Errorf("told %v\nkept %v", told, kept)
	}
	return got
}

func TestDivergence(t *testing.T) {
	same := func(f *fakeCluster) { // all at the same place
		for i := range f.nodes {
			f.nodes[i].Applied, f.nodes[i].Sequence, f.nodes[i].Chain = 120, 100, [32]byte{1}
		}
	}
	for _, c := range []struct {
		name string
		of   func(n []api.Node)
		want [][2]string
	}{
		{"all equal", func([]api.Node) {}, nil},
		{"another hash at another place", func(n []api.Node) { n[2].Chain, n[2].Sequence, n[2].Applied = [32]byte{2}, 99, 119 }, nil},
		{"another hash", func(n []api.Node) { n[2].Chain = [32]byte{2} }, [][2]string{{"a", "c"}, {"b", "c"}}},
		{"another hash, though other entries came since", func(n []api.Node) { n[2].Chain, n[2].Applied = [32]byte{2}, 121 }, [][2]string{{"a", "c"}, {"b", "c"}}},
		{"it refuses batches that others take", func(n []api.Node) { n[2].Chain, n[2].Sequence = [32]byte{2}, 90 }, [][2]string{{"a", "c"}, {"b", "c"}}},
		{"one that does not answer", func(n []api.Node) { n[2] = api.Node{ID: "c", Voter: true} }, nil},
	} {
		f := three()
		same(f)
		c.of(f.nodes)
		if got := statusOf(t, newHubOf(t, f)); !reflect.DeepEqual(got.Differing, c.want) || got.Diverged != (c.want != nil) {
			t.Errorf("%s: %v %v", c.name, got.Diverged, got.Differing)
		}
	}
}

// Of two that say that they lead, the one of the later term does.
func TestOldLeaderIsNoLeader(t *testing.T) {
	f := three()
	f.nodes[2].Leader, f.nodes[2].Term = true, 8
	if got := statusOf(t, newHubOf(t, f)); got.Leader != "c" || got.Nodes[0].Role != "follower" {
		t.Errorf("%+v", got)
	}
}

func TestNodeToken(t *testing.T) {
	f := three()
	h := newHubOf(t, f)
	for _, c := range []struct {
		body     string
		uses     int
		lifetime time.Duration
	}{
		{"", 1, time.Hour},
		{`{"uses":2,"lifetime":"30m"}`, 2, 30 * time.Minute},
	} {
		a := h.want(h.call("POST", "/keng/v1/cluster/tokens", c.body), 201)
		if a.data("token") != "node-secret" || f.uses != c.uses || f.lifetime != c.lifetime {
			t.Errorf("%s: %s %d %v", c.body, a.raw, f.uses, f.lifetime)
		}
	}
	for body, field := range map[string]string{`{"uses":0}`: "uses", `{"uses":"x"}`: "uses", `{"lifetime":"1 day"}`: "lifetime"} {
		if a := h.want(h.call("POST", "/keng/v1/cluster/tokens", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}

func TestRemoveNode(t *testing.T) {
	for _, c := range []struct {
		name, path string
		of         func(f *fakeCluster)
		status     int
		says       string
		asked      string
	}{
		{"one of three", "c", func(*fakeCluster) {}, 200, "Deleted", "remove c"},
		{"the lost one", "c", func(f *fakeCluster) { f.lose(2) }, 200, "Deleted", "remove c"},
		{"one that lives, instead of the lost one", "b", func(f *fakeCluster) { f.lose(2) }, 409, "1 of the 2 nodes left would answer, and 2 are a majority", ""},
		{"the same by force", "b?force=true", func(f *fakeCluster) { f.lose(2) }, 200, "Deleted", "remove b"},
		{"without a majority", "c", func(f *fakeCluster) { f.lose(1); f.lose(2) }, 409, "no majority now: 1 of 3", ""},
		{"the only one", "a", func(f *fakeCluster) { f.nodes = f.nodes[:1] }, 409, "only member", ""},
		{"one that joins", "c", func(f *fakeCluster) { f.nodes[2].Voter = false }, 200, "Deleted", "remove c"},
		{"a stranger", "x", func(*fakeCluster) {}, 404, "Node [x] does not exist", ""},
		{"a stranger by force", "x?force=true", func(f *fakeCluster) { f.err = core.Missing("Node", "x") }, 404, "does not exist", "remove x"},
		{"a name with a slash", "a%2Fb?force=true", func(f *fakeCluster) {}, 200, "Deleted", "remove a/b"},
		{"not now", "c", func(f *fakeCluster) { f.err = &core.Error{Kind: core.Unavailable, Words: "an election is on"} }, 503, "an election is on", "remove c"},
		{"half a force", "c?force=perhaps", func(*fakeCluster) {}, 422, "force", ""},
	} {
		f := three()
		c.of(f)
		h := newHubOf(t, f)
		a := h.call("DELETE", "/keng/v1/cluster/nodes/"+c.path, "")
		if a.status != c.status || !strings.Contains(a.raw, c.says) || strings.Join(f.asked, ",") != c.asked {
			t.Errorf("%s: HTTP %d, want %d, saying %q; asked %v: %s", c.name, a.status, c.status, c.says, f.asked, a.raw)
		}
	}
}

func TestTransferLeadership(t *testing.T) {
	f := three()
	h := newHubOf(t, f)
	h.want(h.call("POST", "/keng/v1/cluster/transfer", ""), 200)
	h.want(h.call("POST", "/keng/v1/cluster/transfer", `{"to":"b"}`), 200)
	h.want(h.call("POST", "/keng/v1/cluster/transfer", `{"to":17}`), 422)
	h.want(h.call("POST", "/keng/v1/cluster/transfer", `{"to":"`+strings.Repeat("x", 600)+`"}`), 422)
	f.err = &core.Error{Kind: core.Conflict, Words: "node c has no vote"}
	if a := h.want(h.call("POST", "/keng/v1/cluster/transfer", `{"to":"c"}`), 409); a.body["message"] != "node c has no vote" {
		t.Error(a.raw)
	}
	if got := strings.Join(f.asked, ","); got != "transfer ,transfer b,transfer c" {
		t.Errorf("asked %q", got)
	}
}

// Where there is no cluster to speak of, and where it does not answer.
func TestClusterIsNotThere(t *testing.T) {
	all := func(h *hub) []answer {
		return []answer{h.call("POST", "/keng/v1/cluster/tokens", ""), h.call("DELETE", "/keng/v1/cluster/nodes/a?force=true", ""), h.call("POST", "/keng/v1/cluster/transfer", "")}
	}
	h := newHub(t)
	for _, a := range append(all(h), h.call("GET", "/keng/v1/cluster", ""), h.call("DELETE", "/keng/v1/cluster/nodes/a", "")) {
		if h.want(a, 503); !strings.Contains(a.raw, "not part of a cluster") {
			t.Error(a.raw)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		f := three()
		f.stall = true
		h := newHubOf(t, f)
		begun := time.Now()
		h.want(h.call("GET", "/keng/v1/cluster", ""), 200)
		if took := time.Since(begun); took != 3*time.Second {
			t.Errorf("nodes that do not answer were waited for %v", took)
		}
		begun = time.Now()
		h.want(h.call("POST", "/keng/v1/cluster/transfer", ""), 503)
		if took := time.Since(begun); took != api.CommandTimeout {
			t.Errorf("given up after %v", took)
		}
	})
}

// Keys of a team neither see nor change the nodes.
func TestClusterIsForWholeKeys(t *testing.T) {
	f := three()
	h := newHubOf(t, f)
	h.want(h.with(teamKey, "GET", "/keng/v1/cluster", ""), 403)
	h.want(h.with(readKey, "POST", "/keng/v1/cluster/tokens", ""), 403)
	h.want(h.with(teamKey, "DELETE", "/keng/v1/cluster/nodes/a", ""), 403)
	h.want(h.with(writeKey, "POST", "/keng/v1/cluster/transfer", ""), 403)
	if f.asked != nil || f.uses != 0 {
		t.Errorf("asked %v", f.asked)
	}
}

func FuzzCluster(f *testing.F) {
	f.Add("a", "force=true", `{"to":"b","uses":1,"lifetime":"1h"}`)
	f.Add("a/b", "force=", `{"to":null,"uses":-1,"lifetime":"-1h"}`)
	h := newHubOf(f, three())
	h.lenient = true
	f.Fuzz(func(t *testing.T, id, query, body string) {
		h.t = t
		for _, a := range []answer{
			h.call("DELETE", "/keng/v1/cluster/nodes/"+url.PathEscape(id)+"?"+url.PathEscape(query), ""),
			h.call("POST", "/keng/v1/cluster/tokens", body),
			h.call("POST", "/keng/v1/cluster/transfer", body),
		} {
			if a.status >= 500 {
				t.Errorf("HTTP %d: %s", a.status, a.raw)
			}
		}
	})
}
