package uplink

import (
	"bytes"
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/proto/agentpb"
)

// watchingMax bounds what is said of the checks at once, in bytes; a frame takes 1 MiB.
const watchingMax = 512 << 10

// sayWatching tells the hub what is checked and what was last seen, if that is something
// else than when it was last told, or that is long ago. It is not kept in the spool.
func (s *session) sayWatching(ctx context.Context, may bool) error {
	if s.watch == nil || !may {
		return nil
	}
	watching := s.watch.Watching(ctx)
	if watching == nil {
		return nil
	}
	for proto.Size(watching) > watchingMax && len(watching.Checks) > 0 {
		watching.Checks = watching.Checks[:len(watching.Checks)/2]
	}
	said := timeless(watching)
	if bytes.Equal(said, s.said) && time.Since(s.saidAt) < watchAnew {
		return nil
	}
	s.said, s.saidAt = said, time.Now()
	return s.conn.Send(&agentpb.FromAgent{Kind: &agentpb.FromAgent_Watching{Watching: watching}})
}

// timeless encodes what was seen without when it was: every run has another time.
func timeless(watching *agentpb.Watching) []byte {
	without := &agentpb.Watching{Version: watching.Version, Problem: watching.Problem}
	for _, c := range watching.Checks {
		without.Checks = append(without.Checks, &agentpb.CheckStatus{
			Name: c.Name, Kind: c.Kind, Target: c.Target, Local: c.Local, Overrides: c.Overrides, State: c.State, Reason: c.Reason,
		})
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(without)
	if err != nil {
		return nil // then it is said again
	}
	return append(raw, 0) // never empty
}
