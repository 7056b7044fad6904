package state

import (
	"sync"
	"sync/atomic"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// decider asks the rules of a state, at a moment, about alerts. It changes nothing. What it
// knows of policies and of maintenance it has looked up once, when first asked: who changes
// them makes another decider.
type decider struct {
	r           table.Reader
	now         time.Time
	zones       Zones
	policies    func() *policySet
	maintenance func() route.Effects // what is in force
}

// newDecider returns what decides in a state at a moment. sets keeps the policies for those
// who decide later.
func newDecider(r table.Reader, now time.Time, zones Zones, sets *atomic.Pointer[policySet]) decider {
	return decider{
		r, now, zones,
		sync.OnceValue(func() *policySet { return presentPolicies(r, sets) }),
		sync.OnceValue(func() route.Effects { return InForce(r, now) }),
	}
}

// decideAnew has the command decide by what it has just changed.
func (c *change) decideAnew() { c.rules = newDecider(c.tx, c.now, c.zones, c.policySets) }

// policySet are the policies as they were under one stamp, read once: every alert asks them.
// It is safe for concurrent use.
type policySet struct {
	stamp stamp

	mutex        sync.Mutex
	memo         *route.Memo // also of routing rules
	alert        map[core.TeamID][]route.AlertPolicy
	notification map[core.TeamID][]route.NotificationPolicy
	groupings    []route.Grouping
	grouped      bool // groupings have been read
}

// presentPolicies returns the policies of a state: those that were kept, unless they have
// changed since.
func presentPolicies(r table.Reader, sets *atomic.Pointer[policySet]) *policySet {
	var present stamp // empty as long as there have been none
	if row, ok := stamps.Get(r, stampKey); ok {
		present = *row
	}
	if set := sets.Load(); set != nil && set.stamp == present {
		return set
	}
	set := &policySet{
		stamp: present, memo: route.NewMemo(), alert: map[core.TeamID][]route.AlertPolicy{}, notification: map[core.TeamID][]route.NotificationPolicy{},
	}
	sets.Store(set)
	return set
}

// ofAlerts returns the alert policies of a team, or of none. The mutex is held.
func (s *policySet) ofAlerts(r table.Reader, team core.TeamID) []route.AlertPolicy {
	list, known := s.alert[team]
	if !known {
		for _, p := range PoliciesOf(r, AlertPolicies, team) {
			list = append(list, *p.Alert)
		}
		s.alert[team] = list
	}
	return list
}

// ofNotifying returns the notification policies of a team. The mutex is held.
func (s *policySet) ofNotifying(r table.Reader, team core.TeamID) []route.NotificationPolicy {
	list, known := s.notification[team]
	if !known {
		for _, p := range PoliciesOf(r, NotificationPolicies, team) {
			list = append(list, *p.Notification)
		}
		s.notification[team] = list
	}
	return list
}

// shape lets the alert policies rewrite what is to become an alert.
func (d decider) shape(draft alert.Draft) route.Shaped {
	set := d.policies()
	set.mutex.Lock()
	defer set.mutex.Unlock()
	matrix, owner := d.matrix(&draft), route.Owner(&draft)
	if matrix == nil && len(set.ofAlerts(d.r, "")) == 0 && (owner == "" || len(set.ofAlerts(d.r, owner)) == 0) {
		return route.Shaped{Draft: draft} // nearly all, where nobody has written any
	}
	shaping := route.Shaping{
		Matrix: matrix, Global: set.ofAlerts(d.r, ""), Names: d.nameOf,
		Team: func(team core.TeamID) []route.AlertPolicy { return set.ofAlerts(d.r, team) },
	}
	shaped := shaping.Shape(draft, d.world(set.memo))
	if draft.Integration == "" {
		shaped.Draft.Alias = draft.Alias // by which an agent, or the hub itself, finds it again when it is over
	}
	return shaped
}

// matrix returns the table of priorities that counts for a draft; nil if it needs none.
func (d decider) matrix(draft *alert.Draft) *route.Matrix {
	if draft.Priority != 0 || len(draft.Details) < 2 {
		return nil
	}
	m := MatrixOf(d.r, route.Owner(draft))
	return &m
}

// verdict asks a team's notification policies.
func (d decider) verdict(team core.TeamID, a *alert.Alert, f *route.Facts) route.Verdict {
	set := d.policies()
	set.mutex.Lock()
	defer set.mutex.Unlock()
	list := set.ofNotifying(d.r, team)
	if len(list) == 0 {
		return route.Verdict{}
	}
	subject := route.Of(a, d.nameOf)
	if a.Lead != nil {
		f.Under = func(p *route.NotificationPolicy) bool { return d.metUnder(a, p, &subject, set.memo) }
	}
	return route.Judge(list, &subject, f, d.world(set.memo))
}

// route returns the routing rule of a team that answers for an alert.
func (d decider) route(t *route.Team, a *alert.Alert) (route.Routed, bool) {
	set := d.policies()
	set.mutex.Lock()
	defer set.mutex.Unlock()
	subject := route.Of(a, d.nameOf)
	return t.Route(&subject, d.world(set.memo))
}

// world is what decisions need to know besides the rules.
func (d decider) world(memo *route.Memo) *route.World {
	return &route.World{Now: d.now, Zones: d.zones, Memo: memo, Maintenance: d.maintenance()}
}

// nameOf returns the name of a responder; "" if there is none such any more.
func (d decider) nameOf(r alert.Responder) string { return nameOfResponder(d.r, r) }
