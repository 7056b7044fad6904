package intake

import (
	"cmp"

	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func datadog() *Format {
	const over = "Recovered"
	return &Format{
		Path: "datadog", Type: "Datadog", Label: "Datadog (webhook)",
		Note: "A webhook of Datadog sends what its payload says: paste the example, with Datadog's variables for values.",
		Fields: []Field{
			{"alert_transition", "$ALERT_TRANSITION: Triggered, Re-Triggered, No Data …; Recovered: it is over"}, {"title", "$EVENT_TITLE"}, {"body", "$EVENT_MSG"}, {"alert_id", "$ALERT_ID"}, {"aggreg_key", "$AGGREG_KEY; it is the alias"},
			{"hostname", "$HOSTNAME"}, {"priority", "$ALERT_PRIORITY: P1 to P5"}, {"tags", "$TAGS"}, {"link", "$LINK"}, {"user", "$USER"}, {"event_type", "$EVENT_TYPE"}, {"id", "$ID"},
		},
		Actions: actions(
			do(route.Create, "Create alert", isNot("alert_transition", over)),
			do(route.Close, "Close alert", is("alert_transition", over)),
		),
		Example: `{"title":"[Triggered] CPU of web-1","body":"CPU is at 97 %","alert_transition":"Triggered","alert_id":"9123","aggreg_key":"a1b2c3","hostname":"web-1","priority":"P2","tags":"env:prod,team:web","link":"https://app.example.vn/monitors/9123","event_type":"metric_alert_monitor","id":"7001"}`,
		Over:    `{"title":"[Recovered] CPU of web-1","body":"","alert_transition":"Recovered","alert_id":"9123","aggreg_key":"a1b2c3","hostname":"web-1"}`,
		say: func(f fields) said {
			s := said{event: f.first("alert_transition", "event_type")}
			s.draft = alert.Draft{
				Message: f.first("title", "body"), Alias: cmp.Or(f.first("aggreg_key"), aliasOf("datadog", f.first("alert_id", "id"))), Entity: f.first("hostname"), Description: f.first("body"),
				Tags: listed(f["tags"], alert.TagsMax), Details: f.some("alert_id", "hostname", "link", "event_type", "user", "org.name"),
			}
			s.draft.Priority = priority(f["priority"])
			return s
		},
	}
}
