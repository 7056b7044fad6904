package api

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"keng/hub/core"
	"keng/raftstore/table"
)

// A key that a node does not know another node may have made a moment ago: so the leader is asked.
// That is dear, and costs a stranger nothing, so it is bounded.
const (
	strangersAsked = 16          // questions to the leader at once
	strangersMax   = 10_000      // keys that are remembered as unknown
	strangerLife   = time.Second // for how long; so long at most is a key not known that was tried before it was made
)

// strangers remembers for a moment which keys nobody knows. Safe for concurrent use.
type strangers struct {
	asking *semaphore.Weighted

	mutex   sync.Mutex
	unknown map[[sha256.Size]byte]bool // by the hash of the key
	since   time.Time                  // when all were forgotten
}

func newStrangers() *strangers { return &strangers{asking: semaphore.NewWeighted(strangersAsked)} }

// has reports whether nobody knew a key a moment ago.
func (s *strangers) has(hash [sha256.Size]byte) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if now := time.Now(); now.Sub(s.since) >= strangerLife {
		s.unknown, s.since = map[[sha256.Size]byte]bool{}, now
	}
	return s.unknown[hash]
}

// add remembers a key that nobody knows, unless there are too many.
func (s *strangers) add(hash [sha256.Size]byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.unknown) < strangersMax {
		s.unknown[hash] = true
	}
}

// ask calls f with the newest state of the cluster, if the key that it is about may be known there.
// f returns an error of kind [core.NotFound] if it is not.
func (s *strangers) ask(ctx context.Context, a *API, secret string, f func(table.Reader) error) error {
	hash := sha256.Sum256([]byte(secret))
	if s.has(hash) {
		return core.Missing("key", "")
	}
	waiting, cancel := context.WithTimeout(ctx, roomPatience)
	defer cancel()
	if s.asking.Acquire(waiting, 1) != nil {
		return &core.Error{Kind: core.Unavailable, Words: "This node is asked for too many keys that it does not know. Try again."}
	}
	defer s.asking.Release(1)
	ctx, cancelAsking := context.WithTimeout(ctx, CommandTimeout)
	defer cancelAsking()
	err := a.Store.View(ctx, true, f)
	if err != nil && core.KindOf(err) == core.NotFound {
		s.add(hash)
	}
	return err
}
