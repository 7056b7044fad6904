package api

import (
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	routing "keng/hub/core/route"
	"keng/hub/state"
)

// actionTypes are the words of the API for the events that rules are about.
var actionTypes = []struct {
	word   string
	action reach.Action
}{
	{"create-alert", reach.CreateAlert}, {"acknowledged-alert", reach.AcknowledgedAlert}, {"renotified-alert", reach.RenotifiedAlert},
	{"closed-alert", reach.ClosedAlert}, {"assigned-alert", reach.AssignedAlert}, {"add-note", reach.AddNote},
	{"schedule-start", reach.ScheduleStart}, {"schedule-end", reach.ScheduleEnd}, {"incoming-call-routing", reach.IncomingCallRouting},
}

func actionWord(a reach.Action) string {
	for _, t := range actionTypes {
		if t.action == a {
			return t.word
		}
	}
	return ""
}

// ruleIn names a notification rule or a step of it, and says what it is to be.
type ruleIn struct {
	user       state.Pick
	rule, step string
	fields     state.RuleFields
	stepFields state.StepFields
}

func (in *ruleIn) read(c *call) {
	in.user, in.rule, in.step = state.Either(c.identifier("identifier")), c.identifier("ruleId"), c.identifier("stepId")
	b := c.body
	if strings.Contains(c.r.URL.Path, "/steps") {
		in.stepFields = readStep(b)
		return
	}
	in.fields = state.RuleFields{
		Name: b.said("name"), Criteria: b.saidCriteria(routing.Alerts), Times: b.saidTexts("notificationTime"),
		Restriction: b.saidRestriction("timeRestriction"), Order: b.saidNumber("order"), Enabled: b.saidTruth("enabled"),
	}
	if word := strings.ToLower(b.text("actionType")); word != "" {
		for _, t := range actionTypes {
			if t.word == word {
				in.fields.Action = &t.action
			}
		}
		if in.fields.Action == nil {
			b.complain("actionType", "there is no such action")
		}
	}
	if b.has("schedules") {
		picks := []state.Pick{}
		for _, o := range b.objects("schedules") {
			picks = append(picks, o.pick())
		}
		in.fields.Schedules = &picks
	}
	if b.has("steps") {
		steps := []state.StepFields{}
		for _, o := range b.objects("steps") {
			steps = append(steps, readStep(o))
		}
		in.fields.Steps = &steps
	}
	if repeat, ok := b.child("repeat"); ok {
		in.fields.Loops = repeat.saidTruth("enabled")
		if n := repeat.saidNumber("loopAfter"); n != nil {
			after := time.Duration(min(max(*n, 0), 1_000_000)) * time.Minute
			in.fields.LoopAfter = &after
			if in.fields.Loops == nil {
				loops := *n > 0
				in.fields.Loops = &loops
			}
		}
	}
}

// readStep reads a step {contact, sendAfter, enabled}.
func readStep(o object) state.StepFields {
	f := state.StepFields{Enabled: o.saidTruth("enabled")}
	if contact, ok := o.child("contact"); ok {
		f.Kind, f.To = contact.saidMethod("method"), contact.said("to")
	}
	if after, ok := o.child("sendAfter"); ok {
		d := after.span()
		f.After = &d
	}
	return f
}

func createRule(in *ruleIn) state.CreateRule {
	return state.CreateRule{User: in.user, Fields: in.fields}
}

func changeRule(in *ruleIn) state.ChangeRule {
	return state.ChangeRule{User: in.user, Rule: in.rule, Fields: in.fields}
}

func orderRule(in *ruleIn) state.ChangeRule {
	return state.ChangeRule{User: in.user, Rule: in.rule, Fields: state.RuleFields{Order: in.fields.Order}}
}

// enableRule makes the command that enables or disables a rule.
func enableRule(enabled bool) func(*ruleIn) state.ChangeRule {
	return func(in *ruleIn) state.ChangeRule {
		return state.ChangeRule{User: in.user, Rule: in.rule, Fields: state.RuleFields{Enabled: &enabled}}
	}
}

func deleteRule(in *ruleIn) state.DeleteRule {
	return state.DeleteRule{User: in.user, Rule: in.rule}
}

func createStep(in *ruleIn) state.CreateStep {
	return state.CreateStep{User: in.user, Rule: in.rule, Fields: in.stepFields}
}

func changeStep(in *ruleIn) state.ChangeStep {
	return state.ChangeStep{User: in.user, Rule: in.rule, Step: in.step, Fields: in.stepFields}
}

// enableStep makes the command that enables or disables a step.
func enableStep(enabled bool) func(*ruleIn) state.ChangeStep {
	return func(in *ruleIn) state.ChangeStep {
		return state.ChangeStep{User: in.user, Rule: in.rule, Step: in.step, Fields: state.StepFields{Enabled: &enabled}}
	}
}

func deleteStep(in *ruleIn) state.DeleteStep {
	return state.DeleteStep{User: in.user, Rule: in.rule, Step: in.step}
}

