package state

import (
	"maps"
	"slices"

	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// A parent has the text of its first member. A notification policy that means that member must
// not hold back, or close, all that comes under the parent later: see [decider.metUnder].

// parentTag is the tag of parents, and the key of the detail that names their group.
const parentTag = "group"

// metUnderMax is how many members a policy is held against at most, the newest first. While a
// policy holds a parent back each member is looked at when it joins.
const metUnderMax = 200

// metUnder reports whether a notification policy that a parent meets may hold it back: each
// open member that wants attention meets it, too, of those that name the policy's team if the
// parent does so. What closes must be met by all open ones. A policy that is meant for
// parents, since the parent would not meet it without its tag and its detail, looks at the
// parent alone.
func (d decider) metUnder(p *alert.Alert, policy *route.NotificationPolicy, subject *route.Subject, memo *route.Memo) bool {
	plain := *subject
	plain.Tags = slices.DeleteFunc(slices.Clone(p.Tags), func(t string) bool { return t == parentTag })
	plain.Details = maps.Clone(p.Details)
	delete(plain.Details, parentTag)
	if !policy.Filter.MetBy(&plain, memo) {
		return true
	}
	team := alert.Responder{Kind: alert.Team, ID: string(policy.Team)}
	named := p.HasResponder(team)
	met := func(rank uint64) bool {
		looked := 0
		for m := range alertsByParent.FindReverse(d.r, membersKey(p.ID).Uint64(rank)) {
			if looked++; looked > metUnderMax {
				break
			}
			if named && !m.HasResponder(team) {
				continue
			}
			if s := route.Of(m, d.nameOf); !policy.Filter.MetBy(&s, memo) {
				return false
			}
		}
		return true
	}
	return met(memberWants) && (policy.CloseAfter == 0 || met(memberSilent))
}
