package oracletest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/hub/state/oracle"
	"keng/raftstore/table"
)

// Replay holds the life of one alert, as a state tells it, against the oracle: what people and carriers did is
// taken from the log, with its moments; what the hub did must then be what the oracle says, in time.
type Replay struct {
	World *oracle.World
	// Done says when what was due at a moment was done, and Late by when that must be, at the latest.
	Done func(due time.Time) (time.Time, bool)
	Late func(due time.Time) time.Time

	r       table.Reader
	alert   *alert.Alert
	life    *oracle.Life
	ledger  Ledger
	ended   map[string]int // how many ends of the same words have been read
	present []oracle.Page  // foretold for the moment that is being read
	at      time.Time      // of the moment that is being read
}

// Check reads an alert's life up to a moment. It returns what is wrong, and "" if nothing is.
func (p *Replay) Check(r table.Reader, id core.AlertID, now time.Time) string {
	a, ok := state.FindAlert(r, state.Ref{ID: id})
	if !ok {
		return "there is no such alert"
	}
	p.r, p.alert, p.ended = r, a, map[string]int{}
	p.life = oracle.New(p.World, Alert(a))
	p.ledger = Ledger{View: func(look func(table.Reader)) { look(r) }, Alert: id}
	p.life.Picked = func(way oracle.Way, _ []string) string { return p.ledger.Picked(p.at, way) }
	p.life.Last = func(way oracle.Way) []string { return p.ledger.Last(p.at, way) }
	var lines []state.Entry
	wrong := ""
	for e := range state.LogOf(r, id) {
		if len(lines) > 0 && !e.At.Equal(lines[0].At) {
			wrong = cmp.Or(wrong, p.moment(lines))
			lines = nil
		}
		lines = append(lines, e)
	}
	wrong = cmp.Or(wrong, p.moment(lines), p.clock(now))
	if wrong != "" {
		wrong += "\nthe log:\n" + Told(r, id)
	}
	return wrong
}

// clock does what was due and done before a moment without a word in the log: a step that was passed over, say.
func (p *Replay) clock(before time.Time) string {
	for {
		due, ok := p.life.Next()
		if !ok || !due.Before(before) {
			return ""
		}
		done, known := p.Done(due)
		switch latest := p.Late(due); {
		case known && done.After(latest), !known && before.After(latest):
			return fmt.Sprintf("P2: something was due at %s, and was not done by %s; it was %v at %s", clocked(due), clocked(latest), known, clocked(done))
		case !known, !done.Before(before):
			return ""
		}
		p.at = done
		if wrong := p.ledger.Match(done, p.life.Tick(done)); wrong != "" {
			return wrong
		}
	}
}

func clocked(at time.Time) string { return at.Format("15:04:05.000000") }

// moment reads the lines of one moment.
func (p *Replay) moment(lines []state.Entry) string {
	at := lines[0].At
	if wrong := p.clock(at); wrong != "" {
		return wrong
	}
	p.present, p.at = nil, at
	for _, e := range lines {
		p.line(e)
	}
	for p.doneAt(at) { // what follows at once another command may have done, in the same moment
		p.present = append(p.present, p.life.Tick(at)...)
	}
	return p.ledger.Match(at, p.present)
}

// doneAt reports whether what comes next was done at a moment.
func (p *Replay) doneAt(at time.Time) bool {
	due, ok := p.life.Next()
	done, known := p.Done(due)
	return ok && known && done.Equal(at)
}

// line reads a line that says what people or carriers did.
func (p *Replay) line(e state.Entry) {
	byHub := e.Why == alert.StepsRunAgain || e.Why == alert.AllWasDone
	switch e.What {
	case alert.DidCreate:
		p.present = p.life.Create(e.At)
	case alert.DidAcknowledge, alert.DidAcknowledgeToo, alert.DidAcknowledgePartly:
		p.life.Acknowledge(e.At, Person(p.r, e.Owner))
	case alert.DidAssign:
		pages, _ := p.life.Assign(e.At, Person(p.r, e.Owner), Person(p.r, e.Of[0]))
		p.present = append(p.present, pages...)
	case alert.DidSnooze:
		until, err := time.Parse(time.RFC3339, e.Of[0]) // in whole seconds
		if err != nil {
			panic(err)
		}
		p.life.Snooze(until)
	case alert.DidClose:
		if !byHub {
			p.life.Close()
		}
	case alert.DidUnacknowledge:
		if !byHub {
			p.present = append(p.present, p.life.Anew(e.At)...)
		}
	}
	if e.What != 0 || e.Type != state.PageEntry {
		return
	}
	page, stage, ok := p.report(e)
	if !ok {
		return
	}
	if !strings.HasPrefix(stage, "failed") || strings.Contains(stage, "unanswered") || strings.Contains(stage, "no-reply") {
		p.life.Noticed(page)
	}
	switch {
	case strings.HasPrefix(stage, "failed"), strings.HasPrefix(stage, "cancelled"):
		// Pages of this very moment must be known before they can fail.
		p.present = append(p.present, p.life.Failed(e.At, page)...)
	case strings.HasPrefix(stage, "done"):
		p.life.Done(e.At, page)
		if strings.Contains(stage, "next-person") {
			p.present = append(p.present, p.life.PassedOn(e.At, page)...)
		}
	}
}

// report finds of which page a line tells that a carrier has said something, and what.
func (p *Replay) report(e state.Entry) (page int, stage string, ok bool) {
	head, stage, ok := strings.Cut(e.Text, ": ")
	kind, who, is := strings.Cut(head, " to ")
	if !ok || !is || strings.HasSuffix(head, " queued") {
		return 0, "", false
	}
	skip := p.ended[e.Text]
	for i, id := range p.ledger.Pages {
		d, _ := state.GetDelivery(p.r, id)
		if string(d.Kind) != kind || name(p.r, string(d.User)) != who {
			continue
		}
		for _, t := range d.Trace {
			if t.String() != stage {
				continue
			}
			if skip == 0 {
				p.ended[e.Text]++
				return i + 1, stage, true
			}
			skip--
		}
	}
	return 0, stage, true
}
