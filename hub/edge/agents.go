package edge

import (
	"context"
	"errors"
	"maps"

	"google.golang.org/protobuf/proto"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/proto/link"
)

const (
	// batchMax is how many events, or reports, of a peer go into one command.
	batchMax = 64
	// batchBytes is at how many bytes a batch is full. A frame more is far below what a
	// command may have.
	batchBytes = 256 << 10
)

// divide tells whether a batch that failed is tried again in two halves: it may have been
// too much for one command, or one item of it may be what fails.
func divide(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && core.KindOf(err) == core.Internal
}

// errProtocol says that the peer broke the rules of the conversation.
var errProtocol = errors.New("the agent did not begin with its spool's epoch")

// serveAgent talks with one agent: it says which number of the spool's epoch is kept,
// takes events, and acknowledges what is on disk on a majority.
func (e *Edge) serveAgent(ctx context.Context, c *link.Conn) error {
	var first agentpb.FromAgent
	if err := c.Receive(&first); err != nil {
		return err
	}
	epoch, site := first.GetResume().GetEpoch(), first.GetResume().GetSite()
	if len(epoch) != 16 {
		return errProtocol
	}
	if e.heard.isAlone() {
		return c.Goodbye(aloneReason, 0)
	}
	e.heard.enter(c)
	defer e.part(c, site)
	if err := e.take(ctx, c, epoch, nil); err != nil {
		return err
	}
	if err := e.hear(ctx, c, site); err != nil {
		return err
	}
	incoming := make(chan *agentpb.Event, batchMax)
	ended := make(chan error, 1)
	go func() { ended <- receiveEvents(ctx, c, incoming) }()
	for {
		select {
		case event := <-incoming:
			if err := e.take(ctx, c, epoch, gather(event, incoming, func(e *agentpb.Event) int { return proto.Size(e) })); err != nil {
				_ = c.Close("the hub could not take an event")
				<-ended
				return err
			}
		case err := <-ended:
			return err
		}
	}
}

// receiveEvents reads events until the connection ends.
func receiveEvents(ctx context.Context, c *link.Conn, out chan<- *agentpb.Event) error {
	for {
		var m agentpb.FromAgent
		if err := c.Receive(&m); err != nil {
			return err
		}
		event := m.GetEvent()
		if event == nil {
			continue // of a newer agent: nothing that this hub knows
		}
		select {
		case out <- event:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// take has the cluster take events and acknowledges what is kept.
func (e *Edge) take(ctx context.Context, c *link.Conn, epoch []byte, events []*agentpb.Event) error {
	command := state.TakeEvents{Agent: c.Peer().ID, Epoch: epoch}
	for _, event := range events {
		command.Events = append(command.Events, fromWire(event))
	}
	taken, err := state.Do(ctx, e.store, seed.New(), command)
	if n := len(events) / 2; n > 0 && divide(ctx, err) {
		if err := e.take(ctx, c, epoch, events[:n]); err != nil {
			return err
		}
		return e.take(ctx, c, epoch, events[n:])
	}
	if err != nil {
		return err
	}
	ack := &agentpb.Ack{Epoch: epoch, Through: taken.Through}
	return c.Send(&agentpb.ToAgent{Kind: &agentpb.ToAgent_Ack{Ack: ack}})
}

// fromWire puts an event into the state's form. What it does not understand becomes
// an unknown verdict, which pages nobody but is kept in order.
func fromWire(e *agentpb.Event) state.Event {
	out := state.Event{Number: e.GetNumber()}
	if e.GetAt().IsValid() {
		out.At = e.GetAt().AsTime()
	}
	if d := e.GetDropped(); d != nil {
		out.State = state.Unknown
		if d.GetFirst() == e.GetNumber() && d.GetLast() >= d.GetFirst() {
			out.Dropped = d.GetLast() - d.GetFirst() + 1
		}
		return out
	}
	v := e.GetVerdict()
	out.Check, out.Site, out.Kind, out.Target, out.Reason, out.Team = v.GetCheck(), v.GetSite(), v.GetKind(), v.GetTarget(), v.GetReason(), v.GetTeam()
	out.State = map[agentpb.State]state.CheckState{agentpb.State_STATE_UP: state.Up, agentpb.State_STATE_DOWN: state.Down}[v.GetState()]
	if out.State == 0 {
		out.State = state.Unknown
	}
	out.CutOff = v.GetCause() == agentpb.Cause_CAUSE_CUT_OFF
	out.Details = maps.Clone(v.GetDetails())
	if p, err := core.ParsePriority(v.GetPriority()); err == nil {
		out.Priority = p
	}
	return out
}
