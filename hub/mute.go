package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"keng/hub/client"
)

// muteCommand has a person not paged for a while.
type muteCommand struct {
	server
	User  string        `arg:"" help:"Who, by username or id."`
	For   time.Duration `xor:"end" required:"" placeholder:"2h" help:"For how long, at most a year."`
	Until time.Time     `xor:"end" required:"" placeholder:"TIME" help:"Until when: 2026-12-24T18:00:00+07:00, or by this machine's clock \"2026-12-24 18:00\", \"sunday 18:00\", 18:00."`
	JSON  bool          `name:"json" help:"Print an object."`
}

// Run mutes, and says until when.
func (c *muteCommand) Run(ctx context.Context, out io.Writer) error {
	until := c.Until
	if c.For != 0 {
		until = time.Now().Add(c.For).Truncate(time.Second)
	}
	if !until.After(time.Now()) {
		return fmt.Errorf("%s is not in the future; to end a mute: keng-hub unmute %s", until.Format(time.RFC3339), c.User)
	}
	return mute(ctx, out, &c.server, c.User, &until, c.JSON)
}

// unmuteCommand has a person paged again.
type unmuteCommand struct {
	server
	User string `arg:"" help:"Who, by username or id."`
	JSON bool   `name:"json" help:"Print an object."`
}

// Run ends a mute.
func (c *unmuteCommand) Run(ctx context.Context, out io.Writer) error {
	return mute(ctx, out, &c.server, c.User, nil, c.JSON)
}

// mute says until when somebody is not paged, and prints what is so then.
func mute(ctx context.Context, out io.Writer, at *server, user string, until *time.Time, asJSON bool) error {
	hub, err := at.client()
	if err != nil {
		return err
	}
	if err := hub.Mute(ctx, user, until); err != nil {
		return err
	}
	p, err := hub.Peace(ctx, user)
	if err != nil {
		return err
	}
	return tellPeace(out, p, asJSON)
}

// tellPeace prints until when a person is muted.
func tellPeace(out io.Writer, p client.Peace, asJSON bool) error {
	switch {
	case asJSON:
		return printJSON(out, p)
	case p.MutedUntil == nil:
		fmt.Fprintf(out, "%s is not muted.\n", p.Username)
		return nil
	}
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	fmt.Fprintf(out, "%s is not paged until %s, and whoever is next is called at once instead. To end it: keng-hub unmute %[1]s\n", p.Username, p.MutedUntil.In(zone).Format("Mon 2006-01-02 15:04 -07:00"))
	return nil
}
