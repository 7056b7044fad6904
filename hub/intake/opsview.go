package intake

import (
	"keng/hub/core/alert"
)

func opsview() *Format {
	names := nagiosNames{
		event: "NAGIOS_NOTIFICATIONTYPE", host: "NAGIOS_HOSTNAME", hostState: "NAGIOS_HOSTSTATE", hostOutput: "NAGIOS_HOSTOUTPUT", hostLong: "NAGIOS_LONGHOSTOUTPUT",
		service: "NAGIOS_SERVICEDESC", serviceState: "NAGIOS_SERVICESTATE", serviceOutput: "NAGIOS_SERVICEOUTPUT", serviceLong: "NAGIOS_LONGSERVICEOUTPUT",
		author: "NAGIOS_NOTIFICATIONAUTHOR", comment: "NAGIOS_NOTIFICATIONCOMMENT",
	}
	return &Format{
		Path: "opsview", Type: "Opsview", Label: "Opsview", Seen: scripts + "opsviewv6/nagios2opsgenie.go",
		Note: "The script sends each variable of its environment whose name contains NAGIOS; the names are those of Nagios' macros.",
		Fields: append([]Field{
			{names.event, "PROBLEM, RECOVERY, ACKNOWLEDGEMENT …"}, {names.host, "the host"}, {names.hostState, "UP, DOWN or UNREACHABLE"},
			{names.hostOutput, "what the check of the host said"}, {names.service, "the service; empty for a host"},
			{names.serviceState, "OK, WARNING, CRITICAL or UNKNOWN"}, {names.serviceOutput, "what the check of the service said"},
			{names.author, "who acknowledged"}, {names.comment, "what that person wrote"},
		}, whoFields()...),
		Actions:   nagiosActions(names.event),
		Example:   `{"NAGIOS_NOTIFICATIONTYPE":"PROBLEM","NAGIOS_HOSTNAME":"db-1","NAGIOS_HOSTSTATE":"UP","NAGIOS_SERVICEDESC":"MySQL","NAGIOS_SERVICESTATE":"CRITICAL","NAGIOS_SERVICEOUTPUT":"too many connections"}`,
		Over:      `{"NAGIOS_NOTIFICATIONTYPE":"RECOVERY","NAGIOS_HOSTNAME":"db-1","NAGIOS_HOSTSTATE":"UP","NAGIOS_SERVICEDESC":"MySQL","NAGIOS_SERVICESTATE":"OK","NAGIOS_SERVICEOUTPUT":"OK"}`,
		leavesOut: notLike("NAGIOS"),
		say: func(f fields) said {
			s := names.say(f, false)
			s.draft.Tags, s.responders = listed(f["tags"], alert.TagsMax), f.named()
			s.draft.Details = f.some(names.host, names.hostState, "NAGIOS_HOSTADDRESS", names.service, names.serviceState)
			return s
		},
	}
}
