package api

import (
	"errors"
	"slices"
	"strings"

	"keng/hub/core"
	routing "keng/hub/core/route"
	"keng/hub/state"
)

// actionKinds are what an integration may do with what comes in, in the order in which it is tried.
var actionKinds = []routing.ActionKind{routing.Ignore, routing.Create, routing.Close, routing.Acknowledge, routing.AddNote}

// actionIn is one action that is to be added.
type actionIn struct {
	integrationIn
	action state.ActionFields
}

func (in *actionIn) read(c *call) {
	in.integrationIn.read(c)
	in.action = c.body.action(0)
}

func addAction(in *actionIn) state.AddAction {
	return state.AddAction{ID: in.id, Action: in.action, Of: in.of}
}

// actionsIn are all actions that an integration is to have.
type actionsIn struct {
	integrationIn
	actions []state.ActionFields
}

func (in *actionsIn) read(c *call) {
	in.integrationIn.read(c)
	in.actions = []state.ActionFields{}
	for _, kind := range actionKinds {
		for _, o := range c.body.objects(kind.String()) {
			if len(in.actions) == routing.ActionsMax {
				o.complain("name", "is one action too many: an integration has at most 200")
				return
			}
			in.actions = append(in.actions, o.action(kind))
		}
	}
}

func putActions(in *actionsIn) state.ChangeIntegration {
	return state.ChangeIntegration{ID: in.id, Of: in.of, Fields: state.IntegrationFields{Actions: &in.actions}}
}

// action reads an action. It is of a kind, or if that is 0 of whichever its type says.
func (o object) action(kind routing.ActionKind) state.ActionFields {
	a := state.ActionFields{At: o.at}
	a.Action.Kind = o.actionKind(kind)
	a.Action.Name, a.Action.Order = o.text("name"), o.number("order", 0)
	a.Action.Alias, a.Action.User, a.Action.Note = o.text("alias"), o.text("user"), o.text("note")
	if filter := o.saidCriteria(routing.Payloads); filter != nil {
		a.Action.Filter = *filter
	}
	if a.Action.Kind == routing.Create {
		a.Action.AppendAttachments = o.truth("appendAttachments")
		a.Action.Fields = routing.Rewrite{
			Message: o.text("message"), Description: o.text("description"), Entity: o.text("entity"), Source: o.text("source"),
			Priority: o.priority("priority"), CustomPriority: o.text("customPriority"), Tags: o.texts("tags"), Actions: o.texts("alertActions"),
			Details: o.pairs("extraProperties"), IgnoreTags: o.truth("ignoreTagsFromPayload"), IgnoreActions: o.truth("ignoreAlertActionsFromPayload"),
			IgnoreDetails: o.truth("ignoreExtraPropertiesFromPayload"), IgnoreResponders: o.truth("ignoreRespondersFromPayload"),
		}
		a.Responders = o.responders()
	}
	if e, ok := errors.AsType[*core.Error](a.Action.Check()); ok {
		for field, why := range e.Fields {
			if field = saidActionField(field); o.wrong[o.at+field] == "" { // what has no right type is told as that
				o.complain(field, why)
			}
		}
	}
	return a
}

// actionKind returns the kind that the type of an action says, in whatever spelling.
func (o object) actionKind(wanted routing.ActionKind) routing.ActionKind {
	said := kebab(o.text("type"))
	if said == "" && wanted != 0 {
		return wanted
	}
	for _, kind := range actionKinds {
		if kebab(kind.String()) == said && (wanted == 0 || wanted == kind) {
			return kind
		}
	}
	if wanted != 0 {
		o.complain("type", "must be "+wanted.String()+" in this list")
	}
	return wanted
}

// saidActionField returns what the API calls a field of an action.
func saidActionField(field string) string {
	for _, x := range [][2]string{{"actions", "alertActions"}, {"details", "extraProperties"}} {
		if rest, ok := strings.CutPrefix(field, x[0]); ok && (rest == "" || rest[0] == '[' || rest[0] == '.') {
			return x[1] + rest
		}
	}
	return field
}

