package state

import (
	"fmt"
	"time"

	"keng/hub/core"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// Bounds of holiday calendars.
const (
	HolidayCalendarsMax = 100  // calendars
	HolidayDaysMax      = 2000 // days that a calendar adds or takes away
)

// VietnamHolidays is the name of the public holidays of Vietnam, which are built in.
const VietnamHolidays = "vietnam"

// HolidayCalendar is a list of holidays, by itself or on top of those of a country.
type HolidayCalendar struct {
	ID   string `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"`
	// BuiltIn is whose holidays it begins with: "vietnam"; empty: nobody's.
	BuiltIn string `cbor:"3,keyasint,omitempty"`
	// Added are days beside the built-in ones, or in the place of those of the same dates.
	Added []holiday.Day `cbor:"4,keyasint,omitempty"`
	// Removed are the dates of built-in days that are as their weekday says here.
	Removed []holiday.Date `cbor:"5,keyasint,omitempty"`
}

var holidaysByName = table.NewIndex(1, "name", true, func(h *HolidayCalendar) []table.Key { return []table.Key{table.K().String(h.Name)} })

// HolidayCalendars holds the holiday calendars.
var HolidayCalendars = table.New(40, "holidays", func(h *HolidayCalendar) table.Key { return table.K().String(h.ID) }, holidaysByName)

// HolidayCalendar returns the holiday calendar, or an error of kind [core.NotFound].
func (p Pick) HolidayCalendar(r table.Reader) (*HolidayCalendar, error) {
	return pick(r, p, "Holiday calendar", HolidayCalendars, holidaysByName)
}

// Days returns the days of some years, the first and the last included.
func (h *HolidayCalendar) Days(first, last int) holiday.Days {
	days := holiday.Days{}
	for year := first; year <= last; year++ {
		for _, d := range builtIn(h.BuiltIn, year) {
			days[d.Date] = d
		}
	}
	for _, date := range h.Removed {
		delete(days, date)
	}
	for _, d := range h.Added {
		if d.Date.Year >= first && d.Date.Year <= last {
			days[d.Date] = d
		}
	}
	return days
}

// builtIn returns the holidays of a country in a year.
func builtIn(country string, year int) []holiday.Day {
	if country == VietnamHolidays {
		return holiday.Vietnam(year)
	}
	return nil
}

// holidaysOf returns what a holiday calendar says of the years of a time and of the day before it, on which
// a night may have begun, wherever its zone is. Without a calendar there are no holidays.
func holidaysOf(r table.Reader, id string, from, to time.Time) holiday.Days {
	if id == "" {
		return nil
	}
	h, ok := HolidayCalendars.Get(r, table.K().String(id))
	if !ok {
		return nil
	}
	return h.Days(from.UTC().Add(-48*time.Hour).Year(), to.UTC().Add(24*time.Hour).Year())
}

// HolidayFields is what a caller says of a holiday calendar. Nil is not said.
type HolidayFields struct {
	Name    *string         `cbor:"1,keyasint,omitempty"`
	BuiltIn *string         `cbor:"2,keyasint,omitempty"`
	Added   *[]holiday.Day  `cbor:"3,keyasint,omitempty"` // replaces all
	Removed *[]holiday.Date `cbor:"4,keyasint,omitempty"` // replaces all
}

// fill writes what was said into a holiday calendar and complains about what cannot be.
func (f *HolidayFields) fill(h *HolidayCalendar) faults {
	wrong := faults{}
	set(&h.Name, f.Name)
	set(&h.BuiltIn, f.BuiltIn)
	set(&h.Added, f.Added)
	set(&h.Removed, f.Removed)
	wrong.length("name", h.Name, NameMax)
	if h.Name == "" {
		wrong.add("name", "a holiday calendar needs a name")
	}
	if h.BuiltIn != "" && h.BuiltIn != VietnamHolidays {
		wrong.add("builtIn", "must be "+VietnamHolidays+", or empty")
	}
	wrong.count("added", len(h.Added), HolidayDaysMax)
	wrong.count("removed", len(h.Removed), HolidayDaysMax)
	seen := map[holiday.Date]bool{}
	for i, d := range h.Added[:min(len(h.Added), HolidayDaysMax)] {
		at := fmt.Sprintf("added[%d]", i)
		wrong.date(at+".date", d.Date)
		wrong.length(at+".english", d.English, NameMax)
		wrong.length(at+".vietnamese", d.Vietnamese, NameMax)
		if d.As < time.Sunday || d.As > time.Saturday {
			wrong.add(at+".as", "must be a day of the week")
		}
		if seen[d.Date] {
			wrong.add(at+".date", "is in the list twice")
		}
		seen[d.Date] = true
	}
	for i, d := range h.Removed[:min(len(h.Removed), HolidayDaysMax)] {
		wrong.date(fmt.Sprintf("removed[%d]", i), d)
	}
	return wrong
}

// date complains about a date that no calendar has.
func (f faults) date(field string, d holiday.Date) {
	if d.Year < 1970 || d.Year > 2200 || holiday.On(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)) != d {
		f.add(field, "must be a day of the years 1970 to 2200")
	}
}

