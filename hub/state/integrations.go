package state

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Integration is what Kẻng knows of a tool that sends something: the rules by which that
// becomes something about alerts. The key with which the tool shows itself is the [Key] of the
// same id. A key without an integration is one of the API alone.
type Integration struct {
	Rules route.Integration `cbor:"1,keyasint"`
	Type  string            `cbor:"2,keyasint"` // as the API calls it: API, Prometheus, Zabbix …
}

// IntegrationsMax bounds how many integrations there can be.
const IntegrationsMax = 2000

var integrationsByName = table.NewIndex(1, "name", true, func(i *Integration) []table.Key { return []table.Key{table.K().String(i.Rules.Name)} })

// Integrations holds the integrations.
var Integrations = table.New(28, "integrations", func(i *Integration) table.Key { return table.K().String(string(i.Rules.ID)) }, integrationsByName)

// GetIntegration returns an integration, or an error of kind [core.NotFound].
func GetIntegration(r table.Reader, id core.IntegrationID) (*Integration, error) {
	i, ok := Integrations.Get(r, table.K().String(string(id)))
	if !ok {
		return nil, core.Missing("Integration", firstRunes(string(id), NameMax))
	}
	return i, nil
}

// IntegrationFields is what a caller says of an integration. Nil is not said.
type IntegrationFields struct {
	Name             *string         `cbor:"1,keyasint,omitempty"`
	Enabled          *bool           `cbor:"2,keyasint,omitempty"`
	Responders       *[]Party        `cbor:"3,keyasint,omitempty"` // replaces all
	IgnoreResponders *bool           `cbor:"4,keyasint,omitempty"`
	Actions          *[]ActionFields `cbor:"5,keyasint,omitempty"` // replaces all
	Rights           *Rights         `cbor:"6,keyasint,omitempty"`
}

// ActionFields is an action of an integration as a caller says it: its id and responders do
// not count.
type ActionFields struct {
	Action     route.Action `cbor:"1,keyasint"`
	Responders []Party      `cbor:"2,keyasint,omitempty"`
}

// fill writes what was said into an integration and its key, and complains about what cannot be.
func (f *IntegrationFields) fill(c *change, i *Integration, k *Key) error {
	wrong := faults{}
	set(&i.Rules.Name, f.Name)
	set(&i.Rules.IgnoreResponders, f.IgnoreResponders)
	if f.Enabled != nil {
		i.Rules.Disabled = !*f.Enabled
	}
	if f.Responders != nil {
		i.Rules.Responders = c.parties(wrong, "responders", *f.Responders)
	}
	if f.Actions != nil {
		i.Rules.Actions = nil
		for n, a := range (*f.Actions)[:min(len(*f.Actions), route.ActionsMax)] {
			action := a.Action
			action.ID = c.newID("action")
			action.Fields.Responders = c.parties(wrong, fmt.Sprintf("actions[%d].responders", n), a.Responders)
			i.Rules.Actions = append(i.Rules.Actions, action)
		}
		wrong.count("actions", len(*f.Actions), route.ActionsMax)
		route.Arrange(i.Rules.Actions)
	}
	set(&k.Rights, f.Rights)
	k.Name, k.Team, k.Disabled = i.Rules.Name, i.Rules.Team, i.Rules.Disabled
	for field, why := range fieldsOf(i.Rules.Check()) {
		wrong.add(field, why)
	}
	if err := wrong.err(); err != nil {
		return err
	}
	if other, taken := integrationsByName.Get(c.tx, table.K().String(i.Rules.Name)); taken && other.Rules.ID != i.Rules.ID {
		return &core.Error{Kind: core.Conflict, Words: "Integration [" + i.Rules.Name + "] exists already"}
	}
	return nil
}

// parties finds responders.
func (c *change) parties(wrong faults, field string, all []Party) (found []alert.Responder) {
	wrong.count(field, len(all), alert.RespondersMax)
	for _, party := range all[:min(len(all), alert.RespondersMax)] {
		r, err := party.find(c.tx)
		wrong.missing(field, err)
		found = append(found, r)
	}
	return found
}

// CreateIntegration makes an integration and the key by which its tool is known.
type CreateIntegration struct {
	Type   string            `cbor:"1,keyasint"`
	Team   Pick              `cbor:"2,keyasint"` // its owner; none: anybody
	Fields IntegrationFields `cbor:"3,keyasint"`
	Hash   []byte            `cbor:"4,keyasint"` // SHA-256 of the key's secret
}

func (CreateIntegration) number() number { return createIntegration }

