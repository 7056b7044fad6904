package sdktest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
)

// A new alert has all that was said of it, and one with the alias of an open one is that one
// again.
func checkCreate(c *caller) {
	alias := c.word()
	request := &alert.CreateAlertRequest{
		Message: "the website is down " + alias, Alias: alias, Description: "since noon", Entity: "web-1", Source: "probe", Priority: alert.P1,
		Responders: []alert.Responder{{Type: alert.TeamResponder, Name: teamName}}, Actions: []string{"restart"}, Tags: []string{"web", "core"},
		Details: map[string]string{"floor": "3"}, User: userName, Note: "look at the router",
	}
	result := must(c.write.alerts.Create(c.ctx, request))(c)
	created := must(result.RetrieveStatus(c.ctx))(c)
	if !created.IsSuccess || created.Action != "Create" || created.Status != "Created alert" || created.Alias != alias {
		c.errorf("the status of the request: %+v", created)
	}
	want(c, "the request id of the status", must(c.read.alerts.GetRequestStatus(c.ctx, &alert.GetRequestStatusRequest{RequestId: result.RequestId}))(c).AlertID, created.AlertID)
	got := c.alert(created.AlertID)
	want(c, "message", got.Message, request.Message)
	want(c, "alias", got.Alias, alias)
	want(c, "description", got.Description, request.Description)
	want(c, "entity", got.Entity, request.Entity)
	want(c, "source", got.Source, request.Source)
	want(c, "priority", got.Priority, request.Priority)
	want(c, "status", got.Status, "open")
	want(c, "count", got.Count, 1)
	want(c, "what else it has", fmt.Sprint(got.Actions, got.Tags, got.Details, got.Responders), fmt.Sprintf("[restart] [web core] map[floor:3] [{team  %s }]", c.team))
	c.logged(created.AlertID, "look at the router")

	again := c.done(c.write.alerts.Create(c.ctx, &alert.CreateAlertRequest{Message: "another text", Alias: alias}))
	got = c.alert(created.AlertID)
	want(c, "the alert that occurred again", again.AlertID, created.AlertID)
	want(c, "its count", got.Count, 2)
	want(c, "its message", got.Message, request.Message)
}

// A list has what the query finds, page by page and in the order asked for.
func checkList(c *caller) {
	tag := c.word()
	var ids []string
	for range 3 {
		ids = append(ids, c.open(func(r *alert.CreateAlertRequest) { r.Tags = []string{tag} }))
		c.open() // and one that is not meant
	}
	list := func(r alert.ListAlertRequest) (found []string) {
		if r.Query == "" {
			r.Query = "tag: " + tag
		}
		for _, a := range must(c.read.alerts.List(c.ctx, &r))(c).Alerts {
			found = append(found, a.Id)
		}
		return found
	}
	pages := slices.Concat(list(alert.ListAlertRequest{Limit: 2, Sort: alert.CreatedAt, Order: alert.Asc}),
		list(alert.ListAlertRequest{Limit: 2, Offset: 2, Sort: alert.CreatedAt, Order: alert.Asc}))
	want(c, "two pages", fmt.Sprint(pages), fmt.Sprint(ids))
	c.pass(time.Second)
	c.open(func(r *alert.CreateAlertRequest) { r.Alias = c.alert(ids[1]).Alias }) // it occurs again
	newest := list(alert.ListAlertRequest{Limit: 1, Sort: alert.LastOccurredAt, Order: alert.Desc})
	want(c, "what occurred last", fmt.Sprint(newest), fmt.Sprint(ids[1:2]))
	c.done(c.write.alerts.Close(c.ctx, &alert.CloseAlertRequest{IdentifierValue: ids[1]}))
	open := list(alert.ListAlertRequest{Query: "status: open AND tag: " + tag})
	want(c, "what is open, newest first", fmt.Sprint(open), fmt.Sprint([]string{ids[2], ids[0]}))
}

