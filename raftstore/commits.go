package raftstore

import (
	"sync"

	"github.com/hashicorp/raft"
)

// commits tells followers at once how far is committed. Raft tells them with the next
// entries, and if none come after a while: until then a follower applies nothing, and
// whoever has sent it a command waits for his answer. With some clients, all of whom wait,
// no more entries come, and the cluster does nothing most of the time.
//
// What is told is one of Raft's own messages, AppendEntries without entries. It is as Raft
// would have sent it: the follower's log was heard to agree with the leader's up to the
// index, and this node has applied up to it, so it is committed, in whatever term. Raft's
// messages may come late, twice and in any order, and so may these.
//
// It is safe for use by several goroutines.
type commits struct {
	mu        sync.Mutex
	followers map[raft.ServerID]*followed
	applied   uint64        // by this node
	news      chan struct{} // one place: something may be due
}

// followed is what Raft's messages to a follower have shown.
type followed struct {
	contact raft.ServerAddress
	last    raft.AppendEntriesRequest // its head is that of the next
	match   uint64                    // its log agrees with the leader's up to here
	told    uint64                    // it knows that all up to here is committed
	busy    bool                      // it is being told
}

// notice is what a follower is to be told.
type notice struct {
	id      raft.ServerID
	contact raft.ServerAddress
	args    raft.AppendEntriesRequest // whose PrevLogTerm is still unknown
}

func newCommits() *commits {
	return &commits{followers: map[raft.ServerID]*followed{}, news: make(chan struct{}, 1)}
}

// heard takes note of a message to which a follower has agreed.
func (c *commits) heard(id raft.ServerID, contact raft.ServerAddress, args *raft.AppendEntriesRequest) {
	if args.PrevLogEntry == 0 && len(args.Entries) == 0 {
		return // a heartbeat
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.followers[id]
	if f == nil || f.last.Term != args.Term {
		busy := f != nil && f.busy
		f = &followed{busy: busy}
		c.followers[id] = f
	}
	f.contact, f.last = contact, *args
	f.last.Entries = nil
	f.match = max(f.match, args.PrevLogEntry+uint64(len(args.Entries)))
	f.told = max(f.told, min(args.LeaderCommitIndex, f.match))
	if f.told < min(f.match, c.applied) {
		c.wake()
	}
}

func (c *commits) wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// due returns what is to be told now that this node has applied the log up to an index.
func (c *commits) due(applied uint64) (list []notice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.applied = applied
	for id, f := range c.followers {
		index := min(f.match, applied)
		if f.busy || f.told >= index {
			continue
		}
		f.busy, f.told = true, index
		args := f.last
		args.PrevLogEntry, args.LeaderCommitIndex = index, index
		list = append(list, notice{id, f.contact, args})
	}
	return list
}

// done says that a follower has been told, or cannot be: then Raft's own messages will.
func (c *commits) done(id raft.ServerID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.followers[id]; f != nil {
		f.busy = false
		c.wake()
	}
}

// leave forgets all followers: this node leads no longer.
func (c *commits) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.followers)
}

// transport is Raft's, with a look at what it says.
type transport struct {
	*raft.NetworkTransport
	commits *commits
}

// AppendEntries sends a message and waits for the answer.
func (t *transport) AppendEntries(id raft.ServerID, to raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	err := t.NetworkTransport.AppendEntries(id, to, args, resp)
	if err == nil && resp.Success {
		t.commits.heard(id, to, args)
	}
	return err
}

// tellCommits is a task: it tells followers how far is committed whenever more is.
func (s *Store) tellCommits() {
	var applied uint64
	for {
		there, forget := s.feed.await(applied + 1)
		if there != nil {
			select {
			case <-there:
			case <-s.commits.news:
				forget()
			case <-s.closing:
				return
			case <-s.failed:
				return
			}
		}
		applied = s.fsm.current.Load().applied
		if s.raft.State() != raft.Leader {
			s.commits.leave()
			continue
		}
		for _, n := range s.commits.due(applied) {
			s.telling.Go(func() { s.tellCommit(n) })
		}
	}
}

func (s *Store) tellCommit(n notice) {
	defer s.commits.done(n.id)
	var entry raft.Log
	if err := s.recent.GetLog(n.args.PrevLogEntry, &entry); err != nil {
		return // a snapshot has taken its place
	}
	n.args.PrevLogTerm = entry.Term
	var answer raft.AppendEntriesResponse
	if err := s.transport.AppendEntries(n.id, n.contact, &n.args, &answer); err != nil {
		s.logger.Debug("a follower could not be told how far is committed", "follower", n.id, "error", err)
	}
}
