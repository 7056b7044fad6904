package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"keng/hub/client"
)

// fakeCluster is a hub that knows nothing but its nodes.
type fakeCluster struct {
	t       *testing.T
	cluster client.Cluster
	next    []string // who leads after a transfer, a look each
	refuse  string   // why it does nothing
	asked   []string // but for looks
}

// ServeHTTP answers as the API does.
func (f *fakeCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method != http.MethodGet {
		f.asked = append(f.asked, r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), "/keng/v1/cluster")+" "+string(body))
	}
	var data any
	switch {
	case r.Header.Get("Authorization") != "GenieKey k":
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodGet && len(f.asked) > 0 && len(f.next) > 0:
		f.cluster.Leader, f.next = f.next[0], f.next[1:]
		data = f.cluster
	case r.Method == http.MethodGet:
		data = f.cluster
	case f.refuse != "":
		w.WriteHeader(http.StatusConflict)
		fmt.Fprintf(w, `{"message":%q}`, f.refuse)
		return
	default:
		data = map[string]string{"token": "node-token"}
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"data": data}); err != nil {
		f.t.Error(err)
	}
}

// run runs a command of "cluster" against the fake.
func (f *fakeCluster) run(args ...string) (code int, out, errs string) {
	f.t.Helper()
	server := httptest.NewServer(f)
	defer server.Close()
	var o, e bytes.Buffer
	code = run(f.t.Context(), append([]string{"cluster", args[0], "--url", server.URL, "--key", "k"}, args[1:]...), &o, &e)
	return code, o.String(), e.String()
}

// three is a cluster of three of which a leads and some do not answer.
func three(t *testing.T, lost ...string) *fakeCluster {
	withoutEnvironment(t)
	q := func(voters, reachable int) client.Quorum {
		needed := voters/2 + 1
		return client.Quorum{Voters: voters, Needed: needed, Reachable: reachable, Majority: reachable >= needed, Spare: max(reachable-needed, 0)}
	}
	c := client.Cluster{AnsweredBy: "a", Leader: "a", Quorum: q(3, 3-len(lost))}
	for i, id := range []string{"a", "b", "c"} {
		n := client.Node{ID: id, Role: "follower", Voter: true, Reached: true, Address: id + ":7444", Link: id + ":7443", Version: "v0.9", Applied: uint64(1000 - i),
			Behind: new(uint64), Sequence: 7, Without: q(2, 2-len(lost))}
		*n.Behind = uint64(i)
		if slices.Contains(lost, id) {
			n = client.Node{ID: id, Role: "unknown", Voter: true, Address: id + ":7444", Trouble: "connection refused", Without: q(2, 3-len(lost))}
		}
		c.Nodes = append(c.Nodes, n)
	}
	c.Nodes[0].Role = "leader"
	return &fakeCluster{t: t, cluster: c}
}

func TestClusterStatusIsReadable(t *testing.T) {
	f := three(t, "c")
	f.cluster.Nodes[0].Clock, f.cluster.Nodes[1].Clock = &client.Clock{OffsetMillis: -3}, &client.Clock{OffsetMillis: 500}
	code, out, errs := f.run("status")
	want := `NODE  ROLE      ANSWERS  ADDRESS  LINK    VERSION  APPLIED  BEHIND  CLOCK
a     leader    yes      a:7444   a:7443  v0.9     1000     0       right
b     follower  yes      b:7444   b:7443  v0.9     999      1       +0.5s
c     unknown   NO       c:7444   -       -        -        -       -

2 of 3 nodes answer; none more can be lost.
Node a leads.
Node c does not answer node a: connection refused. Start it again, or replace it: remove it, and let a new one join.
`
	if code != 0 || out != want || errs != "" {
		t.Errorf("exit code %d\n%s\nwant\n%s\n%s", code, out, want, errs)
	}
}

