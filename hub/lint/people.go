package lint

import (
	"slices"

	"keng/hub/core/reach"
	"keng/proto/channel"
)

// personChecks are about people who may be woken. Of others nothing is wanted.
func personChecks() []Check {
	return []Check{
		{ID: "person-without-contact", Severity: Error, run: personWithoutContact,
			Finds: Text{"somebody who may be called and has no contact", "người có thể bị gọi nhưng chưa có liên hệ nào"},
			Mend:  Text{"Add a contact: the app, a telephone number, a mobile number for texts.", "Hãy thêm liên hệ: ứng dụng, số điện thoại, số di động nhận SMS."}},
		{ID: "person-contacts-dead", Severity: Error, run: personContactsDead,
			Finds: Text{"somebody who may be called and whose contacts are all dead or disabled", "người có thể bị gọi nhưng mọi liên hệ đều hỏng hoặc đã tắt"},
			Mend:  Text{"Enable a contact, correct its address, or sign in again with the app.", "Hãy bật lại một liên hệ, sửa địa chỉ, hoặc đăng nhập lại trên ứng dụng."}},
		{ID: "person-not-loud", Severity: Error, run: personNotLoud,
			Finds: Text{"somebody who may be called and has no contact that makes a noise: push, text or call", "người có thể bị gọi nhưng không có liên hệ nào phát ra tiếng: ứng dụng, SMS hoặc cuộc gọi"},
			Mend:  Text{"Add the app, a telephone number or a mobile number for texts: a mail wakes nobody.", "Hãy thêm ứng dụng, số điện thoại hoặc số nhận SMS: email không đánh thức được ai."}},
		{ID: "person-quiet-hours", Severity: Warning, run: personQuietHours,
			Finds: Text{"quiet hours of somebody who may be called, which not even P1 pierces", "giờ không làm phiền của người có thể bị gọi, khi đó ngay cả cảnh báo P1 cũng không được báo"},
			Mend:  Text{"Let P1 pierce the person's quiet hours (p1Pierces), or end the duty before they begin.", "Hãy cho phép báo cảnh báo P1 cả trong giờ không làm phiền (p1Pierces), hoặc xếp ca trực ngoài giờ đó."}},
		{ID: "person-muted", Severity: Warning, run: personMuted,
			Finds: Text{"somebody who may be called and is muted", "người có thể bị gọi nhưng đang tắt thông báo"},
			Mend:  Text{"Take the mute back (keng-hub unmute NAME), or let somebody else take over until then.", "Hãy bật lại thông báo (keng-hub unmute TÊN), hoặc nhờ người khác trực thay đến lúc đó."}},
		{ID: "contact-dead", Severity: Warning, run: contactDead,
			Finds: Text{"somebody who may be called and one of whose contacts is dead", "người có thể bị gọi nhưng một liên hệ đã hỏng"},
			Mend:  Text{"Correct the address, sign in again with the app, or delete the contact.", "Hãy sửa địa chỉ, đăng nhập lại trên ứng dụng, hoặc xóa liên hệ đó."}},
		{ID: "rule-without-contact", Severity: Warning, run: ruleWithoutContact,
			Finds: Text{"a notification rule that names only contacts that are disabled, dead or gone", "quy tắc thông báo chỉ dùng các liên hệ đã tắt, hỏng hoặc không còn"},
			Mend:  Text{"Give the rule a step with a contact that works, or disable it.", "Hãy thêm vào quy tắc một bước dùng liên hệ còn hoạt động, hoặc tắt quy tắc."}},
		{ID: "rule-quiet", Severity: Warning, run: ruleQuiet,
			Finds: Text{"a notification rule of somebody who may be called that may decide about new alerts of P1 and makes no noise", "quy tắc thông báo của người có thể bị gọi, áp dụng cho cả cảnh báo P1 mới, mà không phát ra tiếng"},
			Mend:  Text{"Give the rule a step by push, text or call, be it a later one.", "Hãy thêm vào quy tắc một bước bằng ứng dụng, SMS hoặc cuộc gọi, dù là bước sau."}},
		{ID: "person-unwanted-hours", Severity: Error, run: personUnwantedHours,
			Finds: Text{"hours in which no rule of somebody who may be called wants any new alert", "khung giờ mà không quy tắc nào của người có thể bị gọi nhận cảnh báo mới"},
			Mend:  Text{"Add a notification rule without a time restriction behind the others, be it for P1 alone.", "Hãy thêm sau cùng một quy tắc thông báo không giới hạn thời gian, dù chỉ cho P1."}},
		{ID: "person-unwanted-alerts", Severity: Warning, run: personUnwantedAlerts,
			Finds: Text{"somebody who may be called and whose rules for new alerts all have conditions", "người có thể bị gọi mà mọi quy tắc nhận cảnh báo mới đều có điều kiện"},
			Mend:  Text{"Add a notification rule that matches everything behind the others.", "Hãy thêm sau cùng một quy tắc thông báo khớp với mọi cảnh báo."}},
	}
}

