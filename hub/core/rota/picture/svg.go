package picture

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"keng/hub/core/rota"
)

// The measures of a picture, in pixels.
const (
	margin    = 16.0
	titleHigh = 34.0
	nowHigh   = 18.0
	axisHigh  = 44.0
	laneHigh  = 28.0
	barHigh   = 24.0
	rowGap    = 8.0
	textSize  = 12.0
	smallSize = 11.0
)

// The colours of a picture that is not dark.
const (
	paper   = "#ffffff"
	ink     = "#10151a"
	faint   = "#55606b"
	line    = "#d5dae0"
	strong  = "#9ba5af"
	weekend = "#eef1f4"
	warning = "#b3123a"
	warned  = "#ffe3e8"
	accent  = "#0b5cad"
	nobody  = "#dddddd"
)

// style darkens the picture on a dark screen; on paper it stays as it is.
const style = `@media screen and (prefers-color-scheme:dark){` +
	`.kp-paper{fill:#0f1316}.kp-ink{fill:#e6eaee}.kp-faint{fill:#9ba5af}.kp-line{stroke:#2b333b}.kp-strong{stroke:#55606b}` +
	`.kp-weekend{fill:#1a2025}.kp-warn{fill:#ff8597}.kp-warnline{stroke:#ff8597}.kp-warned{fill:#3a1620}` +
	`.kp-accent{fill:#6cb6ff}.kp-accentline{stroke:#6cb6ff}}`

// A drawing is a timeline that is being drawn.
type drawing struct {
	Timeline
	words    words
	colours  map[string]string
	left     int  // periods for which there was no place
	shifting bool // clocks change within the picture
	out      *bytes.Buffer
	label    float64 // width of the column of the rows' names
	bottom   float64 // where the rows end
}

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(d.out, format, args...) }

