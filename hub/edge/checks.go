package edge

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/hub/core"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/raftstore/table"
)

const (
	// checksLook is how long after a change the lists of checks are looked at: several
	// changes that follow closely become one.
	checksLook = 500 * time.Millisecond
	// resultsMax bounds the results that are kept of one agent, in bytes as on the wire.
	resultsMax = 64 << 10
)

// watched keeps, for the agents that are connected to this node, which checks of the hub
// they were told and what they last said of their checks. It is in memory: an agent says
// it again wherever it connects.
type watched struct {
	mu       sync.Mutex
	revision uint64
	lists    []state.CheckList
	made     map[string]told          // by the lists that choose an agent and its site; at most madeMax
	sessions map[string]*agentSession // by the agent's id
}

// told is what an agent is told: ten thousand of them need few different ones.
type told struct{ document, version []byte }

// madeMax bounds the documents that are kept.
const madeMax = 256

// agentSession is one agent's connection.
type agentSession struct {
	id   string
	wake func() // the lists may have changed; it does not wait

	mu      sync.Mutex
	seen    time.Time
	results []byte // an agentpb.Watching
	left    int    // checks that did not fit
}

// Results is what an agent last said of its checks to this node.
type Results struct {
	At     time.Time // when it said it
	Said   *agentpb.Watching
	Beyond int // checks that were too many to be kept
}

// Results returns what an agent that is connected to this node last said of its checks.
// It reports false if the agent is not connected here, or has said nothing yet.
func (e *Edge) Results(agent string) (Results, bool) {
	e.watched.mu.Lock()
	s := e.watched.sessions[agent]
	e.watched.mu.Unlock()
	if s == nil {
		return Results{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.results == nil {
		return Results{}, false
	}
	said := &agentpb.Watching{}
	if proto.Unmarshal(s.results, said) != nil {
		return Results{}, false
	}
	return Results{At: s.seen, Said: said, Beyond: s.left}, true
}

// keep keeps what an agent says of its checks, within a bound.
func (s *agentSession) keep(said *agentpb.Watching) {
	kept := proto.CloneOf(said)
	left := 0
	for proto.Size(kept) > resultsMax && len(kept.Checks) > 0 {
		half := len(kept.Checks) / 2
		left += len(kept.Checks) - half
		kept.Checks = kept.Checks[:half]
	}
	raw, err := proto.Marshal(kept)
	if err != nil || len(raw) > resultsMax {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen, s.results, s.left = time.Now(), raw, left
}

// enter notes an agent's connection, which takes the place of an older one.
func (w *watched) enter(s *agentSession) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sessions == nil {
		w.sessions = map[string]*agentSession{}
	}
	w.sessions[s.id] = s
}

func (w *watched) leave(s *agentSession) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sessions[s.id] == s {
		delete(w.sessions, s.id)
	}
}

// watchChecks wakes the connected agents whose lists may have changed, until ctx ends. It
// looks at one row after a change, whatever it was, at most every [checksLook].
func (e *Edge) watchChecks(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		applied := e.applied()
		if changed, err := e.loadChecks(ctx); err == nil && changed {
			e.watched.wakeAll()
		} else if err != nil {
			e.logger.Warn("cannot read the lists of checks", "error", err)
		}
		select {
		case <-applied:
			pause.Reset(checksLook)
		case <-ctx.Done():
			return
		}
	}
}

func (w *watched) wakeAll() {
	w.mu.Lock()
	sessions := slices.Collect(maps.Values(w.sessions))
	w.mu.Unlock()
	for _, s := range sessions {
		s.wake()
	}
}

