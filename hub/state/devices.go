package state

import (
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Device is a phone or a browser that takes pushes for a person. The person's contact
// of the same id is what rules speak of.
type Device struct {
	Contact      core.ContactID `cbor:"1,keyasint"`
	User         core.UserID    `cbor:"2,keyasint"`
	Token        string         `cbor:"3,keyasint"` // the provider's name for the device; a secret of the person
	RegisteredAt time.Time      `cbor:"4,keyasint"`
}

var devicesByToken = table.NewIndex(1, "token", true, func(d *Device) []table.Key { return []table.Key{table.K().String(d.Token)} })

// Devices holds the devices that were registered.
var Devices = table.New(15, "devices", func(d *Device) table.Key { return deviceKey(d.Contact) }, devicesByToken)

func deviceKey(id core.ContactID) table.Key { return table.K().String(string(id)) }

// RegisterDevice makes a device one of a person's contacts. A token belongs to one
// person: who had it before has it no more. Known already, it is enabled, and named anew.
type RegisterDevice struct {
	User     Pick   `cbor:"1,keyasint"`
	Token    string `cbor:"2,keyasint"`
	Name     string `cbor:"3,keyasint,omitempty"`
	Language string `cbor:"4,keyasint,omitempty"` // vi or en; empty: the person's
}

func (RegisterDevice) number() number { return registerDevice }

// Registered is the result of [RegisterDevice].
type Registered struct {
	User    reach.User    `cbor:"1,keyasint"`
	Contact reach.Contact `cbor:"2,keyasint"`
}

func (k RegisterDevice) apply(c *change) (Registered, error) {
	wrong := faults{}
	if k.Token == "" || len(k.Token) > 4096 {
		wrong.add("token", "must have 1 to 4096 bytes")
	}
	wrong.length("name", k.Name, NameMax)
	if k.Language != "" && k.Language != "vi" && k.Language != "en" {
		wrong.add("language", "must be vi or en")
	}
	if err := wrong.err(); err != nil {
		return Registered{}, err
	}
	contact := reach.Contact{Kind: string(channel.Push), Address: k.Token, Given: k.Name, Language: k.Language}
	u, err := c.changeUser(k.User, func(u *reach.User) error { return c.register(u, &contact) })
	return Registered{u, contact}, err
}

// register gives a person a device, or renews the one with the same token.
func (c *change) register(u *reach.User, k *reach.Contact) error {
	isSame := func(x reach.Contact) bool { return x.Kind == k.Kind && x.Address == k.Address }
	i := slices.IndexFunc(u.Contacts, isSame)
	if i >= 0 {
		k.ID = u.Contacts[i].ID
		k.Given = distinct(u, k, k.Given)
		u.Contacts[i] = *k
		return c.claim(u, k)
	}
	k.Given = distinct(u, k, k.Given)
	if err := c.addContact(u, k); err != nil {
		return err
	}
	for i := range u.Rules {
		if r := &u.Rules[i]; r.Default {
			r.Steps = append(r.Steps, reach.Step{ID: c.newID("step"), Contact: k.ID})
		}
	}
	return c.claim(u, k)
}

// distinct returns a name that no other device of the person has, since steps of rules
// speak of a device by its name.
func distinct(u *reach.User, k *reach.Contact, name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(u.Contacts, func(x reach.Contact) bool {
			return x.ID != k.ID && x.Kind == k.Kind && written(&x) == name
		})
	}
	unique := name
	for n := 2; name != "" && taken(unique); n++ {
		unique = fmt.Sprintf("%s (%d)", name, n)
	}
	return unique
}

// claim writes down that a token is a person's, and takes it from who had it.
func (c *change) claim(u *reach.User, k *reach.Contact) error {
	if old, ok := devicesByToken.First(c.tx, table.K().String(k.Address)); ok && old.Contact != k.ID {
		if owner, ok := Users.Get(c.tx, table.K().String(string(old.User))); ok && owner.ID != u.ID {
			c.dropContact(owner, old.Contact)
			if err := Users.Put(c.tx, owner); err != nil {
				return err
			}
		}
		Devices.Delete(c.tx, deviceKey(old.Contact))
	}
	row := Device{Contact: k.ID, User: u.ID, Token: k.Address, RegisteredAt: c.now}
	return Devices.Put(c.tx, &row)
}

// DeleteDevice takes a device from its person, and out of the person's rules.
type DeleteDevice struct {
	ID core.ContactID `cbor:"1,keyasint"`
}

func (DeleteDevice) number() number { return deleteDevice }

func (k DeleteDevice) apply(c *change) (Nothing, error) {
	d, ok := Devices.Get(c.tx, deviceKey(k.ID))
	if !ok {
		return Nothing{}, core.Missing("Device", firstRunes(string(k.ID), NameMax))
	}
	Devices.Delete(c.tx, deviceKey(k.ID))
	u, ok := Users.Get(c.tx, table.K().String(string(d.User)))
	if !ok {
		return Nothing{}, nil
	}
	c.dropContact(u, k.ID)
	return Nothing{}, Users.Put(c.tx, u)
}

// FindDevice returns a device with its person and contact.
func FindDevice(r table.Reader, d *Device) (*reach.User, reach.Contact, bool) {
	u, ok := Users.Get(r, table.K().String(string(d.User)))
	if !ok {
		return nil, reach.Contact{}, false
	}
	k, ok := u.Contact(d.Contact)
	return u, k, ok
}

// GetDevice returns a device.
func GetDevice(r table.Reader, id core.ContactID) (*Device, bool) {
	return Devices.Get(r, deviceKey(id))
}
