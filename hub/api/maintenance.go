package api

import (
	"context"
	"time"

	"keng/hub/core"
	routing "keng/hub/core/route"
	"keng/hub/state"
)

// maintenanceRoutes is the part of the table about maintenance.
func maintenanceRoutes() []route {
	const all, one = "/v1/maintenance", "/v1/maintenance/{id}"
	see := func(path string, h handler) route {
		return route{"GET", path, state.Read, false, configurationDomain, h}
	}
	set := func(method, path string, h handler) route {
		return route{method, path, state.Configure, true, configurationDomain, h}
	}
	return []route{
		set("POST", all, change(createMaintenance, maintenanceCreated)),
		see(all, tellNow((*API).listMaintenance)),
		see(one, on((*API).getMaintenance)),
		set("PUT", one, change(changeMaintenance, maintenanceChanged)),
		set("DELETE", one, change(deleteMaintenance, deleted[state.Nothing])),
		set("POST", one+"/change-end-date", change(endMaintenance, maintenanceChanged)),
		set("POST", one+"/cancel", change(cancelMaintenance, done[state.Maintenance]("Cancelled"))),
	}
}

// maintenanceIn names a maintenance.
type maintenanceIn struct{ id string }

func (in *maintenanceIn) read(c *call) { in.id = c.identifier("id") }

// maintenanceFieldsIn says what a maintenance is to be.
type maintenanceFieldsIn struct {
	maintenanceIn
	fields state.MaintenanceFields
}

func (in *maintenanceFieldsIn) read(c *call) {
	in.maintenanceIn.read(c)
	b, f := c.body, &in.fields
	description := b.text("description")
	f.Description = &description
	if t, ok := b.child("time"); ok {
		f.Length, f.Start, f.End = t.maintenanceLength("type"), t.saidMoment("startDate"), t.saidMoment("endDate")
	}
	if b.has("rules") {
		rules := []routing.MaintenanceRule{}
		for _, x := range b.objects("rules") {
			rules = append(rules, x.maintenanceRule())
		}
		f.Rules = &rules
	}
}

// maintenanceLength returns how the times of a maintenance are said.
func (o object) maintenanceLength(key string) *routing.MaintenanceLength {
	word := o.text(key)
	if word == "" {
		return nil
	}
	length := maintenanceLengths[kebab(word)]
	if length == 0 {
		o.complain(key, "must be for-5-minutes, for-30-minutes, for-1-hour, indefinitely or schedule")
	}
	return &length
}

var maintenanceLengths = map[string]routing.MaintenanceLength{
	"for-5-minutes": routing.ForFiveMinutes, "for-30-minutes": routing.ForThirtyMinutes, "for-1-hour": routing.ForOneHour,
	"indefinitely": routing.Indefinitely, "schedule": routing.Scheduled,
}

var entityKinds = map[string]routing.EntityKind{"integration": routing.AnIntegration, "policy": routing.APolicy}

// maintenanceRule returns a rule {state, entity {id, type}}. The state may be left out for an
// integration alone, which can only be disabled.
func (o object) maintenanceRule() (r routing.MaintenanceRule) {
	entity, ok := o.child("entity")
	if !ok {
		o.complain("entity", "is missing: say which integration or policy")
		return r
	}
	r.ID, r.Kind = entity.text("id"), entityKinds[kebab(entity.text("type"))]
	switch word := kebab(o.text("state")); {
	case word == "enabled":
		r.On = true
	case word != "disabled" && (word != "" || r.Kind == routing.APolicy):
		o.complain("state", "must be enabled or disabled")
	}
	return r
}

func createMaintenance(in *maintenanceFieldsIn) state.CreateMaintenance {
	return state.CreateMaintenance{Fields: in.fields}
}

func changeMaintenance(in *maintenanceFieldsIn) state.ChangeMaintenance {
	return state.ChangeMaintenance{ID: in.id, Fields: in.fields}
}

func cancelMaintenance(in *maintenanceIn) state.CancelMaintenance {
	return state.CancelMaintenance{ID: in.id}
}

