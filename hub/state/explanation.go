package state

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/explain"
	"keng/hub/core/reach"
	"keng/hub/core/route"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// The bounds of an explanation: of what is older it says at most how much there is.
const (
	explainedLines = 2000
	explainedPages = 200
	explainedNotes = 100 // decisions about one person, and those about nobody in particular
)

// Explain says why people were paged for an alert, or were not, and what comes next if nobody
// acts (P15). Moments are told in a zone.
func Explain(r table.Reader, a *alert.Alert, zones Zones, in *time.Location) explain.Account {
	x := &explanation{r: r, a: a, zones: zones, in: in, people: map[core.UserID]int{}, reached: map[core.EscalationID]int{}, toldOf: map[core.UserID]bool{}}
	var lines []Entry
	for e := range LogReverse(r, a.ID) {
		if lines = append(lines, e); len(lines) == explainedLines {
			break
		}
	}
	x.pages()
	for _, e := range slices.Backward(lines) {
		x.line(&e)
	}
	x.state()
	if a.Silent() {
		x.notReached()
	}
	x.next()
	x.rests()
	return x.out
}

// explanation is an account that is being made.
type explanation struct {
	r     table.Reader
	a     *alert.Alert
	zones Zones
	in    *time.Location
	out   explain.Account

	people  map[core.UserID]int       // places in out.People
	reached map[core.EscalationID]int // the last step that has come
	toldOf  map[core.UserID]bool      // for whom attempts were planned
	silence *Entry                    // the line by which the alert fell silent; nil: it is not
	stands  *Entry                    // the last line since then by which somebody wanted it silent
	rested  *explain.Decision         // why nothing further happened, the last time that it was said
	calls   bool                      // something is planned or under way that calls people
	caught  bool                      // the last resort is planned
	calling time.Time                 // when the last step of the last repetition calls people
}

// person returns the place of somebody in the account.
func (x *explanation) person(id core.UserID, name string) *explain.Person {
	i, ok := x.people[id]
	if !ok {
		i = len(x.out.People)
		x.people[id] = i
		x.out.People = append(x.out.People, explain.Person{User: id, Name: cmp.Or(x.username(id), name, string(id))})
	}
	return &x.out.People[i]
}

func (x *explanation) username(id core.UserID) string {
	return nameOfResponder(x.r, alert.Responder{Kind: alert.User, ID: string(id)})
}

func (x *explanation) pages() {
	all := DeliveriesOf(x.r, x.a.ID)
	x.out.Pages = len(all)
	for _, d := range all[max(0, len(all)-explainedPages):] {
		p := x.person(d.User, "")
		p.Pages = append(p.Pages, x.page(&d, p.Name))
	}
}

// page explains a page as it concerns the alert.
func (x *explanation) page(d *Delivery, name string) explain.Page {
	now, before := d.Trace[len(d.Trace)-1], Delivery{}
	if i := slices.IndexFunc(d.Trace, func(t Trace) bool { return t.Stage.Final() }); i >= 0 {
		now, before.Trace = d.Trace[i], d.Trace[:i]
	}
	return explain.Page{
		ID: d.ID, Contact: d.Contact, At: d.QueuedAt().In(x.in), FateAt: now.At.In(x.in), Final: d.Final(),
		Failed: now.Stage == channel.Failed, Withdrawn: now.Stage == channel.Cancelled && !before.Attempted(),
		Decision: explain.Decision{
			Kind: explain.Paged, User: d.User, Name: name, Page: d.ID, By: string(d.Kind), At: d.QueuedAt().In(x.in),
			Count: x.others(d), Why: &d.Why, Fate: now.fate(), Of: []string{x.routingRule(&d.Why), x.notificationRule(d.User, d.Why.NotificationRule)},
		},
	}
}

// others returns with how many other alerts a page came.
func (x *explanation) others(d *Delivery) int {
	n := -1
	if d.Bundle {
		for range Bundles.Find(x.r, table.K().String(string(d.ID))) {
			n++
		}
	}
	return max(n, 0)
}

// routingRule names a rule of a team; one without a name by its place.
func (x *explanation) routingRule(why *Reason) string {
	t, ok := Teams.Get(x.r, table.K().String(string(why.Team)))
	if !ok || why.RoutingRule == "" {
		return ""
	}
	return called(t.Rules, why.RoutingRule, func(r *route.Rule) (string, string) { return r.ID, r.Name })
}

// notificationRule names a rule of a person in the same way.
func (x *explanation) notificationRule(id core.UserID, rule string) string {
	u, ok := Users.Get(x.r, table.K().String(string(id)))
	if !ok || rule == "" {
		return ""
	}
	return called(u.Rules, rule, func(r *reach.NotificationRule) (string, string) { return r.ID, r.Name })
}

// called returns the name of a rule or, if it has none, its number; empty: it is gone.
func called[R any](rules []R, id string, names func(*R) (id, name string)) string {
	for i := range rules {
		if its, name := names(&rules[i]); its == id {
			return cmp.Or(name, strconv.Itoa(i+1))
		}
	}
	return ""
}

