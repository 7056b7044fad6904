package api

import (
	"cmp"
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/proto/channel"
)

// methods are the words of the API for kinds of contact.
var methods = []struct{ word, kind string }{
	{"email", "email"}, {"sms", "sms"}, {"voice", string(channel.Voice)}, {"mobile", string(channel.Push)},
}

func methodOf(kind string) string {
	for _, m := range methods {
		if m.kind == kind {
			return m.word
		}
	}
	return kind
}

// saidMethod returns a kind of contact.
func (o object) saidMethod(key string) *string {
	word := o.text(key)
	if word == "" {
		return nil
	}
	for _, m := range methods {
		if strings.EqualFold(word, m.word) {
			return &m.kind
		}
	}
	o.complain(key, "must be email, sms, voice or mobile")
	return nil
}

// contactIn names a contact of a person, and says what it is to be.
type contactIn struct {
	user    state.Pick
	contact core.ContactID
	fields  state.ContactFields
}

func (in *contactIn) read(c *call) {
	in.user, in.contact = state.Either(c.identifier("identifier")), core.ContactID(c.identifier("contactId"))
	in.fields = state.ContactFields{Kind: c.body.saidMethod("method"), To: c.body.said("to")}
}

func createContact(in *contactIn) state.CreateContact {
	return state.CreateContact{User: in.user, Fields: in.fields}
}

func changeContact(in *contactIn) state.ChangeContact {
	return state.ChangeContact{User: in.user, Contact: in.contact, Fields: state.ContactFields{To: in.fields.To}}
}

// enableContact makes the command that enables or disables a contact.
func enableContact(enabled bool) func(*contactIn) state.ChangeContact {
	return func(in *contactIn) state.ChangeContact {
		return state.ChangeContact{User: in.user, Contact: in.contact, Fields: state.ContactFields{Enabled: &enabled}}
	}
}

func deleteContact(in *contactIn) state.DeleteContact {
	return state.DeleteContact{User: in.user, Contact: in.contact}
}

func contactCreated(k reach.Contact) *written { return created(thing{ID: string(k.ID)}) }
func contactChanged(k reach.Contact) *written { return updated(thing{ID: string(k.ID)}) }

// contactRecord is a contact as replies tell it.
type contactRecord struct {
	ID     string        `json:"id"`
	Method string        `json:"method"`
	To     string        `json:"to"`
	Status contactStatus `json:"status"`
	Order  *int          `json:"applyOrder,omitempty"`
}

type contactStatus struct {
	Enabled        bool   `json:"enabled"`
	DisabledReason string `json:"disabledReason,omitempty"`
}

func contactOf(k *reach.Contact) contactRecord {
	out := contactRecord{ID: string(k.ID), Method: methodOf(k.Kind), To: cmp.Or(k.Given, k.Address), Status: contactStatus{Enabled: k.Usable()}}
	if k.Kind == string(channel.Push) {
		out.To = cmp.Or(k.Given, string(k.ID)) // a token is a secret of the person
	}
	switch {
	case k.Disabled:
		out.Status.DisabledReason = "Disabled by somebody."
	case !k.DeadSince.IsZero():
		out.Status.DisabledReason = "The provider says that this address works no more."
	}
	return out
}

func listContacts(tx reader, in *contactIn) ([]contactRecord, error) {
	u, err := in.user.User(tx)
	if err != nil {
		return nil, err
	}
	var out []contactRecord
	for i := range u.Contacts {
		k := contactOf(&u.Contacts[i])
		k.Order = &i
		out = append(out, k)
	}
	return out, nil
}

func getContact(tx reader, in *contactIn) (contactRecord, error) {
	u, err := in.user.User(tx)
	if err != nil {
		return contactRecord{}, err
	}
	i := slices.IndexFunc(u.Contacts, func(k reach.Contact) bool { return k.ID == in.contact })
	if i < 0 {
		return contactRecord{}, core.Missing("Contact", string(in.contact))
	}
	return contactOf(&u.Contacts[i]), nil
}