// Alerts are counted as a query finds them.
func checkCount(c *caller) {
	tag := c.word()
	count := func(query string) int {
		return must(c.read.alerts.CountAlerts(c.ctx, &alert.CountAlertsRequest{Query: query}))(c).Count
	}
	var last string
	for range 3 {
		last = c.open(func(r *alert.CreateAlertRequest) { r.Tags = []string{tag} })
	}
	want(c, "the count", count("tag: "+tag), 3)
	c.done(c.write.alerts.Close(c.ctx, &alert.CloseAlertRequest{IdentifierValue: last}))
	want(c, "the count of what is open", count("status: open AND tag: "+tag), 2)
	want(c, "the count of nothing", count("tag: "+c.word()), 0)
}

// Any node tells what became of a request, also of one that came to nothing; one that was never
// made it says is not processed yet.
func checkRequestStatus(c *caller) {
	alias := c.word()
	created := c.done(c.write.alerts.Create(c.ctx, &alert.CreateAlertRequest{Message: "m", Alias: alias}))
	want(c, "what was done", created.Action+", "+created.Status, "Create, Created alert")
	want(c, "the alias", created.Alias, alias)
	found := must(c.read.alerts.Get(c.ctx, &alert.GetAlertRequest{IdentifierType: alert.ALIAS, IdentifierValue: alias}))(c)
	want(c, "the alert", created.AlertID, found.Id)
	want(c, "the key's id", created.IntegrationId, found.Integration.Id)
	if !created.ProcessedAt.Equal(found.CreatedAt) {
		c.errorf("it was processed at %v, the alert is of %v", created.ProcessedAt, found.CreatedAt)
	}
	failed := c.status(c.write.alerts.Close(c.ctx, &alert.CloseAlertRequest{IdentifierType: alert.ALIAS, IdentifierValue: c.word()}))
	if failed.IsSuccess || failed.Status != "Alert does not exist" || failed.AlertID != "" {
		c.errorf("the status of a request about nothing: %+v", failed)
	}
	_, err := c.read.alerts.GetRequestStatus(c.ctx, &alert.GetRequestStatusRequest{RequestId: c.word()})
	want(c, "the kind of the error", c.refused(err, 404).ErrorHeader, "RequestNotProcessed")
}

// An alert is found by its id, by its short number and, while it is open, by its alias, which may
// have slashes and spaces.
func checkGet(c *caller) {
	alias := c.word() + "/a b/c"
	id := c.open(func(r *alert.CreateAlertRequest) { r.Alias, r.Message = alias, c.name })
	byID := c.alert(id)
	want(c, "the alert", byID.Id+", "+byID.Alias+", "+byID.Message, id+", "+alias+", "+c.name)
	for kind, value := range map[alert.AlertIdentifier]string{alert.ALIAS: alias, alert.TINYID: byID.TinyId} {
		got := must(c.read.alerts.Get(c.ctx, &alert.GetAlertRequest{IdentifierType: kind, IdentifierValue: value}))(c)
		want(c, "the alert "+value, got.Id, id)
	}
	c.done(c.write.alerts.Close(c.ctx, &alert.CloseAlertRequest{IdentifierValue: id}))
	_, err := c.read.alerts.Get(c.ctx, &alert.GetAlertRequest{IdentifierType: alert.ALIAS, IdentifierValue: alias})
	c.refused(err, 404)
	want(c, "its status", c.alert(id).Status, "closed")
}

// A deleted alert is nowhere any more, and its alias free.
func checkDelete(c *caller) {
	alias := c.word()
	id := c.open(func(r *alert.CreateAlertRequest) { r.Alias, r.Tags = alias, []string{alias} })
	c.done(c.write.alerts.Delete(c.ctx, &alert.DeleteAlertRequest{IdentifierValue: id, Source: "test"}))
	_, err := c.read.alerts.Get(c.ctx, &alert.GetAlertRequest{IdentifierValue: id})
	c.refused(err, 404)
	want(c, "the length of the list", len(must(c.read.alerts.List(c.ctx, &alert.ListAlertRequest{Query: "tag: " + alias}))(c).Alerts), 0)
	if anew := c.open(func(r *alert.CreateAlertRequest) { r.Alias = alias }); anew == id {
		c.errorf("the alias still leads to the deleted alert")
	}
	c.undone("Alert does not exist")(c.write.alerts.Delete(c.ctx, &alert.DeleteAlertRequest{IdentifierValue: id}))
}

