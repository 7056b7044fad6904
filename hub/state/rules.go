package state

import (
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/proto/channel"
)

// StepFields is what a caller says of a step of a notification rule. Nil is not said.
type StepFields struct {
	// Kind and To name the contact: its kind, and its address as it was written, the name
	// of the device, or the contact's id. Without To it is the first of the kind.
	Kind    *string        `cbor:"1,keyasint,omitempty"`
	To      *string        `cbor:"2,keyasint,omitempty"`
	After   *time.Duration `cbor:"3,keyasint,omitempty"`
	Enabled *bool          `cbor:"4,keyasint,omitempty"`
}

// stepMax is how late a step may come, and how late the steps of a rule may come again.
const stepMax = 7 * 24 * time.Hour

// fill writes what was said into a step and complains about what cannot be. At is what
// stands before the names of fields.
func (f *StepFields) fill(wrong faults, at string, u *reach.User, s *reach.Step) {
	if f.Kind != nil || f.To != nil {
		i := slices.IndexFunc(u.Contacts, func(k reach.Contact) bool {
			if f.Kind != nil && k.Kind != *f.Kind {
				return false
			}
			return f.To == nil || *f.To == written(&k) || *f.To == k.Address || *f.To == string(k.ID) || sameNumber(&k, *f.To)
		})
		if i < 0 {
			wrong.add(at+"contact", "the person has no such contact")
			return
		}
		s.Contact = u.Contacts[i].ID
	}
	set(&s.After, f.After)
	if s.After < 0 || s.After > stepMax {
		wrong.add(at+"sendAfter", "must be from 0 to 7 days")
	}
	if f.Enabled != nil {
		s.Disabled = !*f.Enabled
	}
}

// sameNumber reports whether a text is the contact's telephone number, written otherwise.
func sameNumber(k *reach.Contact, to string) bool {
	if k.Kind != smsKind && k.Kind != string(channel.Voice) {
		return false
	}
	number, err := telephone(to)
	return err == nil && number == k.Address
}

// RuleFields is what a caller says of a notification rule. Nil is not said.
type RuleFields struct {
	Name        *string           `cbor:"1,keyasint,omitempty"`
	Action      *reach.Action     `cbor:"2,keyasint,omitempty"` // said once
	Criteria    *route.Criteria   `cbor:"3,keyasint,omitempty"`
	Times       *[]string         `cbor:"4,keyasint,omitempty"`
	Restriction *rota.Restriction `cbor:"5,keyasint,omitempty"`
	Schedules   *[]Pick           `cbor:"6,keyasint,omitempty"`
	Steps       *[]StepFields     `cbor:"7,keyasint,omitempty"`
	Order       *int              `cbor:"8,keyasint,omitempty"`
	LoopAfter   *time.Duration    `cbor:"9,keyasint,omitempty"`
	Loops       *bool             `cbor:"10,keyasint,omitempty"`
	Enabled     *bool             `cbor:"11,keyasint,omitempty"`
}

// RuleTimes returns the words for how long before a change of shift a rule speaks.
func RuleTimes() []string {
	return []string{"just-before", "15-minutes-ago", "1-hour-ago", "1-day-ago"}
}

// fill writes what was said into a rule and complains about what cannot be.
func (f *RuleFields) fill(c *change, u *reach.User, r *reach.NotificationRule) faults {
	wrong := faults{}
	set(&r.Name, f.Name)
	wrong.length("name", r.Name, NameMax)
	set(&r.Action, f.Action)
	set(&r.Criteria, f.Criteria)
	set(&r.Times, f.Times)
	if f.Restriction != nil {
		r.Restriction = f.Restriction
	}
	checkMatter(wrong, &r.Criteria, r.Restriction)
	for _, t := range r.Times {
		if !slices.Contains(RuleTimes(), t) {
			wrong.add("notificationTime", "must be just-before, 15-minutes-ago, 1-hour-ago or 1-day-ago")
		}
	}
	if f.Schedules != nil {
		r.Schedules = nil
		wrong.count("schedules", len(*f.Schedules), RotationMax)
		for i, p := range (*f.Schedules)[:min(len(*f.Schedules), RotationMax)] {
			s, err := p.Schedule(c.tx)
			wrong.missing(fmt.Sprintf("schedules[%d]", i), err)
			if err == nil {
				r.Schedules = append(r.Schedules, s.ID)
			}
		}
	}
	if f.Steps != nil {
		r.Steps = nil
		wrong.count("steps", len(*f.Steps), StepsMax)
		for i, s := range (*f.Steps)[:min(len(*f.Steps), StepsMax)] {
			step := reach.Step{ID: c.newID("step")}
			s.fill(wrong, fmt.Sprintf("steps[%d].", i), u, &step)
			r.Steps = append(r.Steps, step)
		}
	}
	set(&r.LoopAfter, f.LoopAfter)
	set(&r.Loops, f.Loops)
	if r.LoopAfter < 0 || r.LoopAfter > stepMax || r.Loops && r.Action.Pages() && r.LoopAfter < time.Minute {
		wrong.add("repeat.loopAfter", "must be from 1 minute to 7 days")
	}
	if f.Enabled != nil {
		r.Disabled = !*f.Enabled
	}
	r.Default = false
	return wrong
}

