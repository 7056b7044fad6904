package api

import (
	"strconv"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// moment is a time as the API writes it: RFC 3339 in UTC with milliseconds.
type moment struct{ time.Time }

// MarshalJSON writes the moment, null if it never was.
func (m moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	return []byte(m.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// alertSummary is an alert in a list.
type alertSummary struct {
	ID             string            `json:"id"`
	TinyID         string            `json:"tinyId"`
	Alias          string            `json:"alias"`
	Message        string            `json:"message"`
	Status         string            `json:"status"`
	Acknowledged   bool              `json:"acknowledged"`
	IsSeen         bool              `json:"isSeen"`
	Seen           bool              `json:"seen"` // the same, as the Go client reads it
	Tags           []string          `json:"tags"`
	Snoozed        bool              `json:"snoozed"`
	SnoozedUntil   moment            `json:"snoozedUntil,omitzero"`
	Count          uint64            `json:"count"`
	LastOccurredAt moment            `json:"lastOccurredAt"`
	CreatedAt      moment            `json:"createdAt"`
	UpdatedAt      moment            `json:"updatedAt"`
	Source         string            `json:"source"`
	Owner          string            `json:"owner"`
	Priority       string            `json:"priority"`
	Responders     []responder       `json:"responders"`
	OwnerTeamID    string            `json:"ownerTeamId"`
	Integration    *alertIntegration `json:"integration,omitempty"`
	Report         *alertReport      `json:"report,omitempty"`
}

// alertDetail is an alert by itself.
type alertDetail struct {
	alertSummary
	Actions     []string          `json:"actions"`
	Entity      string            `json:"entity"`
	Description string            `json:"description"`
	Details     map[string]string `json:"details"`
}

type responder struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type alertIntegration struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// alertReport says how long it took to acknowledge and to close, in milliseconds.
type alertReport struct {
	AckTime        int64  `json:"ackTime,omitempty"`
	CloseTime      int64  `json:"closeTime,omitempty"`
	AcknowledgedBy string `json:"acknowledgedBy,omitempty"`
	ClosedBy       string `json:"closedBy,omitempty"`
}

// integrationsTold are the integrations of the alerts of one reply: most are of a few, and one with
// its rules may be large.
type integrationsTold map[core.IntegrationID]*alertIntegration

func (t integrationsTold) of(tx table.Reader, id core.IntegrationID) *alertIntegration {
	told, ok := t[id]
	if !ok && id != "" {
		told = &alertIntegration{ID: string(id), Type: state.TypeOf(tx, id)}
		if key, ok := state.Keys.Get(tx, table.K().String(string(id))); ok {
			told.Name = key.Name
		}
		t[id] = told
	}
	return told
}

func summary(tx table.Reader, a *alert.Alert, known integrationsTold) alertSummary {
	s := alertSummary{
		ID: string(a.ID), TinyID: strconv.FormatUint(a.Tiny, 10), Alias: a.Alias, Message: a.Message, Status: a.Status.String(),
		Acknowledged: a.Acknowledged, IsSeen: a.Seen(), Seen: a.Seen(), Snoozed: a.Snoozed(), SnoozedUntil: moment{a.SnoozedUntil}, Tags: orEmpty(a.Tags), Count: a.Count,
		LastOccurredAt: moment{a.LastOccurredAt}, CreatedAt: moment{a.CreatedAt}, UpdatedAt: moment{a.UpdatedAt},
		Source: a.Source, Owner: a.Owner, Priority: a.Priority.String(), Responders: []responder{}, OwnerTeamID: string(a.OwnerTeam),
		Integration: known.of(tx, a.Integration), Report: report(a),
	}
	for _, r := range a.Responders {
		if word := kindWord(r.Kind); word != "" {
			s.Responders = append(s.Responders, responder{Type: word, ID: r.ID})
		}
	}
	return s
}

func detail(tx table.Reader, a *alert.Alert) alertDetail {
	d := alertDetail{alertSummary: summary(tx, a, integrationsTold{}), Actions: orEmpty(a.Actions), Entity: a.Entity, Description: a.Description, Details: a.Details}
	if d.Details == nil {
		d.Details = map[string]string{}
	}
	return d
}

func report(a *alert.Alert) *alertReport {
	if a.AcknowledgedAt.IsZero() && a.ClosedAt.IsZero() {
		return nil
	}
	var r alertReport
	if !a.AcknowledgedAt.IsZero() {
		r.AckTime, r.AcknowledgedBy = a.AcknowledgedAt.Sub(a.CreatedAt).Milliseconds(), a.AcknowledgedBy
	}
	if !a.ClosedAt.IsZero() {
		r.CloseTime, r.ClosedBy = a.ClosedAt.Sub(a.CreatedAt).Milliseconds(), a.ClosedBy
	}
	return &r
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
