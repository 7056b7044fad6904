package intake

import (
	"maps"
	"slices"
	"strings"

	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func prometheus() *Format {
	return &Format{
		Path: "prometheus", Type: "Prometheus", Label: "Alertmanager (webhook)", Seen: "github.com/prometheus/alertmanager, notify/webhook/webhook.go and template/template.go, version 4 of the message",
		Note: "Alertmanager's own receiver for Opsgenie uses /v2/alerts and needs nothing of this. A label priority of P1 to P5 is the priority." + manyNote,
		Fields: []Field{
			{"status", "firing or resolved"}, {"labels.alertname", "the rule; each label is a field"}, {"annotations.summary", "what happened; each annotation is a field"}, {"startsAt", "since when"}, {"endsAt", "until when"},
			{"generatorURL", "its link"}, {"fingerprint", "the alert; it is the alias"}, {"receiver", "Alertmanager's receiver"}, {"externalURL", "Alertmanager's address"}, {"groupKey", "of the group"},
		},
		Actions: byStatus(),
		Example: `{"version":"4","groupKey":"{}:{alertname=\"HighLoad\"}","status":"firing","receiver":"keng","groupLabels":{"alertname":"HighLoad"},"commonLabels":{"alertname":"HighLoad"},"commonAnnotations":{},"externalURL":"http://alertmanager:9093","alerts":[{"status":"firing","labels":{"alertname":"HighLoad","instance":"web-1:9100","severity":"critical","priority":"P2"},"annotations":{"summary":"Load of web-1 is high"},"startsAt":"2026-11-26T08:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus:9090/graph","fingerprint":"c0ffee0123456789"}],"truncatedAlerts":0}`,
		Over:    `{"version":"4","status":"resolved","receiver":"keng","externalURL":"http://alertmanager:9093","alerts":[{"status":"resolved","labels":{"alertname":"HighLoad","instance":"web-1:9100","severity":"critical","priority":"P2"},"annotations":{"summary":"Load of web-1 is high"},"startsAt":"2026-11-26T08:00:00Z","endsAt":"2026-11-26T09:00:00Z","fingerprint":"c0ffee0123456789"}]}`,
		split:   alertsOf("receiver", "externalURL", "groupKey"),
		say:     sayPrometheus,
	}
}

// byStatus are the actions of a tool whose alerts are firing or resolved.
func byStatus() []route.Action {
	return actions(
		do(route.Create, "Create alert", is("status", "firing")),
		do(route.Close, "Close alert", is("status", "resolved")),
	)
}

// alertsOf parts a webhook's alerts; each gets a few short fields of the whole. Nil: there are none.
func alertsOf(common ...string) func(map[string]any, string) []map[string]any {
	return func(body map[string]any, secret string) []map[string]any {
		list, ok := body["alerts"].([]any)
		if !ok {
			return nil
		}
		shared := map[string]any{}
		for _, name := range common {
			if text, ok := body[name].(string); ok {
				shared[name] = alert.Cut(without(text, secret), commonMax)
			}
		}
		parts := []map[string]any{}
		for _, item := range list {
			part, ok := item.(map[string]any)
			if !ok {
				continue
			}
			maps.Copy(part, shared)
			parts = append(parts, part)
		}
		return parts
	}
}

// manyNote says what becomes of a body with too many alerts.
const manyNote = " Of a body the first 1000 alerts are taken, and an alert of P1 says how many more there were: group finely, as by group_by: ['...'], so that a body has few."

// commonMax bounds, in characters, what of a whole body each of its alerts gets.
const commonMax = 500

// sayPrometheus tells what an alert with labels and annotations says.
func sayPrometheus(f fields) said {
	labels, notes := f.below("labels"), f.below("annotations")
	s := said{event: f.first("status")}
	s.draft = alert.Draft{
		Message: f.first("annotations.summary", "annotations.title", "annotations.message"), Alias: f.first("fingerprint"), Entity: f.first("labels.instance", "labels.pod", "labels.node", "labels.job"),
		Description: f.first("annotations.description", "annotations.message", "annotations.summary"), Details: labels,
	}
	if s.draft.Message == "" {
		s.draft.Message = joined(" ", f.first("labels.alertname"), f.first("labels.instance"))
	}
	if s.draft.Alias == "" { // before 0.19 Alertmanager had no fingerprints
		s.draft.Alias = labelText(labels)
	}
	s.draft.Priority = priority(f["labels.priority"])
	for _, name := range []string{"runbook_url", "dashboard_url"} {
		if notes[name] != "" {
			s.draft.Details[name] = notes[name]
		}
	}
	maps.Copy(s.draft.Details, f.some("generatorURL", "externalURL"))
	return s
}

// labelText writes labels as one text that is the same for the same labels.
func labelText(labels map[string]string) string {
	var b []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		b = append(b, name+"="+labels[name])
	}
	return strings.Join(b, ",")
}
