package state

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/proto/channel"
)

// The contact kinds that the API calls methods, beside those of proto/channel.
const (
	emailKind = "email"
	smsKind   = "sms"
)

// ContactFields is what a caller says of a contact. Nil is not said.
type ContactFields struct {
	// Kind is email, sms, voice or push; it is said once.
	Kind *string `cbor:"1,keyasint,omitempty"`
	// To is the address as a person writes it: for sms and voice "84-901234567",
	// "+84901234567", "0901234567" as one writes it in Vietnam or, for voice, a SIP address.
	To      *string `cbor:"2,keyasint,omitempty"`
	Enabled *bool   `cbor:"3,keyasint,omitempty"`
}

// fill writes what was said into a contact and complains about what cannot be.
func (f *ContactFields) fill(k *reach.Contact) faults {
	wrong := faults{}
	set(&k.Kind, f.Kind)
	if f.To != nil {
		address, err := dialled(k.Kind, *f.To)
		if err != nil {
			wrong.add("to", err.Error())
		}
		if address != k.Address {
			k.Address, k.DeadSince = address, time.Time{}
		}
		if k.Kind != string(channel.Push) {
			k.Given = *f.To
		}
	}
	if f.Enabled != nil {
		k.Disabled = !*f.Enabled
		if *f.Enabled {
			k.DeadSince = time.Time{} // somebody knows better than the provider
		}
	}
	return wrong
}