// CreateHolidayCalendar makes a holiday calendar.
type CreateHolidayCalendar struct {
	Fields HolidayFields `cbor:"1,keyasint"`
}

func (CreateHolidayCalendar) number() number { return createHolidayCalendar }

func (k CreateHolidayCalendar) apply(c *change) (HolidayCalendar, error) {
	h := HolidayCalendar{ID: c.newID("holidays")}
	if err := k.Fields.fill(&h).err(); err != nil {
		return h, err
	}
	if atLeast(HolidayCalendarsMax, HolidayCalendars.All(c.tx)) {
		return h, core.Invalid("body", fmt.Sprintf("there are %d holiday calendars: delete one first", HolidayCalendarsMax))
	}
	return h, c.unique(keep(c, HolidayCalendars, &h), "Holiday calendar", h.Name)
}

// ChangeHolidayCalendar changes what is said of a holiday calendar.
type ChangeHolidayCalendar struct {
	Calendar Pick          `cbor:"1,keyasint"`
	Fields   HolidayFields `cbor:"2,keyasint"`
}

func (ChangeHolidayCalendar) number() number { return changeHolidayCalendar }

func (k ChangeHolidayCalendar) apply(c *change) (HolidayCalendar, error) {
	h, err := k.Calendar.HolidayCalendar(c.tx)
	if err != nil {
		return HolidayCalendar{}, err
	}
	if err := k.Fields.fill(h).err(); err != nil {
		return *h, err
	}
	c.schedulesChanged()
	return *h, c.unique(keep(c, HolidayCalendars, h), "Holiday calendar", h.Name)
}

// DeleteHolidayCalendar deletes a holiday calendar by which no schedule goes.
type DeleteHolidayCalendar struct {
	Calendar Pick `cbor:"1,keyasint"`
}

func (DeleteHolidayCalendar) number() number { return deleteHolidayCalendar }

func (k DeleteHolidayCalendar) apply(c *change) (Nothing, error) {
	h, err := k.Calendar.HolidayCalendar(c.tx)
	if err != nil {
		return Nothing{}, err
	}
	var uses []use
	for s := range Schedules.All(c.tx) {
		if s.Holidays == h.ID {
			uses = append(uses, use{words: "schedule [" + s.Name + "]"})
		}
	}
	if err := inUse("Holiday calendar", h.Name, uses); err != nil {
		return Nothing{}, err
	}
	HolidayCalendars.Delete(c.tx, HolidayCalendars.KeyOf(h))
	return Nothing{}, nil
}

// holidayCalendar takes over by which holiday calendar a schedule goes; an empty pick: none.
func (c *change) holidayCalendar(wrong faults, s *rota.Schedule, said *Pick) {
	if said == nil {
		return
	}
	s.Holidays = ""
	if *said == (Pick{}) {
		return
	}
	h, err := said.HolidayCalendar(c.tx)
	if err != nil {
		wrong.missing("holidays", err)
		return
	}
	s.Holidays = h.ID
}