func (k CreateIntegration) apply(c *change) (Integration, error) {
	id := core.IntegrationID(c.newID("key"))
	i := Integration{Type: k.Type, Rules: route.Integration{ID: id}}
	key := Key{ID: id, Hash: k.Hash, Rights: Read | Write, CreatedAt: c.now}
	if k.Type == "" || len([]rune(k.Type)) > NameMax {
		return i, core.Invalid("type", "an integration needs a type, such as API")
	}
	if len(k.Hash) != sha256.Size {
		return i, core.Invalid("key", "the hash of a key has 32 bytes")
	}
	n := 0
	for range Integrations.All(c.tx) {
		if n++; n == IntegrationsMax {
			return i, core.Invalid("name", fmt.Sprintf("there are %d integrations already: delete one first", IntegrationsMax))
		}
	}
	if _, taken := keysByHash.First(c.tx, table.K().Bytes(k.Hash)); taken {
		return i, core.Invalid("key", "the key is in use already")
	}
	if k.Team != (Pick{}) {
		t, err := k.Team.Team(c.tx)
		if err != nil {
			return i, err
		}
		i.Rules.Team = t.ID
	}
	if err := k.Fields.fill(c, &i, &key); err != nil {
		return i, err
	}
	return i, c.keepIntegration(&i, &key)
}

func (c *change) keepIntegration(i *Integration, k *Key) error {
	if err := Keys.Put(c.tx, k); err != nil {
		return err
	}
	return keep(c, Integrations, i)
}

// ChangeIntegration changes what is said of an integration. One that is disabled is not let in
// any more.
type ChangeIntegration struct {
	ID     core.IntegrationID `cbor:"1,keyasint"`
	Fields IntegrationFields  `cbor:"2,keyasint"`
}

func (ChangeIntegration) number() number { return changeIntegration }

func (k ChangeIntegration) apply(c *change) (Integration, error) {
	i, err := GetIntegration(c.tx, k.ID)
	if err != nil {
		return Integration{}, err
	}
	key, ok := Keys.Get(c.tx, table.K().String(string(k.ID)))
	if !ok {
		return *i, core.Missing("API key", string(k.ID))
	}
	if err := k.Fields.fill(c, i, key); err != nil {
		return *i, err
	}
	return *i, c.keepIntegration(i, key)
}

// AddAction adds one action to an integration.
type AddAction struct {
	ID     core.IntegrationID `cbor:"1,keyasint"`
	Action ActionFields       `cbor:"2,keyasint"`
}

func (AddAction) number() number { return addAction }

func (k AddAction) apply(c *change) (Integration, error) {
	i, err := GetIntegration(c.tx, k.ID)
	if err != nil {
		return Integration{}, err
	}
	wrong := faults{}
	action := k.Action.Action
	action.ID = c.newID("action")
	action.Fields.Responders = c.parties(wrong, "responders", k.Action.Responders)
	for field, why := range fieldsOf(action.Check()) {
		wrong.add(field, why)
	}
	i.Rules.Actions = append(i.Rules.Actions, action)
	wrong.count("actions", len(i.Rules.Actions), route.ActionsMax)
	route.Arrange(i.Rules.Actions)
	if err := wrong.err(); err != nil {
		return *i, err
	}
	return *i, keep(c, Integrations, i)
}

// DeleteIntegration deletes an integration and its key. Its alerts stay.
type DeleteIntegration struct {
	ID core.IntegrationID `cbor:"1,keyasint"`
}

func (DeleteIntegration) number() number { return deleteIntegration }

func (k DeleteIntegration) apply(c *change) (Nothing, error) {
	i, err := GetIntegration(c.tx, k.ID)
	if err != nil {
		return Nothing{}, err
	}
	Integrations.Delete(c.tx, Integrations.KeyOf(i))
	Keys.Delete(c.tx, table.K().String(string(k.ID)))
	return Nothing{}, nil
}

// namedBy returns the names of the integrations that add a responder.
func namedBy(r table.Reader, x alert.Responder) (names []string) {
	for i := range Integrations.All(r) {
		named := slices.Contains(i.Rules.Responders, x)
		for _, a := range i.Rules.Actions {
			named = named || slices.Contains(a.Fields.Responders, x)
		}
		if named {
			names = append(names, i.Rules.Name)
		}
	}
	return names
}

// decide returns what the rules say of an input. Of one of the API alone they say nothing: it
// creates what it is, unless it came in a format that has defaults.
func (d decider) decide(in *Input, defaults []route.Action) route.Decision {
	rules, ok := d.toolOf(in.Integration, defaults)
	if !ok {
		return route.Decision{Kind: route.Create, Draft: in.Draft}
	}
	set := d.policies()
	set.mutex.Lock()
	defer set.mutex.Unlock()
	subject := route.OfDraft(&in.Draft, d.nameOf)
	subject.EventType, subject.Payload = in.Event, in.Payload
	out := rules.Decide(&in.Draft, &subject, d.world(set.memo))
	out.Draft.Integration, out.Reason = in.Integration, firstRunes(out.Reason, reasonMax)
	return out
}
