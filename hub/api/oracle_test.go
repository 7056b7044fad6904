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
		Write: call, Read: call, Now: func() time.Time { return h.store.now }, Wait: h.wait, Source: "203.0.113.7",
		User: oracle.Named{ID: string(h.user), Name: "lan@example.vn"}, Team: oracle.Named{ID: string(h.team), Name: "Mạng"}, Escalation: oracle.Named{ID: string(up.ID), Name: "up"},
	}
}

// wait lets the clock go on and does what is due, moment by moment.
func (h *hub) wait(until time.Time) {
	for {
		next, ok := state.NextDeadline(h.store.tx)
		if !ok || next.After(until) {
			break
		}
		if next.After(h.store.now) {
			h.store.now = next
		}
		h.waits++
		must(state.Do(h.t.Context(), h.store, core.Seed{7, byte(h.waits), byte(h.waits >> 8)}, state.DoDue{}))
	}
	if until.After(h.store.now) { // it is not already later by what the commands took
		h.store.now = until
	}
}

// Random sequences of calls have the outcome that a simple model of the alerts API has. More of them:
//
//	go test ./hub/api -run TestRandomCallsAgreeWithTheModel -seeds 3000
func TestRandomCallsAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*oracleSeeds) {
		steps := oracle.Steps(seed, 60)
		if err := oracle.Play(newPlayed(t), steps); err != nil {
			few := oracle.Shrink(steps, func() *oracle.Hub { return newPlayed(t) })
			t.Fatalf("seed %d: %v\n\nshrunk to %d calls: %v", seed, err, len(few), oracle.Play(newPlayed(t), few))
		}
	}
}

// Random sequences of calls about heartbeats, among which time goes by, have the outcome that a simple model has.
func TestRandomHeartbeatsAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*oracleSeeds) {
		if err := oracle.PlayHeartbeats(newPlayed(t), oracle.Steps(seed, 60)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
