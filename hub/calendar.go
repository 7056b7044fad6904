package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"keng/hub/client"
)

// takeOverCommand lets a person be on call from now on.
type takeOverCommand struct {
	server
	Schedule string     `arg:"" help:"The schedule, by its name or id."`
	User     string     `placeholder:"USER" help:"Who takes over, by username or id."`
	Until    *time.Time `placeholder:"TIME" help:"Until when, such as 2026-12-24T18:00:00+07:00, \"sunday 18:00\" or 18:00, without a break. Default: until the present shift ends."`
	Rotation string     `help:"Only in this rotation, by its name or id. Default: in all of which somebody is on call now."`
	Undo     string     `placeholder:"ALIAS" help:"Take it back instead: the alias that taking over printed."`
	JSON     bool       `name:"json" help:"Print the API's object."`
}

// Validate refuses what says neither who takes over nor what is taken back.
func (c *takeOverCommand) Validate() error {
	if c.User == "" && c.Undo == "" {
		return errors.New("say who takes over: --user USER (or what is taken back: --undo ALIAS)")
	}
	return nil
}

// Run takes over, or takes that back.
func (c *takeOverCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	found, err := pickSchedules(ctx, hub, c.Schedule)
	if err != nil {
		return err
	}
	s := found[0]
	if c.Undo != "" {
		if err := hub.DeleteOverride(ctx, s.ID, c.Undo); err != nil {
			return err
		}
		fmt.Fprintf(out, "Override %s of %s is gone. See who is on call: keng-hub oncall %s\n", c.Undo, s.Name, s.Name)
		return nil
	}
	taken, err := hub.TakeOver(ctx, s.ID, c.User, c.Rotation, c.Until)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, taken)
	}
	instead := ""
	if len(taken.From) > 0 {
		instead = ", in the place of " + strings.Join(partyNames(taken.From), ", ")
	}
	fmt.Fprintf(out, "%s is on call in %s until %s%s.\nTo undo it: keng-hub takeover %s --undo %s\n", taken.User.Username, s.Name, here(taken.End), instead, s.Name, taken.Alias)
	return nil
}

// here says a moment by the wall of this machine, with the offset.
func here(t time.Time) string { return t.Local().Format("Mon 2006-01-02 15:04 -07:00") }

func partyNames(all []client.Party) (names []string) {
	for _, p := range all {
		names = append(names, p.Name+p.Username)
	}
	return names
}

// absenceCommand is about when people are off.
type absenceCommand struct {
	Add    absenceAddCommand    `cmd:"" help:"Say that a person is off for a time. It changes nobody's shift: see gaps."`
	List   absenceListCommand   `cmd:"" help:"Show who is off, now or later."`
	Remove absenceRemoveCommand `cmd:"" help:"Take an absence away."`
}

type absenceAddCommand struct {
	server
	User string    `required:"" help:"Who is off, by username or id."`
	From time.Time `required:"" placeholder:"TIME" help:"From when on, such as 2026-12-24T00:00:00+07:00."`
	To   time.Time `required:"" placeholder:"TIME" help:"Until when."`
	Note string    `help:"A word about it, for people."`
	JSON bool      `name:"json" help:"Print the API's object."`
}

// Run adds an absence.
func (c *absenceAddCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	id, err := hub.CreateAbsence(ctx, client.Absence{User: client.Party{ID: c.User, Username: c.User}, Start: c.From, End: c.To, Note: c.Note})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, client.Thing{ID: id})
	}
	fmt.Fprintf(out, "%s is off from %s to %s: absence %s.\nShifts of that time that somebody must take over: keng-hub gaps\n", c.User, here(c.From), here(c.To), id)
	return nil
}

type absenceListCommand struct {
	server
	User string `help:"Of this person alone, by username or id."`
	JSON bool   `name:"json" help:"Print the API's objects."`
}

// Run prints a table of absences.
func (c *absenceListCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	all, err := hub.Absences(ctx, c.User)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(out, all)
	case len(all) == 0:
		fmt.Fprintln(out, "Nobody is off, as far as is known.")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ABSENCE\tWHO\tFROM\tTO\tNOTE")
	for _, a := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", a.ID, a.User.Username, here(a.Start), here(a.End), orDash(a.Note))
	}
	return table.Flush()
}

type absenceRemoveCommand struct {
	server
	ID string `arg:"" help:"The absence's id, as list prints it."`
}

// Run removes an absence.
func (c *absenceRemoveCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.DeleteAbsence(ctx, c.ID); err != nil {
		return err
	}
	fmt.Fprintf(out, "Absence %s is gone.\n", c.ID)
	return nil
}

// holidaysCommand is about holiday calendars.
type holidaysCommand struct {
	List   holidaysListCommand   `cmd:"" help:"Show the holiday calendars."`
	Show   holidaysShowCommand   `cmd:"" help:"Show a calendar's days of a year."`
	Import holidaysImportCommand `cmd:"" help:"Put the holidays of an iCal file into a holiday calendar, after showing what changes."`
}

type holidaysListCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's objects."`
}

// Run prints the calendars.
func (c *holidaysListCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	all, err := hub.HolidayCalendars(ctx)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(out, all)
	case len(all) == 0:
		fmt.Fprintln(out, `There are no holiday calendars. One with the holidays of Vietnam: POST {"name": "Vietnam", "builtIn": "vietnam"} to /keng/v1/holiday-calendars`)
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CALENDAR\tBEGINS WITH\tID")
	for _, h := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\n", h.Name, orDash(h.BuiltIn), h.ID)
	}
	return table.Flush()
}

type holidaysShowCommand struct {
	server
	Calendar string `arg:"" help:"The calendar, by its name or id."`
	Year     string `placeholder:"YEAR" help:"Such as 2027. Default: the present one."`
	JSON     bool   `name:"json" help:"Print the API's object."`
}

// Run prints the days of a year.
func (c *holidaysShowCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	all, err := hub.HolidayCalendars(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(h client.HolidayCalendar) bool { return h.ID == c.Calendar || h.Name == c.Calendar })
	if i < 0 {
		return fmt.Errorf("there is no holiday calendar %q: see keng-hub holidays list", c.Calendar)
	}
	h, err := hub.HolidayCalendar(ctx, all[i].ID, c.Year)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(out, h)
	case len(h.Days) == 0:
		fmt.Fprintf(out, "%s has no holidays in %d.\n", h.Name, h.Year)
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DATE\tDAY\tIN VIETNAMESE\tIN ENGLISH")
	for _, d := range h.Days {
		day, kind := "", "off"
		if date, err := time.Parse(time.DateOnly, d.Date); err == nil {
			day = date.Format(" Mon")
		}
		if d.Works {
			kind = "WORK as " + d.As
		}
		fmt.Fprintf(table, "%s%s\t%s\t%s\t%s\n", d.Date, day, kind, orDash(d.Vietnamese), orDash(d.English))
	}
	return table.Flush()
}
