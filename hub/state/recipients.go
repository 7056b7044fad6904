package state

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Recipient is a person for whom there were pages about an alert, and what is known of them.
type Recipient struct {
	User     core.UserID
	Username string // "" if the person has been deleted
	State    RecipientState
	// Action is what the person did last, if State is [HasActed]: the name of the action as Opsgenie's webhooks have it.
	Action string
	// Page is the kind of page that came through last, if State is [WasNotified].
	Page      channel.Kind
	CreatedAt time.Time // of the first page
	UpdatedAt time.Time // when the last thing was heard, or done
}

// RecipientState is what is known of somebody who is paged about an alert.
type RecipientState uint8

// The states.
const (
	NotReached  RecipientState = iota // pages wait, or came to nothing: failed, unanswered or taken back
	WasNotified                       // a page came through; whether anybody has read it is not known
	HasActed                          // the person did something to the alert, and was not called again since
)

// RecipientsOf returns for whom there were pages about an alert, in the order in which they were first
// called, and of their usernames.
func RecipientsOf(r table.Reader, id core.AlertID) (all []*Recipient) {
	byUser, byName, called := map[core.UserID]*Recipient{}, map[string]*Recipient{}, map[core.UserID]time.Time{}
	for _, d := range DeliveriesOf(r, id) {
		p := byUser[d.User]
		if p == nil {
			p = &Recipient{User: d.User, CreatedAt: d.CreatedAt}
			if u, ok := Users.Get(r, table.K().String(string(d.User))); ok {
				p.Username, byName[strings.ToLower(u.Username)] = u.Username, p
			}
			byUser[d.User], all = p, append(all, p)
		}
		called[d.User] = d.CreatedAt
		if d.cameThrough() {
			p.State, p.Page = WasNotified, d.Kind
		}
		for _, t := range d.Trace {
			p.UpdatedAt = later(t.At, p.UpdatedAt)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b *Recipient) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Username, b.Username), cmp.Compare(a.User, b.User))
	})
	for line := range LogOf(r, id) {
		p, action := byName[strings.ToLower(line.Owner)], actionOf(&line)
		if p == nil || action == "" {
			continue
		}
		p.UpdatedAt = later(line.At, p.UpdatedAt)
		if !line.At.Before(called[p.User]) {
			p.State, p.Action = HasActed, action
		}
	}
	return all
}

// actionOf returns what a line of the log says that somebody did; "" if it is of another sort.
func actionOf(line *Entry) string {
	if line.Type != ActionEntry || line.What == alert.DidCreate {
		return ""
	}
	if move, ok := line.Move(); ok {
		return move.Action()
	}
	if line.Decision != nil && line.Decision.Kind == explain.PassedOn {
		return alert.DidEscalateToNext.String()
	}
	return ""
}

// cameThrough reports whether the page has come to the person, as far as its channel can know: a provider
// has taken a message, or somebody has picked up the telephone. That it rang is not enough.
func (d *Delivery) cameThrough() bool {
	return slices.ContainsFunc(d.Trace, func(t Trace) bool {
		switch t.Stage {
		case channel.Answered, channel.Done:
			return true
		case channel.Accepted: // of a call, the trunk has
			return d.Kind != channel.Voice
		}
		return t.Failure == channel.NoReply || t.Failure == channel.Declined
	})
}
