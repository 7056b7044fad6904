package intake

import (
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func zenoss() *Format {
	const event = "eventData.result.event.0."
	return &Format{
		Path: "zenoss", Type: "Zenoss", Label: "Zenoss", Seen: scripts + "zenossIncoming/zenoss/zenoss2opsgenie.go",
		Note: "Of an event that is over the script sends the id alone; the names below eventData are those of Zenoss' API and were not seen.",
		Fields: append([]Field{
			{"evid", "the event"}, {"test", "true: a test alert"}, {event + "summary", "what happened"}, {event + "message", "more of it"}, {event + "device_title", "the device"},
			{event + "component_title", "its component"}, {event + "severity", "0 to 5"},
		}, whoFields()...),
		Actions: actions(
			do(route.Close, "Close alert", when("eventType", "equals", "close")),
		),
		Example: `{"evid":"0242ac11-0007","eventData":{"result":{"success":true,"event":[{"summary":"router-1 is DOWN","message":"ping failed","device_title":"router-1","severity":5}]}}}`,
		Over:    `{"evid":"0242ac11-0007"}`,
		say: func(f fields) said {
			s := said{event: "close", responders: f.named()}
			if len(f.below("eventData")) > 0 || f["test"] == "true" {
				s.event = "create"
			}
			s.draft = alert.Draft{
				Message: f.first(event+"summary", event+"message"), Alias: f.first("evid"), Entity: f.first(event + "device_title"), Description: f.first(event + "message"),
				Tags: listed(f["tags"], alert.TagsMax), Details: f.some("evid", event+"component_title", event+"severity"),
			}
			if s.draft.Message == "" && s.event == "create" {
				s.draft.Message = "Test alert from Zenoss"
			}
			return s
		},
	}
}
