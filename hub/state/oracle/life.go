package oracle

import (
	"slices"
	"time"
)

// Life is the life of one alert.
type Life struct {
	world *World
	alert Alert

	// GivesUp says that a page of which nothing is heard has reached nobody, after a while: four minutes for a
	// call, else one. Otherwise whoever asks says so.
	GivesUp bool

	silent  bool
	planned []plan
	open    map[int]Page    // pages whose fate is open
	all     map[int]Page    // every page so far
	begun   map[string]bool // escalations

	// Of the moment that is being dealt with:
	now   time.Time
	due   time.Time // when what is done was due
	told  map[string]bool
	vain  bool // somebody was told in vain
	paged []Page
	// Of several who are told together it matters when all have been told that one was in vain.
	together bool
	through  map[string]bool // schedules that the way leads through
}

// plan is something that is to be done at a moment: a step of an escalation, a person's next attempt, the
// end of a snooze, or that a page is given up.
type plan struct {
	at         time.Time
	escalation string
	step       int // place in the order of firing, from 0
	begun      time.Time
	person     string
	contact    string
	way        Way
	wakes      bool
	givesUp    int
}

// New returns the life of an alert that is yet to be created.
func New(w *World, a Alert) *Life {
	return &Life{world: w, alert: a, open: map[int]Page{}, all: map[int]Page{}, begun: map[string]bool{}}
}

// Silent reports whether somebody wants no more pages about the alert, for now or for good.
func (l *Life) Silent() bool { return l.silent }

// Rests reports whether nothing is to come any more, and no page is under way.
func (l *Life) Rests() bool { return len(l.planned) == 0 && len(l.open) == 0 }

// Next returns when something is due.
func (l *Life) Next() (at time.Time, ok bool) {
	i := l.first(func(plan) bool { return true })
	if i < 0 {
		return at, false
	}
	return l.planned[i].at, true
}

// Create begins.
func (l *Life) Create(at time.Time) []Page { return l.moment(at, l.begin) }

// Tick does what has become due.
func (l *Life) Tick(at time.Time) []Page {
	return l.moment(at, func() {
		for {
			i := l.first(func(p plan) bool { return !p.at.After(at) })
			if i < 0 {
				return
			}
			p := l.take(i)
			l.due = p.at
			l.fire(p)
			l.goOn()
		}
	})
}

// Failed says that a page has reached nobody: its carrier said so, or nothing was heard of it.
func (l *Life) Failed(at time.Time, page int) []Page {
	return l.moment(at, func() {
		if p, ok := l.open[page]; ok {
			l.Done(page)
			l.nextOf(p.Person, page)
		}
	})
}

// Done says that a page has come to its end, and has been of use.
func (l *Life) Done(page int) {
	delete(l.open, page)
	l.planned = slices.DeleteFunc(l.planned, func(p plan) bool { return p.givesUp == page && page > 0 })
}

// PassedOn says that a person wants the next one to be told.
func (l *Life) PassedOn(at time.Time, page int) []Page {
	return l.moment(at, func() {
		if l.silent {
			return
		}
		person := l.all[page].Person
		l.planned = slices.DeleteFunc(l.planned, func(p plan) bool { return p.person == person })
		for id, p := range l.open {
			if p.Person == person {
				l.Done(id)
			}
		}
		l.vain = true
	})
}

// Silence says that somebody has acknowledged or closed the alert, or snoozed it until a moment.
func (l *Life) Silence(until time.Time) {
	l.silent, l.planned, l.open = true, nil, map[int]Page{}
	if !until.IsZero() {
		l.planned = []plan{{at: until, wakes: true}}
	}
}

// Anew says that the alert wants attention again: all are told as if it were new.
func (l *Life) Anew(at time.Time) []Page { return l.moment(at, l.begin) }

// moment does something at a moment, and then what follows from it at once.
func (l *Life) moment(at time.Time, do func()) []Page {
	l.now, l.due, l.told, l.vain, l.paged, l.through = at, at, map[string]bool{}, false, nil, map[string]bool{}
	do()
	l.goOn()
	return l.paged
}

// goOn: if somebody was told in vain, and nobody is being reached or will be, the step that comes next
// comes at once.
func (l *Life) goOn() {
	for l.vain && !l.silent {
		l.vain = false
		if len(l.open) > 0 || l.first(func(p plan) bool { return p.person != "" }) >= 0 {
			return
		}
		i := l.first(func(p plan) bool { return p.escalation != "" })
		if i < 0 {
			return
		}
		p, due := l.take(i), l.due
		if p.at.Before(l.now) {
			l.due = p.at // it is late itself
		}
		l.fire(p)
		l.due = due
	}
}

// first returns the place of what comes first of what is planned; -1 if there is none such.
func (l *Life) first(such func(plan) bool) int {
	best := -1
	for i, p := range l.planned {
		if such(p) && (best < 0 || p.at.Before(l.planned[best].at)) {
			best = i
		}
	}
	return best
}

func (l *Life) take(i int) plan {
	p := l.planned[i]
	l.planned = slices.Delete(l.planned, i, i+1)
	return p
}

// late reports whether what is being done is so late that the hub was away.
func (l *Life) late() bool { return l.now.Sub(l.due) >= overtaken }

