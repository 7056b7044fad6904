// Package picture draws who is on call as an SVG picture, for the console, for mails and
// for paper.
//
// A [Timeline] goes in, the bytes of one SVG document come out. There is a row for each
// rotation and, last, one for what happens in the end, in which gaps are shown. The days,
// weeks and months are those of the timeline's zone: a day of 23 hours is narrower than one of
// 25. Where a name does not fit into its bar it is shortened; the tooltip of the bar has all of
// it, and when, and why.
//
// Nothing is told by colour alone: overrides are hatched, what was forwarded has an arrow and
// says for whom, gaps have a pattern and words. The colours of people can be told apart by
// those who are colour-blind, and bear dark text by day and by night.
//
// The picture stands by itself: no script, no reference to anything outside, no font of
// its own. It looks right without its style sheet, which does nothing but darken it where a dark
// picture is wanted. All that is defined in it is named kp-…, so that it can stand in the midst
// of a page. Names may hold anything: what XML cannot hold, or what would disturb its
// neighbours, is left out.
//
// The same timeline always gives the same bytes. Sizes are bounded, whatever goes in: see
// [RowsMax], [BarsMax] and the others.
package picture

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/clocks"
	"keng/hub/core/rota"
)

// The bounds of a picture. What is beyond them is left out, and the picture says how much.
const (
	RowsMax   = 40   // rows, the last one always among them
	LanesMax  = 8    // bars above one another in a row
	BarsMax   = 1500 // bars in all, those of the last row first
	LegendMax = 24   // people in the legend
	NameMax   = 100  // characters of a name, 200 in a tooltip
	WidthMin  = 480  // pixels
	WidthMax  = 4000 // pixels
	// YearsMax is how many years after From a picture ends at the latest.
	YearsMax = 50
)

// Timeline is what is drawn.
type Timeline struct {
	Title string
	// Zone is where days begin and how times are written; nil is UTC.
	Zone *time.Location
	// From and To are the ends of the picture. A To that is not after From is a day after it.
	From, To time.Time
	// Now is the moment to mark; zero, or outside of the picture: none.
	Now time.Time
	// Rows are drawn in their order, the last one as what happens in the end.
	Rows []Row
	// Gaps are the times in which nobody is on call though somebody should; drawn in the last row.
	Gaps []Span
	// Cut says that there are periods besides those that are given: the picture says so.
	Cut bool
	// Language is "vi" or "en"; another is taken for "en".
	Language string
	// Width is the width in pixels, within WidthMin and WidthMax; 0 is 1200.
	Width int
}

// Row is a line of the picture. Periods may overlap: those that do stand above one another.
type Row struct {
	Name    string
	Periods []Period
}

// Period is a time for which somebody is on call, or nobody: [Start, End).
type Period struct {
	// Who is whose colour it has, by any id; empty: nobody is on call.
	Who  string
	Name string
	// Start and End may lie outside of the picture. A zero End means that it never ends.
	Start, End time.Time
	Kind       rota.Kind
	// For is the name of whose period it would be, if it was forwarded.
	For string
}

// Span is a time: [Start, End). A zero End means that it never ends.
type Span struct{ Start, End time.Time }

// Periods makes the periods of a row from those of a rota. The functions give the names that
// are shown, of participants and of people.
func Periods(of []rota.Period, name func(rota.Participant) string, person func(core.UserID) string) []Period {
	all := make([]Period, 0, len(of))
	for _, p := range of {
		q := Period{Start: p.Start, End: p.End, Kind: p.Kind}
		if q.Who = cmp.Or(string(p.User), string(p.Team), string(p.Escalation)); q.Who != "" {
			q.Name = name(p.Participant)
		}
		if p.Kind == rota.ByForward && p.For != "" {
			q.For = person(p.For)
		}
		all = append(all, q)
	}
	return all
}

// SVG draws a timeline as an SVG document in UTF-8. It never fails, and changes nothing that
// it is given.
func (t Timeline) SVG() []byte {
	t = t.normal()
	d := &drawing{Timeline: t, out: new(bytes.Buffer), words: wordsOf(t.Language), shifting: shifts(t.From, t.To)}
	rows, left := d.rows()
	d.colours = colours(rows)
	d.left = left
	return d.draw(rows)
}

// normal returns the timeline within the bounds and in its zone, with defaults filled in.
func (t Timeline) normal() Timeline {
	if t.Zone == nil {
		t.Zone = time.UTC
	}
	if t.Width == 0 {
		t.Width = 1200
	}
	t.Width = min(max(t.Width, WidthMin), WidthMax)
	t.From = t.From.In(t.Zone)
	if !t.To.After(t.From) {
		t.To = t.From.Add(24 * time.Hour)
	}
	if last := t.From.AddDate(YearsMax, 0, 0); t.To.After(last) {
		t.To = last
	}
	t.To = t.To.In(t.Zone)
	return t
}

// shifts reports whether clocks change between two moments, so that the time on the wall
// does not say all.
func shifts(from, to time.Time) bool {
	_, next := clocks.Bounds(from)
	return !next.IsZero() && next.Before(to)
}

// A bar is a period as it is drawn.
type bar struct {
	Period
	gap  bool
	lane int
}

// A shelf is a row as it is drawn.
type shelf struct {
	name  string
	bars  []bar
	lanes int
	last  bool
}

// rows puts the periods that are in the picture into lanes, and counts those which no place
// is left for.
func (d *drawing) rows() (all []shelf, left int) {
	budget := BarsMax
	for i := len(d.Rows) - 1; i >= 0; i-- {
		r, last := d.Rows[i], i == len(d.Rows)-1
		bars := d.visible(r.Periods)
		if last {
			for _, g := range d.visible(spans(d.Gaps)) {
				bars = append(bars, bar{Period: g.Period, gap: true})
			}
		}
		if len(all) == RowsMax {
			left += len(bars)
			continue
		}
		slices.SortStableFunc(bars, func(a, b bar) int { return a.Start.Compare(b.Start) })
		over := max(len(bars)-budget, 0)
		bars = bars[:len(bars)-over]
		budget -= len(bars)
		s, crowded := d.shelve(bars)
		s.name, s.last = r.Name, last
		all, left = append(all, s), left+over+crowded
	}
	slices.Reverse(all)
	return all, left
}

// spans returns gaps as periods of nobody.
func spans(gaps []Span) []Period {
	all := make([]Period, len(gaps))
	for i, g := range gaps {
		all[i] = Period{Start: g.Start, End: g.End}
	}
	return all
}

// visible returns the periods of which some part is in the picture.
func (d *drawing) visible(periods []Period) []bar {
	var bars []bar
	for _, p := range periods {
		endless := p.End.IsZero()
		if p.Start.Before(d.To) && (endless || p.End.After(d.From) && p.End.After(p.Start)) {
			p.Name = cmp.Or(p.Name, p.Who)
			bars = append(bars, bar{Period: p})
		}
	}
	return bars
}

// shelve gives each bar, which are in the order of their starts, the first free lane.
func (d *drawing) shelve(bars []bar) (s shelf, left int) {
	var free []time.Time // when each lane is free again
	for _, b := range bars {
		until := b.End
		if until.IsZero() || until.After(d.To) {
			until = d.To
		}
		lane := slices.IndexFunc(free, func(at time.Time) bool { return !at.After(b.Start) })
		if lane < 0 && len(free) == LanesMax {
			left++
			continue
		}
		if lane < 0 {
			lane, free = len(free), append(free, time.Time{})
		}
		free[lane], b.lane = until, lane
		s.bars = append(s.bars, b)
	}
	s.lanes = max(len(free), 1)
	return s, left
}
