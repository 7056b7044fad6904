package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"keng/hub/client"
)

// onCallCommand tells who is on call.
type onCallCommand struct {
	server
	Schedule string    `arg:"" optional:"" help:"A schedule, by its name or id. Default: all."`
	At       time.Time `placeholder:"TIME" help:"When: 2026-12-24T18:00:00+07:00, or by this machine's clock \"2026-12-24 18:00\", \"sunday 18:00\", 18:00. Default: now."`
	JSON     bool      `name:"json" help:"Print the API's objects."`
}

// Run prints a table of the schedules.
func (c *onCallCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	schedules, err := pickSchedules(ctx, hub, c.Schedule)
	if err != nil {
		return err
	}
	all := map[string][]client.OnCaller{}
	for _, s := range schedules {
		if all[s.Name], err = hub.WhoIsOnCall(ctx, s.ID, c.At); err != nil {
			return err
		}
	}
	if c.JSON {
		return printJSON(out, all)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCHEDULE\tON CALL")
	for _, s := range schedules {
		names := "NOBODY"
		switch {
		case !s.Enabled:
			names = "nobody: the schedule is disabled"
		case len(all[s.Name]) > 0:
			names = strings.Join(namesOf(all[s.Name]), ", ")
		}
		fmt.Fprintf(table, "%s\t%s\n", s.Name, names)
	}
	return table.Flush()
}

// namesOf says who is on call, with those whom a team or an escalation leads to in brackets.
func namesOf(all []client.OnCaller) (names []string) {
	for _, who := range all {
		name := who.Name
		for _, from := range who.ForwardedFrom {
			name += " for " + from.Username
		}
		if len(who.Participants) > 0 {
			name = fmt.Sprintf("%s %s (%s)", who.Type, name, strings.Join(namesOf(who.Participants), ", "))
		}
		names = append(names, name)
	}
	return names
}

// pickSchedules returns the schedule of a name or id, or all of them.
func pickSchedules(ctx context.Context, hub *client.Client, name string) ([]client.Schedule, error) {
	all, err := hub.Schedules(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range all {
		if name == s.ID || name == s.Name {
			return []client.Schedule{s}, nil
		}
		names = append(names, s.Name)
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("there are no schedules yet: each team gets one when it is made")
	case name != "":
		return nil, fmt.Errorf("there is no schedule %q. There are: %s", name, strings.Join(names, ", "))
	}
	slices.SortFunc(all, func(a, b client.Schedule) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// timelineCommand shows the shifts of a schedule.
type timelineCommand struct {
	server
	Schedule string    `arg:"" help:"The schedule, by its name or id."`
	Weeks    int       `default:"4" help:"How many weeks to show, 1 to 52."`
	From     time.Time `placeholder:"TIME" help:"From when on, such as 2026-12-24T00:00:00+07:00. Default: today."`
	SVG      string    `name:"svg" placeholder:"FILE" help:"Write a picture into a file instead, to be opened in a browser." type:"path"`
	Language string    `default:"vi" enum:"vi,en" help:"Of the picture: vi or en."`
	JSON     bool      `name:"json" help:"Print the API's objects."`
}

// Validate refuses times that cannot be shown.
func (c *timelineCommand) Validate() error {
	if c.Weeks < 1 || c.Weeks > 52 {
		return fmt.Errorf("--weeks must be from 1 to 52")
	}
	return nil
}

// Run prints the shifts, by the wall of the schedule's zone.
func (c *timelineCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	found, err := pickSchedules(ctx, hub, c.Schedule)
	if err != nil {
		return err
	}
	s := found[0]
	if c.SVG != "" {
		picture, err := hub.Picture(ctx, s.ID, c.From, c.Weeks, c.Language)
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.SVG, picture, 0o644); err != nil {
			return fmt.Errorf("cannot write the picture: %w", err)
		}
		fmt.Fprintf(out, "The picture of %d weeks of %s is in %s\n", c.Weeks, s.Name, c.SVG)
		return nil
	}
	t, err := hub.Timeline(ctx, s.ID, c.From, c.Weeks)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, t)
	}
	return printTimeline(out, s, t)
}

// printTimeline prints shifts by the wall of the schedule's zone, as the hub has it: this machine may
// know the zone otherwise, or not at all.
func printTimeline(out io.Writer, s client.Schedule, t client.Timeline) error {
	fmt.Fprintf(out, "%s, times of %s\n\n", s.Name, s.TimeZone)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FROM\tTO\tON CALL\tROTATION\tBY")
	rows := 0
	for _, r := range t.Final.Rotations {
		for _, p := range r.Periods {
			start, end := wall(&p.Start, p.StartLocal), wall(p.End, p.EndLocal)
			who, by := p.Recipient.Name+p.Recipient.Username, p.Type
			if p.ForwardedFrom != nil {
				by += " from " + p.ForwardedFrom.Username
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", start, end, who, r.Name, strings.Replace(by, "default", "rotation", 1))
			rows++
		}
	}
	if rows == 0 {
		fmt.Fprintln(out, "Nobody is on call in this time. Give the schedule a rotation with people in it.")
		return nil
	}
	return table.Flush()
}

// wall says a moment as it was told with its offset, in UTC if it was not; nothing if there is none.
func wall(at, local *time.Time) string {
	const form = "Mon 2006-01-02 15:04"
	switch {
	case local != nil:
		return local.Format(form)
	case at != nil:
		return at.UTC().Format(form) + "Z"
	}
	return "-"
}

// offsetWall says a moment as it was told with its offset, in UTC if it was not, and the offset.
func offsetWall(at time.Time, local *time.Time) string {
	if local == nil {
		local = new(at.UTC())
	}
	return local.Format("Mon 2006-01-02 15:04 -07:00")
}

// onWall says a moment by the wall of a zone.
func onWall(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2006-01-02 15:04")
}

// gapsCommand shows what is to be mended in the weeks to come.
type gapsCommand struct {
	server
	Weeks int  `default:"8" help:"How far ahead to look, 1 to 26 weeks."`
	JSON  bool `name:"json" help:"Print the API's objects."`
}

// Validate refuses what is too far away.
func (c *gapsCommand) Validate() error {
	if c.Weeks < 1 || c.Weeks > 26 {
		return fmt.Errorf("--weeks must be from 1 to 26")
	}
	return nil
}

// Run prints a table, with times of each schedule's zone, or that there is nothing.
func (c *gapsCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	all, more, err := hub.Gaps(ctx, c.Weeks)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, all)
	}
	if len(all) == 0 {
		fmt.Fprintf(out, "Somebody is on call in every schedule for the next %d weeks, nobody who is off, and nobody twice.\n", c.Weeks)
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FROM\tTO\tSCHEDULE\tWHAT\tWHO COULD TAKE IT")
	for _, t := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", offsetWall(t.Start, t.StartLocal), offsetWall(t.End, t.EndLocal), t.Schedule.Name, troubleWords(t), orDash(suggested(t.Suggestion)))
	}
	if err := table.Flush(); err != nil || more == "" {
		return err
	}
	_, err = fmt.Fprintln(out, "\n"+more)
	return err
}

func troubleWords(t client.Trouble) string {
	switch {
	case t.Kind == "unknown":
		return "UNKNOWN who is on call: " + t.Reason
	case t.Kind == "away" && t.User != nil:
		return t.User.Username + " is on call, and off"
	case t.Kind == "double-booked" && t.User != nil && t.Other != nil:
		names := []string{t.Other.Name}
		for _, s := range t.More {
			names = append(names, s.Name)
		}
		return t.User.Username + " is on call in " + strings.Join(names, ", ") + ", too"
	}
	return "NOBODY is on call"
}

func suggested(all []client.Party) string {
	var names []string
	for _, p := range all[:min(len(all), 3)] {
		names = append(names, p.Name+p.Username)
	}
	return strings.Join(names, ", ")
}
