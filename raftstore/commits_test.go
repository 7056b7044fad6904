package raftstore

import (
	"fmt"
	"testing"

	"github.com/hashicorp/raft"
)

// TestWhatFollowersAreTold goes through what Raft's messages show, and what follows from it.
func TestWhatFollowersAreTold(t *testing.T) {
	c := newCommits()
	message := func(id string, term, prev uint64, entries int, commit uint64) {
		c.heard(raft.ServerID(id), raft.ServerAddress("at "+id), &raft.AppendEntriesRequest{
			Term: term, PrevLogEntry: prev, Entries: make([]*raft.Log, entries), LeaderCommitIndex: commit,
		})
	}
	due := func(applied uint64) (list string) {
		for _, n := range c.due(applied) {
			list += fmt.Sprintf("%s %s: term %d, %d behind %d; ", n.id, n.contact, n.args.Term, n.args.LeaderCommitIndex, n.args.PrevLogEntry)
		}
		return list
	}
	expect := func(when, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, not %q", when, got, want)
		}
	}
	message("b", 3, 0, 0, 0) // a heartbeat
	expect("nothing is known", due(5), "")
	message("b", 3, 4, 2, 4)
	expect("what is applied was not told", due(5), "b at b: term 3, 5 behind 5; ")
	expect("it is being told", due(6), "")
	c.done("b")
	expect("one more is applied", due(6), "b at b: term 3, 6 behind 6; ")
	c.done("b")
	expect("its log ends there", due(9), "")
	message("b", 3, 6, 3, 8)
	expect("Raft has told all but one", due(9), "b at b: term 3, 9 behind 9; ")
	c.done("b")
	message("b", 3, 9, 0, 9)
	expect("Raft has told all", due(9), "")
	message("b", 4, 7, 0, 7) // another term: what it had may be gone
	expect("another term", due(9), "")
	message("b", 4, 7, 1, 7)
	expect("another term's entry", due(9), "b at b: term 4, 8 behind 8; ")
	c.done("b")
	c.leave()
	expect("it leads no longer", due(20), "")
	c.done("b") // which nobody knows any more
}
