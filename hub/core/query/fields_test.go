package query

import "testing"

// Each field of Opsgenie's search language finds what has it, and not what has it not. One
// thing has all of them and another one has none, or others.
func TestEveryFieldOfTheReference(t *testing.T) {
	has := outage()
	has.texts["acknowledgedBy"], has.texts["closedBy"] = []string{"an@example.vn"}, []string{"binh@example.vn"}
	has.numbers["snoozedUntil"], has.numbers["isSeen"], has.numbers["acknowledged"], has.numbers["snoozed"] = 1773110000000, 1, 1, 1
	other := &thing{texts: map[string][]string{"status": {"open"}, "alias": {"other"}, "priority": {"P2"}, "alertId": {"x"}, "message": {"else"}}, numbers: map[string]int64{
		"createdAt": 1, "lastOccurredAt": 1, "tinyId": 1, "count": 1, "isSeen": 0, "acknowledged": 0, "snoozed": 0,
	}}
	for _, c := range []struct{ rule, text string }{
		{"ogapi-5.field.created-at", "createdAt: 1773109800000"},
		{"ogapi-5.field.last-occurred-at", "lastOccurredAt: 1773109900000"},
		{"ogapi-5.field.snoozed-until", "snoozedUntil > 1773109900000"},
		{"ogapi-5.field.alert-id", "alertId: 0a1b-77"},
		{"ogapi-5.field.tiny-id", "tinyId: 4711"},
		{"ogapi-5.field.alias", "alias: Branch-3/website"},
		{"ogapi-5.field.count", "count: 3"},
		{"ogapi-5.field.message", `message: "su co"`},
		{"ogapi-5.field.description", "description: disk"},
		{"ogapi-5.field.source", "source: 10.0.0.7"},
		{"ogapi-5.field.entity", "entity: web-01"},
		{"ogapi-5.field.owner", "owner: an@example.vn"},
		{"ogapi-5.field.acknowledged-by", "acknowledgedBy: an@example.vn"},
		{"ogapi-5.field.closed-by", "closedBy: binh@example.vn"},
		{"ogapi-5.field.recipients", "recipients: an@example.vn"},
		{"ogapi-5.field.is-seen", "isSeen: true"},
		{"ogapi-5.field.acknowledged", "acknowledged: true"},
		{"ogapi-5.field.snoozed", "snoozed: true"},
		{"ogapi-5.field.teams", "teams: it"},
		{"ogapi-5.field.integration-name", `integration.name: "Zabbix chính"`},
		{"ogapi-5.field.integration-type", "integration.type: API"},
		{"ogapi-5.field.tag", "tag: disk"},
		{"ogapi-5.field.actions", "actions: Restart"},
		{"ogapi-5.field.details-key", "details.key: Site"},
		{"ogapi-5.field.details-value", `details.value: "Hà Nội"`},
		{"ogapi-5.field.priority", "priority: P1"},
	} {
		q, err := Parse(c.text, Alerts(), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		if !q.Match(has) || q.Match(other) {
			t.Errorf("%s: %s finds what has it: %t, what has it not: %t", c.rule, c.text, q.Match(has), q.Match(other))
		}
	}
	for text, want := range map[string]bool{"status: open": true, "status: closed": false} {
		q, err := Parse(text, Alerts(), Options{})
		if err != nil || q.Match(has) != want {
			t.Errorf("ogapi-5.field.status: %s: %v", text, err)
		}
	}
}
