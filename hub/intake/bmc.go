package intake

import (
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func bmcRemedy() *Format {
	const over = "Resolved|Closed|Cancelled"
	return &Format{
		Path: "bmcremedy", Type: "BMCRemedy", Label: "BMC Remedy", Seen: scripts + "bmcRemedyIncoming/bmcRemedy/bmcRemedy2opsgenie.go",
		Note: "The values of Status are Remedy's as shipped.",
		Fields: []Field{
			{"IncidentID", "the incident"}, {"Status", "New, Assigned, In Progress, Pending; Resolved, Closed or Cancelled"}, {"StatusReason", "why"}, {"Summary", "what happened"}, {"Notes", "more of it"},
			{"Priority", "Critical, High, Medium or Low"}, {"Impact", "how wide"}, {"Urgency", "how urgent"}, {"Service", "of which service"}, {"CI", "of what"}, {"Company", "whose"}, {"Customer", "who told"},
			{"AssignedGroup", "which group has it"}, {"Assignee", "who has it"}, {"Resolution", "how it was solved"},
		},
		Actions: actions(
			do(route.Create, "Create alert", isNot("Status", over+"|In Progress")),
			do(route.Close, "Close alert", is("Status", over)),
			do(route.Acknowledge, "Acknowledge alert", is("Status", "In Progress")),
		),
		Example: `{"IncidentID":"INC000000000512","Company":"Example","Customer":"Lan","Notes":"Nobody can print","Summary":"Printing","Service":"Print","CI":"print-1","Impact":"3-Moderate/Limited","Urgency":"2-High","Priority":"High","AssignedGroup":"Desk","Assignee":"","Status":"Assigned","StatusReason":"","Resolution":""}`,
		Over:    `{"IncidentID":"INC000000000512","Summary":"Printing","Status":"Resolved","Resolution":"New toner"}`,
		say: func(f fields) said {
			return said{event: f.first("Status"), draft: alert.Draft{
				Message: joined(": ", f.first("IncidentID"), f.first("Summary")), Alias: f.first("IncidentID"), Entity: f.first("CI", "Service"), Description: f.first("Notes"),
				User: f.first("Assignee"), Note: f.first("Resolution"),
				Details: f.some("IncidentID", "Status", "StatusReason", "Priority", "Impact", "Urgency", "Service", "CI", "Company", "Customer", "AssignedGroup", "Assignee"),
			}}
		},
	}
}

func bmcRemedyForce() *Format {
	const over = "CLOSED|RESOLVED|CANCELLED"
	return &Format{
		Path: "bmcremedyforce", Type: "BMCRemedyForce", Label: "BMC Remedyforce", Seen: scripts + "bmcRemedyForce/opsgenieTrigger.apxt",
		Note: "The values of statusId are Remedyforce's as shipped; its trigger takes out of texts what is no letter, digit or blank.",
		Fields: []Field{
			{"id", "the incident"}, {"name", "its number"}, {"statusId", "OPENED, IN PROGRESS …; RESOLVED or CLOSED"}, {"shortDescription", "what happened"}, {"incidentDescription", "more of it"},
			{"incidentResolution", "how it was solved"}, {"priorityId", "its priority"}, {"impactId", "how wide"}, {"urgencyId", "how urgent"}, {"categoryID", "its category"}, {"clientName", "who told"},
			{"queueName", "who has it"}, {"type", "its type"}, {"note", "a note"},
		},
		Actions: actions(
			do(route.Create, "Create alert", isNot("statusId", over)),
			do(route.Close, "Close alert", is("statusId", over)),
		),
		Example: `{"id":"a1Y0000","name":"IN00000341","statusId":"OPENED","shortDescription":"VPN is slow","incidentDescription":"From home only","priorityId":"2","impactId":"MEDIUM","urgencyId":"HIGH","clientName":"Lan","queueName":"Network","approved":"false","closedby":null}`,
		Over:    `{"id":"a1Y0000","name":"IN00000341","statusId":"CLOSED","shortDescription":"VPN is slow","incidentResolution":"More room"}`,
		say: func(f fields) said {
			return said{event: f.first("statusId"), draft: alert.Draft{
				Message: joined(": ", f.first("name"), f.first("shortDescription", "incidentDescription")), Alias: f.first("name", "id"), Description: f.first("incidentDescription"),
				Note:    f.first("incidentResolution"),
				Details: f.some("id", "name", "statusId", "priorityId", "impactId", "urgencyId", "categoryID", "clientName", "clientEmail", "queueName", "type"),
			}}
		},
	}
}

func bmcFootPrints() *Format {
	return footPrints(Format{Path: "bmcfootprints", Type: "BMCFootPrintsV12", Label: "BMC FootPrints 12", Seen: scripts + "bmcFootPrintsV12Incoming/bmcFootPrintsV12/bmcFootPrints2opsgenie.go"},
		"ticketNumber", "ticketType", "workspaceName")
}

func bmcFootPrintsV11() *Format {
	return footPrints(Format{Path: "bmcfootprintsv11", Type: "BMCFootPrintsV11", Label: "BMC FootPrints 11", Seen: scripts + "bmcFootPrintsV11Incoming/bmcFootPrintsV11/bmcFootPrints2opsgenie.go"},
		"issueNumber", "issueType", "workspaceId")
}

// footPrints completes the format of a version of FootPrints. Its script sends the password by
// which it reads FootPrints along, which [flatten] leaves out.
func footPrints(f Format, number, kind, workspace string) *Format {
	f.Note = "The script sends its own password along; the hub leaves it out."
	f.Fields = append([]Field{
		{"action", "Create, AddNote or Close"}, {number, "the ticket"}, {kind, "Incident or Problem"}, {"title", "what happened"}, {"description", "more of it"}, {"priority", "its priority"}, {"status", "its state"},
		{"urgency", "how urgent"}, {"impact", "how wide"}, {"resolution", "how it was solved"}, {"opsgenieAlertAlias", "of the alert that the ticket is about"}, {workspace, "in which workspace"}, {"url", "of FootPrints"},
		{"submitter", "who told"}, {"assignees", "who has it"},
	}, whoFields()...)
	f.Actions = byAction()
	f.Example = `{"action":"Create","` + number + `":"4711","` + kind + `":"Incident","title":"Wi-Fi is down","description":"On floor 3","priority":"1","status":"Open","urgency":"High","opsgenieAlertAlias":"","` + workspace + `":"7","username":"keng","password":"not to be kept"}`
	f.Over = `{"action":"Close","` + number + `":"4711","resolution":"New access point","opsgenieAlertAlias":"","` + workspace + `":"7"}`
	f.say = func(f fields) said {
		s := said{event: f.first("action"), responders: f.named()}
		s.draft = alert.Draft{
			Message: joined(": ", joined(" ", f.first(kind), f.first(number)), f.first("title")), Alias: f.first("opsgenieAlertAlias"),
			Description: f.first("description"), Tags: listed(f["tags"], alert.TagsMax),
			Details: f.some(number, kind, "priority", "status", "urgency", "impact", "submitter", "assignees", workspace, "url"),
		}
		if ticket := f.first(number, "incidentNumber", "problemNumber"); s.draft.Alias == "" && ticket != "" { // each workspace counts for itself
			s.draft.Alias = aliasOf("footprints", f.first(workspace), ticket)
		}
		if is := f.first("action"); is != "Create" {
			s.draft.Note = f.first("resolution", "mostRecentEdit", "description")
		}
		return s
	}
	return &f
}
