package state

import (
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// UserFields is what a caller says of a person. Nil is not said.
type UserFields struct {
	Username *string              `cbor:"1,keyasint,omitempty"` // an e-mail address; kept in lower case
	FullName *string              `cbor:"2,keyasint,omitempty"`
	Role     *string              `cbor:"3,keyasint,omitempty"`
	Zone     *string              `cbor:"4,keyasint,omitempty"` // IANA name
	Locale   *string              `cbor:"5,keyasint,omitempty"`
	Skype    *string              `cbor:"6,keyasint,omitempty"`
	Address  *reach.Address       `cbor:"7,keyasint,omitempty"`
	Tags     *[]string            `cbor:"8,keyasint,omitempty"`
	Details  *map[string][]string `cbor:"9,keyasint,omitempty"`
	// MutedUntil is until when the person is not to be paged, at most [reach.MuteMax] away; what is
	// past ends a mute. QuietHours without windows are none. See [reach.User].
	MutedUntil  *time.Time        `cbor:"10,keyasint,omitempty"`
	QuietHours  *rota.Restriction `cbor:"11,keyasint,omitempty"`
	PierceQuiet *bool             `cbor:"12,keyasint,omitempty"`
}

// Roles returns the roles that a person may have.
func Roles() []string { return []string{"Owner", "Admin", "User", "Observer", "Stakeholder"} }

// fill writes what was said into a person and complains about what cannot be.
func (f *UserFields) fill(c *change, u *reach.User) faults {
	wrong := faults{}
	if f.Username != nil {
		u.Username = strings.ToLower(*f.Username)
		if !isEmail(u.Username) {
			wrong.add("username", "must be an e-mail address")
		}
		wrong.length("username", u.Username, NameMax)
	}
	set(&u.FullName, f.FullName)
	wrong.length("fullName", u.FullName, 512)
	if f.Role != nil {
		i := slices.IndexFunc(Roles(), func(r string) bool { return strings.EqualFold(r, *f.Role) })
		if i < 0 {
			wrong.add("role", "there is no role "+*f.Role+": it is one of "+strings.Join(Roles(), ", "))
		} else {
			u.Profile.Role = Roles()[i]
		}
	}
	if f.Zone != nil {
		u.Zone = *f.Zone
		if _, err := c.zones(u.Zone); err != nil {
			wrong.add("timeZone", "there is no time zone "+u.Zone)
		}
	}
	if f.Locale != nil {
		u.Profile.Locale, u.Language = *f.Locale, c.language(*f.Locale)
		wrong.length("locale", *f.Locale, NameMax)
	}
	set(&u.Profile.Skype, f.Skype)
	wrong.length("skypeUsername", u.Profile.Skype, NameMax)
	set(&u.Profile.Address, f.Address)
	set(&u.Profile.Tags, f.Tags)
	wrong.count("tags", len(u.Profile.Tags), 1000)
	set(&u.Profile.Details, f.Details)
	wrong.count("details", len(u.Profile.Details), 1000)
	f.fillPeace(c, wrong, u)
	return wrong
}

// fillPeace writes into a person when the person is not to be paged.
func (f *UserFields) fillPeace(c *change, wrong faults, u *reach.User) {
	if f.MutedUntil != nil {
		u.MutedUntil = f.MutedUntil.UTC()
		if !u.MutedUntil.After(c.now) {
			u.MutedUntil = time.Time{}
		}
		if u.MutedUntil.After(c.now.Add(reach.MuteMax)) {
			wrong.add("mutedUntil", "must be within a year")
		}
	}
	if f.QuietHours != nil {
		u.QuietHours = f.QuietHours
		if len(u.QuietHours.Windows) == 0 {
			u.QuietHours = nil
		}
		checkRestriction(wrong, "quietHours.timeRestriction", u.QuietHours)
		if u.QuietHours != nil && u.QuietHours.Days != rota.AnyDay {
			wrong.add("quietHours.timeRestriction", "must be for any day: holidays do not count")
		}
	}
	set(&u.PierceQuiet, f.PierceQuiet)
}

// CreateUser makes a person, with the username as e-mail contact and a rule that tells
// new alerts by it.
type CreateUser struct {
	Fields UserFields `cbor:"1,keyasint"`
}

func (CreateUser) number() number { return createUser }

func (k CreateUser) apply(c *change) (reach.User, error) {
	u := reach.User{ID: core.UserID(c.newID("user")), Language: c.language(""), Zone: c.zone(nil), Profile: reach.Profile{CreatedAt: c.now, Role: "User"}}
	wrong := k.Fields.fill(c, &u)
	if k.Fields.Username == nil {
		wrong.add("username", "a person needs a username")
	}
	if k.Fields.FullName == nil {
		wrong.add("fullName", "a person needs a name")
	}
	if err := wrong.err(); err != nil {
		return u, err
	}
	mail := reach.Contact{ID: core.ContactID(c.newID("contact")), Kind: "email", Address: u.Username}
	u.Contacts = []reach.Contact{mail}
	u.Rules = []reach.NotificationRule{{ID: c.newID("notification-rule"), Name: "New Alert", Action: reach.CreateAlert, Default: true,
		Steps: []reach.Step{{ID: c.newID("step"), Contact: mail.ID}}}}
	return PutUser{User: u}.apply(c)
}

// ChangeUser changes what is said of a person.
type ChangeUser struct {
	User   Pick       `cbor:"1,keyasint"`
	Fields UserFields `cbor:"2,keyasint"`
}

func (ChangeUser) number() number { return changeUser }

func (k ChangeUser) apply(c *change) (reach.User, error) {
	return c.changeUser(k.User, func(u *reach.User) error { return k.Fields.fill(c, u).err() })
}

// changeUser lets a function change a person and keeps the result.
func (c *change) changeUser(who Pick, do func(*reach.User) error) (reach.User, error) {
	u, err := who.User(c.tx)
	if err != nil {
		return reach.User{}, err
	}
	if err := do(u); err != nil {
		return *u, err
	}
	return PutUser{User: *u}.apply(c)
}

// DeleteUser deletes a person whom no team, schedule or escalation needs.
type DeleteUser struct {
	User Pick `cbor:"1,keyasint"`
}

func (DeleteUser) number() number { return deleteUser }

func (k DeleteUser) apply(c *change) (Nothing, error) {
	u, err := k.User.User(c.tx)
	if err != nil {
		return Nothing{}, err
	}
	if err := inUse("User", u.Username, c.usesOf(alert.Responder{Kind: alert.User, ID: string(u.ID)})); err != nil {
		return Nothing{}, err
	}
	for _, k := range u.Contacts {
		Devices.Delete(c.tx, deviceKey(k.ID))
		Proofs.Delete(c.tx, proofKey(k.ID))
	}
	if canary, ok := Canaries.Get(c.tx, canaryKey(u.ID)); ok {
		c.dropCanary(canary)
		Canaries.Delete(c.tx, canaryKey(u.ID))
	}
	Warnings.Delete(c.tx, warningKey(u.ID))
	c.forgetUser(u.ID)
	Users.Delete(c.tx, table.K().String(string(u.ID)))
	return Nothing{}, nil
}
