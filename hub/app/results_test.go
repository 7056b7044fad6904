package app

import (
	"context"
	"net"
	"testing"
	"time"

	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/proto/link"
)

// What an agent says of its checks is told by any node, whichever it is connected to; by
// none when that one is gone.
func TestAnyNodeTellsAnAgentsChecks(t *testing.T) {
	t.Parallel()
	first := started(t, t.TempDir())
	second := started(t, t.TempDir(), joins(t, first, "n2"))
	until(t, first, "n2 has a vote", func() bool {
		list, err := nodes{first}.Nodes(t.Context())
		return err == nil && len(list) == 2 && list[1].Voter
	})
	token, err := nodes{first}.makeToken(t.Context(), state.CreateToken{Uses: 1, Lifetime: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := link.NewEndpoint(socket, nil)
	t.Cleanup(func() { _ = endpoint.Close() })
	credentials, _, err := endpoint.Join(t.Context(), first.LinkAddr(), token, link.Agent, "branch-3")
	if err != nil {
		t.Fatal(err)
	}
	c, err := endpoint.Dial(t.Context(), second.LinkAddr(), link.DialConfig{Credentials: func() link.Credentials { return credentials }})
	if err != nil {
		t.Fatal(err)
	}
	agent := func() (id string) {
		for id = range second.edge.Connections() {
			return id
		}
		return ""
	}
	for _, m := range []*agentpb.FromAgent{
		{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: []byte("0123456789abcdef"), Site: "branch-3", Next: 1}}},
		{Kind: &agentpb.FromAgent_Watching{Watching: &agentpb.Watching{Checks: []*agentpb.CheckStatus{{Name: "web", State: agentpb.State_STATE_DOWN}}}}},
	} {
		if err := c.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, asked := range []*App{second, first} {
		for known := false; !known; {
			at, said, beyond, ok := asked.agentResults(t.Context(), agent())
			if known = ok; !known {
				select {
				case <-time.After(10 * time.Millisecond):
					continue
				case <-t.Context().Done():
					t.Fatal("a node never tells it")
				}
			}
			if time.Since(at) > time.Minute || beyond != 0 || len(said.GetChecks()) != 1 || said.GetChecks()[0].GetName() != "web" {
				t.Errorf("told is %v, %v, %d", at, said, beyond)
			}
		}
	}
	if _, _, _, ok := first.agentResults(t.Context(), "nobody"); ok {
		t.Error("something is told of an agent that there is not")
	}
	id := agent()
	if err := second.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, _, _, ok := first.agentResults(t.Context(), id); ok || time.Since(began) > 2*resultsWithin {
		t.Errorf("without the node that knows: %v, after %v", ok, time.Since(began))
	}
}
