package alert

import (
	"slices"

	"keng/hub/core"
)

// AddNote adds the note of who moves to the activity log.
func (a *Alert) AddNote(by By) Outcome {
	if by.Note == "" {
		return refuse(NothingNamed)
	}
	return a.moved(by, DidAddNote, HasNote, ThenNothing)
}

// AddTags adds tags that the alert has not yet, in their order, each cut to [TagMax]. What
// would be more than [TagsMax] is left out; if that is all of them, it is refused.
func (a *Alert) AddTags(by By, tags []string) Outcome {
	all, added, full := WithTags(a.Tags, tags)
	switch {
	case len(added) > 0:
		a.Tags = all
		return a.moved(by, DidAddTags, HasTags, ThenNothing, added...)
	case full:
		return refuse(TooManyTags)
	case !Named(tags):
		return refuse(NothingNamed)
	}
	return same(HasTags)
}

// RemoveTags removes those tags that the alert has.
func (a *Alert) RemoveTags(by By, tags []string) Outcome {
	if len(tags) == 0 {
		return refuse(NothingNamed)
	}
	kept, removed := WithoutTags(a.Tags, tags)
	if len(removed) == 0 {
		return same(HasLessTags)
	}
	a.Tags = kept
	return a.moved(by, DidRemoveTags, HasLessTags, ThenNothing, removed...)
}

// AddDetails sets details: what has a key already gets the new value. All of them fit
// within [DetailsMax], or none is set.
func (a *Alert) AddDetails(by By, details map[string]string) Outcome {
	if len(details) == 0 {
		return refuse(NothingNamed)
	}
	all, keys, fit := WithDetails(a.Details, details)
	switch {
	case !fit:
		return refuse(TooManyDetails)
	case len(keys) == 0:
		return same(HasDetails)
	}
	a.Details = all
	return a.moved(by, DidAddDetails, HasDetails, ThenNothing, keys...)
}

// RemoveDetails removes those details that the alert has, by their keys.
func (a *Alert) RemoveDetails(by By, keys []string) Outcome {
	if len(keys) == 0 {
		return refuse(NothingNamed)
	}
	left, removed := WithoutDetails(a.Details, keys)
	if len(removed) == 0 {
		return same(HasLessDetails)
	}
	a.Details = left
	return a.moved(by, DidRemoveDetails, HasLessDetails, ThenNothing, removed...)
}

// RunAction asks for one of the alert's own actions.
func (a *Alert) RunAction(by By, name string) Outcome {
	switch {
	case a.Status == Closed:
		return refuse(AlreadyClosed)
	case !slices.Contains(a.Actions, name):
		return refuse(NoSuchAction)
	}
	return a.moved(by, DidRunAction, HasRun, ThenNothing, name)
}

// SetPriority changes the priority. An alert that nobody takes care of and that becomes
// graver than it ever was begins anew.
func (a *Alert) SetPriority(by By, p core.Priority) Outcome {
	switch {
	case p.String() == "":
		return refuse(NoSuchPriority)
	case p == a.Priority:
		return same(HasPriority)
	}
	gravest := a.Ever()
	then := ThenNothing
	if p < gravest && !a.Silent() {
		then = ThenBeginAnew
		a.forgetAcks()
	}
	old := a.Priority
	a.Priority, a.Gravest = p, min(gravest, p)
	return a.moved(by, DidUpdatePriority, HasPriority, then, old.String(), p.String())
}

// Ever returns the gravest priority that the alert has had.
func (a *Alert) Ever() core.Priority {
	if a.Gravest == 0 {
		return a.Priority
	}
	return min(a.Priority, a.Gravest)
}

// SetMessage changes the message, cut to [MessageMax].
func (a *Alert) SetMessage(by By, message string) Outcome {
	message = Cut(message, MessageMax)
	switch message {
	case "":
		return refuse(NoMessage)
	case a.Message:
		return same(HasMessage)
	}
	old := a.Message
	a.Message = message
	return a.moved(by, DidUpdateMessage, HasMessage, ThenNothing, old, message)
}

// SetDescription changes the description, cut to [DescriptionMax]. It may be empty.
func (a *Alert) SetDescription(by By, description string) Outcome {
	description = Cut(description, DescriptionMax)
	if description == a.Description {
		return same(HasDescription)
	}
	a.Description = description
	return a.moved(by, DidUpdateDescription, HasDescription, ThenNothing)
}
