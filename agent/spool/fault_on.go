//go:build fault

package spool

import (
	"os"

	"keng/proto/agentpb"
)

// say says of an event that takes the place of a lost one that it does; unless the fault is
// planted that it does not (P13): then the hub is told of a verdict about nothing.
func say(event *agentpb.Event, dropped *agentpb.Dropped) *agentpb.Event {
	event.Kind = &agentpb.Event_Dropped{Dropped: dropped}
	if os.Getenv("KENG_FAULT") == "p13-unsaid" {
		event.Kind = &agentpb.Event_Verdict{Verdict: &agentpb.Verdict{State: agentpb.State_STATE_UNKNOWN}}
	}
	return event
}
