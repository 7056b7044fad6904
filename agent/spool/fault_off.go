//go:build !fault

package spool

import "keng/proto/agentpb"

// say says of an event that takes the place of a lost one that it does.
func say(event *agentpb.Event, dropped *agentpb.Dropped) *agentpb.Event {
	event.Kind = &agentpb.Event_Dropped{Dropped: dropped}
	return event
}