// checkMatter complains about criteria or a restriction that cannot be evaluated.
func checkMatter(wrong faults, criteria *route.Criteria, restriction *rota.Restriction) {
	wrong.count("criteria", len(criteria.Conditions), RulesMax)
	for i := range criteria.Conditions {
		for field, why := range fieldsOf(criteria.Conditions[i].Check()) {
			wrong.add(fmt.Sprintf("criteria.conditions[%d].%s", i, field), why)
		}
	}
	checkRestriction(wrong, "timeRestriction", restriction)
}

// checkRestriction complains, by the name of a field, about a restriction that cannot be evaluated.
func checkRestriction(wrong faults, field string, restriction *rota.Restriction) {
	if restriction == nil {
		return
	}
	wrong.count(field, len(restriction.Windows), RulesMax)
	if !restriction.Valid() {
		wrong.add(field, "must have windows with days, hours from 0 to 24 and minutes from 0 to 59")
	}
}

// CreateRule gives a person one more notification rule. Without an order it comes last,
// but before the rule that the person got at the beginning.
type CreateRule struct {
	User   Pick       `cbor:"1,keyasint"`
	Fields RuleFields `cbor:"2,keyasint"`
}

func (CreateRule) number() number { return createRule }

// RuleOf is a notification rule and its place among the rules for the same action.
type RuleOf struct {
	Rule  reach.NotificationRule `cbor:"1,keyasint"`
	Order int                    `cbor:"2,keyasint"`
	User  reach.User             `cbor:"3,keyasint"`
}

func (k CreateRule) apply(c *change) (RuleOf, error) {
	r := reach.NotificationRule{ID: c.newID("notification-rule")}
	u, err := c.changeUser(k.User, func(u *reach.User) error {
		wrong := k.Fields.fill(c, u, &r)
		if r.Name == "" {
			wrong.add("name", "a rule needs a name")
		}
		if r.Action < reach.CreateAlert || r.Action > reach.IncomingCallRouting {
			wrong.add("actionType", "a rule needs one that exists")
		}
		if scheduled := r.Action == reach.ScheduleStart || r.Action == reach.ScheduleEnd; scheduled && len(r.Times) == 0 {
			wrong.add("notificationTime", "a rule about schedules needs one")
		}
		wrong.count("rules", len(u.Rules)+1, RulesMax)
		if err := wrong.err(); err != nil {
			return err
		}
		at := slices.IndexFunc(u.Rules, func(x reach.NotificationRule) bool { return x.Default && x.Action == r.Action })
		if at < 0 {
			at = len(u.Rules)
		}
		u.Rules = slices.Insert(u.Rules, at, r)
		orderRule(u, r.ID, k.Fields.Order)
		return nil
	})
	return ruleOf(u, r.ID), err
}

func ruleOf(u reach.User, id string) RuleOf {
	i, err := FindRule(&u, id)
	if err != nil {
		return RuleOf{}
	}
	return RuleOf{Rule: u.Rules[i], Order: RuleOrder(&u, i), User: u}
}

// FindRule returns the place of a notification rule among the person's.
func FindRule(u *reach.User, id string) (int, error) {
	i := slices.IndexFunc(u.Rules, func(r reach.NotificationRule) bool { return r.ID == id })
	if i < 0 {
		return 0, core.Missing("Notification rule", firstRunes(id, NameMax))
	}
	return i, nil
}

// RuleOrder returns the place of the i-th rule among those for the same action.
func RuleOrder(u *reach.User, i int) int {
	order := 0
	for _, r := range u.Rules[:i] {
		if r.Action == u.Rules[i].Action {
			order++
		}
	}
	return order
}

// orderRule moves a rule to a place among the rules for the same action. The rule that
// the person got at the beginning stays behind it.
func orderRule(u *reach.User, id string, order *int) {
	from, err := FindRule(u, id)
	if err != nil || order == nil {
		return
	}
	var places []int // of the rules for the action that it may stand among
	for i, r := range u.Rules {
		if r.Action == u.Rules[from].Action && !r.Default {
			places = append(places, i)
		}
	}
	if len(places) > 0 {
		u.Rules = place(u.Rules, from, places[min(max(*order, 0), len(places)-1)])
	}
}

