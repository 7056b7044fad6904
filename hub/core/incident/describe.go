package incident

import (
	"keng/hub/core"
	"keng/hub/core/alert"
)

// What an incident says may be changed until it is closed: the review of one that is resolved
// is the morning after.

// AddNote adds the note of who moves to the log.
func (i *Incident) AddNote(by alert.By) Outcome {
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case by.Note == "":
		return refuse(NothingNamed)
	}
	return i.moved(by, DidAddNote, HasNote, ThenNothing)
}

// AddTags adds tags that the incident has not yet, in their order, each cut to
// [alert.TagMax]. What would be more than [alert.TagsMax] is left out; if that is all of them,
// it is refused.
func (i *Incident) AddTags(by alert.By, tags []string) Outcome {
	all, added, full := alert.WithTags(i.Tags, tags)
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case len(added) > 0:
		i.Tags = all
		return i.moved(by, DidAddTags, HasTags, ThenNothing, added...)
	case full:
		return refuse(TooManyTags)
	case !alert.Named(tags):
		return refuse(NothingNamed)
	}
	return same(HasTags)
}

// RemoveTags removes those tags that the incident has.
func (i *Incident) RemoveTags(by alert.By, tags []string) Outcome {
	kept, removed := alert.WithoutTags(i.Tags, tags)
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case len(tags) == 0:
		return refuse(NothingNamed)
	case len(removed) == 0:
		return same(HasLessTags)
	}
	i.Tags = kept
	return i.moved(by, DidRemoveTags, HasLessTags, ThenNothing, removed...)
}

// AddDetails sets details: what has a key already gets the new value. All of them fit within
// [alert.DetailsMax], or none is set.
func (i *Incident) AddDetails(by alert.By, details map[string]string) Outcome {
	all, keys, fit := alert.WithDetails(i.Details, details)
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case len(details) == 0:
		return refuse(NothingNamed)
	case !fit:
		return refuse(TooManyDetails)
	case len(keys) == 0:
		return same(HasDetails)
	}
	i.Details = all
	return i.moved(by, DidAddDetails, HasDetails, ThenNothing, keys...)
}

// RemoveDetails removes those details that the incident has, by their keys.
func (i *Incident) RemoveDetails(by alert.By, keys []string) Outcome {
	left, removed := alert.WithoutDetails(i.Details, keys)
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case len(keys) == 0:
		return refuse(NothingNamed)
	case len(removed) == 0:
		return same(HasLessDetails)
	}
	i.Details = left
	return i.moved(by, DidRemoveDetails, HasLessDetails, ThenNothing, removed...)
}

// SetPriority changes the priority. The responder alerts of an open incident that becomes
// graver become so as well.
func (i *Incident) SetPriority(by alert.By, p core.Priority) Outcome {
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case p.String() == "":
		return refuse(NoSuchPriority)
	case p == i.Priority:
		return same(HasPriority)
	}
	then := ThenNothing
	if p < i.Priority && i.Status == Open {
		then = ThenRaise
	}
	old := i.Priority
	i.Priority = p
	return i.moved(by, DidUpdatePriority, HasPriority, then, old.String(), p.String())
}

// SetMessage changes the message, cut to [alert.MessageMax].
func (i *Incident) SetMessage(by alert.By, message string) Outcome {
	message = alert.Cut(message, alert.MessageMax)
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case message == "":
		return refuse(NoMessage)
	case message == i.Message:
		return same(HasMessage)
	}
	old := i.Message
	i.Message = message
	return i.moved(by, DidUpdateMessage, HasMessage, ThenNothing, old, message)
}

// SetDescription changes the description, cut to [alert.DescriptionMax]. It may be empty.
func (i *Incident) SetDescription(by alert.By, description string) Outcome {
	description = alert.Cut(description, alert.DescriptionMax)
	switch {
	case i.Status == Closed:
		return refuse(AlreadyClosed)
	case description == i.Description:
		return same(HasDescription)
	}
	i.Description = description
	return i.moved(by, DidUpdateDescription, HasDescription, ThenNothing)
}
