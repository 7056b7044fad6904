package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"keng/hub/client"
)

// holidaysImportCommand brings holidays in.
type holidaysImportCommand struct {
	server
	File     string `arg:"" type:"path" help:"The calendar (.ics), such as Google's of a country's holidays."`
	Name     string `required:"" help:"The holiday calendar; it is made if there is none of the name."`
	BuiltIn  string `name:"built-in" enum:",vietnam" default:"" help:"Whose holidays a new calendar begins with: vietnam."`
	Language string `default:"vi" enum:"vi,en" help:"Of the names in the file: vi or en."`
	Only     string `placeholder:"TEXT" help:"Only events with this in the title or the description, such as \"Public holiday\"."`
	Whole    bool   `help:"Take away the days that the calendar has added and the file has not."`
	DryRun   bool   `help:"Only show what would change."`
}

// Run shows what the file changes, and does it.
func (c *holidaysImportCommand) Run(ctx context.Context, out io.Writer) error {
	content, err := readImport(c.File)
	if err != nil {
		return err
	}
	hub, err := c.client()
	if err != nil {
		return err
	}
	done, err := hub.ImportHolidays(ctx, client.HolidayImport{Name: c.Name, BuiltIn: c.BuiltIn, Language: c.Language, Only: c.Only, Whole: c.Whole, DryRun: c.DryRun}, content)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, d := range done.Days {
		fmt.Fprintf(table, "%s\t%s\t%s\n", map[string]string{"added": "+", "changed": "~", "removed": "-"}[d.Change], d.Date, d.Name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(done.Skipped) > 0 {
		fmt.Fprintf(out, "Passed over: %s\n", strings.Join(done.Skipped, ", "))
	}
	fmt.Fprintf(out, "Calendar %s: %d days added (+), %d changed (~), %d taken away (-), %d as they were.\n", done.Name, done.Added, done.Changed, done.Removed, done.Kept)
	if c.DryRun {
		fmt.Fprintln(out, "Nothing has been changed: this was a dry run.")
	}
	return nil
}
