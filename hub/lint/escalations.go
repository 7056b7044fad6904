package lint

import (
	"cmp"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/state"
)

// lateFirst is how late the first step of an escalation may be without anybody being asked whether
// that is meant.
const lateFirst = 15 * time.Minute

// escalationChecks are about the steps of escalations.
func escalationChecks() []Check {
	return []Check{
		{ID: "step-gone", Severity: Error, run: stepGone,
			Finds: Text{"a step that names somebody blocked, or something deleted", "bước leo thang gọi người đã bị khóa hoặc đối tượng đã bị xóa"},
			Mend:  Text{"Name somebody else in the step, or delete it.", "Hãy đổi người nhận của bước này, hoặc xóa bước."}},
		{ID: "step-team-nobody", Severity: Error, run: stepTeamNobody,
			Finds: Text{"a step that names a team whose routing, or whose members, are nobody who can be told", "bước leo thang gọi một nhóm mà quy tắc định tuyến hay thành viên không dẫn đến ai"},
			Mend:  Text{"Let a routing rule of that team notify an escalation or a schedule, give it members or admins who can be told, or name somebody else in the step.", "Hãy để một quy tắc định tuyến của nhóm đó gọi chính sách leo thang hoặc lịch trực, thêm thành viên hay quản trị viên nhận được thông báo, hoặc đổi người nhận của bước."}},
		{ID: "step-circle", Severity: Error, run: stepCircle,
			Finds: Text{"a step that leads back to its own escalation, and so to nobody", "bước leo thang dẫn ngược về chính nó nên không gọi ai"},
			Mend:  Text{"Name a schedule or a person in the step instead.", "Hãy đổi bước này sang gọi một lịch trực hoặc một người."}},
		{ID: "escalation-one-step", Severity: Warning, run: escalationOneStep,
			Finds: Text{"an escalation of one step only, where there is no last resort: if nobody answers it nothing more happens", "chính sách leo thang chỉ có một bước mà không có người được gọi cuối cùng: nếu không ai trả lời thì không có gì xảy ra nữa"},
			Mend:  Text{"Add a later step that names somebody else, such as the team's lead.", "Hãy thêm một bước sau gọi người khác, ví dụ trưởng nhóm."}},
		{ID: "escalation-one-person", Severity: Warning, run: escalationOnePerson,
			Finds: Text{"an escalation whose several steps all lead to one person", "chính sách leo thang có nhiều bước nhưng chỉ dẫn đến một người"},
			Mend:  Text{"Name somebody else in a later step: who sleeps through one call sleeps through the next.", "Hãy gọi người khác ở bước sau: ai ngủ quên cuộc gọi đầu thì cũng ngủ quên cuộc gọi sau."}},
		{ID: "escalation-late", Severity: Warning, run: escalationLate,
			Finds: Text{"an escalation of which the first step comes 15 minutes after the alert or later", "chính sách leo thang có bước đầu tiên chậm từ 15 phút trở lên"},
			Mend:  Text{"Let the first step come after 0 minutes; if waiting is meant, use a notification policy with a delay.", "Hãy để bước đầu tiên ở phút 0; nếu muốn chờ, hãy dùng chính sách thông báo có trì hoãn."}},
		{ID: "steps-same", Severity: Warning, run: stepsSame,
			Finds: Text{"two steps that tell the same at the same time", "hai bước gọi cùng một người vào cùng một lúc"},
			Mend:  Text{"Delete one of them, or let it come later or name somebody else.", "Hãy xóa một bước, hoặc để nó đến muộn hơn hay gọi người khác."}},
		{ID: "steps-order", Severity: Hint, run: stepsOrder,
			Finds: Text{"steps that stand in another order than that in which they come", "các bước được viết không theo thứ tự thời gian"},
			Mend:  Text{"Sort the steps by their delays: they come in that order anyway.", "Hãy xếp các bước theo độ trễ: đằng nào chúng cũng chạy theo thứ tự đó."}},
		{ID: "step-slower", Severity: Warning, run: stepSlower,
			Finds: Text{"somebody whose own rules try nothing before the next step has come", "người mà quy tắc riêng chưa thử cách nào thì bước sau đã đến"},
			Mend:  Text{"Let the first step of the person's notification rule come at once, or the next step of the escalation later.", "Hãy để bước đầu trong quy tắc thông báo của người này chạy ngay, hoặc lùi bước leo thang tiếp theo."}},
		{ID: "escalation-unused", Severity: Hint, run: escalationUnused,
			Finds: Text{"an escalation that nothing names", "chính sách leo thang không được dùng ở đâu"},
			Mend:  Text{"Name it in a routing rule of a team, or delete it.", "Hãy dùng nó trong một quy tắc định tuyến, hoặc xóa nó."}},
	}
}

// itself is an escalation as a responder.
func itself(p *escalate.Policy) alert.Responder {
	return alert.Responder{Kind: alert.Escalation, ID: string(p.ID)}
}

func stepGone(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		for i, r := range p.Rules {
			why := Text{"does not exist any more", "không còn tồn tại"}
			if r.Recipient.Kind == alert.User {
				why = w.gone(core.UserID(r.Recipient.ID))
			} else if w.exists(r.Recipient) {
				continue
			}
			if why != (Text{}) {
				found(escalation(p), say("Step %d names %s, who %s: nobody is told by it.", "Bước %d gọi %s, nhưng đối tượng này %s: không ai nhận được thông báo.", i+1, w.called(r.Recipient), why))
			}
		}
	}
}