func deleteMaintenance(in *maintenanceIn) state.DeleteMaintenance {
	return state.DeleteMaintenance{ID: in.id}
}

// maintenanceEndIn says when a maintenance is to end.
type maintenanceEndIn struct {
	maintenanceIn
	end *time.Time
}

func (in *maintenanceEndIn) read(c *call) {
	in.maintenanceIn.read(c)
	if in.end = c.body.saidMoment("endDate"); in.end == nil && c.wrong["endDate"] == "" {
		c.body.complain("endDate", "is missing: say when the maintenance ends")
	}
}

func endMaintenance(in *maintenanceEndIn) state.ChangeMaintenance {
	return state.ChangeMaintenance{ID: in.id, Fields: state.MaintenanceFields{End: in.end}}
}

// maintenanceSummary is a maintenance in a list, or one that has just been changed.
type maintenanceSummary struct {
	ID          string          `json:"id"`
	Status      string          `json:"status"`
	Time        maintenanceTime `json:"time"`
	Description string          `json:"description"`
}

// maintenanceTime is when a maintenance is. Of one that is indefinite nothing more is told
// than was said.
type maintenanceTime struct {
	Type  string  `json:"type"`
	Start *moment `json:"startDate,omitempty"`
	End   *moment `json:"endDate,omitempty"`
}

func maintenanceSummaryOf(m *routing.Maintenance, status routing.MaintenanceStatus) maintenanceSummary {
	out := maintenanceSummary{ID: m.ID, Status: status.String(), Description: m.Description}
	for word, length := range maintenanceLengths {
		if length == m.Length {
			out.Time.Type = word
		}
	}
	if m.Length != routing.Indefinitely {
		out.Time.Start, out.Time.End = &moment{m.Start}, &moment{m.End}
	}
	return out
}

func maintenanceCreated(m state.Maintenance) *written {
	return created(maintenanceSummaryOf(&m.Window, m.LastStatus()))
}

func maintenanceChanged(m state.Maintenance) *written {
	return updated(maintenanceSummaryOf(&m.Window, m.LastStatus()))
}

// maintenanceRecord is a maintenance by itself.
type maintenanceRecord struct {
	maintenanceSummary
	Rules []maintenanceRuleRecord `json:"rules"`
}

type maintenanceRuleRecord struct {
	State  string `json:"state"`
	Entity entity `json:"entity"`
}

// entity is what a rule of a maintenance switches.
type entity struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

func maintenanceOf(m *routing.Maintenance, now time.Time) maintenanceRecord {
	out := maintenanceRecord{maintenanceSummary: maintenanceSummaryOf(m, m.Status(now))}
	for _, r := range m.Rules {
		told := maintenanceRuleRecord{State: "disabled", Entity: entity{r.ID, "policy"}}
		if r.On {
			told.State = "enabled"
		}
		if r.Kind == routing.AnIntegration {
			told.Entity.Type = "integration"
		}
		out.Rules = append(out.Rules, told)
	}
	return out
}

func (a *API) getMaintenance(ctx context.Context, in *maintenanceIn) (*data[maintenanceRecord], error) {
	var out data[maintenanceRecord]
	err := a.look(ctx, func(tx reader) error {
		m, ok := state.GetMaintenance(tx, in.id)
		if !ok {
			return core.Missing("Maintenance", in.id)
		}
		out.of = maintenanceOf(&m.Window, a.Now())
		return nil
	})
	return &out, err
}

// maintenanceListIn says which maintenance a list is to have.
type maintenanceListIn struct{ which state.Which }

func (in *maintenanceListIn) read(c *call) {
	in.which = state.Which(c.choice("type", string(state.AllMaintenance), string(state.NotExpired), string(state.Expired)))
}

func (a *API) listMaintenance(tx reader, in *maintenanceListIn) ([]maintenanceSummary, error) {
	var list []maintenanceSummary
	now := a.Now()
	for _, m := range state.MaintenanceList(tx, in.which, now) {
		list = append(list, maintenanceSummaryOf(&m.Window, m.Window.Status(now)))
	}
	return list, nil
}
