package lint_test

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/heartbeat"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
)

// mistake is planted into the clean configuration, and must be found there, and nothing else.
type mistake struct {
	name  string
	found []string // check, kind:id
	plant func(*cluster)
}

// mistakes are planted one at a time.
func mistakes() []mistake {
	one := func(found string, name string, plant func(*cluster)) mistake {
		return mistake{name, []string{found}, plant}
	}
	return []mistake{
		one("cluster-nobody cluster:", "the only administrator has no contact", func(c *cluster) {
			for _, id := range []string{"an", "binh"} {
				c.user(id, func(u *reach.User) { u.Profile.Role = "User" })
			}
			put(c, state.Users, reach.User{ID: "lan", Username: "lan@example.vn", Zone: "UTC", Profile: reach.Profile{Role: "Owner"}})
		}),
		{"agents, two teams, no last resort", []string{"agents-nobody cluster:", "catch-all-missing cluster:"}, func(c *cluster) {
			c.catchNothing()
			edit(c, state.Clusters, "cluster", func(x *state.Cluster) { x.DefaultTeam = "" })
		}},
		one("gateway-missing cluster:", "the only gateway is revoked", func(c *cluster) {
			edit(c, state.Peers, "gateway", func(p *state.Peer) { p.Revoked = true })
		}),
		one("checks-for-nobody checks:branch", "a list of checks for a branch that is gone", func(c *cluster) {
			edit(c, state.CheckLists, "branch", func(l *state.CheckList) { l.Labels["site"] = "branch-4" })
		}),
		one("agent-checks-old agent:agent", "an agent that cannot use its checks", func(c *cluster) {
			edit(c, state.Peers, "agent", func(p *state.Peer) { p.ChecksProblem = "website: unknown key" })
		}),
		one("catch-all-missing cluster:", "no last resort", (*cluster).catchNothing),
		one("public-url-missing cluster:", "no public address", func(c *cluster) { c.facts.PublicURL = "" }),
		one("public-url-go-clients cluster:", "https without api", func(c *cluster) { c.facts.PublicURL = "https://keng.example.vn" }),
		one("public-url-go-clients cluster:", "http with api", func(c *cluster) { c.facts.PublicURL = "http://rapid-host:8080" }),

		one("team-routes-nobody team:hr", "a team without routing", func(c *cluster) {
			put(c, state.Teams, route.Team{ID: "hr", Name: "HR", Members: []core.UserID{"an"}, Admins: []core.UserID{"an"}})
		}),
		one("team-routes-nobody team:hr", "a default rule that says none", func(c *cluster) {
			put(c, state.Teams, route.Team{ID: "hr", Name: "HR", Members: []core.UserID{"an"}, Admins: []core.UserID{"an"}, Rules: []route.Rule{{ID: "rest", Default: true}}})
		}),
		one("team-default-nobody team:net", "the rest notifies nobody", func(c *cluster) {
			c.team("net", func(t *route.Team) { t.Rules[2].Notify = alert.Responder{} })
		}),
		one("team-default-nobody team:net", "nothing takes the rest", func(c *cluster) { c.team("net", func(t *route.Team) { t.Rules = t.Rules[:2] }) }),
		one("routing-gone team:net", "a routing rule to a deleted escalation", func(c *cluster) {
			c.team("net", func(t *route.Team) { t.Rules[0].Notify.ID = "gone" })
		}),
		{"a team of people who left", []string{"team-empty team:web", "step-team-nobody escalation:all"}, func(c *cluster) {
			c.left("old")
			c.team("web", func(t *route.Team) { t.Members, t.Admins = []core.UserID{"old", "gone"}, []core.UserID{"old"} })
		}},
		one("team-without-admins team:web", "a team without admins", func(c *cluster) { c.team("web", func(t *route.Team) { t.Admins = nil }) }),

		one("step-gone escalation:net", "a step that names somebody blocked", func(c *cluster) {
			c.left("old")
			c.escalation("net", func(p *escalate.Policy) { p.Rules[1].Recipient.ID = "old" })
		}),
		one("step-gone escalation:net", "a step that names a deleted schedule", func(c *cluster) {
			c.escalation("net", func(p *escalate.Policy) { p.Rules[1].Recipient = who(alert.Schedule, "gone") })
		}),
		{"a step that names a team that routes to nobody", []string{"step-team-nobody escalation:net", "team-routes-nobody team:hr"}, func(c *cluster) {
			put(c, state.Teams, route.Team{ID: "hr", Name: "HR", Members: []core.UserID{"an"}, Admins: []core.UserID{"an"}})
			c.escalation("net", func(p *escalate.Policy) { p.Rules[1].Recipient = who(alert.Team, "hr") })
		}},
		one("step-circle escalation:web", "a step that leads back", func(c *cluster) {
			c.escalation("web", func(p *escalate.Policy) { p.Rules[2].Recipient = who(alert.Team, "web") })
			c.escalation("net", func(p *escalate.Policy) { p.Rules[2].Recipient = who(alert.User, "dung") })
		}),
		{"one step, and no last resort", []string{"catch-all-missing cluster:", "escalation-one-step escalation:web"}, func(c *cluster) {
			c.catchNothing()
			c.escalation("web", func(p *escalate.Policy) { p.Rules = p.Rules[:1] })
		}},
		one("escalation-one-person escalation:web", "all steps lead to one person", func(c *cluster) {
			c.escalation("web", func(p *escalate.Policy) {
				p.Rules = []escalate.Rule{step(0, who(alert.User, "an")), step(5, who(alert.User, "an"))}
			})
			c.escalation("net", func(p *escalate.Policy) { p.Rules[2].Recipient = who(alert.Schedule, "web") })
		}),
		one("escalation-late escalation:net", "nobody for twenty minutes", func(c *cluster) {
			c.escalation("net", func(p *escalate.Policy) {
				for i := range p.Rules {
					p.Rules[i].Delay += 20 * time.Minute
				}
			})
		}),
		one("steps-same escalation:net", "one step twice", func(c *cluster) {
			c.escalation("net", func(p *escalate.Policy) { p.Rules = append(p.Rules, p.Rules[2]) })
		}),
		one("steps-order escalation:net", "steps in disorder", func(c *cluster) {
			c.escalation("net", func(p *escalate.Policy) { p.Rules[1], p.Rules[2] = p.Rules[2], p.Rules[1] })
		}),
		{"a person who tries nothing before the next step", []string{"step-slower escalation:net", "repeat-short escalation:all"}, func(c *cluster) {
			c.user("binh", func(u *reach.User) {
				for i := range u.Rules[0].Steps {
					u.Rules[0].Steps[i].After += 10 * time.Minute
				}
				u.Rules[1].Steps[0].After = 10 * time.Minute
			})
			c.schedule("net", func(s *rota.Schedule) {
				s.Rotations[0].Participants, s.Rotations[1].Participants = turns("an", "chi"), turns("an", "chi")
			})
		}},
		one("escalation-unused escalation:spare", "an escalation that nothing names", func(c *cluster) {
			put(c, state.Escalations, escalate.Policy{ID: "spare", Name: "spare", Rules: []escalate.Rule{step(0, who(alert.User, "an")), step(5, who(alert.User, "binh"))}})
		}),

		{"a step that tells the admins of a team without admins", []string{"step-team-nobody escalation:net", "team-without-admins team:web"}, func(c *cluster) {
			c.team("web", func(t *route.Team) { t.Admins = nil })
			c.escalation("net", func(p *escalate.Policy) { p.Rules[2].Notify = escalate.Admins })
		}},
		{"a step that tells an empty team", []string{"step-team-nobody escalation:all", "step-team-nobody escalation:net", "team-empty team:web"}, func(c *cluster) {
			c.team("web", func(t *route.Team) { t.Members, t.Admins = nil, nil })
			c.escalation("net", func(p *escalate.Policy) { p.Rules[2].Notify = escalate.RoundRobin })
		}},
		{"the next one where there is one", []string{"step-next-nobody escalation:web", "schedule-one-person schedule:web"}, func(c *cluster) {
			c.schedule("web", func(s *rota.Schedule) { s.Rotations[0].Participants = turns("dung", "dung") })
			c.escalation("web", func(p *escalate.Policy) { p.Rules[0].Notify = escalate.Next })
		}},
		one("step-acks-few escalation:net", "two acknowledgements of one person", func(c *cluster) {
			c.escalation("net", func(p *escalate.Policy) { p.Rules[1].Acks = 2 })
		}),
		one("step-acks-few escalation:web", "three acknowledgements of two rotations", func(c *cluster) {
			c.escalation("web", func(p *escalate.Policy) { p.Rules[1].Acks = 3 })
		}),
		one("step-cuts escalation:net", "a call that the next step ends", func(c *cluster) {
			c.user("binh", func(u *reach.User) { u.Rules[0].Steps[1].After = 10 * time.Minute })
			c.schedule("net", func(s *rota.Schedule) {
				s.Rotations[0].Participants, s.Rotations[1].Participants = turns("an", "chi"), turns("an", "chi")
			})
			c.escalation("net", func(p *escalate.Policy) { p.Rules[2].EndsEarlier = true })
		}),
		one("repeat-short escalation:web", "steps that run again before the call", func(c *cluster) {
			c.escalation("web", func(p *escalate.Policy) { p.Repeat = escalate.Repeat{Wait: time.Minute, Count: 3} })
		}),
		one("repeat-closes-soon escalation:web", "an alert that is closed unseen", func(c *cluster) {
			c.escalation("web", func(p *escalate.Policy) {
				p.Repeat = escalate.Repeat{Wait: 5 * time.Minute, Count: 1, CloseAfterAll: true}
			})
		}),
		one("person-not-loud user:eve", "a member of a team that a step tells, with mail alone", func(c *cluster) {
			put(c, state.Users, someone("eve", "vi", "User"))
			c.user("eve", func(u *reach.User) { u.Contacts, u.Rules = u.Contacts[2:], nil })
			c.team("web", func(t *route.Team) { t.Members = append(t.Members, "eve") })
			c.escalation("net", func(p *escalate.Policy) { p.Rules[2].Notify = escalate.All })
		}),

		one("schedule-disabled schedule:web", "a disabled schedule in use", func(c *cluster) { c.schedule("web", func(s *rota.Schedule) { s.Disabled = true }) }),
		one("schedule-empty schedule:web", "a schedule without rotations in use", func(c *cluster) { c.schedule("web", func(s *rota.Schedule) { s.Rotations = nil }) }),
		one("schedule-empty schedule:web", "a schedule whose rotation has ended", func(c *cluster) {
			c.schedule("web", func(s *rota.Schedule) { s.Rotations[0].End = now.Add(-time.Hour) })
		}),
		one("schedule-zone schedule:web", "a schedule with an unknown zone", func(c *cluster) { c.schedule("web", func(s *rota.Schedule) { s.Zone = "Europe/Nowhere" }) }),
		one("schedule-gap schedule:net", "a gap every morning", func(c *cluster) {
			c.schedule("net", func(s *rota.Schedule) { s.Rotations[0].Restriction = daily(9, 20) })
		}),
		one("schedule-gap schedule:net", "a rotation that ends in a month", func(c *cluster) {
			c.schedule("net", func(s *rota.Schedule) { s.Rotations[0].End = now.AddDate(0, 1, 0) })
		}),
		one("schedule-holidays schedule:net", "no such holiday calendar", func(c *cluster) { c.schedule("net", func(s *rota.Schedule) { s.Holidays = "gone" }) }),
		one("schedule-unused schedule:spare", "a schedule that nothing uses", func(c *cluster) {
			put(c, state.Schedules, rota.Schedule{ID: "spare", Name: "spare", Zone: "UTC"})
		}),
		{"a rotation of people who left", []string{"rotation-nobody schedule:net"}, func(c *cluster) {
			c.left("old")
			c.schedule("net", func(s *rota.Schedule) {
				s.Rotations = append(s.Rotations, rota.Rotation{ID: "old", Name: "old", Start: now, Unit: rota.Weekly, Length: 1, Participants: turns("old", "gone")})
			})
		}},
		one("rotation-blocked schedule:net", "somebody blocked has turns", func(c *cluster) {
			c.left("old")
			c.schedule("net", func(s *rota.Schedule) { s.Rotations[0].Participants = turns("an", "old", "binh", "old") })
		}),
		one("rotation-over schedule:net", "a rotation that has ended", func(c *cluster) {
			c.schedule("net", func(s *rota.Schedule) {
				s.Rotations = append(s.Rotations, rota.Rotation{ID: "tet", Name: "Tết", Start: now.AddDate(-1, 0, 0), Unit: rota.Fixed, Slots: []rota.Slot{{Participant: rota.Participant{User: "an"}, Start: now.AddDate(-1, 0, 0), End: now.AddDate(-1, 0, 1)}}})
			})
		}),
		one("schedule-one-person schedule:web", "one person for ever", func(c *cluster) {
			c.schedule("web", func(s *rota.Schedule) { s.Rotations[0].Participants = turns("dung") })
		}),
		one("override-nobody schedule:net", "an override by somebody without contacts", func(c *cluster) {
			put(c, state.Overrides, rota.Override{Alias: "bad", Schedule: "net", Participant: rota.Participant{User: "gone"}, Start: now, End: now.Add(time.Hour), Number: 9})
		}),
		one("forward-nobody user:chi", "forwarding to somebody blocked", func(c *cluster) {
			c.left("old")
			put(c, state.Forwards, rota.Forward{ID: "bad", From: "chi", To: "old", Start: now, End: now.Add(time.Hour), Number: 9})
		}),
		one("forward-circle user:binh", "forwarding in a circle", func(c *cluster) {
			edit(c, state.Forwards, "g", func(f *rota.Forward) { f.Start = now.Add(time.Hour + time.Minute) })
		}),

		one("person-without-contact user:dung", "a person of a step without contacts", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.Contacts, u.Rules = nil, nil })
			state.Overrides.Delete(c.tx, state.Overrides.KeyOf(&rota.Override{Alias: "swap", Schedule: "net"}))
		}),
		one("person-contacts-dead user:dung", "all contacts dead or disabled", func(c *cluster) {
			c.user("dung", func(u *reach.User) {
				u.Contacts[0].DeadSince, u.Contacts[1].Disabled, u.Contacts[2].Disabled = now, true, true
			})
			state.Overrides.Delete(c.tx, state.Overrides.KeyOf(&rota.Override{Alias: "swap", Schedule: "net"}))
		}),
		one("person-not-loud user:dung", "only mail", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.Contacts, u.Rules = u.Contacts[2:], nil })
		}),
		one("person-quiet-hours user:dung", "quiet nights of somebody on call", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.QuietHours = daily(22, 6) })
		}),
		one("restriction-nothing user:dung", "quiet hours without hours", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.QuietHours = &rota.Restriction{} })
		}),
		one("person-muted user:dung", "somebody on call is muted", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.MutedUntil = now.Add(time.Hour) })
		}),
		one("contact-dead user:dung", "a dead telephone", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.Contacts[1].DeadSince = now })
		}),
		one("rule-without-contact user:dung", "a rule that names disabled contacts", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.Contacts[2].Disabled, u.Rules = true, u.Rules[:3] })
		}),
		one("rule-quiet user:dung", "the rule that a new person gets", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.Rules = u.Rules[1:]; u.Rules[0].Steps[0].Contact = "dung-mail" })
		}),
		one("person-unwanted-hours user:dung", "no rule by night", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.Rules[0].Restriction, u.Rules[1].Restriction = daily(6, 22), daily(7, 23) })
		}),
		one("person-unwanted-alerts user:dung", "only rules with conditions", func(c *cluster) {
			c.user("dung", func(u *reach.User) {
				u.Rules[0].Criteria, u.Rules[1].Criteria = all(is("tags", "contains", "core")), all(is("message", "contains", "down"))
			})
		}),

		one("never-matches user:dung", "a person's rule that contradicts itself", func(c *cluster) {
			c.user("dung", func(u *reach.User) {
				u.Rules[0].Criteria = all(is("priority", "less-than", "P2"), is("priority", "equals", "P1"))
			})
		}),
		one("never-matches team:net", "a routing rule that contradicts itself", func(c *cluster) {
			c.team("net", func(t *route.Team) {
				t.Rules[0].Criteria = all(is("entity", "equals", "sw-1"), is("entity", "starts-with", "ap-"))
			})
		}),
		one("never-matches alert-policy:grave", "an alert policy that contradicts itself", func(c *cluster) {
			c.alertPolicy("grave", func(p *route.AlertPolicy) {
				p.Filter = all(is("message", "contains", "core"), route.Condition{Field: "message", Operation: "contains", Value: "core", Not: true})
			})
		}),
		one("never-matches integration:prometheus", "an action that contradicts itself", func(c *cluster) {
			c.integration("prometheus", func(i *route.Integration) {
				i.Actions[1].Filter = all(is("value", "greater-than", "90"), is("value", "less-than", "10"))
			})
		}),
		one("never-matches grouping:site", "a grouping without conditions of which one is wanted", func(c *cluster) {
			edit(c, state.Groupings, "site", func(g *state.Grouping) { g.Grouping.Filter.Join = route.AnyCondition })
		}),
		one("never-reached user:dung", "a person's rule behind one for everything", func(c *cluster) {
			c.user("dung", func(u *reach.User) { u.Rules[0].MinimumPriority = 0 })
		}),
		one("never-reached team:net", "a routing rule behind one for everything", func(c *cluster) {
			c.team("net", func(t *route.Team) { t.Rules[0].Criteria, t.Rules[0].Restriction = route.Criteria{}, nil })
		}),
		one("never-reached alert-policy:grave", "an alert policy behind one for everything", func(c *cluster) {
			c.alertPolicy("tag", func(p *route.AlertPolicy) { p.Continue = false })
		}),
		one("never-reached notification-policy:wait", "a notification policy behind one for the same", func(c *cluster) {
			c.notificationPolicy("wait", func(p *route.NotificationPolicy) { p.Filter, p.Restriction = all(is("priority", "equals", "P5")), nil })
		}),
		one("never-reached integration:prometheus", "an action behind one for everything", func(c *cluster) {
			c.integration("prometheus", func(i *route.Integration) { i.Actions[1].Filter = route.Criteria{} })
		}),
		one("never-reached grouping:second", "a grouping behind one for everything with the same key", func(c *cluster) {
			put(c, state.Groupings, state.Grouping{Place: 1, Grouping: route.Grouping{ID: "second", Name: "second", Key: "{{details.site}}", Filter: all(is("tags", "contains", "site"))}})
		}),
		one("restriction-nothing team:net", "windows for holidays where there are none", func(c *cluster) {
			c.team("net", func(t *route.Team) { t.Rules[0].Restriction.Days = rota.HolidaysOnly })
		}),
		one("restriction-nothing schedule:net", "a rotation without windows", func(c *cluster) {
			c.schedule("net", func(s *rota.Schedule) {
				s.Rotations = append(s.Rotations, rota.Rotation{ID: "x", Name: "x", Start: now, Unit: rota.Weekly, Length: 1, Participants: turns("an"), Restriction: &rota.Restriction{}})
			})
		}),
		one("window-whole team:net", "a window of no length", func(c *cluster) { c.team("net", func(t *route.Team) { t.Rules[0].Restriction = daily(9, 9) }) }),
		one("zone-unknown user:dung", "a person in no zone", func(c *cluster) { c.user("dung", func(u *reach.User) { u.Zone = "Asia/Hanoi" }) }),
		one("zone-unknown team:net", "a routing rule in no zone", func(c *cluster) { c.team("net", func(t *route.Team) { t.Rules[0].Zone = "Asia/Hanoi" }) }),
		one("zone-unknown notification-policy:wait", "a policy in no zone", func(c *cluster) {
			c.notificationPolicy("wait", func(p *route.NotificationPolicy) { p.Zone = "Asia/Hanoi" })
		}),

		one("zone-unknown notification-policy:wait", "a policy for everything in no zone, which has no say", func(c *cluster) {
			c.notificationPolicy("wait", func(p *route.NotificationPolicy) {
				p.Zone, p.Filter, p.Restriction, p.Suppress = "Asia/Hanoi", route.Criteria{}, daily(0, 24), true
			})
			put(c, state.Policies, state.Policy{ID: "last", Place: 2, Team: "net", Notification: &route.NotificationPolicy{ID: "last", Name: "last", Team: "net", Filter: all(is("priority", "equals", "P4"))}})
		}),

		one("policy-suppresses-all notification-policy:wait", "a policy that suppresses everything for ever", func(c *cluster) {
			c.notificationPolicy("wait", func(p *route.NotificationPolicy) { p.Filter, p.Restriction, p.Suppress = route.Criteria{}, nil, true })
		}),
		one("policy-closes-first notification-policy:wait", "a policy that closes first", func(c *cluster) {
			c.notificationPolicy("wait", func(p *route.NotificationPolicy) { p.CloseAfter = 30 * time.Minute })
		}),
		one("policy-delay-long notification-policy:wait", "a policy that delays everything for two days", func(c *cluster) {
			c.notificationPolicy("wait", func(p *route.NotificationPolicy) {
				p.Filter, p.Restriction, p.Delay.For, p.CloseAfter = route.Criteria{}, daily(0, 24), 48*time.Hour, 0
			})
		}),
		one("policy-first-silent notification-policy:wait", "nobody is told the first time", func(c *cluster) {
			c.notificationPolicy("wait", func(p *route.NotificationPolicy) {
				p.Filter, p.Restriction, p.Delay, p.Repeated = route.Criteria{}, nil, nil, &route.Deduplication{Count: 3}
			})
		}),
		one("policy-takes-responders alert-policy:tag", "a policy that takes the responders away", func(c *cluster) {
			c.alertPolicy("tag", func(p *route.AlertPolicy) { p.Fields.IgnoreResponders = true })
		}),

		one("integration-disabled integration:prometheus", "a disabled integration", func(c *cluster) { c.integration("prometheus", func(i *route.Integration) { i.Disabled = true }) }),
		one("integration-nobody integration:api", "an integration for nobody", func(c *cluster) { c.integration("api", func(i *route.Integration) { i.Responders = nil }) }),
		one("integration-responder-gone integration:api", "an integration for somebody who left", func(c *cluster) {
			c.integration("api", func(i *route.Integration) { i.Responders = append(i.Responders, who(alert.User, "gone")) })
		}),
		{"an integration that ignores everything", []string{"integration-ignores-all integration:prometheus"}, func(c *cluster) {
			c.integration("prometheus", func(i *route.Integration) { i.Actions[0].Filter, i.Actions = route.Criteria{}, i.Actions[:1] })
		}},
		one("heartbeat-without-team heartbeat:backup", "a heartbeat of nobody", func(c *cluster) {
			put(c, state.Heartbeats, state.Heartbeat{Beat: heartbeat.Heartbeat{Name: "backup", Interval: 1, Unit: heartbeat.Days, Enabled: true, LastPing: now}})
		}),
		one("heartbeat-never-pinged heartbeat:new", "a heartbeat that was never pinged", func(c *cluster) {
			put(c, state.Heartbeats, state.Heartbeat{Beat: heartbeat.Heartbeat{Name: "new", Interval: 1, Unit: heartbeat.Days, Enabled: true, Team: "net"}})
		}),
		one("maintenance-endless maintenance:now", "a forgotten maintenance", func(c *cluster) {
			edit(c, state.Maintenances, "now", func(m *state.Maintenance) { m.Window.Start = now.AddDate(0, 0, -9) })
		}),
		{"a last resort who left", []string{"catch-all-nobody cluster:"}, func(c *cluster) {
			put(c, state.Users, someone("old", "vi", "User"))
			must(state.New(nil).Handle(c.tx, now, command(state.PutCatchAll{To: state.Party{Kind: alert.User, Pick: state.Pick{ID: "old"}}})))
			c.user("old", func(u *reach.User) { u.Blocked = true })
		}},
	}
}

// left makes a person who has left.
func (c *cluster) left(id string) {
	put(c, state.Users, someone(id, "vi", "User"))
	c.user(id, func(u *reach.User) { u.Blocked = true })
}

// catchNothing takes the last resort away.
func (c *cluster) catchNothing() {
	must(state.New(nil).Handle(c.tx, now, command(state.DeleteCatchAll{})))
}
