package state

import (
	"fmt"
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

// fill writes what was said into an escalation and complains about what cannot be.
func (f *EscalationFields) fill(c *change, e *escalate.Policy) faults {
	wrong := faults{}
	set(&e.Name, f.Name)
	wrong.length("name", e.Name, NameMax)
	set(&e.Description, f.Description)
	wrong.length("description", e.Description, TextMax)
	e.Team = c.owner(wrong, f.Team, e.Team)
	if f.Rules != nil {
		e.Rules = nil
		wrong.count("rules", len(*f.Rules), RulesMax)
		for i, said := range (*f.Rules)[:min(len(*f.Rules), RulesMax)] {
			at := fmt.Sprintf("rules[%d].", i)
			if said.Condition != escalate.IfNotAcked && said.Condition != escalate.IfNotClosed {
				wrong.add(at+"condition", "must be if-not-acked or if-not-closed")
			}
			if said.Delay < 0 || said.Delay > delayMax {
				wrong.add(at+"delay", "must be from 0 to 30 days")
			}
			if said.Acks < 0 || said.Acks > escalate.AcksMax {
				wrong.add(at+"acknowledgements", fmt.Sprintf("must be from 1 to %d", escalate.AcksMax))
			}
			k := said.Recipient.Kind
			if k != alert.User && k != alert.Team && k != alert.Schedule {
				wrong.add(at+"recipient", "must be a user, a schedule or a team")
				continue
			}
			if !said.Notify.Fits(k) {
				wrong.add(at+"notifyType", fmt.Sprintf("must be %s for such a recipient", strings.Join(escalate.Possible(k), ", ")))
			}
			found, err := said.Recipient.find(c.tx)
			wrong.missing(at+"recipient", err)
			e.Rules = append(e.Rules, escalate.Rule{
				Condition: said.Condition, Delay: said.Delay, Recipient: found, Notify: said.Notify, Acks: said.Acks, EndsEarlier: said.EndsEarlier,
			})
		}
	}
	if f.Repeat != nil {
		e.Repeat = *f.Repeat
		wrong.merge("repeat.", e.Repeat.Check())
	}
	if len(e.Rules) == 0 && len(wrong) == 0 {
		wrong.add("rules", "an escalation needs at least one")
	}
	return wrong
}

// CreateEscalation makes an escalation.
type CreateEscalation struct {
	Fields EscalationFields `cbor:"1,keyasint"`
}

func (CreateEscalation) number() number { return createEscalation }

func (k CreateEscalation) apply(c *change) (escalate.Policy, error) {
	e := escalate.Policy{ID: core.EscalationID(c.newID("escalation"))}
	wrong := k.Fields.fill(c, &e)
	if e.Name == "" {
		wrong.add("name", "an escalation needs a name")
	}
	return c.keepEscalation(e, wrong)
}

// keepEscalation keeps an escalation with which nothing is wrong.
func (c *change) keepEscalation(e escalate.Policy, wrong faults) (escalate.Policy, error) {
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
	wrong := k.Fields.fill(c, e)
	return c.keepEscalation(*e, wrong)
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
