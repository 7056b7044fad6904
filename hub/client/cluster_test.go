package client_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestWhatIsAskedOfACluster(t *testing.T) {
	f, c := newFakeHub(t, func(*http.Request, string) (int, string) {
		return 200, `{"data":{"token":"t","leader":"a","nodes":[{"id":"a","role":"leader","behind":0},{"id":"b"}]}}`
	})
	ctx := t.Context()
	cluster, err := c.Cluster(ctx)
	if err != nil || cluster.Leader != "a" || len(cluster.Nodes) != 2 {
		t.Error(cluster, err)
	}
	if a, ok := cluster.Node("a"); !ok || a.Behind == nil {
		t.Error(a, ok)
	}
	if b, ok := cluster.Node("b"); !ok || b.Behind != nil {
		t.Error(b, ok)
	}
	if _, ok := cluster.Node("x"); ok {
		t.Error("there is a node x")
	}
	if token, err := c.CreateNodeToken(ctx, 2, time.Hour); err != nil || token != "t" {
		t.Error(token, err)
	}
	for _, err := range []error{c.RemoveNode(ctx, "a/b", false), c.RemoveNode(ctx, "b", true), c.TransferLeadership(ctx, ""), c.TransferLeadership(ctx, "b")} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{
		`GET /keng/v1/cluster GenieKey k `,
		`POST /keng/v1/cluster/tokens GenieKey k {"lifetime":"1h0m0s","uses":2}`,
		`DELETE /keng/v1/cluster/nodes/a%2Fb GenieKey k `,
		`DELETE /keng/v1/cluster/nodes/b?force=true GenieKey k `,
		`POST /keng/v1/cluster/transfer GenieKey k {}`,
		`POST /keng/v1/cluster/transfer GenieKey k {"to":"b"}`,
	}
	if !slices.Equal(f.asked, want) {
		t.Errorf("asked %q\nwant  %q", f.asked, want)
	}
}
