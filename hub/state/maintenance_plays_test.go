package state_test

import (
	"fmt"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
)

// maintenanceVerbs are what plays do to maintenance, priorities and old rows.
func (s *stage) maintenanceVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{
		"maintain": s.maintain, "remaintain": s.remaintain, "cancel": s.cancelMaintenance, "unmaintain": s.unmaintain, "maintenances": s.maintenances,
		"works": s.works, "exist": s.exist, "matrix": s.matrix, "grade": s.grade, "unteam": s.unteam, "retain": s.retain, "retention": s.retention, "rows": s.rows,
		"recall": s.recall, "asked": s.askedFor,
	}
}

// span reads 5m, 30m, 1h, ever or FROM..TO, both counted from now.
func (s *stage) span(text string, f *state.MaintenanceFields) {
	length, ok := map[string]route.MaintenanceLength{"5m": route.ForFiveMinutes, "30m": route.ForThirtyMinutes, "1h": route.ForOneHour, "ever": route.Indefinitely}[text]
	if ok {
		f.Length = &length
		return
	}
	length = route.Scheduled
	f.Length = &length
	from, to, _ := strings.Cut(text, "..")
	for text, at := range map[string]**time.Time{from: &f.Start, to: &f.End} {
		if text != "" {
			moment := s.now.Add(s.duration(text))
			*at = &moment
		}
	}
}

// thing reads policy:NAME or integration:NAME, with =on or =off. What does not exist has its
// name for an id.
func (s *stage) thing(text string) route.MaintenanceRule {
	what, state, _ := strings.Cut(text, "=")
	kind, id, _ := strings.Cut(what, ":")
	if p := s.findPolicy(id); p != nil && kind == "policy" {
		id = p.ID
	}
	if i, ok := s.findTool(id); ok && kind == "integration" {
		id = string(i.Rules.ID)
	}
	kinds := map[string]route.EntityKind{"policy": route.APolicy, "integration": route.AnIntegration}
	return route.MaintenanceRule{Kind: kinds[kind], ID: id, On: state == "on"}
}