// px writes a measure, to a tenth of a pixel.
func px(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// left and right of the part in which bars are.
func (d *drawing) x0() float64 { return margin + d.label }
func (d *drawing) x1() float64 { return float64(d.Width) - margin }

// x is where a moment is, within the part in which bars are.
func (d *drawing) x(t time.Time) float64 {
	share := t.Sub(d.From).Seconds() / d.To.Sub(d.From).Seconds()
	return d.x0() + min(max(share, 0), 1)*(d.x1()-d.x0())
}

// pixels is how wide a length of time is.
func (d *drawing) pixels(of time.Duration) float64 {
	return of.Seconds() / d.To.Sub(d.From).Seconds() * (d.x1() - d.x0())
}

// draw writes the document.
func (d *drawing) draw(rows []shelf) []byte {
	d.label = float64(min(max(d.Width/7, 90), 200))
	top := margin + titleHigh + nowHigh + axisHigh
	d.bottom = top
	for _, r := range rows {
		d.bottom += float64(r.lanes)*laneHigh + rowGap
	}
	d.bottom = max(d.bottom, top+laneHigh)
	legend, height := d.legend(rows, d.bottom+24)

	title := clean(d.Title, NameMax)
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%s" viewBox="0 0 %d %s" role="img" `, d.Width, px(height), d.Width, px(height))
	d.printf(`font-family="system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif" font-size="%s">`+"\n", px(textSize))
	d.printf("<title>%s</title>\n", escape(fmt.Sprintf(d.words.alt, apart(title), d.moment(d.From), d.moment(d.To))))
	d.printf("<style>%s</style>\n", style)
	d.patterns()
	d.printf(`<rect class="kp-paper" width="100%%" height="100%%" fill="%s"/>`+"\n", paper)
	d.heading(title)
	d.weekends(top)
	d.axis(top)
	y := top + rowGap/2
	for i, r := range rows {
		d.row(r, y, i)
		y += float64(r.lanes)*laneHigh + rowGap
	}
	d.present(top)
	d.out.Write(legend)
	d.printf("</svg>\n")
	return d.out.Bytes()
}

// patterns defines those of overrides and of gaps.
func (d *drawing) patterns() {
	d.printf(`<defs><pattern id="kp-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
		`<rect width="2" height="7" fill="#ffffff" fill-opacity="0.6"/></pattern>` + "\n")
	d.printf(`<pattern id="kp-gap" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">`+
		`<rect class="kp-warned" width="8" height="8" fill="%s"/><rect class="kp-warn" width="1.5" height="8" fill="%s" fill-opacity="0.45"/></pattern></defs>`+"\n", warned, warning)
}

// text writes one line of words that were cleaned.
func (d *drawing) text(x, y float64, class, fill, more, words string) {
	d.printf(`<text class="%s" x="%s" y="%s" fill="%s"%s>%s</text>`+"\n", class, px(x), px(y), fill, more, escape(words))
}

func (d *drawing) heading(title string) {
	y, size := margin+18, 17.0
	zone := d.words.zone + ": " + d.Zone.String()
	room := float64(d.Width) - 2*margin - width(zone, smallSize) - 24
	d.text(margin, y, "kp-ink", ink, ` font-size="17" font-weight="600"`, fit(title, room/1.08, size))
	d.text(d.x1(), y, "kp-faint", faint, ` font-size="11" text-anchor="end"`, zone)
}

// weekends shades Saturdays and Sundays, where a day is wide enough for that to be seen and
// not to flicker.
func (d *drawing) weekends(top float64) {
	if d.pixels(24*time.Hour) < 6 {
		return
	}
	days := d.days()
	for _, m := range d.marks(days) {
		if w := m.at.Weekday(); w != time.Saturday && w != time.Sunday {
			continue
		}
		from, to := d.x(m.at), d.x(days.next(m.at))
		d.printf(`<rect class="kp-weekend" x="%s" y="%s" width="%s" height="%s" fill="%s"/>`+"\n", px(from), px(top-axisHigh/2), px(to-from), px(d.bottom-top+axisHigh/2), weekend)
	}
}

// axis draws the marks of the calendar, the coarse ones above the fine ones.
func (d *drawing) axis(top float64) {
	fine, coarse := d.scales()
	for i, s := range []scale{fine, coarse} {
		y := top - axisHigh/2*float64(i)
		marks := d.marks(s)
		choice := d.choose(marks, i == 0)
		for n, m := range marks {
			from, to := d.x(m.at), d.x1()
			if n+1 < len(marks) {
				to = d.x(marks[n+1].at)
			}
			if m.at.After(d.From) {
				class, stroke := "kp-line", line
				if i == 1 {
					class, stroke = "kp-strong", strong
				}
				d.printf(`<path class="%s" d="M%s %sV%s" stroke="%s"/>`+"\n", class, px(from), px(y-axisHigh/2), px(d.bottom), stroke)
			}
			d.tick(m, i, choice, from, to, y-7)
		}
	}
	d.printf(`<path class="kp-strong" d="M%s %sH%s" stroke="%s"/>`+"\n", px(margin), px(top), px(d.x1()), strong)
}

// tick writes the longest words of a mark that fit, but no longer ones than were chosen for all.
func (d *drawing) tick(m mark, level, choice int, from, to, y float64) {
	for _, words := range m.texts[min(choice, len(m.texts)-1):] {
		if width(words, smallSize)+6 > to-from {
			continue
		}
		class, fill, more := "kp-faint", faint, ` font-size="11"`
		if level == 1 {
			class, fill, more = "kp-ink", ink, ` font-size="11" font-weight="600"`
		}
		d.text(from+4, y, class, fill, more, words)
		return
	}
}

// choose returns the longest form of words that fits at every mark which is whole, so that
// neighbours are written alike.
func (d *drawing) choose(marks []mark, whole bool) int {
	choice := 0
	for n := 1; whole && n+1 < len(marks); n++ {
		room := d.x(marks[n+1].at) - d.x(marks[n].at)
		for choice < len(marks[n].texts)-1 && width(marks[n].texts[choice], smallSize)+6 > room {
			choice++
		}
	}
	return choice
}

// row draws a row, with the line that parts it from the one before.
func (d *drawing) row(r shelf, y float64, n int) {
	high := float64(r.lanes) * laneHigh
	if n > 0 {
		class, stroke := "kp-line", line
		if r.last {
			class, stroke = "kp-strong", strong
		}
		d.printf(`<path class="%s" d="M%s %sH%s" stroke="%s"/>`+"\n", class, px(margin), px(y-rowGap/2), px(d.x1()), stroke)
	}
	name, more := clean(r.name, NameMax), ""
	room := d.label - 10
	if r.last {
		more, room = ` font-weight="600"`, room/1.08
	}
	d.printf(`<svg x="%s" y="%s" width="%s" height="%s"><title>%s</title>`, px(margin), px(y), px(d.label-6), px(high), escape(clean(r.name, 2*NameMax)))
	d.text(0, laneHigh/2+4, "kp-ink", ink, more, fit(name, room, textSize))
	d.printf("</svg>\n")
	for _, b := range r.bars {
		d.bar(b, y+float64(b.lane)*laneHigh+(laneHigh-barHigh)/2)
	}
}

// bar draws a bar as a picture of its own, so that nothing of it can reach over its ends.
func (d *drawing) bar(b bar, y float64) {
	from, to := d.x(b.Start), d.x1()
	if !b.End.IsZero() {
		to = d.x(b.End)
	}
	wide := max(to-from-1, 0.8) // a pixel of paper between neighbours
	d.printf(`<svg x="%s" y="%s" width="%s" height="%s"><title>%s</title>`, px(from+0.5), px(y), px(wide), px(barHigh), escape(d.tooltip(b)))
	rect := func(class, fill, more string) {
		d.printf(`<rect class="%s" width="%s" height="%s" rx="%s" fill="%s"%s/>`, class, px(wide), px(barHigh), px(min(4, wide/3)), fill, more)
	}
	x, class, fill := 6.0, "kp-bar", ink
	var words []string
	switch {
	case b.gap:
		rect("kp-warnline", "url(#kp-gap)", ` stroke="`+warning+`" stroke-width="2"`)
		class, fill, words = "kp-warn", warning, []string{d.words.gap, "!"}
	case b.Who == "":
		rect("kp-nobody", nobody, ` fill-opacity="0.35" stroke="`+strong+`" stroke-dasharray="3 3"`)
		class, fill, words = "kp-faint", faint, []string{d.words.nobody}
	default:
		rect("kp-person", d.colours[b.Who], "")
		words = d.captions(b)
	}
	switch b.Kind {
	case rota.ByOverride:
		rect("kp-hatched", "url(#kp-hatch)", "")
	case rota.ByForward:
		if wide >= 14 {
			d.printf(`<path d="M5 7l5 5l-5 5M10 7l5 5l-5 5" fill="none" stroke="%s" stroke-width="1.6"/>`, ink)
			x = 19
		}
	}
	if short := d.shorten(words, wide-x-4); short != "" {
		d.printf(`<text class="%s" x="%s" y="16.2" fill="%s"%s>%s</text>`, class, px(x), fill, weight(b), escape(short))
	}
	d.printf("</svg>\n")
}

// weight makes the words of a gap bold.
func weight(b bar) string {
	if b.gap {
		return ` font-weight="600"`
	}
	return ""
}

// captions are what may be written into a bar, the longest first. Vietnamese call one another by
// the last word of their names, so that is what is kept there; of others the beginning is.
func (d *drawing) captions(b bar) []string {
	name, whose := clean(b.Name, NameMax), clean(b.For, NameMax)
	var all []string
	if b.Kind == rota.ByForward && whose != "" {
		all = append(all, fmt.Sprintf(d.words.forOf, apart(name), apart(whose)),
			fmt.Sprintf(d.words.forOf, apart(d.called(name)), apart(d.called(whose))))
	}
	all = append(all, apart(name))
	if d.words.lastName {
		for rest := name; strings.Contains(rest, " "); {
			_, rest, _ = strings.Cut(rest, " ")
			all = append(all, "…"+rest)
		}
		all = append(all, d.called(name))
	}
	return all
}

// called is the word of a name by which somebody is called.
func (d *drawing) called(name string) string {
	words := strings.Fields(name)
	switch {
	case len(words) == 0:
		return name
	case d.words.lastName:
		return words[len(words)-1]
	}
	return words[0]
}

// shorten returns the first of some texts that fits into so many pixels, or the last one
// shortened.
func (d *drawing) shorten(texts []string, room float64) string {
	for _, s := range texts {
		if width(s, textSize) <= room {
			return s
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return fit(texts[len(texts)-1], room, textSize)
}

// tooltip is what is told of a bar to whoever points at it: who, when, by what.
func (d *drawing) tooltip(b bar) string {
	who := clean(b.Name, 2*NameMax)
	switch {
	case b.gap:
		who = d.words.gap
	case b.Who == "":
		who = d.words.nobody
	}
	when := d.moment(b.Start) + " – " + d.words.onwards
	if !b.End.IsZero() {
		when = d.moment(b.Start) + " – " + d.moment(b.End)
	}
	by := ""
	switch b.Kind {
	case rota.ByRotation:
		by = "\n" + d.words.rotation
	case rota.ByOverride:
		by = "\n" + d.words.override
	case rota.ByForward:
		by = "\n" + fmt.Sprintf(d.words.forwardedFrom, apart(clean(b.For, NameMax)))
	}
	return who + "\n" + when + by
}

// present draws the line of now.
func (d *drawing) present(top float64) {
	if d.Now.IsZero() || d.Now.Before(d.From) || !d.Now.Before(d.To) {
		return
	}
	x, y := d.x(d.Now), top-axisHigh
	d.printf(`<path class="kp-accentline" d="M%s %sV%s" stroke="%s" stroke-opacity="0.35"/>`+"\n", px(x), px(y-4), px(top), accent)
	d.printf(`<path class="kp-accentline" d="M%s %sV%s" stroke="%s" stroke-width="2"/>`+"\n", px(x), px(top), px(d.bottom), accent)
	words := d.words.now + " " + d.moment(d.Now)
	anchor, at, half := "middle", x, width(words, smallSize)/2
	switch {
	case x-half < d.x0():
		anchor, at = "start", x
	case x+half > d.x1():
		anchor, at = "end", x
	}
	d.text(at, y-8, "kp-accent", accent, ` font-size="11" font-weight="600" text-anchor="`+anchor+`"`, words)
}