// loadChecks reads the lists if they have changed.
func (e *Edge) loadChecks(ctx context.Context) (changed bool, err error) {
	w := &e.watched
	w.mu.Lock()
	known := w.revision
	w.mu.Unlock()
	var lists []state.CheckList
	revision := known
	err = e.store.View(ctx, false, func(r table.Reader) error {
		if revision = state.ChecksRevision(r); revision == known {
			return nil
		}
		for l := range state.CheckLists.All(r) {
			lists = append(lists, *l)
		}
		return nil
	})
	if err != nil || revision == known {
		return false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revision, w.lists, w.made = revision, lists, nil
	return true, nil
}

// documentOf returns what an agent is to check, by its labels.
func (w *watched) documentOf(p *state.Peer) (document, version []byte, problem string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	labels := state.AgentLabels(p)
	site := labels["site"]
	if site == "" {
		site = p.Name
	}
	key := site
	for i := range w.lists {
		if l := &w.lists[i]; l.Chooses(labels) {
			key += "\x00" + l.Name
		}
	}
	t, known := w.made[key]
	if !known {
		selection := state.SelectChecks(w.lists, labels)
		t.document, t.version = selection.Document(site)
		if len(t.document) > state.CheckDocumentMax {
			return nil, nil, fmt.Sprintf("the lists %s together are longer than %d KiB; have fewer of them choose this agent", strings.Join(selection.Lists, ", "), state.CheckDocumentMax>>10)
		}
		if w.made == nil || len(w.made) >= madeMax {
			w.made = map[string]told{}
		}
		w.made[key] = t
	}
	return t.document, t.version, ""
}

// agentTalk is one agent's conversation about its checks. It belongs to one goroutine.
type agentTalk struct {
	edge    *Edge
	session *agentSession
	send    func(*agentpb.ToAgent) error
	site    string
	inUse   []byte // the version that the agent said it uses
	told    []byte // the version that it was last told
	noted   string // what the state has of it
}

// begin notes where the agent is, and tells it what to check.
func (t *agentTalk) begin(ctx context.Context, resume *agentpb.Resume) error {
	t.site, t.inUse = resume.GetSite(), resume.GetChecks()
	t.told = t.inUse
	p, err := t.peer(ctx)
	if err != nil {
		return err
	}
	t.noted = noteOf(p.Site, p.Checks, p.ChecksProblem)
	if p.Site != t.site || !bytes.Equal(p.Checks, t.inUse) {
		t.note(ctx, p.ChecksProblem)
	}
	if _, err := t.edge.loadChecks(ctx); err != nil {
		return err
	}
	return t.tell(ctx)
}

func (t *agentTalk) peer(ctx context.Context) (p *state.Peer, err error) {
	err = t.edge.store.View(ctx, false, func(r table.Reader) error {
		row, ok := state.GetPeer(r, t.session.id)
		if !ok {
			return core.Missing("agent", t.session.id)
		}
		p = row
		return nil
	})
	return p, err
}

// tell tells the agent its checks, if they are not what it was told already.
func (t *agentTalk) tell(ctx context.Context) error {
	p, err := t.peer(ctx)
	if err != nil {
		return err
	}
	p.Site = t.site // the state may not have it yet
	document, version, problem := t.edge.watched.documentOf(p)
	if problem != "" {
		t.note(ctx, problem)
		return nil
	}
	if bytes.Equal(version, t.told) || len(t.told) == 0 && t.edge.watched.nothing() {
		return nil
	}
	t.told = version
	return t.send(&agentpb.ToAgent{Kind: &agentpb.ToAgent_Checks{Checks: &agentpb.Checks{Version: version, Document: document}}})
}

// nothing reports whether there was never any list: an agent that knows of none is then
// told nothing.
func (w *watched) nothing() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.revision == 0
}

// heed takes what the agent says of its checks. What is rare is written down; the rest is
// kept in memory.
func (t *agentTalk) heed(ctx context.Context, said *agentpb.Watching) {
	t.session.keep(said)
	t.inUse = said.GetVersion()
	t.note(ctx, said.GetProblem())
}

// note writes down where the agent is, what it uses and why not the newest, if that has
// changed. What fails is written at the next occasion.
func (t *agentTalk) note(ctx context.Context, problem string) {
	note := noteOf(t.site, t.inUse, problem)
	if note == t.noted {
		return
	}
	_, err := state.Do(ctx, t.edge.store, seed.New(), state.NoteChecks{Agent: t.session.id, Site: t.site, Checks: t.inUse, Problem: problem})
	if err != nil {
		t.edge.logger.Warn("cannot note what an agent checks", "agent", t.session.id, "error", err)
		return
	}
	t.noted = note
}

func noteOf(site string, version []byte, problem string) string {
	return site + "\x00" + hex.EncodeToString(version) + "\x00" + problem
}