// ruleSummary is a notification rule in a list. The Go client reads "bool" for "enabled".
type ruleSummary struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	ActionType string `json:"actionType"`
	Order      int    `json:"order"`
	Enabled    bool   `json:"enabled"`
	Bool       bool   `json:"bool"`
}

func ruleSummaryOf(r *reach.NotificationRule, order int) ruleSummary {
	return ruleSummary{ID: r.ID, Name: r.Name, ActionType: actionWord(r.Action), Order: order, Enabled: !r.Disabled, Bool: !r.Disabled}
}

func ruleCreated(r state.RuleOf) *written { return created(ruleSummaryOf(&r.Rule, r.Order)) }
func ruleChanged(r state.RuleOf) *written { return updated(ruleSummaryOf(&r.Rule, r.Order)) }
func stepCreated(s reach.Step) *written   { return created(thing{ID: s.ID}) }
func stepChanged(s reach.Step) *written   { return updated(thing{ID: s.ID}) }

// ruleRecord is a notification rule by itself.
type ruleRecord struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	ActionType  string       `json:"actionType"`
	Order       int          `json:"order"`
	Enabled     bool         `json:"enabled"`
	Criteria    criteria     `json:"criteria"`
	Times       []string     `json:"notificationTime"`
	Restriction *restriction `json:"timeRestriction,omitempty"`
	Schedules   []someone    `json:"schedules"`
	Steps       []stepRecord `json:"steps"`
	Repeat      *repeat      `json:"repeat,omitempty"`
}

type repeat struct {
	LoopAfter int64 `json:"loopAfter"` // minutes
	Enabled   bool  `json:"enabled"`
}

// stepRecord is a step of a notification rule.
type stepRecord struct {
	Parent    thing       `json:"_parent"`
	ID        string      `json:"id"`
	Contact   stepContact `json:"contact"`
	SendAfter span        `json:"sendAfter"`
	Enabled   bool        `json:"enabled"`
}

type stepContact struct {
	Method string `json:"method"`
	To     string `json:"to"`
}

func stepOf(u *reach.User, r *reach.NotificationRule, s *reach.Step) stepRecord {
	out := stepRecord{Parent: thing{ID: r.ID, Name: r.Name}, ID: s.ID, SendAfter: spanOf(s.After), Enabled: !s.Disabled}
	if k, ok := u.Contact(s.Contact); ok {
		c := contactOf(&k)
		out.Contact = stepContact{Method: c.Method, To: c.To}
	}
	return out
}

func ruleRecordOf(tx reader, u *reach.User, i int) ruleRecord {
	r := &u.Rules[i]
	out := ruleRecord{
		ID: r.ID, Name: r.Name, ActionType: actionWord(r.Action), Order: state.RuleOrder(u, i), Enabled: !r.Disabled, Criteria: criteriaOf(&r.Criteria),
		Times: orEmpty(r.Times), Restriction: restrictionOf(r.Restriction), Schedules: []someone{}, Steps: []stepRecord{},
	}
	for _, id := range r.Schedules {
		if s, err := (state.Pick{ID: string(id)}).Schedule(tx); err == nil {
			out.Schedules = append(out.Schedules, someone{Type: "schedule", ID: string(id), Name: s.Name})
		}
	}
	for j := range r.Steps {
		out.Steps = append(out.Steps, stepOf(u, r, &r.Steps[j]))
	}
	if r.LoopAfter > 0 || r.Loops {
		out.Repeat = &repeat{LoopAfter: int64(r.LoopAfter / time.Minute), Enabled: r.Loops}
	}
	return out
}

func listRules(tx reader, in *ruleIn) ([]ruleSummary, error) {
	u, err := in.user.User(tx)
	if err != nil {
		return nil, err
	}
	var out []ruleSummary
	for i := range u.Rules {
		out = append(out, ruleSummaryOf(&u.Rules[i], state.RuleOrder(u, i)))
	}
	return out, nil
}

func getRule(tx reader, in *ruleIn) (ruleRecord, error) {
	u, i, err := in.find(tx)
	if err != nil {
		return ruleRecord{}, err
	}
	return ruleRecordOf(tx, u, i), nil
}

// find returns the person, and the place of the rule that the path names.
func (in *ruleIn) find(tx reader) (*reach.User, int, error) {
	u, err := in.user.User(tx)
	if err != nil {
		return nil, 0, err
	}
	i, err := state.FindRule(u, in.rule)
	return u, i, err
}

func listSteps(tx reader, in *ruleIn) ([]stepRecord, error) {
	u, i, err := in.find(tx)
	if err != nil {
		return nil, err
	}
	return ruleRecordOf(tx, u, i).Steps, nil
}

func getStep(tx reader, in *ruleIn) (stepRecord, error) {
	steps, err := listSteps(tx, in)
	for _, s := range steps {
		if s.ID == in.step {
			return s, nil
		}
	}
	if err == nil {
		err = core.Missing("Notification rule step", in.step)
	}
	return stepRecord{}, err
}
