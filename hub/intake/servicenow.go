package intake

import (
	"maps"

	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func serviceNow() *Format {
	return &Format{
		Path: "servicenow", Type: "ServiceNow", Label: "ServiceNow (first update set)", Seen: scripts + "servicenow/OpsGenie_integration_update_set.xml",
		Note: "What adds a recipient or a team becomes a note.",
		Fields: []Field{
			{"action", "create, close, addRecipient or addTeam"}, {"alias", "the incident's number"}, {"message", "what happened"}, {"description", "more of it"}, {"details.Severity", "the severity"},
			{"details.State", "the state"}, {"responders", "who is to be told, by address"}, {"recipient", "whom addRecipient adds"}, {"team", "which team addTeam adds"},
		},
		Actions: byAction(),
		Example: `{"action":"create","message":"[ServiceNow] The shop is slow, Priority:2","alias":"INC0010021","description":"Incident Number: INC0010021","details":{"Severity":"2 - Medium","State":"New"},"responders":"an@example.vn"}`,
		Over:    `{"action":"close","alias":"INC0010021"}`,
		say: func(f fields) said {
			s := said{event: f.first("action"), responders: f.named()}
			s.draft = alert.Draft{Message: f.first("message"), Alias: f.first("alias"), Description: f.first("description"), Details: f.below("details")}
			if who := f.first("recipient", "team"); who != "" {
				s.draft.Note = s.event + ": " + who
			}
			return s
		},
	}
}

func serviceNowV3() *Format {
	const over, noted = "Closed|Resolved|Canceled|Cancelled", "Added Note|Added Comment"
	return &Format{
		Path: "servicenowv3", Type: "ServiceNowV3", Label: "ServiceNow", Seen: scripts + "servicenowv2/OG_SN_Bidirectional_Integration_UpdateSet.xml",
		Fields: []Field{
			{"state", "New …; Resolved or Closed; Acknowledged; Added Note or Added Comment"}, {"alias", "of the alert, else the incident's number"}, {"incidentNumber", "the incident's number"},
			{"shortDescription", "what happened"}, {"priority", "its priority, in ServiceNow's words"}, {"severity", "its severity"}, {"category", "its category"}, {"assignmentGroup", "which group has it"},
			{"assignedToEmail", "who has it"}, {"configurationItem", "of what"}, {"incidentLink", "its link"}, {"workNotes", "a work note"}, {"additionalComments", "a comment"}, {"closeCode", "how it was closed"},
			{"closeNotes", "what was written then"}, {"user", "who acknowledged"}, {"teams", "teams to be told"}, {"recipients", "people to be told"},
		},
		Actions: actions(
			do(route.Create, "Create alert", isNot("state", joined("|", over, noted, "Acknowledged"))),
			do(route.Close, "Close alert", is("state", over)),
			do(route.Acknowledge, "Acknowledge alert", is("state", "Acknowledged")),
			do(route.AddNote, "Add note", is("state", noted)),
		),
		Example: `{"alias":"INC0010021","incidentNumber":"INC0010021","shortDescription":"The shop is slow","priority":"2 - High","category":"Software","severity":"2 - Medium","state":"New","assignmentGroup":"web","teams":"web","recipients":"","configurationItem":"shop","incidentLink":"https://dev.example.vn/incident.do?sys_id=9d385017"}`,
		Over:    `{"state":"Closed","closeCode":"Solved (Permanently)","closeNotes":"restarted","incidentNumber":"INC0010021","alias":"INC0010021"}`,
		say: func(f fields) said {
			s := said{event: f.first("state"), responders: f.named()}
			s.draft = alert.Draft{
				Message: joined(": ", f.first("incidentNumber"), f.first("shortDescription")), Alias: f.first("alias", "incidentNumber"), Entity: f.first("configurationItem"),
				User: f.first("user"), Note: joined(": ", f.first("closeCode"), f.first("closeNotes", "workNotes", "additionalComments")),
				Details: f.some("incidentNumber", "priority", "severity", "category", "assignmentGroup", "assignedToEmail", "companyName", "callerName", "incidentLink"),
			}
			if f.first("shortDescription") != "" { // what raises an alert has its work notes in the description
				s.draft.Description, s.draft.Note = f.first("workNotes"), ""
			}
			return s
		},
	}
}

func cherwell() *Format {
	return &Format{
		Path: "cherwell", Type: "Cherwell", Label: "Cherwell", Seen: scripts + "cherwell/opsgenie.bp",
		Note: "The values of incident.status are Cherwell's as shipped.",
		Fields: []Field{
			{"incident.id", "the incident"}, {"incident.status", "New, Assigned, In Progress, Pending …; Resolved or Closed"}, {"incident.shortDescription", "what happened"}, {"incident.description", "more of it"},
			{"incident.priority", "its priority"}, {"incident.service", "of which service"}, {"incident.category", "its category"}, {"incident.subcategory", "within that"}, {"incident.type", "its type"}, {"incident.cause", "its cause"},
			{"incident.callSource", "how it was told"}, {"incident.isMajorIncident", "True or False"},
		},
		Actions: actions(
			do(route.Create, "Create alert", isNot("incident.status", "Resolved|Closed")),
			do(route.Close, "Close alert", is("incident.status", "Resolved|Closed")),
		),
		Example: `{"incident":{"id":"102345","status":"New","shortDescription":"No mail","description":"Nobody gets mail","priority":"1","service":"E-Mail","category":"Outage","subcategory":"Mail","type":"Incident","callSource":"Phone","isMajorIncident":"False"}}`,
		Over:    `{"incident":{"id":"102345","status":"Closed","shortDescription":"No mail","cause":"Disk"}}`,
		say: func(f fields) said {
			s := said{event: f.first("incident.status")}
			s.draft = alert.Draft{
				Message: joined(": ", f.first("incident.id"), f.first("incident.shortDescription")), Alias: aliasOf("cherwell", f.first("incident.id")), Entity: f.first("incident.service"),
				Description: f.first("incident.description"), Details: f.below("incident"),
			}
			maps.DeleteFunc(s.draft.Details, func(name, _ string) bool { return name == "description" || name == "shortDescription" })
			return s
		},
	}
}
