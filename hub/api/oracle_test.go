package api_test

import (
	"flag"
	"testing"
	"time"

	"keng/hub/api/oracle"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/state"
)

var oracleSeeds = flag.Int("seeds", 20, "how many sequences of calls TestRandomCallsAgreeWithTheModel makes")

// newPlayed returns a hub in memory for the oracle. What calls cost is not what is tested: the contract is held
// against them elsewhere.
func newPlayed(t *testing.T) *oracle.Hub {
	h := newHub(t)
	h.lenient = true
	up := must(state.Do(t.Context(), h.store, core.Seed{5}, state.PutEscalation{Policy: escalate.Policy{Name: "up", Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Delay: time.Hour, Recipient: alert.Responder{Kind: alert.User, ID: string(h.user)}}}}}))
	call := func(method, target, body string) oracle.Reply {
		a := h.serve(newRequest(method, target, body))
		return oracle.Reply{Status: a.status, Body: a.body}
	}
	return &oracle.Hub{
		Write: call, Read: call, Now: func() time.Time { return h.store.now }, Source: "203.0.113.7",
		User: oracle.Named{ID: string(h.user), Name: "lan@example.vn"}, Team: oracle.Named{ID: string(h.team), Name: "Mạng"}, Escalation: oracle.Named{ID: string(up.ID), Name: "up"},
	}
}

// Random sequences of calls have the outcome that a simple model of the alerts API has. More of them:
//
//	go test ./hub/api -run TestRandomCallsAgreeWithTheModel -seeds 3000
func TestRandomCallsAgreeWithTheModel(t *testing.T) {
	for seed := range uint64(*oracleSeeds) {
		steps := oracle.Steps(seed, 60)
		if err := oracle.Play(newPlayed(t), steps); err != nil {
			few := oracle.Shrink(steps, func() *oracle.Hub { return newPlayed(t) })
			t.Fatalf("seed %d: %v\n\nshrunk to %d calls: %v", seed, err, len(few), oracle.Play(newPlayed(t), few))
		}
	}
}
