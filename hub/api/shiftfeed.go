package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/ical"
	"keng/hub/state"
)

// feedEventsMax is how many events a feed has at most. A person who changes every hour for a
// year has fewer.
const feedEventsMax = 5000

// A feedSpan is the time of a feed: [from, to). Shifts are looked for from before on, so that one
// that has begun before from is told whole.
type feedSpan struct{ before, from, to time.Time }

// feedSpans are the times that a feed may have, the longest first: four weeks and up to one more
// back, and months ahead. They begin and end with a week and a month, so that what is cut off
// there is not otherwise at each look.
func feedSpans(now time.Time) (spans []feedSpan) {
	now = now.UTC()
	y, m, d := now.Date()
	week := time.Date(y, m, d-(int(now.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
	from := week.AddDate(0, 0, -4*7)
	for _, months := range []int{12, 6, 3, 1} {
		spans = append(spans, feedSpan{from.AddDate(0, 0, -5*7), from, time.Date(y, m+1+time.Month(months), 1, 0, 0, 0, 0, time.UTC)})
	}
	return append(spans, feedSpan{week.AddDate(0, 0, -7), week, week.AddDate(0, 0, 3*7)})
}

// shiftFeed is what a feed tells: somebody's shifts, or a schedule's.
type shiftFeed struct {
	name, description string
	zone              *time.Location
	events            []ical.Event
}

// file writes the feed, and names what is in it, apart from the moment when it is written.
func (f *shiftFeed) file(now time.Time) *feedFile {
	sum := sha256.New()
	fmt.Fprintf(sum, "1 %q %q %q", f.name, f.description, f.zone)
	for _, e := range f.events {
		fmt.Fprintf(sum, " %q %d %d %q %q", e.UID, e.Start.Unix(), e.End.Unix(), e.Summary, e.Description)
	}
	return &feedFile{etag: `W/"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`, bytes: ical.Feed(f.name, f.description, f.zone, f.events, now)}
}

// feedWriter makes feeds of the state, in a language.
type feedWriter struct {
	tx    reader
	zones state.Zones
	now   time.Time
	words feedWords
	names map[rota.Participant]string
}

func (a *API) feedWriter(tx reader, language string) *feedWriter {
	return &feedWriter{tx: tx, zones: a.zones.In(tx), now: a.Now(), words: feedWordsOf(language), names: map[rota.Participant]string{}}
}

// errTooManyShifts says that no time is short enough for a feed.
var errTooManyShifts = core.Invalid("identifier", fmt.Sprintf("has more than %d shifts in three weeks: too many for a calendar", feedEventsMax))

// fit fills a feed with the events of the longest time for which they are not too many.
func (w *feedWriter) fit(f *shiftFeed, events func(feedSpan) (all []ical.Event, fits bool, err error)) error {
	for i, s := range feedSpans(w.now) {
		all, fits, err := events(s)
		if err != nil {
			return err
		}
		if !fits {
			continue
		}
		f.events = all
		span := w.words.span
		if i > 0 {
			span = w.words.cut
		}
		f.description += " " + fmt.Sprintf(span, s.from.In(f.zone).Format(w.words.date), s.to.In(f.zone).Format(w.words.date))
		return nil
	}
	return errTooManyShifts
}

// schedule makes the feed of a schedule.
func (w *feedWriter) schedule(s *rota.Schedule) (*shiftFeed, error) {
	zone, err := w.zones(s.Zone)
	if err != nil {
		return nil, err
	}
	f := &shiftFeed{name: s.Name, description: fmt.Sprintf(w.words.schedule, s.Name), zone: zone}
	if s.Disabled {
		f.description += " " + w.words.disabled
	}
	return f, w.fit(f, func(span feedSpan) ([]ical.Event, bool, error) {
		shifts, fits, err := w.shifts(s, span, nil)
		var all []ical.Event
		for _, x := range shifts {
			e := w.event(s, x)
			if e.Summary = w.name(x.Participant); len(s.Rotations) > 1 {
				e.Summary = rotationName(s, x.Rotation) + ": " + e.Summary
			}
			all = append(all, e)
		}
		return all, fits, err
	})
}

// person makes the feed of a person's own shifts, in whatever schedule who asks may see.
func (w *feedWriter) person(u *reach.User, name scheduleName) (*shiftFeed, error) {
	zone, err := w.zones(cmp.Or(u.Zone, "UTC"))
	if err != nil {
		zone = time.UTC
	}
	who := rota.Participant{User: u.ID}
	f := &shiftFeed{name: fmt.Sprintf(w.words.shiftsOf, w.name(who)), zone: zone}
	f.description = f.name + "."
	return f, w.fit(f, func(span feedSpan) ([]ical.Event, bool, error) {
		var all []ical.Event
		concerns := state.MayBeOnCall(w.tx, u.ID, span.before)
		for s := range state.Schedules.All(w.tx) {
			if !concerns(s) || !name.seen(s) {
				continue
			}
			shifts, fits, err := w.shifts(s, span, &who)
			if err != nil || !fits || len(all)+len(shifts) > feedEventsMax {
				return nil, false, err
			}
			for _, x := range shifts {
				e := w.event(s, x)
				if e.Summary = fmt.Sprintf(w.words.onCall, s.Name); len(s.Rotations) > 1 {
					e.Summary += " (" + rotationName(s, x.Rotation) + ")"
				}
				all = append(all, e)
			}
		}
		slices.SortStableFunc(all, func(a, b ical.Event) int { return a.Start.Compare(b.Start) })
		return all, true, nil
	})
}

// shift is a time in which somebody is on call in a rotation without a break, be it for several
// turns and reasons.
type shift struct {
	rota.Period
	open    bool // it has begun before the feed looks
	reasons []string
}

// shifts returns the shifts of a schedule, of one participant if there is one, in the order of the
// rotations and then of time. It reports whether they are not too many.
func (w *feedWriter) shifts(s *rota.Schedule, span feedSpan, who *rota.Participant) (all []shift, fits bool, err error) {
	calendar, err := state.CalendarOf(w.tx, s, w.zones, span.before, span.to)
	if err != nil {
		return nil, false, err
	}
	t := calendar.Timeline(span.before, span.to)
	for _, p := range t.Final {
		if who != nil && p.Participant != *who {
			continue
		}
		reason := w.reason(p)
		if n := len(all); n > 0 && all[n-1].Rotation == p.Rotation && all[n-1].Participant == p.Participant && all[n-1].End.Equal(p.Start) {
			last := &all[n-1]
			if last.End = p.End; !slices.Contains(last.reasons, reason) {
				last.reasons = append(last.reasons, reason)
			}
			continue
		}
		all = append(all, shift{p, p.Start.Equal(span.before), []string{reason}})
	}
	all = slices.DeleteFunc(all, func(x shift) bool { return !x.End.After(span.from) })
	return all, !t.Cut && len(all) <= feedEventsMax, nil
}

// reason says why somebody is on call.
func (w *feedWriter) reason(p rota.Period) string {
	switch {
	case p.For != "":
		return fmt.Sprintf(w.words.insteadOf, w.name(rota.Participant{User: p.For}))
	case p.Kind == rota.ByOverride:
		return w.words.override
	}
	return ""
}

// event makes an event of a shift, but for its summary. It is known again by where it is, whose it
// is and when it begins, so that a calendar program moves its end and does not show it twice; of
// one that began long ago the beginning moves with the feed and does not count.
func (w *feedWriter) event(s *rota.Schedule, x shift) ical.Event {
	begins := x.Start.Unix()
	if x.open {
		begins = 0
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d", s.ID, x.Rotation, x.Participant, begins))
	lines := []string{fmt.Sprintf(w.words.where, s.Name, rotationName(s, x.Rotation))}
	for _, r := range x.reasons {
		if r != "" {
			lines = append(lines, r)
		}
	}
	return ical.Event{UID: hex.EncodeToString(sum[:16]) + "@keng", Start: x.Start, End: x.End, Description: strings.Join(lines, "\n")}
}

func rotationName(s *rota.Schedule, id string) string {
	if i := slices.IndexFunc(s.Rotations, func(r rota.Rotation) bool { return r.ID == id }); i >= 0 {
		return s.Rotations[i].Name
	}
	return ""
}

// name is what people call a participant.
func (w *feedWriter) name(p rota.Participant) string {
	if name, ok := w.names[p]; ok {
		return name
	}
	who := participantOf(w.tx, p)
	name := who.Name + who.Username
	if u, err := (state.Pick{ID: string(p.User)}).User(w.tx); err == nil {
		name = cmp.Or(u.FullName, name)
	}
	w.names[p] = name
	return name
}

// feedWords are what feeds say to people.
type feedWords struct {
	schedule, shiftsOf, onCall, where, insteadOf, override, disabled string
	span, cut, date                                                  string
}

func feedWordsOf(language string) feedWords {
	if language == "en" {
		return feedWords{schedule: "Who is on call in %s.", shiftsOf: "On-call shifts of %s", onCall: "On call: %s", where: "Schedule %s, rotation %s",
			insteadOf: "Instead of %s (forwarding)", override: "By an override", disabled: "The schedule is disabled: nobody is on call.", span: "Shown from %s to %s.",
			cut: "Shown from %s to %s only: there are too many shifts for more.", date: "2006-01-02"}
	}
	return feedWords{schedule: "Ai trực trong lịch %s.", shiftsOf: "Ca trực của %s", onCall: "Trực: %s", where: "Lịch %s, vòng trực %s",
		insteadOf: "Trực thay %s (chuyển tiếp)", override: "Trực thay", disabled: "Lịch đang tắt: không có ai trực.", span: "Hiển thị từ %s đến %s.",
		cut: "Chỉ hiển thị từ %s đến %s: có quá nhiều ca trực để hiển thị thêm.", date: "02/01/2006"}
}

// scheduleFeedIn asks for the feed of a schedule.
type scheduleFeedIn struct {
	schedule scheduleName
	language string
	known    string // what the caller has already
}

func (in *scheduleFeedIn) read(c *call) {
	in.schedule, in.language, in.known = c.schedule("identifierType"), c.choice("language", "vi", "en"), c.r.Header.Get("If-None-Match")
}

func (a *API) getScheduleFeed(ctx context.Context, in *scheduleFeedIn) (*feedFile, error) {
	return a.writeFeed(ctx, in.known, func(tx reader) (*shiftFeed, error) {
		s, err := in.schedule.Schedule(tx)
		if err != nil {
			return nil, err
		}
		return a.feedWriter(tx, in.language).schedule(s)
	})
}

// personFeedIn asks for the feed of a person.
type personFeedIn struct {
	user     state.Pick
	seen     scheduleName // which schedules the caller may see
	language string       // "": the person's
	known    string
}

func (in *personFeedIn) read(c *call) {
	in.user, in.seen.of = state.Either(c.identifier("identifier")), c.key.Team
	in.language, in.known = c.choice("language", "", "vi", "en"), c.r.Header.Get("If-None-Match")
}

func (a *API) getPersonFeed(ctx context.Context, in *personFeedIn) (*feedFile, error) {
	return a.writeFeed(ctx, in.known, func(tx reader) (*shiftFeed, error) {
		u, err := in.user.User(tx)
		if err != nil {
			return nil, err
		}
		return a.feedWriter(tx, cmp.Or(in.language, u.Language)).person(u, in.seen)
	})
}

// writeFeed answers with a feed, or that the caller has it already.
func (a *API) writeFeed(ctx context.Context, known string, make func(reader) (*shiftFeed, error)) (*feedFile, error) {
	var f *shiftFeed
	err := a.look(ctx, func(tx reader) (err error) {
		f, err = make(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := f.file(a.Now())
	out.known = matches(known, out.etag)
	return out, nil
}