// line takes in a line of the log.
func (x *explanation) line(e *Entry) {
	switch e.What {
	case alert.DidAcknowledge, alert.DidTakeOwnership, alert.DidSnooze, alert.DidAskToClose, alert.DidClose:
		x.stands = e
		if x.silence == nil || e.What == alert.DidClose && x.silence.What == alert.DidAskToClose {
			x.silence = e
		}
	case alert.DidUnacknowledge, alert.DidEndSnooze, alert.DidAssign, alert.DidEscalate, alert.DidEscalateToNext, alert.DidAddResponder, alert.DidAddTeam, alert.DidReopen:
		x.silence, x.stands = nil, nil
	}
	d := e.Decision
	if d == nil {
		return
	}
	if why := d.Why; why != nil && why.Escalation != "" {
		x.reached[why.Escalation] = max(x.reached[why.Escalation], why.Step)
	}
	note := *d
	note.At = inZone(d.At, x.in)
	switch {
	case d.Kind.Rests():
		x.rested = &note
	case d.Kind == explain.Told:
		x.toldOf[d.User] = true
		x.person(d.User, d.Name)
	case d.Kind.OfPage():
	case d.User != "":
		p := x.person(d.User, d.Name)
		p.Notes = newest(append(p.Notes, explain.Noted{At: e.At.In(x.in), Decision: note}))
	default:
		x.out.Decisions = newest(append(x.out.Decisions, explain.Noted{At: e.At.In(x.in), Decision: note}))
	}
}

func newest(all []explain.Noted) []explain.Noted { return all[max(0, len(all)-explainedNotes):] }

func inZone(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}

// state says how the alert stands.
func (x *explanation) state() {
	a := x.a
	x.out.State = explain.Decision{Kind: explain.WantsAttention, At: a.CreatedAt.In(x.in)}
	if a.Silent() {
		x.out.State = x.silencedBy(x.stands)
		if a.Status == alert.Closed { // who acknowledged it before is why nobody further was called
			x.out.State = explain.Decision{Kind: explain.IsClosed, Name: x.closer(), At: a.ClosedAt.In(x.in)}
		}
	}
	if p, under := ParentOf(x.r, a); under {
		x.out.Under = &explain.Decision{Kind: explain.IsUnder, Name: p.Number()}
	}
	if a.Lead != nil {
		x.out.Over = &explain.Decision{Kind: explain.StandsForMore, Count: a.Lead.Members}
	}
}

// silencedBy says who made the alert silent, and when, by a line of the log; nil: it is not known.
func (x *explanation) silencedBy(e *Entry) explain.Decision {
	d := explain.Decision{Kind: explain.IsAcknowledged, Name: x.a.AcknowledgedBy, At: x.a.AcknowledgedAt}
	if e != nil {
		d.Name, d.At = e.Owner, e.At
		switch e.What {
		case alert.DidSnooze:
			d.Kind = explain.IsSnoozed
		case alert.DidAskToClose:
			d.Kind = explain.IsClosing
		case alert.DidClose:
			d.Kind = explain.IsClosed
		}
	}
	d.At = d.At.In(x.in)
	return d
}

// closer returns who closed the alert.
func (x *explanation) closer() string {
	for e := range LogReverse(x.r, x.a.ID) {
		if e.What == alert.DidClose {
			return e.Owner
		}
	}
	return System
}

// notReached notes, of an alert that is silent, whom later steps and attempts would have called.
func (x *explanation) notReached() {
	because := x.silencedBy(x.silence)
	note := func(p *explain.Person, d explain.Decision) {
		p.Notes = append(p.Notes, explain.Noted{At: because.At, Decision: d})
	}
	for _, id := range sortedKeys(x.toldOf) {
		if p := x.person(id, ""); len(p.Pages) == 0 && len(p.Notes) == 0 {
			note(p, explain.Decision{Kind: explain.NotTried, User: id, Name: p.Name}.Because(because))
		}
	}
	climbs := map[core.EscalationID]bool{}
	for _, d := range deadlinesOf(x.r, x.a.ID) {
		climbs[d.Escalation] = true
	}
	for _, id := range x.a.Begun {
		e, ok := Escalations.Get(x.r, table.K().String(string(id)))
		if !ok {
			continue
		}
		for n := x.reached[id]; ; n++ {
			step, ok := e.Step(n, because.At)
			if !ok {
				break
			}
			if step.Rule.Condition == escalate.IfNotClosed && climbs[id] {
				continue // it comes still
			}
			for _, who := range x.whom(step.Rule, because.At) {
				who.why.Escalation, who.why.EscalationName, who.why.Step = e.ID, e.Name, n+1
				d := explain.Decision{Kind: explain.NotReached, User: who.user, Name: who.name, Why: &who.why}.Because(because)
				if who.user == "" {
					x.out.Decisions = append(x.out.Decisions, explain.Noted{At: because.At, Decision: d})
				} else if p := x.person(who.user, who.name); len(p.Pages) == 0 {
					note(p, d)
				}
			}
		}
	}
}

// rests says why nothing is planned for an alert that wants attention.
func (x *explanation) rests() {
	switch p, under := ParentOf(x.r, x.a); {
	case x.a.Silent() || x.a.Resting == "":
	case under:
		d := restsUnder(p)
		x.out.Rests = &d
	case x.rested != nil && x.rested.Cause() == x.a.Resting:
		x.out.Rests = x.rested
	default:
		x.out.Rests = &explain.Decision{Kind: explain.RestsOtherwise, Of: []string{x.a.Resting}}
	}
}