// loud reports whether a contact makes a noise.
func loud(c *reach.Contact) bool {
	return slices.Contains([]string{string(channel.Push), "sms", string(channel.Voice)}, c.Kind)
}

// eachOnDuty calls a function with everybody who may be woken and is neither blocked nor without
// any contact that works, and with what may wake them.
func (w *world) eachOnDuty(do func(*reach.User, Text)) {
	for _, u := range w.users.all {
		if by, on := w.duties[u.ID]; on && tellable(u) {
			do(u, by)
		}
	}
}

func personWithoutContact(w *world, found func(About, Text)) {
	for _, u := range w.users.all {
		if by, on := w.duties[u.ID]; on && !u.Blocked && len(u.Contacts) == 0 {
			found(person(u), say("The person has no contact, and is named by %s.", "Người này chưa có liên hệ nào mà lại có tên trong %s.", by))
		}
	}
}

func personContactsDead(w *world, found func(About, Text)) {
	for _, u := range w.users.all {
		if by, on := w.duties[u.ID]; on && !u.Blocked && len(u.Contacts) > 0 && !tellable(u) {
			found(person(u), say("All contacts of the person are dead or disabled, and %s names the person.", "Mọi liên hệ của người này đều hỏng hoặc đã tắt, mà người này có tên trong %s.", by))
		}
	}
}

func personNotLoud(w *world, found func(About, Text)) {
	w.eachOnDuty(func(u *reach.User, by Text) {
		if !slices.ContainsFunc(u.Contacts, func(c reach.Contact) bool { return c.Usable() && loud(&c) }) {
			found(person(u), say("No contact of the person that works makes a noise, and %s names the person.", "Không liên hệ nào còn dùng được của người này phát ra tiếng, mà người này có tên trong %s.", by))
		}
	})
}

func personQuietHours(w *world, found func(About, Text)) {
	w.eachOnDuty(func(u *reach.User, by Text) {
		zone, hours := u.Zone, hoursOf(u.QuietHours)
		if _, err := w.zones(zone); err != nil || u.QuietHours == nil || u.PierceQuiet || len(hours) == 0 {
			return // hours that nobody can read off a clock do not count
		}
		found(person(u), say("The person has quiet hours, the first of the week from %s to %s, which not even P1 pierces, and %s names the person.", "Người này có giờ không làm phiền (khung đầu tiên trong tuần: từ %s đến %s), khi đó ngay cả cảnh báo P1 cũng không được báo, mà người này có tên trong %s.", clock(hours[0].from), clock(hours[0].to), by))
	})
}

func personMuted(w *world, found func(About, Text)) {
	w.eachOnDuty(func(u *reach.User, by Text) {
		if u.MutedUntil.After(w.now) {
			found(person(u), say("The person is muted until %s, and %s names the person.", "Người này tắt thông báo đến %s, mà người này có tên trong %s.", w.clockOf(u.Zone, u.MutedUntil), by))
		}
	})
}

func contactDead(w *world, found func(About, Text)) {
	w.eachOnDuty(func(u *reach.User, _ Text) {
		for _, c := range u.Contacts {
			if !c.DeadSince.IsZero() && !c.Disabled {
				found(person(u), say("A contact of the person, by %s, has been dead since %s.", "Một liên hệ của người này (%s) đã hỏng từ %s.", c.Kind, c.DeadSince.UTC().Format("2006-01-02")))
			}
		}
	})
}

