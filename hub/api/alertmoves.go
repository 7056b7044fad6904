package api

import (
	"context"
	"net/http"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
)

// alertMoveRoutes is the part of the table by which alerts are changed. Any alert may be, also
// by a key that is bound to a team: the alerts that it sees are those of all teams.
func alertMoveRoutes() []route {
	const one = "/v2/alerts/{identifier...}"
	var list []route
	add := func(method, path string, h handler) {
		list = append(list, route{method, one + path, state.Write, false, alertDomain, h})
	}
	list = append(list, route{"DELETE", one, state.Delete, false, alertDomain, move(deleteAlert)})
	add("POST", "/acknowledge", move(acknowledgeAlert))
	add("POST", "/unacknowledge", move(unacknowledgeAlert))
	add("POST", "/close", move(closeAlert))
	add("POST", "/snooze", move(snoozeAlert))
	add("POST", "/escalate", move(escalateAlert))
	add("POST", "/assign", move(assignAlert))
	add("POST", "/teams", move(addTeam))
	add("POST", "/responders", move(addResponder))
	add("POST", "/actions/{actionName}", move(runAction))
	add("POST", "/notes", move(addNote))
	add("POST", "/tags", move(addTags))
	add("DELETE", "/tags", move(removeTags))
	add("POST", "/details", move(addDetails))
	add("DELETE", "/details", move(removeDetails))
	add("PUT", "/message", move(updateMessage))
	add("PUT", "/description", move(updateDescription))
	add("PUT", "/priority", move(updatePriority))
	return list
}

// move makes a handler that has one command about an alert carried out. The caller is answered
// after that, so what is sent next finds the alert as this command has left it. Whether the
// command did anything, such as that there is no such alert, the status of the request says.
func move[C state.Command[state.Request]](made func(*call, state.Asked) C) handler {
	return func(a *API, ctx context.Context, c *call) (outcome, error) {
		if err := c.readBody(); err != nil {
			return nil, err
		}
		command := made(c, c.mover())
		if err := c.complaint(); err != nil {
			return nil, err
		}
		_, err := do(ctx, a, c.seed, command)
		return &ack{}, err
	}
}

// mover returns what every request to move an alert says. All but the alert may be absent.
func (c *call) mover() state.Asked {
	k := state.Asked{Request: c.id, Alert: c.alert(), User: c.given("user"), Source: c.source(), Note: c.given("note"), Integration: c.key.ID}
	c.limit("user", k.User, alert.UserMax)
	c.limit("note", k.Note, alert.NoteMax)
	return k
}

// given returns a text of the body or, of a DELETE, which has none, of the query.
func (c *call) given(name string) string {
	if c.r.Method == http.MethodDelete {
		return c.query(name)
	}
	return c.body.text(name)
}

