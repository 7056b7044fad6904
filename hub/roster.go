package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"keng/hub/client"
	"keng/hub/roster"
	"keng/hub/zones"
)

// rosterCommand is about shifts that were planned elsewhere.
type rosterCommand struct {
	Import rosterImportCommand `cmd:"" help:"Put the shifts of a CSV file or a calendar into a rotation of a schedule, after showing what changes."`
	Export rosterExportCommand `cmd:"" help:"Write the shifts of a schedule as CSV, which can be changed and brought in again."`
}

// rosterImportCommand brings a roster in.
type rosterImportCommand struct {
	server
	Schedule string `arg:"" help:"The schedule, by its name or id."`
	File     string `arg:"" type:"path" help:"CSV with the columns start,end,user or date,shift,user; or a calendar (.ics)."`
	Rotation string `default:"roster" help:"The rotation, by its name; it is made if there is none."`
	Whole    bool   `help:"Take away all other shifts of the rotation, too, not only those in the time of the file."`
	DryRun   bool   `help:"Only show what would change."`
}

// Run shows what the file changes, and does it unless something is wrong with it.
func (c *rosterImportCommand) Run(ctx context.Context, out io.Writer) error {
	content, err := readImport(c.File)
	if err != nil {
		return err
	}
	hub, err := c.client()
	if err != nil {
		return err
	}
	found, err := pickSchedules(ctx, hub, c.Schedule)
	if err != nil {
		return err
	}
	wanted := client.RosterImport{Schedule: found[0].ID, Rotation: c.Rotation, Whole: c.Whole, DryRun: true}
	plan, err := hub.ImportRoster(ctx, wanted, content)
	if err != nil {
		return err
	}
	if err := printRoster(out, found[0].Name, plan); err != nil {
		return err
	}
	if len(plan.Problems) > 0 {
		fmt.Fprintln(out, "Nothing has been changed. Mend the file and bring it in again.")
		return errTold
	}
	if c.DryRun {
		fmt.Fprintln(out, "Nothing has been changed: this was a dry run.")
		return nil
	}
	wanted.DryRun = false
	done, err := hub.ImportRoster(ctx, wanted, content)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Done: %d shifts added, %d taken away, %d as they were.\n", done.Added, done.Removed, done.Kept)
	return nil
}

// readImport reads a file that is to be brought in.
func readImport(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, roster.BytesMax+1))
	if err == nil && len(content) > roster.BytesMax {
		err = fmt.Errorf("%s has more than %d MiB", path, roster.BytesMax>>20)
	}
	return content, err
}

// zoneOf finds a zone by the data of this machine, which is good enough to show times by.
func zoneOf(name string) *time.Location {
	if zone, err := (&zones.Finder{}).Find(name); err == nil {
		return zone
	}
	return time.UTC
}

// printRoster shows what a roster changes, or what is wrong with its file.
func printRoster(out io.Writer, schedule string, plan client.ImportedRoster) error {
	zone := zoneOf(plan.Timezone)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(plan.Problems) > 0 {
		for _, p := range plan.Problems {
			fmt.Fprintf(out, "line %d: %s\n", p.Line, p.Message)
		}
		return nil
	}
	what := "rotation " + plan.Rotation
	if plan.New {
		what = "new " + what
	}
	fmt.Fprintf(out, "%s, %s, times of %s\n\n", schedule, what, zone)
	if len(plan.Shifts) > 0 {
		fmt.Fprintln(table, "\tFROM\tTO\tON CALL")
	}
	for _, s := range plan.Shifts {
		sign := map[string]string{"added": "+", "removed": "-"}[s.Change]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", sign, onWall(s.Start, zone), onWall(s.End, zone), s.Recipient.Name+s.Recipient.Username)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d added (+), %d taken away (-), %d as they were.\n", plan.Added, plan.Removed, plan.Kept)
	for _, t := range plan.Troubles {
		fmt.Fprintf(out, "To be mended: from %s to %s %s.\n", onWall(t.Start, zone), onWall(t.End, zone), troubleWords(t))
	}
	return nil
}

// rosterExportCommand takes the shifts out.
type rosterExportCommand struct {
	server
	Schedule string    `arg:"" help:"The schedule, by its name or id."`
	Rotation string    `help:"One rotation, by its name. Needed if the schedule has several."`
	Weeks    int       `default:"8" help:"How many weeks, 1 to 52."`
	From     time.Time `placeholder:"TIME" help:"From when on, such as 2026-12-01T00:00:00+07:00. Default: today."`
}

// Validate refuses times that cannot be shown.
func (c *rosterExportCommand) Validate() error {
	if c.Weeks < 1 || c.Weeks > 52 {
		return errors.New("--weeks must be from 1 to 52")
	}
	return nil
}

// Run writes CSV for spreadsheets: with a byte order mark, by which Excel knows UTF-8.
func (c *rosterExportCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	found, err := pickSchedules(ctx, hub, c.Schedule)
	if err != nil {
		return err
	}
	t, err := hub.Timeline(ctx, found[0].ID, c.From, c.Weeks)
	if err != nil {
		return err
	}
	var names []string
	chosen := -1
	for i, r := range t.Final.Rotations {
		if names = append(names, r.Name); r.Name == c.Rotation || c.Rotation == "" && len(t.Final.Rotations) == 1 {
			chosen = i
		}
	}
	if chosen < 0 {
		return fmt.Errorf("say which rotation with --rotation. There are: %s", strings.Join(names, ", "))
	}
	fmt.Fprint(out, "\ufeff"+roster.Header+"\n")
	w := csv.NewWriter(out)
	for _, p := range t.Final.Rotations[chosen].Periods {
		end := t.End
		if p.End != nil {
			end = *p.End
		}
		if err := roster.Write(w, p.Start, end, p.Recipient.Name+p.Recipient.Username, zoneOf(found[0].TimeZone)); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
