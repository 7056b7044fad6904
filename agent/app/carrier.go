package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"keng/agent/spool"
	"keng/agent/uplink"
	"keng/proto/link"
)

// carrier holds a connection to a hub and empties the spool over it.
type carrier struct {
	app       *App
	spool     *spool.Spool
	endpoint  *link.Endpoint
	bootID    []byte
	record    *hubRecord
	scheduler *scheduler
}

func (c *carrier) String() string { return "uplink" }

// run implements task. It returns spool.ErrAhead if that is what a hub made plain.
func (c *carrier) run(ctx context.Context) error {
	identity, err := link.OpenIdentity(c.app.options.CredentialsDir, c.app.options.Logger)
	if err != nil {
		return fmt.Errorf("cannot read the agent's identity: %w", err)
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	noting := &notingSpool{Spool: c.spool, record: c.record, restate: c.scheduler.restate}
	up := uplink.New(noting, c.app.options.Config.Site, &watch{c.app, c.scheduler, ctx.Done()}, c.app.options.Logger)
	session := func(ctx context.Context, conn *link.Conn) error {
		if err := c.app.hubs.learn(conn.Welcome().Hubs); err != nil {
			c.app.options.Logger.Warn("cannot remember the hubs", "error", err)
		}
		c.record.connected(conn)
		err := up.Session(ctx, conn)
		c.record.lost(err)
		if errors.Is(err, spool.ErrAhead) {
			fail(err)
		}
		return err
	}
	return c.endpoint.Keep(ctx, c.app.hubs.addresses, link.DialConfig{
		Identity: identity,
		Software: c.app.software(),
		BootID:   c.bootID,
		Logger:   c.app.options.Logger,
	}, session, c.app.options.Backoff)
}

// software says what this program is, for people.
func (a *App) software() string {
	return fmt.Sprintf("keng-agent %s %s/%s", a.options.Version, runtime.GOOS, runtime.GOARCH)
}
