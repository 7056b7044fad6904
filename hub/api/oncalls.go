package api

import (
	"context"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	routing "keng/hub/core/route"
	"keng/hub/state"
)

// onCallsIn asks who is on call in a schedule at a moment.
type onCallsIn struct {
	schedule scheduleName
	flat     bool
	at       time.Time
}

func (in *onCallsIn) read(c *call) {
	in.schedule = c.schedule("scheduleIdentifierType")
	in.flat = c.choice("flat", "false", "true") == "true"
	in.at = c.moment("date")
}

// moment returns a parameter that is a moment, zero if it is absent. Where it is asked what is so at a time, the
// time is one that calendars know of.
func (c *call) moment(name string) time.Time {
	text := c.query(name)
	if text == "" {
		return time.Time{}
	}
	at, ok := parseTime(text)
	switch {
	case !ok:
		c.wrong[name] = "must be a moment such as 2026-11-25T09:00:00Z or 2026-11-25T09:00:00%2B07:00"
	case at.Year() < 1970 || at.Year() > 2200:
		c.wrong[name] = "must be in the years 1970 to 2200"
	}
	return at
}

// onCalls says who is on call: whole participants or, flat, the people's names.
type onCalls struct {
	Parent       thing       `json:"_parent"`
	Participants *[]onCaller `json:"onCallParticipants,omitempty"`
	Recipients   *[]string   `json:"onCallRecipients,omitempty"`
}

// onCaller is somebody who is on call: a person, or a team or an escalation with those whom
// it leads to.
type onCaller struct {
	ID   string `json:"id"`
	Name string `json:"name"` // a person's username
	Type string `json:"type"`
	// EscalationTime is after how many minutes an escalation calls, unless NotifyType says
	// whom else.
	EscalationTime *int       `json:"escalationTime,omitempty"`
	NotifyType     string     `json:"notifyType,omitempty"`
	Participants   []onCaller `json:"onCallParticipants,omitempty"`
	// ForwardedFrom is who would be told, if that person's notifications go to this one: a list
	// of one, as Opsgenie's Go client reads it.
	ForwardedFrom []someone `json:"forwardedFrom,omitempty"`
}

func (a *API) listOnCalls(ctx context.Context, in *onCallsIn) (*data[onCalls], error) {
	if in.at.IsZero() {
		in.at = a.Now()
	}
	var out data[onCalls]
	err := a.look(ctx, func(tx reader) error {
		s, err := in.schedule.Schedule(tx)
		if err != nil {
			return err
		}
		w := &duty{tx: tx, zones: a.zones.In(tx), at: in.at}
		people, err := w.schedule(s, 0)
		if err != nil {
			return err
		}
		out.of.Parent = scheduleThing(s)
		if in.flat {
			names := namesOf(people)
			out.of.Recipients = &names
		} else {
			out.of.Participants = &people
		}
		return nil
	})
	return &out, err
}

// nextOnCalls says who comes next: exactly next are those who come first of all. The objects
// and the names are where Opsgenie's clients look for them, which is the other way round than
// in [onCalls].
type nextOnCalls struct {
	Parent            thing       `json:"_parent"`
	Recipients        *[]onCaller `json:"nextOnCallRecipients,omitempty"`
	ExactRecipients   *[]onCaller `json:"exactNextOnCallRecipients,omitempty"`
	Participants      *[]string   `json:"nextOnCallParticipants,omitempty"`
	ExactParticipants *[]string   `json:"exactNextOnCallParticipants,omitempty"`
}

// nextReach is how far ahead it is looked for who comes next.
const nextReach = 400 * 24 * time.Hour

func (a *API) listNextOnCalls(ctx context.Context, in *onCallsIn) (*data[nextOnCalls], error) {
	if in.at.IsZero() {
		in.at = a.Now()
	}
	var out data[nextOnCalls]
	err := a.look(ctx, func(tx reader) error {
		s, err := in.schedule.Schedule(tx)
		if err != nil {
			return err
		}
		zones := a.zones.In(tx)
		calendar, err := state.CalendarOf(tx, s, zones, in.at, in.at.Add(nextReach))
		if err != nil {
			return err
		}
		next := calendar.Next(in.at)
		var first time.Time
		for _, p := range next {
			if first.IsZero() || p.Start.Before(first) {
				first = p.Start
			}
		}
		w := &duty{tx: tx, zones: zones}
		all, exact := []onCaller{}, []onCaller{}
		for _, p := range next {
			w.at = p.Start
			who := w.period(p, 0)
			all = append(all, who)
			if p.Start.Equal(first) {
				exact = append(exact, who)
			}
		}
		out.of.Parent = scheduleThing(s)
		if in.flat {
			names, exactNames := namesOf(all), namesOf(exact)
			out.of.Participants, out.of.ExactParticipants = &names, &exactNames
		} else {
			out.of.Recipients, out.of.ExactRecipients = &all, &exact
		}
		return nil
	})
	return &out, err
}

