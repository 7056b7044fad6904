package state

import (
	"slices"
	"sync"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Policy is an alert policy or a notification policy: exactly one of the two is there.
type Policy struct {
	ID    string      `cbor:"1,keyasint"`
	Team  core.TeamID `cbor:"2,keyasint,omitempty"` // whose it is; empty: it is for all alerts
	Place int         `cbor:"3,keyasint,omitempty"` // among those of its kind and team, from 0

	Alert        *route.AlertPolicy        `cbor:"4,keyasint,omitempty"`
	Notification *route.NotificationPolicy `cbor:"5,keyasint,omitempty"`
}

// PolicyKind is which sort of policy it is. Values are stored.
type PolicyKind uint8

// The kinds.
const (
	AlertPolicies        PolicyKind = 1 // they rewrite alerts before they are created
	NotificationPolicies PolicyKind = 2 // they say whether and when a team is notified
)

// Kind returns the kind of the policy.
func (p *Policy) Kind() PolicyKind {
	if p.Notification != nil {
		return NotificationPolicies
	}
	return AlertPolicies
}

var policiesInOrder = table.NewIndex(1, "order", false, func(p *Policy) []table.Key {
	return []table.Key{placesOf(p.Kind(), p.Team).Int64(int64(p.Place))}
})

func placesOf(kind PolicyKind, team core.TeamID) table.Key {
	return table.K().Uint64(uint64(kind)).String(string(team))
}

// Policies holds the policies. [PoliciesOf] gives them in their order.
var Policies = table.New(24, "policies", func(p *Policy) table.Key { return table.K().String(p.ID) }, policiesInOrder)

// PoliciesOf returns the policies of a kind and a team, in the order in which they are asked;
// of no team, those for all alerts.
func PoliciesOf(r table.Reader, kind PolicyKind, team core.TeamID) []*Policy {
	return slices.Collect(policiesInOrder.Find(r, placesOf(kind, team)))
}

// GetPolicy returns a policy, or an error of kind [core.NotFound].
func GetPolicy(r table.Reader, id string) (*Policy, error) {
	p, ok := Policies.Get(r, table.K().String(id))
	if !ok {
		return nil, core.Missing("Policy", firstRunes(id, NameMax))
	}
	return p, nil
}

// PolicyFields is all that a caller says of a policy: of an alert policy or of a notification
// policy, whose ids, teams and responders do not count.
type PolicyFields struct {
	Alert        *route.AlertPolicy        `cbor:"1,keyasint,omitempty"`
	Notification *route.NotificationPolicy `cbor:"2,keyasint,omitempty"`
	Responders   []Party                   `cbor:"3,keyasint,omitempty"` // that an alert policy adds
}

// fill writes what was said into a policy, whose id and team are known, and complains about
// what cannot be.
func (f *PolicyFields) fill(c *change, p *Policy) error {
	switch {
	case (f.Alert == nil) == (f.Notification == nil):
		return core.Invalid("type", "must be alert or notification")
	case f.Notification != nil:
		n := *f.Notification
		n.ID, n.Team = p.ID, p.Team
		if timed := n.Restriction != nil || n.Delay != nil && n.Delay.Option != route.ForDuration; timed && n.Zone == "" {
			n.Zone = c.zone(nil)
		}
		p.Notification = &n
		return c.checkPolicy(n.Check(), n.Zone, faults{})
	}
	a := *f.Alert
	a.ID, a.Team, a.Fields.Responders = p.ID, p.Team, nil
	if a.Restriction != nil && a.Zone == "" {
		a.Zone = c.zone(nil)
	}
	wrong := faults{}
	for _, party := range f.Responders {
		found, err := party.find(c.tx)
		wrong.missing("responders", err)
		a.Fields.Responders = append(a.Fields.Responders, found)
	}
	p.Alert = &a
	return c.checkPolicy(a.Check(), a.Zone, wrong)
}

// checkPolicy joins what is wrong with a policy to what only the state can know.
func (c *change) checkPolicy(err error, zone string, wrong faults) error {
	for field, why := range fieldsOf(err) {
		wrong.add(field, why)
	}
	if _, err := c.zones(zone); zone != "" && err != nil {
		wrong.add("timezone", "there is no time zone "+zone)
	}
	return wrong.err()
}

// CreatePolicy makes a policy, the last of its kind and team. Without a team an alert policy
// is for all alerts; a notification policy needs one.
type CreatePolicy struct {
	Team   Pick         `cbor:"1,keyasint"`
	Fields PolicyFields `cbor:"2,keyasint"`
}

func (CreatePolicy) number() number { return createPolicy }

func (k CreatePolicy) apply(c *change) (Policy, error) {
	p := Policy{ID: c.newID("policy")}
	if k.Team != (Pick{}) {
		t, err := k.Team.Team(c.tx)
		if err != nil {
			return p, err
		}
		p.Team = t.ID
	}
	if err := k.Fields.fill(c, &p); err != nil {
		return p, err
	}
	there := PoliciesOf(c.tx, p.Kind(), p.Team)
	if len(there) >= route.PoliciesMax {
		return p, core.Invalid("name", "there are as many policies as there may be: delete one that is not needed")
	}
	p.Place = len(there)
	return p, c.keepPolicy(&p)
}

// ChangePolicy replaces all that is said of a policy, but its kind, its team and its place.
type ChangePolicy struct {
	ID     string       `cbor:"1,keyasint"`
	Fields PolicyFields `cbor:"2,keyasint"`
}

func (ChangePolicy) number() number { return changePolicy }

func (k ChangePolicy) apply(c *change) (Policy, error) {
	p, err := GetPolicy(c.tx, k.ID)
	if err != nil {
		return Policy{}, err
	}
	if kind := p.Kind(); kind == AlertPolicies && k.Fields.Alert == nil || kind == NotificationPolicies && k.Fields.Notification == nil {
		return *p, core.Invalid("type", "the type of a policy cannot be changed")
	}
	if err := k.Fields.fill(c, p); err != nil {
		return *p, err
	}
	return *p, c.keepPolicy(p)
}

// SwitchPolicy switches a policy on or off.
type SwitchPolicy struct {
	ID string `cbor:"1,keyasint"`
	On bool   `cbor:"2,keyasint,omitempty"`
}

func (SwitchPolicy) number() number { return switchPolicy }

func (k SwitchPolicy) apply(c *change) (Policy, error) {
	p, err := GetPolicy(c.tx, k.ID)
	if err != nil {
		return Policy{}, err
	}
	if p.Alert != nil {
		p.Alert.Disabled = !k.On
	} else {
		p.Notification.Disabled = !k.On
	}
	return *p, c.keepPolicy(p)
}

// MovePolicy lets a policy be asked at another place among those of its kind and team; one
// beyond the end is the last.
type MovePolicy struct {
	ID string `cbor:"1,keyasint"`
	To int    `cbor:"2,keyasint,omitempty"` // from 0
}

func (MovePolicy) number() number { return movePolicy }

func (k MovePolicy) apply(c *change) (Nothing, error) {
	p, err := GetPolicy(c.tx, k.ID)
	if err != nil {
		return Nothing{}, err
	}
	if k.To < 0 {
		return Nothing{}, core.Invalid("targetIndex", "must be 0 or more")
	}
	all := PoliciesOf(c.tx, p.Kind(), p.Team)
	from := slices.IndexFunc(all, func(x *Policy) bool { return x.ID == p.ID })
	return Nothing{}, c.renumber(place(all, from, min(k.To, len(all)-1)))
}

// DeletePolicy deletes a policy. What it holds back is judged again when its time comes, or
// when it occurs again.
type DeletePolicy struct {
	ID string `cbor:"1,keyasint"`
}

func (DeletePolicy) number() number { return deletePolicy }

func (k DeletePolicy) apply(c *change) (Nothing, error) {
	p, err := GetPolicy(c.tx, k.ID)
	if err != nil {
		return Nothing{}, err
	}
	Policies.Delete(c.tx, Policies.KeyOf(p))
	return Nothing{}, c.renumber(PoliciesOf(c.tx, p.Kind(), p.Team))
}

// renumber gives policies of one kind and team the places in which they stand.
func (c *change) renumber(all []*Policy) error {
	for i, p := range all {
		if p.Place == i {
			continue
		}
		p.Place = i
		if err := Policies.Put(c.tx, p); err != nil {
			return err
		}
	}
	return c.stampPolicies()
}

func (c *change) keepPolicy(p *Policy) error {
	if err := Policies.Put(c.tx, p); err != nil {
		return err
	}
	return c.stampPolicies()
}

// dropPolicies deletes the policies of a team that is deleted.
func (c *change) dropPolicies(team core.TeamID) error {
	gone := slices.Concat(PoliciesOf(c.tx, AlertPolicies, team), PoliciesOf(c.tx, NotificationPolicies, team))
	for _, p := range gone {
		Policies.Delete(c.tx, Policies.KeyOf(p))
	}
	if len(gone) == 0 {
		return nil
	}
	return c.stampPolicies()
}

// stamp changes whenever a policy does: no two states with different policies have the same,
// not even of a command whose effects are taken back.
type stamp struct {
	Seed string `cbor:"1,keyasint"`
}

var stampKey = table.K().String("policies")

var stamps = table.New(26, "policy stamp", func(*stamp) table.Key { return stampKey })

func (c *change) stampPolicies() error { return stamps.Put(c.tx, &stamp{c.newID("policy-stamp")}) }

// policySet are the policies as they were under one stamp, read once: every alert asks them.
// It is safe for concurrent use.
type policySet struct {
	stamp stamp

	mutex        sync.Mutex
	memo         *route.Memo // also of routing rules
	alert        map[core.TeamID][]route.AlertPolicy
	notification map[core.TeamID][]route.NotificationPolicy
}

// policies returns the policies.
func (c *change) policies() *policySet {
	var present stamp // empty as long as there have been none
	if row, ok := stamps.Get(c.tx, stampKey); ok {
		present = *row
	}
	if set := c.policySets.Load(); set != nil && set.stamp == present {
		return set
	}
	set := &policySet{
		stamp: present, memo: route.NewMemo(), alert: map[core.TeamID][]route.AlertPolicy{}, notification: map[core.TeamID][]route.NotificationPolicy{},
	}
	c.policySets.Store(set)
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
func (c *change) shape(d alert.Draft) route.Shaped {
	set := c.policies()
	set.mutex.Lock()
	defer set.mutex.Unlock()
	shaping := route.Shaping{
		Global: set.ofAlerts(c.tx, ""), Names: c.nameOf,
		Team: func(team core.TeamID) []route.AlertPolicy { return set.ofAlerts(c.tx, team) },
	}
	shaped := shaping.Shape(d, c.world(set.memo))
	if d.Integration == "" {
		shaped.Draft.Alias = d.Alias // by which an agent, or the hub itself, finds it again when it is over
	}
	return shaped
}

// verdict asks a team's notification policies.
func (c *change) verdict(team core.TeamID, a *alert.Alert, f *route.Facts) route.Verdict {
	set := c.policies()
	set.mutex.Lock()
	defer set.mutex.Unlock()
	list := set.ofNotifying(c.tx, team)
	if len(list) == 0 {
		return route.Verdict{}
	}
	subject := route.Of(a, c.nameOf)
	return route.Judge(list, &subject, f, c.world(set.memo))
}

// route returns the routing rule of a team that answers for an alert.
func (c *change) route(t *route.Team, a *alert.Alert) (route.Routed, bool) {
	set := c.policies()
	set.mutex.Lock()
	defer set.mutex.Unlock()
	subject := route.Of(a, c.nameOf)
	return t.Route(&subject, c.world(set.memo))
}

// world is what decisions need to know besides the rules.
func (c *change) world(memo *route.Memo) *route.World {
	return &route.World{Now: c.now, Zones: c.zones, Memo: memo}
}

// nameOf returns the name of a responder; "" if there is none such any more.
func (c *change) nameOf(r alert.Responder) string { return nameOfResponder(c.tx, r) }
