package alert

import (
	"maps"
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
	var added []string
	full, named := false, false
	for _, tag := range tags {
		tag = Cut(tag, TagMax)
		named = named || tag != ""
		switch {
		case tag == "" || slices.Contains(a.Tags, tag) || slices.Contains(added, tag):
		case len(a.Tags)+len(added) >= TagsMax:
			full = true
		default:
			added = append(added, tag)
		}
	}
	switch {
	case len(added) > 0:
		a.Tags = slices.Concat(a.Tags, added)
		return a.moved(by, DidAddTags, HasTags, ThenNothing, added...)
	case full:
		return refuse(TooManyTags)
	case !named:
		return refuse(NothingNamed)
	}
	return same(HasTags)
}

// RemoveTags removes those tags that the alert has.
func (a *Alert) RemoveTags(by By, tags []string) Outcome {
	if len(tags) == 0 {
		return refuse(NothingNamed)
	}
	var kept, removed []string
	for _, tag := range a.Tags {
		if slices.Contains(tags, tag) || slices.ContainsFunc(tags, func(t string) bool { return Cut(t, TagMax) == tag }) {
			removed = append(removed, tag)
			continue
		}
		kept = append(kept, tag)
	}
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
	all := maps.Clone(a.Details)
	if all == nil {
		all = map[string]string{}
	}
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(details)) {
		if old, has := all[key]; !has || old != details[key] {
			keys = append(keys, key)
		}
		all[key] = details[key]
	}
	switch {
	case detailsSize(all) > DetailsMax:
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
	left := maps.Clone(a.Details)
	var removed []string
	for _, key := range keys {
		if _, has := left[key]; has {
			delete(left, key)
			removed = append(removed, key)
		}
	}
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