// back reports whether a step that names a team leads back to its escalation.
func (w *world) back(p *escalate.Policy, r escalate.Rule) bool {
	return r.Recipient.Kind == alert.Team && !r.Notify.OfMembers() && w.comesBack(r.Recipient, itself(p))
}

func stepTeamNobody(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		for i, r := range p.Rules {
			switch can := func(to alert.Responder) bool { return len(w.reaches(to)) > 0 }; {
			case r.Recipient.Kind != alert.Team || !w.exists(r.Recipient) || w.back(p, r) || slices.ContainsFunc(w.recipients(r), can):
			case r.Notify.OfMembers():
				found(escalation(p), say("Step %d tells members (%s) of team %s, and there is none who can be told.", "Bước %d gọi thành viên (%s) của nhóm %s, nhưng không có ai nhận được thông báo.", i+1, r.Notify, w.called(r.Recipient)))
			default:
				found(escalation(p), say("Step %d names team %s, whose routing rules lead to nobody who can be told.", "Bước %d gọi nhóm %s, nhưng quy tắc định tuyến của nhóm không dẫn đến ai có thể nhận thông báo.", i+1, w.called(r.Recipient)))
			}
		}
	}
}

func stepCircle(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		for i, r := range p.Rules {
			if w.back(p, r) {
				found(escalation(p), say("Step %d names team %s, whose routing leads back to this escalation, which has begun already.", "Bước %d gọi nhóm %s, nhưng định tuyến của nhóm dẫn ngược về chính sách leo thang này, vốn đã bắt đầu.", i+1, w.called(r.Recipient)))
			}
		}
	}
}

func escalationOneStep(w *world, found func(About, Text)) {
	if row, ok := state.CatchAllOf(w); ok && row.MinimumPriority == 0 {
		return // then something more happens
	}
	for _, p := range w.escalations.all {
		if len(p.Rules) == 1 && p.Repeat.Count == 0 && len(w.reaches(itself(p))) > 0 {
			found(escalation(p), Text{"The escalation has one step: if nobody answers it nothing more happens.", "Chính sách leo thang chỉ có một bước: nếu không ai trả lời thì không có gì xảy ra nữa."})
		}
	}
}

func escalationOnePerson(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		if people := w.reaches(itself(p)); len(people) == 1 && len(p.Rules) > 1 {
			found(escalation(p), say("All steps of the escalation lead to %s alone.", "Mọi bước của chính sách leo thang chỉ dẫn đến %s.", w.user(people[0])))
		}
	}
}

// inOrder returns the steps in the order in which they come.
func inOrder(p *escalate.Policy) []escalate.Rule {
	ordered := slices.Clone(p.Rules)
	slices.SortStableFunc(ordered, func(a, b escalate.Rule) int { return cmp.Compare(a.Delay, b.Delay) })
	return ordered
}

func escalationLate(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		if steps := inOrder(p); len(steps) > 0 && steps[0].Delay >= lateFirst {
			found(escalation(p), say("Nobody is told before %s are over: the first step comes then.", "Trong %s đầu không ai được báo: bước đầu tiên đến sau đó.", length(steps[0].Delay)))
		}
	}
}

func stepsSame(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		seen := map[escalate.Rule]int{}
		for i, r := range p.Rules {
			if first, twice := seen[r]; twice {
				found(escalation(p), say("Steps %d and %d tell %s at the same time.", "Bước %d và bước %d cùng gọi %s vào một lúc.", first, i+1, w.called(r.Recipient)))
			} else {
				seen[r] = i + 1
			}
		}
	}
}

func stepsOrder(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		if !slices.IsSortedFunc(p.Rules, func(a, b escalate.Rule) int { return cmp.Compare(a.Delay, b.Delay) }) {
			found(escalation(p), Text{"The steps stand in another order than that in which they come.", "Các bước được viết không theo thứ tự thời gian."})
		}
	}
}

// firstTry returns after how long a person's rules try the first thing for an alert of P1, at best.
func firstTry(u *reach.User) (first time.Duration) {
	found := false
	for _, n := range gravest(u) {
		for _, s := range n.Steps {
			if c, ok := u.Contact(s.Contact); ok && c.Usable() && !s.Disabled && (!found || s.After < first) {
				first, found = s.After, true
			}
		}
	}
	return first
}

func stepSlower(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		steps := inOrder(p)
		for i, step := range steps {
			later := slices.IndexFunc(steps, func(r escalate.Rule) bool { return r.Delay > step.Delay })
			if later < 0 {
				break
			}
			most := steps[later].Delay - step.Delay
			for _, u := range w.peopleOf(step) {
				if first := firstTry(u); first >= most {
					found(escalation(p), say("Step %d leads to %s, whose rules try nothing for %s; the next step comes after %s.", "Bước %d dẫn đến %s, nhưng quy tắc của người này chưa thử gì trong %s; bước tiếp theo đến sau %s.", i+1, u.Username, length(first), length(most)))
				}
			}
		}
	}
}

func escalationUnused(w *world, found func(About, Text)) {
	for _, p := range w.escalations.all {
		if _, used := w.usedBy[itself(p)]; !used {
			found(escalation(p), Text{"Nothing names the escalation.", "Không nơi nào dùng chính sách leo thang này."})
		}
	}
}
