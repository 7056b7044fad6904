package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// teller tells what a page shows in the language of its reader, and moments in the cluster's
// zone, by which searches go, too.
type teller struct {
	language string
	zone     *time.Location
}

// Clock tells a moment, to the second.
func (t teller) Clock(at time.Time) string { return at.In(t.zone).Format("02/01 15:04:05") }

// Zone names the zone of a page's moments, with how far it is from UTC at one of them.
func (t teller) Zone(at time.Time) string {
	if at = at.In(t.zone); at.Format("-07:00") != "+00:00" {
		return at.Format("UTC-07:00") + " (" + t.zone.String() + ")"
	}
	return "UTC"
}

func (t teller) of(en, vi string) string {
	if t.language == "vi" {
		return vi
	}
	return en
}

// Line tells a line of a log; one of which this version knows no more as it was written.
func (t teller) Line(e state.Entry) string {
	text := ""
	if d := e.Decision; d != nil {
		here := *d
		if !here.At.IsZero() {
			here.At = here.At.In(t.zone)
		}
		text = t.of(here.Text(), here.TextVi())
	} else if move, ok := e.Move(); ok {
		text = t.move(move)
	}
	return cmp.Or(text, e.Text)
}

// move tells how an alert moved.
func (t teller) move(e alert.Entry) string {
	if e.What == alert.DidSnooze && len(e.Of) == 1 {
		if until, err := time.Parse(time.RFC3339, e.Of[0]); err == nil {
			e.Of = []string{t.Clock(until)}
		}
	}
	if by, ok := strings.CutPrefix(e.Note, "by "); ok && t.language == "vi" { // the note of who answered a page
		switch by {
		case "push", "voice", "sms", "email":
			e.Note = "qua " + words("vi")[by]
		}
	}
	return t.of(e.Text(), e.TextVi())
}

// By tells who did what a line of a log tells.
func (t teller) By(owner string) string {
	if owner == state.System {
		return t.of(owner, "Hệ thống")
	}
	return owner
}

// Why tells why a person was paged.
func (t teller) Why(r state.Reason) string { return t.of(r.String(), r.TextVi()) }

// Because tells why something was decided.
func (t teller) Because(d explain.Decision) string { return t.of(d.Cause(), d.CauseVi()) }

// Stage tells how far a page came. What belongs to it goes behind that: Failure, why no
// further, Reply, what its person answered, and Detail, what else was said of it.
func (t teller) Stage(s channel.Stage) string     { return t.fate(explain.Fate{Stage: string(s)}) }
func (t teller) Failure(f channel.Failure) string { return t.fate(explain.Fate{Failure: string(f)}) }
func (t teller) Reply(r channel.Reply) string     { return t.fate(explain.Fate{Reply: string(r)}) }
func (t teller) Detail(d string) string           { return t.fate(explain.Fate{Detail: d}) }

func (t teller) fate(f explain.Fate) string { return t.of(f.String(), f.TextVi()) }

// teller returns who tells what a state has to a reader.
func (c *Console) teller(r table.Reader, language string) teller {
	zone, err := c.zones.In(r)(state.HomeZone(r))
	if err != nil {
		zone = time.UTC
	}
	return teller{language, zone}
}

// label is the word for an alert that nobody hears of by itself.
type label string

const (
	unlabelled label = ""
	untold     label = "untold"   // nobody has been told: there was no page, or none came to its person
	toldOut    label = "told-out" // somebody has been, and nobody further will be
)

// labelOf returns the label of an alert. For one in a group its parent calls people.
func labelOf(r table.Reader, a *alert.Alert) label {
	if p, under := state.ParentOf(r, a); under && !a.Silent() {
		a = p
	}
	switch {
	case a.Silent() || a.Resting == "":
		return unlabelled
	case slices.ContainsFunc(state.DeliveriesOf(r, a.ID), arrived):
		return toldOut
	}
	return untold
}

// arrived reports whether a page has come to its person.
func arrived(d state.Delivery) bool {
	return slices.ContainsFunc(d.Trace, func(t state.Trace) bool { return t.Stage == channel.Done })
}

// whyResting returns why nothing further happens by itself for an alert that wants attention;
// nil: something will.
func whyResting(r table.Reader, a *alert.Alert) *explain.Decision {
	if a.Resting == "" {
		return nil
	}
	if p, under := state.ParentOf(r, a); under {
		return &explain.Decision{Kind: explain.RestsUnder, Name: p.Number()}
	}
	lines := 0
	for e := range state.LogReverse(r, a.ID) {
		if d := e.Decision; d != nil && d.Kind.Rests() && d.Cause() == a.Resting {
			return d
		}
		if lines++; lines == linesMax {
			break
		}
	}
	return &explain.Decision{Kind: explain.RestsOtherwise, Of: []string{a.Resting}}
}
