package intake

import (
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func oem() *Format {
	return &Format{
		Path: "oem", Type: "OEM", Label: "Oracle Enterprise Manager",
		Note: "The script sends all variables of its environment; which those are was not seen. What looks like a password or a token is left out.",
		Fields: []Field{
			{"SEVERITY", "Fatal, Critical, Warning …; Clear: it is over"}, {"MESSAGE", "what happened"}, {"TARGET_NAME", "of what"}, {"TARGET_TYPE", "what kind of thing that is"},
			{"HOST_NAME", "on which host"}, {"EVENT_NAME", "the event"}, {"EVENT_TYPE", "its kind"}, {"INCIDENT_ID", "the incident"}, {"EVENT_REPORTED_TIME", "when"}, {"RULE_NAME", "by which rule"},
			{"tags", "tags between commas"}, {"responders", "who is to be told, between commas"},
		},
		Actions: actions(
			do(route.Create, "Create alert", isNot("SEVERITY", "CLEAR")),
			do(route.Close, "Close alert", is("SEVERITY", "CLEAR")),
		),
		Example:     `{"SEVERITY":"Critical","MESSAGE":"Tablespace USERS is 97 percent full","TARGET_NAME":"orcl","TARGET_TYPE":"oracle_database","HOST_NAME":"db-1","EVENT_NAME":"problemTbsp:pctUsed"}`,
		Over:        `{"SEVERITY":"Clear","MESSAGE":"Tablespace USERS is 60 percent full","TARGET_NAME":"orcl","TARGET_TYPE":"oracle_database","HOST_NAME":"db-1","EVENT_NAME":"problemTbsp:pctUsed"}`,
		environment: true,
		say: func(f fields) said {
			return said{event: f.first("SEVERITY"), responders: f["responders"], draft: alert.Draft{
				Message: joined(": ", f.first("TARGET_NAME"), f.first("MESSAGE", "EVENT_NAME")), Alias: alias(f.first("TARGET_NAME"), f.first("INCIDENT_ID", "EVENT_NAME", "MESSAGE")),
				Entity: f.first("TARGET_NAME", "HOST_NAME"), Description: f.first("MESSAGE"), Tags: listed(f["tags"], alert.TagsMax),
				Details: f.some("SEVERITY", "TARGET_NAME", "TARGET_TYPE", "HOST_NAME", "EVENT_NAME", "EVENT_TYPE", "INCIDENT_ID", "EVENT_REPORTED_TIME", "RULE_NAME"),
			}}
		},
	}
}
