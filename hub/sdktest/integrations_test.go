package sdktest

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	"github.com/opsgenie/opsgenie-go-sdk-v2/integration"
	"github.com/opsgenie/opsgenie-go-sdk-v2/og"

	"keng/hub/client"
)

// tool lets a tool in and returns the integration with its key.
func (c *caller) tool() client.KeyedIntegration {
	made, err := c.write.hub.CreateIntegration(c.ctx, client.NewIntegration{Type: "Nagios", Name: c.word()})
	if err != nil {
		c.fatalf("%v", err)
	}
	c.catchUp()
	return made
}

// integration returns an integration as the other node tells it.
func (c *caller) integration(id string) map[string]any {
	c.catchUp()
	return must(c.read.integrations.Get(c.ctx, &integration.GetRequest{Id: id}))(c).Data
}

// letIn makes sure that a key is let in, or is not, where alerts are made.
func (c *caller) letIn(key string, wanted bool) {
	c.catchUp()
	_, err := must(alert.NewClient(c.read.config(key)))(c).Create(c.ctx, &alert.CreateAlertRequest{Message: "trouble", Alias: c.word()})
	if wanted && err != nil {
		c.errorf("the key is not let in: %v", err)
	} else if !wanted {
		c.refused(err, http.StatusUnauthorized)
	}
}

// An integration that is made is there with all that was said, and its key is let in. E-mail is
// refused: what is sent to its address would be lost.
func checkCreateIntegration(c *caller) {
	yes, no := true, false
	name := c.word()
	made := must(c.write.integrations.CreateApiBased(c.ctx, &integration.APIBasedIntegrationRequest{
		Name: name, Type: "Prometheus", AllowWriteAccess: &yes, AllowConfigurationAccess: &no, IgnoreRespondersFromPayload: &yes, SuppressNotifications: &no,
		OwnerTeam: &og.OwnerTeam{Name: teamName}, Responders: []integration.Responder{{Type: integration.User, Username: userName}},
	}))(c)
	want(c, "what is told", fmt.Sprint(made.GenericFields), fmt.Sprint(integration.GenericFields{Id: made.Id, Name: name, Enabled: true, Type: "Prometheus", TeamId: c.team}))
	got := c.integration(made.Id)
	want(c, "what is there", fmt.Sprint(got["name"], got["type"], got["ignoreRespondersFromPayload"], got["allowConfigurationAccess"], got["ownerTeam"], got["responders"]),
		fmt.Sprintf("%sPrometheustrue false map[id:%s name:%s] [map[id:%s type:user]]", name, c.team, teamName, c.user))
	c.letIn(made.ApiKey, true)

	hook := must(c.write.integrations.CreateWebhook(c.ctx, &integration.WebhookIntegrationRequest{
		Name: c.word(), Type: "Webhook", WebhookUrl: "https://hooks.example.vn/a", AddAlertDetails: &yes,
	}))(c)
	got = c.integration(hook.Id)
	want(c, "the webhook", fmt.Sprint(got["url"], got["addAlertDetails"], got["addAlertDescription"]), "https://hooks.example.vn/atrue false")
	c.letIn(hook.ApiKey, true)

	_, err := c.write.integrations.CreateEmailBased(c.ctx, &integration.EmailBasedIntegrationRequest{Name: c.word(), Type: "Email", EmailUsername: "alerts"})
	if why := c.refused(err, http.StatusUnprocessableEntity); why.Errors["type"] == "" {
		c.errorf("why is not said: %v", why)
	}
	_, err = c.write.integrations.CreateApiBased(c.ctx, &integration.APIBasedIntegrationRequest{Name: name, Type: "API"})
	c.refused(err, http.StatusConflict)
}

// All integrations are listed, and those that are gone are not.
func checkListIntegrations(c *caller) {
	i := c.tool()
	listed := func() []integration.GenericFields {
		return slices.DeleteFunc(must(c.read.integrations.List(c.ctx))(c).Integrations, func(f integration.GenericFields) bool { return f.Id != i.ID })
	}
	want(c, "what is listed", fmt.Sprint(listed()), fmt.Sprint([]integration.GenericFields{{Id: i.ID, Name: i.Name, Enabled: true, Type: "Nagios"}}))
	if err := c.write.hub.DeleteIntegration(c.ctx, i.ID); err != nil {
		c.fatalf("%v", err)
	}
	c.catchUp()
	want(c, "how many are listed when it is gone", len(listed()), 0)
}

// An integration is told by its id, without its key.
func checkGetIntegration(c *caller) {
	i := c.tool()
	got := c.integration(i.ID)
	want(c, "the integration", fmt.Sprint(got["id"], got["name"], got["type"], got["enabled"], got["isGlobal"], got["apiKey"]), i.ID+i.Name+"Nagiostrue true <nil>")
	_, err := c.read.integrations.Get(c.ctx, &integration.GetRequest{Id: c.word()})
	c.refused(err, http.StatusNotFound)
}

