package api

import (
	"cmp"
	"slices"

	routing "keng/hub/core/route"
	"keng/hub/state"
)

// teamIn names a team, and says what it is to be.
type teamIn struct {
	team   state.Pick
	expand bool
	fields state.TeamFields
}

func (in *teamIn) read(c *call) {
	in.team, in.expand = c.picked("identifierType"), c.query("expand") == "member"
	b := c.body
	in.fields = state.TeamFields{Name: b.said("name"), Description: b.said("description")}
	if b.has("members") {
		members := []state.Member{}
		for _, o := range b.objects("members") {
			members = append(members, readMember(o))
		}
		in.fields.Members = &members
	}
}

// readMember reads a member {user, role}.
func readMember(o object) state.Member {
	m := state.Member{Role: o.text("role")}
	if p := o.saidPick("user"); p != nil {
		m.User = state.Pick{ID: p.ID, Name: cmp.Or(p.Name, p.ID)} // a username may stand where an id should
	} else {
		o.complain("user", "must say who it is, by id or username")
	}
	return m
}

func createTeam(in *teamIn) state.CreateTeam { return state.CreateTeam{Fields: in.fields} }
func changeTeam(in *teamIn) state.ChangeTeam {
	return state.ChangeTeam{Team: in.team, Fields: in.fields}
}
func deleteTeam(in *teamIn) state.DeleteTeam { return state.DeleteTeam{Team: in.team} }

func teamCreated(t routing.Team) *written { return created(thing{ID: string(t.ID), Name: t.Name}) }
func teamChanged(t routing.Team) *written { return updated(thing{ID: string(t.ID), Name: t.Name}) }
func memberAdded(t routing.Team) *written {
	w := teamCreated(t)
	w.result = "Added"
	return w
}
func memberRemoved(t routing.Team) *written {
	w := teamChanged(t)
	w.result = "Removed"
	return w
}

// memberIn names a member of a team, or who is to become one.
type memberIn struct {
	team   state.Pick
	member state.Member
	user   state.Pick
}

func (in *memberIn) read(c *call) {
	in.team, in.user = c.picked("teamIdentifierType"), state.Either(c.identifier("memberIdentifier"))
	if c.r.Method == "POST" {
		in.member = readMember(c.body)
	}
}

func addMember(in *memberIn) state.AddMember {
	return state.AddMember{Team: in.team, Member: in.member}
}

func removeMember(in *memberIn) state.RemoveMember {
	return state.RemoveMember{Team: in.team, User: in.user}
}

// teamRecord is a team as replies tell it.
type teamRecord struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Members     []memberRecord `json:"members,omitempty"`
}

type memberRecord struct {
	User deliveryUser `json:"user"`
	Role string       `json:"role"`
}

func teamOf(tx reader, t *routing.Team, expand bool) teamRecord {
	out := teamRecord{ID: string(t.ID), Name: t.Name, Description: t.Description}
	if !expand {
		return out
	}
	for _, id := range t.Members {
		m := memberRecord{User: deliveryUser{ID: string(id), Username: usernameOf(tx, id)}, Role: "user"}
		if slices.Contains(t.Admins, id) {
			m.Role = "admin"
		}
		out.Members = append(out.Members, m)
	}
	return out
}

func getTeam(tx reader, in *teamIn) (teamRecord, error) {
	t, err := in.team.Team(tx)
	if err != nil {
		return teamRecord{}, err
	}
	return teamOf(tx, t, true), nil
}

// listTeams tells every team, its members only if they are asked for.
func listTeams(tx reader, in *teamIn) ([]teamRecord, error) {
	var out []teamRecord
	for t := range state.Teams.All(tx) {
		out = append(out, teamOf(tx, t, in.expand))
	}
	return out, nil
}

// routingIn names a routing rule of a team, and says what it is to be.
type routingIn struct {
	team   state.Pick
	rule   string
	fields state.RoutingFields
}

func (in *routingIn) read(c *call) {
	in.team, in.rule = c.picked("teamIdentifierType"), c.identifier("id")
	b := c.body
	in.fields = state.RoutingFields{
		Name: b.said("name"), Order: b.saidNumber("order"), Zone: b.said("timezone"), Criteria: b.saidCriteria(routing.Alerts),
		Restriction: b.saidRestriction("timeRestriction"),
	}
	if o, ok := b.child("notify"); ok {
		p := o.party()
		in.fields.Notify = &p
	}
}

func createRouting(in *routingIn) state.CreateRoutingRule {
	return state.CreateRoutingRule{Team: in.team, Fields: in.fields}
}

func changeRouting(in *routingIn) state.ChangeRoutingRule {
	return state.ChangeRoutingRule{Team: in.team, Rule: in.rule, Fields: in.fields}
}

func orderRouting(in *routingIn) state.ChangeRoutingRule {
	return state.ChangeRoutingRule{Team: in.team, Rule: in.rule, Fields: state.RoutingFields{Order: in.fields.Order}}
}

func deleteRouting(in *routingIn) state.DeleteRoutingRule {
	return state.DeleteRoutingRule{Team: in.team, Rule: in.rule}
}

func routingCreated(r state.RoutingOf) *written {
	return created(thing{ID: r.Rule.ID, Name: r.Rule.Name})
}
func routingChanged(r state.RoutingOf) *written {
	return updated(thing{ID: r.Rule.ID, Name: r.Rule.Name})
}

// routingRecord is a routing rule as replies tell it.
type routingRecord struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	IsDefault   bool         `json:"isDefault"`
	Order       int          `json:"order"`
	Criteria    criteria     `json:"criteria"`
	Timezone    string       `json:"timezone,omitempty"`
	Restriction *restriction `json:"timeRestriction,omitempty"`
	Notify      someone      `json:"notify"`
}

func routingOf(tx reader, t *routing.Team, i int) routingRecord {
	r := &t.Rules[i]
	return routingRecord{ID: r.ID, Name: r.Name, IsDefault: r.Default, Order: i, Criteria: criteriaOf(&r.Criteria), Timezone: r.Zone,
		Restriction: restrictionOf(r.Restriction), Notify: someoneOf(tx, r.Notify)}
}

func listRouting(tx reader, in *routingIn) ([]routingRecord, error) {
	t, err := in.team.Team(tx)
	if err != nil {
		return nil, err
	}
	var out []routingRecord
	for i := range t.Rules {
		out = append(out, routingOf(tx, t, i))
	}
	return out, nil
}

func getRouting(tx reader, in *routingIn) (routingRecord, error) {
	t, err := in.team.Team(tx)
	if err != nil {
		return routingRecord{}, err
	}
	i, err := state.FindRouting(t, in.rule)
	if err != nil {
		return routingRecord{}, err
	}
	return routingOf(tx, t, i), nil
}
