package edge

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"keng/hub/core/silence"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/link"
	"keng/raftstore/table"
)

const (
	// tellEvery is how often the leader is told which agents were heard.
	tellEvery = 2 * time.Second
	// tellTimeout bounds one attempt to tell it.
	tellTimeout = 2 * time.Second
	// aloneAfter is how long the leader may not have answered until this node takes itself
	// for cut off: nobody hears then that its agents live, so they had better go elsewhere.
	aloneAfter = 10 * time.Second
	// stopReason is why an agent closes its connection that is being stopped: link.Keep's word.
	stopReason = "stopping"
	// noteTimeout bounds writing down that an agent was stopped. It is less than a node has
	// for its own stop.
	noteTimeout = 5 * time.Second
)

// heard keeps, in memory only, the agents that are connected to this node. It is safe
// for use by several goroutines.
type heard struct {
	boot uint64

	mu    sync.Mutex
	told  map[*link.Conn]time.Time // when each was heard as the leader knows it
	term  uint64                   // of the leader that knows it
	alone bool                     // the leader has not answered for long
}

func newHeard() *heard { return &heard{boot: rand.Uint64(), told: map[*link.Conn]time.Time{}} }

func (h *heard) enter(c *link.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told[c] = time.Time{}
}

func (h *heard) leave(c *link.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.told, c)
}

func (h *heard) isAlone() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.alone
}

// conns returns all connections of agents.
func (h *heard) conns() []*link.Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	conns := make([]*link.Conn, 0, len(h.told))
	for c := range h.told {
		conns = append(conns, c)
	}
	return conns
}

// news returns the next report, what to remember once it was answered, and whether
// there is more.
func (h *heard) news(now time.Time) (r silence.Report, sent map[*link.Conn]time.Time, more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Boot, sent = h.boot, map[*link.Conn]time.Time{}
	for c, told := range h.told {
		last := c.LastHeard()
		if !last.After(told) {
			continue
		}
		if len(r.Heard) == silence.ReportMax {
			return r, sent, true
		}
		sent[c] = last
		r.Heard = append(r.Heard, silence.Heard{Agent: c.Peer().ID, Age: now.Sub(last)})
	}
	return r, sent, false
}

// heed notes that the leader of a term knows what was sent. A leader that is new knows
// nothing else: it is told everything.
func (h *heard) heed(term uint64, sent map[*link.Conn]time.Time) (again bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alone = false
	if term != h.term {
		h.term, again = term, true
		for c := range h.told {
			h.told[c] = time.Time{}
		}
	}
	for c, at := range sent {
		if _, here := h.told[c]; here {
			h.told[c] = at
		}
	}
	return again
}

// setAlone notes that the leader has not answered for long, and reports whether that is news.
func (h *heard) setAlone() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.alone
	h.alone = true
	return !was
}

// TellHeard tells the leader which agents this node hears, until ctx ends. tell hands it a
// report, by [silence.Report.Encode], and returns the leader's answer: its term in eight
// bytes, big endian. If the leader does not answer for ten seconds, agents are sent to
// other nodes: heartbeats that nobody counts are no sign of life to the cluster.
func (e *Edge) TellHeard(ctx context.Context, tell func(ctx context.Context, report []byte) (answer []byte, err error)) error {
	answered := time.Now()
	for ctx.Err() == nil {
		switch more, err := e.tellOnce(ctx, tell); {
		case err == nil && more:
			answered = time.Now()
			continue
		case err == nil:
			answered = time.Now()
		case time.Since(answered) >= aloneAfter && ctx.Err() == nil:
			if e.heard.setAlone() {
				e.logger.Warn("no leader answers this node: agents are sent to others", "error", err)
			}
			e.sendAway()
		}
		select {
		case <-time.After(tellEvery):
		case <-ctx.Done():
		}
	}
	return nil
}

// errAnswer says that the leader's answer is not one.
var errAnswer = errors.New("the leader's answer is not properly formed")

// tellOnce tells the leader one report and reports whether there is more to tell at once.
func (e *Edge) tellOnce(ctx context.Context, tell func(context.Context, []byte) ([]byte, error)) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	report, sent, more := e.heard.news(time.Now())
	answer, err := tell(ctx, report.Encode())
	if err != nil {
		return false, err
	}
	if len(answer) != 8 {
		return false, errAnswer
	}
	return e.heard.heed(binary.BigEndian.Uint64(answer), sent) || more, nil
}

const aloneReason = "this hub is cut off from the others; go to another"

// sendAway ends the connections of all agents, so spread that they do not all fall upon
// another hub at once.
func (e *Edge) sendAway() {
	conns := e.heard.conns()
	for i, c := range conns {
		delay := e.spread() * time.Duration(i) / time.Duration(len(conns))
		go func() { _ = c.Goodbye(aloneReason, delay) }()
	}
}

// spread is how widely agents are to spread their return.
func (e *Edge) spread() time.Duration {
	if e.listen.Spread != nil {
		return e.listen.Spread()
	}
	return e.listen.ReconnectSpread
}

// hear notes that an agent has come, at a site, and that it is heard from now on.
func (e *Edge) hear(ctx context.Context, c *link.Conn, site string) error {
	id, site := c.Peer().ID, state.Site(site)
	var row *state.Presence
	err := e.store.View(ctx, false, func(r table.Reader) error {
		row, _ = state.GetPresence(r, id)
		return nil
	})
	if err != nil || row != nil && row.Site == site && row.Stopped.IsZero() {
		return err
	}
	_, err = state.Do(ctx, e.store, seed.New(), state.NoteAgent{Agent: id, Site: site})
	return err
}

// part notes how an agent has gone: one that is being stopped says so, and is missed less
// soon.
func (e *Edge) part(c *link.Conn, site string) {
	e.heard.leave(c)
	closed, _ := errors.AsType[*link.ClosedError](context.Cause(c.Context()))
	if closed == nil || !closed.Remote || closed.Code != link.CodeDone || closed.Reason != stopReason {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), noteTimeout)
	defer cancel()
	command := state.NoteAgent{Agent: c.Peer().ID, Site: site, Stopped: true}
	if _, err := state.Do(ctx, e.store, seed.New(), command); err != nil {
		e.logger.Warn("that an agent was stopped is not written down: it may be missed", "agent", c.Peer().ID, "error", err)
	}
}
