package app

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/hub/edge"
	"keng/proto/agentpb"
)

const (
	// checksTopic is what nodes ask each other under what an agent last said of its checks.
	checksTopic = "agent checks"
	// resultsWithin is how long the other nodes have to say it.
	resultsWithin = 2 * time.Second
)

// results is what an agent last said of its checks, from node to node. The zero value: it
// is not connected there, or has said nothing yet.
type results struct {
	At     time.Time `json:"at"`
	Beyond int       `json:"beyond"`
	Said   []byte    `json:"said"` // an agentpb.Watching, as large as the edge keeps it at most
}

// resultsHere answers what an agent that is connected to this node last said.
func (a *App) resultsHere(agent string) ([]byte, error) {
	var told results
	if here, ok := a.edge.Results(agent); ok {
		said, err := proto.Marshal(here.Said)
		if err != nil {
			return nil, err
		}
		told = results{here.At, here.Beyond, said}
	}
	return json.Marshal(told)
}

// agentResults tells what an agent last said of its checks to whichever node it is
// connected to. A node that does not answer in time, or is of a version that does not know
// the question, counts as one that has heard nothing.
func (a *App) agentResults(ctx context.Context, agent string) (time.Time, *agentpb.Watching, int, bool) {
	if here, ok := a.edge.Results(agent); ok {
		return here.At, here.Said, here.Beyond, true
	}
	ctx, cancel := context.WithTimeout(ctx, resultsWithin)
	defer cancel()
	own := a.store.Status()
	answers := make([]edge.Results, len(own.Members))
	var asking sync.WaitGroup
	for i, m := range own.Members {
		if m.NodeID == own.NodeID {
			continue
		}
		asking.Go(func() { answers[i] = a.resultsAt(ctx, m.NodeID, agent) })
	}
	asking.Wait()
	var newest edge.Results // an agent that has moved may still be known where it was
	for _, r := range answers {
		if r.Said != nil && (newest.Said == nil || r.At.After(newest.At)) {
			newest = r
		}
	}
	return newest.At, newest.Said, newest.Beyond, newest.Said != nil
}

// resultsAt asks another node. Said is nil if it knows nothing.
func (a *App) resultsAt(ctx context.Context, node, agent string) (r edge.Results) {
	raw, err := a.store.Tell(ctx, node, checksTopic, []byte(agent))
	var told results
	if err != nil || json.Unmarshal(raw, &told) != nil || told.At.IsZero() {
		return r
	}
	said := &agentpb.Watching{}
	if proto.Unmarshal(told.Said, said) != nil {
		return r
	}
	return edge.Results{At: told.At, Said: said, Beyond: told.Beyond}
}
