package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/hub/core/rota/picture"
	"keng/hub/state"
	"keng/raftstore/table"
)

// The bounds of a question about shifts.
const (
	timelineMax = 366 * 24 * time.Hour
	// weeksUsual is how far ahead it is looked for gaps, and weeksMax how far at most.
	weeksUsual, weeksMax = 8, 26
	troublesMax          = 1000
	moreSchedulesMax     = 50 // told of one double booking, besides the first two
)

// timelineIn asks what happens in a schedule in a time.
type timelineIn struct {
	schedule scheduleName
	expand   []string // which timelines besides the final one
	from     time.Time
	interval int
	unit     string
	language string
}

func (in *timelineIn) read(c *call) {
	in.schedule, in.from = c.schedule("identifierType"), c.moment("date")
	in.interval = c.number("interval", 1, 366, 1)
	in.unit = c.choice("intervalUnit", "weeks", "days", "months")
	in.language = c.choice("language", "vi", "en")
	for word := range strings.SplitSeq(c.query("expand"), ",") {
		in.expand = append(in.expand, strings.TrimSpace(word))
	}
}

// span returns the time that is asked for: without a date it begins today, by the wall of
// the schedule's zone.
func (in *timelineIn) span(now time.Time, zone *time.Location) (from, to time.Time, err error) {
	from = in.from.In(zone)
	if in.from.IsZero() {
		y, m, d := now.In(zone).Date()
		from = time.Date(y, m, d, 0, 0, 0, 0, zone)
	}
	switch in.unit {
	case "days":
		to = from.AddDate(0, 0, in.interval)
	case "months":
		to = from.AddDate(0, in.interval, 0)
	default:
		to = from.AddDate(0, 0, 7*in.interval)
	}
	if to.Sub(from) > timelineMax {
		err = core.Invalid("interval", "must not be longer than a year")
	}
	return from, to, err
}

// scheduleTimeline is what happens in a schedule, as replies tell it.
type scheduleTimeline struct {
	Parent      thing     `json:"_parent"`
	Description string    `json:"description"`
	OwnerTeam   *thing    `json:"ownerTeam,omitempty"`
	StartDate   moment    `json:"startDate"`
	EndDate     moment    `json:"endDate"`
	Final       timeline  `json:"finalTimeline"`
	Base        *timeline `json:"baseTimeline,omitempty"`
	Override    *timeline `json:"overrideTimeline,omitempty"`
	Forwarding  *timeline `json:"forwardingTimeline,omitempty"`
}

// timeline is one timeline, rotation by rotation.
type timeline struct {
	Rotations []rotationPeriods `json:"rotations"`
}

type rotationPeriods struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Order   float64  `json:"order"`
	Periods []period `json:"periods"`
}

// period is a time for which somebody is on call.
type period struct {
	StartDate moment  `json:"startDate"`
	EndDate   *moment `json:"endDate,omitempty"`
	Type      string  `json:"type"` // default, override or forwarding
	Recipient someone `json:"recipient"`
	// ForwardedFrom is whose period it would be.
	ForwardedFrom *someone `json:"forwardedFrom,omitempty"`
	// StartLocal and EndLocal are the same times by the wall of the schedule's zone, with its offset, if
	// they are asked for: whoever reads them need not know the zone.
	StartLocal string `json:"startLocal,omitempty"`
	EndLocal   string `json:"endLocal,omitempty"`
}

// tellLocal adds the times by the wall of a zone.
func (t *timeline) tellLocal(zone *time.Location) {
	for _, row := range t.Rotations {
		for i := range row.Periods {
			p := &row.Periods[i]
			p.StartLocal = p.StartDate.In(zone).Format(time.RFC3339)
			if p.EndDate != nil {
				p.EndLocal = p.EndDate.In(zone).Format(time.RFC3339)
			}
		}
	}
}

// timelineAnswer is a timeline, with what more may be asked for.
type timelineAnswer struct{ data[scheduleTimeline] }

func (t *timelineAnswer) fill(e *envelope) int {
	e.Expandable = []string{"base", "override", "forwarding"}
	return t.data.fill(e)
}