func TestClusterStatusSaysWhatToThink(t *testing.T) {
	for _, c := range []struct {
		name string
		of   *fakeCluster
		with func(*client.Cluster)
		code int
		says string
	}{
		{"all is well", three(t), nil, 0, "3 of 3 nodes answer; one more can be lost.\nNode a leads.\n"},
		{"no majority", three(t, "b", "c"), func(c *client.Cluster) { c.Leader = "" }, 1, "Node c does not answer node a: connection refused. Start it again.\n"},
		{"no majority, first line", three(t, "b", "c"), nil, 1, "NO MAJORITY: 1 of 3 nodes answers, 2 are needed. No alert is taken"},
		{"an election", three(t, "a"), func(c *client.Cluster) { c.Leader = "" }, 1, "NO LEADER: an election"},
		{"two nodes", three(t), func(c *client.Cluster) { c.Quorum = client.Quorum{Voters: 2, Needed: 2, Reachable: 2, Majority: true} }, 0, "none can be lost. A cluster bears"},
		{"one node", three(t), func(c *client.Cluster) { c.Quorum = client.Quorum{Voters: 1, Needed: 1, Reachable: 1, Majority: true} }, 0, "1 of 1 node answers; none can be lost."},
		{"five nodes", three(t), func(c *client.Cluster) {
			c.Quorum = client.Quorum{Voters: 5, Needed: 3, Reachable: 5, Majority: true, Spare: 2}
		}, 0, "5 of 5 nodes answer; 2 more can be lost."},
		{"one joins", three(t), func(c *client.Cluster) { c.Nodes[2].Voter = false }, 0, "Node c is joining"},
		{"a clock is ahead", three(t), func(c *client.Cluster) { c.Nodes[2].Clock = &client.Clock{OffsetMillis: 365 * 86400_000, Wrong: true} }, 0,
			"WRONG CLOCK: the clock of node c is 365 days ahead of the others'. It is not followed, and the node does not lead."},
		{"a clock is behind", three(t), func(c *client.Cluster) { c.Nodes[2].Clock = &client.Clock{OffsetMillis: -300_100, Wrong: true} }, 0,
			"WRONG CLOCK: the clock of node c is 5m behind the others'."},
		{"clocks differ", three(t), func(c *client.Cluster) { c.Clocks = &client.Clocks{Disputed: true} }, 0, "CLOCKS DIFFER: no majority"},
		{"time is ahead", three(t), func(c *client.Cluster) { c.Clocks = &client.Clocks{Agreed: true, AheadMillis: 3000} }, 0, "TIME IS AHEAD: the cluster's time is 3.0 s ahead"},
		{"diverged", three(t), func(c *client.Cluster) { c.Diverged, c.Differing = true, [][2]string{{"a", "c"}, {"b", "c"}} }, 1, "DIVERGED: the states of nodes a and c, of b and c contradict"},
	} {
		if c.with != nil {
			c.with(&c.of.cluster)
		}
		code, out, errs := c.of.run("status")
		if code != c.code || !strings.Contains(out, c.says) || errs != "" {
			t.Errorf("%s: exit code %d, want %d, saying %q:\n%s%s", c.name, code, c.code, c.says, out, errs)
		}
		code, out, _ = c.of.run("status", "--json")
		var got client.Cluster
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != c.code || !reflect.DeepEqual(got, c.of.cluster) {
			t.Errorf("%s as JSON: exit code %d, %v:\n%s", c.name, code, err, out)
		}
	}
}

func TestClusterToken(t *testing.T) {
	f := three(t)
	if code, out, errs := f.run("token"); code != 0 || out != "node-token\n" || errs != "" {
		t.Error(code, out, errs)
	}
	f.run("token", "--uses", "2", "--lifetime", "30m")
	if want := []string{`POST /tokens {"lifetime":"1h0m0s","uses":1}`, `POST /tokens {"lifetime":"30m0s","uses":2}`}; !slices.Equal(f.asked, want) {
		t.Errorf("asked %q", f.asked)
	}
}

func TestClusterRemove(t *testing.T) {
	for _, c := range []struct {
		args   string
		of     *fakeCluster
		refuse string
		code   int
		says   string
		asked  string
	}{
		{"remove c", three(t, "c"), "", 0, "Node c is removed. 2 of 2 nodes answer; none can be lost.", "DELETE /nodes/c "},
		{"remove b", three(t, "c"), "Without node b the cluster would stop.", 1, "keng-hub: Without node b the cluster would stop.", "DELETE /nodes/b "},
		{"remove b --force", three(t, "c"), "", 0, "Node b is removed. NO MAJORITY: 1 of 2", "DELETE /nodes/b?force=true "},
		{"remove c --dry-run", three(t, "c"), "", 0, "Without node c: 2 of 2 nodes answer", ""},
		{"remove b --dry-run", three(t, "c"), "", 1, "Without node b: NO MAJORITY: 1 of 2 nodes answers, 2 are needed", ""},
		{"remove b --dry-run --force", three(t, "c"), "", 0, "NO MAJORITY", ""},
		{"remove x", three(t), "", 1, `there is no node "x": the nodes are a, b, c`, ""},
		{"remove", three(t), "", 2, "<id>", ""},
	} {
		c.of.refuse = c.refuse
		code, out, errs := c.of.run(strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.says) || strings.Join(c.of.asked, ",") != c.asked {
			t.Errorf("%s: exit code %d, want %d, saying %q, asked %q:\n%s%s", c.args, code, c.code, c.says, c.of.asked, out, errs)
		}
	}
}

func TestClusterTransfer(t *testing.T) {
	for _, c := range []struct {
		args   string
		next   []string
		refuse string
		code   int
		says   string
		asked  string
	}{
		{"transfer", []string{"a", "", "c"}, "", 0, "Node c leads.\n", "POST /transfer {}"},
		{"transfer b", []string{"", "b"}, "", 0, "Node b leads.\n", `POST /transfer {"to":"b"}`},
		{"transfer a", nil, "", 0, "Node a leads already.\n", ""},
		{"transfer c", nil, "node c has no vote", 1, "keng-hub: node c has no vote\n", `POST /transfer {"to":"c"}`},
	} {
		f := three(t)
		f.next, f.refuse = c.next, c.refuse
		code, out, errs := f.run(strings.Fields(c.args)...)
		if code != c.code || out+errs != c.says || strings.Join(f.asked, ",") != c.asked {
			t.Errorf("%s: exit code %d, asked %q: %s%s", c.args, code, f.asked, out, errs)
		}
	}
}

func TestClusterUsage(t *testing.T) {
	withoutEnvironment(t)
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"cluster":                        {2, "expected one of"},
		"cluster status":                 {2, "--key"},
		"cluster token --key k --uses 0": {2, "1 or more"},
		"cluster status --key k --url http://127.0.0.1:1": {1, "cannot reach the hub"},
		"cluster transfer a b --key k":                    {2, "unexpected argument b"},
	} {
		code, said := command(t.Context(), strings.Fields(args)...)
		if code != want.code || !strings.Contains(said, want.says) {
			t.Errorf("%q: exit code %d, want %d, saying %q:\n%s", args, code, want.code, want.says, said)
		}
	}
}
