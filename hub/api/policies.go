package api

import (
	"strconv"
	"time"

	"keng/hub/core"
	routing "keng/hub/core/route"
	"keng/hub/state"
)

// policyRoutes is the part of the table about alert and notification policies, Opsgenie's
// second version of them.
func policyRoutes() []route {
	const all, one = "/v2/policies", "/v2/policies/{id}"
	see := func(path string, h handler) route {
		return route{"GET", path, state.Read, false, configurationDomain, h}
	}
	set := func(method, path string, h handler) route {
		return route{method, path, state.Configure, true, configurationDomain, h}
	}
	return []route{
		set("POST", all, change(createPolicy, policyCreated)),
		see(all+"/alert", tellList(listAlertPolicies)),
		see(all+"/notification", tellList(listNotificationPolicies)),
		see(one, tell(getPolicy)),
		set("PUT", one, change(changePolicy, done[state.Policy]("Updated"))),
		set("DELETE", one, change(deletePolicy, deleted[state.Nothing])),
		set("POST", one+"/enable", change(switchPolicy(true), done[state.Policy]("Enabled"))),
		set("POST", one+"/disable", change(switchPolicy(false), done[state.Policy]("Disabled"))),
		set("POST", one+"/change-order", change(movePolicy, done[state.Nothing]("Updated"))),
	}
}

// policyIn names a policy. A team that is named besides must be the one that it is of.
type policyIn struct {
	id   string
	team core.TeamID
}

func (in *policyIn) read(c *call) {
	team := c.query("teamId")
	c.limit("teamId", team, identifierMax)
	in.id, in.team = c.identifier("id"), core.TeamID(team)
}

func deletePolicy(in *policyIn) state.DeletePolicy {
	return state.DeletePolicy{ID: in.id, Of: in.team}
}

// switchPolicy makes the command that switches a policy on or off.
func switchPolicy(on bool) func(*policyIn) state.SwitchPolicy {
	return func(in *policyIn) state.SwitchPolicy {
		return state.SwitchPolicy{ID: in.id, On: on, Of: in.team}
	}
}

// policyMoveIn says where a policy is to stand. The Go client leaves 0 out.
type policyMoveIn struct {
	policyIn
	to int
}

func (in *policyMoveIn) read(c *call) {
	in.policyIn.read(c)
	in.to = c.body.number("targetIndex", 0)
}

func movePolicy(in *policyMoveIn) state.MovePolicy {
	return state.MovePolicy{ID: in.id, To: in.to, Of: in.team}
}

// policyFieldsIn says all that a policy is to be.
type policyFieldsIn struct {
	policyIn
	fields state.PolicyFields
}

func (in *policyFieldsIn) read(c *call) {
	in.policyIn.read(c)
	b, f := c.body, &in.fields
	enabled, filter := b.saidTruth("enabled"), b.saidCriteria(routing.Alerts)
	f.AsItIs, f.Wording.NoFilter = enabled == nil, filter == nil
	off := enabled != nil && !*enabled
	if filter == nil {
		filter = &routing.Criteria{}
	}
	restriction := b.saidRestriction("timeRestrictions")
	if restriction == nil {
		restriction = b.saidRestriction("timeRestriction") // as everything else calls it
	}
	switch kebab(b.text("type")) {
	case "alert":
		f.Alert = &routing.AlertPolicy{
			Name: b.text("name"), Description: b.text("policyDescription"), Disabled: off, Filter: *filter, Restriction: restriction, Zone: b.text("timezone"),
			Continue: b.truth("continue"), Fields: readRewrite(b),
		}
		f.Responders = b.parties("responders")
	case "notification":
		f.Notification = &routing.NotificationPolicy{
			Name: b.text("name"), Description: b.text("policyDescription"), Disabled: off, Filter: *filter, Restriction: restriction, Zone: b.text("timezone"),
			Suppress: b.truth("suppress"),
		}
		readNotificationActions(b, f.Notification, &f.Wording)
	default:
		b.complain("type", "must be alert or notification")
	}
}

// readRewrite reads what an alert policy makes of an alert.
func readRewrite(b object) routing.Rewrite {
	return routing.Rewrite{
		Message: b.text("message"), Alias: b.text("alias"), Description: b.text("description"), Entity: b.text("entity"), Source: b.text("source"),
		Priority: b.priority("priority"), Tags: b.texts("tags"), Actions: b.texts("actions"), Details: b.details("details"),
		IgnoreTags: b.truth("ignoreOriginalTags"), IgnoreActions: b.truth("ignoreOriginalActions"),
		IgnoreDetails: b.truth("ignoreOriginalDetails"), IgnoreResponders: b.truth("ignoreOriginalResponders"),
	}
}

// truth returns a truth value, false if it is absent.
func (o object) truth(key string) bool {
	said := o.saidTruth(key)
	return said != nil && *said
}

// priority returns a priority, 0 if it is absent.
func (o object) priority(key string) core.Priority {
	word := o.text(key)
	if word == "" {
		return 0
	}
	p, err := core.ParsePriority(word)
	if err != nil {
		o.complain(key, "must be P1, P2, P3, P4 or P5")
	}
	return p
}

