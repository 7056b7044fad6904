package lint

import (
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
)

// soonClosed is how soon an escalation may close what nobody has taken care of without anybody
// being asked whether that is meant.
const soonClosed = time.Hour

// stepChecks are about whom steps tell of a team or a schedule, how many must acknowledge, and
// what happens when the steps are through.
func stepChecks() []Check {
	return []Check{
		{ID: "step-next-nobody", Severity: Warning, run: stepNextNobody,
			Finds: Text{"a step that tells who is on call next, or was before, in a schedule of which no rotation has two people", "bước gọi người trực kế tiếp hoặc trước đó của lịch trực mà không vòng nào có từ hai người"},
			Mend:  Text{"Put a second person into a rotation of the schedule, or name somebody else in the step.", "Hãy thêm người thứ hai vào một vòng trực của lịch, hoặc đổi người nhận của bước."}},
		{ID: "step-acks-few", Severity: Warning, run: stepAcksFew,
			Finds: Text{"a step that wants more acknowledgements than people whom it tells", "bước cần nhiều lượt xác nhận hơn số người được gọi"},
			Mend:  Text{"Let the step want fewer acknowledgements, or tell more people, such as all members of a team.", "Hãy giảm số lượt xác nhận, hoặc gọi nhiều người hơn, ví dụ mọi thành viên của nhóm."}},
		{ID: "step-cuts", Severity: Warning, run: stepCuts,
			Finds: Text{"a contact that is never tried, since a step that ends earlier ones comes before it", "liên hệ không bao giờ được thử vì một bước kết thúc các bước trước đến sớm hơn"},
			Mend:  Text{"Let the step come later or not end earlier ones, or let the person's notification rule be quicker.", "Hãy lùi bước đó, hoặc không cho nó kết thúc các bước trước, hoặc rút ngắn quy tắc thông báo của người này."}},
		{ID: "repeat-short", Severity: Hint, run: repeatShort,
			Finds: Text{"an escalation that runs again before the people of its last step have been tried by all that their rules say", "chính sách leo thang lặp lại trước khi người ở bước cuối được thử hết các cách"},
			Mend:  Text{"Let the repetition wait longer.", "Hãy tăng thời gian chờ trước khi lặp lại."}},
		{ID: "repeat-closes-soon", Severity: Warning, run: repeatClosesSoon,
			Finds: Text{"an escalation that closes alerts which nobody has taken care of, within an hour", "chính sách leo thang tự đóng cảnh báo chưa ai xử lý, trong vòng một giờ"},
			Mend:  Text{"Let it wait longer or repeat more often, or not close alerts.", "Hãy tăng thời gian chờ hoặc số lần lặp, hoặc không cho nó đóng cảnh báo."}},
	}
}

// recipients returns whom a step names: members of a team, if it tells these, else its recipient.
func (w *world) recipients(r escalate.Rule) []alert.Responder {
	t := w.teams.byID[core.TeamID(r.Recipient.ID)]
	if !r.Notify.OfMembers() || r.Recipient.Kind != alert.Team || t == nil {
		return []alert.Responder{r.Recipient}
	}
	var all []alert.Responder
	for _, id := range r.Notify.Among(t.Members, t.Admins) {
		all = append(all, alert.Responder{Kind: alert.User, ID: string(id)})
	}
	return all
}

// severalIn reports whether a rotation of a schedule has two participants.
func (w *world) severalIn(s *rota.Schedule) bool {
	for i := range s.Rotations {
		first := rota.Participant{}
		for p := range w.turns(&s.Rotations[i]) {
			if first != (rota.Participant{}) && p != (rota.Participant{}) && p != first {
				return true
			}
			first = p
		}
	}
	return false
}

func stepNextNobody(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		for i, r := range p.Rules {
			s := w.schedules.byID[core.ScheduleID(r.Recipient.ID)]
			if r.Notify != escalate.Next && r.Notify != escalate.Previous || s == nil || s.Disabled || w.empty(s) || w.severalIn(s) {
				continue
			}
			found(escalation(p), say("Step %d tells who is on call %s in schedule %s, of which no rotation has two people.", "Bước %d gọi người trực %s của lịch %s, mà không vòng trực nào của lịch có từ hai người.", i+1, neighbour(r.Notify), s.Name))
		}
	}
}