// actionLists are the actions of an integration as replies tell them.
type actionLists struct {
	Parent      integrationSummary `json:"_parent"`
	Ignore      []action           `json:"ignore"`
	Create      []action           `json:"create"`
	Close       []action           `json:"close"`
	Acknowledge []action           `json:"acknowledge"`
	AddNote     []action           `json:"addNote"`
}

// action is an action of an integration as replies tell it.
type action struct {
	Type   string       `json:"type"`
	Name   string       `json:"name"`
	Order  int          `json:"order"`
	Filter actionFilter `json:"filter"`
	Alias  string       `json:"alias,omitempty"`
	User   string       `json:"user,omitempty"`
	Note   string       `json:"note,omitempty"`
	*creation
}

// actionFilter says with what something is done. It is always told: Terraform relies on it.
type actionFilter struct {
	Type       string      `json:"conditionMatchType"`
	Conditions []condition `json:"conditions"`
}

// creation is what an action has that creates an alert.
type creation struct {
	Message           string            `json:"message,omitempty"`
	Description       string            `json:"description,omitempty"`
	Entity            string            `json:"entity,omitempty"`
	Source            string            `json:"source,omitempty"`
	Priority          string            `json:"priority,omitempty"`
	CustomPriority    string            `json:"customPriority,omitempty"`
	Tags              []string          `json:"tags,omitempty"`
	AlertActions      []string          `json:"alertActions,omitempty"`
	ExtraProperties   map[string]string `json:"extraProperties,omitempty"`
	Responders        []someone         `json:"responders,omitempty"`
	AppendAttachments bool              `json:"appendAttachments"`
	IgnoreTags        bool              `json:"ignoreTagsFromPayload"`
	IgnoreActions     bool              `json:"ignoreAlertActionsFromPayload"`
	IgnoreProperties  bool              `json:"ignoreExtraPropertiesFromPayload"`
	IgnoreResponders  bool              `json:"ignoreRespondersFromPayload"`
}

func getActions(tx reader, in *integrationIn) (actionLists, error) {
	i, err := state.FindIntegration(tx, in.id, in.of)
	if err != nil {
		return actionLists{}, err
	}
	return actionListsOf(i), nil
}

func actionAdded(i state.Integration) *written { return created(actionListsOf(&i)) }
func actionsPut(i state.Integration) *written  { return updated(actionListsOf(&i)) }

// actionListsOf tells the actions of an integration as the caller had them: in his order, not in
// that in which they are tried.
func actionListsOf(i *state.Integration) actionLists {
	out := actionLists{Parent: integrationSummaryOf(i), Ignore: []action{}, Create: []action{}, Close: []action{}, Acknowledge: []action{}, AddNote: []action{}}
	out.Parent.TeamID = ""
	lists := map[routing.ActionKind]*[]action{
		routing.Ignore: &out.Ignore, routing.Create: &out.Create, routing.Close: &out.Close, routing.Acknowledge: &out.Acknowledge, routing.AddNote: &out.AddNote,
	}
	said := slices.Clone(i.Rules.Actions)
	slices.SortStableFunc(said, func(a, b routing.Action) int { return a.Place - b.Place })
	for n := range said {
		if list := lists[said[n].Kind]; list != nil {
			*list = append(*list, actionOf(&said[n]))
		}
	}
	return out
}

func actionOf(a *routing.Action) action {
	filter := criteriaOf(&a.Filter)
	out := action{
		Type: a.Kind.String(), Name: a.Name, Order: a.Order, Filter: actionFilter{filter.Type, append([]condition{}, filter.Conditions...)},
		Alias: a.Alias, User: a.User, Note: a.Note,
	}
	if a.Kind != routing.Create {
		return out
	}
	f := &a.Fields
	out.creation = &creation{
		Message: f.Message, Description: f.Description, Entity: f.Entity, Source: f.Source, CustomPriority: f.CustomPriority, Tags: f.Tags,
		AlertActions: f.Actions, ExtraProperties: f.Details, Responders: idsOf(f.Responders), AppendAttachments: a.AppendAttachments,
		IgnoreTags: f.IgnoreTags, IgnoreActions: f.IgnoreActions, IgnoreProperties: f.IgnoreDetails, IgnoreResponders: f.IgnoreResponders,
	}
	if f.Priority != 0 {
		out.Priority = f.Priority.String()
	}
	return out
}
