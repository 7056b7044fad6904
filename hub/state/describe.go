package state

import (
	"keng/hub/core"
	"keng/hub/core/alert"
)

// AddNote adds the note of who asks to an alert's activity log.
type AddNote struct {
	Asked Asked `cbor:"1,keyasint"`
}

func (AddNote) number() number { return addNote }

func (k AddNote) apply(c *change) (Request, error) {
	return c.move(k.Asked, "AddNote", func(a *alert.Alert) alert.Outcome { return a.AddNote(k.Asked.by(c)) }, nil)
}

// AddTags adds tags to an alert.
type AddTags struct {
	Asked Asked    `cbor:"1,keyasint"`
	Tags  []string `cbor:"2,keyasint"`
}

func (AddTags) number() number { return addTags }

func (k AddTags) apply(c *change) (Request, error) {
	return c.move(k.Asked, "AddTags", func(a *alert.Alert) alert.Outcome { return a.AddTags(k.Asked.by(c), k.Tags) }, nil)
}

// RemoveTags removes tags from an alert.
type RemoveTags struct {
	Asked Asked    `cbor:"1,keyasint"`
	Tags  []string `cbor:"2,keyasint"`
}

func (RemoveTags) number() number { return removeTags }

func (k RemoveTags) apply(c *change) (Request, error) {
	return c.move(k.Asked, "RemoveTags", func(a *alert.Alert) alert.Outcome { return a.RemoveTags(k.Asked.by(c), k.Tags) }, nil)
}

// AddDetails sets details of an alert.
type AddDetails struct {
	Asked   Asked             `cbor:"1,keyasint"`
	Details map[string]string `cbor:"2,keyasint"`
}

func (AddDetails) number() number { return addDetails }

func (k AddDetails) apply(c *change) (Request, error) {
	return c.move(k.Asked, "AddDetails", func(a *alert.Alert) alert.Outcome { return a.AddDetails(k.Asked.by(c), k.Details) }, nil)
}

// RemoveDetails removes details of an alert by their keys.
type RemoveDetails struct {
	Asked Asked    `cbor:"1,keyasint"`
	Keys  []string `cbor:"2,keyasint"`
}

func (RemoveDetails) number() number { return removeDetails }

func (k RemoveDetails) apply(c *change) (Request, error) {
	return c.move(k.Asked, "RemoveDetails", func(a *alert.Alert) alert.Outcome { return a.RemoveDetails(k.Asked.by(c), k.Keys) }, nil)
}

// RunAction asks for one of an alert's own actions. Who carries it out reads the activity
// log.
type RunAction struct {
	Asked  Asked  `cbor:"1,keyasint"`
	Action string `cbor:"2,keyasint"`
}

func (RunAction) number() number { return runAction }

func (k RunAction) apply(c *change) (Request, error) {
	action := alert.Cut(k.Action, alert.ActionMax)
	return c.move(k.Asked, action, func(a *alert.Alert) alert.Outcome { return a.RunAction(k.Asked.by(c), action) }, nil)
}

// UpdatePriority changes an alert's priority.
type UpdatePriority struct {
	Asked    Asked         `cbor:"1,keyasint"`
	Priority core.Priority `cbor:"2,keyasint"`
}

func (UpdatePriority) number() number { return updatePriority }

func (k UpdatePriority) apply(c *change) (Request, error) {
	return c.move(k.Asked, "UpdatePriority", func(a *alert.Alert) alert.Outcome { return a.SetPriority(k.Asked.by(c), k.Priority) }, nil)
}

// UpdateMessage changes an alert's message.
type UpdateMessage struct {
	Asked   Asked  `cbor:"1,keyasint"`
	Message string `cbor:"2,keyasint"`
}

func (UpdateMessage) number() number { return updateMessage }

func (k UpdateMessage) apply(c *change) (Request, error) {
	return c.move(k.Asked, "UpdateMessage", func(a *alert.Alert) alert.Outcome { return a.SetMessage(k.Asked.by(c), k.Message) }, nil)
}

// UpdateDescription changes an alert's description.
type UpdateDescription struct {
	Asked       Asked  `cbor:"1,keyasint"`
	Description string `cbor:"2,keyasint"`
}

func (UpdateDescription) number() number { return updateDescription }

func (k UpdateDescription) apply(c *change) (Request, error) {
	return c.move(k.Asked, "UpdateDescription", func(a *alert.Alert) alert.Outcome { return a.SetDescription(k.Asked.by(c), k.Description) }, nil)
}

// SeeAlert notes that a person has looked at an alert.
type SeeAlert struct {
	Asked Asked `cbor:"1,keyasint"`
}

func (SeeAlert) number() number { return seeAlert }

func (k SeeAlert) apply(c *change) (Request, error) {
	return c.move(k.Asked, "Seen", func(a *alert.Alert) alert.Outcome { return a.See(k.Asked.by(c)) }, nil)
}
