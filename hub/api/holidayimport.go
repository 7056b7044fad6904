package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/ical"
	"keng/hub/state"
)

// The years of which holidays are taken: from last year on.
const holidayYearsBack, holidayYearsAhead = 1, 5

// holidayImportIn is a file of holidays, and into which holiday calendar it is to come.
type holidayImportIn struct {
	command  state.PutHolidays
	language string // of the names in the file
	only     string // of which events: that have this in the title or the description
	dryRun   bool
}

func (in *holidayImportIn) read(c *call) {
	in.command = state.PutHolidays{Name: strings.TrimSpace(c.query("name")), BuiltIn: c.query("builtIn"), Whole: c.truth("whole")}
	in.language, in.only, in.dryRun = c.choice("language", "vi", "en"), c.query("only"), c.truth("dryRun")
	if in.command.Name == "" {
		c.wrong["name"] = "is needed: that of the holiday calendar, which is made if there is none"
	}
	c.limit("name", in.command.Name, state.NameMax)
}

// importedHolidays is what an import of holidays does, or would do.
type importedHolidays struct {
	Name    string       `json:"name"`
	ID      string       `json:"id,omitempty"` // once there is one
	New     bool         `json:"newCalendar"`
	Added   int          `json:"added"`
	Changed int          `json:"changed"`
	Removed int          `json:"removed"`
	Kept    int          `json:"kept"`
	Days    []holidayDay `json:"days"`    // those that are otherwise, in order
	Skipped []string     `json:"skipped"` // titles of events that are no holidays here, each once
}

// holidayDay is a day of a holiday calendar that is otherwise.
type holidayDay struct {
	Change string `json:"change"` // added, changed or removed
	Date   string `json:"date"`
	Name   string `json:"name"`
}

// skippedMax is how many titles are told of events that are passed over.
const skippedMax = 50

// importHolidays tells what a file of holidays changes, and does it unless that was all that was asked for.
func importHolidays(a *API, ctx context.Context, c *call) (outcome, error) {
	in := &holidayImportIn{}
	in.read(c)
	if err := c.complaint(); err != nil {
		return nil, err
	}
	raw, err := c.file()
	if err != nil {
		return nil, err
	}
	out, err := a.readHolidays(ctx, in, raw)
	if err != nil {
		return nil, err
	}
	err = a.look(ctx, func(tx reader) error {
		out.compare(tx, in)
		return nil
	})
	if err != nil || in.dryRun {
		return &written{http.StatusOK, "Nothing has been changed", out}, err
	}
	h, err := do(ctx, a, c.seed, in.command)
	if err != nil {
		return nil, err
	}
	out.ID = h.ID
	return updated(out), nil
}

// readHolidays takes a file of holidays apart.
func (a *API) readHolidays(ctx context.Context, in *holidayImportIn, raw []byte) (out importedHolidays, err error) {
	now, zones := a.Now(), a.foreignZones(ctx)
	find := func(name string) (*time.Location, error) {
		if name == "" {
			return time.UTC, nil
		}
		return zones(name)
	}
	from, to := time.Date(now.Year()-holidayYearsBack, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(now.Year()+holidayYearsAhead+1, 1, 1, 0, 0, 0, 0, time.UTC)
	events, err := ical.Read(bytes.NewReader(raw), from, to, find, ical.Limits{Bytes: importMax, Found: 2 * state.HolidayDaysMax, Steps: 500_000})
	if wrong, ok := errors.AsType[*ical.Error](err); ok {
		return out, problemsOf([]fileProblem{{wrong.Line, wrong.Words}})
	}
	if err != nil {
		return out, err
	}
	out = importedHolidays{Name: in.command.Name, New: true, Days: []holidayDay{}, Skipped: []string{}}
	in.command.Days = nil
	days := map[holiday.Date]holiday.Day{}
	for _, e := range events {
		if !e.AllDay || !strings.Contains(e.Summary+"\n"+e.Description, in.only) {
			out.skip(e.Summary)
			continue
		}
		for at := maxTime(e.Start, from); at.Before(e.End) && at.Before(to); at = at.AddDate(0, 0, 1) {
			in.add(days, holiday.On(at), e.Summary)
		}
	}
	if len(in.command.Days) == 0 {
		if in.only != "" && len(events) > 0 {
			return out, core.Invalid("only", fmt.Sprintf("no event on whole days of the years %d to %d contains %q in its summary or description", from.Year(), to.Year()-1, in.only))
		}
		return out, core.Invalid("body", fmt.Sprintf("the calendar has no holiday of the years %d to %d: holidays are events on whole days", from.Year(), to.Year()-1))
	}
	return out, nil
}

func maxTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// add takes a day; of several events on one the first.
func (in *holidayImportIn) add(days map[holiday.Date]holiday.Day, date holiday.Date, title string) {
	if _, twice := days[date]; twice {
		return
	}
	name := string([]rune(title)[:min(len([]rune(title)), state.NameMax)])
	day := holiday.Day{Date: date, Vietnamese: name}
	if in.language == "en" {
		day = holiday.Day{Date: date, English: name}
	}
	days[date] = day
	in.command.Days = append(in.command.Days, day)
}

// skip notes the title of an event that is passed over.
func (out *importedHolidays) skip(title string) {
	if len(out.Skipped) < skippedMax && !slices.Contains(out.Skipped, title) {
		out.Skipped = append(out.Skipped, title)
	}
}

// compare tells the difference that the days make.
func (out *importedHolidays) compare(tx reader, in *holidayImportIn) {
	h := &state.HolidayCalendar{}
	if found, err := (state.Pick{Name: in.command.Name}).HolidayCalendar(tx); err == nil {
		h, out.New, out.ID = found, false, found.ID
	}
	old := map[holiday.Date]holiday.Day{}
	for _, d := range h.Added {
		old[d.Date] = d
	}
	add := func(change string, d holiday.Day) {
		name := d.Vietnamese
		if name == "" {
			name = d.English
		}
		out.Days = append(out.Days, holidayDay{change, fmt.Sprintf("%04d-%02d-%02d", d.Date.Year, d.Date.Month, d.Date.Day), name})
	}
	for _, d := range in.command.Merged(h) {
		was, ok := old[d.Date]
		delete(old, d.Date)
		switch {
		case !ok:
			add("added", d)
			out.Added++
		case was != d:
			add("changed", d)
			out.Changed++
		default:
			out.Kept++
		}
	}
	for _, d := range h.Added {
		if _, gone := old[d.Date]; gone {
			add("removed", d)
			out.Removed++
		}
	}
	slices.SortStableFunc(out.Days, func(a, b holidayDay) int { return strings.Compare(a.Date, b.Date) })
}
