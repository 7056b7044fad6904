package oracletest

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/explain"
	"keng/hub/state"
	"keng/hub/state/oracle"
	"keng/raftstore/table"
)

// Ledger knows which page of an alert in a state is which of the oracle's.
type Ledger struct {
	View  func(func(table.Reader))
	Alert core.AlertID
	// Pages are the pages that are known, by the oracle's numbers less one.
	Pages []core.DeliveryID
}

// Match holds the pages that the oracle foretold for a moment against those that were queued then, and
// that are not known yet. It returns what is wrong, and "" if nothing is.
func (l *Ledger) Match(at time.Time, foretold []oracle.Page) (wrong string) {
	l.View(func(r table.Reader) {
		came := l.Unknown(r, at)
		for _, p := range foretold {
			i := slices.IndexFunc(came, func(d state.Delivery) bool { return l.same(r, p, &d) })
			if i < 0 {
				wrong = fmt.Sprintf("this page has not come: %s\nthese have: %s", Tell(r, p), l.tell(r, came))
				return
			}
			l.Pages = append(l.Pages, came[i].ID)
			came = slices.Delete(came, i, i+1)
		}
		if len(came) > 0 {
			wrong = "these pages should not have come: " + l.tell(r, came)
		}
	})
	return wrong
}

// Unknown returns the pages that were queued by a moment and that are not known.
func (l *Ledger) Unknown(r table.Reader, at time.Time) []state.Delivery {
	return slices.DeleteFunc(state.DeliveriesOf(r, l.Alert), func(d state.Delivery) bool {
		return d.CreatedAt.After(at) || slices.Contains(l.Pages, d.ID)
	})
}

// same reports whether a page is the one that was foretold. Its moment is that of the newest line of the log.
func (l *Ledger) same(r table.Reader, p oracle.Page, d *state.Delivery) bool {
	p.Way.AfterFailureOf = l.twin(r, p.Way.AfterFailureOf)
	return p == oracle.Page{ID: p.ID, Person: string(d.User), Contact: string(d.Contact), Due: d.DueAt(), Way: l.way(r, d.Why)}
}

// Number returns the oracle's number of a page, 0 of one that is not known.
func (l *Ledger) Number(id core.DeliveryID) int { return slices.Index(l.Pages, id) + 1 }

// twin returns the first page to the same person that was queued, or came to its end, at the same moment as
// one: of pages that fail together either may be the one that has the next come.
func (l *Ledger) twin(r table.Reader, n int) int {
	if n == 0 {
		return 0
	}
	d, _ := state.GetDelivery(r, l.Pages[n-1])
	ended := func(d *state.Delivery) time.Time { // carriers may go on to report of it
		if i := slices.IndexFunc(d.Trace, func(t state.Trace) bool { return t.Stage.Final() }); i >= 0 {
			return d.Trace[i].At
		}
		return d.Trace[len(d.Trace)-1].At
	}
	return 1 + slices.IndexFunc(l.Pages, func(id core.DeliveryID) bool {
		x, _ := state.GetDelivery(r, id)
		return x.User == d.User && (x.CreatedAt.Equal(d.CreatedAt) || ended(x).Equal(ended(d)))
	})
}

// way returns the reason of a page as the oracle tells it.
func (l *Ledger) way(r table.Reader, why state.Reason) oracle.Way {
	w := oracle.Way{
		Team: string(why.Team), Routing: why.RoutingRule, Escalation: string(why.Escalation), Step: why.Step, Schedule: string(why.Schedule),
		Override: why.Override, For: string(why.For), Rule: why.NotificationRule, Again: why.Again,
		Round: why.Repeat, Notify: notify(why.Notify), Acks: why.Acks, Unclosed: Person(r, why.Unclosed), LastResort: why.LastResort, Assigned: Person(r, why.Assigned),
	}
	if why.After != "" {
		w.AfterFailureOf = l.twin(r, l.Number(why.After))
	}
	return w
}

func (l *Ledger) tell(r table.Reader, all []state.Delivery) string {
	var words []string
	for _, d := range all {
		p := oracle.Page{Person: string(d.User), Contact: string(d.Contact), Due: d.DueAt(), Way: l.way(r, d.Why)}
		words = append(words, "\n    "+Tell(r, p)+fmt.Sprintf(", queued %s after that", d.CreatedAt.Sub(d.DueAt())))
	}
	return strings.Join(words, "")
}