// neighbour says which shift a step means.
func neighbour(n escalate.Notify) Text {
	if n == escalate.Next {
		return Text{"next", "kế tiếp"}
	}
	return Text{"before", "trước đó"}
}

// tells returns how many people a step tells at most; false if that depends on routing rules.
func (w *world) tells(r escalate.Rule) (int, bool) {
	switch {
	case r.Recipient.Kind == alert.User, r.Notify == escalate.Random, r.Notify == escalate.RoundRobin:
		return 1, true
	case r.Notify.OfMembers():
		return len(w.recipients(r)), true
	case r.Recipient.Kind == alert.Schedule:
		s := w.schedules.byID[core.ScheduleID(r.Recipient.ID)]
		if s == nil {
			return 0, false
		}
		for p := range w.takers(s) {
			if p.Team != "" || p.Escalation != "" {
				return 0, false
			}
		}
		return len(s.Rotations), true
	}
	return 0, false
}

func stepAcksFew(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		for i, r := range p.Rules {
			if n, known := w.tells(r); known && n > 0 && r.Acks > n {
				found(escalation(p), say("Step %d wants %d acknowledgements and tells at most %d people: so many are enough then.", "Bước %d cần %d lượt xác nhận mà chỉ gọi nhiều nhất %d người: khi đó bấy nhiêu là đủ.", i+1, r.Acks, n))
			}
		}
	}
}

// lastTry returns after how long a person's rules try the last thing for an alert of P1.
func lastTry(u *reach.User) (last time.Duration) {
	for _, n := range gravest(u) {
		for _, s := range n.Steps {
			if c, ok := u.Contact(s.Contact); ok && c.Usable() && !s.Disabled {
				last = max(last, s.After)
			}
		}
	}
	return last
}

// peopleOf returns the people whom a step tells without a way through routing rules: persons, members,
// and those of a schedule.
func (w *world) peopleOf(r escalate.Rule) (all []*reach.User) {
	seen := map[core.UserID]bool{}
	add := func(id core.UserID) {
		if u := w.users.byID[id]; tellable(u) && !seen[id] {
			seen[id] = true
			all = append(all, u)
		}
	}
	for _, to := range w.recipients(r) {
		switch s := w.schedules.byID[core.ScheduleID(to.ID)]; {
		case to.Kind == alert.User:
			add(core.UserID(to.ID))
		case to.Kind == alert.Schedule && s != nil && !s.Disabled:
			for p := range w.takers(s) {
				add(p.User)
			}
		}
	}
	return all
}

func stepCuts(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		steps := inOrder(p)
		for i, step := range steps {
			cut := slices.IndexFunc(steps, func(r escalate.Rule) bool { return r.EndsEarlier && r.Delay > step.Delay })
			if cut < 0 {
				continue
			}
			most := steps[cut].Delay - step.Delay
			for _, u := range w.peopleOf(step) {
				if last := lastTry(u); last >= most && firstTry(u) < most {
					found(escalation(p), say("Step %d leads to %s, whose rules try something after %s; step %d ends that after %s.", "Bước %d dẫn đến %s, quy tắc của người này còn thử sau %s; nhưng bước %d kết thúc việc đó sau %s.", i+1, u.Username, length(last), cut+1, length(most)))
				}
			}
		}
	}
}

func repeatShort(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		steps := inOrder(p)
		if p.Repeat.Count == 0 || len(steps) == 0 {
			continue
		}
		for _, u := range w.peopleOf(steps[len(steps)-1]) {
			if last := lastTry(u); last > p.Repeat.Wait {
				found(escalation(p), say("The steps run again %s after the last one, when the rules of %s still have something to try, after %s.", "Các bước lặp lại %s sau bước cuối, trong khi quy tắc của %s còn cách chưa thử, sau %s.", length(p.Repeat.Wait), u.Username, length(last)))
				break
			}
		}
	}
}

func repeatClosesSoon(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		steps := inOrder(p)
		if !p.Repeat.CloseAfterAll || len(steps) == 0 {
			continue
		}
		rounds := time.Duration(p.Repeat.Count + 1)
		if all := rounds * (steps[len(steps)-1].Delay + p.Repeat.Wait); all < soonClosed {
			found(escalation(p), say("An alert of which nobody has taken care is closed %s after it came.", "Cảnh báo chưa ai xử lý bị đóng %s sau khi xuất hiện.", length(all)))
		}
	}
}
