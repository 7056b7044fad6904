package state

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Member is a person with a role in a team.
type Member struct {
	User Pick   `cbor:"1,keyasint"`
	Role string `cbor:"2,keyasint,omitempty"` // admin or user; empty: user
}

// TeamFields is what a caller says of a team. Nil is not said.
type TeamFields struct {
	Name        *string   `cbor:"1,keyasint,omitempty"`
	Description *string   `cbor:"2,keyasint,omitempty"`
	Members     *[]Member `cbor:"3,keyasint,omitempty"` // replaces all
}

// fill writes what was said into a team and complains about what cannot be.
func (f *TeamFields) fill(c *change, t *route.Team) faults {
	wrong := faults{}
	set(&t.Name, f.Name)
	wrong.length("name", t.Name, NameMax-1)
	set(&t.Description, f.Description)
	wrong.length("description", t.Description, TextMax)
	if f.Members != nil {
		t.Members, t.Admins = nil, nil
		wrong.count("members", len(*f.Members), MembersMax)
		for i, m := range (*f.Members)[:min(len(*f.Members), MembersMax)] {
			c.join(wrong, fmt.Sprintf("members[%d].", i), t, m)
		}
	}
	return wrong
}

// join makes somebody a member, or gives a member another role.
func (c *change) join(wrong faults, at string, t *route.Team, m Member) {
	u, err := m.User.User(c.tx)
	if err != nil {
		wrong.missing(at+"user", err)
		return
	}
	if m.Role != "" && m.Role != "user" && m.Role != "admin" {
		wrong.add(at+"role", "must be user or admin: a team has no roles of its own yet")
	}
	leave(t, u.ID)
	t.Members = append(t.Members, u.ID)
	if m.Role == "admin" {
		t.Admins = append(t.Admins, u.ID)
	}
}

// leave takes a person from a team and reports whether the person was a member.
func leave(t *route.Team, id core.UserID) bool {
	is := func(x core.UserID) bool { return x == id }
	was := slices.ContainsFunc(t.Members, is)
	t.Members, t.Admins = slices.DeleteFunc(t.Members, is), slices.DeleteFunc(t.Admins, is)
	return was
}

// The names of what a team gets at its beginning.
const (
	scheduleSuffix   = "_schedule"
	escalationSuffix = "_escalation"
)

// CreateTeam makes a team with a schedule in which its members take turns by the week, an
// escalation to whom it has on call, and a default routing rule to that.
type CreateTeam struct {
	Fields TeamFields `cbor:"1,keyasint"`
}

func (CreateTeam) number() number { return createTeam }

func (k CreateTeam) apply(c *change) (route.Team, error) {
	t := route.Team{ID: core.TeamID(c.newID("team"))}
	wrong := k.Fields.fill(c, &t)
	if t.Name == "" {
		wrong.add("name", "a team needs a name")
	}
	if err := wrong.err(); err != nil {
		return t, err
	}
	if _, err := (PutTeam{Team: t}).apply(c); err != nil { // a taken name is the team's, not its schedule's
		return t, err
	}
	s := rota.Schedule{Name: t.Name + scheduleSuffix, Zone: c.zone(nil), Team: t.ID, Description: "Made with team " + t.Name + "."}
	if len(t.Members) > 0 {
		r := rota.Rotation{Name: "Rot1", Start: c.now.Truncate(time.Hour), Unit: rota.Weekly, Length: 1}
		for _, m := range t.Members[:min(len(t.Members), TurnsMax)] {
			r.Participants = append(r.Participants, rota.Participant{User: m})
		}
		s.Rotations = []rota.Rotation{r}
	}
	s, err := PutSchedule{Schedule: s}.apply(c)
	if err != nil {
		return t, err
	}
	e, err := PutEscalation{Policy: escalate.Policy{Name: t.Name + escalationSuffix, Team: t.ID, Description: "Made with team " + t.Name + ".",
		Rules: []escalate.Rule{{Condition: escalate.IfNotAcked, Recipient: alert.Responder{Kind: alert.Schedule, ID: string(s.ID)}}}}}.apply(c)
	if err != nil {
		return t, err
	}
	t.Rules = []route.Rule{{Name: "Default Routing Rule", Default: true, Zone: c.zone(nil), Notify: alert.Responder{Kind: alert.Escalation, ID: string(e.ID)}}}
	return PutTeam{Team: t}.apply(c)
}

// ChangeTeam changes what is said of a team.
type ChangeTeam struct {
	Team   Pick       `cbor:"1,keyasint"`
	Fields TeamFields `cbor:"2,keyasint"`
}

func (ChangeTeam) number() number { return changeTeam }

func (k ChangeTeam) apply(c *change) (route.Team, error) {
	return c.changeTeam(k.Team, func(t *route.Team) error { return k.Fields.fill(c, t).err() })
}

