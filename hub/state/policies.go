package state

import (
	"errors"
	"slices"
	"time"

	"keng/hub/core"
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
	Wording      Wording                   `cbor:"6,keyasint,omitzero"`
}

// Wording is how a policy was said, where other words would mean the same. It is only told
// again, so that who compares what is with what was said does not see a change.
type Wording struct {
	NoFilter bool `cbor:"1,keyasint,omitempty"` // the filter was left out, not said to match everything
	// The units in which lengths of time were said; zero: in none.
	Delay    time.Duration `cbor:"2,keyasint,omitempty"`
	Restart  time.Duration `cbor:"3,keyasint,omitempty"`
	Repeated time.Duration `cbor:"4,keyasint,omitempty"`
	Close    time.Duration `cbor:"5,keyasint,omitempty"`
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

// Disabled reports whether the policy is switched off.
func (p *Policy) Disabled() bool {
	return p.Alert != nil && p.Alert.Disabled || p.Notification != nil && p.Notification.Disabled
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

// FindPolicy returns a policy of a team, or of any one if the team is "". That of another team
// is as one that is not there: an error of kind [core.NotFound].
func FindPolicy(r table.Reader, id string, of core.TeamID) (*Policy, error) {
	p, err := GetPolicy(r, id)
	if err == nil && of != "" && p.Team != of {
		return nil, core.Missing("Policy", firstRunes(id, NameMax))
	}
	return p, err
}

// PolicyFields is all that a caller says of a policy: of an alert policy or of a notification
// policy, whose ids, teams and responders do not count.
type PolicyFields struct {
	Alert        *route.AlertPolicy        `cbor:"1,keyasint,omitempty"`
	Notification *route.NotificationPolicy `cbor:"2,keyasint,omitempty"`
	Responders   []Party                   `cbor:"3,keyasint,omitempty"` // that an alert policy adds
	Wording      Wording                   `cbor:"4,keyasint,omitzero"`
	// AsItIs says that nothing was said of whether the policy is on: a new one is, another one
	// stays as it is. Whether the policy in here is disabled does not count then.
	AsItIs bool `cbor:"5,keyasint,omitempty"`
}

// fill writes what was said into a policy, whose id and team are known, and complains about
// what cannot be.
func (f *PolicyFields) fill(c *change, p *Policy) error {
	off := p.Disabled()
	p.Wording = f.Wording
	switch {
	case (f.Alert == nil) == (f.Notification == nil):
		return core.Invalid("type", "must be alert or notification")
	case f.Notification != nil:
		n := *f.Notification
		n.ID, n.Team = p.ID, p.Team
		if f.AsItIs {
			n.Disabled = off
		}
		if timed := n.Restriction != nil || n.Delay != nil && n.Delay.Option != route.ForDuration; timed && n.Zone == "" {
			n.Zone = c.zone(nil)
		}
		p.Notification = &n
		return c.checkPolicy(n.Check(), n.Zone, faults{})
	}
	a := *f.Alert
	a.ID, a.Team, a.Fields.Responders = p.ID, p.Team, nil
	if f.AsItIs {
		a.Disabled = off
	}
	if a.Restriction != nil && a.Zone == "" {
		a.Zone = c.zone(nil)
	}
	wrong := faults{}
	a.Fields.Responders = c.parties(wrong, "responders", f.Responders)
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
	Of     core.TeamID  `cbor:"3,keyasint,omitempty"` // see [FindPolicy]
}

func (ChangePolicy) number() number { return changePolicy }

func (k ChangePolicy) apply(c *change) (Policy, error) {
	p, err := FindPolicy(c.tx, k.ID, k.Of)
	if err != nil {
		return Policy{}, err
	}
	if kind := p.Kind(); kind == AlertPolicies && k.Fields.Alert == nil || kind == NotificationPolicies && k.Fields.Notification == nil {
		return *p, core.Invalid("type", "the type of a policy cannot be changed")
	}
	if err := k.Fields.fill(c, p); err != nil {
		return *p, err
	}
	return *p, errors.Join(c.keepPolicy(p), c.judgeAnew(p))
}

// SwitchPolicy switches a policy on or off.
type SwitchPolicy struct {
	ID string      `cbor:"1,keyasint"`
	On bool        `cbor:"2,keyasint,omitempty"`
	Of core.TeamID `cbor:"3,keyasint,omitempty"` // see [FindPolicy]
}

func (SwitchPolicy) number() number { return switchPolicy }

func (k SwitchPolicy) apply(c *change) (Policy, error) {
	p, err := FindPolicy(c.tx, k.ID, k.Of)
	if err != nil {
		return Policy{}, err
	}
	if p.Alert != nil {
		p.Alert.Disabled = !k.On
	} else {
		p.Notification.Disabled = !k.On
	}
	return *p, errors.Join(c.keepPolicy(p), c.judgeAnew(p))
}

// MovePolicy lets a policy be asked at another place among those of its kind and team; one
// beyond the end is the last.
type MovePolicy struct {
	ID string      `cbor:"1,keyasint"`
	To int         `cbor:"2,keyasint,omitempty"` // from 0
	Of core.TeamID `cbor:"3,keyasint,omitempty"` // see [FindPolicy]
}

func (MovePolicy) number() number { return movePolicy }

func (k MovePolicy) apply(c *change) (Nothing, error) {
	p, err := FindPolicy(c.tx, k.ID, k.Of)
	if err != nil {
		return Nothing{}, err
	}
	if k.To < 0 {
		return Nothing{}, core.Invalid("targetIndex", "must be 0 or more")
	}
	all := PoliciesOf(c.tx, p.Kind(), p.Team)
	from := slices.IndexFunc(all, func(x *Policy) bool { return x.ID == p.ID })
	return Nothing{}, c.renumberPolicies(place(all, from, min(k.To, len(all)-1)))
}

// DeletePolicy deletes a policy. What it holds back is judged anew.
type DeletePolicy struct {
	ID string      `cbor:"1,keyasint"`
	Of core.TeamID `cbor:"2,keyasint,omitempty"` // see [FindPolicy]
}

func (DeletePolicy) number() number { return deletePolicy }

func (k DeletePolicy) apply(c *change) (Nothing, error) {
	p, err := FindPolicy(c.tx, k.ID, k.Of)
	if err != nil {
		return Nothing{}, err
	}
	Policies.Delete(c.tx, Policies.KeyOf(p))
	return Nothing{}, errors.Join(c.renumberPolicies(PoliciesOf(c.tx, p.Kind(), p.Team)), c.judgeAnew(p))
}

// renumberPolicies gives policies of one kind and team the places in which they stand.
func (c *change) renumberPolicies(all []*Policy) error {
	return errors.Join(renumber(c, Policies, all, func(p *Policy) *int { return &p.Place }), c.stampPolicies())
}

// renumber gives rows the places in which they stand.
func renumber[R any](c *change, rows *table.Table[R], all []*R, place func(*R) *int) error {
	for i, row := range all {
		if *place(row) == i {
			continue
		}
		*place(row) = i
		if err := rows.Put(c.tx, row); err != nil {
			return err
		}
	}
	return nil
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
	if len(gone) == 0 {
		return nil
	}
	for _, p := range gone {
		Policies.Delete(c.tx, Policies.KeyOf(p))
	}
	return errors.Join(c.stampPolicies(), c.judgeAnew(gone...))
}

// stamp changes whenever a policy or a grouping does: no two states with different ones have
// the same, not even when a command's effects are taken back and it is carried out again on
// another state. So it is made of the command's seed and of the stamp before.
type stamp struct {
	Seed string `cbor:"1,keyasint"`
}

var stampKey = table.K().String("policies")

var stamps = table.New(26, "policy stamp", func(*stamp) table.Key { return stampKey })

func (c *change) stampPolicies() error {
	before := ""
	if row, ok := stamps.Get(c.tx, stampKey); ok {
		before = row.Seed
	}
	defer c.decideAnew()
	return stamps.Put(c.tx, &stamp{c.newID("policy-stamp " + before)})
}