// exist THING...: policies and integrations that have nothing but a name, and that for an id.
func (s *stage) exist(things []string) error {
	for _, text := range things {
		r := s.thing(text)
		var err error
		if r.Kind == route.AnIntegration {
			err = state.Integrations.Put(s.tx, &state.Integration{Rules: route.Integration{ID: core.IntegrationID(r.ID), Name: r.ID}, Type: "API"})
		} else {
			err = state.Policies.Put(s.tx, &state.Policy{ID: r.ID, Alert: &route.AlertPolicy{ID: r.ID, Name: r.ID, Disabled: true}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// window returns the maintenance that plays call by its description.
func (s *stage) window(name string) *state.Maintenance {
	for m := range state.Maintenances.All(s.tx) {
		if m.Window.Description == name {
			return m
		}
	}
	return &state.Maintenance{Window: route.Maintenance{ID: name}}
}

// maintain NAME SPAN THING=on|off...
func (s *stage) maintain(args []string) error {
	f := state.MaintenanceFields{Description: &args[0], Rules: &[]route.MaintenanceRule{}}
	s.span(args[1], &f)
	for _, a := range args[2:] {
		*f.Rules = append(*f.Rules, s.thing(a))
	}
	m, err := do(s, state.CreateMaintenance{Fields: f})
	if err == nil {
		s.say("%s is %s", args[0], m.Window.Status(s.now))
	}
	return err
}

// remaintain NAME [span=SPAN] [end=FROM-NOW] [name=NAME] [THING=on|off...]
func (s *stage) remaintain(args []string) error {
	var f state.MaintenanceFields
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "span":
			s.span(value, &f)
		case "end":
			end := s.now.Add(s.duration(value))
			f.End = &end
		case "name":
			f.Description = &value
		default:
			if f.Rules == nil {
				f.Rules = &[]route.MaintenanceRule{}
			}
			*f.Rules = append(*f.Rules, s.thing(a))
		}
	}
	m, err := do(s, state.ChangeMaintenance{ID: s.window(args[0]).Window.ID, Fields: f})
	if err == nil {
		s.say("%s is %s", m.Window.Description, m.Window.Status(s.now))
	}
	return err
}

func (s *stage) cancelMaintenance(args []string) error {
	_, err := do(s, state.CancelMaintenance{ID: s.window(args[0]).Window.ID})
	return err
}

func (s *stage) unmaintain(args []string) error {
	_, err := do(s, state.DeleteMaintenance{ID: s.window(args[0]).Window.ID})
	return err
}

// maintenances all|non-expired|past: the list, and when something changes by itself.
func (s *stage) maintenances(args []string) error {
	for _, m := range state.MaintenanceList(s.tx, state.Which(args[0]), s.now) {
		until := "until it is cancelled"
		if !m.Window.End.IsZero() {
			until = "to " + m.Window.End.Sub(s.start).String()
		}
		s.say("%s: %s, from %s %s", m.Window.Description, m.Window.Status(s.now), m.Window.Start.Sub(s.start), until)
	}
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind == state.MaintenanceTurn {
			s.say("next turn: %s", d.At.Sub(s.start))
		}
	}
	return nil
}

// works THING=on|off...: whether things that are enabled or not work now.
func (s *stage) works(args []string) error {
	effects := state.InForce(s.tx, s.now)
	for _, a := range args {
		r := s.thing(a)
		on, why := effects.Policy(r.ID, r.On)
		if r.Kind == route.AnIntegration {
			on, why = effects.Integration(core.IntegrationID(r.ID), r.On)
		}
		s.say("%s: works %v %s", a, on, why)
	}
	return nil
}

// matrix TEAM|- IMPACTS URGENCIES CELLS...: lists with commas; none takes the table away.
func (s *stage) matrix(args []string) error {
	var k state.PutMatrix
	if args[0] != "-" {
		k.Team = state.Pick{Name: args[0]}
	}
	if len(args) > 1 {
		k.Matrix.Impacts, k.Matrix.Urgencies = strings.Split(args[1], ","), strings.Split(args[2], ",")
		for _, row := range args[3:] {
			var cells []core.Priority
			for _, cell := range strings.Split(row, ",") {
				p, _ := core.ParsePriority(cell)
				cells = append(cells, p)
			}
			k.Matrix.Cells = append(k.Matrix.Cells, cells)
		}
	}
	_, err := do(s, k)
	return err
}

// grade TEAM|- IMPACT URGENCY: the priority of both.
func (s *stage) grade(args []string) error {
	var id core.TeamID
	if team, ok := state.FindTeam(s.tx, args[0]); ok {
		id = team.ID
	}
	m := state.MatrixOf(s.tx, id)
	_, why, ok := m.Priority(map[string]string{route.ImpactDetail: args[1], route.UrgencyDetail: args[2]})
	if !ok {
		why = "no priority"
	}
	s.say("%s", why)
	return nil
}

// unteam TEAM: deletes a team.
func (s *stage) unteam(args []string) error {
	_, err := do(s, state.DeleteTeam{Team: state.Pick{Name: args[0]}})
	return err
}

// retain DURATION: how long closed alerts stay; 0s: for ever.
func (s *stage) retain(args []string) error {
	_, err := do(s, state.PutRetention{Keep: s.duration(args[0])})
	return err
}

// retention: what is removed when.
func (s *stage) retention([]string) error {
	r := state.RetentionOf(s.tx)
	words := []string{fmt.Sprintf("%d closed", r.Closed)}
	if !r.Oldest.IsZero() {
		words = append(words, "the oldest at "+r.Oldest.Sub(s.start).String())
	}
	words = append(words, fmt.Sprintf("%d removed", r.Removed))
	switch {
	case r.Keep == 0:
		words = append(words, "kept for ever")
	default:
		words = append(words, "kept for "+r.Keep.String())
	}
	if r.Removing {
		words = append(words, "being removed")
	}
	if !r.Next.IsZero() {
		words = append(words, "looked at next at "+r.Next.Sub(s.start).String())
	}
	s.say("%s", strings.Join(words, ", "))
	return nil
}

// rows: how much there is.
func (s *stage) rows([]string) error {
	n := map[string]int{}
	for range state.Alerts.All(s.tx) {
		n["alerts"]++
	}
	for range state.Log.All(s.tx) {
		n["log"]++
	}
	for range state.Deliveries.All(s.tx) {
		n["pages"]++
	}
	for range state.Bundles.All(s.tx) {
		n["bundled"]++
	}
	for range state.Deleted.All(s.tx) {
		n["deleted"]++
	}
	for range state.Maintenances.All(s.tx) {
		n["maintenance"]++
	}
	s.say("alerts %d, rows of log %d, pages %d, bundled %d, tombstones %d, maintenance %d", n["alerts"], n["log"], n["pages"], n["bundled"], n["deleted"], n["maintenance"])
	return nil
}

// recall NUMBER: acknowledges the alert of a short number.
func (s *stage) recall(args []string) error {
	k := state.AcknowledgeAlert{User: "an"}
	fmt.Sscan(args[0], &k.Alert.Tiny)
	return asks(s, k)
}

// asked NUMBER: what became of the request that the NUMBER-th command of the play was.
func (s *stage) askedFor(args []string) error {
	r, ok := state.GetRequest(s.tx, "r"+args[0])
	if !ok {
		s.say("request r%s is not known", args[0])
		return nil
	}
	_, there := state.FindAlert(s.tx, state.Ref{ID: r.Alert})
	s.say("request r%s: %s %s, its alert is there: %v", args[0], r.Action, alert.Reason(r.Status), there)
	return nil
}
