package state

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/raftstore/table"
)

// EscalationRule is what a caller says of a step of an escalation.
type EscalationRule struct {
	Condition escalate.Condition `cbor:"1,keyasint"`
	Delay     time.Duration      `cbor:"2,keyasint"` // since the escalation was added
	Recipient Party              `cbor:"3,keyasint"` // a person, a schedule or a team
	Notify    escalate.Notify    `cbor:"4,keyasint,omitempty"`
	// Acks is how many of those whom it tells must acknowledge, up to [escalate.AcksMax]; 0: one.
	Acks        int  `cbor:"5,keyasint,omitempty"`
	EndsEarlier bool `cbor:"6,keyasint,omitempty"`
}

// EscalationFields is what a caller says of an escalation. Nil is not said.
type EscalationFields struct {
	Name        *string           `cbor:"1,keyasint,omitempty"`
	Description *string           `cbor:"2,keyasint,omitempty"`
	Team        *Pick             `cbor:"3,keyasint,omitempty"`
	Rules       *[]EscalationRule `cbor:"4,keyasint,omitempty"` // replaces all
	Repeat      *escalate.Repeat  `cbor:"5,keyasint,omitempty"` // the zero value: it does not repeat
}

// delayMax bounds how long after its beginning a step of an escalation comes.
const delayMax = 30 * 24 * time.Hour

// fill writes what was said into an escalation and complains about what does not exist.
// What else cannot be is a matter of [change.checkEscalation].
func (f *EscalationFields) fill(c *change, e *escalate.Policy) faults {
	wrong := faults{}
	set(&e.Name, f.Name)
	set(&e.Description, f.Description)
	e.Team = c.owner(wrong, f.Team, e.Team)
	if f.Rules != nil {
		e.Rules = nil
		for i, said := range *f.Rules {
			found, err := said.Recipient.find(c.tx)
			wrong.missing(fmt.Sprintf("rules[%d].recipient", i), err)
			found.Kind = said.Recipient.Kind
			e.Rules = append(e.Rules, escalate.Rule{
				Condition: said.Condition, Delay: said.Delay, Recipient: found, Notify: said.Notify, Acks: said.Acks, EndsEarlier: said.EndsEarlier,
			})
			if i == RulesMax {
				break // there are too many, whoever they tell
			}
		}
		wrong.count("rules", len(*f.Rules), RulesMax)
	}
	if f.Repeat != nil {
		e.Repeat = *f.Repeat
	}
	return wrong
}

// checkEscalation complains about what an escalation cannot be, by the fields of the API.
func (c *change) checkEscalation(e *escalate.Policy) faults {
	wrong := faults{}
	if e.Name == "" {
		wrong.add("name", "an escalation needs a name")
	}
	wrong.length("name", e.Name, NameMax)
	wrong.length("description", e.Description, TextMax)
	if e.Team != "" {
		wrong.missing("ownerTeam", c.exists(alert.Responder{Kind: alert.Team, ID: string(e.Team)}))
	}
	if len(e.Rules) == 0 {
		wrong.add("rules", "an escalation needs at least one")
	}
	wrong.count("rules", len(e.Rules), RulesMax)
	for i, r := range e.Rules[:min(len(e.Rules), RulesMax)] {
		c.checkStep(wrong, fmt.Sprintf("rules[%d].", i), r)
	}
	wrong.merge("repeat.", e.Repeat.Check())
	return wrong
}

// checkStep complains about what a step cannot be. At is what stands before the names of fields.
func (c *change) checkStep(wrong faults, at string, r escalate.Rule) {
	if r.Condition != escalate.IfNotAcked && r.Condition != escalate.IfNotClosed {
		wrong.add(at+"condition", "must be if-not-acked or if-not-closed")
	}
	if r.Delay < 0 || r.Delay > delayMax {
		wrong.add(at+"delay", "must be from 0 to 30 days")
	}
	if r.Acks < 0 || r.Acks > escalate.AcksMax {
		wrong.add(at+"acknowledgements", fmt.Sprintf("must be from 1 to %d", escalate.AcksMax))
	}
	k := r.Recipient.Kind
	if k != alert.User && k != alert.Team && k != alert.Schedule {
		wrong.add(at+"recipient", "must be a user, a schedule or a team")
		return
	}
	if !r.Notify.Fits(k) {
		wrong.add(at+"notifyType", fmt.Sprintf("must be %s for such a recipient", strings.Join(escalate.Possible(k), ", ")))
	}
	wrong.missing(at+"recipient", c.exists(r.Recipient))
}

// CreateEscalation makes an escalation.
type CreateEscalation struct {
	Fields EscalationFields `cbor:"1,keyasint"`
}

func (CreateEscalation) number() number { return createEscalation }

func (k CreateEscalation) apply(c *change) (escalate.Policy, error) {
	e := escalate.Policy{ID: core.EscalationID(c.newID("escalation"))}
	missing := k.Fields.fill(c, &e)
	return c.keepEscalation(e, missing)
}

// keepEscalation keeps an escalation with which nothing is wrong, beside what was found before.
func (c *change) keepEscalation(e escalate.Policy, missing faults) (escalate.Policy, error) {
	wrong := c.checkEscalation(&e)
	maps.Copy(wrong, missing) // which says by what name
	if err := wrong.err(); err != nil {
		return e, err
	}
	kept, err := PutEscalation{Policy: e}.apply(c)
	if err == nil && c.circle(alert.Responder{Kind: alert.Escalation, ID: string(e.ID)}, map[alert.Responder]bool{}) {
		err = core.Invalid("rules", "what a step notifies leads back to this escalation: an alert would go round for ever")
	}
	return kept, err
}

// ChangeEscalation changes what is said of an escalation. Alerts that it works on go on
// with the steps, and repeat, as they are now.
type ChangeEscalation struct {
	Escalation Pick             `cbor:"1,keyasint"`
	Fields     EscalationFields `cbor:"2,keyasint"`
}

func (ChangeEscalation) number() number { return changeEscalation }

func (k ChangeEscalation) apply(c *change) (escalate.Policy, error) {
	e, err := k.Escalation.Escalation(c.tx)
	if err != nil {
		return escalate.Policy{}, err
	}
	missing := k.Fields.fill(c, e)
	return c.keepEscalation(*e, missing)
}

// DeleteEscalation deletes an escalation that no team or schedule needs.
type DeleteEscalation struct {
	Escalation Pick `cbor:"1,keyasint"`
}

func (DeleteEscalation) number() number { return deleteEscalation }

func (k DeleteEscalation) apply(c *change) (Nothing, error) {
	e, err := k.Escalation.Escalation(c.tx)
	if err != nil {
		return Nothing{}, err
	}
	if err := inUse("Escalation", e.Name, c.usesOf(alert.Responder{Kind: alert.Escalation, ID: string(e.ID)})); err != nil {
		return Nothing{}, err
	}
	Escalations.Delete(c.tx, table.K().String(string(e.ID)))
	c.dropTurns(e.ID)
	return Nothing{}, nil
}
