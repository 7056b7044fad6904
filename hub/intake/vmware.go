package intake

import (
	"strings"

	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func vcenter() *Format {
	return vmware(Format{Path: "vcenter", Type: "VCenter", Label: "VMware vCenter"})
}

func vcsa() *Format {
	return vmware(Format{Path: "vcsa", Type: "VCSA", Label: "VMware vCenter appliance"})
}

// vmware completes the format of a tool whose script sends the variables that vCenter sets for
// the commands of an alarm.
func vmware(f Format) *Format {
	f.Note = "The script sends all variables of its environment; those without VMWARE_ in their names are left out, and what looks like a secret. Which there are was not seen. Gray is not known: it closes nothing."
	f.Fields = append([]Field{
		{"VMWARE_ALARM_NAME", "the alarm"}, {"VMWARE_ALARM_ID", "its id"}, {"VMWARE_ALARM_TARGET_NAME", "of what"}, {"VMWARE_ALARM_TARGET_ID", "its id"},
		{"VMWARE_ALARM_NEWSTATUS", "Red or Yellow; Green: it is over; Gray: it is not known any more"}, {"VMWARE_ALARM_OLDSTATUS", "what it was before"},
		{"VMWARE_ALARM_TRIGGERINGSUMMARY", "what happened"}, {"VMWARE_ALARM_EVENTDESCRIPTION", "more of it"}, {"VMWARE_ALARM_ALARMVALUE", "the value"},
	}, whoFields()...)
	f.Actions = actions(
		do(route.Create, "Create alert", isNot("VMWARE_ALARM_NEWSTATUS", "GREEN|GRAY")),
		do(route.Close, "Close alert", is("VMWARE_ALARM_NEWSTATUS", "GREEN")),
		do(route.AddNote, "Add note", is("VMWARE_ALARM_NEWSTATUS", "GRAY")),
	)
	f.Example = `{"VMWARE_ALARM_NAME":"Host memory usage","VMWARE_ALARM_ID":"alarm-5","VMWARE_ALARM_TARGET_NAME":"esx-1","VMWARE_ALARM_TARGET_ID":"host-9","VMWARE_ALARM_OLDSTATUS":"Green","VMWARE_ALARM_NEWSTATUS":"Red","VMWARE_ALARM_TRIGGERINGSUMMARY":"memory usage is 97 percent"}`
	f.Over = `{"VMWARE_ALARM_NAME":"Host memory usage","VMWARE_ALARM_ID":"alarm-5","VMWARE_ALARM_TARGET_NAME":"esx-1","VMWARE_ALARM_TARGET_ID":"host-9","VMWARE_ALARM_OLDSTATUS":"Red","VMWARE_ALARM_NEWSTATUS":"Green"}`
	f.leavesOut = notLike("VMWARE_")
	f.say = func(f fields) said {
		s := said{event: f.first("VMWARE_ALARM_NEWSTATUS"), responders: f.named()}
		s.draft = alert.Draft{
			Message: joined(": ", f.first("VMWARE_ALARM_TARGET_NAME"), f.first("VMWARE_ALARM_NAME", "VMWARE_ALARM_EVENTDESCRIPTION")),
			Alias:   alias(f.first("VMWARE_ALARM_TARGET_ID", "VMWARE_ALARM_TARGET_NAME"), f.first("VMWARE_ALARM_ID", "VMWARE_ALARM_NAME")),
			Entity:  f.first("VMWARE_ALARM_TARGET_NAME"), Description: joined("\n", f.first("VMWARE_ALARM_TRIGGERINGSUMMARY"), f.first("VMWARE_ALARM_EVENTDESCRIPTION")),
			Tags: listed(f["tags"], alert.TagsMax), Details: f.some("VMWARE_ALARM_NEWSTATUS", "VMWARE_ALARM_OLDSTATUS", "VMWARE_ALARM_ALARMVALUE"),
		}
		if status := strings.ToUpper(s.event); status == "GREEN" || status == "GRAY" {
			s.draft.Note = joined(": ", s.event, f.first("VMWARE_ALARM_TRIGGERINGSUMMARY"))
		}
		return s
	}
	return &f
}
