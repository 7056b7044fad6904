package intake

import (
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func oem() *Format {
	return &Format{
		Path: "oem", Type: "OEM", Label: "Oracle Enterprise Manager",
		Note: "The script sends all variables of its environment; what looks like a password, a key or a token is left out. The names are those of Oracle's documentation; what the script sends was not seen.",
		Fields: append([]Field{
			{"SEVERITY", "Fatal, Critical, Warning …; Clear: it is over"}, {"SEVERITY_CODE", "the same in English, whatever the language"}, {"MESSAGE", "what happened"}, {"TARGET_NAME", "of what"}, {"TARGET_TYPE", "what kind of thing that is"},
			{"HOST_NAME", "on which host"}, {"EVENT_NAME", "the event"}, {"EVENT_TYPE", "its kind"}, {"KEY_VALUE", "of which part of the target, such as a tablespace"}, {"INCIDENT_ID", "the incident"}, {"SEQUENCE_ID", "the same from an event to what clears it"}, {"EVENT_REPORTED_TIME", "when"}, {"RULE_NAME", "by which rule"},
		}, whoFields()...),
		Actions: actions(
			do(route.Create, "Create alert", isNot("SEVERITY", "CLEAR"), isNot("SEVERITY_CODE", "CLEAR")),
			do(route.Close, "Close alert", is("SEVERITY", "CLEAR")),
			withName(do(route.Close, "Close alert, in whatever language", is("SEVERITY_CODE", "CLEAR")), "default-close-code"),
		),
		Example:   `{"SEVERITY":"Critical","MESSAGE":"Tablespace USERS is 97 percent full","TARGET_NAME":"orcl","TARGET_TYPE":"oracle_database","HOST_NAME":"db-1","EVENT_NAME":"problemTbsp:pctUsed","KEY_VALUE":"USERS"}`,
		Over:      `{"SEVERITY":"Clear","MESSAGE":"Tablespace USERS is 60 percent full","TARGET_NAME":"orcl","TARGET_TYPE":"oracle_database","HOST_NAME":"db-1","EVENT_NAME":"problemTbsp:pctUsed","KEY_VALUE":"USERS"}`,
		leavesOut: looksSecret,
		say: func(f fields) said {
			return said{event: f.first("SEVERITY"), responders: f.named(), draft: alert.Draft{
				Message: joined(": ", f.first("TARGET_NAME"), f.first("MESSAGE", "EVENT_NAME")), Alias: oemAlias(f),
				Entity: f.first("TARGET_NAME", "HOST_NAME"), Description: f.first("MESSAGE"), Tags: listed(f["tags"], alert.TagsMax),
				Details: f.some("SEVERITY", "TARGET_NAME", "TARGET_TYPE", "HOST_NAME", "EVENT_NAME", "EVENT_TYPE", "KEY_VALUE", "INCIDENT_ID", "EVENT_REPORTED_TIME", "RULE_NAME"),
			}}
		},
	}
}

// oemAlias tells an alert from others by what is the same in what clears it: not by its message.
func oemAlias(f fields) string {
	if id := f.first("INCIDENT_ID", "SEQUENCE_ID"); id != "" {
		return alias(f.first("TARGET_NAME"), id)
	}
	return alias(f.first("TARGET_NAME"), f.first("EVENT_NAME"), f.first("KEY_VALUE"))
}
