package edge

import (
	"cmp"
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	"keng/proto/agentpb"
	"keng/proto/link"
)

// agentWork is what is to be done for one agent that is connected. It is done one thing
// after the other, in a goroutine that is there only while there is something to do: what
// writes to the state goes deep, and a goroutine that waits for its agent for days would keep
// the stack that it once needed. With ten thousand agents that is much of a hub's memory.
type agentWork struct {
	ctx   context.Context // the connection's
	conn  *link.Conn
	taker taker     // of the goroutine at work
	talk  agentTalk // of the goroutine at work

	mu      sync.Mutex
	changed sync.Cond // when there is room for events again, or the goroutine has ended
	busy    bool      // there is a goroutine at work
	closed  bool      // nothing is begun any more
	err     error     // why the agent could not be served

	// What is to be done, in this order.
	resume *agentpb.Resume // the agent is to be greeted with what is for it
	lists  bool            // the lists of checks may have changed
	said   *agentpb.Watching
	events []*agentpb.Event // at most batchMax
}

// add notes what is to be done, and sees to it that it is.
func (w *agentWork) add(note func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	note()
	if !w.busy && !w.closed {
		w.busy = true
		go w.run()
	}
}

// wake has the agent told its checks, should they have changed.
func (w *agentWork) wake() { w.add(func() { w.lists = true }) }

// heed takes what the agent says of its checks: what it said before does not matter any more.
func (w *agentWork) heed(said *agentpb.Watching) { w.add(func() { w.said = said }) }

// take takes an event; while too many wait, it waits too.
func (w *agentWork) take(event *agentpb.Event) {
	w.add(func() {
		for len(w.events) >= batchMax && !w.closed {
			w.changed.Wait()
		}
		w.events = append(w.events, event)
	})
}

// end waits until nothing is done any more, and returns why the agent could not be served.
// The connection has ended.
func (w *agentWork) end() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for w.busy {
		w.changed.Wait()
	}
	return w.err
}

// run does what is to be done until there is nothing left.
func (w *agentWork) run() {
	for job := w.next(); job != nil; job = w.next() {
		if err := job(); err != nil {
			w.fail(err)
		}
	}
}

// fail ends the connection of an agent that could not be served.
func (w *agentWork) fail(err error) {
	w.mu.Lock()
	w.closed = true
	if w.ctx.Err() == nil { // else it follows from the end of the connection
		w.err = err
	}
	w.mu.Unlock()
	_ = w.conn.Close("the hub could not serve the agent")
}

// next takes out what is to be done next. If that is nothing, the goroutine must end.
func (w *agentWork) next() func() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	resume, said := w.resume, w.said
	switch {
	case w.closed:
	case resume != nil:
		w.resume = nil
		return func() error { return w.begin(resume) }
	case w.lists:
		w.lists = false
		return func() error { return w.talk.tell(w.ctx) }
	case said != nil:
		w.said = nil
		return func() error { w.talk.heed(w.ctx, said); return nil }
	case len(w.events) > 0:
		batch := w.batch()
		w.changed.Broadcast()
		return func() error { return w.taker.take(w.ctx, batch) }
	}
	w.busy = false
	w.changed.Broadcast()
	return nil
}

// batch takes out as many events as go into one command. The lock is held.
func (w *agentWork) batch() []*agentpb.Event {
	n, bytes := 0, 0
	for n < len(w.events) && n < batchMax && bytes < batchBytes {
		bytes += proto.Size(w.events[n])
		n++
	}
	batch := w.events[:n]
	if w.events = w.events[n:]; len(w.events) == 0 {
		w.events = nil // an idle agent costs no memory
	}
	return batch
}

// begin says which number of the spool's epoch is kept, notes that the agent is here, and
// tells it what to check.
func (w *agentWork) begin(resume *agentpb.Resume) error {
	if err := w.taker.take(w.ctx, nil); err != nil {
		return err
	}
	if err := w.taker.edge.hear(w.ctx, w.conn, resume.GetSite()); err != nil {
		return err
	}
	return w.talk.begin(w.ctx, resume)
}

// receive reads what the agent says until the connection ends.
func (w *agentWork) receive() error {
	for {
		var m agentpb.FromAgent
		if err := w.conn.Receive(&m); err != nil {
			return err
		}
		switch kind := m.GetKind().(type) {
		case *agentpb.FromAgent_Event:
			w.take(kind.Event)
		case *agentpb.FromAgent_Watching:
			w.heed(kind.Watching)
		} // else it is of a newer agent: nothing that this hub knows
	}
}

// serve serves the agent until its connection ends.
func (w *agentWork) serve() error {
	w.add(func() {}) // it is greeted
	received := w.receive()
	return cmp.Or(w.end(), received)
}
