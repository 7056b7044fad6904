package api

import (
	"iter"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// overrideIn names an override of a schedule, and says what it is to be.
type overrideIn struct {
	schedule scheduleName
	alias    string
	fields   state.OverrideFields
}

func (in *overrideIn) read(c *call) {
	in.schedule, in.alias = c.schedule("scheduleIdentifierType"), c.identifier("alias")
	if in.alias == "" {
		in.alias = c.body.text("alias")
	}
	in.fields = state.OverrideFields{Start: c.body.saidMoment("startDate"), End: c.body.saidMoment("endDate")}
	if user, ok := c.body.child("user"); ok {
		who := user.party()
		in.fields.Who = &who
	}
	if c.body.has("rotations") {
		rotations := []state.Pick{}
		for _, o := range c.body.objects("rotations") {
			rotations = append(rotations, o.pick())
		}
		in.fields.Rotations = &rotations
	}
}

// whole complains about a body that leaves out what every override has.
func (c *call) whole(fields ...string) {
	for _, field := range fields {
		if !c.body.has(field) {
			c.wrong[field] = "is needed"
		}
	}
}

// wholeOverride is an override of which everything is said.
type wholeOverride struct{ overrideIn }

func (in *wholeOverride) read(c *call) {
	in.overrideIn.read(c)
	c.whole("user", "startDate", "endDate")
	if in.fields.Rotations == nil { // an override of which no rotations are said is for all
		in.fields.Rotations = &[]state.Pick{}
	}
}

func createOverride(in *wholeOverride) state.CreateOverride {
	return state.CreateOverride{Schedule: in.schedule.Pick, Alias: in.alias, Fields: in.fields}
}

func changeOverride(in *wholeOverride) state.ChangeOverride {
	return state.ChangeOverride{Schedule: in.schedule.Pick, Alias: in.alias, Fields: in.fields}
}

func deleteOverride(in *overrideIn) state.DeleteOverride {
	return state.DeleteOverride{Schedule: in.schedule.Pick, Alias: in.alias}
}

// aliased is what is told of something that is called by an alias.
type aliased struct {
	ID    string `json:"id,omitempty"`
	Alias string `json:"alias"`
}

func overrideCreated(o rota.Override) *written { return created(aliased{Alias: o.Alias}) }
func overrideChanged(o rota.Override) *written { return updated(aliased{Alias: o.Alias}) }

// overrideRecord is an override as replies tell it.
type overrideRecord struct {
	Parent    thing   `json:"_parent"`
	Alias     string  `json:"alias"`
	User      someone `json:"user"`
	StartDate moment  `json:"startDate"`
	EndDate   moment  `json:"endDate"`
	Rotations []thing `json:"rotations"`
}

func overrideOf(tx reader, s *rota.Schedule, o *rota.Override) overrideRecord {
	out := overrideRecord{Parent: scheduleThing(s), Alias: o.Alias, User: participantOf(tx, o.Participant),
		StartDate: moment{o.Start}, EndDate: moment{o.End}, Rotations: []thing{}}
	for _, id := range o.Rotations {
		told := thing{ID: id} // of an override that is over its rotation may be gone: none would be all
		if i, err := state.FindRotation(s, id); err == nil {
			told.Name = s.Rotations[i].Name
		}
		out.Rotations = append(out.Rotations, told)
	}
	return out
}

func (a *API) overridesOf(tx reader, in *overrideIn) ([]overrideRecord, error) {
	s, err := in.schedule.Schedule(tx)
	if err != nil {
		return nil, err
	}
	var out []overrideRecord
	for _, o := range state.OverridesOf(tx, s.ID, a.Now()) {
		out = append(out, overrideOf(tx, s, o))
	}
	return out, nil
}

func getOverride(tx reader, in *overrideIn) (overrideRecord, error) {
	s, err := in.schedule.Schedule(tx)
	if err != nil {
		return overrideRecord{}, err
	}
	o, err := state.FindOverride(tx, s.ID, in.alias)
	if err != nil {
		return overrideRecord{}, err
	}
	return overrideOf(tx, s, o), nil
}

// forwardIn names a forwarding rule, and says what it is to be.
type forwardIn struct {
	rule   state.Pick
	alias  string
	fields state.ForwardFields
}

func (in *forwardIn) read(c *call) {
	in.rule = state.Pick{ID: c.identifier("identifier")}
	if c.choice("identifierType", "id", "alias") == "alias" {
		in.rule = state.Pick{Name: in.rule.ID}
	}
	b := c.body
	in.alias = b.text("alias")
	in.fields = state.ForwardFields{From: b.saidPick("fromUser"), To: b.saidPick("toUser"), Start: b.saidMoment("startDate"), End: b.saidMoment("endDate")}
}

// wholeForward is a forwarding rule of which everything is said.
type wholeForward struct{ forwardIn }

func (in *wholeForward) read(c *call) {
	in.forwardIn.read(c)
	c.whole("fromUser", "toUser", "startDate", "endDate")
}

func createForward(in *wholeForward) state.CreateForward {
	return state.CreateForward{Alias: in.alias, Fields: in.fields}
}

func changeForward(in *wholeForward) state.ChangeForward {
	return state.ChangeForward{Rule: in.rule, Fields: in.fields}
}

func deleteForward(in *forwardIn) state.DeleteForward { return state.DeleteForward{Rule: in.rule} }

func forwardCreated(f rota.Forward) *written { return created(aliased{string(f.ID), f.Alias}) }
func forwardChanged(f rota.Forward) *written { return updated(aliased{string(f.ID), f.Alias}) }

// forwardRecord is a forwarding rule as replies tell it.
type forwardRecord struct {
	ID        string    `json:"id"`
	Alias     string    `json:"alias"`
	FromUser  namedUser `json:"fromUser"`
	ToUser    namedUser `json:"toUser"`
	StartDate moment    `json:"startDate"`
	EndDate   moment    `json:"endDate"`
}

// namedUser is a person by id and name.
type namedUser struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

func forwardOf(tx reader, f *rota.Forward) forwardRecord {
	named := func(id core.UserID) namedUser {
		return namedUser{string(id), personOf(tx, id).Username}
	}
	return forwardRecord{ID: f.ID, Alias: f.Alias, FromUser: named(f.From), ToUser: named(f.To), StartDate: moment{f.Start}, EndDate: moment{f.End}}
}

func getForward(tx reader, in *forwardIn) (forwardRecord, error) {
	f, err := in.rule.Forward(tx)
	if err != nil {
		return forwardRecord{}, err
	}
	return forwardOf(tx, f), nil
}

func forwardsOf(tx reader, all iter.Seq[*rota.Forward]) (out []forwardRecord) {
	for f := range all {
		out = append(out, forwardOf(tx, f))
	}
	return out
}

func (a *API) allForwards(tx reader, _ *nothingIn) ([]forwardRecord, error) {
	return forwardsOf(tx, state.ForwardsOf(tx, "", a.Now())), nil
}

func (a *API) userForwards(tx reader, in *userIn) ([]forwardRecord, error) {
	u, err := in.user.User(tx)
	if err != nil {
		return nil, err
	}
	return forwardsOf(tx, state.ForwardsOf(tx, u.ID, a.Now())), nil
}
