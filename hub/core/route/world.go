package route

import (
	"fmt"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// World is what a decision needs to know besides the rules and what they are about.
type World struct {
	Now time.Time
	// Zones finds a time zone by its IANA name.
	Zones func(name string) (*time.Location, error)
	// Maintenance is what maintenance changes at the moment; the zero value: nothing.
	Maintenance Effects
	// Memo may be nil.
	Memo *Memo
}

// covers reports whether the present moment is in the windows of a restriction. Known is
// false if the zone is not known.
func (w *World) covers(r *rota.Restriction, zone string) (in, known bool) {
	if r == nil {
		return true, true
	}
	location, err := w.Zones(zone)
	if err != nil {
		return false, false
	}
	return r.Covers(w.Now, location), true
}

// faults collects what is wrong with the fields of something, by the fields' names in the API.
type faults map[string]string

func (f faults) add(field, why string) {
	if _, said := f[field]; !said {
		f[field] = why
	}
}

// length complains about a text that is too long.
func (f faults) length(field, text string, most int) {
	if utf8.RuneCountInString(text) > most {
		f.add(field, tooLong(text, most))
	}
}

// name complains about a name that is missing or too long.
func (f faults) name(field, name string) {
	if name == "" {
		f.add(field, "is missing: give it a name")
	}
	f.length(field, name, NameMax)
}

// count complains about a list that is too long.
func (f faults) count(field string, n, most int) {
	if n > most {
		f.add(field, fmt.Sprintf("%d are too many: at most %d are allowed.", n, most))
	}
}

// span complains about a duration that is not in [least, most].
func (f faults) span(field string, d, least, most time.Duration) {
	if d < least || d > most {
		f.add(field, fmt.Sprintf("must be from %s to %s", words(least), words(most)))
	}
}

// restriction complains about windows of the week that cannot be, or have no zone. Whether
// there is such a zone is not known here.
func (f faults) restriction(r *rota.Restriction, zone string) {
	if r == nil {
		return
	}
	f.count("timeRestrictions", len(r.Windows), ConditionsMax)
	if !r.Valid() {
		f.add("timeRestrictions", "must have windows with days, hours from 0 to 24 and minutes from 0 to 59")
	}
	if zone == "" {
		f.add("timezone", "a time restriction needs a time zone, such as Asia/Ho_Chi_Minh")
	}
}

// err returns the faults as an error of kind [core.Unacceptable], nil if there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &core.Error{Kind: core.Unacceptable, Words: "Request body is not processable. Please check the errors.", Fields: f}
}

func tooLong(text string, most int) string {
	return fmt.Sprintf("%d characters are too many: at most %d are allowed.", utf8.RuneCountInString(text), most)
}

// words returns a duration as people say it, in its largest whole unit.
func words(d time.Duration) string {
	for _, u := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := d / u.length; n > 0 && d%u.length == 0 {
			return plural(int(n), u.name)
		}
	}
	return d.String()
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