// Who acknowledges an alert owns it, and it stays open.
func checkAcknowledge(c *caller) {
	id := c.open()
	c.done(c.write.alerts.Acknowledge(c.ctx, &alert.AcknowledgeAlertRequest{IdentifierValue: id, User: userName, Note: "on my way"}))
	got := c.alert(id)
	want(c, "acknowledged", got.Acknowledged, true)
	want(c, "status", got.Status, "open")
	want(c, "owner", got.Owner, userName)
	want(c, "who has acknowledged", got.Report.AcknowledgedBy, userName)
	c.logged(id, userName+": Alert acknowledged", "on my way")
	c.undone("Alert is already acknowledged")(c.write.alerts.Acknowledge(c.ctx, &alert.AcknowledgeAlertRequest{IdentifierValue: id}))
}

// An acknowledgement can be taken back.
func checkUnacknowledge(c *caller) {
	id := c.open()
	c.done(c.write.alerts.Acknowledge(c.ctx, &alert.AcknowledgeAlertRequest{IdentifierValue: id, User: userName}))
	want(c, "acknowledged", c.alert(id).Acknowledged, true)
	c.done(c.write.alerts.Unacknowledge(c.ctx, &alert.UnacknowledgeAlertRequest{IdentifierValue: id, User: userName, Note: "not me"}))
	want(c, "acknowledged", c.alert(id).Acknowledged, false)
	c.logged(id, "not me")
	c.undone("Alert is already unacknowledged")(c.write.alerts.Unacknowledge(c.ctx, &alert.UnacknowledgeAlertRequest{IdentifierValue: id}))
}

// A closed alert says who closed it, and its alias makes a new one.
func checkClose(c *caller) {
	alias := c.word()
	id := c.open(func(r *alert.CreateAlertRequest) { r.Alias = alias })
	c.done(c.write.alerts.Close(c.ctx, &alert.CloseAlertRequest{IdentifierType: alert.ALIAS, IdentifierValue: alias, User: userName, Note: "rebooted"}))
	got := c.alert(id)
	want(c, "status", got.Status, "closed")
	want(c, "who has closed", got.Report.ClosedBy, userName)
	c.logged(id, "rebooted")
	c.undone("Alert is already closed")(c.write.alerts.Close(c.ctx, &alert.CloseAlertRequest{IdentifierValue: id}))
	if anew := c.open(func(r *alert.CreateAlertRequest) { r.Alias = alias }); anew == id {
		c.errorf("the alias leads to the closed alert")
	}
}

// The log has what was done, by whom, page by page.
func checkListLogs(c *caller) {
	id := c.open()
	c.done(c.write.alerts.Acknowledge(c.ctx, &alert.AcknowledgeAlertRequest{IdentifierValue: id, User: userName}))
	c.done(c.write.alerts.Close(c.ctx, &alert.CloseAlertRequest{IdentifierValue: id, User: userName, Note: c.name}))
	request := alert.ListAlertLogsRequest{IdentifierValue: id, Order: alert.Asc, Limit: 1}
	var told []string
	for range 100 {
		page := must(c.read.alerts.ListAlertLogs(c.ctx, &request))(c)
		if len(page.AlertLog) == 0 {
			break
		}
		want(c, "the length of a page", len(page.AlertLog), 1)
		told = append(told, page.AlertLog[0].Owner+": "+page.AlertLog[0].Log)
		request.Offset = page.AlertLog[0].Offset
		if page.Paging["next"] == "" {
			break
		}
	}
	at := -1
	for _, line := range []string{"Alert created", userName + ": Alert acknowledged", userName + ": Alert closed: " + c.name} {
		next := slices.IndexFunc(told, func(s string) bool { return strings.Contains(s, line) })
		if next <= at {
			c.errorf("%q does not stand behind the line before:\n%s", line, strings.Join(told, "\n"))
		}
		at = next
	}
	last := must(c.read.alerts.ListAlertLogs(c.ctx, &alert.ListAlertLogsRequest{IdentifierValue: id, Limit: 100}))(c).AlertLog
	want(c, "the number of lines, newest first", len(last), len(told))
	if len(last) > 0 {
		want(c, "the newest line", last[0].Owner+": "+last[0].Log, told[len(told)-1])
	}
}
