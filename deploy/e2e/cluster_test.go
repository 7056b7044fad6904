package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/proto/link"
)

// cluster is three hub processes, n1 to n3, of which the first has made the cluster.
type cluster []*hub

// startCluster runs `hub serve` three times: --bootstrap, and twice --join with the node
// token that the first one has written. args are for all of them.
func startCluster(t *testing.T, args ...string) cluster {
	t.Helper()
	first := startHub(t, args...)
	c := cluster{first}
	for _, id := range []string{"n2", "n3"} {
		c = append(c, newHub(t, id, first.key, append([]string{"--join", first.raft, "--join-token", first.nodeToken()}, args...)...))
	}
	for _, h := range c[1:] {
		h.start()
	}
	for _, h := range c[1:] {
		h.serving()
	}
	eventually(t, "three nodes have a vote", func() bool { return c[0].status().Quorum.Voters == 3 })
	return c
}

// nodeToken is the first node token of who has bootstrapped.
func (h *hub) nodeToken() string {
	h.t.Helper()
	file := filepath.Join(h.dir, "node-token")
	text, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		h.t.Errorf("the node token can be read by others: %v %v", info.Mode(), err)
	}
	return strings.TrimSpace(string(text))
}

// status is the cluster as a node sees it.
func (h *hub) status() client.Cluster {
	h.t.Helper()
	status, err := h.client().Cluster(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return status
}

// leader is the node that leads, and the others, as one of them sees it.
func (c cluster) leader(t *testing.T, asked *hub) (leader *hub, others []*hub) {
	t.Helper()
	var id string
	eventually(t, "a node leads", func() bool {
		id = asked.status().Leader
		return id != ""
	})
	for _, h := range c {
		if h.id == id {
			leader = h
		} else {
			others = append(others, h)
		}
	}
	return leader, others
}

// An alert that is posted to any of three nodes pages, and each node shows it. When the
// leader is killed with -9 the others go on, nothing is lost (P1), and the killed node
// comes back with all that it has missed.
func TestStoryThreeNodes(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	fcm := startFCM(t)
	c[0].runGateway(fcm.config)
	an := c[1].person("An", "vi_VN", push("an-phone", 0))
	var ids []string
	for _, h := range c {
		a := h.raise(client.NewAlert{Message: "posted to " + h.id, Alias: "by-" + h.id, Priority: "P1"}, client.Responder{Type: "user", Username: an})
		fcm.accepted(t, a)
		ids = append(ids, a.ID)
	}
	c.show(t, ids, c)

	killed, others := c.leader(t, c[0])
	killed.kill()
	began := time.Now()
	a := others[0].raise(client.NewAlert{Message: "the leader is dead", Priority: "P1"}, client.Responder{Type: "user", Username: an})
	t.Logf("a write succeeded %s after kill -9 of the leader", time.Since(began).Round(time.Millisecond))
	fcm.accepted(t, a)
	t.Logf("a page went out %s after kill -9 of the leader", time.Since(began).Round(time.Millisecond))
	ids = append(ids, a.ID)
	c.show(t, ids, others)
	if q := others[1].status().Quorum; !q.Majority || q.Spare != 0 {
		t.Errorf("two of three: %+v", q)
	}

	killed.restart()
	eventually(t, "the killed node is ready", func() bool {
		code, _ := killed.call("GET", "/readyz", "")
		return code == http.StatusOK
	})
	c.show(t, ids, c)
	if s := killed.status(); s.Diverged || s.Quorum.Spare != 1 {
		t.Errorf("after the return: %+v", s)
	}
}

// show makes sure that nodes have alerts.
func (c cluster) show(t *testing.T, ids []string, nodes []*hub) {
	t.Helper()
	for _, h := range nodes {
		for _, id := range ids {
			eventually(t, "node "+h.id+" shows alert "+id, func() bool {
				code, _ := h.call("GET", "/v2/alerts/"+id, "")
				return code == http.StatusOK
			})
		}
		var list struct{ Data []struct{ ID string } }
		if _, body := h.call("GET", "/v2/alerts?limit=100", ""); json.Unmarshal([]byte(body), &list) != nil || len(list.Data) != len(ids) {
			t.Errorf("node %s lists %s, not %d alerts", h.id, body, len(ids))
		}
		if code, body := h.call("GET", "/v2/alerts/nothing", ""); code != http.StatusNotFound {
			t.Errorf("node %s of an alert that is not: %d %s", h.id, code, body)
		}
	}
}

// Who joins needs the token, the right one, and a name that is free.
func TestStoryWhoMayJoin(t *testing.T) {
	t.Parallel()
	first := startHub(t)
	right, err := link.ParseToken(first.nodeToken())
	if err != nil {
		t.Fatal(err)
	}
	wrong, stranger := right, right
	wrong.Secret = []byte("0123456789abcdef")
	stranger.Fingerprint = [32]byte{1}
	for _, try := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"without a token", nil, 2, "--join-token"},
		{"with a token that was not copied whole", []string{"--join-token", right.String()[:20]}, 1, "copied whole"},
		{"with a wrong token", []string{"--join-token", wrong.String()}, 1, "not known here: make one with `keng-hub cluster token`"},
		{"with another cluster's token", []string{"--join-token", stranger.String()}, 1, "check the address and the token"},
		{"with an enrolment token", []string{"--join-token", first.token()}, 1, "not for hub nodes"},
		{"under a name that is taken", []string{"--join-token", right.String(), "--node-id", "n1"}, 1, "a member already"},
	} {
		dir := t.TempDir()
		args := append([]string{"serve", "--data-dir", dir, "--http", "127.0.0.1:0", "--link", "127.0.0.1:0", "--raft", "127.0.0.1:0", "--join", first.raft}, try.args...)
		if !slices.Contains(args, "--node-id") {
			args = append(args, "--node-id", "n2")
		}
		code, out, errs := once(t, nil, "hub", args...)
		if code != try.code || !strings.Contains(errs, try.says) || strings.Contains(out+errs, "goroutine") {
			t.Errorf("%s: %d\n%s%s", try.name, code, out, errs)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
			t.Errorf("%s: it left %v, %v", try.name, files, err)
		}
	}
	if n := first.status().Nodes; len(n) != 1 {
		t.Errorf("the members are %+v", n)
	}
}

