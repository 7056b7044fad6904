package lint

import (
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// teamChecks are about teams and their routing.
func teamChecks() []Check {
	return []Check{
		{ID: "team-routes-nobody", Severity: Error, run: teamRoutesNobody,
			Finds: Text{"a team without routing rules, or whose routing rules all say that nobody is notified", "nhóm không có quy tắc định tuyến, hoặc mọi quy tắc đều không báo cho ai"},
			Mend:  Text{"Let the default routing rule of the team notify an escalation.", "Hãy để quy tắc định tuyến mặc định của nhóm gọi một chính sách leo thang."}},
		{ID: "team-default-nobody", Severity: Warning, run: teamDefaultNobody,
			Finds: Text{"a team of which alerts that match no other routing rule notify nobody", "nhóm mà cảnh báo không khớp quy tắc nào khác thì không báo cho ai"},
			Mend:  Text{"Let the last routing rule of the team match everything and notify an escalation.", "Hãy để quy tắc định tuyến cuối cùng của nhóm khớp mọi cảnh báo và gọi một chính sách leo thang."}},
		{ID: "routing-gone", Severity: Error, run: routingGone,
			Finds: Text{"a routing rule that notifies what does not exist", "quy tắc định tuyến gọi một đối tượng không tồn tại"},
			Mend:  Text{"Let the rule notify an escalation or a schedule that exists.", "Hãy để quy tắc gọi một chính sách leo thang hoặc lịch trực có thật."}},
		{ID: "team-empty", Severity: Warning, run: teamEmpty,
			Finds: Text{"a team without members who are not blocked", "nhóm không có thành viên nào còn hoạt động"},
			Mend:  Text{"Add members to the team, or delete it.", "Hãy thêm thành viên cho nhóm, hoặc xóa nhóm."}},
		{ID: "team-without-admins", Severity: Warning, run: teamWithoutAdmins,
			Finds: Text{"a team without admins who are not blocked: nobody of it is told of gaps in its schedules", "nhóm không có quản trị viên nào còn hoạt động: không ai trong nhóm được nhắc về khoảng trống lịch trực"},
			Mend:  Text{"Give a member of the team the role admin.", "Hãy cấp vai trò admin cho một thành viên của nhóm."}},
	}
}

func teamRoutesNobody(w *world, found func(About, Text)) {
	for _, t := range w.teams.all {
		if !slices.ContainsFunc(t.Rules, func(r route.Rule) bool { return r.Notify.Kind != 0 }) {
			found(team(t), Text{"No routing rule of the team notifies anybody: its alerts reach nobody.", "Không quy tắc định tuyến nào của nhóm báo cho ai: cảnh báo của nhóm không đến được người nào."})
		}
	}
}

// takesRest reports whether a routing rule takes all that comes to it, at every hour.
func (w *world) takesRest(r route.Rule) bool {
	_, err := w.zones(r.Zone)
	return everything(&r.Criteria) && (always(r.Restriction) || err != nil) // an unknown zone restricts nothing
}

func teamDefaultNobody(w *world, found func(About, Text)) {
	for _, t := range w.teams.all {
		if !slices.ContainsFunc(t.Rules, func(r route.Rule) bool { return r.Notify.Kind != 0 }) {
			continue
		}
		rest := slices.IndexFunc(t.Rules, w.takesRest)
		switch {
		case rest < 0:
			found(team(t), Text{"No routing rule of the team matches everything: an alert that matches none notifies nobody.", "Không quy tắc định tuyến nào của nhóm khớp mọi cảnh báo: cảnh báo không khớp quy tắc nào sẽ không báo cho ai."})
		case t.Rules[rest].Notify.Kind == 0:
			found(team(t), say("Routing rule %s takes all alerts that are left, and notifies nobody.", "Quy tắc định tuyến %s nhận mọi cảnh báo còn lại mà không báo cho ai.", named(t.Rules[rest].Name, rest+1)))
		}
	}
}

func routingGone(w *world, found func(About, Text)) {
	for _, t := range w.teams.all {
		for i, r := range t.Rules {
			if r.Notify.Kind != 0 && !w.exists(r.Notify) {
				found(team(t), say("Routing rule %s notifies %q, which does not exist.", "Quy tắc định tuyến %s gọi %q, đối tượng này không tồn tại.", named(r.Name, i+1), r.Notify.ID))
			}
		}
	}
}

// working returns who of some people is neither blocked nor deleted.
func (w *world) working(ids []core.UserID) []core.UserID {
	return slices.DeleteFunc(slices.Clone(ids), func(id core.UserID) bool { return w.gone(id) != (Text{}) })
}

func teamEmpty(w *world, found func(About, Text)) {
	for _, t := range w.teams.all {
		if len(w.working(t.Members)) == 0 {
			found(team(t), Text{"Nobody in the team works here any more, or nobody is in it.", "Nhóm không có ai, hoặc không còn ai hoạt động."})
		}
	}
}

func teamWithoutAdmins(w *world, found func(About, Text)) {
	for _, t := range w.teams.all {
		if len(w.working(t.Members)) > 0 && len(w.working(t.Admins)) == 0 {
			found(team(t), Text{"The team has members, but no admin who works here.", "Nhóm có thành viên nhưng không có quản trị viên nào còn hoạt động."})
		}
	}
}

// asTeam is a team as a responder.
func asTeam(id core.TeamID) alert.Responder { return alert.Responder{Kind: alert.Team, ID: string(id)} }