func (a *API) getTimeline(ctx context.Context, in *timelineIn) (*timelineAnswer, error) {
	out := &timelineAnswer{}
	err := a.look(ctx, func(tx reader) error {
		calendar, from, to, err := a.calendar(tx, in)
		if err != nil {
			return err
		}
		s, t := calendar.Schedule, calendar.Timeline(from, to)
		if t.Cut {
			return core.Invalid("interval", fmt.Sprintf("has more than %d periods: ask for a shorter one", rota.PeriodsMax))
		}
		told := func(periods []rota.Period) *timeline {
			out := timelineOf(tx, s, periods)
			if slices.Contains(in.expand, "local") {
				out.tellLocal(calendar.Zone)
			}
			return out
		}
		out.of = scheduleTimeline{Parent: scheduleThing(s), Description: s.Description, OwnerTeam: ownerOf(tx, string(s.Team)),
			StartDate: moment{from}, EndDate: moment{to}, Final: *told(t.Final)}
		if slices.Contains(in.expand, "base") {
			out.of.Base = told(t.Base)
		}
		if slices.Contains(in.expand, "override") {
			out.of.Override = told(t.Overridden)
		}
		if slices.Contains(in.expand, "forwarding") {
			out.of.Forwarding = told(t.Forwarded)
		}
		return nil
	})
	return out, err
}

// calendar returns a schedule's calendar for a time that is asked for.
func (a *API) calendar(tx reader, in *timelineIn) (c *rota.Calendar, from, to time.Time, err error) {
	s, err := in.schedule.Schedule(tx)
	if err != nil {
		return nil, from, to, err
	}
	zones := a.zones.In(tx)
	zone, err := zones(s.Zone)
	if err != nil {
		return nil, from, to, err
	}
	if from, to, err = in.span(a.Now(), zone); err != nil {
		return nil, from, to, err
	}
	c, err = state.CalendarOf(tx, s, zones, from, to)
	return c, from, to, err
}

// periodTypes are the words for what puts somebody on call.
var periodTypes = map[rota.Kind]string{rota.ByRotation: "default", rota.ByOverride: "override", rota.ByForward: "forwarding"}

func timelineOf(tx reader, s *rota.Schedule, periods []rota.Period) *timeline {
	out := &timeline{Rotations: []rotationPeriods{}}
	for i, r := range s.Rotations {
		row := rotationPeriods{ID: r.ID, Name: r.Name, Order: float64(i + 1), Periods: []period{}}
		for _, p := range periods {
			if p.Rotation == r.ID {
				row.Periods = append(row.Periods, periodOf(tx, p))
			}
		}
		out.Rotations = append(out.Rotations, row)
	}
	return out
}

func periodOf(tx reader, p rota.Period) period {
	out := period{StartDate: moment{p.Start}, Type: periodTypes[p.Kind], Recipient: participantOf(tx, p.Participant)}
	if !p.End.IsZero() {
		out.EndDate = &moment{p.End}
	}
	if p.For != "" {
		out.ForwardedFrom = personOf(tx, p.For)
	}
	return out
}

// getPicture draws a timeline.
func (a *API) getPicture(ctx context.Context, in *timelineIn) (*file, error) {
	out := &file{contentType: "image/svg+xml"}
	err := a.look(ctx, func(tx reader) error {
		calendar, from, to, err := a.calendar(tx, in)
		if err != nil {
			return err
		}
		out.bytes = a.draw(tx, calendar, from, to, in.language)
		return nil
	})
	return out, err
}

func (a *API) draw(tx reader, c *rota.Calendar, from, to time.Time, language string) []byte {
	name := func(p rota.Participant) string { // people by their full names: a picture is for people
		if u, ok := state.Users.Get(tx, table.K().String(string(p.User))); ok && p.User != "" && u.FullName != "" {
			return u.FullName
		}
		who := participantOf(tx, p)
		return who.Name + who.Username
	}
	person := func(id core.UserID) string { return name(rota.Participant{User: id}) }
	t := c.Timeline(from, to)
	drawn := picture.Timeline{Title: c.Schedule.Name, Zone: c.Zone, From: from, To: to, Now: a.Now(), Language: language, Cut: t.Cut}
	base := map[string][]rota.Period{}
	for _, p := range t.Base {
		base[p.Rotation] = append(base[p.Rotation], p)
	}
	for _, r := range c.Schedule.Rotations {
		drawn.Rows = append(drawn.Rows, picture.Row{Name: r.Name, Periods: picture.Periods(base[r.ID], name, person)})
	}
	drawn.Rows = append(drawn.Rows, picture.Row{Name: map[string]string{"vi": "Trực thực tế", "en": "On call"}[language], Periods: picture.Periods(t.Final, name, person)})
	for _, gap := range c.Uncovered(&t) {
		drawn.Gaps = append(drawn.Gaps, picture.Span{Start: gap.Start, End: gap.End})
	}
	return drawn.SVG()
}

