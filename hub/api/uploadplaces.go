package api

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"

	"keng/hub/core"
)

// uploadsOfOneMax is how many uploads of one key a node takes at once. The store takes 16 of all
// keys, and an upload may last for minutes.
const uploadsOfOneMax = 4

// uploadsUnderWay bounds the uploads of each key, at this node. Its zero value is ready. Safe for
// concurrent use.
type uploadsUnderWay struct {
	mutex sync.Mutex
	of    map[core.IntegrationID]*uploadPlaces // only keys that have uploads here
}

// uploadPlaces is where the uploads of one key are.
type uploadPlaces struct {
	here   int // uploads, those too that wait; guarded by uploadsUnderWay.mutex
	places *semaphore.Weighted
}

// begin counts an upload of a key until end is called. If the key has as many as it may, it waits
// for one of them to end, for [roomPatience] at most, and then says so.
func (u *uploadsUnderWay) begin(ctx context.Context, key core.IntegrationID) (end func(), err error) {
	p := u.enter(key)
	ctx, cancel := context.WithTimeout(ctx, roomPatience)
	defer cancel()
	if p.places.Acquire(ctx, 1) != nil {
		u.leave(key, p)
		return nil, throttled(1, 1, fmt.Sprintf("This key has %d uploads under way at this node, as many as it may. Wait for answers.", uploadsOfOneMax))
	}
	return func() {
		p.places.Release(1)
		u.leave(key, p)
	}, nil
}

func (u *uploadsUnderWay) enter(key core.IntegrationID) *uploadPlaces {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	p := u.of[key]
	if p == nil {
		p = &uploadPlaces{places: semaphore.NewWeighted(uploadsOfOneMax)}
		if u.of == nil {
			u.of = map[core.IntegrationID]*uploadPlaces{}
		}
		u.of[key] = p
	}
	p.here++
	return p
}

func (u *uploadsUnderWay) leave(key core.IntegrationID, p *uploadPlaces) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if p.here--; p.here == 0 {
		delete(u.of, key)
	}
}
