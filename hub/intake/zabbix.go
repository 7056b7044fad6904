package intake

import (
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// zabbixOver are the values of recoveryEventStatus of an event that is over; before that the macro stays as it is written.
var zabbixOver = []string{"RESOLVED", "OK"}

func zabbix() *Format {
	return &Format{
		Path: "zabbix", Type: "Zabbix", Label: "Zabbix (script)", Seen: scripts + "zabbixIncoming/zabbix/zabbix2opsgenie.go",
		Note: "Zabbix' own media type for Opsgenie uses /v2/alerts and needs nothing of this. An alert stands for a trigger: of one with several problems it is closed when the last is over, until then each that is over adds a note.",
		Fields: append([]Field{
			{"triggerStatus", "PROBLEM or OK"}, {"triggerName", "the trigger"}, {"triggerId", "its id"}, {"triggerSeverity", "Disaster gives P1, High P2, Average P3, Warning P4, Information and Not classified P5"},
			{"triggerDescription", "its description"}, {"triggerUrl", "its link"}, {"triggerValue", "1 or 0"}, {"triggerHostGroupName", "host groups"}, {"hostName", "the host"},
			{"ipAddress", "its address"}, {"itemKey", "the item"}, {"itemValue", "its value"}, {"eventId", "the event"}, {"recoveryEventStatus", "RESOLVED in a recovery"}, {"date", "when"}, {"time", "when"},
		}, whoFields()...),
		Actions: actions(
			do(route.Create, "Create alert", is("triggerStatus", "PROBLEM"), isNot("recoveryEventStatus", strings.Join(zabbixOver, "|"))),
			do(route.Close, "Close alert", isNot("triggerStatus", "PROBLEM")),
			do(route.AddNote, "Add note", is("triggerStatus", "PROBLEM"), is("recoveryEventStatus", strings.Join(zabbixOver, "|"))),
		),
		Example: `{"triggerName":"High CPU on web-1","triggerId":"13491","triggerStatus":"PROBLEM","triggerSeverity":"High","triggerValue":"1","hostName":"web-1","ipAddress":"192.0.2.10","itemKey":"system.cpu.util","itemValue":"97 %","eventId":"1024","recoveryEventStatus":"{EVENT.RECOVERY.STATUS}"}`,
		Over:    `{"triggerName":"High CPU on web-1","triggerId":"13491","triggerStatus":"OK","triggerSeverity":"High","triggerValue":"0","hostName":"web-1","eventId":"1024","recoveryEventStatus":"RESOLVED"}`,
		say: func(f fields) said {
			s := said{event: f.first("triggerStatus"), responders: f.named()}
			s.draft = alert.Draft{
				Message: f.first("triggerName"), Alias: alias(f.first("hostName"), f.first("triggerId", "triggerName")), Entity: f.first("hostName"),
				Description: f.first("triggerDescription"), Priority: zabbixPriority(f.first("triggerSeverity")), Tags: listed(f["tags"], alert.TagsMax),
				Details: f.some("hostName", "ipAddress", "triggerSeverity", "triggerUrl", "triggerHostGroupName", "itemKey", "itemValue", "eventId", "date", "time"),
			}
			switch {
			case !strings.EqualFold(s.event, "PROBLEM"):
				s.draft.Note = joined(": ", s.event, f.first("itemValue"))
			case slices.Contains(zabbixOver, strings.ToUpper(f.first("recoveryEventStatus"))):
				s.draft.Note = joined(": ", joined(" ", "Event", f.first("eventId"), "is over"), f.first("itemValue"))
			}
			return s
		},
	}
}

// withName gives an action another id, where a format has several of a kind.
func withName(a route.Action, id string) route.Action {
	a.ID = id
	return a
}

// zabbixPriority returns the priority of a severity, as Zabbix' own media type for Opsgenie has
// it; 0: it is none of them.
func zabbixPriority(severity string) core.Priority {
	if strings.EqualFold(severity, "Not classified") {
		return core.P5
	}
	for i, word := range []string{"Disaster", "High", "Average", "Warning", "Information"} {
		if strings.EqualFold(word, severity) {
			return core.P1 + core.Priority(i)
		}
	}
	return 0
}