// parties returns responders.
func (o object) parties(key string) (all []state.Party) {
	for _, x := range o.objects(key) {
		p := x.party()
		if p.Kind == 0 && x.text("type") != "" {
			x.complain("type", "must be user, team, escalation or schedule")
		}
		all = append(all, p)
	}
	return all
}

// details returns an object of strings, or what the Go client sends instead of one when it
// creates a policy: a list, whose places are the keys, as they are for it when it updates one.
func (o object) details(key string) map[string]string {
	if raw := o.raw(key); len(raw) == 0 || raw[0] != '[' {
		return o.pairs(key)
	}
	var all []string
	o.into(key, "an object of strings or a list of strings", &all)
	pairs := map[string]string{}
	for i, value := range all {
		pairs[strconv.Itoa(i)] = value
	}
	return pairs
}

// readNotificationActions reads what a notification policy does besides suppressing.
func readNotificationActions(b object, n *routing.NotificationPolicy, w *state.Wording) {
	if o, ok := b.child("delayAction"); ok {
		n.Delay = &routing.Delay{}
		var known bool
		if n.Delay.Option, known = routing.ParseDelayOption(kebab(o.text("delayOption"))); !known {
			o.complain("delayOption", "must be for-duration, next-time, next-weekday, or next-monday to next-sunday")
		} else if n.Delay.Option == routing.ForDuration {
			n.Delay.For, w.Delay = o.duration()
		} else if hour := o.saidNumber("untilHour"); hour != nil {
			n.Delay.Hour, n.Delay.Minute = *hour, o.number("untilMinute", 0)
		} else {
			o.complain("untilHour", "is missing: say until which hour, 0 to 23")
		}
	}
	if o, ok := b.child("autoRestartAction"); ok {
		n.Restart = &routing.Restart{Most: o.number("maxRepeatCount", 0)}
		n.Restart.After, w.Restart = o.duration()
	}
	if o, ok := b.child("autoCloseAction"); ok {
		n.CloseAfter, w.Close = o.duration()
	}
	if o, ok := b.child("deduplicationAction"); ok {
		n.Repeated = &routing.Deduplication{Count: o.number("count", 0)}
		switch kebab(o.text("deduplicationActionType")) {
		case valueBased:
		case frequencyBased:
			n.Repeated.Within, w.Repeated = o.duration()
		default:
			o.complain("deduplicationActionType", "must be value-based or frequency-based")
		}
	}
}

// The ways of notifying only of what occurs again and again.
const (
	valueBased     = "value-based"
	frequencyBased = "frequency-based"
)

// duration returns the duration of an action, which must be there.
func (o object) duration() (length, unit time.Duration) {
	child, ok := o.child("duration")
	if ok {
		length, unit = child.spanIn()
	}
	if length == 0 {
		o.complain("duration", `is missing: say how long, such as {"timeAmount": 5, "timeUnit": "minutes"}`)
	}
	return length, unit
}

func createPolicy(in *policyFieldsIn) state.CreatePolicy {
	k := state.CreatePolicy{Fields: in.fields}
	if in.team != "" {
		k.Team = state.Pick{ID: string(in.team)}
	}
	return k
}

func changePolicy(in *policyFieldsIn) state.ChangePolicy {
	return state.ChangePolicy{ID: in.id, Fields: in.fields, Of: in.team}
}

// policySummary is a policy in a list, or one that has just been made.
type policySummary struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Order   *int   `json:"order,omitempty"`
	Enabled bool   `json:"enabled"`
}

func policySummaryOf(p *state.Policy) policySummary {
	if p.Notification != nil {
		return policySummary{ID: p.ID, Name: p.Notification.Name, Type: "notification", Enabled: !p.Disabled()}
	}
	return policySummary{ID: p.ID, Name: p.Alert.Name, Type: "alert", Enabled: !p.Disabled()}
}

func policyCreated(p state.Policy) *written { return created(policySummaryOf(&p)) }

// listAlertPolicies tells the alert policies of a team, or without one those for all alerts.
func listAlertPolicies(tx reader, in *policyIn) ([]policySummary, error) {
	return listPolicies(tx, state.AlertPolicies, in.team)
}

func listNotificationPolicies(tx reader, in *policyIn) ([]policySummary, error) {
	if in.team == "" {
		return nil, core.Invalid("teamId", "is missing: notification policies are of teams")
	}
	return listPolicies(tx, state.NotificationPolicies, in.team)
}

func listPolicies(tx reader, kind state.PolicyKind, team core.TeamID) (list []policySummary, err error) {
	if team != "" {
		if _, err := (state.Pick{ID: string(team)}).Team(tx); err != nil {
			return nil, err
		}
	}
	for i, p := range state.PoliciesOf(tx, kind, team) {
		summary := policySummaryOf(p)
		summary.Order = &i
		list = append(list, summary)
	}
	return list, nil
}
