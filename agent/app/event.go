package app

import (
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/agent/check"
	"keng/agent/plan"
	"keng/proto/agentpb"
)

// detailMax bounds the value of one detail of an event, in bytes.
const detailMax = 1000

// event says a change of verdict in the words of the hub.
func (s *scheduler) event(change plan.Change) *agentpb.Event {
	verdict := &agentpb.Verdict{
		Check: change.Check, Site: s.site, Reason: check.OneLine(change.Reason),
		State: eventState(change.State), Cause: eventCause(change.Cause),
		Failures: uint32(change.Failures), Details: map[string]string{},
	}
	if change.Check == plan.Network {
		verdict.Kind, verdict.Target, verdict.Priority = "agent", "the agent's own network", "P2"
	}
	if t, ok := s.checks[change.Check]; ok {
		verdict.Kind, verdict.Target, verdict.Priority, verdict.Team = t.Kind, t.shown, t.Priority, t.Team
	}
	for key, value := range change.Details {
		if len(value) > detailMax {
			value = value[:detailMax]
		}
		// Protobuf strings must be UTF-8; what a target said may not be.
		verdict.Details[key] = strings.ToValidUTF8(value, "?")
	}
	return &agentpb.Event{At: timestamppb.New(change.At), Kind: &agentpb.Event_Verdict{Verdict: verdict}}
}

func eventState(state plan.State) agentpb.State {
	switch state {
	case plan.Up:
		return agentpb.State_STATE_UP
	case plan.Down:
		return agentpb.State_STATE_DOWN
	default:
		return agentpb.State_STATE_UNKNOWN
	}
}

func eventCause(cause plan.Cause) agentpb.Cause {
	if cause == plan.CutOff {
		return agentpb.Cause_CAUSE_CUT_OFF
	}
	return agentpb.Cause_CAUSE_TARGET
}
