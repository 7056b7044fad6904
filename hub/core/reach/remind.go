package reach

import (
	"reflect"
	"slices"
	"time"

	"keng/hub/core"
)

// remindTimes are the words for how long before a change of shift a rule speaks, and what
// they mean.
func remindTimes() map[string]time.Duration {
	return map[string]time.Duration{"just-before": 0, "15-minutes-ago": 15 * time.Minute, "1-hour-ago": time.Hour, "1-day-ago": RemindMost}
}

// RemindMost is how long before a change of shift a person is reminded of it at most.
const RemindMost = 24 * time.Hour

// about reports whether the rule is about changes of shift of a kind, [ScheduleStart] or
// [ScheduleEnd], in a schedule: without schedules it is about all.
func (r *NotificationRule) about(action Action, schedule core.ScheduleID) bool {
	return !r.Disabled && r.Action == action && (len(r.Schedules) == 0 || slices.Contains(r.Schedules, schedule))
}

// Reminds returns how long before a shift in a schedule begins ([ScheduleStart]) or ends
// ([ScheduleEnd]) the person's rules speak, the shortest first, each once.
func (u *User) Reminds(action Action, schedule core.ScheduleID) (before []time.Duration) {
	times := remindTimes()
	for i := range u.Rules {
		if !u.Rules[i].about(action, schedule) {
			continue
		}
		for _, word := range u.Rules[i].Times {
			if d, ok := times[word]; ok {
				before = append(before, d)
			}
		}
	}
	slices.Sort(before)
	return slices.Compact(before)
}

// Reminder returns the rule by which the person is reminded at a moment, which is so long
// before a shift in a schedule begins or ends: the first that speaks then and in whose hours, by
// the person's zone, the moment is. Zone nil, if it is not known, restricts no rule. Criteria
// are about alerts, and decide nothing here. Who has no such rule is not reminded, as in
// Opsgenie.
func (u *User) Reminder(action Action, schedule core.ScheduleID, before time.Duration, at time.Time, zone *time.Location) (*NotificationRule, bool) {
	times := remindTimes()
	i := slices.IndexFunc(u.Rules, func(r NotificationRule) bool {
		speaks := slices.ContainsFunc(r.Times, func(word string) bool {
			d, known := times[word]
			return known && d == before
		})
		return speaks && r.about(action, schedule) && (zone == nil || r.Restriction.Covers(at, zone))
	})
	if i < 0 {
		return nil, false
	}
	return &u.Rules[i], true
}

// Quiet returns by which contacts the person gets what is no alert by a rule: those of the
// rule's steps with the least delay, at once, and in reserve, one after another for as long as
// none arrives, those of its other steps and then all others that work. Nobody is called for
// it: a step that names a telephone is passed over, as is one whose contact is dead. A rule
// of which no step is enabled gives none.
func (u *User) Quiet(rule *NotificationRule) (now, reserve []Contact) {
	var attempts []Attempt
	stepped := false
	for _, step := range rule.Steps {
		c, ok := u.Contact(step.Contact)
		if !ok || c.Disabled || step.Disabled {
			continue
		}
		stepped = true
		if c.quiet() {
			attempts = append(attempts, Attempt{Contact: c, At: time.Time{}.Add(step.After)})
		}
	}
	if !stepped {
		return nil, nil
	}
	slices.SortStableFunc(attempts, func(a, b Attempt) int { return a.At.Compare(b.At) })
	for _, a := range attempts {
		if a.At.Equal(attempts[0].At) {
			now = append(now, a.Contact)
		} else {
			reserve = append(reserve, a.Contact)
		}
	}
	return u.reserved(now, reserve)
}

// QuietBy returns by which contacts the person gets what is no alert and of which no rule
// speaks: the first of each kind that works, at once, and in reserve all others.
func (u *User) QuietBy(kinds ...string) (now, reserve []Contact) {
	for _, kind := range kinds {
		i := slices.IndexFunc(u.Contacts, func(c Contact) bool { return c.Kind == kind && c.quiet() })
		if i >= 0 {
			now = append(now, u.Contacts[i])
		}
	}
	return u.reserved(now, nil)
}

// reserved adds the person's other contacts to those in reserve. Each address is in it once,
// and one is tried at once if there is any.
func (u *User) reserved(now, reserve []Contact) ([]Contact, []Contact) {
	for _, c := range u.Contacts {
		if c.quiet() {
			reserve = append(reserve, c)
		}
	}
	type address struct{ kind, to string }
	seen := map[address]bool{}
	twice := func(c Contact) bool {
		was := seen[address{c.Kind, c.Address}]
		seen[address{c.Kind, c.Address}] = true
		return was
	}
	now = slices.DeleteFunc(now, twice)
	reserve = slices.DeleteFunc(reserve, twice)
	if len(now) == 0 && len(reserve) > 0 {
		return reserve[:1], reserve[1:]
	}
	return now, reserve
}

// quiet reports whether the person can be told by a contact without a call.
func (c *Contact) quiet() bool { return c.Usable() && c.Kind != "voice" }

// RemindedLike reports whether two states of a person are reminded in the same way.
func (u *User) RemindedLike(other *User) bool {
	mine, theirs := u.reminders(), other.reminders()
	if len(mine) == 0 && len(theirs) == 0 {
		return true
	}
	return u.Zone == other.Zone && u.Blocked == other.Blocked && reflect.DeepEqual(mine, theirs)
}

// reminders are the person's rules about changes of shift that count.
func (u *User) reminders() []NotificationRule {
	return slices.DeleteFunc(slices.Clone(u.Rules), func(r NotificationRule) bool {
		return r.Disabled || r.Action != ScheduleStart && r.Action != ScheduleEnd
	})
}
