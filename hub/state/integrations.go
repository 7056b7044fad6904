package state

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"strings"

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
	// Webhook is what a Webhook integration has besides. Nothing is sent there yet.
	Webhook *Webhook `cbor:"3,keyasint,omitempty"`
}

// Webhook says where what happens to alerts is to be sent.
type Webhook struct {
	URL         string `cbor:"1,keyasint"`
	Description bool   `cbor:"2,keyasint,omitempty"` // of the alert is sent along
	Details     bool   `cbor:"3,keyasint,omitempty"` // of the alert are sent along
}

// APIType is the type of integrations, and of keys without one, of which only the API knows.
const APIType = "API"

// TypeOf returns the type of what has a key.
func TypeOf(r table.Reader, id core.IntegrationID) string {
	if i, err := GetIntegration(r, id); err == nil {
		return i.Type
	}
	return APIType
}

// IntegrationsMax bounds how many integrations there can be.
const IntegrationsMax = 2000

var integrationsByName = table.NewIndex(1, "name", true, func(i *Integration) []table.Key { return []table.Key{table.K().String(i.Rules.Name)} })

// Integrations holds the integrations.
var Integrations = table.New(28, "integrations", func(i *Integration) table.Key { return table.K().String(string(i.Rules.ID)) }, integrationsByName)

// IntegrationsByName returns the integrations in the order of their names.
func IntegrationsByName(r table.Reader) iter.Seq[*Integration] {
	return integrationsByName.Find(r, table.K())
}

// GetIntegration returns an integration, or an error of kind [core.NotFound].
func GetIntegration(r table.Reader, id core.IntegrationID) (*Integration, error) {
	i, ok := Integrations.Get(r, table.K().String(string(id)))
	if !ok {
		return nil, core.Missing("Integration", firstRunes(string(id), NameMax))
	}
	return i, nil
}

// FindIntegration is GetIntegration for a team, for which only its own integrations exist; "": for anybody.
func FindIntegration(r table.Reader, id core.IntegrationID, of core.TeamID) (*Integration, error) {
	i, err := GetIntegration(r, id)
	if err == nil && of != "" && i.Rules.Team != of {
		return nil, core.Missing("Integration", firstRunes(string(id), NameMax))
	}
	return i, err
}

// IntegrationFields is what a caller says of an integration. Nil is not said.
type IntegrationFields struct {
	Name             *string         `cbor:"1,keyasint,omitempty"`
	Enabled          *bool           `cbor:"2,keyasint,omitempty"`
	Responders       *[]Party        `cbor:"3,keyasint,omitempty"` // replaces all
	IgnoreResponders *bool           `cbor:"4,keyasint,omitempty"`
	Actions          *[]ActionFields `cbor:"5,keyasint,omitempty"` // replaces all
	// Rights are those of its key, besides those of UnsaidRights that the key has already.
	Rights       *Rights  `cbor:"6,keyasint,omitempty"`
	UnsaidRights Rights   `cbor:"7,keyasint,omitempty"`
	Owner        *Pick    `cbor:"8,keyasint,omitempty"` // the team; empty: anybody's
	Webhook      *Webhook `cbor:"9,keyasint,omitempty"`
}

// ActionFields is an action of an integration as a caller says it: its id and responders do
// not count.
type ActionFields struct {
	Action     route.Action `cbor:"1,keyasint"`
	Responders []Party      `cbor:"2,keyasint,omitempty"`
	At         string       `cbor:"3,keyasint,omitempty"` // where the caller has said it: "create[0].", for complaints
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
			action.ID, action.Place = c.newID("action"), n+1
			action.Fields.Responders = c.parties(wrong, cmp.Or(a.At, fmt.Sprintf("actions[%d].", n))+"responders", a.Responders)
			i.Rules.Actions = append(i.Rules.Actions, action)
		}
		wrong.count("actions", len(*f.Actions), route.ActionsMax)
		route.Arrange(i.Rules.Actions)
	}
	if f.Rights != nil {
		k.Rights = *f.Rights | k.Rights&f.UnsaidRights
	}
	if f.Webhook != nil {
		i.Webhook = f.Webhook
		wrong.length("url", f.Webhook.URL, TextMax)
	}
	i.Rules.Team = c.owner(wrong, f.Owner, i.Rules.Team)
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
	if atLeast(IntegrationsMax, Integrations.All(c.tx)) {
		return i, core.Invalid("name", fmt.Sprintf("there are %d integrations already: delete one first", IntegrationsMax))
	}
	if err := c.keyIsFree(k.Hash); err != nil {
		return i, err
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
	Of     core.TeamID        `cbor:"3,keyasint,omitempty"` // the team that asks, as in [FindIntegration]
	Type   string             `cbor:"4,keyasint,omitempty"` // which it must be of, if it is said
}

func (ChangeIntegration) number() number { return changeIntegration }

func (k ChangeIntegration) apply(c *change) (Integration, error) {
	i, err := FindIntegration(c.tx, k.ID, k.Of)
	if err != nil {
		return Integration{}, err
	}
	if k.Type != "" && !strings.EqualFold(k.Type, i.Type) {
		return *i, core.Invalid("type", "it is "+i.Type+" and stays so: make another integration")
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
	Of     core.TeamID        `cbor:"3,keyasint,omitempty"` // as in [ChangeIntegration]
}

func (AddAction) number() number { return addAction }

func (k AddAction) apply(c *change) (Integration, error) {
	i, err := FindIntegration(c.tx, k.ID, k.Of)
	if err != nil {
		return Integration{}, err
	}
	wrong := faults{}
	action := k.Action.Action
	action.ID, action.Place = c.newID("action"), 1
	for _, a := range i.Rules.Actions {
		action.Place = max(action.Place, a.Place+1)
	}
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
	Of core.TeamID        `cbor:"2,keyasint,omitempty"` // as in [ChangeIntegration]
}

func (DeleteIntegration) number() number { return deleteIntegration }

func (k DeleteIntegration) apply(c *change) (Nothing, error) {
	i, err := FindIntegration(c.tx, k.ID, k.Of)
	if err != nil {
		return Nothing{}, err
	}
	Integrations.Delete(c.tx, Integrations.KeyOf(i))
	Keys.Delete(c.tx, table.K().String(string(k.ID)))
	return Nothing{}, nil
}

// RenewKey gives an integration another key. The one that it had is good for nothing from then on.
type RenewKey struct {
	ID   core.IntegrationID `cbor:"1,keyasint"`
	Hash []byte             `cbor:"2,keyasint"`           // SHA-256 of the new key's secret
	Of   core.TeamID        `cbor:"3,keyasint,omitempty"` // as in [ChangeIntegration]
}

func (RenewKey) number() number { return renewKey }

func (k RenewKey) apply(c *change) (Integration, error) {
	i, err := FindIntegration(c.tx, k.ID, k.Of)
	if err != nil {
		return Integration{}, err
	}
	key, ok := Keys.Get(c.tx, table.K().String(string(k.ID)))
	if !ok {
		return *i, core.Missing("API key", string(k.ID))
	}
	if err := c.keyIsFree(k.Hash); err != nil {
		return *i, err
	}
	key.Hash = k.Hash
	return *i, Keys.Put(c.tx, key)
}

// keyIsFree makes sure that the hash of a key is one, and that no key has it.
func (c *change) keyIsFree(hash []byte) error {
	if len(hash) != sha256.Size {
		return core.Invalid("key", "the hash of a key has 32 bytes")
	}
	if _, taken := keysByHash.First(c.tx, table.K().Bytes(hash)); taken {
		return core.Invalid("key", "the key is in use already")
	}
	return nil
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
