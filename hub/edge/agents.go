package edge

import (
	"context"
	"errors"
	"maps"

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
	resume := first.GetResume()
	epoch := resume.GetEpoch()
	if len(epoch) != 16 {
		return errProtocol
	}
	if e.heard.isAlone() {
		return c.Goodbye(aloneReason, 0)
	}
	e.heard.enter(c)
	defer e.part(c, resume.GetSite())
	session := &agentSession{id: c.Peer().ID}
	work := &agentWork{ctx: ctx, conn: c, resume: resume,
		taker: taker{edge: e, conn: c, epoch: epoch, backlog: resume.GetNext()},
		talk:  agentTalk{edge: e, session: session, send: func(m *agentpb.ToAgent) error { return c.Send(m) }},
	}
	work.changed.L = &work.mu
	session.wake = work.wake
	e.watched.enter(session)
	defer e.watched.leave(session)
	return work.serve()
}

// apart runs f on a stack of its own and waits for it: see [agentWork].
func apart(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return <-done
}

// taker has the cluster take an agent's events.
type taker struct {
	edge    *Edge
	conn    *link.Conn
	epoch   []byte
	backlog uint64 // the number below which events were written before the agent connected
}

// take has the cluster take events and acknowledges what is kept.
func (t *taker) take(ctx context.Context, events []*agentpb.Event) error {
	command := state.TakeEvents{Agent: t.conn.Peer().ID, Epoch: t.epoch, Backlog: t.backlog}
	for _, event := range events {
		command.Events = append(command.Events, fromWire(event))
	}
	taken, err := state.Do(ctx, t.edge.store, seed.New(), command)
	if n := len(events) / 2; n > 0 && divide(ctx, err) {
		if err := t.take(ctx, events[:n]); err != nil {
			return err
		}
		return t.take(ctx, events[n:])
	}
	if err != nil {
		return err
	}
	ack := &agentpb.Ack{Epoch: t.epoch, Through: taken.Through}
	return t.conn.Send(&agentpb.ToAgent{Kind: &agentpb.ToAgent_Ack{Ack: ack}})
}

// removedDetail is the detail by which an agent says that a check is up because it is not
// checked any more.
const removedDetail = "removed"

// fromWire puts an event into the state's form. What it does not understand becomes
// an unknown verdict, which pages nobody but is kept in order.
func fromWire(e *agentpb.Event) state.Event {
	out := state.Event{Number: e.GetNumber()}
	if e.GetAt().IsValid() {
		out.At = e.GetAt().AsTime()
	}
	if d := e.GetDropped(); d != nil {
		out.State, out.Reason = state.Unknown, d.GetReason()
		if d.GetFirst() == e.GetNumber() && d.GetLast() >= d.GetFirst() {
			out.Dropped = d.GetLast() - d.GetFirst() + 1
		}
		return out
	}
	v := e.GetVerdict()
	out.Check, out.Site, out.Kind, out.Target, out.Reason, out.Team = v.GetCheck(), v.GetSite(), v.GetKind(), v.GetTarget(), v.GetReason(), v.GetTeam()
	switch v.GetState() {
	case agentpb.State_STATE_UP:
		out.State = state.Up
	case agentpb.State_STATE_DOWN:
		out.State = state.Down
	default:
		out.State = state.Unknown
	}
	out.CutOff = v.GetCause() == agentpb.Cause_CAUSE_CUT_OFF
	out.Details = maps.Clone(v.GetDetails())
	out.Removed = out.State == state.Up && v.GetDetails()[removedDetail] != ""
	if p, err := core.ParsePriority(v.GetPriority()); err == nil {
		out.Priority = p
	}
	return out
}
