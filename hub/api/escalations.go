package api

import (
	"strings"
	"time"

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
	in.fields.Repeat = readRepeat(b)
}

// readRepeat returns what a caller says of how an escalation repeats: nil for nothing. Clients
// send {} or a count alone for "no repetition".
func readRepeat(b object) *escalate.Repeat {
	if !b.has("repeat") {
		return nil
	}
	o, _ := b.child("repeat")
	wait := o.number("waitInterval", 0)
	r := escalate.Repeat{Reset: o.is("resetRecipientStates"), CloseAfterAll: o.is("closeAlertAfterAll")}
	switch {
	case wait == 0 && r.CloseAfterAll:
		o.complain("waitInterval", "must say after how many minutes the alert is closed")
		fallthrough
	case wait == 0:
		return &escalate.Repeat{}
	case wait < 0 || wait > int(escalate.WaitMax/time.Minute):
		o.complain("waitInterval", "must be from 1 minute to 30 days")
	}
	r.Wait, r.Count = time.Duration(wait)*time.Minute, o.number("count", escalate.RepeatsMax)
	return &r
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
	known := false
	if r.Notify, known = escalate.ParseNotify(o.text("notifyType")); !known {
		o.complain("notifyType", "must be default, next or previous (of a schedule), users, admins, all, random or round-robin (of a team)")
	}
	if r.Acks = o.number("acknowledgements", 0); r.Acks == 1 {
		r.Acks = 0
	}
	r.EndsEarlier = o.is("endsEarlierSteps")
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

// escalationRecord is an escalation as replies tell it. One that does not repeat has no repeat.
type escalationRecord struct {
	ID          string                 `json:"id"`
	Name        string                 `json:"name"`
	Description string                 `json:"description"`
	OwnerTeam   *thing                 `json:"ownerTeam,omitempty"`
	Rules       []escalationRuleRecord `json:"rules"`
	Repeat      *repeatRecord          `json:"repeat,omitempty"`
}

type repeatRecord struct {
	WaitInterval         int  `json:"waitInterval"` // minutes
	Count                int  `json:"count"`
	ResetRecipientStates bool `json:"resetRecipientStates"`
	CloseAlertAfterAll   bool `json:"closeAlertAfterAll"`
}

type escalationRuleRecord struct {
	Condition  string  `json:"condition"`
	NotifyType string  `json:"notifyType"`
	Delay      span    `json:"delay"`
	Recipient  someone `json:"recipient"`
	// Of our own, and left out where they say nothing.
	Acknowledgements int  `json:"acknowledgements,omitempty"`
	EndsEarlierSteps bool `json:"endsEarlierSteps,omitempty"`
}

func escalationOf(tx reader, e *escalate.Policy) escalationRecord {
	out := escalationRecord{ID: string(e.ID), Name: e.Name, Description: e.Description, OwnerTeam: ownerOf(tx, string(e.Team)), Rules: []escalationRuleRecord{}}
	for _, r := range e.Rules {
		rule := escalationRuleRecord{
			Condition: "if-not-acked", NotifyType: r.Notify.String(), Delay: spanOf(r.Delay), Recipient: someoneOf(tx, r.Recipient),
			Acknowledgements: r.Acks, EndsEarlierSteps: r.EndsEarlier,
		}
		if r.Condition == escalate.IfNotClosed {
			rule.Condition = "if-not-closed"
		}
		out.Rules = append(out.Rules, rule)
	}
	if r := e.Repeat; r.Count > 0 {
		out.Repeat = &repeatRecord{WaitInterval: int(r.Wait / time.Minute), Count: r.Count, ResetRecipientStates: r.Reset, CloseAlertAfterAll: r.CloseAfterAll}
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
