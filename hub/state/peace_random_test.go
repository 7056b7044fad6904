package state_test

import (
	"fmt"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// livePeace changes how people want to be reached, or notes something.
func (l *fullLife) livePeace(about string) {
	who := pick(l.dice, "an", "binh")
	switch l.dice.IntN(6) {
	case 0:
		l.changed[who] = l.now
		l.act("mute " + who + " " + pick(l.dice, "2m", "1h", "off"))
	case 1:
		l.changed[who] = l.now
		from := l.dice.IntN(24)
		l.act(fmt.Sprintf("quiet %s %s %s", who, pick(l.dice, "off", fmt.Sprintf("%d-%d", from, from+1)), pick(l.dice, "pierced", "tight")))
	case 2, 3:
		l.act("prefer " + who + " " + pick(l.dice, "r1 create", "r2 renotified", "r3 assigned") + " via=" + pick(l.dice, "push", "voice", "push,voice+2m") +
			pick(l.dice, "", " loop=1m", " loop=5m", " loop=off", " off", " if=priority:equals:P1"))
	case 4:
		l.act("prefer " + who + " " + pick(l.dice, "n1 acknowledged", "n2 closed", "n3 note") + " via=" + pick(l.dice, "push", "voice"))
	case 5:
		l.act("note " + about + "something")
	}
}

// checkPeace: nobody is paged who was not to be at the moment at which the page went to the outbox,
// and each person's rule comes again by one deadline for an alert, 20 times at most.
func (l *fullLife) checkPeace() {
	rows := map[string]bool{}
	for d := range state.Deadlines.All(l.tx) {
		if d.Kind != state.PagesAgain {
			continue
		}
		key := fmt.Sprint(d.Alert, d.User)
		if rows[key] || d.Why.Again >= 20 {
			l.t.Fatalf("a rule of %s comes again, as before %d times, more than once or more than twenty times", d.User, d.Why.Again)
		}
		rows[key] = true
	}
	for d := range state.Deliveries.All(l.tx) {
		if d.Notice != nil || d.Held || l.handed[d.ID] {
			continue
		}
		l.handed[d.ID] = true
		u, ok := state.Users.Get(l.tx, table.K().String(string(d.User)))
		if !ok || !d.Disturbed() { // it was taken back, or never went
			continue
		}
		at := d.QueuedAt()
		gravest := d.Gravest
		if a, ok := state.FindAlert(l.tx, state.Ref{ID: d.Alert}); ok && gravest == 0 { // without limits a page does not say
			gravest = a.Ever()
		}
		pierces := u.PierceQuiet && gravest == core.P1
		if !at.After(l.changed[u.Username]) || pierces {
			continue
		}
		hour := (at.Hour() + 7) % 24 // where they live
		if at.Before(u.MutedUntil) || u.QuietHours != nil && hour == u.QuietHours.Windows[0].StartMinute/60 {
			l.t.Fatalf("%s is paged by %s at %s, which was not to be: muted until %s, quiet %+v: %+v", u.Username, d.Kind, at, u.MutedUntil, u.QuietHours, d.Trace)
		}
	}
}
