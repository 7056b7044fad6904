package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"keng/hub/client"
	"keng/hub/core"
)

// catchAllCommand is about whoever is called in the end.
type catchAllCommand struct {
	Show catchAllShowCommand `cmd:"" default:"withargs" help:"Show who is called as the last resort."`
	Set  catchAllSetCommand  `cmd:"" help:"Name the last resort: who is called when all that was configured for an alert has been done."`
	None catchAllNoneCommand `cmd:"" help:"Have no last resort."`
}

type catchAllShowCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's object."`
}

// Run shows who is the last resort.
func (c *catchAllShowCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	row, err := hub.CatchAll(ctx)
	if core.KindOf(err) == core.NotFound && !c.JSON {
		fmt.Fprintln(out, "Nobody: an alert of which nobody takes care stays so when all that was configured has been done.\nTo name somebody: keng-hub catch-all set user:WHO")
		return nil
	}
	if err != nil {
		return err
	}
	return tellCatchAll(out, row, c.JSON)
}

type catchAllSetCommand struct {
	server
	Responder   string        `arg:"" help:"user:NAME, team:NAME, schedule:NAME or escalation:NAME; by id as well."`
	After       time.Duration `default:"5m" help:"How long after the last that was configured. If nobody could be reached it is at once."`
	MinPriority string        `placeholder:"P3" help:"Only for alerts at least as grave. Default: all."`
	JSON        bool          `name:"json" help:"Print the API's object."`
}

// Validate refuses what no responder can be.
func (c *catchAllSetCommand) Validate() error {
	kind, name, _ := strings.Cut(c.Responder, ":")
	switch kind {
	case "user", "team", "schedule", "escalation":
		if name != "" {
			return nil
		}
	}
	return fmt.Errorf("%q must be user:NAME, team:NAME, schedule:NAME or escalation:NAME", c.Responder)
}

// Run names the last resort.
func (c *catchAllSetCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	kind, name, _ := strings.Cut(c.Responder, ":")
	to := client.Party{Type: kind, ID: name, Name: name, Username: name}
	row, err := hub.PutCatchAll(ctx, client.CatchAll{Responder: to, After: client.Seconds(c.After), MinimumPriority: c.MinPriority})
	if err != nil {
		return err
	}
	return tellCatchAll(out, row, c.JSON)
}

// tellCatchAll prints who is the last resort.
func tellCatchAll(out io.Writer, row client.CatchAll, asJSON bool) error {
	if asJSON {
		return printJSON(out, row)
	}
	which := "any alert"
	if row.MinimumPriority != "" {
		which = "an alert of " + row.MinimumPriority + " or graver"
	}
	name := row.Responder.Name + row.Responder.Username
	fmt.Fprintf(out, "%s %s is called for %s, %s after all that was configured has been done, if nobody takes care of it.\n", row.Responder.Type, name, which, row.After.Duration())
	return nil
}

type catchAllNoneCommand struct{ server }

// Run takes the last resort away.
func (c *catchAllNoneCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.DeleteCatchAll(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "Nobody is called in the end.")
	return nil
}
