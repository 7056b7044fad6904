package ical

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
)

// ContentType is what a feed is served as.
const ContentType = "text/calendar; charset=utf-8"

// feedTextMax is how many characters of a text a feed has at most.
const feedTextMax = 2000

// Feed writes a calendar of events for subscribers, who are asked to look every hour. Its name and its
// description are for people; an empty description is left out. The zone
// is that in which its owner thinks: times are written in UTC. Texts may hold anything. An
// event without a UID is given one that follows from its times and its summary. now is when the
// calendar is written; of one now and the same events the bytes are the same. The attendees of
// events are not written: a feed tells nobody's address.
func Feed(name, description string, zone *time.Location, events []Event, now time.Time) []byte {
	cal := ics.NewCalendarFor("Keng")
	cal.SetProductId("-//Keng//Keng//EN")
	cal.SetMethod(ics.MethodPublish)
	cal.SetCalscale("GREGORIAN")
	cal.SetXWRCalName(plain(name))
	cal.SetName(plain(name))
	if text := plain(description); text != "" {
		cal.SetXWRCalDesc(text)
		cal.SetDescription(text)
	}
	if zone != nil {
		cal.SetXWRTimezone(plain(zone.String()))
	}
	cal.SetRefreshInterval("PT1H") // the library adds VALUE=DURATION
	cal.SetXPublishedTTL("PT1H")
	for _, e := range events {
		v := cal.AddEvent(uid(e))
		v.SetDtStampTime(now)
		if e.AllDay {
			v.SetAllDayStartAt(e.Start)
			v.SetAllDayEndAt(e.End)
		} else {
			v.SetStartAt(e.Start)
			v.SetEndAt(e.End)
		}
		v.SetSummary(plain(e.Summary))
		if e.Description != "" {
			v.SetDescription(plain(e.Description))
		}
		if e.Location != "" {
			v.SetLocation(plain(e.Location))
		}
		// Who is on call is not busy: invitations may still come.
		v.SetTimeTransparency(ics.TransparencyTransparent)
	}
	return []byte(cal.Serialize(ics.WithLineLength(75), ics.WithNewLineWindows))
}

// uid returns the UID of an event, or one that follows from what it is.
func uid(e Event) string {
	id := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return '-'
		}
		return r
	}, plain(e.UID))
	if id != "" {
		return id
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %t %q", e.Start.Unix(), e.End.Unix(), e.AllDay, e.Summary))
	return hex.EncodeToString(sum[:16]) + "@keng"
}

// plain makes of any text one that a calendar may hold: valid UTF-8, of controls only line
// breaks and tabs, and not endless.
func plain(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	kept := 0
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || kept == feedTextMax {
			return -1
		}
		kept++
		return r
	}, s))
}
