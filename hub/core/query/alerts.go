package query

// Alerts returns the vocabulary of alerts: the fields of Opsgenie's search language and
// its sort keys (reference: "Alert search language"), with some spellings of ours.
//
// A subject gives usernames for owner, acknowledgedBy, closedBy and recipients; names
// for teams, responders (of any type) and integration.name; milliseconds since the
// alert was created for report.ackTime and report.closeTime.
//
// Ours are: updatedAt, responders and the report fields in queries, sorting by
// priority, and the other spellings (id, tags, team, seen …).
func Alerts() *Vocabulary {
	return NewVocabulary(
		Field{Name: "status", Kind: Choice, Choices: []string{"open", "closed"}, Always: true, Sorts: true},
		Field{Name: "createdAt", Kind: Time, Always: true, Sorts: true},
		Field{Name: "lastOccurredAt", Also: []string{"lastOccuredAt"}, Kind: Time, Always: true, Sorts: true}, // the Go SDK has one r too few
		Field{Name: "updatedAt", Kind: Time, Always: true, Sorts: true},
		Field{Name: "snoozedUntil", Kind: Time, Sorts: true},
		Field{Name: "alertId", Also: []string{"id"}, Kind: Identifier, Always: true},
		Field{Name: "tinyId", Also: []string{"tiny"}, Kind: Number, Always: true, Free: true, Sorts: true},
		// Opsgenie's alias "finds only the open alert". Who wants the closed ones says so.
		Field{Name: "alias", Kind: Identifier, Always: true, Free: true, Sorts: true, Within: "status: open"},
		Field{Name: "count", Kind: Number, Always: true, Sorts: true},
		Field{Name: "message", Kind: Text, Always: true, Free: true, Sorts: true},
		Field{Name: "description", Kind: Text, Free: true},
		Field{Name: "source", Kind: Text, Free: true, Sorts: true},
		Field{Name: "entity", Kind: Text, Free: true},
		Field{Name: "priority", Kind: Choice, Choices: []string{"P1", "P2", "P3", "P4", "P5"}, Always: true, Sorts: true},
		Field{Name: "owner", Kind: Name, Free: true, Sorts: true},
		Field{Name: "acknowledgedBy", Also: []string{"report.acknowledgedBy"}, Kind: Name, Sorts: true},
		Field{Name: "closedBy", Also: []string{"report.closedBy"}, Kind: Name, Sorts: true},
		Field{Name: "recipients", Also: []string{"recipient"}, Kind: Name, Many: true},
		Field{Name: "responders", Also: []string{"responder"}, Kind: Name, Many: true},
		Field{Name: "teams", Also: []string{"team"}, Kind: Name, Many: true, Free: true},
		Field{Name: "isSeen", Also: []string{"seen"}, Kind: Flag, Always: true, Sorts: true},
		Field{Name: "acknowledged", Kind: Flag, Always: true, Sorts: true},
		Field{Name: "snoozed", Kind: Flag, Always: true, Sorts: true},
		Field{Name: "integration.name", Kind: Name, Sorts: true},
		Field{Name: "integration.type", Kind: Name, Sorts: true},
		Field{Name: "tag", Also: []string{"tags"}, Kind: Name, Many: true, Free: true},
		Field{Name: "actions", Also: []string{"action"}, Kind: Name, Many: true},
		Field{Name: "details.key", Kind: Name, Many: true, Free: true},
		Field{Name: "details.value", Kind: Text, Many: true, Free: true},
		Field{Name: "report.ackTime", Kind: Number, Sorts: true},
		Field{Name: "report.closeTime", Kind: Number, Sorts: true},
	)
}

// Incidents returns the vocabulary of incidents: Opsgenie's sort keys (reference: "Alert search
// language"), and of the fields of alerts those that incidents have.
//
// A subject gives a username for owner, names for teams and responders, and ids for
// impactedServices.
func Incidents() *Vocabulary {
	return NewVocabulary(
		Field{Name: "status", Kind: Choice, Choices: []string{"open", "resolved", "closed"}, Always: true, Sorts: true},
		Field{Name: "createdAt", Kind: Time, Always: true, Sorts: true},
		Field{Name: "updatedAt", Kind: Time, Always: true},
		Field{Name: "incidentId", Also: []string{"id"}, Kind: Identifier, Always: true},
		Field{Name: "tinyId", Also: []string{"tiny"}, Kind: Number, Always: true, Free: true, Sorts: true},
		Field{Name: "message", Kind: Text, Always: true, Free: true, Sorts: true},
		Field{Name: "description", Kind: Text, Free: true},
		Field{Name: "source", Kind: Text, Free: true},
		Field{Name: "priority", Kind: Choice, Choices: []string{"P1", "P2", "P3", "P4", "P5"}, Always: true},
		Field{Name: "owner", Kind: Name, Free: true, Sorts: true},
		Field{Name: "responders", Also: []string{"responder"}, Kind: Name, Many: true},
		Field{Name: "teams", Also: []string{"team"}, Kind: Name, Many: true, Free: true},
		Field{Name: "impactedServices", Also: []string{"serviceId", "service"}, Kind: Identifier, Many: true},
		Field{Name: "isSeen", Also: []string{"seen"}, Kind: Flag, Always: true, Sorts: true},
		Field{Name: "tag", Also: []string{"tags"}, Kind: Name, Many: true, Free: true},
		Field{Name: "details.key", Kind: Name, Many: true, Free: true},
		Field{Name: "details.value", Kind: Text, Many: true, Free: true},
	)
}

// Users returns the vocabulary of people.
func Users() *Vocabulary {
	return NewVocabulary(
		Field{Name: "username", Kind: Name, Always: true, Free: true, Sorts: true},
		Field{Name: "fullName", Kind: Text, Free: true, Sorts: true},
		Field{Name: "role", Kind: Name, Sorts: true},
		Field{Name: "blocked", Kind: Flag, Always: true, Sorts: true},
		Field{Name: "verified", Kind: Flag, Always: true, Sorts: true},
		Field{Name: "locale", Kind: Name},
		Field{Name: "timeZone", Kind: Name},
		Field{Name: "userAddress", Kind: Text, Many: true},
		Field{Name: "createdAt", Also: []string{"insertedAt"}, Kind: Time, Always: true, Sorts: true},
	)
}
