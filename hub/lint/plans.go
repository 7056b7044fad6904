package lint

import (
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// planChecks are about who has turns: rotations, overrides, forwarding rules.
func planChecks() []Check {
	return []Check{
		{ID: "rotation-nobody", Severity: Error, run: rotationNobody,
			Finds: Text{"a rotation whose people are all blocked or deleted", "vòng trực mà mọi người trong đó đều đã bị khóa hoặc bị xóa"},
			Mend:  Text{"Put people into the rotation who work here, or delete it.", "Hãy thêm người còn làm việc vào vòng trực, hoặc xóa nó."}},
		{ID: "rotation-blocked", Severity: Error, run: rotationBlocked,
			Finds: Text{"a rotation in which somebody blocked or deleted has turns", "vòng trực có lượt của người đã bị khóa hoặc bị xóa"},
			Mend:  Text{"Take the person out of the rotation, or put somebody else into that place.", "Hãy đưa người này ra khỏi vòng trực, hoặc thay bằng người khác."}},
		{ID: "rotation-over", Severity: Hint, run: rotationOver,
			Finds: Text{"a rotation that has ended", "vòng trực đã kết thúc"},
			Mend:  Text{"Delete the rotation, or give it a later end.", "Hãy xóa vòng trực, hoặc lùi ngày kết thúc."}},
		{ID: "schedule-one-person", Severity: Hint, run: scheduleOnePerson,
			Finds: Text{"a schedule in which only ever one person is on call", "lịch trực chỉ có đúng một người trực"},
			Mend:  Text{"Put a second person into the rotation, or make sure that an escalation goes on to somebody else.", "Hãy thêm người thứ hai vào vòng trực, hoặc bảo đảm chính sách leo thang còn gọi người khác."}},
		{ID: "override-nobody", Severity: Error, run: overrideNobody,
			Finds: Text{"an override by somebody who cannot be told", "ca trực thay của người không thể nhận thông báo"},
			Mend:  Text{"Change the override to somebody else, or delete it; or give the person a contact that works.", "Hãy đổi người trực thay, hoặc xóa ca trực thay; hoặc thêm cho người này một liên hệ dùng được."}},
		{ID: "forward-nobody", Severity: Error, run: forwardNobody,
			Finds: Text{"notifications forwarded to somebody who cannot be told", "thông báo được chuyển tiếp cho người không thể nhận"},
			Mend:  Text{"Forward to somebody else, or delete the forwarding rule.", "Hãy chuyển tiếp cho người khác, hoặc xóa quy tắc chuyển tiếp."}},
		{ID: "forward-circle", Severity: Warning, run: forwardCircle,
			Finds: Text{"notifications forwarded in a circle", "thông báo được chuyển tiếp thành vòng tròn"},
			Mend:  Text{"Delete one of the forwarding rules.", "Hãy xóa một trong các quy tắc chuyển tiếp."}},
	}
}

// lost returns the people of a rotation who are blocked or deleted, and whether there is anybody
// else, be it a team or an escalation.
func (w *world) lost(r *rota.Rotation) (lost []core.UserID, others bool) {
	for p := range w.turns(r) {
		switch {
		case p.User == "":
			others = others || p != (rota.Participant{})
		case w.gone(p.User) == (Text{}):
			others = true
		case !slices.Contains(lost, p.User):
			lost = append(lost, p.User)
		}
	}
	return lost, others
}

func rotationNobody(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		for i := range s.Rotations {
			if lost, others := w.lost(&s.Rotations[i]); len(lost) > 0 && !others && !s.Disabled {
				found(schedule(s), say("Everybody in rotation %s is blocked or deleted: nobody is told.", "Mọi người trong vòng trực %s đều đã bị khóa hoặc bị xóa: không ai nhận được thông báo.", named(s.Rotations[i].Name, i+1)))
			}
		}
	}
}

func rotationBlocked(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		for i := range s.Rotations {
			lost, others := w.lost(&s.Rotations[i])
			if !others || s.Disabled {
				continue
			}
			for _, id := range lost {
				found(schedule(s), say("%s %s, and has turns in rotation %s: nobody is told then.", "%s %s mà vẫn có lượt trong vòng trực %s: lúc đó không ai nhận được thông báo.", w.user(id), w.gone(id), named(s.Rotations[i].Name, i+1)))
			}
		}
	}
}