// dialled returns an address as a channel dials it.
func dialled(kind, to string) (string, error) {
	if len(to) > 4096 {
		return "", fmt.Errorf("must have at most 4096 bytes")
	}
	switch kind {
	case emailKind:
		// Mail goes to addresses that every server on the way takes: in ASCII, without quotes.
		odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`():[]\`, r) }
		if !isEmail(to) || strings.ContainsFunc(to, odd) {
			return "", fmt.Errorf("must be an e-mail address, such as an@example.vn")
		}
	case smsKind, string(channel.Voice):
		if kind != smsKind && strings.HasPrefix(strings.ToLower(to), "sip:") {
			return to, nil
		}
		return telephone(to)
	}
	return to, nil
}

// telephone turns "84-901234567" and what people make of it into "+84901234567". A number
// that begins with a single 0 is one of Vietnam, as it is written there; that 0 is left out.
func telephone(to string) (string, error) {
	if strings.HasPrefix(to, "0") && !strings.HasPrefix(to, "00") {
		to = "84-" + to
	}
	country, rest, dashed := strings.Cut(strings.TrimPrefix(to, "+"), "-")
	if !dashed {
		if !strings.HasPrefix(to, "+") {
			return "", fmt.Errorf("must be a telephone number with its country code, such as 84-901234567")
		}
		country, rest = "", strings.TrimPrefix(to, "+")
	}
	if country == "84" {
		rest = strings.TrimPrefix(rest, "0")
	}
	digits := strings.NewReplacer(" ", "", ".", "", "-", "", "(", "", ")", "").Replace(country + rest)
	odd := strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if odd || len(digits) < 6 || len(digits) > 15 || digits[0] == '0' { // ITU-T E.164: at most 15
		return "", fmt.Errorf("must be a telephone number with its country code, such as 84-901234567")
	}
	return "+" + digits, nil
}

// isEmail reports whether a text looks like an e-mail address. Whether it is one only
// a mail can tell.
func isEmail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && host != "" && len(s) <= 254 && !strings.ContainsAny(s, " \t\r\n<>,;\"") && !strings.Contains(host, "@")
}

// CreateContact gives a person one more contact.
type CreateContact struct {
	User   Pick          `cbor:"1,keyasint"`
	Fields ContactFields `cbor:"2,keyasint"`
}

func (CreateContact) number() number { return createContact }

func (k CreateContact) apply(c *change) (reach.Contact, error) {
	contact := reach.Contact{}
	_, err := c.changeUser(k.User, func(u *reach.User) error {
		wrong := k.Fields.fill(&contact)
		if !slices.Contains([]string{emailKind, smsKind, string(channel.Voice), string(channel.Push)}, contact.Kind) {
			wrong.add("method", "must be email, sms, voice or mobile")
		}
		if k.Fields.To == nil {
			wrong.add("to", "a contact needs an address")
		}
		if err := wrong.err(); err != nil {
			return err
		}
		if contact.Kind == string(channel.Push) {
			return c.register(u, &contact)
		}
		return c.addContact(u, &contact)
	})
	return contact, err
}

// addContact gives a person a contact that the person has not yet.
func (c *change) addContact(u *reach.User, k *reach.Contact) error {
	same := func(x reach.Contact) bool { return x.Kind == k.Kind && x.Address == k.Address }
	if slices.ContainsFunc(u.Contacts, same) {
		return &core.Error{Kind: core.Conflict, Words: "User [" + u.Username + "] has this contact already."}
	}
	k.ID = core.ContactID(c.newID("contact"))
	u.Contacts = append(u.Contacts, *k)
	wrong := faults{}
	wrong.count("contacts", len(u.Contacts), ContactsMax)
	return wrong.err()
}

// ChangeContact changes where a contact leads, or whether it is used.
type ChangeContact struct {
	User    Pick           `cbor:"1,keyasint"`
	Contact core.ContactID `cbor:"2,keyasint"`
	Fields  ContactFields  `cbor:"3,keyasint"` // Kind does not count
}

func (ChangeContact) number() number { return changeContact }

func (k ChangeContact) apply(c *change) (reach.Contact, error) {
	var contact reach.Contact
	_, err := c.changeUser(k.User, func(u *reach.User) error {
		i, err := contactOf(u, k.Contact)
		if err != nil {
			return err
		}
		contact, k.Fields.Kind = u.Contacts[i], nil
		if err := k.Fields.fill(&contact).err(); err != nil {
			return err
		}
		same := func(x reach.Contact) bool {
			return x.ID != contact.ID && x.Kind == contact.Kind && x.Address == contact.Address
		}
		if slices.ContainsFunc(u.Contacts, same) {
			return &core.Error{Kind: core.Conflict, Words: "User [" + u.Username + "] has this contact already."}
		}
		u.Contacts[i] = contact
		if contact.Kind == string(channel.Push) {
			return c.claim(u, &contact)
		}
		return nil
	})
	return contact, err
}

// contactOf returns the place of a contact among the person's.
func contactOf(u *reach.User, id core.ContactID) (int, error) {
	i := slices.IndexFunc(u.Contacts, func(k reach.Contact) bool { return k.ID == id })
	if i < 0 {
		return 0, core.Missing("Contact", string(id))
	}
	return i, nil
}

// DeleteContact deletes a contact of a person that no notification rule needs. The rule
// that the person got at the beginning does not count.
type DeleteContact struct {
	User    Pick           `cbor:"1,keyasint"`
	Contact core.ContactID `cbor:"2,keyasint"`
}

func (DeleteContact) number() number { return deleteContact }

func (k DeleteContact) apply(c *change) (Nothing, error) {
	_, err := c.changeUser(k.User, func(u *reach.User) error {
		i, err := contactOf(u, k.Contact)
		if err != nil {
			return err
		}
		var uses []use
		for _, r := range u.Rules {
			needs := slices.ContainsFunc(r.Steps, func(s reach.Step) bool { return s.Contact == k.Contact })
			if needs && !r.Default {
				uses = append(uses, use{words: "notification rule [" + r.Name + "]"})
			}
		}
		if err := inUse("Contact", written(&u.Contacts[i]), uses); err != nil {
			return err
		}
		c.dropContact(u, k.Contact)
		return nil
	})
	return Nothing{}, err
}

// written returns a contact's address as the person wrote it.
func written(k *reach.Contact) string {
	if k.Given != "" {
		return k.Given
	}
	return k.Address
}

// dropContact takes a contact from a person, and out of the person's rules.
func (c *change) dropContact(u *reach.User, id core.ContactID) {
	u.Contacts = slices.DeleteFunc(u.Contacts, func(k reach.Contact) bool { return k.ID == id })
	for i := range u.Rules {
		u.Rules[i].Steps = slices.DeleteFunc(u.Rules[i].Steps, func(s reach.Step) bool { return s.Contact == id })
	}
	Devices.Delete(c.tx, deviceKey(id))
	Proofs.Delete(c.tx, proofKey(id))
}
