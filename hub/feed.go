package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"keng/hub/client"
)

// feedCommand is about addresses for calendar programs.
type feedCommand struct {
	Create feedCreateCommand `cmd:"" help:"Make an address and print it, alone, on standard output. It is told this once."`
	List   feedListCommand   `cmd:"" help:"Show the feeds, without their addresses."`
	Revoke feedRevokeCommand `cmd:"" help:"Make an address useless."`
}

// feedCreateCommand makes an address.
type feedCreateCommand struct {
	server
	Schedule string `xor:"of" help:"Of a schedule, by its name or id."`
	User     string `xor:"of" help:"Of a person, by username: the person's shifts in all schedules."`
	Note     string `help:"Where it is used, for people."`
}

// Validate refuses a feed of nothing.
func (c *feedCreateCommand) Validate() error {
	if c.Schedule == "" && c.User == "" {
		return errors.New("say of what: --schedule NAME or --user NAME")
	}
	return nil
}

// Run prints the address.
func (c *feedCreateCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	wanted := client.NewFeed{Note: c.Note}
	if c.Schedule != "" {
		found, err := pickSchedules(ctx, hub, c.Schedule)
		if err != nil {
			return err
		}
		wanted.Schedule = &client.Thing{ID: found[0].ID}
	} else {
		wanted.User = &client.Party{Username: c.User, Type: "user"}
	}
	feed, err := hub.CreateFeed(ctx, wanted)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, feed.URL)
	return nil
}

type feedListCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's objects."`
}

// Run prints a table.
func (c *feedListCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	all, err := hub.Feeds(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, all)
	}
	if len(all) == 0 {
		fmt.Fprintln(out, "There are no feeds. Make one with: keng-hub feed create")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tOF\tMADE\tNOTE")
	for _, f := range all {
		of := ""
		if f.Schedule != nil {
			of = "schedule " + f.Schedule.Name
		} else if f.User != nil {
			of = f.User.Username
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.ID, of, f.CreatedAt.Local().Format("2006-01-02"), f.Note)
	}
	return table.Flush()
}

type feedRevokeCommand struct {
	server
	ID string `arg:"" help:"The feed, as \"feed list\" shows it."`
}

// Run revokes an address.
func (c *feedRevokeCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.DeleteFeed(ctx, c.ID); err != nil {
		return err
	}
	fmt.Fprintf(out, "The address of feed %s is revoked. Calendars that have it show nothing new.\n", c.ID)
	return nil
}
