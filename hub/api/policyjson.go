package api

import (
	"keng/hub/core"
	"keng/hub/core/alert"
	routing "keng/hub/core/route"
	"keng/hub/state"
)

// policyMain is what both types of policy are told with. What was not said is not told: who
// compares would see a change.
type policyMain struct {
	ID          string       `json:"id"`
	Type        string       `json:"type"`
	Name        string       `json:"name"`
	Description string       `json:"policyDescription"`
	TeamID      core.TeamID  `json:"teamId,omitempty"`
	Enabled     bool         `json:"enabled"`
	Filter      *criteria    `json:"filter,omitempty"`
	Restriction *restriction `json:"timeRestrictions,omitempty"`
	Timezone    string       `json:"timezone,omitempty"`
}

// alertPolicy is an alert policy as replies tell it.
type alertPolicy struct {
	policyMain
	Message          string            `json:"message"`
	Continue         bool              `json:"continue"`
	Alias            string            `json:"alias,omitempty"`
	AlertDescription string            `json:"description,omitempty"`
	Entity           string            `json:"entity,omitempty"`
	Source           string            `json:"source,omitempty"`
	Priority         string            `json:"priority,omitempty"`
	IgnoreDetails    bool              `json:"ignoreOriginalDetails"`
	Details          map[string]string `json:"details,omitempty"`
	IgnoreActions    bool              `json:"ignoreOriginalActions"`
	Actions          []string          `json:"actions,omitempty"`
	IgnoreResponders bool              `json:"ignoreOriginalResponders"`
	Responders       []someone         `json:"responders,omitempty"`
	IgnoreTags       bool              `json:"ignoreOriginalTags"`
	Tags             []string          `json:"tags,omitempty"`
}

// notificationPolicy is a notification policy as replies tell it.
type notificationPolicy struct {
	policyMain
	Suppress      bool                 `json:"suppress"`
	Delay         *delayAction         `json:"delayAction,omitempty"`
	Restart       *restartAction       `json:"autoRestartAction,omitempty"`
	Close         *closeAction         `json:"autoCloseAction,omitempty"`
	Deduplication *deduplicationAction `json:"deduplicationAction,omitempty"`
}

type delayAction struct {
	Option   string `json:"delayOption"`
	Hour     *int   `json:"untilHour,omitempty"`
	Minute   *int   `json:"untilMinute,omitempty"`
	Duration *span  `json:"duration,omitempty"`
}

type restartAction struct {
	Duration span `json:"duration"`
	Most     int  `json:"maxRepeatCount"`
}

type closeAction struct {
	Duration span `json:"duration"`
}

type deduplicationAction struct {
	Type     string `json:"deduplicationActionType"`
	Count    int    `json:"count"`
	Duration *span  `json:"duration,omitempty"`
}

func getPolicy(tx reader, in *policyIn) (any, error) {
	p, err := state.FindPolicy(tx, in.id, in.team)
	if err != nil {
		return nil, err
	}
	if p.Notification != nil {
		return notificationPolicyOf(p), nil
	}
	return alertPolicyOf(p), nil
}

// mainOf tells what both types of policy have.
func mainOf(p *state.Policy, description string, filter *routing.Criteria) policyMain {
	s := policySummaryOf(p)
	out := policyMain{ID: s.ID, Type: s.Type, Name: s.Name, Enabled: s.Enabled, TeamID: p.Team, Description: description}
	if !p.Wording.NoFilter {
		told := criteriaOf(filter)
		out.Filter = &told
	}
	return out
}

func alertPolicyOf(p *state.Policy) alertPolicy {
	a, f := p.Alert, &p.Alert.Fields
	out := alertPolicy{
		policyMain: mainOf(p, a.Description, &a.Filter), Message: f.Message, Continue: a.Continue, Alias: f.Alias, AlertDescription: f.Description,
		Entity: f.Entity, Source: f.Source, IgnoreDetails: f.IgnoreDetails, Details: f.Details, IgnoreActions: f.IgnoreActions, Actions: f.Actions,
		IgnoreResponders: f.IgnoreResponders, Responders: idsOf(f.Responders), IgnoreTags: f.IgnoreTags, Tags: f.Tags,
	}
	out.Restriction, out.Timezone = restrictionOf(a.Restriction), a.Zone
	if f.Priority != 0 {
		out.Priority = f.Priority.String()
	}
	return out
}

// idsOf tells responders by type and id alone, as rules name them: a name that was not said
// would look like a change.
func idsOf(all []alert.Responder) (told []someone) {
	for _, r := range all {
		told = append(told, someone{Type: kindWord(r.Kind), ID: r.ID})
	}
	return told
}

func notificationPolicyOf(p *state.Policy) notificationPolicy {
	n, w := p.Notification, &p.Wording
	out := notificationPolicy{policyMain: mainOf(p, n.Description, &n.Filter), Suppress: n.Suppress}
	out.Restriction, out.Timezone = restrictionOf(n.Restriction), n.Zone
	if d := n.Delay; d != nil {
		out.Delay = &delayAction{Option: d.Option.String()}
		if d.Option == routing.ForDuration {
			told := spanOfIn(d.For, w.Delay)
			out.Delay.Duration = &told
		} else {
			out.Delay.Hour, out.Delay.Minute = &d.Hour, &d.Minute
		}
	}
	if r := n.Restart; r != nil {
		out.Restart = &restartAction{spanOfIn(r.After, w.Restart), r.Most}
	}
	if n.CloseAfter > 0 {
		out.Close = &closeAction{spanOfIn(n.CloseAfter, w.Close)}
	}
	if d := n.Repeated; d != nil {
		out.Deduplication = &deduplicationAction{Type: valueBased, Count: d.Count}
		if d.Within > 0 {
			told := spanOfIn(d.Within, w.Repeated)
			out.Deduplication.Type, out.Deduplication.Duration = frequencyBased, &told
		}
	}
	return out
}