// An integration becomes all that is said of it, and its key stays.
func checkUpdateIntegration(c *caller) {
	i := c.tool()
	yes, no := true, false
	name := c.word()
	request := &integration.UpdateIntegrationRequest{
		Id: i.ID, Name: name, Type: "Nagios", Enabled: &yes, IgnoreRespondersFromPayload: &yes, SuppressNotifications: &no, OwnerTeam: &og.OwnerTeam{Id: c.team},
		Responders:  []integration.Responder{{Type: integration.Team, Id: c.team}},
		OtherFields: integration.OtherFields{"allowDeleteAccess": true},
	}
	told := must(c.write.integrations.ForceUpdateAllFields(c.ctx, request))(c).Data
	for what, got := range map[string]map[string]any{"told": told, "there": c.integration(i.ID)} {
		want(c, "what is "+what, fmt.Sprint(got["name"], got["ignoreRespondersFromPayload"], got["allowDeleteAccess"], got["teamId"], len(got["responders"].([]any))), name+"true true"+c.team+"1")
	}
	c.letIn(i.Key, true)
	_, err := c.write.integrations.ForceUpdateAllFields(c.ctx, &integration.UpdateIntegrationRequest{Id: i.ID, Name: name, Type: "Zabbix"})
	c.refused(err, http.StatusUnprocessableEntity)
}

// An integration that is deleted is not there any more, and its key is not let in.
func checkDeleteIntegration(c *caller) {
	i := c.tool()
	c.letIn(i.Key, true)
	must(c.write.integrations.Delete(c.ctx, &integration.DeleteIntegrationRequest{Id: i.ID}))(c)
	c.catchUp()
	_, err := c.read.integrations.Get(c.ctx, &integration.GetRequest{Id: i.ID})
	c.refused(err, http.StatusNotFound)
	c.letIn(i.Key, false)
}

// An integration that is enabled is let in.
func checkEnableIntegration(c *caller) {
	i := c.tool()
	if err := c.write.hub.EnableIntegration(c.ctx, i.ID, false); err != nil {
		c.fatalf("%v", err)
	}
	c.letIn(i.Key, false)
	told := must(c.write.integrations.Enable(c.ctx, &integration.EnableIntegrationRequest{Id: i.ID}))(c)
	want(c, "what is told", fmt.Sprint(told.GenericFields), fmt.Sprint(integration.GenericFields{Id: i.ID, Name: i.Name, Enabled: true, Type: "Nagios"}))
	c.letIn(i.Key, true)
}

// An integration that is disabled is not let in.
func checkDisableIntegration(c *caller) {
	i := c.tool()
	c.letIn(i.Key, true)
	told := must(c.write.integrations.Disable(c.ctx, &integration.DisableIntegrationRequest{Id: i.ID}))(c)
	want(c, "what is told", fmt.Sprint(told.GenericFields), fmt.Sprint(integration.GenericFields{Id: i.ID, Name: i.Name, Type: "Nagios"}))
	want(c, "enabled", c.integration(i.ID)["enabled"], any(false))
	c.letIn(i.Key, false)
}

// A tool hears whether its key is that of an enabled integration of its type.
func checkAuthenticate(c *caller) {
	i := c.tool()
	tool := must(integration.NewClient(c.read.config(i.Key)))(c)
	want(c, "the answer", must(tool.Authenticate(c.ctx, &integration.AuthenticateIntegrationRequest{Type: "Nagios"}))(c).Result, "Authenticated")
	_, err := tool.Authenticate(c.ctx, &integration.AuthenticateIntegrationRequest{Type: "Zabbix"})
	c.refused(err, http.StatusForbidden)
	if err := c.write.hub.EnableIntegration(c.ctx, i.ID, false); err != nil {
		c.fatalf("%v", err)
	}
	c.catchUp()
	_, err = tool.Authenticate(c.ctx, &integration.AuthenticateIntegrationRequest{Type: "Nagios"})
	c.refused(err, http.StatusUnauthorized)
}

