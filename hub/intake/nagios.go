package intake

import (
	"strings"

	"keng/hub/core/alert"
	"keng/hub/core/route"
)

const scripts = "github.com/opsgenie/opsgenie-integration, "

func nagios() *Format {
	return nagiosLike(Format{Path: "nagios", Type: "Nagios", Label: "Nagios", Seen: scripts + "nagiosIncoming/nagios/nagios2opsgenie.go"}, "nagios_server")
}

func nagiosXI() *Format {
	return nagiosLike(Format{Path: "nagiosxi", Type: "NagiosXI", Label: "Nagios XI", Seen: scripts + "nagiosxiIncoming/nagiosxi/nagios2opsgenie.go"}, "nagios_server")
}

func op5() *Format {
	return nagiosLike(Format{Path: "op5", Type: "OP5", Label: "OP5 Monitor", Seen: scripts + "op5/op5/nagios2opsgenie.go"}, "nagios_server")
}

// nagiosLike completes the format of a tool whose script sends Nagios' macros under names in
// small letters. The field server says which of several servers it is: "default" and nothing
// are the same.
func nagiosLike(f Format, server string) *Format {
	f.Fields = append([]Field{
		{"notification_type", "PROBLEM, RECOVERY, ACKNOWLEDGEMENT, FLAPPINGSTART, DOWNTIMESTART …"},
		{"entity_type", "host or service"},
		{"host_name", "the host"},
		{"host_state", "UP, DOWN or UNREACHABLE"},
		{"host_address", "the host's address"},
		{"host_output", "what the check of the host said"},
		{"service_desc", "the service; empty for a host"},
		{"service_state", "OK, WARNING, CRITICAL or UNKNOWN"},
		{"service_output", "what the check of the service said"},
		{"notification_author", "who acknowledged; the vendor's scripts do not send it"},
		{"notification_comment", "what that person wrote; the vendor's scripts do not send it"},
		{"long_date_time", "when, in the tool's words"},
		{server, "which of several servers"},
		{"priority", "P1 to P5, of a script that is called with -priority"},
	}, whoFields()...)
	f.Actions = nagiosActions("notification_type")
	f.Example = `{"entity_type":"service","notification_type":"PROBLEM","host_name":"web-1","host_address":"192.0.2.10","host_state":"UP","service_desc":"HTTP","service_state":"CRITICAL","service_output":"connection refused","` + server + `":"default"}`
	f.Over = strings.NewReplacer("PROBLEM", "RECOVERY", "CRITICAL", "OK", "connection refused", "HTTP OK").Replace(f.Example)
	f.say = func(f fields) said {
		names := nagiosNames{
			event: "notification_type", host: "host_name", hostState: "host_state", hostOutput: "host_output", hostLong: "long_host_output",
			service: "service_desc", serviceState: "service_state", serviceOutput: "service_output", serviceLong: "long_service_output",
			author: "notification_author", comment: "notification_comment",
		}
		s := names.say(f, strings.EqualFold(f["entity_type"], "host"))
		if from := f[server]; from != "" && from != "default" {
			s.draft.Alias, s.draft.Source = alias(from, s.draft.Alias), from
		}
		s.draft.Tags, s.responders, s.draft.Priority = listed(f["tags"], alert.TagsMax), f.named(), priority(f["priority"])
		s.draft.Details = f.some("host_name", "host_address", "host_state", "host_group_names", "host_notes_url", "service_desc", "service_state",
			"service_group_names", "service_notes_url", "service_check_command", "long_date_time", server)
		return s
	}
	return &f
}

// nagiosActions are the actions of what tells Nagios' notification types in a field. Flapping
// and downtime are notes: what has a problem was told as one.
func nagiosActions(field string) []route.Action {
	return actions(
		do(route.Create, "Create alert", is(field, "PROBLEM")),
		do(route.Close, "Close alert", is(field, "RECOVERY")),
		do(route.Acknowledge, "Acknowledge alert", is(field, "ACKNOWLEDGEMENT")),
		do(route.AddNote, "Add note", is(field, "FLAPPING.*|DOWNTIME.*|CUSTOM")),
	)
}

// nagiosNames are the names of Nagios' macros in a tool's payload.
type nagiosNames struct {
	event, host, hostState, hostOutput, hostLong      string
	service, serviceState, serviceOutput, serviceLong string
	author, comment                                   string
}

// say tells what Nagios says. The alias is the host and, of a service, its name.
func (n *nagiosNames) say(f fields, ofHost bool) said {
	host, service := f.first(n.host), f.first(n.service)
	state, output, long := f.first(n.serviceState), f.first(n.serviceOutput), f.first(n.serviceLong)
	if ofHost || service == "" {
		service, state, output, long = "", f.first(n.hostState), f.first(n.hostOutput), f.first(n.hostLong)
	}
	s := said{event: f.first(n.event)}
	s.draft = alert.Draft{
		Message: joined(": ", joined(" is ", alias(host, service), state), output), Alias: alias(host, service), Entity: host,
		Description: joined("\n", output, long), User: f.first(n.author),
	}
	if !strings.EqualFold(s.event, "PROBLEM") {
		s.draft.Note = joined(": ", s.event, f.first(n.comment, n.serviceOutput, n.hostOutput))
		if comment := f.first(n.comment); comment != "" {
			s.draft.Note = comment
		}
	}
	return s
}
