package link

import (
	"context"
	"sync"
	"sync/atomic"
)

// admission bounds the handshakes under way. A refused packet costs microseconds; a
// handshake that ends in a time-out costs a millisecond of TLS and a connection that
// lingers, and ten thousand agents that dial at once brought a hub without a bound
// to a standstill.
type admission struct {
	limit int64
	count atomic.Int64
	// tcp are those that shake hands over TCP, at most half of all: there it costs nothing
	// to begin a handshake and leave it at that, and who has UDP must not suffer by it.
	tcp *crowd
}

func newAdmission(limit int) *admission {
	return &admission{limit: int64(limit), tcp: newCrowd(max(limit/2, 1), shakenHands)}
}

type slotKey struct{}

// enter takes a place for a new connection, or refuses. The place is given back by
// leave, at the latest when the connection ends. A nil admission refuses everybody.
func (a *admission) enter(ctx context.Context) (context.Context, error) {
	if a == nil {
		return nil, ErrBusy
	}
	if a.count.Add(1) > a.limit {
		a.count.Add(-1)
		return nil, ErrBusy
	}
	leave := sync.OnceFunc(func() { a.count.Add(-1) })
	context.AfterFunc(ctx, leave)
	return context.WithValue(ctx, slotKey{}, leave), nil
}

// enterCrowd takes a newcomer over TCP into those whose handshake is under way; see
// [crowd.enter]. A nil admission refuses everybody.
func (a *admission) enterCrowd(drop func()) (leave func(), ok bool) {
	if a == nil {
		return nil, false
	}
	return a.tcp.enter(drop)
}

// leave gives the place of a connection back. Harmless if called again.
func leave(ctx context.Context) {
	if leave, ok := ctx.Value(slotKey{}).(func()); ok {
		leave()
	}
}

// crowded reports whether newcomers must first prove their address by one more
// round trip, so that forged addresses cannot take all places.
func (a *admission) crowded() bool { return a != nil && a.count.Load() > a.limit/2 }
