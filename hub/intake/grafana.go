package intake

import (
	"maps"
)

func grafana() *Format {
	return &Format{
		Path: "grafana", Type: "Grafana", Label: "Grafana (webhook of unified alerting)", Seen: "github.com/grafana/alerting, receivers/webhook and templates",
		Note: "Grafana's own contact point for Opsgenie uses /v2/alerts and needs nothing of this. A label priority of P1 to P5 is the priority." + manyNote,
		Fields: []Field{
			{"status", "firing or resolved"}, {"labels.alertname", "the rule; each label is a field"}, {"annotations.summary", "what happened; each annotation is a field"}, {"valueString", "the values"}, {"values.B", "each value is a field"},
			{"startsAt", "since when"}, {"endsAt", "until when"}, {"generatorURL", "the rule's link"}, {"silenceURL", "where to silence it"}, {"dashboardURL", "its dashboard"}, {"panelURL", "its panel"},
			{"imageURL", "a picture"}, {"fingerprint", "the alert; it is the alias"}, {"receiver", "Grafana's contact point"}, {"externalURL", "Grafana's address"}, {"title", "of the group"},
		},
		Actions: byStatus(),
		Example: `{"receiver":"keng","status":"firing","orgId":1,"alerts":[{"status":"firing","labels":{"alertname":"Disk","grafana_folder":"IT","instance":"db-1"},"annotations":{"summary":"Disk of db-1 is full"},"startsAt":"2026-11-26T08:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://grafana:3000/alerting/x/edit","fingerprint":"57c6d9296de2ad39","silenceURL":"http://grafana:3000/alerting/silence/new","dashboardURL":"http://grafana:3000/d/x","panelURL":"","values":{"B":97.5},"valueString":"[ var='B' value=97.5 ]"}],"groupLabels":{},"commonLabels":{"alertname":"Disk"},"commonAnnotations":{},"externalURL":"http://grafana:3000/","version":"1","groupKey":"{}:{}","truncatedAlerts":0,"title":"[FIRING:1] Disk","state":"alerting","message":"**Firing**"}`,
		Over:    `{"receiver":"keng","status":"resolved","orgId":1,"alerts":[{"status":"resolved","labels":{"alertname":"Disk","grafana_folder":"IT","instance":"db-1"},"annotations":{"summary":"Disk of db-1 is full"},"startsAt":"2026-11-26T08:00:00Z","endsAt":"2026-11-26T09:00:00Z","fingerprint":"57c6d9296de2ad39","values":null,"valueString":""}],"version":"1","title":"[RESOLVED] Disk","state":"ok"}`,
		split:   alertsOf("receiver", "externalURL", "title"),
		say: func(f fields) said {
			s := sayPrometheus(f)
			maps.Copy(s.draft.Details, f.some("valueString", "dashboardURL", "panelURL", "silenceURL", "imageURL"))
			return s
		},
	}
}
