package intake

import (
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
	f.Note = "The script sends all variables of its environment; which those are was not seen. What looks like a password or a token is left out."
	f.Fields = []Field{
		{"VMWARE_ALARM_NAME", "the alarm"}, {"VMWARE_ALARM_ID", "its id"}, {"VMWARE_ALARM_TARGET_NAME", "of what"}, {"VMWARE_ALARM_TARGET_ID", "its id"},
		{"VMWARE_ALARM_NEWSTATUS", "Red or Yellow; Green or Gray: it is over"}, {"VMWARE_ALARM_OLDSTATUS", "what it was before"},
		{"VMWARE_ALARM_TRIGGERINGSUMMARY", "what happened"}, {"VMWARE_ALARM_EVENTDESCRIPTION", "more of it"}, {"VMWARE_ALARM_ALARMVALUE", "the value"},
		{"tags", "tags between commas"}, {"responders", "who is to be told, between commas"},
	}
	f.Actions = actions(
		do(route.Create, "Create alert", isNot("VMWARE_ALARM_NEWSTATUS", "GREEN|GRAY")),
		do(route.Close, "Close alert", is("VMWARE_ALARM_NEWSTATUS", "GREEN|GRAY")),
	)
	f.Example = `{"VMWARE_ALARM_NAME":"Host memory usage","VMWARE_ALARM_ID":"alarm-5","VMWARE_ALARM_TARGET_NAME":"esx-1","VMWARE_ALARM_TARGET_ID":"host-9","VMWARE_ALARM_OLDSTATUS":"Green","VMWARE_ALARM_NEWSTATUS":"Red","VMWARE_ALARM_TRIGGERINGSUMMARY":"memory usage is 97 percent"}`
	f.Over = `{"VMWARE_ALARM_NAME":"Host memory usage","VMWARE_ALARM_ID":"alarm-5","VMWARE_ALARM_TARGET_NAME":"esx-1","VMWARE_ALARM_TARGET_ID":"host-9","VMWARE_ALARM_OLDSTATUS":"Red","VMWARE_ALARM_NEWSTATUS":"Green"}`
	f.environment = true
	f.say = func(f fields) said {
		return said{event: f.first("VMWARE_ALARM_NEWSTATUS"), responders: f["responders"], draft: alert.Draft{
			Message: joined(": ", f.first("VMWARE_ALARM_TARGET_NAME"), f.first("VMWARE_ALARM_NAME", "VMWARE_ALARM_EVENTDESCRIPTION")),
			Alias:   alias(f.first("VMWARE_ALARM_TARGET_ID", "VMWARE_ALARM_TARGET_NAME"), f.first("VMWARE_ALARM_ID", "VMWARE_ALARM_NAME")),
			Entity:  f.first("VMWARE_ALARM_TARGET_NAME"), Description: joined("\n", f.first("VMWARE_ALARM_TRIGGERINGSUMMARY"), f.first("VMWARE_ALARM_EVENTDESCRIPTION")),
			Tags: listed(f["tags"], alert.TagsMax), Details: f.some("VMWARE_ALARM_NEWSTATUS", "VMWARE_ALARM_OLDSTATUS", "VMWARE_ALARM_ALARMVALUE"),
		}}
	}
	return &f
}
