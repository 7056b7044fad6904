package reach_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
)

func ids(contacts []reach.Contact) string {
	var all []string
	for _, c := range contacts {
		all = append(all, string(c.ID))
	}
	return strings.Join(all, " ")
}

// By which contacts a person gets what is no alert. Rules keng-6.notice.quiet, keng-6.notice.reserve.
func TestQuiet(t *testing.T) {
	contacts := []reach.Contact{
		{ID: "push", Kind: "push", Address: "p"}, {ID: "call", Kind: "voice", Address: "v"}, {ID: "mail", Kind: "email", Address: "m"},
		{ID: "same", Kind: "email", Address: "m"}, {ID: "off", Kind: "sms", Address: "o", Disabled: true}, {ID: "dead", Kind: "push", Address: "d", DeadSince: now}, {ID: "sms", Kind: "sms", Address: "s"},
	}
	step := func(contact core.ContactID, after time.Duration) reach.Step {
		return reach.Step{Contact: contact, After: after}
	}
	for _, c := range []struct {
		name         string
		steps        []reach.Step
		now, reserve string
	}{
		{"one step", []reach.Step{step("mail", 0)}, "mail", "push sms"},
		{"all at once, as in Opsgenie", []reach.Step{step("mail", 0), step("push", 0)}, "mail push", "sms"},
		{"the later ones in reserve, the earliest first", []reach.Step{step("sms", 2*time.Minute), step("push", time.Minute), step("mail", 0)}, "mail", "push sms"},
		{"nobody is called", []reach.Step{step("call", 0), step("mail", time.Minute)}, "mail", "push sms"},
		{"only a call", []reach.Step{step("call", 0)}, "push", "mail sms"},
		{"a dead contact", []reach.Step{step("dead", 0), step("sms", time.Minute)}, "sms", "push mail"},
		{"one address twice", []reach.Step{step("mail", 0), step("same", 0)}, "mail", "push sms"},
		{"switched off", []reach.Step{step("off", 0), {Contact: "push", Disabled: true}, step("gone", 0)}, "", ""},
		{"no step", nil, "", ""},
	} {
		u := reach.User{Contacts: contacts}
		at, reserve := u.Quiet(&reach.NotificationRule{Steps: c.steps})
		if ids(at) != c.now || ids(reserve) != c.reserve {
			t.Errorf("%s: %q, in reserve %q", c.name, ids(at), ids(reserve))
		}
	}
	u := reach.User{Contacts: contacts}
	at, reserve := u.QuietBy("email", "push")
	if ids(at) != "mail push" || ids(reserve) != "sms" {
		t.Errorf("by kinds: %q, in reserve %q", ids(at), ids(reserve))
	}
	u.Contacts = contacts[1:2]
	if at, reserve := u.QuietBy("email"); len(at)+len(reserve) > 0 {
		t.Errorf("by a call: %q, in reserve %q", ids(at), ids(reserve))
	}
}

// Which rule speaks, and when. Rules ogapi-8.reminder.rule, ogapi-8.reminder.times, ogapi-8.reminder.schedules.
func TestReminder(t *testing.T) {
	hours := func(from, to int) *rota.Restriction {
		return &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: from * 60, EndMinute: to * 60}}}
	}
	u := reach.User{Rules: []reach.NotificationRule{
		{ID: "alerts", Action: reach.CreateAlert, Times: []string{"just-before"}},
		{ID: "off", Action: reach.ScheduleStart, Times: []string{"1-day-ago", "15-minutes-ago"}, Disabled: true},
		{ID: "net", Action: reach.ScheduleStart, Times: []string{"1-hour-ago"}, Schedules: []core.ScheduleID{"net"}},
		{ID: "day", Action: reach.ScheduleStart, Times: []string{"1-hour-ago", "just-before", "strange"}, Restriction: hours(14, 15)},
		{ID: "any", Action: reach.ScheduleStart, Times: []string{"1-hour-ago", "just-before"}},
		{ID: "end", Action: reach.ScheduleEnd, Times: []string{"1-day-ago"}},
	}}
	for _, c := range []struct {
		action   reach.Action
		schedule core.ScheduleID
		want     string
	}{
		{reach.ScheduleStart, "net", "[0s 1h0m0s]"}, {reach.ScheduleStart, "it", "[0s 1h0m0s]"}, {reach.ScheduleEnd, "it", "[24h0m0s]"}, {reach.ClosedAlert, "it", "[]"},
	} {
		if got := fmt.Sprint(u.Reminds(c.action, c.schedule)); got != c.want {
			t.Errorf("%d in %s: reminded %s before", c.action, c.schedule, got)
		}
	}
	hanoi := time.FixedZone("", 7*60*60)
	for _, c := range []struct {
		action   reach.Action
		schedule core.ScheduleID
		before   time.Duration
		zone     *time.Location
		want     string
	}{
		{reach.ScheduleStart, "net", time.Hour, time.UTC, "net"}, {reach.ScheduleStart, "it", time.Hour, time.UTC, "day"}, {reach.ScheduleStart, "it", time.Hour, hanoi, "any"},
		{reach.ScheduleStart, "it", 0, nil, "day"}, {reach.ScheduleStart, "it", 15 * time.Minute, time.UTC, ""}, {reach.ScheduleEnd, "it", 24 * time.Hour, time.UTC, "end"}, {reach.ScheduleEnd, "it", 0, time.UTC, ""},
	} {
		r, ok := u.Reminder(c.action, c.schedule, c.before, now, c.zone)
		if got := ""; ok {
			if got = r.ID; got != c.want {
				t.Errorf("%+v: rule %q", c, got)
			}
		} else if c.want != "" {
			t.Errorf("%+v: no rule", c)
		}
	}
}

// What a change of a person means to reminders.
func TestRemindedLike(t *testing.T) {
	person := func() reach.User {
		return reach.User{Zone: "UTC", Rules: []reach.NotificationRule{{Action: reach.ScheduleEnd, Times: []string{"just-before"}}}}
	}
	for name, change := range map[string]func(*reach.User){
		"times": func(u *reach.User) { u.Rules[0].Times = []string{"1-day-ago"} }, "zone": func(u *reach.User) { u.Zone = "Asia/Tokyo" }, "block": func(u *reach.User) { u.Blocked = true },
		"off": func(u *reach.User) { u.Rules[0].Disabled = true }, "none": func(u *reach.User) { u.Rules = nil },
	} {
		a, b := person(), person()
		if !a.RemindedLike(&b) {
			t.Fatal("the same person is reminded otherwise")
		}
		if change(&b); a.RemindedLike(&b) || b.RemindedLike(&a) {
			t.Errorf("%s makes no difference", name)
		}
	}
	a, b := person(), person()
	b.FullName, b.Contacts = "An", []reach.Contact{{ID: "c"}}
	b.Rules = append(b.Rules, reach.NotificationRule{Action: reach.CreateAlert})
	if !a.RemindedLike(&b) {
		t.Error("a name, a contact and a rule for alerts make a difference")
	}
	a.Rules, b.Rules, b.Zone = nil, nil, "Asia/Tokyo"
	if !a.RemindedLike(&b) {
		t.Error("who is not reminded is reminded otherwise in another zone")
	}
}
