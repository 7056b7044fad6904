package state_test

import (
	"fmt"

	"keng/hub/core/alert"
	"keng/hub/core/incident"
	"keng/hub/state"
	"keng/raftstore/table"
)

// liveIncident does something to an incident, or to one of its responder alerts.
func (l *fullLife) liveIncident() {
	var all []*incident.Incident
	for i := range state.Incidents.All(l.tx) {
		all = append(all, i)
	}
	who := func() string {
		return pick(l.dice, "team:it", "team:net", "team:none", "team:gone", "user:an", "user:binh", "user:mute", "schedule:empty", "escalation:long")
	}
	if len(all) == 0 || len(all) < 4 && l.dice.IntN(4) == 0 {
		l.act("incident " + pick(l.dice, "priority=P1 ", "priority=P4 ", "tag=vip ", "owner=it ") + pick(l.dice, "", who(), who()+" "+who(), who()+" "+who()+" "+who()))
		return
	}
	i := pick(l.dice, all...)
	about := fmt.Sprintf("%d %s ", i.Tiny, pick(l.dice, "an", "binh", "-"))
	switch l.dice.IntN(12) {
	case 0:
		l.act("involve " + about + who() + " " + who())
	case 1, 2:
		l.act("resolve " + about)
	case 3, 4:
		l.act("reopen " + about)
	case 5:
		l.act(pick(l.dice, "iclose ", "unincident ", "isee ", "isee ") + about)
	case 6, 7:
		l.act("iupdate " + about + pick(l.dice, "priority=P1", "priority=P2", "priority=P5", "message=other"))
	case 8:
		l.act("itags " + about + pick(l.dice, "+a", "-a"))
	default:
		for a := range state.ResponderAlerts(l.tx, i.ID) {
			if l.dice.IntN(2) == 0 {
				l.act(pick(l.dice, "ack ", "ack ", "unack ", "close ", "take ", "delete ") + fmt.Sprintf("#%d an", a.Tiny))
				return
			}
		}
	}
}

// checkIncidents: whoever answers for an open incident is called, by one alert; of one that is
// over no alert is open; and the log tells the way.
func (l *fullLife) checkIncidents() {
	goesOn := map[string]bool{}
	for d := range state.Deadlines.All(l.tx) {
		if d.Kind == state.IncidentRest {
			goesOn[string(d.Incident)] = true
		}
	}
	known := map[string]*incident.Incident{}
	for i := range state.Incidents.All(l.tx) {
		known[string(i.ID)] = i
		if n := len(i.Uncalled()); n > 0 && i.Status == incident.Open && !goesOn[string(i.ID)] {
			l.t.Fatalf("P2: %d responders of incident #%d are not called", n, i.Tiny)
		}
		l.checkIncidentLog(i)
	}
	for a := range state.Alerts.All(l.tx) {
		if a.Incident == "" || goesOn[string(a.Incident)] {
			continue
		}
		i := known[string(a.Incident)]
		if i == nil {
			l.t.Fatalf("alert #%d is of an incident that is gone", a.Tiny)
		}
		if _, called := i.CallBy(a.ID); a.Status == alert.Open && (!called || i.Status != incident.Open) {
			l.t.Fatalf("P3: alert #%d is open, and incident #%d is %s", a.Tiny, i.Tiny, i.Status)
		}
	}
	for line := range state.IncidentLog.All(l.tx) {
		if known[string(line.Incident)] == nil && !goesOn[string(line.Incident)] {
			l.t.Fatal("the log of an incident that is gone is left")
		}
	}
}

// checkIncidentLog: what the log says of the responder alerts is what they are.
func (l *fullLife) checkIncidentLog(i *incident.Incident) {
	taken, over, last, status := map[string]bool{}, map[string]bool{}, uint64(0), incident.Open
	for line := range state.IncidentLines(l.tx, i.ID, 0, false, false) {
		if line.Number <= last || line.Number > i.Sequence {
			l.t.Fatalf("P7: line %d follows line %d of incident #%d, which is state %d", line.Number, last, i.Tiny, i.Sequence)
		}
		last = line.Number
		switch e := line.Entry; e.What {
		case incident.DidResolve:
			status = incident.Resolved
		case incident.DidClose:
			status = incident.Closed
		case incident.DidReopen:
			status = incident.Open
		case incident.DidAnswer, incident.DidUnanswer:
			taken[e.Of[0]] = e.What == incident.DidAnswer
		case incident.DidEnd, incident.DidLose:
			over[e.Of[0]] = true
		}
	}
	if status != i.Status {
		l.t.Fatalf("incident #%d is %s, and its log says %s", i.Tiny, i.Status, status)
	}
	for _, call := range i.Calls {
		a, ok := state.Alerts.Get(l.tx, table.K().String(string(call.Alert)))
		if i.Status != incident.Open || !ok {
			continue
		}
		if number := a.Number(); a.Acknowledged != taken[number] || (a.Status == alert.Closed) != over[number] {
			l.t.Fatalf("the log of incident #%d says otherwise than alert %s: acknowledged %v, %s", i.Tiny, number, a.Acknowledged, a.Status)
		}
	}
}