// Explains holds an account of the alert against the pages that were foretold. It returns what is wrong, and ""
// if every page is explained, as it was foretold, and no other.
func (l *Ledger) Explains(account *explain.Account, foretold func(number int) oracle.Page) (wrong string) {
	told := 0
	l.View(func(r table.Reader) {
		for _, person := range account.People {
			for _, page := range person.Pages {
				told++
				d, _ := state.GetDelivery(r, page.ID)
				p := foretold(l.Number(page.ID))
				said := page.Decision
				if said.Kind != explain.Paged || said.User != person.User || !page.At.Equal(d.CreatedAt) || said.By != string(d.Kind) {
					wrong = fmt.Sprintf("page %d is told as one of another kind, person, moment or contact: %v", p.ID, said)
				}
				p.Way.AfterFailureOf = l.twin(r, p.Way.AfterFailureOf)
				if is := (oracle.Page{ID: p.ID, Person: string(said.User), Contact: string(page.Contact), Due: p.Due, Way: l.way(r, *said.Why)}); is != p {
					wrong = fmt.Sprintf("page %s\nis explained as %s", Tell(r, p), Tell(r, is))
				}
			}
		}
	})
	if wrong == "" && (told != len(l.Pages) || account.Pages != told) {
		wrong = fmt.Sprintf("%d pages are explained, %d in all; there were %d", told, account.Pages, len(l.Pages))
	}
	return wrong
}

// Person returns the id of a person by the username, and else what it is given: a tool, say.
func Person(r table.Reader, name string) string {
	if u, ok := state.FindUser(r, name); ok {
		return string(u.ID)
	}
	return name
}

// Picked returns whom a step that picks has told at a moment, as the log says.
func (l *Ledger) Picked(at time.Time, way oracle.Way) (who string) {
	l.View(func(r table.Reader) {
		for when, m := range l.picks(r, l.Alert, way) {
			if when.Equal(at) {
				who = m
			}
		}
	})
	return who
}

// Last returns whom a step has told last before a moment, of any alert, and whom at that moment, of others.
func (l *Ledger) Last(at time.Time, way oracle.Way) []string {
	last, newest, now := "", time.Time{}, []string{}
	l.View(func(r table.Reader) {
		for a := range state.Alerts.All(r) {
			for when, m := range l.picks(r, a.ID, way) {
				switch {
				case when.Equal(at) && a.ID != l.Alert:
					now = append(now, m)
				case when.Before(at) && !when.Before(newest):
					last, newest = m, when
				}
			}
		}
	})
	return append([]string{last}, now...)
}

// picks are whom a step that picks has told of an alert, as the log says, and when.
func (l *Ledger) picks(r table.Reader, id core.AlertID, way oracle.Way) iter.Seq2[time.Time, string] {
	return func(yield func(time.Time, string) bool) {
		for e := range state.LogOf(r, id) {
			d := e.Decision
			if d == nil || d.Why == nil || d.Kind != explain.Told && d.Kind != explain.ToldAlready {
				continue
			}
			is := l.way(r, *d.Why)
			same := is.Escalation == way.Escalation && is.Step == way.Step && is.Notify == way.Notify
			if same && is.Again == 0 && !yield(e.At, cmp.Or(is.For, string(d.User))) {
				return
			}
		}
	}
}

// Tell tells a page for people, with names.
func Tell(r table.Reader, p oracle.Page) string {
	w := p.Way
	return fmt.Sprintf("page %d to %s by %s, due %s: team %s, escalation %s step %d of round %d (%s, %d), schedule %s %q, for %s, rule %.4s again %d, after %d, unclosed %s, last resort %v, assigned by %s",
		p.ID, name(r, p.Person), p.Contact, p.Due.Format("15:04:05.000000"), name(r, w.Team), name(r, w.Escalation), w.Step, w.Round, w.Notify, w.Acks, name(r, w.Schedule), w.Override, name(r, w.For), w.Rule, w.Again, w.AfterFailureOf,
		name(r, w.Unclosed), w.LastResort, name(r, w.Assigned))
}

func name(r table.Reader, id string) string {
	if u, ok := state.FindUser(r, id); ok {
		return u.Username
	}
	if t, ok := state.FindTeam(r, id); ok {
		return t.Name
	}
	if e, ok := state.FindEscalation(r, id); ok {
		return e.Name
	}
	if s, ok := state.FindSchedule(r, id); ok {
		return s.Name
	}
	return id
}

// Told tells the activity log of an alert for people.
func Told(r table.Reader, id core.AlertID) string {
	var lines []string
	for e := range state.LogOf(r, id) {
		lines = append(lines, fmt.Sprintf("    %s %s", e.At.Format("15:04:05.000000"), e.Text))
	}
	return strings.Join(lines, "\n")
}