func (l *Life) fire(p plan) {
	switch {
	case p.wakes:
		l.begin()
	case p.givesUp > 0 && l.now.Sub(p.at) >= ownOutage:
		l.planned = append(l.planned, plan{at: l.now.Add(l.patience(p.givesUp)), givesUp: p.givesUp})
	case p.givesUp > 0:
		l.due = l.now
		person := l.open[p.givesUp].Person
		l.Done(p.givesUp)
		l.nextOf(person, p.givesUp)
	case p.escalation != "":
		l.climb(p.escalation, p.step, p.begun, p.way, false)
	case l.late() && l.first(func(q plan) bool { return q.person == p.person && q.at.After(p.at) && !q.at.After(l.now) }) >= 0:
		// The next one of the same person is due, too: that one is tried, not both.
	default:
		if l.late() {
			l.told[p.person] = true
		}
		l.try(p)
	}
}

// begin tells everybody whom the alert names.
func (l *Life) begin() {
	l.silent, l.begun = false, map[string]bool{}
	l.planned = slices.DeleteFunc(l.planned, func(p plan) bool { return p.givesUp == 0 })
	l.together = true
	defer func() { l.together = false }()
	for _, who := range l.alert.Responders {
		if l.exists(who) { // a name that leads nowhere is said, and is no step that failed
			l.follow(who, Way{})
		}
	}
}

func (l *Life) exists(who Who) bool {
	w, ok := l.world, false
	switch who.Kind {
	case User:
		_, ok = w.People[who.Name]
	case Team:
		_, ok = w.Teams[who.Name]
	case Escalation:
		_, ok = w.Escalations[who.Name]
	case Schedule:
		_, ok = w.Schedules[who.Name]
	}
	return ok
}

// follow goes a way on.
func (l *Life) follow(who Who, way Way) {
	if !l.exists(who) {
		l.vain = true
		return
	}
	switch who.Kind {
	case User:
		l.tell(who.Name, way)
	case Team:
		l.ask(who.Name, way)
	case Schedule:
		l.call(who.Name, way)
	case Escalation:
		if l.begun[who.Name] {
			l.vain = l.vain || way.Escalation != ""
			return
		}
		l.begun[who.Name] = true
		l.climb(who.Name, 0, l.now, way, true)
	}
}

// ask asks a team's routing rules: the first that matches decides.
func (l *Life) ask(team string, way Way) {
	r := l.routing(team)
	if r == nil {
		l.vain = true
		return
	}
	way.Team, way.Routing = team, r.ID
	if r.To.Kind != Nobody {
		l.follow(r.To, way)
	}
}

func (l *Life) routing(team string) *Routing {
	for i := range l.world.Teams[team].Rules {
		r := &l.world.Teams[team].Rules[i]
		if (r.Priority == 0 || r.Priority == l.alert.Priority) && (r.Hours == nil || r.Hours.has(l.now)) {
			return r
		}
	}
	return nil
}

// call tells who is on call. A schedule whose turns lead back to it leads to nobody, and
// a team that has nobody notified is left out.
func (l *Life) call(schedule string, way Way) {
	s := l.world.Schedules[schedule]
	turns := s.OnCall(l.now)
	if s.Disabled || l.through[schedule] {
		l.vain = true
		return
	}
	l.through[schedule] = true
	defer delete(l.through, schedule)
	way.Schedule = schedule
	before, some := l.together, false
	l.together = true
	defer func() { l.together = before }()
	for i, t := range turns {
		if slices.ContainsFunc(turns[:i], func(u Turn) bool { return u.Who == t.Who }) || !l.exists(t.Who) {
			continue
		}
		if t.Who.Kind == Team {
			if r := l.routing(t.Who.Name); r != nil && r.To.Kind == Nobody {
				continue
			}
		}
		some = true
		way.Override = t.Override
		l.follow(t.Who, way)
	}
	l.vain = l.vain || !some
}

// climb does the steps of an escalation that are due, and plans the next. The given one is done in any case,
// unless the escalation begins: it may be hurried. Of several of one delay that comes first which stands first. If a
// step reaches nobody the next one comes at once.
func (l *Life) climb(escalation string, from int, begun time.Time, way Way, begins bool) {
	steps := slices.Clone(l.world.Escalations[escalation].Steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return int(a.After - b.After) })
	plans := func(n int) bool {
		later := n < len(steps) && begun.Add(steps[n].After).After(l.now)
		if later {
			l.planned = append(l.planned, plan{at: begun.Add(steps[n].After), escalation: escalation, step: n, begun: begun, way: way})
		}
		return later
	}
	if begins && plans(0) {
		return
	}
	for n, last := from, false; n < len(steps) && !last; n++ {
		last = plans(n + 1)
		on := way
		on.Escalation, on.Step = escalation, n+1
		l.follow(steps[n].To, on)
		if !l.together {
			l.goOn()
		}
	}
}

// patience is how long after it was queued the fate of a page should be known.
func (l *Life) patience(page int) time.Duration {
	p := l.all[page]
	if l.world.People[p.Person].contact(p.Contact).Kind == "voice" {
		return 4 * time.Minute
	}
	return time.Minute
}