// ChangeRule changes what is said of a notification rule.
type ChangeRule struct {
	User   Pick       `cbor:"1,keyasint"`
	Rule   string     `cbor:"2,keyasint"`
	Fields RuleFields `cbor:"3,keyasint"` // Action does not count
}

func (ChangeRule) number() number { return changeRule }

func (k ChangeRule) apply(c *change) (RuleOf, error) {
	u, err := c.changeRule(k.User, k.Rule, func(u *reach.User, r *reach.NotificationRule) error {
		k.Fields.Action = nil
		return k.Fields.fill(c, u, r).err()
	})
	if err == nil && k.Fields.Order != nil {
		u, err = c.changeUser(k.User, func(u *reach.User) error { orderRule(u, k.Rule, k.Fields.Order); return nil })
	}
	return ruleOf(u, k.Rule), err
}

// changeRule lets a function change a rule and keeps the result.
func (c *change) changeRule(who Pick, id string, do func(*reach.User, *reach.NotificationRule) error) (reach.User, error) {
	return c.changeUser(who, func(u *reach.User) error {
		i, err := FindRule(u, id)
		if err != nil {
			return err
		}
		u.Rules[i].Default = false
		return do(u, &u.Rules[i])
	})
}

// DeleteRule deletes a notification rule. A person without rules is told by every contact.
type DeleteRule struct {
	User Pick   `cbor:"1,keyasint"`
	Rule string `cbor:"2,keyasint"`
}

func (DeleteRule) number() number { return deleteRule }

func (k DeleteRule) apply(c *change) (Nothing, error) {
	_, err := c.changeUser(k.User, func(u *reach.User) error {
		i, err := FindRule(u, k.Rule)
		if err == nil {
			u.Rules = slices.Delete(u.Rules, i, i+1)
		}
		return err
	})
	return Nothing{}, err
}

// CreateStep gives a notification rule one more step.
type CreateStep struct {
	User   Pick       `cbor:"1,keyasint"`
	Rule   string     `cbor:"2,keyasint"`
	Fields StepFields `cbor:"3,keyasint"`
}

func (CreateStep) number() number { return createStep }

func (k CreateStep) apply(c *change) (reach.Step, error) {
	s := reach.Step{ID: c.newID("step")}
	_, err := c.changeRule(k.User, k.Rule, func(u *reach.User, r *reach.NotificationRule) error {
		wrong := faults{}
		k.Fields.fill(wrong, "", u, &s)
		if k.Fields.Kind == nil {
			wrong.add("contact", "a step needs one")
		}
		wrong.count("steps", len(r.Steps)+1, StepsMax)
		r.Steps = append(r.Steps, s)
		return wrong.err()
	})
	return s, err
}

// ChangeStep changes what is said of a step.
type ChangeStep struct {
	User   Pick       `cbor:"1,keyasint"`
	Rule   string     `cbor:"2,keyasint"`
	Step   string     `cbor:"3,keyasint"`
	Fields StepFields `cbor:"4,keyasint"`
}

func (ChangeStep) number() number { return changeStep }

func (k ChangeStep) apply(c *change) (reach.Step, error) {
	var s reach.Step
	_, err := c.changeRule(k.User, k.Rule, func(u *reach.User, r *reach.NotificationRule) error {
		i, err := FindStep(r, k.Step)
		if err != nil {
			return err
		}
		wrong := faults{}
		k.Fields.fill(wrong, "", u, &r.Steps[i])
		s = r.Steps[i]
		return wrong.err()
	})
	return s, err
}

// FindStep returns the place of a step in its rule.
func FindStep(r *reach.NotificationRule, id string) (int, error) {
	i := slices.IndexFunc(r.Steps, func(s reach.Step) bool { return s.ID == id })
	if i < 0 {
		return 0, core.Missing("Notification rule step", firstRunes(id, NameMax))
	}
	return i, nil
}

// DeleteStep deletes a step of a notification rule.
type DeleteStep struct {
	User Pick   `cbor:"1,keyasint"`
	Rule string `cbor:"2,keyasint"`
	Step string `cbor:"3,keyasint"`
}

func (DeleteStep) number() number { return deleteStep }

func (k DeleteStep) apply(c *change) (Nothing, error) {
	_, err := c.changeRule(k.User, k.Rule, func(_ *reach.User, r *reach.NotificationRule) error {
		i, err := FindStep(r, k.Step)
		if err == nil {
			r.Steps = slices.Delete(r.Steps, i, i+1)
		}
		return err
	})
	return Nothing{}, err
}
