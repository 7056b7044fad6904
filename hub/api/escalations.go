package api

import (
	"strings"

	"keng/hub/core/escalate"
	"keng/hub/state"
)

// escalationIn names an escalation, and says what it is to be.
type escalationIn struct {
	escalation state.Pick
	fields     state.EscalationFields
}

func (in *escalationIn) read(c *call) {
	in.escalation = c.picked("identifierType")
	b := c.body
	in.fields = state.EscalationFields{Name: b.said("name"), Description: b.said("description"), Team: b.saidPick("ownerTeam")}
	if b.has("rules") {
		rules := []state.EscalationRule{}
		for _, o := range b.objects("rules") {
			rules = append(rules, readEscalationRule(o))
		}
		in.fields.Rules = &rules
	}
	// Clients send {} or a count alone for "no repetition". What does repeat would page
	// otherwise than we do.
	if repeat, ok := b.child("repeat"); ok && (repeat.number("waitInterval", 0) != 0 || repeat.is("closeAlertAfterAll")) {
		b.complain("repeat", "an escalation cannot repeat or close the alert yet: leave repeat out")
	}
}

// is reports whether a truth value is said and true.
func (o object) is(key string) bool {
	b := o.saidTruth(key)
	return b != nil && *b
}

// conditions are the words for when a step of an escalation is to be done.
var conditions = map[string]escalate.Condition{"if-not-acked": escalate.IfNotAcked, "if-not-closed": escalate.IfNotClosed}

func readEscalationRule(o object) state.EscalationRule {
	r := state.EscalationRule{Condition: conditions[strings.ToLower(o.text("condition"))]}
	if r.Condition == 0 {
		o.complain("condition", "must be if-not-acked or if-not-closed")
	}
	switch kind := strings.ToLower(o.text("notifyType")); kind {
	case "", "default":
	case "next", "previous", "users", "admins", "all", "random":
		o.complain("notifyType", kind+" is not supported yet: use default")
	default:
		o.complain("notifyType", "must be default")
	}
	if delay, ok := o.child("delay"); ok {
		r.Delay = delay.span()
	}
	if recipient, ok := o.child("recipient"); ok {
		r.Recipient = recipient.party()
	} else {
		o.complain("recipient", "must say who it is")
	}
	return r
}

func createEscalation(in *escalationIn) state.CreateEscalation {
	return state.CreateEscalation{Fields: in.fields}
}

func changeEscalation(in *escalationIn) state.ChangeEscalation {
	return state.ChangeEscalation{Escalation: in.escalation, Fields: in.fields}
}

func deleteEscalation(in *escalationIn) state.DeleteEscalation {
	return state.DeleteEscalation{Escalation: in.escalation}
}

func escalationCreated(e escalate.Policy) *written {
	return created(thing{ID: string(e.ID), Name: e.Name})
}

func escalationChanged(e escalate.Policy) *written {
	return updated(thing{ID: string(e.ID), Name: e.Name})
}

// escalationRecord is an escalation as replies tell it. It has no repeat as long as
// escalations cannot repeat.
type escalationRecord struct {
	ID          string                 `json:"id"`
	Name        string                 `json:"name"`
	Description string                 `json:"description"`
	OwnerTeam   *thing                 `json:"ownerTeam,omitempty"`
	Rules       []escalationRuleRecord `json:"rules"`
}

type escalationRuleRecord struct {
	Condition  string  `json:"condition"`
	NotifyType string  `json:"notifyType"`
	Delay      span    `json:"delay"`
	Recipient  someone `json:"recipient"`
}

func escalationOf(tx reader, e *escalate.Policy) escalationRecord {
	out := escalationRecord{ID: string(e.ID), Name: e.Name, Description: e.Description, OwnerTeam: ownerOf(tx, string(e.Team)), Rules: []escalationRuleRecord{}}
	for _, r := range e.Rules {
		rule := escalationRuleRecord{Condition: "if-not-acked", NotifyType: "default", Delay: spanOf(r.Delay), Recipient: someoneOf(tx, r.Recipient)}
		if r.Condition == escalate.IfNotClosed {
			rule.Condition = "if-not-closed"
		}
		out.Rules = append(out.Rules, rule)
	}
	return out
}

func listEscalations(tx reader, _ *escalationIn) ([]escalationRecord, error) {
	var out []escalationRecord
	for e := range state.Escalations.All(tx) {
		out = append(out, escalationOf(tx, e))
	}
	return out, nil
}

func getEscalation(tx reader, in *escalationIn) (escalationRecord, error) {
	e, err := in.escalation.Escalation(tx)
	if err != nil {
		return escalationRecord{}, err
	}
	return escalationOf(tx, e), nil
}
