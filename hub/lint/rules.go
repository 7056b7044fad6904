package lint

import (
	"iter"

	"keng/hub/core/holiday"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// ruleChecks are about everything that has conditions, hours or a place in a row: notification
// rules, routing rules, policies, actions of integrations, groupings, and the windows of schedules.
func ruleChecks() []Check {
	return []Check{
		{ID: "never-matches", Severity: Warning, run: neverMatches,
			Finds: Text{"a rule whose conditions contradict each other, so that it never matches", "quy tắc có điều kiện mâu thuẫn nên không bao giờ khớp"},
			Mend:  Text{"Change or remove one of the conditions, or delete the rule.", "Hãy sửa hoặc bỏ một điều kiện, hoặc xóa quy tắc này."}},
		{ID: "never-reached", Severity: Warning, run: neverReached,
			Finds: Text{"a rule behind one that takes all that it wants", "quy tắc đứng sau một quy tắc đã nhận hết những gì nó cần"},
			Mend:  Text{"Move it before the other, or delete it.", "Hãy đưa nó lên trước quy tắc kia, hoặc xóa nó."}},
		{ID: "restriction-nothing", Severity: Warning, run: restrictionNothing,
			Finds: Text{"a time restriction that covers no time at all", "giới hạn thời gian không phủ một phút nào"},
			Mend:  Text{"Give it windows with hours, give the schedule a holiday calendar if it is for holidays, or remove it.", "Hãy thêm khung giờ, gán lịch ngày lễ cho lịch trực nếu nó dành cho ngày lễ, hoặc bỏ giới hạn này."}},
		{ID: "window-whole", Severity: Hint, run: windowWhole,
			Finds: Text{"a window that ends where it begins, which is the whole day or week", "khung giờ kết thúc đúng lúc bắt đầu, tức là cả ngày hoặc cả tuần"},
			Mend:  Text{"If the whole time is meant, remove the restriction; else correct the end.", "Nếu muốn cả ngày hoặc cả tuần, hãy bỏ giới hạn; nếu không, hãy sửa giờ kết thúc."}},
		{ID: "zone-unknown", Severity: Warning, run: zoneUnknown,
			Finds: Text{"a rule or a person with a time zone that does not exist", "quy tắc hoặc người dùng có múi giờ không tồn tại"},
			Mend:  Text{"Give it a time zone of IANA's, such as Asia/Ho_Chi_Minh.", "Hãy đặt múi giờ theo IANA, ví dụ Asia/Ho_Chi_Minh."}},
	}
}

// rule is one rule of a row.
type rule struct {
	line
	about About
	part  Text // what it is, with its name
	// row is the same for rules that are asked one after the other; empty: it stands alone.
	row   string
	place int
	scope route.Scope
	zoned bool // its zone counts even without a restriction
	last  bool // it is always the last of its row: that nothing is left for it is no mistake
}

// rules are all that are enabled, row by row.
func (w *world) rules() iter.Seq[*rule] {
	return func(yield func(*rule) bool) {
		for _, rules := range []iter.Seq[*rule]{w.personalRules(), w.routingRules(), w.policyRules(), w.actions(), w.groupingRules()} {
			for r := range rules {
				if !yield(r) {
					return
				}
			}
		}
	}
}

func (w *world) personalRules() iter.Seq[*rule] {
	return func(yield func(*rule) bool) {
		for _, u := range w.users.all {
			for action := reach.CreateAlert; action <= reach.IncomingCallRouting; action++ {
				row := ""
				if action != reach.ScheduleStart && action != reach.ScheduleEnd { // of these all count
					row = "person " + string(u.ID) + string('0'+rune(action))
				}
				for i := range u.Rules {
					n := &u.Rules[i]
					if n.Disabled || n.Action != action {
						continue
					}
					r := &rule{about: person(u), part: say("notification rule %s", "quy tắc thông báo %s", named(n.Name, i+1)), row: row, place: i + 1, last: n.Default,
						line: line{criteria: &n.Criteria, restriction: n.Restriction, graver: n.MinimumPriority, zone: u.Zone}}
					if !yield(r) {
						return
					}
				}
			}
		}
	}
}

func (w *world) routingRules() iter.Seq[*rule] {
	return func(yield func(*rule) bool) {
		for _, t := range w.teams.all {
			for i := range t.Rules {
				x := &t.Rules[i]
				r := &rule{about: team(t), part: say("routing rule %s", "quy tắc định tuyến %s", named(x.Name, i+1)), row: "team " + string(t.ID), place: i + 1, last: x.Default,
					line: line{criteria: &x.Criteria, restriction: x.Restriction, zone: x.Zone}}
				if !yield(r) {
					return
				}
			}
		}
	}
}

func (w *world) policyRules() iter.Seq[*rule] {
	return func(yield func(*rule) bool) {
		for _, p := range w.policies {
			if p.Disabled() {
				continue
			}
			r := &rule{about: policy(p), part: Text{"the policy", "chính sách này"}, place: p.Place + 1, row: policy(p).Kind + " " + string(p.Team)}
			if a := p.Alert; a != nil {
				r.line = line{criteria: &a.Filter, restriction: a.Restriction, zone: a.Zone, passes: a.Continue}
			} else {
				n := p.Notification
				r.line = line{criteria: &n.Filter, restriction: n.Restriction, zone: n.Zone}
				r.zoned = n.Delay != nil && n.Delay.Option != route.ForDuration
			}
			if !yield(r) {
				return
			}
		}
	}
}

func (w *world) actions() iter.Seq[*rule] {
	return func(yield func(*rule) bool) {
		for _, i := range w.integrations {
			for n := range i.Rules.Actions {
				a := &i.Rules.Actions[n]
				r := &rule{about: integration(i), part: say("action %s", "hành động %s", named(a.Name, n+1)), row: "integration " + string(i.Rules.ID), place: n + 1,
					scope: route.Payloads, line: line{criteria: &a.Filter}}
				if !i.Rules.Disabled && !yield(r) {
					return
				}
			}
		}
	}
}

func (w *world) groupingRules() iter.Seq[*rule] {
	return func(yield func(*rule) bool) {
		for i, g := range w.groupings {
			r := &rule{about: About{"grouping", g.Grouping.ID, g.Grouping.Name}, part: Text{"the grouping", "quy tắc gom nhóm này"}, place: i + 1, line: line{criteria: &g.Grouping.Filter},
				row: "grouping " + g.Grouping.Key} // what lacks a field of the key goes on to those with other keys
			if !g.Grouping.Disabled && !yield(r) {
				return
			}
		}
	}
}

func neverMatches(w *world, found func(About, Text)) {
	for r := range w.rules() {
		if why := contradiction(r.criteria, r.scope); why != (Text{}) {
			found(r.about, say("%s never matches: %s.", "%s không bao giờ khớp: %s.", capital(r.part), why))
		}
	}
}

func neverReached(w *world, found func(About, Text)) {
	rows := map[string]*queue{}
	for r := range w.rules() {
		q := rows[r.row]
		if q == nil {
			q = &queue{}
			rows[r.row] = q
		}
		if r.row == "" || never(r.restriction, nil) || w.unread(r) || contradiction(r.criteria, r.scope) != (Text{}) {
			continue
		}
		if before := q.behind(r.line, r.place); before > 0 && !r.last {
			found(r.about, say("%s is never reached: number %d of the row takes before it all that it wants.", "%s không bao giờ được xét tới: quy tắc số %d trong danh sách đã nhận hết những gì nó cần.", capital(r.part), before))
		}
	}
}

// unread reports whether nobody can tell the hours of a rule: some rules always count then, some never.
func (w *world) unread(r *rule) bool {
	if r.restriction == nil {
		return false
	}
	_, err := w.zones(r.zone)
	return err != nil
}

// limited is something with a restriction.
type limited struct {
	about About
	part  Text
	r     *rota.Restriction
	days  holiday.Days
}

// restrictions are those of rules and of schedules.
func (w *world) restrictions() iter.Seq[limited] {
	return func(yield func(limited) bool) {
		for r := range w.rules() {
			if r.restriction != nil && !yield(limited{r.about, r.part, r.restriction, nil}) {
				return
			}
		}
		for _, u := range w.users.all {
			if u.QuietHours != nil && !yield(limited{person(u), Text{"the person's quiet hours", "giờ không làm phiền của người này"}, u.QuietHours, nil}) {
				return
			}
		}
		for _, s := range w.schedules.all {
			if s.Covers != nil && !yield(limited{schedule(s), Text{"the time that it is to cover", "thời gian cần có người trực"}, s.Covers, w.holidays(s)}) {
				return
			}
			for i := range s.Rotations {
				x := &s.Rotations[i]
				if x.Restriction != nil && !yield(limited{schedule(s), say("rotation %s", "vòng trực %s", named(x.Name, i+1)), x.Restriction, w.holidays(s)}) {
					return
				}
			}
		}
	}
}

func restrictionNothing(w *world, found func(About, Text)) {
	for x := range w.restrictions() {
		if never(x.r, x.days) {
			found(x.about, say("The time restriction of %s covers no time at all.", "Giới hạn thời gian của %s không phủ một phút nào.", x.part))
		}
	}
}

func windowWhole(w *world, found func(About, Text)) {
	for x := range w.restrictions() {
		if wholeWindow(x.r) && !never(x.r, x.days) {
			found(x.about, say("A window of %s ends where it begins, and so lasts the whole day or week.", "Một khung giờ của %s kết thúc đúng lúc bắt đầu, tức là kéo dài cả ngày hoặc cả tuần.", x.part))
		}
	}
}

func zoneUnknown(w *world, found func(About, Text)) {
	for _, u := range w.users.all {
		if _, err := w.zones(u.Zone); err != nil {
			found(person(u), say("There is no time zone %q: the hours of the person's rules do not count.", "Không có múi giờ %q: khung giờ trong các quy tắc của người này không có tác dụng.", u.Zone))
		}
	}
	for r := range w.rules() {
		if r.about.Kind == "user" || r.restriction == nil && !r.zoned {
			continue
		}
		if _, err := w.zones(r.zone); err != nil {
			found(r.about, say("There is no time zone %q: the hours of %s do not count.", "Không có múi giờ %q: khung giờ của %s không có tác dụng.", r.zone, r.part))
		}
	}
}
