package ical_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"keng/hub/ical"
)

// What Windows calls a zone shows the time that Windows shows for it, in January and in July.
func TestZonesOfWindows(t *testing.T) {
	for name, want := range map[string]string{
		"SE Asia": "+07 +07", "Singapore": "+08 +08", "China": "+08 +08", "Taipei": "+08 +08", "Tokyo": "+09 +09", "Korea": "+09 +09",
		"India": "+05:30 +05:30", "Nepal": "+05:45 +05:45", "Arabian": "+04 +04", "Arab": "+03 +03", "Israel": "+02 +03", "Iran": "+03:30 +03:30",
		"GMT": "+00 +01", "Greenwich": "+00 +00", "W. Europe": "+01 +02", "Central Europe": "+01 +02", "Central European": "+01 +02", "Romance": "+01 +02",
		"E. Europe": "+02 +03", "FLE": "+02 +03", "GTB": "+02 +03", "Turkey": "+03 +03", "Russian": "+03 +03", "South Africa": "+02 +02",
		"Eastern": "-05 -04", "Central": "-06 -05", "Mountain": "-07 -06", "Pacific": "-08 -07", "US Mountain": "-07 -07", "US Eastern": "-05 -04",
		"Alaskan": "-09 -08", "Hawaiian": "-10 -10", "Atlantic": "-04 -03", "Newfoundland": "-03:30 -02:30", "SA Pacific": "-05 -05",
		"SA Western": "-04 -04", "SA Eastern": "-03 -03", "E. South America": "-03 -03", "Argentina": "-03 -03", "Pacific SA": "-03 -04",
		"AUS Eastern": "+11 +10", "E. Australia": "+10 +10", "Cen. Australia": "+10:30 +09:30", "AUS Central": "+09:30 +09:30", "W. Australia": "+08 +08",
		"Tasmania": "+11 +10", "New Zealand": "+13 +12", "Chatham Islands": "+13:45 +12:45", "Fiji": "+12 +12", "Tonga": "+13 +13", "Samoa": "+13 +13",
		"Line Islands": "+14 +14",

		"North Korea": "+09 +09", "Myanmar": "+06:30 +06:30", "Bangladesh": "+06 +06", "Sri Lanka": "+05:30 +05:30", "Pakistan": "+05 +05", "West Asia": "+05 +05",
		"Central Asia": "+06 +06", "Afghanistan": "+04:30 +04:30", "Arabic": "+03 +03", "Jordan": "+03 +03", "Middle East": "+02 +03", "Syria": "+03 +03",
		"Georgian": "+04 +04", "Caucasus": "+04 +04", "Azerbaijan": "+04 +04", "Ulaanbaatar": "+08 +08", "Ekaterinburg": "+05 +05", "N. Central Asia": "+07 +07",
		"North Asia": "+07 +07", "North Asia East": "+08 +08", "Yakutsk": "+09 +09", "Vladivostok": "+10 +10", "Magadan": "+11 +11", "Belarus": "+03 +03",
		"Kaliningrad": "+02 +02", "Egypt": "+02 +03", "E. Africa": "+03 +03", "W. Central Africa": "+01 +01", "Morocco": "+01 +01", "Namibia": "+02 +02",
		"Libya": "+02 +02", "Sudan": "+02 +02", "Mauritius": "+04 +04", "Canada Central": "-06 -06", "Central America": "-06 -06", "Venezuela": "-04 -04",
		"Montevideo": "-03 -03", "Greenland": "-02 -01", "Cuba": "-05 -04", "Azores": "-01 +00", "Cape Verde": "-01 -01", "Lord Howe": "+11 +10:30",
		"West Pacific": "+10 +10", "Central Pacific": "+11 +11",

		"Central Standard Time (Mexico)": "-06 -06", "Mountain Standard Time (Mexico)": "-07 -07", "Pacific Standard Time (Mexico)": "-08 -07",
		"Eastern Standard Time (Mexico)": "-05 -05", "Russia Time Zone 3": "+04 +04", "Coordinated Universal Time": "+00 +00",
		"(UTC) Coordinated Universal Time": "+00 +00", "tzone://Microsoft/Utc": "+00 +00", "UTC": "+00 +00",
	} {
		if !strings.Contains(name, "Time") && !strings.Contains(strings.ToUpper(name), "UTC") {
			name += " Standard Time"
		}
		var got []string
		for _, at := range []string{"20260115T120000", "20260715T120000"} {
			text := event(`DTSTART;TZID="` + name + `":` + at)
			events, err := ical.Read(strings.NewReader(text), day(2026, 1, 1), day(2027, 1, 1), zones, ical.Limits{})
			if err != nil || len(events) != 1 {
				t.Fatal(name, events, err)
			}
			got = append(got, strings.TrimSuffix(events[0].Start.Format("-07:00"), ":00"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is %s from UTC, want %s", name, got, want)
		}
	}
}

// Where nobody says in which zone the calendar is, what names a zone is found all the same.
func TestNoZoneOfTheCalendar(t *testing.T) {
	none := func(name string) (*time.Location, error) {
		if name == "" {
			return nil, errors.New("say in which zone it is")
		}
		return time.LoadLocation(name)
	}
	events, err := ical.Read(strings.NewReader(event("DTSTART;TZID=Asia/Tokyo:20260115T120000")), day(2026, 1, 1), day(2027, 1, 1), none, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, told(events), "2026-01-15 12:00+09 to 01-15 12:00+09 s")
	_, err = ical.Read(strings.NewReader(event("DTSTART:20260115T120000")), day(2026, 1, 1), day(2027, 1, 1), none, ical.Limits{})
	if err == nil || !strings.Contains(err.Error(), "is in no zone, and neither is the calendar: say in which zone it is") {
		t.Errorf("a time in no zone: %v", err)
	}
}
