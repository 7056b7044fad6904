package sdktest

import (
	"fmt"
	"slices"
	"time"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
)

// A snoozed alert is quiet until the moment that was said, and wants attention again then.
func checkSnooze(c *caller) {
	id := c.open()
	end := time.Now().Add(time.Minute).Truncate(time.Second)
	c.done(c.write.alerts.Snooze(c.ctx, &alert.SnoozeAlertRequest{IdentifierValue: id, EndTime: end, User: userName, Note: "after lunch"}))
	got := c.alert(id)
	if !got.Snoozed || !got.SnoozedUntil.Equal(end) {
		c.errorf("snoozed %v until %v, want until %v", got.Snoozed, got.SnoozedUntil, end)
	}
	c.logged(id, "after lunch")
	c.pass(time.Until(end) + 5*time.Second)
	if got := c.alert(id); got.Snoozed || got.Acknowledged {
		c.errorf("after its end: snoozed %v, acknowledged %v", got.Snoozed, got.Acknowledged)
	}
	c.logged(id, "Snooze ended")
}

// An escalation that is named answers for the alert from now on.
func checkEscalate(c *caller) {
	id := c.open()
	request := &alert.EscalateToNextRequest{IdentifierValue: id, Escalation: alert.Escalation{Name: escalationName}, User: userName, Note: "too long"}
	c.done(c.write.alerts.EscalateToNext(c.ctx, request))
	c.answers(id, alert.EscalationResponder, c.escalation)
	c.logged(id, "Alert escalated to "+escalationName, "too long")
	request.Escalation = alert.Escalation{ID: c.word()}
	if status := c.status(c.write.alerts.EscalateToNext(c.ctx, request)); status.IsSuccess {
		c.errorf("an unknown escalation: %+v", status)
	}
}

// answers makes sure that the other node tells of somebody as a responder of an alert.
func (c *caller) answers(id string, kind alert.ResponderType, who string) {
	if all := c.alert(id).Responders; !slices.Contains(all, alert.Responder{Type: kind, Id: who}) {
		c.errorf("the responders are %v, want among them the %s %s", all, kind, who)
	}
}

// An alert that is assigned has an owner, and is not acknowledged by that.
func checkAssign(c *caller) {
	id := c.open()
	c.done(c.write.alerts.AssignAlert(c.ctx, &alert.AssignRequest{IdentifierValue: id, Owner: alert.User{Username: userName}, User: "boss@example.vn", Note: "please"}))
	got := c.alert(id)
	want(c, "owner", got.Owner, userName)
	want(c, "acknowledged", got.Acknowledged, false)
	c.logged(id, "Alert assigned to "+userName, "please")
	if status := c.status(c.write.alerts.AssignAlert(c.ctx, &alert.AssignRequest{IdentifierValue: id, Owner: alert.User{ID: c.word()}})); status.IsSuccess {
		c.errorf("an unknown owner: %+v", status)
	}
}

// A team that is added answers for the alert, and owns it if no team did.
func checkAddTeam(c *caller) {
	id := c.open()
	c.done(c.write.alerts.AddTeam(c.ctx, &alert.AddTeamRequest{IdentifierValue: id, Team: alert.Team{Name: teamName}, User: userName, Note: "theirs"}))
	c.answers(id, alert.TeamResponder, c.team)
	c.logged(id, "Team added: "+teamName, "theirs")
	listed := must(c.read.alerts.List(c.ctx, &alert.ListAlertRequest{Query: "alertId: " + id}))(c).Alerts
	if len(listed) != 1 || listed[0].OwnerTeamID != c.team {
		c.errorf("in a list: %+v", listed)
	}
}

// A person who is added answers for the alert.
func checkAddResponder(c *caller) {
	id := c.open()
	for range 2 { // the second time it is so already
		c.done(c.write.alerts.AddResponder(c.ctx, &alert.AddResponderRequest{
			IdentifierValue: id, Responder: alert.Responder{Type: alert.UserResponder, Username: userName}, User: "boss@example.vn", Note: "you too",
		}))
	}
	want(c, "responders", fmt.Sprint(c.alert(id).Responders), fmt.Sprintf("[{user  %s }]", c.user))
	c.logged(id, "Responder added: "+userName, "you too")
}

// An action that the alert has is carried out, another one is not.
func checkAction(c *caller) {
	id := c.open(func(r *alert.CreateAlertRequest) { r.Actions = []string{"restart"} })
	status := c.done(c.write.alerts.ExecuteCustomAction(c.ctx, &alert.ExecuteCustomActionAlertRequest{IdentifierValue: id, Action: "restart", User: userName, Note: "once"}))
	want(c, "the alert", status.AlertID, id)
	c.logged(id, userName+": Action executed: restart", "once")
	c.undone("Alert has no such action")(c.write.alerts.ExecuteCustomAction(c.ctx, &alert.ExecuteCustomActionAlertRequest{IdentifierValue: id, Action: "reboot"}))
}

// Whom an alert concerns is told by the person, with how far that has got.
func checkRecipients(c *caller) {
	id := c.open(func(r *alert.CreateAlertRequest) {
		r.Responders = []alert.Responder{{Type: alert.UserResponder, Username: userName}}
	})
	list := func(id string) []alert.AlertRecipient {
		return must(c.read.alerts.ListAlertRecipients(c.ctx, &alert.ListAlertRecipientRequest{IdentifierValue: id}))(c).AlertRecipients
	}
	before := list(id)
	if len(before) != 1 || before[0].User != (alert.User{ID: c.user, Username: userName}) || before[0].State == "" || before[0].CreatedAt.IsZero() {
		c.fatalf("recipients: %+v", before)
	}
	c.done(c.write.alerts.Acknowledge(c.ctx, &alert.AcknowledgeAlertRequest{IdentifierValue: id, User: userName}))
	if after := list(id); len(after) != 1 || after[0].State == before[0].State {
		c.errorf("recipients before and after the acknowledgement: %+v, %+v", before, after)
	}
	want(c, "the number of recipients of what concerns nobody", len(list(c.open())), 0)
}
