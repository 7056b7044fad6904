package raftstore

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// leader is who leads, as far as this node knows: nobody if the id is empty.
type leader struct {
	id      string
	contact raft.ServerAddress
}

// leaders follows who leads, and wakes who waits for another. It is safe for use by
// several goroutines.
type leaders struct {
	mu    sync.Mutex
	now   leader
	reign context.Context // ends when now changes
	end   context.CancelFunc
}

func newLeaders() *leaders {
	l := &leaders{}
	l.reign, l.end = context.WithCancel(context.Background())
	return l
}

// look returns who leads, and a context that ends when that changes.
func (l *leaders) look() (leader, context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now, l.reign
}

func (l *leaders) set(now leader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now != l.now {
		l.now = now
		l.end()
		l.reign, l.end = context.WithCancel(context.Background())
	}
}

// followLeaders is a task: it asks Raft who leads whenever Raft says that this has
// changed.
func (s *Store) followLeaders() {
	seen := make(chan raft.Observation, 16)
	observer := raft.NewObserver(seen, false, func(o *raft.Observation) bool {
		_, ok := o.Data.(raft.LeaderObservation)
		return ok
	})
	s.raft.RegisterObserver(observer)
	defer s.raft.DeregisterObserver(observer)
	for {
		contact, id := s.raft.LeaderWithID()
		s.leaders.set(leader{string(id), contact})
		select {
		case <-seen:
		case <-s.closing:
			return
		case <-s.failed:
			return
		}
	}
}

// Pauses between attempts to reach the leader, unless another one is heard of.
const (
	pauseMin = 10 * time.Millisecond
	pauseMax = 250 * time.Millisecond
	// attemptTimeout bounds one attempt to have something done by the leader.
	attemptTimeout = 5 * time.Second
)

// atLeader calls do with who leads until that settles the matter, or ctx ends, or
// the store stops. do is called again after a pause, or as soon as somebody else
// leads, at which reign ends: it should then not wait for the old one.
func (s *Store) atLeader(ctx context.Context, do func(l leader, reign context.Context) (settled bool)) error {
	pause := pauseMin
	for {
		l, reign := s.leaders.look()
		if l.id != "" && do(l, reign) {
			return nil
		}
		wait := time.NewTimer(pause)
		select {
		case <-reign.Done():
			pause = pauseMin
		case <-wait.C:
			pause = min(2*pause, pauseMax)
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-s.closing:
			wait.Stop()
			return ErrClosed
		case <-s.failed:
			wait.Stop()
			return s.whyStopped()
		}
		wait.Stop()
	}
}

// attemptContext returns a context for one attempt to reach a leader, which ends with its
// reign.
func attemptContext(ctx, reign context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	stop := context.AfterFunc(reign, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
