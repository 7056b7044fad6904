package lint

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/holiday"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/raftstore/table"
)

// world is the configuration, read once, and what several checks conclude from it.
type world struct {
	table.Reader
	now   time.Time
	zones state.Zones
	facts Facts

	users       shelf[core.UserID, reach.User]
	teams       shelf[core.TeamID, route.Team]
	schedules   shelf[core.ScheduleID, rota.Schedule]
	escalations shelf[core.EscalationID, escalate.Policy]

	integrations []*state.Integration
	policies     []*state.Policy // by kind and team, in their order
	groupings    []*state.Grouping

	overrides   map[core.ScheduleID][]*rota.Override // that are not over
	forwards    map[core.UserID][]*rota.Forward      // that are not over, by from whom
	usedBy      map[alert.Responder]Text             // by what a responder is told first
	duties      map[core.UserID]Text                 // for what a person may be woken, the first thing
	reached     map[alert.Responder][]core.UserID    // see reaches
	holidayDays map[string]holiday.Days
	unseen      int
}

// shelf is the rows of a table, in order and by id.
type shelf[K cmp.Ordered, R any] struct {
	all  []*R
	byID map[K]*R
}

func shelve[K cmp.Ordered, R any](rows iter.Seq[*R], id func(*R) K) shelf[K, R] {
	s := shelf[K, R]{byID: map[K]*R{}}
	for row := range rows {
		s.all = append(s.all, row)
		s.byID[id(row)] = row
	}
	return s
}

func newWorld(r table.Reader, now time.Time, zones state.Zones, facts Facts) *world {
	w := &world{
		Reader: r, now: now, zones: remembered(zones), facts: facts,
		users:        shelve(state.Users.All(r), func(u *reach.User) core.UserID { return u.ID }),
		teams:        shelve(state.Teams.All(r), func(t *route.Team) core.TeamID { return t.ID }),
		schedules:    shelve(state.Schedules.All(r), func(s *rota.Schedule) core.ScheduleID { return s.ID }),
		escalations:  shelve(state.Escalations.All(r), func(p *escalate.Policy) core.EscalationID { return p.ID }),
		integrations: slices.Collect(state.Integrations.All(r)),
		policies:     slices.Collect(state.Policies.All(r)),
		groupings:    state.GroupingList(r),
		overrides:    map[core.ScheduleID][]*rota.Override{},
		forwards:     map[core.UserID][]*rota.Forward{},
		usedBy:       map[alert.Responder]Text{},
		duties:       map[core.UserID]Text{},
		reached:      map[alert.Responder][]core.UserID{},
		holidayDays:  map[string]holiday.Days{},
	}
	slices.SortStableFunc(w.policies, func(a, b *state.Policy) int {
		return cmp.Or(cmp.Compare(a.Kind(), b.Kind()), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Place, b.Place))
	})
	for o := range state.Overrides.All(r) {
		if o.End.After(now) {
			w.overrides[o.Schedule] = append(w.overrides[o.Schedule], o)
		}
	}
	for f := range state.ForwardsOf(r, "", now) {
		w.forwards[f.From] = append(w.forwards[f.From], f)
	}
	w.noteUses()
	w.noteDuties()
	return w
}

// counts says how much there is.
func (w *world) counts() []Count {
	number := func(kind string, n int) Count { return Count{kind, n} }
	return []Count{
		number("user", len(w.users.all)), number("team", len(w.teams.all)), number("schedule", len(w.schedules.all)),
		number("escalation", len(w.escalations.all)), number("policy", len(w.policies)), number("integration", len(w.integrations)),
		number("grouping", len(w.groupings)),
	}
}

// noteUses notes what leads to what: routing rules, steps of escalations, turns and overrides of
// schedules, integrations, policies.
func (w *world) noteUses() {
	use := func(r alert.Responder, by Text) {
		if _, known := w.usedBy[r]; !known && r.Kind != 0 {
			w.usedBy[r] = by
		}
	}
	for _, t := range w.teams.all {
		for _, r := range t.Rules {
			use(r.Notify, say("a routing rule of team %s", "một quy tắc định tuyến của nhóm %s", t.Name))
		}
	}
	for _, p := range w.escalations.all {
		for i, r := range p.Rules {
			by := say("step %d of escalation %s", "bước %d của chính sách leo thang %s", i+1, p.Name)
			use(r.Recipient, by)
			for _, to := range w.recipients(r) {
				use(to, by)
			}
		}
	}
	for _, i := range w.integrations {
		by := say("integration %s", "tích hợp %s", i.Rules.Name)
		for _, r := range i.Rules.Responders {
			use(r, by)
		}
		for _, a := range i.Rules.Actions {
			for _, r := range a.Fields.Responders {
				use(r, by)
			}
		}
	}
	if row, ok := state.CatchAllOf(w); ok {
		use(row.To, Text{"the last resort", "người được gọi cuối cùng"})
	}
	for _, p := range w.policies {
		if p.Alert == nil {
			continue
		}
		for _, r := range p.Alert.Fields.Responders {
			use(r, say("alert policy %s", "chính sách cảnh báo %s", p.Alert.Name))
		}
	}
}

// noteDuties notes who may be woken: who is named somewhere, or is on call in a schedule to which
// something leads.
func (w *world) noteDuties() {
	for _, s := range w.schedules.all {
		if _, used := w.sends(s); s.Disabled || !used {
			continue
		}
		for p := range w.takers(s) {
			r := state.ResponderOf(p)
			if _, known := w.usedBy[r]; !known && r.Kind != 0 {
				w.usedBy[r] = say("schedule %s", "lịch trực %s", s.Name)
			}
		}
	}
	for _, u := range w.users.all {
		if by, used := w.usedBy[alert.Responder{Kind: alert.User, ID: string(u.ID)}]; used {
			w.duties[u.ID] = by
		}
	}
}

// takers are those who have turns, slots or overrides of a schedule from now on.
func (w *world) takers(s *rota.Schedule) iter.Seq[rota.Participant] {
	return func(yield func(rota.Participant) bool) {
		for i := range s.Rotations {
			for p := range w.turns(&s.Rotations[i]) {
				if !yield(p) {
					return
				}
			}
		}
		for _, o := range w.overrides[s.ID] {
			if !yield(o.Participant) {
				return
			}
		}
	}
}

// turns are those who have turns or slots of a rotation from now on.
func (w *world) turns(r *rota.Rotation) iter.Seq[rota.Participant] {
	return func(yield func(rota.Participant) bool) {
		if w.over(r) {
			return
		}
		for _, p := range r.Participants {
			if r.Unit != rota.Fixed && !yield(p) {
				return
			}
		}
		for _, slot := range r.Slots {
			if slot.End.After(w.now) && !yield(slot.Participant) {
				return
			}
		}
	}
}

// over reports whether a rotation has ended.
func (w *world) over(r *rota.Rotation) bool {
	last := len(r.Slots) - 1
	return !r.End.IsZero() && !r.End.After(w.now) || r.Unit == rota.Fixed && (last < 0 || !r.Slots[last].End.After(w.now))
}

// remembered finds each zone once.
func remembered(zones state.Zones) state.Zones {
	type answer struct {
		zone *time.Location
		err  error
	}
	known := map[string]answer{}
	return func(name string) (*time.Location, error) {
		a, ok := known[name]
		if !ok {
			a.zone, a.err = zones(name)
			known[name] = a
		}
		return a.zone, a.err
	}
}
