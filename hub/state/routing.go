package state

import (
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// RoutingFields is what a caller says of a routing rule. Nil is not said.
type RoutingFields struct {
	Name        *string           `cbor:"1,keyasint,omitempty"`
	Order       *int              `cbor:"2,keyasint,omitempty"`
	Zone        *string           `cbor:"3,keyasint,omitempty"` // IANA name
	Criteria    *route.Criteria   `cbor:"4,keyasint,omitempty"`
	Restriction *rota.Restriction `cbor:"5,keyasint,omitempty"`
	Notify      *Party            `cbor:"6,keyasint,omitempty"` // an escalation, a schedule or nobody
}

// fill writes what was said into a rule and complains about what cannot be.
func (f *RoutingFields) fill(c *change, r *route.Rule) faults {
	wrong := faults{}
	set(&r.Name, f.Name)
	wrong.length("name", r.Name, NameMax)
	if f.Zone != nil || r.Zone == "" {
		r.Zone = c.zone(f.Zone)
		if _, err := c.zones(r.Zone); err != nil {
			wrong.add("timezone", "there is no time zone "+r.Zone)
		}
	}
	set(&r.Criteria, f.Criteria)
	if f.Restriction != nil {
		r.Restriction = f.Restriction
	}
	if r.Default && (r.Criteria.Join != route.All || r.Restriction != nil) {
		wrong.add("criteria", "the default rule always matches everything")
	}
	checkMatter(wrong, &r.Criteria, r.Restriction)
	if f.Notify != nil {
		if f.Notify.Kind != 0 && f.Notify.Kind != alert.Escalation && f.Notify.Kind != alert.Schedule {
			wrong.add("notify", "must be an escalation, a schedule or none")
			return wrong
		}
		found, err := f.Notify.find(c.tx)
		wrong.missing("notify", err)
		r.Notify = found
	}
	return wrong
}

// RoutingOf is a routing rule with its team.
type RoutingOf struct {
	Team route.Team `cbor:"1,keyasint"`
	Rule route.Rule `cbor:"2,keyasint"`
}

// FindRouting returns the place of a routing rule among the team's.
func FindRouting(t *route.Team, id string) (int, error) {
	i := slices.IndexFunc(t.Rules, func(r route.Rule) bool { return r.ID == id })
	if i < 0 {
		return 0, core.Missing("Routing rule", firstRunes(id, NameMax))
	}
	return i, nil
}

// CreateRoutingRule gives a team one more routing rule. Without an order it comes last,
// but before the default rule.
type CreateRoutingRule struct {
	Team   Pick          `cbor:"1,keyasint"`
	Fields RoutingFields `cbor:"2,keyasint"`
}

func (CreateRoutingRule) number() number { return createRoutingRule }

func (k CreateRoutingRule) apply(c *change) (RoutingOf, error) {
	r := route.Rule{ID: c.newID("routing-rule")}
	t, err := c.changeTeam(k.Team, func(t *route.Team) error {
		wrong := k.Fields.fill(c, &r)
		if k.Fields.Notify == nil {
			wrong.add("notify", "a rule needs to say whom it notifies")
		}
		wrong.count("rules", len(t.Rules)+1, RulesMax)
		at := len(t.Rules)
		t.Rules = append(t.Rules, r)
		t.Rules = place(t.Rules, at, spot(t, k.Fields.Order, at))
		return wrong.err()
	})
	return RoutingOf{t, r}, err
}

// spot returns where a rule may stand that wants to stand somewhere: before the default rule.
func spot(t *route.Team, order *int, otherwise int) int {
	last := len(t.Rules) - 1
	if i := slices.IndexFunc(t.Rules, func(r route.Rule) bool { return r.Default }); i >= 0 {
		last--
	}
	if order == nil {
		return min(otherwise, last)
	}
	return min(max(*order, 0), last)
}

// ChangeRoutingRule changes what is said of a routing rule.
type ChangeRoutingRule struct {
	Team   Pick          `cbor:"1,keyasint"`
	Rule   string        `cbor:"2,keyasint"`
	Fields RoutingFields `cbor:"3,keyasint"`
}

func (ChangeRoutingRule) number() number { return changeRoutingRule }

func (k ChangeRoutingRule) apply(c *change) (RoutingOf, error) {
	var r route.Rule
	t, err := c.changeTeam(k.Team, func(t *route.Team) error {
		i, err := FindRouting(t, k.Rule)
		if err != nil {
			return err
		}
		wrong := k.Fields.fill(c, &t.Rules[i])
		r = t.Rules[i]
		if k.Fields.Order != nil {
			if r.Default && *k.Fields.Order < i {
				wrong.add("order", "the default rule is always the last")
			}
			if !r.Default {
				t.Rules = place(t.Rules, i, spot(t, k.Fields.Order, i))
			}
		}
		return wrong.err()
	})
	return RoutingOf{t, r}, err
}

// DeleteRoutingRule deletes a routing rule. The default rule stays.
type DeleteRoutingRule struct {
	Team Pick   `cbor:"1,keyasint"`
	Rule string `cbor:"2,keyasint"`
}

func (DeleteRoutingRule) number() number { return deleteRoutingRule }

func (k DeleteRoutingRule) apply(c *change) (Nothing, error) {
	_, err := c.changeTeam(k.Team, func(t *route.Team) error {
		i, err := FindRouting(t, k.Rule)
		if err != nil {
			return err
		}
		if t.Rules[i].Default {
			return core.Invalid("id", "the default rule cannot be deleted: change whom it notifies")
		}
		t.Rules = slices.Delete(t.Rules, i, i+1)
		return nil
	})
	return Nothing{}, err
}
