package state

import (
	"cmp"
	"fmt"
	"slices"

	"keng/hub/core"
	"keng/hub/core/holiday"
)

// PutHolidays puts days from elsewhere, such as those of an iCal file, into the holiday calendar
// of a name: into a new one, or over what one that exists has on the same dates.
type PutHolidays struct {
	Name string        `cbor:"1,keyasint"`
	Days []holiday.Day `cbor:"2,keyasint"` // at least one; each date once
	// BuiltIn is whose holidays a new calendar begins with: "vietnam"; empty: nobody's.
	BuiltIn string `cbor:"3,keyasint,omitempty"`
	// Whole says that the days are all there are: what the calendar had added besides goes.
	Whole bool `cbor:"4,keyasint,omitempty"`
}

func (PutHolidays) number() number { return putHolidays }

func (k PutHolidays) apply(c *change) (HolidayCalendar, error) {
	if len(k.Days) == 0 {
		return HolidayCalendar{}, core.Invalid("days", "there is no day to put in")
	}
	h, err := Pick{Name: k.Name}.HolidayCalendar(c.tx)
	exists := err == nil
	if !exists {
		h = &HolidayCalendar{BuiltIn: k.BuiltIn}
	}
	added := k.Merged(h)
	fields := HolidayFields{Name: &k.Name, Added: &added}
	if !exists {
		fields.BuiltIn = &k.BuiltIn
		return CreateHolidayCalendar{fields}.apply(c)
	}
	if k.BuiltIn != "" && k.BuiltIn != h.BuiltIn {
		return *h, core.Invalid("builtIn", fmt.Sprintf("the calendar begins with the holidays of %s: change that by itself", cmp.Or(h.BuiltIn, "nobody")))
	}
	return ChangeHolidayCalendar{Pick{ID: h.ID}, fields}.apply(c)
}

// Merged returns the days that a calendar would have added, in order.
func (k PutHolidays) Merged(h *HolidayCalendar) []holiday.Day {
	ours := map[holiday.Date]bool{}
	for _, d := range k.Days {
		ours[d.Date] = true
	}
	all := slices.Clone(k.Days)
	for _, d := range h.Added {
		if !k.Whole && !ours[d.Date] {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b holiday.Day) int {
		return cmp.Or(cmp.Compare(a.Date.Year, b.Date.Year), cmp.Compare(a.Date.Month, b.Date.Month), cmp.Compare(a.Date.Day, b.Date.Day))
	})
	return all
}