// A node token is spent by a node, not by its restarts; a node that is removed learns it,
// and comes back only as a new one.
func TestStoryANodeIsReplaced(t *testing.T) {
	t.Parallel()
	first := startHub(t)
	code, token, errs := once(t, first.env(), "hub", "cluster", "token", "--lifetime", "10m")
	if code != 0 {
		t.Fatalf("cluster token: %d %s", code, errs)
	}
	second := newHub(t, "n2", first.key, "--join", first.raft, "--join-token", strings.TrimSpace(token))
	second.restart()
	second.kill()
	second.restart()
	// Until it has heard of its vote, it may be asking for it, and come back after its removal.
	eventually(t, "two nodes have a vote, and know it", func() bool { return first.status().Quorum.Voters == 2 && second.status().Quorum.Voters == 2 })
	if code, out, errs := once(t, first.env(), "hub", "cluster", "remove", "n2"); code != 0 {
		t.Fatalf("cluster remove: %d %s%s", code, out, errs)
	}
	select {
	case <-second.done:
	case <-time.After(time.Minute):
		t.Fatal("the removed node goes on")
	}
	if !strings.Contains(second.out.String(), "not a member") {
		t.Errorf("the removed node says %s", second.out)
	}
	again := newHub(t, "n2", rand.Text(), "--join", first.raft, "--join-token", first.nodeToken())
	again.restart()
	eventually(t, "two nodes have a vote again", func() bool { return first.status().Quorum.Voters == 2 })
	if code, out, errs := once(t, first.env(), "hub", "cluster", "status"); code != 0 || !strings.Contains(out, "2 of 2") {
		t.Errorf("cluster status: %d %s%s", code, out, errs)
	}
}

// env is the environment of a client command that asks this node.
func (h *hub) env() []string {
	return []string{fmt.Sprint("KENG_URL=", h.url), "KENG_API_KEY=" + h.key}
}
