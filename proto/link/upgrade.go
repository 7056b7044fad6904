package link

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// upgradeEvery is the least time between two looks whether UDP gets through again.
const upgradeEvery = 10 * time.Minute

// upgradeTimeout bounds one look whether UDP gets through to a hub again.
const upgradeTimeout = 10 * time.Second

// upgrade looks, while a connection over TCP lives, whether its hub answers over UDP again:
// once in ten to fifteen minutes, so that ten thousand agents do not look at once. The
// result gets the connection over UDP, or nil when the other one has ended. The old one is
// not broken before the new one stands; the hub then ends it with [ErrReplaced].
func (k *keeper) upgrade(ctx context.Context, c *Conn, address string) <-chan *Conn {
	result := make(chan *Conn, 1)
	go func() {
		defer close(result)
		for {
			wait := time.NewTimer(upgradeEvery + rand.N(upgradeEvery/2))
			select {
			case <-wait.C:
			case <-c.Context().Done():
				wait.Stop()
				return
			}
			if better := k.lookForUDP(ctx, c, address); better != nil {
				result <- better
				return
			}
		}
	}()
	return result
}

// lookForUDP dials a hub over UDP. It goes on when the hub ends c in favour of what is
// being dialled.
func (k *keeper) lookForUDP(ctx context.Context, c *Conn, address string) *Conn {
	ctx, cancel := context.WithTimeout(ctx, upgradeTimeout)
	defer cancel()
	stop := context.AfterFunc(c.Context(), func() {
		if !errors.Is(context.Cause(c.Context()), ErrReplaced) {
			cancel()
		}
	})
	defer stop()
	better, err := k.endpoint.dialOnly(ctx, address, k.cfg, overUDP)
	if err != nil {
		k.cfg.Logger.Debug("link: UDP still does not get through", "hub", address, "error", err)
		k.endpoint.ways.worked(address, overTCP)
		return nil
	}
	k.cfg.Logger.Info("link: UDP gets through again", "hub", address)
	return better
}
