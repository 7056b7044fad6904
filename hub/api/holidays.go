package api

import (
	"context"
	"strings"
	"time"

	"keng/hub/core/holiday"
	"keng/hub/state"
)

// holidaysIn names a holiday calendar, and says what it is to be or which year is asked for.
type holidaysIn struct {
	calendar state.Pick
	year     int // 0: the present one
	fields   state.HolidayFields
}

func (in *holidaysIn) read(c *call) {
	in.calendar, in.year = c.picked("identifierType"), c.number("year", 1970, 2200, 0)
	b := c.body
	name, builtIn := b.text("name"), b.text("builtIn")
	added, removed := []holiday.Day{}, []holiday.Date{}
	for _, o := range b.objects("added") {
		added = append(added, o.day())
	}
	for _, text := range b.texts("removed") {
		removed = append(removed, b.date("removed", text))
	}
	in.fields = state.HolidayFields{Name: &name, BuiltIn: &builtIn, Added: &added, Removed: &removed}
}

// day reads a holiday, or a day on which people work for one.
func (o object) day() holiday.Day {
	d := holiday.Day{Date: o.date("date", o.text("date")), English: o.text("english"), Vietnamese: o.text("vietnamese"), Works: o.isTrue("works")}
	switch {
	case d.Works:
		d.As = o.weekday("as")
	case o.has("as"):
		o.complain("as", "only a day on which people work (works) stands for a weekday")
	}
	return d
}

// date reads a day of the calendar.
func (o object) date(key, text string) holiday.Date {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		o.complain(key, "must be a day such as 2026-12-24")
		return holiday.Date{}
	}
	return holiday.On(t)
}

func createHolidays(in *holidaysIn) state.CreateHolidayCalendar {
	return state.CreateHolidayCalendar{Fields: in.fields}
}

func changeHolidays(in *holidaysIn) state.ChangeHolidayCalendar {
	return state.ChangeHolidayCalendar{Calendar: in.calendar, Fields: in.fields}
}

func deleteHolidays(in *holidaysIn) state.DeleteHolidayCalendar {
	return state.DeleteHolidayCalendar{Calendar: in.calendar}
}

func holidaysCreated(h state.HolidayCalendar) *written { return created(thing{ID: h.ID, Name: h.Name}) }
func holidaysChanged(h state.HolidayCalendar) *written { return updated(thing{ID: h.ID, Name: h.Name}) }

// holidaysThing is a holiday calendar in a list.
type holidaysThing struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	BuiltIn string `json:"builtIn,omitempty"` // whose holidays it begins with
}

// holidaysRecord is a holiday calendar, with its days of a year.
type holidaysRecord struct {
	holidaysThing
	Added   []dayRecord `json:"added"`
	Removed []string    `json:"removed"`
	Year    int         `json:"year"`
	Days    []dayRecord `json:"days"`
}

// dayRecord is a day that is not as its weekday says.
type dayRecord struct {
	Date       string `json:"date"`
	English    string `json:"english,omitempty"`
	Vietnamese string `json:"vietnamese,omitempty"`
	Works      bool   `json:"works,omitempty"`
	As         string `json:"as,omitempty"` // the weekday as which people work
}

func daysOf(days []holiday.Day) []dayRecord {
	out := []dayRecord{}
	for _, d := range days {
		tell := dayRecord{Date: d.Date.String(), English: d.English, Vietnamese: d.Vietnamese, Works: d.Works}
		if d.Works {
			tell.As = strings.ToLower(d.As.String())
		}
		out = append(out, tell)
	}
	return out
}

func holidaysThingOf(h *state.HolidayCalendar) holidaysThing {
	return holidaysThing{h.ID, h.Name, h.BuiltIn}
}

func listHolidays(tx reader, _ *nothingIn) (out []holidaysThing, err error) {
	for h := range state.HolidayCalendars.All(tx) {
		out = append(out, holidaysThingOf(h))
	}
	return out, nil
}

func (a *API) getHolidays(ctx context.Context, in *holidaysIn) (*data[holidaysRecord], error) {
	var out data[holidaysRecord]
	year := in.year
	if year == 0 {
		year = a.Now().UTC().Year()
	}
	err := a.look(ctx, func(tx reader) error {
		h, err := in.calendar.HolidayCalendar(tx)
		if err != nil {
			return err
		}
		first, last := holiday.Date{Year: year, Month: time.January, Day: 1}, holiday.Date{Year: year, Month: time.December, Day: 31}
		out.of = holidaysRecord{holidaysThing: holidaysThingOf(h), Added: daysOf(h.Added), Removed: []string{}, Year: year, Days: daysOf(h.Days(year, year).Between(first, last))}
		for _, d := range h.Removed {
			out.of.Removed = append(out.of.Removed, d.String())
		}
		return nil
	})
	return &out, err
}
