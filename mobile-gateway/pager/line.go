package pager

import (
	"slices"
	"time"

	"keng/proto/channel"
)

const (
	// originTime is how long only the hub that sent a page is told of it. Then
	// it may be cut off from the others, and every hub is told: the first that can
	// commit the report acknowledges it, and repeats are harmless.
	originTime = 2 * time.Second
	// repeatTime is when a report that was not acknowledged is told again on the
	// same line; each time after twice as long, up to repeatTimeMax.
	repeatTime    = 15 * time.Second
	repeatTimeMax = 10 * time.Minute
	// dueMax is how many reports [Line.Due] returns at once.
	dueMax = 2 * answersMax
	// answersMax is how many answers wait for a slow line; the oldest are dropped.
	answersMax = 1024
)

// Line is one connection to a hub. Its methods are safe for concurrent use. What still
// enters through a closed line is heeded; nothing leaves by it.
type Line struct {
	pager *Pager
	wake  chan struct{} // capacity 1

	// Owned by pager.mu.
	told    map[string]mark  // what was said of a page on this line
	answers []channel.Report // to say once, on this line only
}

// mark is up to which number a page's reports were told, when, and when to tell
// them again.
type mark struct {
	through uint32
	at      time.Time
	again   time.Duration // after at
}

// Connect adds a hub's connection. Every report that is not acknowledged is soon
// due on it.
func (p *Pager) Connect() *Line {
	line := &Line{pager: p, wake: make(chan struct{}, 1), told: map[string]mark{}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines[line] = struct{}{}
	line.rouse()
	return line
}

// Close removes the line. Its pages go on, and the other lines tell of them.
func (l *Line) Close() {
	p := l.pager
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lines, l)
	for page, origin := range p.origins {
		if origin == l {
			delete(p.origins, page)
		}
	}
	p.wakeAll()
}

// Page takes up a page from this hub. It never waits for the page.
func (l *Line) Page(page channel.Page) { l.pager.take(page, l) }

// Cancel takes a page back. One that is unknown or has ended is none of its business.
func (l *Line) Cancel(id string, term uint64) { l.pager.cancel(id, term) }

// Ack notes that a hub has the reports of a page up to a number.
func (l *Line) Ack(page string, through uint32) {
	p := l.pager
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complain(p.ledger.Ack(page, through))
	if reports, _ := p.ledger.Reports(page); len(reports) > 0 && reports[len(reports)-1].Stage.Final() && int(through) >= len(reports) {
		delete(p.origins, page)
		for line := range p.lines {
			delete(line.told, page)
		}
	}
	p.wakeAll()
}

// Wake is readable when [Line.Due] may have something new.
func (l *Line) Wake() <-chan struct{} { return l.wake }

// Due returns what should be said to this hub now, oldest pages first and the reports of a
// page in order, and notes that it was said. Ask again after [Line.Wake], and once a
// second, because silence makes reports due, too.
func (l *Line) Due(now time.Time) []channel.Report {
	p := l.pager
	p.mu.Lock()
	defer p.mu.Unlock()
	due := l.answers
	l.answers = nil
	pages := p.ledger.Unacked()
	slices.SortFunc(pages, func(a, b []channel.Report) int { return a[0].At.Compare(b[0].At) })
	for _, reports := range pages {
		said := l.told[reports[0].Page]
		next := mark{at: now, again: repeatTime}
		if said.through >= reports[0].Number { // else they are told for the first time
			next.again = min(2*said.again, repeatTimeMax)
		}
		for _, r := range reports {
			if len(due) >= dueMax {
				l.rouse()
				return due
			}
			if l.isDue(r, said, now) {
				due = append(due, r)
				next.through = r.Number
				l.told[r.Page] = next
			}
		}
	}
	return due
}

// isDue decides about one unacknowledged report.
func (l *Line) isDue(r channel.Report, said mark, now time.Time) bool {
	if r.Number <= said.through && now.Sub(said.at) < said.again {
		return false
	}
	origin := l.pager.origins[r.Page]
	return origin == nil || origin == l || now.Sub(r.At) >= originTime
}

// answer says something once on this line only. pager.mu is held.
func (l *Line) answer(r channel.Report) {
	r.Number, r.At = 1, time.Now().UTC()
	if len(l.answers) >= answersMax {
		l.answers = l.answers[1:]
	}
	l.answers = append(l.answers, r)
	l.rouse()
}

// repeat makes all reports of a page due again. pager.mu is held.
func (l *Line) repeat(page string) {
	delete(l.told, page)
	l.rouse()
}

func (l *Line) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
