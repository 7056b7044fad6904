package state

import (
	"errors"
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

var usersByName = table.NewIndex(1, "username", true, func(u *reach.User) []table.Key { return []table.Key{table.K().String(u.Username)} })

// Users holds the people.
var Users = table.New(6, "users", func(u *reach.User) table.Key { return table.K().String(string(u.ID)) }, usersByName)

var teamsByName = table.NewIndex(1, "name", true, func(t *route.Team) []table.Key { return []table.Key{table.K().String(t.Name)} })

// Teams holds the teams with their routing rules.
var Teams = table.New(7, "teams", func(t *route.Team) table.Key { return table.K().String(string(t.ID)) }, teamsByName)

var schedulesByName = table.NewIndex(1, "name", true, func(s *rota.Schedule) []table.Key { return []table.Key{table.K().String(s.Name)} })

// Schedules holds the on-call schedules.
var Schedules = table.New(8, "schedules", func(s *rota.Schedule) table.Key { return table.K().String(string(s.ID)) }, schedulesByName)

var escalationsByName = table.NewIndex(1, "name", true, func(p *escalate.Policy) []table.Key { return []table.Key{table.K().String(p.Name)} })

// Escalations holds the escalation policies.
var Escalations = table.New(9, "escalations", func(p *escalate.Policy) table.Key { return table.K().String(string(p.ID)) }, escalationsByName)

// FindUser returns a person by id or username.
func FindUser(r table.Reader, name string) (*reach.User, bool) {
	if u, ok := Users.Get(r, table.K().String(name)); ok {
		return u, true
	}
	return usersByName.First(r, table.K().String(name))
}

// FindTeam returns a team by id or name.
func FindTeam(r table.Reader, name string) (*route.Team, bool) {
	if t, ok := Teams.Get(r, table.K().String(name)); ok {
		return t, true
	}
	return teamsByName.First(r, table.K().String(name))
}

// FindSchedule returns a schedule by id or name.
func FindSchedule(r table.Reader, name string) (*rota.Schedule, bool) {
	if s, ok := Schedules.Get(r, table.K().String(name)); ok {
		return s, true
	}
	return schedulesByName.First(r, table.K().String(name))
}

// FindEscalation returns an escalation policy by id or name.
func FindEscalation(r table.Reader, name string) (*escalate.Policy, bool) {
	if p, ok := Escalations.Get(r, table.K().String(name)); ok {
		return p, true
	}
	return escalationsByName.First(r, table.K().String(name))
}

// PutUser creates a person, or replaces the one with that id. Contacts and rules
// without an id get one; a step of a rule may name a contact by its kind.
type PutUser struct {
	User reach.User `cbor:"1,keyasint"`
}

func (PutUser) number() number { return putUser }

func (p PutUser) apply(c *change) (reach.User, error) {
	u := p.User
	if u.Username == "" {
		return u, core.Invalid("username", "a person needs a username")
	}
	if u.Language != "vi" && u.Language != "en" {
		return u, core.Invalid("language", "must be vi or en")
	}
	if _, err := c.zones(u.Zone); err != nil || u.Zone == "" {
		return u, core.Invalid("timeZone", "there is no time zone "+u.Zone)
	}
	if u.ID == "" {
		u.ID = core.UserID(c.newID("user"))
	}
	if err := c.nameContacts(&u); err != nil {
		return u, err
	}
	for i := range u.Rules {
		if u.Rules[i].ID == "" {
			u.Rules[i].ID = c.newID("notification-rule")
		}
		for j := range u.Rules[i].Steps {
			step := &u.Rules[i].Steps[j]
			k := slices.IndexFunc(u.Contacts, func(k reach.Contact) bool { return k.ID == step.Contact || k.Kind == string(step.Contact) })
			if k < 0 {
				return u, core.Invalid("steps", "the person has no contact "+string(step.Contact))
			}
			step.Contact = u.Contacts[k].ID
			if step.ID == "" {
				step.ID = c.newID("step")
			}
			if step.After < 0 {
				return u, core.Invalid("sendAfter", "must not be negative")
			}
		}
	}
	was, ok := Users.Get(c.tx, table.K().String(string(u.ID)))
	if !ok {
		was = &reach.User{}
	}
	if !u.RemindedLike(was) {
		c.schedulesChanged()
	}
	if err := c.unique(keep(c, Users, &u), "User", u.Username); err != nil {
		return u, err
	}
	return u, c.canaryChanged(was, &u)
}

// nameContacts gives ids to contacts that have none: the one of before to an address that
// the person had before, so that pages already planned for it still find it.
func (c *change) nameContacts(u *reach.User) error {
	old, ok := Users.Get(c.tx, table.K().String(string(u.ID)))
	if !ok {
		old = &reach.User{}
	}
	taken := map[core.ContactID]bool{}
	for _, k := range u.Contacts {
		if k.ID != "" && taken[k.ID] {
			return core.Invalid("contacts", "two have the id "+string(k.ID))
		}
		taken[k.ID] = true
	}
	for i := range u.Contacts {
		k := &u.Contacts[i]
		if k.ID != "" {
			continue
		}
		same := slices.IndexFunc(old.Contacts, func(o reach.Contact) bool {
			return o.Kind == k.Kind && o.Address == k.Address && !taken[o.ID]
		})
		if same >= 0 {
			k.ID = old.Contacts[same].ID
		} else {
			k.ID = core.ContactID(c.newID("contact"))
		}
		taken[k.ID] = true
	}
	return nil
}

// PutTeam creates a team, or replaces the one with that id.
type PutTeam struct {
	Team route.Team `cbor:"1,keyasint"`
}

func (PutTeam) number() number { return putTeam }

func (p PutTeam) apply(c *change) (route.Team, error) {
	t := p.Team
	if t.Name == "" {
		return t, core.Invalid("name", "a team needs a name")
	}
	if t.ID == "" {
		t.ID = core.TeamID(c.newID("team"))
	}
	for i := range t.Rules {
		r := &t.Rules[i]
		if r.ID == "" {
			r.ID = c.newID("routing-rule")
		}
		for _, cond := range r.Criteria.Conditions {
			if err := cond.Check(); err != nil {
				return t, err
			}
		}
		if r.Notify.Kind != 0 && r.Notify.Kind != alert.Escalation && r.Notify.Kind != alert.Schedule {
			return t, core.Invalid("notify", "a routing rule notifies an escalation or a schedule, or nobody")
		}
		if err := c.exists(r.Notify); err != nil {
			return t, err
		}
	}
	return t, c.unique(keep(c, Teams, &t), "Team", t.Name)
}

// PutSchedule creates a schedule, or replaces the one with that id.
type PutSchedule struct {
	Schedule rota.Schedule `cbor:"1,keyasint"`
}

func (PutSchedule) number() number { return putSchedule }

func (p PutSchedule) apply(c *change) (rota.Schedule, error) {
	s := p.Schedule
	if s.Name == "" {
		return s, core.Invalid("name", "a schedule needs a name")
	}
	if _, err := c.zones(s.Zone); err != nil || s.Zone == "" {
		return s, core.Invalid("timezone", "there is no time zone "+s.Zone)
	}
	if s.ID == "" {
		s.ID = core.ScheduleID(c.newID("schedule"))
	}
	for i := range s.Rotations {
		r := &s.Rotations[i]
		if r.ID == "" {
			r.ID = c.newID("rotation")
		}
		r.Length = max(1, r.Length)
		if err := r.Check(); err != nil {
			return s, err
		}
		for _, participant := range takers(r, c.now) {
			if participant.User == "" {
				continue
			}
			if err := c.exists(alert.Responder{Kind: alert.User, ID: string(participant.User)}); err != nil {
				return s, err
			}
		}
	}
	c.scheduleChanged(s.ID)
	if err := c.unique(keep(c, Schedules, &s), "Schedule", s.Name); err != nil {
		return s, err
	}
	return s, c.forgetRotations(&s)
}

// PutEscalation creates an escalation policy, or replaces the one with that id.
type PutEscalation struct {
	Policy escalate.Policy `cbor:"1,keyasint"`
}

func (PutEscalation) number() number { return putEscalation }

func (p PutEscalation) apply(c *change) (escalate.Policy, error) {
	e := p.Policy
	if err := c.checkEscalation(&e).err(); err != nil {
		return e, err
	}
	if e.ID == "" {
		e.ID = core.EscalationID(c.newID("escalation"))
	}
	return e, c.unique(keep(c, Escalations, &e), "Escalation", e.Name)
}

// exists says that what a configuration names is not there. The zero responder is
// nobody, and fine.
func (c *change) exists(r alert.Responder) error {
	key := table.K().String(r.ID)
	ok, sort := true, ""
	switch r.Kind {
	case alert.User:
		_, ok = Users.Get(c.tx, key)
		sort = "user"
	case alert.Team:
		_, ok = Teams.Get(c.tx, key)
		sort = "team"
	case alert.Escalation:
		_, ok = Escalations.Get(c.tx, key)
		sort = "escalation"
	case alert.Schedule:
		_, ok = Schedules.Get(c.tx, key)
		sort = "schedule"
	}
	if !ok {
		return core.Missing(sort, r.ID)
	}
	return nil
}

// unique turns a table's complaint about a name into words for a person.
func (c *change) unique(err error, sort, name string) error {
	if _, taken := errors.AsType[*table.UniqueError](err); taken {
		return &core.Error{Kind: core.Conflict, Words: sort + " with name [" + name + "] already exists."}
	}
	return err
}
