package edge_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/core/silence"
	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/proto/link"
)

// P12: the leader is told of an agent when something was heard of it, and not again before
// something new is.
func TestP12LeaderIsToldOnlyWhatIsNew(t *testing.T) {
	play(t, func(w *world) {
		p := w.admit(link.Agent, "a")
		c := w.connect(p)
		w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch, Site: "branch-3"}}})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		reports, named := 0, 0
		_ = w.edge.TellHeard(ctx, func(_ context.Context, raw []byte) ([]byte, error) {
			r, err := silence.DecodeReport(raw)
			if err != nil {
				t.Error(err)
			}
			reports++
			named += len(r.Heard)
			return []byte{0, 0, 0, 0, 0, 0, 0, 1}, nil
		})
		if reports < 3 || named != 1 {
			t.Errorf("in %d reports the agent was named %d times", reports, named)
		}
		_ = c.Close("")
		w.settle()
	})
}

// P12: only an agent that says that it is being stopped is noted as stopped.
func TestP12OnlyAWordOfItStops(t *testing.T) {
	for reason, want := range map[string]bool{"stopping": true, "going to another hub": false, "": false} {
		play(t, func(w *world) {
			p := w.admit(link.Agent, "a")
			c := w.connect(p)
			w.send(c, &agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch, Site: "branch-3"}}})
			w.settle()
			_ = c.Close(reason)
			w.settle()
			if row, ok := state.GetPresence(w.store.tx, p.ID); !ok || row.Stopped.IsZero() == want {
				t.Errorf("closed with %q: %+v", reason, row)
			}
		})
	}
}