// actionsOf are actions as a caller says them: what is passed over, and what is created.
func actionsOf(id string) *integration.UpdateAllIntegrationActionsRequest {
	filter := func(text string) *integration.Filter {
		order := 0
		return &integration.Filter{ConditionMatchType: og.MatchAllConditions, Conditions: []og.Condition{
			{Field: og.Message, Operation: og.Contains, ExpectedValue: text, Order: &order},
		}}
	}
	return &integration.UpdateAllIntegrationActionsRequest{
		Id:     id,
		Ignore: []integration.IntegrationAction{{Type: integration.Ignore, Name: "tests", Alias: "{{alias}}", Order: 1, Filter: filter("test")}},
		Create: []integration.IntegrationAction{
			{Type: integration.Create, Name: "later", Alias: "{{alias}}", Order: 2, Message: "[late] {{message}}", Tags: []string{"a", "b"}, Filter: filter("")},
			{Type: integration.Create, Name: "sooner", Alias: "{{alias}}", Order: 1, Priority: "P1", Filter: filter("grave")},
		},
	}
}

// told writes actions in words, for comparison.
func told(r *integration.ActionsResult) string {
	words := ""
	for _, list := range [][]integration.IntegrationAction{r.Ignore, r.Create, r.Close, r.Acknowledge, r.AddNote} {
		for _, a := range list {
			words += fmt.Sprintf("%s %s %d %s %v %s:", a.Type, a.Name, a.Order, a.Message, a.Tags, a.Priority)
			for _, k := range a.Filter.Conditions {
				words += fmt.Sprintf(" %s %s %q %d", k.Field, k.Operation, k.ExpectedValue, *k.Order)
			}
			words += "\n"
		}
	}
	return words
}

// sent sends an alert by a tool's key, and returns what became of it.
func (c *caller) sent(key, message string) *alert.RequestStatusResult {
	c.catchUp()
	return c.status(must(alert.NewClient(c.write.config(key)))(c).Create(c.ctx, &alert.CreateAlertRequest{Message: message, Alias: c.word()}))
}

// What becomes of what comes in is told as it was said, in the order in which it was said.
func checkGetActions(c *caller) {
	i := c.tool()
	request := actionsOf(i.ID)
	request.Create[0].Filter = &integration.Filter{ConditionMatchType: og.MatchAll}
	must(c.write.integrations.UpdateAllActions(c.ctx, request))(c)
	c.catchUp()
	got := must(c.read.integrations.GetActions(c.ctx, &integration.GetIntegrationActionsRequest{Id: i.ID}))(c)
	want(c, "of which it is", fmt.Sprint(got.Parent), fmt.Sprint(integration.ParentIntegration{Id: i.ID, Name: i.Name, Enabled: true, Type: "Nagios"}))
	want(c, "what is told", told(got), `ignore tests 1  [] : message contains "test" 0
create later 2 [late] {{message}} [a b] :
create sooner 1  [] P1: message contains "grave" 0
`)
}

// An action that is added is done, besides those that are there.
func checkAddAction(c *caller) {
	i := c.tool()
	add := func(name, field string) *integration.ActionsResult {
		return must(c.write.integrations.CreateActions(c.ctx, &integration.CreateIntegrationActionsRequest{
			Id: i.ID, Type: integration.Ignore, Name: name, Alias: "{{alias}}",
			Filter: &integration.Filter{ConditionMatchType: og.MatchAnyCondition, Conditions: []og.Condition{{Field: og.Message, Operation: og.Contains, ExpectedValue: field}}},
		}))(c)
	}
	add("first", "one")
	want(c, "how many there are", len(add("second", "two").Ignore), 2)
	for _, word := range []string{"one", "two"} {
		want(c, "what is created", c.sent(i.Key, word).IsSuccess, false)
	}
	want(c, "whether something else is", c.sent(i.Key, "three").IsSuccess, true)
}

// What comes in becomes what the actions say, which take the place of those before.
func checkPutActions(c *caller) {
	i := c.tool()
	request := actionsOf(i.ID)
	request.Create[0].Filter = nil // everything
	must(c.write.integrations.UpdateAllActions(c.ctx, request))(c)
	want(c, "whether a test is created", c.sent(i.Key, "test").IsSuccess, false)
	want(c, "the message", c.alert(c.sent(i.Key, "disk").AlertID).Message, "[late] disk")
	grave := c.alert(c.sent(i.Key, "grave").AlertID)
	want(c, "what is grave", grave.Message+string(grave.Priority), "graveP1")
	got := must(c.write.integrations.UpdateAllActions(c.ctx, &integration.UpdateAllIntegrationActionsRequest{Id: i.ID}))(c)
	want(c, "what is left", told(got), "")
	want(c, "whether a test is created now", c.sent(i.Key, "test").IsSuccess, true)
	_, err := c.write.integrations.UpdateAllActions(c.ctx, &integration.UpdateAllIntegrationActionsRequest{Id: i.ID,
		Close: []integration.IntegrationAction{{Type: integration.Close, Name: "x", Alias: "{{"}}})
	if why := c.refused(err, http.StatusUnprocessableEntity); why.Errors["close[0].alias"] == "" {
		c.errorf("where it is wrong is not said: %v", why.Errors)
	}
}
