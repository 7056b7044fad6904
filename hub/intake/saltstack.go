package intake

import (
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func saltstack() *Format {
	return &Format{
		Path: "saltstack", Type: "Saltstack", Label: "Salt", Seen: scripts + "saltstack/_modules/opsgenie.py",
		Fields: []Field{
			{"actionType", "Create or Close"}, {"name", "of the alert"}, {"reason", "why"}, {"host", "the minion's host"}, {"fqdn", "its full name"}, {"id", "the minion"}, {"master", "its master"},
			{"os", "its system"}, {"kernelRelease", "its kernel"},
		},
		Actions: actions(
			do(route.Create, "Create alert", is("actionType", "create")),
			do(route.Close, "Close alert", is("actionType", "close")),
		),
		Example: `{"actionType":"Create","name":"disk.status","reason":"Disk capacity is out of range","host":"web-1","fqdn":"web-1.example.vn","id":"web-1","master":"salt","os":"Debian","kernelRelease":"6.1.0"}`,
		Over:    `{"actionType":"Close","name":"disk.status","reason":"Conditions are met.","host":"web-1","fqdn":"web-1.example.vn","id":"web-1","master":"salt","os":"Debian","kernelRelease":"6.1.0"}`,
		say: func(f fields) said {
			return said{event: f.first("actionType"), draft: alert.Draft{
				Message: joined(": ", f.first("host", "id"), f.first("name"), f.first("reason")), Alias: alias(f.first("id", "fqdn", "host"), f.first("name")), Entity: f.first("fqdn", "host"),
				Description: f.first("reason"), Details: f.some("id", "fqdn", "master", "os", "kernelRelease"),
			}}
		},
	}
}