func rotationOver(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		if w.empty(s) && s.Rotations != nil && !s.Disabled {
			if _, used := w.sends(s); used {
				continue // which is told already, as graver
			}
		}
		for i := range s.Rotations {
			if w.over(&s.Rotations[i]) {
				found(schedule(s), say("Rotation %s has ended.", "Vòng trực %s đã kết thúc.", named(s.Rotations[i].Name, i+1)))
			}
		}
	}
}

func scheduleOnePerson(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		if _, used := w.sends(s); !used || s.Disabled {
			continue
		}
		only, several := rota.Participant{}, false
		for p := range w.takers(s) {
			if p != (rota.Participant{}) {
				several = several || only != (rota.Participant{}) && only != p
				only = p
			}
		}
		if !several && only.User != "" && w.gone(only.User) == (Text{}) {
			found(schedule(s), say("Only %s is ever on call in the schedule.", "Chỉ có %s trực trong lịch này.", w.user(only.User)))
		}
	}
}

// speechless says why a person cannot be told of anything; the zero value: the person can.
func (w *world) speechless(id core.UserID) Text {
	if gone := w.gone(id); gone != (Text{}) {
		return gone
	}
	if !tellable(w.users.byID[id]) {
		return Text{"has no contact that works", "không có liên hệ nào dùng được"}
	}
	return Text{}
}

func overrideNobody(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		for _, o := range w.overrides[s.ID] {
			who := state.ResponderOf(o.Participant)
			if who.Kind == 0 {
				continue // nobody, as somebody wanted
			}
			why := Text{"does not exist any more", "không còn tồn tại"}
			if who.Kind == alert.User {
				why = w.speechless(o.Participant.User)
			} else if w.exists(who) {
				why = Text{}
			}
			if why != (Text{}) {
				found(schedule(s), say("%s %s, and is on call by an override from %s to %s.", "%s %s mà lại trực thay từ %s đến %s.", w.called(who), why, w.clockOf(s.Zone, o.Start), w.clockOf(s.Zone, o.End)))
			}
		}
	}
}

func forwardNobody(w *world, found func(About, Text)) {
	for _, u := range w.users.all {
		for _, f := range w.forwards[u.ID] {
			if why := w.speechless(f.To); why != (Text{}) && !u.Blocked {
				found(person(u), say("The person's notifications are forwarded to %s, who %s.", "Thông báo của người này được chuyển tiếp cho %s, nhưng người đó %s.", w.user(f.To), why))
			}
		}
	}
}

// How many forwarding rules are followed for circles, and how many people a circle has at most.
const (
	circleSteps = 1_000_000
	circleMost  = 100
)

// forwardCircle follows, from each moment at which a rule begins, the rules that are in force then:
// those of a circle are all in force when the last of them begins.
func forwardCircle(w *world, found func(About, Text)) {
	steps := circleSteps
	inCircle := map[core.UserID]bool{}
	for _, u := range w.users.all {
		for _, f := range w.forwards[u.ID] {
			at := f.Start
			if at.Before(w.now) {
				at = w.now
			}
			passed := []core.UserID{u.ID}
			for next := f.To; next != "" && !inCircle[u.ID]; next = w.forwardedTo(next, at, &steps) {
				if next == u.ID {
					names := make([]string, 0, len(passed)+1)
					for _, id := range append(passed, u.ID) {
						inCircle[id] = true
						names = append(names, w.user(id))
					}
					found(person(u), say("Notifications are forwarded in a circle: %s.", "Thông báo được chuyển tiếp thành vòng tròn: %s.", strings.Join(names, " → ")))
				}
				if slices.Contains(passed, next) || len(passed) == circleMost {
					break
				}
				passed = append(passed, next)
			}
		}
	}
}

// forwardedTo returns to whom the rule of a person leads that counts at a moment; empty: there is
// none, or it was looked for too often.
func (w *world) forwardedTo(from core.UserID, at time.Time, steps *int) core.UserID {
	var last *rota.Forward
	for _, f := range w.forwards[from] {
		if *steps--; *steps < 0 {
			return ""
		}
		if !f.Start.After(at) && f.End.After(at) && (last == nil || f.Number > last.Number) {
			last = f
		}
	}
	if last == nil {
		return ""
	}
	return last.To
}