// changeTeam lets a function change a team and keeps the result.
func (c *change) changeTeam(which Pick, do func(*route.Team) error) (route.Team, error) {
	t, err := which.Team(c.tx)
	if err != nil {
		return route.Team{}, err
	}
	if err := do(t); err != nil {
		return *t, err
	}
	kept, err := PutTeam{Team: *t}.apply(c)
	if err == nil && c.circle(alert.Responder{Kind: alert.Team, ID: string(t.ID)}, map[alert.Responder]bool{}) {
		err = core.Invalid("notify", "what the rule notifies leads back to this team: an alert would go round for ever")
	}
	return kept, err
}

// AddMember makes a person a member of a team, or gives a member another role.
type AddMember struct {
	Team   Pick   `cbor:"1,keyasint"`
	Member Member `cbor:"2,keyasint"`
}

func (AddMember) number() number { return addMember }

func (k AddMember) apply(c *change) (route.Team, error) {
	return c.changeTeam(k.Team, func(t *route.Team) error {
		wrong := faults{}
		c.join(wrong, "", t, k.Member)
		wrong.count("members", len(t.Members), MembersMax)
		return wrong.err()
	})
}

// RemoveMember takes a person from a team.
type RemoveMember struct {
	Team Pick `cbor:"1,keyasint"`
	User Pick `cbor:"2,keyasint"`
}

func (RemoveMember) number() number { return removeMember }

func (k RemoveMember) apply(c *change) (route.Team, error) {
	return c.changeTeam(k.Team, func(t *route.Team) error {
		u, err := k.User.User(c.tx)
		if err != nil {
			return err
		}
		if !leave(t, u.ID) {
			return core.Missing("Member", u.Username)
		}
		return nil
	})
}

// DeleteTeam deletes a team that nothing needs, together with the schedule and the
// escalation that were made with it, unless others need those. What else it owned stays,
// without an owner.
type DeleteTeam struct {
	Team Pick `cbor:"1,keyasint"`
}

func (DeleteTeam) number() number { return deleteTeam }

func (k DeleteTeam) apply(c *change) (Nothing, error) {
	t, err := k.Team.Team(c.tx)
	if err != nil {
		return Nothing{}, err
	}
	self := alert.Responder{Kind: alert.Team, ID: string(t.ID)}
	mine := c.madeWith(t)
	uses := slices.DeleteFunc(c.usesOf(self), func(u use) bool { return slices.Contains(mine, u.by) })
	for key := range Keys.All(c.tx) {
		if key.Team == t.ID {
			uses = append(uses, use{words: "API key [" + key.Name + "]"})
		}
	}
	for h := range Heartbeats.All(c.tx) {
		if h.Beat.Team == t.ID {
			uses = append(uses, use{words: "heartbeat [" + h.Beat.Name + "]"})
		}
	}
	if row, ok := GetCluster(c.tx); ok && row.DefaultTeam == t.ID {
		uses = append(uses, use{words: "the cluster, as its default team"})
	}
	if err := inUse("Team", t.Name, uses); err != nil {
		return Nothing{}, err
	}
	for _, r := range mine {
		if r.Kind == alert.Schedule {
			c.forgetSchedule(core.ScheduleID(r.ID))
			Schedules.Delete(c.tx, table.K().String(r.ID))
			c.scheduleChanged(core.ScheduleID(r.ID))
		} else {
			Escalations.Delete(c.tx, table.K().String(r.ID))
		}
	}
	Teams.Delete(c.tx, table.K().String(string(t.ID)))
	Closures.Delete(c.tx, table.K().String(string(t.ID)))
	Matrices.Delete(c.tx, matrixKey(t.ID))
	return Nothing{}, errors.Join(c.disown(t.ID), c.dropPolicies(t.ID))
}

// madeWith returns what was made with a team and is needed by nobody but it.
func (c *change) madeWith(t *route.Team) []alert.Responder {
	mine := []alert.Responder{{Kind: alert.Team, ID: string(t.ID)}}
	add := func(r alert.Responder) {
		if !slices.ContainsFunc(c.usesOf(r), func(u use) bool { return !slices.Contains(mine, u.by) }) {
			mine = append(mine, r)
		}
	}
	if e, ok := escalationsByName.First(c.tx, table.K().String(t.Name+escalationSuffix)); ok && e.Team == t.ID {
		add(alert.Responder{Kind: alert.Escalation, ID: string(e.ID)})
	}
	if s, ok := schedulesByName.First(c.tx, table.K().String(t.Name+scheduleSuffix)); ok && s.Team == t.ID {
		add(alert.Responder{Kind: alert.Schedule, ID: string(s.ID)})
	}
	return mine[1:]
}

// disown leaves schedules and escalations of a deleted team without an owner.
func (c *change) disown(team core.TeamID) error {
	for s := range Schedules.All(c.tx) {
		if s.Team == team {
			s.Team = ""
			if err := Schedules.Put(c.tx, s); err != nil {
				return err
			}
		}
	}
	for e := range Escalations.All(c.tx) {
		if e.Team == team {
			e.Team = ""
			if err := Escalations.Put(c.tx, e); err != nil {
				return err
			}
		}
	}
	return nil
}