// ways returns the contacts by which a rule can reach a person.
func ways(u *reach.User, n *reach.NotificationRule) (all []reach.Contact) {
	for _, s := range n.Steps {
		if c, ok := u.Contact(s.Contact); ok && c.Usable() && !s.Disabled {
			all = append(all, c)
		}
	}
	return all
}

func ruleWithoutContact(w *world, found func(About, Text)) {
	w.eachOnDuty(func(u *reach.User, _ Text) {
		for i := range u.Rules {
			if n := &u.Rules[i]; !n.Disabled && len(ways(u, n)) == 0 {
				found(person(u), say("Notification rule %s names no contact that works.", "Quy tắc thông báo %s không có liên hệ nào dùng được.", named(n.Name, i+1)))
			}
		}
	})
}

// wanting returns a person's enabled rules for new alerts.
func wanting(u *reach.User) (all []*reach.NotificationRule) {
	for i := range u.Rules {
		if n := &u.Rules[i]; !n.Disabled && n.Action == reach.CreateAlert {
			all = append(all, n)
		}
	}
	return all
}

// gravest returns those of a person's rules for new alerts that may decide about one of P1: up to the
// first that takes all of these.
func gravest(u *reach.User) []*reach.NotificationRule {
	rules := wanting(u)
	for i, n := range rules {
		if everything(&n.Criteria) && always(n.Restriction) {
			return rules[:i+1]
		}
	}
	return rules
}

func ruleQuiet(w *world, found func(About, Text)) {
	w.eachOnDuty(func(u *reach.User, _ Text) {
		if !slices.ContainsFunc(u.Contacts, func(c reach.Contact) bool { return c.Usable() && loud(&c) }) {
			return // which is told already
		}
		for _, n := range gravest(u) {
			all := ways(u, n)
			if len(all) > 0 && !slices.ContainsFunc(all, func(c reach.Contact) bool { return loud(&c) }) {
				found(person(u), say("Notification rule %s tells new alerts, also of P1, only by what makes no noise.", "Quy tắc thông báo %s chỉ báo cảnh báo mới, kể cả P1, bằng cách không phát ra tiếng.", named(n.Name, 1+slices.IndexFunc(u.Rules, func(r reach.NotificationRule) bool { return r.ID == n.ID }))))
			}
		}
	})
}

func personUnwantedHours(w *world, found func(About, Text)) {
	w.eachOnDuty(func(u *reach.User, by Text) {
		rules := wanting(u)
		if _, err := w.zones(u.Zone); err != nil || len(rules) == 0 {
			return // without a zone hours do not count; without rules every contact is tried
		}
		var hours []stretch
		for _, n := range rules {
			if contradiction(&n.Criteria, 0) == (Text{}) {
				hours = append(hours, hoursOf(n.Restriction)...)
			}
		}
		if gap, some := hole(joined(hours)); some {
			found(person(u), say("No notification rule of the person wants any alert from %s to %s, and %s names the person.", "Không quy tắc thông báo nào của người này nhận cảnh báo từ %s đến %s, mà người này có tên trong %s.", clock(gap.from), clock(gap.to), by))
		}
	})
}

func personUnwantedAlerts(w *world, found func(About, Text)) {
	w.eachOnDuty(func(u *reach.User, by Text) {
		rules := wanting(u)
		all := func(n *reach.NotificationRule) bool { return everything(&n.Criteria) }
		possible := func(n *reach.NotificationRule) bool { return contradiction(&n.Criteria, 0) == (Text{}) }
		if slices.ContainsFunc(rules, possible) && !slices.ContainsFunc(rules, all) {
			found(person(u), say("Every notification rule of the person for new alerts has conditions: an alert that meets none of them tells the person nothing, and %s names the person.", "Mọi quy tắc nhận cảnh báo mới của người này đều có điều kiện: cảnh báo không thỏa điều kiện nào sẽ không đến được, mà người này có tên trong %s.", by))
		}
	})
}
