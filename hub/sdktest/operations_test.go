package sdktest

import (
	"fmt"
	"strings"
)

// operation is a line of the notes on Opsgenie's API.
type operation struct {
	number       int
	method, path string
	// call is the client's method, or several with commas between, "" if it has none.
	call string
	// check drives the operation and asserts what follows. It is nil only for what the hub does
	// not have yet.
	check func(*caller)
}

// String is a name for tests and tables.
func (o *operation) String() string { return fmt.Sprintf("%02d %s %s", o.number, o.method, o.path) }

// operations are the lines of the notes that are about what the client's packages alert,
// heartbeat, integration, deployment and account do, and the one about request limits.
func operations() []operation {
	const (
		alerts   = "/v2/alerts"
		one      = alerts + "/{identifier}"
		files    = one + "/attachments"
		searches = alerts + "/saved-searches"
		search   = searches + "/{identifier}"
		beats    = "/v2/heartbeats"
		beat     = beats + "/{name}"
		tools    = "/v2/integrations"
		tool     = tools + "/{id}"
		deploys  = "/v2/deployments"
	)
	return []operation{
		{1, "POST", alerts, "alert.Create", checkCreate},
		{2, "GET", alerts, "alert.List", checkList},
		{3, "GET", alerts + "/count", "alert.CountAlerts", checkCount},
		{4, "GET", alerts + "/requests/{requestId}", "alert.GetRequestStatus", checkRequestStatus},
		{5, "GET", one, "alert.Get", checkGet},
		{6, "DELETE", one, "alert.Delete", checkDelete},
		{7, "POST", one + "/acknowledge", "alert.Acknowledge", checkAcknowledge},
		{8, "POST", one + "/unacknowledge", "alert.Unacknowledge", checkUnacknowledge},
		{9, "POST", one + "/close", "alert.Close", checkClose},
		{10, "POST", one + "/snooze", "alert.Snooze", checkSnooze},
		{11, "POST", one + "/escalate", "alert.EscalateToNext", checkEscalate},
		{12, "POST", one + "/assign", "alert.AssignAlert", checkAssign},
		{13, "POST", one + "/teams", "alert.AddTeam", checkAddTeam},
		{14, "POST", one + "/responders", "alert.AddResponder", checkAddResponder},
		{15, "POST", one + "/actions/{actionName}", "alert.ExecuteCustomAction", checkAction},
		{16, "POST", one + "/notes", "alert.AddNote", checkAddNote},
		{17, "GET", one + "/notes", "alert.ListAlertNotes", checkListNotes},
		{18, "GET", one + "/logs", "alert.ListAlertLogs", checkListLogs},
		{19, "GET", one + "/recipients", "alert.ListAlertRecipients", checkRecipients},
		{20, "POST", one + "/tags", "alert.AddTags", checkAddTags},
		{21, "DELETE", one + "/tags", "alert.RemoveTags", checkRemoveTags},
		{22, "POST", one + "/details", "alert.AddDetails", checkAddDetails},
		{23, "DELETE", one + "/details", "alert.RemoveDetails", checkRemoveDetails},
		{24, "PUT", one + "/message", "alert.UpdateMessage", checkMessage},
		{25, "PUT", one + "/description", "alert.UpdateDescription", checkDescription},
		{26, "PUT", one + "/priority", "alert.UpdatePriority", checkPriority},
		{27, "POST", files, "alert.CreateAlertAttachments", checkAttach},
		{28, "GET", files, "alert.ListAlertsAttachments", checkListAttachments},
		{29, "GET", files + "/{attachmentId}", "alert.GetAlertAttachment", checkGetAttachment},
		{30, "DELETE", files + "/{attachmentId}", "alert.DeleteAlertAttachment", checkDeleteAttachment},
		{31, "POST", searches, "alert.CreateSavedSearch", checkCreateSearch},
		{32, "GET", searches, "alert.ListSavedSearches", checkListSearches},
		{33, "GET", search, "alert.GetSavedSearch", checkGetSearch},
		{34, "PATCH", search, "alert.UpdateSavedSearch", checkUpdateSearch},
		{35, "DELETE", search, "alert.DeleteSavedSearch", checkDeleteSearch},

		{79, "GET", beat + "/ping", "heartbeat.Ping", checkPing},
		{80, "GET", beats, "heartbeat.List", checkListHeartbeats},
		{81, "POST", beats, "heartbeat.Add", checkAddHeartbeat},
		{82, "GET", beat, "heartbeat.Get", checkGetHeartbeat},
		{83, "PATCH", beat, "heartbeat.Update", checkUpdateHeartbeat},
		{84, "DELETE", beat, "heartbeat.Delete", checkDeleteHeartbeat},
		{85, "POST", beat + "/enable", "heartbeat.Enable", checkEnableHeartbeat},
		{86, "POST", beat + "/disable", "heartbeat.Disable", checkDisableHeartbeat},

		{189, "POST", tools, "integration.CreateApiBased, integration.CreateWebhook, integration.CreateEmailBased", checkCreateIntegration},
		{190, "GET", tools, "integration.List", checkListIntegrations},
		{191, "GET", tool, "integration.Get", checkGetIntegration},
		{192, "PUT", tool, "integration.ForceUpdateAllFields", checkUpdateIntegration},
		{193, "DELETE", tool, "integration.Delete", checkDeleteIntegration},
		{194, "POST", tool + "/enable", "integration.Enable", checkEnableIntegration},
		{195, "POST", tool + "/disable", "integration.Disable", checkDisableIntegration},
		{196, "POST", tools + "/authenticate", "integration.Authenticate", checkAuthenticate},
		{197, "GET", tool + "/actions", "integration.GetActions", checkGetActions},
		{198, "POST", tool + "/actions", "integration.CreateActions", checkAddAction},
		{199, "PUT", tool + "/actions", "integration.UpdateAllActions", checkPutActions},

		{212, "POST", deploys, "deployment.Create", checkCreateDeployment},
		{213, "GET", deploys + "/{id}", "deployment.Get", checkGetDeployment},
		{214, "PUT", deploys + "/{id}/updateState", "deployment.UpdateState", checkUpdateDeployment},
		{215, "GET", deploys + "/requests/{requestId}", "deployment.GetRequestStatus", checkDeploymentRequest},

		{218, "GET", "/v2/account", "account.Get", checkAccount},
		{219, "GET", "/v2/request-limits", "", checkLimits},
	}
}

// asks reports whether a path, of a request or a pattern, is for the operation, and how many of
// its segments are the same: of several operations the one with the most is meant. What a
// parameter is called does not matter.
func (o *operation) asks(method, path string) (same int, ok bool) {
	ours, theirs := strings.Split(o.path, "/"), strings.Split(strings.TrimSuffix(path, "/"), "/")
	if method != o.method || len(ours) != len(theirs) {
		return 0, false
	}
	for i, segment := range ours {
		parameter := strings.HasPrefix(segment, "{")
		switch {
		case segment == theirs[i], parameter && strings.HasPrefix(theirs[i], "{"):
			same++
		case !parameter:
			return 0, false
		}
	}
	return same, true
}

// asked returns the operation that a request is for, nil if it is none of the list.
func asked(list []operation, method, path string) (found *operation) {
	most := -1
	for i := range list {
		if same, ok := list[i].asks(method, path); ok && same > most {
			found, most = &list[i], same
		}
	}
	return found
}