// duty tells who is on call at a moment.
type duty struct {
	tx    reader
	zones state.Zones
	at    time.Time
	told  int // so far
}

// dutyDepth is through how many schedules, teams and escalations one another's people are
// told: they may lead back to where they began. dutyMax is how many are told to whom others
// lead; of the rest it is not said where they lead.
const dutyDepth, dutyMax = 4, 1000

// schedule tells who is on call in a schedule.
func (w *duty) schedule(s *rota.Schedule, depth int) ([]onCaller, error) {
	calendar, err := state.CalendarOf(w.tx, s, w.zones, w.at, w.at.Add(1))
	if err != nil {
		return nil, err
	}
	all := []onCaller{}
	for _, p := range calendar.OnCall(w.at) {
		all = append(all, w.period(p, depth))
	}
	return all, nil
}

// period tells who is on call for a period. Whose it would be but for forwarding is asked for: who
// is told in the person's place goes by who can be told.
func (w *duty) period(p rota.Period, depth int) onCaller {
	if p.For != "" {
		p.Participant = rota.Participant{User: p.For}
	}
	return w.responder(state.ResponderOf(p.Participant), depth)
}

// responder tells somebody with those whom it leads to, a person by who is told in that place.
func (w *duty) responder(r alert.Responder, depth int) onCaller {
	var from []someone
	if to := w.standIn(r); to != r {
		from, r = []someone{someoneOf(w.tx, r)}, to
	}
	who := someoneOf(w.tx, r)
	out := onCaller{ID: who.ID, Name: who.Name + who.Username, Type: who.Type, ForwardedFrom: from}
	if w.told++; depth == dutyDepth || w.told > dutyMax {
		return out
	}
	pick := state.Pick{ID: r.ID}
	switch r.Kind {
	case alert.Team:
		if t, err := pick.Team(w.tx); err == nil {
			for _, led := range usuallyTold(t) {
				out.Participants = append(out.Participants, w.responder(led, depth+1))
			}
		}
	case alert.Escalation:
		if e, err := pick.Escalation(w.tx); err == nil {
			for _, rule := range e.Rules {
				step := w.responder(rule.Recipient, depth+1)
				minutes := int(rule.Delay / time.Minute)
				step.EscalationTime, step.NotifyType = &minutes, rule.Notify.String()
				out.Participants = append(out.Participants, step)
			}
		}
	case alert.Schedule:
		if s, err := pick.Schedule(w.tx); err == nil {
			out.Participants, _ = w.schedule(s, depth+1) // of a zone that is not known any more nobody can be told
		}
	}
	return out
}

// standIn returns who is told in the place of a person, or else who it was.
func (w *duty) standIn(r alert.Responder) alert.Responder {
	if r.Kind == alert.User {
		r.ID = string(state.StandIn(w.tx, core.UserID(r.ID), w.at))
	}
	return r
}

// usuallyTold returns whom a team leads to: by its default routing rule, since it depends on the
// alert whether another matches; its members, if that notifies nobody.
func usuallyTold(t *routing.Team) (all []alert.Responder) {
	for _, r := range t.Rules {
		if r.Default && r.Notify.Kind != 0 {
			return []alert.Responder{r.Notify}
		}
	}
	for _, id := range t.Members {
		all = append(all, alert.Responder{Kind: alert.User, ID: string(id)})
	}
	return all
}

// namesOf returns the usernames of all people, each once.
func namesOf(all []onCaller) []string {
	names := []string{}
	var add func([]onCaller)
	add = func(all []onCaller) {
		for _, who := range all {
			if who.Type == "user" && !slices.Contains(names, who.Name) {
				names = append(names, who.Name)
			}
			add(who.Participants)
		}
	}
	add(all)
	return names
}