// gapsIn asks what is to be mended in the weeks to come.
type gapsIn struct {
	weeks    int
	schedule scheduleName // of all that the caller may see
}

func (in *gapsIn) read(c *call) {
	in.weeks, in.schedule.of = c.number("weeks", 1, weeksMax, weeksUsual), c.key.Team
}

// trouble is something to be mended before its time comes.
type trouble struct {
	Kind       string    `json:"kind"` // gap, away, double-booked or unknown
	Schedule   thing     `json:"schedule"`
	StartDate  moment    `json:"startDate"`
	EndDate    moment    `json:"endDate"`
	User       *someone  `json:"user,omitempty"`
	Other      *thing    `json:"otherSchedule,omitempty"`
	More       []thing   `json:"moreSchedules,omitempty"` // the third and further ones, at most [moreSchedulesMax]
	Suggestion []someone `json:"suggestion"`
	Reason     string    `json:"reason,omitempty"` // why it is unknown who is on call
	// StartLocal and EndLocal are the same times by the wall of the schedule's zone, with its offset; none
	// if the zone is not known.
	StartLocal string `json:"startLocal,omitempty"`
	EndLocal   string `json:"endLocal,omitempty"`
}

var troubleKinds = map[rota.TroubleKind]string{rota.Gap: "gap", rota.Away: "away", rota.DoubleBooked: "double-booked", rota.Unknown: "unknown"}

// troublePage is a list of troubles, which may have been cut.
type troublePage struct {
	page[trouble]
	cut bool
}

func (p *troublePage) fill(e *envelope) int {
	if p.cut {
		e.Message = fmt.Sprintf("Only the first %d are told: mend them, or look less far ahead.", troublesMax)
	}
	return p.page.fill(e)
}

func (a *API) listGaps(ctx context.Context, in *gapsIn) (*troublePage, error) {
	var out troublePage
	err := a.look(ctx, func(tx reader) error {
		from := a.Now()
		zones := a.zones.In(tx)
		all := state.Troubles(tx, zones, from, from.AddDate(0, 0, 7*in.weeks))
		all = slices.DeleteFunc(all, func(t rota.Trouble) bool { return !in.schedule.concerned(tx, &t) })
		out = troublePage{cut: len(all) > troublesMax}
		for _, t := range firstTroubles(all, troublesMax) {
			out.of = append(out.of, troubleOf(tx, zones, t))
		}
		return nil
	})
	return &out, err
}

// firstTroubles returns the first of all troubles. If they are not all told, double bookings are the last and
// the first to be left out: that nobody is there is worse.
func firstTroubles(all []rota.Trouble, most int) []rota.Trouble {
	if len(all) <= most {
		return all
	}
	twice := func(t rota.Trouble) int {
		if t.Kind == rota.DoubleBooked {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b rota.Trouble) int { return twice(a) - twice(b) })
	return all[:most]
}

func troubleOf(tx reader, zones state.Zones, t rota.Trouble) trouble {
	schedule := func(id core.ScheduleID) thing {
		who := someoneOf(tx, alert.Responder{Kind: alert.Schedule, ID: string(id)})
		return thing{ID: who.ID, Name: who.Name}
	}
	out := trouble{Kind: troubleKinds[t.Kind], Schedule: schedule(t.Schedule), StartDate: moment{t.Start}, EndDate: moment{t.End}, Suggestion: []someone{}, Reason: t.Why}
	if s, err := (state.Pick{ID: string(t.Schedule)}).Schedule(tx); err == nil {
		if zone, err := zones(s.Zone); err == nil {
			out.StartLocal, out.EndLocal = t.Start.In(zone).Format(time.RFC3339), t.End.In(zone).Format(time.RFC3339)
		}
	}
	if t.User != "" {
		out.User = personOf(tx, t.User)
	}
	if t.Other != "" {
		other := schedule(t.Other)
		out.Other = &other
	}
	for _, id := range t.More[:min(len(t.More), moreSchedulesMax)] {
		out.More = append(out.More, schedule(id))
	}
	for _, p := range t.Suggestion {
		out.Suggestion = append(out.Suggestion, participantOf(tx, p))
	}
	return out
}
