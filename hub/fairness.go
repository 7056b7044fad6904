package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// fairnessCommand shows how much each person is on call.
type fairnessCommand struct {
	server
	Schedule string    `arg:"" optional:"" help:"A schedule, by its name or id. Default: all, or those of --team."`
	Team     string    `help:"All schedules of this team together, by its name or id."`
	Weeks    int       `default:"12" help:"Of how many weeks, 1 to 52."`
	From     time.Time `placeholder:"TIME" help:"From when on. Default: so that the weeks end now."`
	JSON     bool      `name:"json" help:"Print the API's object."`
}

// Validate refuses what cannot be shown.
func (c *fairnessCommand) Validate() error {
	switch {
	case c.Weeks < 1 || c.Weeks > 52:
		return fmt.Errorf("--weeks must be from 1 to 52")
	case c.Schedule != "" && c.Team != "":
		return fmt.Errorf("name a schedule or --team, not both")
	}
	return nil
}

// barWidth is how many characters the bar of who has the most hours has.
const barWidth = 24

// Run prints a table with a bar for each person.
func (c *fairnessCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	id := ""
	if c.Schedule != "" {
		found, err := pickSchedules(ctx, hub, c.Schedule)
		if err != nil {
			return err
		}
		id = found[0].ID
	}
	weeks := time.Duration(c.Weeks) * 7 * 24 * time.Hour
	from := c.From
	if from.IsZero() {
		from = time.Now().Add(-weeks)
	}
	f, err := hub.Fairness(ctx, id, c.Team, from, from.Add(weeks))
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(out, f)
	}
	fmt.Fprintf(out, "Hours on call from %s to %s\n\n", here(f.Start), here(f.End))
	if len(f.People) == 0 {
		fmt.Fprintln(out, "Nobody takes turns. Give the schedule a rotation with people in it.")
		return nil
	}
	most := max(f.People[0].Hours, 1)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHO\tHOURS\tNIGHTS\tWEEKENDS\tHOLIDAYS\t")
	for _, p := range f.People {
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%.1f\t%.1f\t%s\n", p.User.Username, p.Hours, p.Nights, p.Weekends, p.Holidays, strings.Repeat("█", int(p.Hours/most*barWidth+0.5)))
	}
	return table.Flush()
}
