package incident

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Resolve says that the trouble is over, until somebody says that it is not.
func (i *Incident) Resolve(by alert.By) Outcome {
	switch i.Status {
	case Closed:
		return refuse(AlreadyClosed)
	case Resolved:
		return refuse(AlreadyResolved)
	}
	i.Status, i.ResolvedAt, i.ResolvedBy = Resolved, by.At, by.Name()
	i.look(by)
	return i.moved(by, DidResolve, HasResolved, ThenEnd)
}

// Reopen says that the trouble is not over: every responder is called anew.
func (i *Incident) Reopen(by alert.By) Outcome {
	switch i.Status {
	case Closed:
		return refuse(AlreadyClosed)
	case Open:
		return refuse(AlreadyOpen)
	}
	i.Status = Open
	i.ResolvedAt, i.ResolvedBy, i.Calls = time.Time{}, "", nil
	i.look(by)
	return i.moved(by, DidReopen, HasReopened, ThenCall)
}

// Close ends the incident for good, resolved or not.
func (i *Incident) Close(by alert.By) Outcome {
	if i.Status == Closed {
		return refuse(AlreadyClosed)
	}
	i.Status, i.ClosedAt, i.ClosedBy = Closed, by.At, by.Name()
	i.look(by)
	return i.moved(by, DidClose, HasClosed, ThenEnd)
}

// Delete says that the incident is to be deleted, in whatever state it is. Its responder
// alerts go with it.
func (i *Incident) Delete(by alert.By) Outcome {
	return i.moved(by, DidDelete, HasDeleted, ThenNothing)
}

// See notes the first person who looks at the incident. It is no update of it.
func (i *Incident) See(by alert.By) Outcome {
	if i.Seen() || by.User == "" {
		return same(HasBeenSeen)
	}
	updated := i.UpdatedAt
	i.look(by)
	o := i.moved(by, DidSee, HasBeenSeen, ThenNothing)
	i.UpdatedAt = updated
	return o
}

func (i *Incident) look(by alert.By) {
	if !i.Seen() && by.User != "" {
		i.SeenAt, i.SeenBy = by.At, by.User
	}
}

// AddResponders lets more responders answer for an open incident, all of them or, if there is no
// room, none. What each is called is for people.
func (i *Incident) AddResponders(by alert.By, responders []alert.Responder, name func(alert.Responder) string) Outcome {
	added := lacking(i.Responders, responders)
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case i.Status == Resolved:
		return refuse(AlreadyResolved)
	case len(responders) == 0 || slices.ContainsFunc(responders, func(r alert.Responder) bool { return r.ID == "" }):
		return refuse(NothingNamed)
	case len(added) == 0:
		return same(HasResponders)
	case len(i.Responders)+len(added) > alert.RespondersMax:
		return refuse(TooManyResponders)
	}
	i.Responders = slices.Concat(i.Responders, added)
	i.own()
	names := make([]string, len(added))
	for n, r := range added {
		names[n] = name(r)
	}
	return i.moved(by, DidAddResponders, HasResponders, ThenCall, names...)
}

// Call notes that a responder of an open incident, whose name is for people, is called by an
// alert that has a number.
func (i *Incident) Call(by alert.By, c Call, number, name string) Outcome {
	i.Calls = append(slices.Clip(i.Calls), c)
	return i.moved(by, DidCall, HasCalled, ThenNothing, number, name)
}

// CallNobody notes that the incident names nobody who could be called.
func (i *Incident) CallNobody(by alert.By) Outcome {
	return i.moved(by, DidCallNobody, HasCalled, ThenNothing)
}

// Hear notes what has become of a responder alert of an open incident, which has a number,
// for a responder, whose name is for people. What is one of [DidAnswer], [DidUnanswer],
// [DidEnd] and [DidLose]; why is why. Whoever answers an incident that nobody owns owns it.
func (i *Incident) Hear(by alert.By, what What, why alert.Why, id core.AlertID, number, name string) Outcome {
	if _, ok := i.CallBy(id); !ok || i.Status != Open {
		return refuse(NoSuchAlert)
	}
	if what == DidAnswer && i.Owner == "" {
		i.Owner = by.Name()
	}
	o := i.moved(by, what, HasHeard, ThenNothing, number, name)
	o.Entry.Why = why
	return o
}
