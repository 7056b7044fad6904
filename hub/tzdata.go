package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"keng/hub/client"
	"keng/hub/zones"
)

// tzdataCommand is about the data by which time zones are known.
type tzdataCommand struct {
	Show   tzdataShowCommand   `cmd:"" help:"Which time-zone data the cluster goes by, and which this machine has."`
	Update tzdataUpdateCommand `cmd:"" help:"Give the cluster time-zone data, and show which shifts it moves."`
	Reset  tzdataResetCommand  `cmd:"" help:"Go by the data of the leader's machine again."`
}

type tzdataShowCommand struct{ server }

// Run says which data it is.
func (c *tzdataShowCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	given, err := hub.Zones(ctx)
	if err != nil {
		return err
	}
	version, _, err := zones.Machine()
	switch {
	case !given.Given:
		fmt.Fprintln(out, "The cluster was given no time-zone data: it goes by that of the leader's machine, else by that which is built into the program.")
	default:
		fmt.Fprintf(out, "The cluster goes by version %s, which it was given on %s: %d zones.\n", given.Version, given.GivenAt.Local().Format("2006-01-02 15:04"), given.Zones)
	}
	switch {
	case err != nil:
	case version > given.Version: // 2025b, 2026a
		fmt.Fprintf(out, "This machine has version %s. To see which shifts it moves: keng-hub tzdata update --dry-run\n", version)
	default:
		fmt.Fprintf(out, "This machine has version %s.\n", version)
	}
	return nil
}

// tzdataUpdateCommand gives the cluster data.
type tzdataUpdateCommand struct {
	server
	File    string `arg:"" optional:"" type:"path" help:"A folder such as /usr/share/zoneinfo, or a zip archive such as Go's zoneinfo.zip. Default: what this machine has."`
	Version string `help:"Which version it is, such as 2026c. Default: what the file says."`
	DryRun  bool   `help:"Only show which shifts it would move."`
}

// Run shows what the data moves, and gives it to the cluster.
func (c *tzdataUpdateCommand) Run(ctx context.Context, out io.Writer) error {
	version, files, err := c.read()
	if err != nil {
		return err
	}
	if c.Version != "" {
		version = c.Version
	}
	if version == "" {
		return errors.New("the file does not say which version it is: add --version, such as --version 2026c")
	}
	hub, err := c.client()
	if err != nil {
		return err
	}
	given, err := hub.PutZones(ctx, client.ZoneData{Version: version, Zones: files, DryRun: c.DryRun})
	if err != nil {
		return err
	}
	if err := printMoved(out, given); err != nil {
		return err
	}
	if c.DryRun {
		fmt.Fprintf(out, "Nothing has been changed. Without --dry-run the cluster goes by version %s.\n", version)
		return nil
	}
	fmt.Fprintf(out, "The cluster goes by version %s now: %d zones.\n", version, given.Zones)
	return nil
}

func (c *tzdataUpdateCommand) read() (version string, files map[string][]byte, err error) {
	if c.File == "" {
		return zones.Machine()
	}
	return zones.Read(c.File)
}

type tzdataResetCommand struct {
	server
	DryRun bool `help:"Only show which shifts it would move."`
}

// Run takes back what the cluster was given.
func (c *tzdataResetCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	given, err := hub.PutZones(ctx, client.ZoneData{DryRun: c.DryRun})
	if err != nil {
		return err
	}
	if err := printMoved(out, given); err != nil || c.DryRun {
		return err
	}
	fmt.Fprintln(out, "The cluster goes by the data of the leader's machine.")
	return nil
}

// printMoved prints which shifts of the year to come other data moves.
func printMoved(out io.Writer, given client.GivenZones) error {
	if len(given.Moved) == 0 {
		fmt.Fprintln(out, "No shift of the year to come is moved by it.")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCHEDULE\tROTATION\tBY\tFROM\tTO\tON CALL")
	for _, m := range given.Moved {
		end := "-"
		if m.End != nil {
			end = onWall(*m.End, time.UTC)
		}
		fmt.Fprintf(table, "%s\t%s\t%s data\t%s\t%s\t%s\n", m.Schedule.Name, m.Rotation, m.Data, onWall(m.Start, time.UTC), end, m.Recipient.Name+m.Recipient.Username)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if given.More > 0 {
		fmt.Fprintf(out, "… and %d more.\n", given.More)
	}
	fmt.Fprintln(out, "Times are UTC.")
	return nil
}
