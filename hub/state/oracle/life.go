package oracle

import (
	"fmt"
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

	// Picked says whom of some people a step has told that picks by chance.
	Picked func(way Way, from []string) string
	// Last, if it is there, says whom a step of which members take turns may have told last, for any alert: of
	// what happens in one moment nobody can tell which was first. Otherwise this alert is the only one.
	Last func(way Way) []string

	attention
	planned []plan
	held    []plan          // of escalations, when somebody snoozed the alert
	open    map[int]Page    // pages whose fate is open
	all     map[int]Page    // every page so far
	noticed map[int]bool    // pages that may have come to somebody's notice
	begun   map[string]bool // escalations
	led     []lead
	turns   map[turn]string   // whom a step has told last of a team whose members take turns
	chosen  map[string]string // by a step and those of whom it has told one
	number  int               // of the plan that was made last
	caught  bool              // the last resort has been called
	owner   string

	// Of the moment that is being dealt with:
	now   time.Time
	due   time.Time // when what is done was due
	told  map[string]bool
	vain  bool // somebody was told in vain
	paged []Page
	// Of several who are told together it matters when all have been told that one was in vain.
	together bool
	through  map[string]bool // schedules that the way leads through
	reached  map[string]bool // whom the step has told that is being done; nil: none is
}

// New returns the life of an alert that is yet to be created.
func New(w *World, a Alert) *Life {
	return &Life{
		world: w, alert: a, open: map[int]Page{}, all: map[int]Page{}, noticed: map[int]bool{}, begun: map[string]bool{},
		turns: map[turn]string{}, chosen: map[string]string{},
	}
}

// Page returns a page that has come, by its number.
func (l *Life) Page(number int) Page { return l.all[number] }

// Rests reports whether nobody is to be called any more, and no page is under way.
func (l *Life) Rests() bool {
	return l.first(func(p plan) bool { return p.does != anEnd }) < 0 && len(l.open) == 0
}

// Next returns when something is due.
func (l *Life) Next() (at time.Time, ok bool) {
	i := l.first(func(plan) bool { return true })
	if i < 0 {
		return at, false
	}
	return l.planned[i].at, true
}

// Plans tells what is planned, for people.
func (l *Life) Plans() (all []string) {
	for _, p := range l.planned {
		all = append(all, fmt.Sprintf("%s deed %d of escalation %.4s round %d step %d, person %.4s by %s, page %d", p.at.Format("15:04:05.000000"), p.does, p.escalation, p.round, p.step, p.person, p.contact, p.page))
	}
	return all
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
			l.end(page)
			l.nextOf(p.Person, page)
		}
	})
}

// Noticed says that a page may have come to somebody's notice, whatever becomes of it.
func (l *Life) Noticed(page int) { l.noticed[page] = true }

// Done says that a page has come to its end, and has been of use.
func (l *Life) Done(at time.Time, page int) {
	l.Noticed(page)
	l.moment(at, func() { l.end(page) })
}

func (l *Life) end(page int) {
	delete(l.open, page)
	l.forget(func(p plan) bool { return p.does == aGivingUp && p.page == page })
}

// PassedOn says that a person wants the next one to be told.
func (l *Life) PassedOn(at time.Time, page int) []Page {
	return l.moment(at, func() {
		if p := l.all[page]; l.wants(p.Person, p.Way.Unclosed != "") {
			l.leaveAlone(p.Person)
			l.vain = true
		}
	})
}

// Anew says that the alert wants attention again: all are told as if it were new.
func (l *Life) Anew(at time.Time) []Page { return l.moment(at, l.begin) }

// moment does something at a moment, and then what follows from it at once.
func (l *Life) moment(at time.Time, do func()) []Page {
	l.now, l.due, l.told, l.vain, l.paged, l.through, l.reached = at, at, map[string]bool{}, false, nil, map[string]bool{}, nil
	do()
	l.goOn()
	l.settle()
	return l.paged
}

// goOn: if somebody was told in vain, and nobody is being reached or will be, the step that comes next
// comes at once. One that is not for an alert as this is now does not count.
func (l *Life) goOn() {
	for l.vain {
		l.vain = false
		if len(l.open) > 0 || l.first(func(p plan) bool { return p.does == anAttempt }) >= 0 {
			return
		}
		i := l.first(func(p plan) bool { return p.does == aStep })
		if i < 0 {
			i = l.first(func(p plan) bool { return p.does == aLook })
		}
		if i < 0 {
			return
		}
		p, due, reached := l.take(i), l.due, l.reached
		if p.at.Before(l.now) {
			l.due = p.at // it is late itself
		}
		l.reached = nil
		passed := p.does == aStep && !l.holds(l.stepsOf(p.escalation)[p.step])
		l.fire(p)
		l.vain = l.vain || passed
		l.due, l.reached = due, reached
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

// forget drops what is planned, of some kind.
func (l *Life) forget(such func(plan) bool) { l.planned = slices.DeleteFunc(l.planned, such) }

// plan plans something.
func (l *Life) plan(p plan) {
	l.number++
	p.number = l.number
	l.planned = append(l.planned, p)
}

// late reports whether what is being done is so late that the hub was away.
func (l *Life) late() bool { return l.now.Sub(l.due) >= overtaken }

func (l *Life) fire(p plan) {
	switch p.does {
	case aWaking:
		l.begin()
	case aStep:
		l.climb(p)
	case aRound:
		l.round(p)
	case anEnd:
		calls := func(q plan) bool { return q.does != anEnd && q.does != aLastResort }
		switch {
		case l.Silent():
		case len(l.open) > 0 || l.first(calls) >= 0: // by something else
			p.at = l.now.Add(time.Minute)
			l.plan(p)
		default:
			l.Close()
		}
	case aRepetition:
		l.again(p)
	case aLastResort:
		l.callLastResort()
	case aLook:
		l.look()
	case aGivingUp:
		if l.now.Sub(p.at) >= ownOutage {
			l.plan(plan{does: aGivingUp, at: l.now.Add(l.patience(p.page)), page: p.page})
			return
		}
		l.due = l.now
		person := l.open[p.page].Person
		l.end(p.page)
		l.nextOf(person, p.page)
	case anAttempt:
		next := func(q plan) bool {
			return q.does == anAttempt && q.person == p.person && q.at.After(p.at) && !q.at.After(l.now)
		}
		if l.late() && l.first(next) >= 0 {
			return // the next one of the same person is due, too: that one is tried, not both
		}
		if l.late() {
			l.told[p.person] = true
		}
		l.try(p)
	}
}

// begin tells everybody whom the alert names.
func (l *Life) begin() {
	l.attention = attention{}
	l.begun, l.led, l.held, l.caught = map[string]bool{}, nil, nil, false
	l.forget(func(p plan) bool { return p.does != aGivingUp })
	l.together = true
	defer func() { l.together = false }()
	for _, who := range l.alert.Responders {
		if l.exists(who) { // a name that leads nowhere is said, and is no step that failed
			l.follow(who, Way{})
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
