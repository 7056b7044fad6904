package lint

import (
	"slices"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/raftstore/table"
)

// oldMaintenance is how long a maintenance without end may last without anybody being asked
// whether it was forgotten.
const oldMaintenance = 7 * 24 * time.Hour

// intakeChecks are about where alerts come from: integrations, heartbeats, and the maintenance that
// switches things off.
func intakeChecks() []Check {
	return []Check{
		{ID: "integration-disabled", Severity: Warning, run: integrationDisabled,
			Finds: Text{"an integration that is disabled", "tích hợp đang tắt"},
			Mend:  Text{"Enable the integration, or delete it; for planned work use maintenance, which ends by itself.", "Hãy bật lại tích hợp, hoặc xóa nó; khi có việc đã lên kế hoạch, hãy dùng bảo trì vì bảo trì tự kết thúc."}},
		{ID: "integration-nobody", Severity: Error, run: integrationNobody,
			Finds: Text{"an integration without a team and responders, whose alerts nobody answers for", "tích hợp không có nhóm hay người phụ trách, nên không ai lo cảnh báo của nó"},
			Mend:  Text{"Make the integration for a team, or give it responders.", "Hãy gán tích hợp cho một nhóm, hoặc thêm người phụ trách."}},
		{ID: "integration-responder-gone", Severity: Error, run: integrationResponderGone,
			Finds: Text{"an integration one of whose responders is blocked or does not exist", "tích hợp có người phụ trách đã bị khóa hoặc không tồn tại"},
			Mend:  Text{"Name other responders in the integration.", "Hãy đổi người phụ trách trong tích hợp."}},
		{ID: "integration-ignores-all", Severity: Error, run: integrationIgnoresAll,
			Finds: Text{"an integration that ignores everything", "tích hợp bỏ qua mọi thứ"},
			Mend:  Text{"Give the action that ignores conditions, or delete it.", "Hãy thêm điều kiện cho hành động bỏ qua, hoặc xóa nó."}},
		{ID: "heartbeat-without-team", Severity: Error, run: heartbeatWithoutTeam,
			Finds: Text{"a heartbeat without a team: when it stops nobody is told", "heartbeat không có nhóm: khi nó dừng thì không ai được báo"},
			Mend:  Text{"Give the heartbeat a team.", "Hãy gán heartbeat cho một nhóm."}},
		{ID: "heartbeat-never-pinged", Severity: Hint, run: heartbeatNeverPinged,
			Finds: Text{"a heartbeat that has never been pinged, and so is not awaited", "heartbeat chưa từng nhận tín hiệu nên chưa được theo dõi"},
			Mend:  Text{"Let the job ping it once, or delete it.", "Hãy cho tác vụ gửi tín hiệu một lần, hoặc xóa heartbeat."}},
		{ID: "maintenance-endless", Severity: Warning, run: maintenanceEndless,
			Finds: Text{"a maintenance without an end that has lasted for more than a week", "bảo trì không có hạn kết thúc đã kéo dài hơn một tuần"},
			Mend:  Text{"Cancel the maintenance, or give it an end.", "Hãy hủy bảo trì, hoặc đặt hạn kết thúc."}},
	}
}

func integrationDisabled(w *world, found func(About, Text)) {
	for _, i := range w.integrations {
		if i.Rules.Disabled {
			found(integration(i), Text{"The integration is disabled: what the tool sends becomes no alert.", "Tích hợp đang tắt: những gì công cụ gửi đến không thành cảnh báo."})
		}
	}
}

func integrationNobody(w *world, found func(About, Text)) {
	for _, i := range w.integrations {
		named := func(a route.Action) bool { return len(a.Fields.Responders) > 0 }
		if key, ok := state.Keys.Get(w, table.K().String(string(i.Rules.ID))); ok && key.Rights&state.Configure != 0 {
			continue // it is an administrator's, and no tool's
		}
		if !i.Rules.Disabled && i.Rules.Team == "" && len(i.Rules.Responders) == 0 && !slices.ContainsFunc(i.Rules.Actions, named) {
			found(integration(i), Text{"The integration has neither a team nor responders: nobody is told of its alerts, unless the tool names somebody.", "Tích hợp không có nhóm lẫn người phụ trách: không ai được báo về cảnh báo của nó, trừ khi công cụ tự nêu tên."})
		}
	}
}

func integrationResponderGone(w *world, found func(About, Text)) {
	for _, i := range w.integrations {
		all := slices.Clone(i.Rules.Responders)
		for _, a := range i.Rules.Actions {
			all = append(all, a.Fields.Responders...)
		}
		if i.Rules.Team != "" {
			all = []alert.Responder{asTeam(i.Rules.Team)} // which alone answers
		}
		var told []alert.Responder
		for _, r := range all {
			if why := w.missing(r); why != (Text{}) && !i.Rules.Disabled && !slices.Contains(told, r) {
				told = append(told, r)
				found(integration(i), say("The responder %s of the integration %s.", "Người phụ trách %s của tích hợp %s.", w.called(r), why))
			}
		}
	}
}

// missing says why a responder is told of nothing: deleted or blocked; the zero value: nothing
// speaks against it.
func (w *world) missing(r alert.Responder) Text {
	if !w.exists(r) {
		return Text{"does not exist any more", "không còn tồn tại"}
	}
	if r.Kind == alert.User && w.users.byID[userID(r)].Blocked {
		return Text{"is blocked", "đã bị khóa"}
	}
	return Text{}
}

func integrationIgnoresAll(w *world, found func(About, Text)) {
	for _, i := range w.integrations {
		for n, a := range i.Rules.Actions {
			if a.Kind == route.Ignore && everything(&a.Filter) && !i.Rules.Disabled {
				found(integration(i), say("Action %s ignores everything that the tool sends.", "Hành động %s bỏ qua mọi thứ mà công cụ gửi đến.", named(a.Name, n+1)))
				break
			}
		}
	}
}

func heartbeatWithoutTeam(w *world, found func(About, Text)) {
	for h := range state.Heartbeats.All(w) {
		if h.Beat.Enabled && h.Beat.Team == "" {
			found(About{"heartbeat", h.Beat.Name, h.Beat.Name}, Text{"The heartbeat has no team: when it stops nobody is told.", "Heartbeat này không có nhóm: khi nó dừng thì không ai được báo."})
		}
	}
}

func heartbeatNeverPinged(w *world, found func(About, Text)) {
	for h := range state.Heartbeats.All(w) {
		if h.Beat.Enabled && h.Beat.LastPing.IsZero() {
			found(About{"heartbeat", h.Beat.Name, h.Beat.Name}, Text{"The heartbeat has never been pinged: nobody would notice that its job does not run.", "Heartbeat này chưa từng nhận tín hiệu: sẽ không ai biết nếu tác vụ không chạy."})
		}
	}
}

func maintenanceEndless(w *world, found func(About, Text)) {
	for _, m := range state.MaintenanceList(w, state.NotExpired, w.now) {
		x := &m.Window
		if x.Status(w.now) == route.Active && x.End.IsZero() && w.now.Sub(x.Start) > oldMaintenance {
			found(About{"maintenance", x.ID, x.Description}, say("The maintenance has been going on since %s and has no end; it switches %d things.", "Bảo trì này bắt đầu từ %s và không có hạn kết thúc; nó đang bật/tắt %d đối tượng.", x.Start.UTC().Format("2006-01-02"), len(x.Rules)))
		}
	}
}