// givenList returns a list of the query without empty items: "a,b", or several of them.
func (c *call) givenList(name string) (list []string) {
	for _, text := range c.values[name] {
		for item := range strings.SplitSeq(strings.ToValidUTF8(text, "\uFFFD"), ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
	}
	return list
}

// need complains about a field that is not there, unless something else is wrong with it.
func (c *call) need(field string, there bool, why string) {
	for name := range c.wrong {
		there = there || name == field || strings.HasPrefix(name, field+".")
	}
	if !there {
		c.wrong[field] = why
	}
}

// needPick returns what a key of the body names.
func (c *call) needPick(key, why string) state.Pick {
	p := c.body.saidPick(key)
	if c.need(key, p != nil, why); p == nil {
		return state.Pick{}
	}
	return *p
}

// within complains about tags and details that are beyond the limits of a new alert.
func (c *call) within(tags []string, details map[string]string) {
	// The message is there for the draft to lack nothing else.
	c.blame((&alert.Draft{Message: "-", Tags: tags, Details: details}).Check())
}

func deleteAlert(_ *call, k state.Asked) state.DeleteAlert { return state.DeleteAlert{Asked: k} }

func acknowledgeAlert(_ *call, k state.Asked) state.AcknowledgeAlert {
	return state.AcknowledgeAlert(k)
}

func unacknowledgeAlert(_ *call, k state.Asked) state.UnacknowledgeAlert {
	return state.UnacknowledgeAlert{Asked: k}
}

func closeAlert(_ *call, k state.Asked) state.CloseAlert { return state.CloseAlert(k) }

func snoozeAlert(c *call, k state.Asked) state.SnoozeAlert {
	until := c.body.saidMoment("endTime")
	c.need("endTime", until != nil, "must say until when, such as 2026-11-25T09:00:00Z")
	if until == nil {
		return state.SnoozeAlert{}
	}
	switch now := c.now(); {
	case !until.After(now):
		c.wrong["endTime"] = "must be in the future"
	case until.After(now.Add(alert.SnoozeMax)):
		c.wrong["endTime"] = "must be within a year"
	}
	return state.SnoozeAlert{Asked: k, Until: *until}
}

func escalateAlert(c *call, k state.Asked) state.EscalateAlert {
	return state.EscalateAlert{Asked: k, To: c.needPick("escalation", "must say which, by id or name")}
}

func assignAlert(c *call, k state.Asked) state.AssignAlert {
	return state.AssignAlert{Asked: k, Owner: c.needPick("owner", "must say who it is, by id or username")}
}

func addTeam(c *call, k state.Asked) state.AddTeam {
	return state.AddTeam{Asked: k, Team: c.needPick("team", "must say which, by id or name")}
}

func addResponder(c *call, k state.Asked) state.AddResponder {
	child, there := c.body.child("responder")
	c.need("responder", there, "must say who it is, by type and id or name")
	if !there {
		return state.AddResponder{}
	}
	party := child.party()
	c.need("responder", party.Kind != 0, "must be a user, a team, an escalation or a schedule")
	return state.AddResponder{Asked: k, Responder: party}
}

func runAction(c *call, k state.Asked) state.RunAction {
	action := c.params["actionName"]
	c.limit("actionName", action, alert.ActionMax)
	return state.RunAction{Asked: k, Action: action}
}

func addNote(c *call, k state.Asked) state.AddNote {
	c.need("note", k.Note != "", "must not be empty")
	return state.AddNote{Asked: k}
}

func addTags(c *call, k state.Asked) state.AddTags {
	tags := c.body.texts("tags")
	c.need("tags", len(tags) > 0, "must name at least one")
	c.within(tags, nil)
	return state.AddTags{Asked: k, Tags: tags}
}

func removeTags(c *call, k state.Asked) state.RemoveTags {
	tags := c.givenList("tags")
	c.need("tags", len(tags) > 0, "must name at least one")
	return state.RemoveTags{Asked: k, Tags: tags}
}

func addDetails(c *call, k state.Asked) state.AddDetails {
	details := c.body.pairs("details")
	c.need("details", len(details) > 0, "must have at least one")
	c.within(nil, details)
	return state.AddDetails{Asked: k, Details: details}
}

func removeDetails(c *call, k state.Asked) state.RemoveDetails {
	keys := c.givenList("keys")
	c.need("keys", len(keys) > 0, "must name at least one")
	return state.RemoveDetails{Asked: k, Keys: keys}
}

func updateMessage(c *call, k state.Asked) state.UpdateMessage {
	message := c.body.text("message")
	c.need("message", message != "", "must not be empty")
	c.limit("message", message, alert.MessageMax)
	return state.UpdateMessage{Asked: k, Message: message}
}

func updateDescription(c *call, k state.Asked) state.UpdateDescription {
	description := c.body.text("description")
	// Alertmanager says what its template gives now. Is that nothing it leaves the key out, and
	// sends {}: refused, it would take the whole notification for failed, and send it again for ever.
	c.need("description", c.body.has("description") || c.body.empty("description") || c.body.bare(), "must be there, if only empty")
	if !unread(c.r.Header, "") { // theirs is cut
		c.limit("description", description, alert.DescriptionMax)
	}
	return state.UpdateDescription{Asked: k, Description: description}
}

func updatePriority(c *call, k state.Asked) state.UpdatePriority {
	text := c.body.text("priority")
	priority, err := core.ParsePriority(text)
	c.need("priority", text != "" && err == nil, "must be P1, P2, P3, P4 or P5")
	return state.UpdatePriority{Asked: k, Priority: priority}
}
