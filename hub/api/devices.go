package api

import (
	"context"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/state"
)

// deviceIn names a device, or says what it is to be.
type deviceIn struct {
	id                    core.ContactID
	user                  state.Pick
	token, name, language string
}

func (in *deviceIn) read(c *call) {
	in.id = core.ContactID(c.identifier("id"))
	b := c.body
	in.token, in.name, in.language = b.text("token"), b.text("name"), b.text("language")
	if c.r.Method != "POST" {
		return
	}
	if raw := b.raw("user"); len(raw) > 0 && raw[0] == '{' {
		if p := b.saidPick("user"); p != nil {
			in.user = *p
		}
	} else {
		in.user = state.Either(b.text("user"))
	}
	if in.user == (state.Pick{}) {
		b.complain("user", "must be the person's id or username")
	}
}

func registerDevice(in *deviceIn) state.RegisterDevice {
	return state.RegisterDevice{User: in.user, Token: in.token, Name: in.name, Language: in.language}
}

func deleteDevice(in *deviceIn) state.DeleteDevice { return state.DeleteDevice{ID: in.id} }

func deviceRegistered(r state.Registered) *written {
	return created(deviceOf(&r.User, &r.Contact))
}

// deviceRecord is a device as replies tell it. The token is left out: it is a secret of
// the person.
type deviceRecord struct {
	ID       string        `json:"id"` // also that of the person's contact
	User     deliveryUser  `json:"user"`
	Name     string        `json:"name"`
	Language string        `json:"language"`
	Status   contactStatus `json:"status"`
}

func deviceOf(u *reach.User, k *reach.Contact) deviceRecord {
	out := deviceRecord{ID: string(k.ID), User: deliveryUser{ID: string(u.ID), Username: u.Username}, Name: k.Given, Language: k.Language, Status: contactOf(k).Status}
	if out.Language == "" {
		out.Language = u.Language
	}
	return out
}

func getDevice(tx reader, in *deviceIn) (deviceRecord, error) {
	if row, ok := state.GetDevice(tx, in.id); ok {
		if u, k, ok := state.FindDevice(tx, row); ok {
			return deviceOf(u, &k), nil
		}
	}
	return deviceRecord{}, core.Missing("Device", string(in.id))
}

func (a *API) listDevices(ctx context.Context, in *rowsIn) (*page[deviceRecord], error) {
	var out *page[deviceRecord]
	err := a.Store.View(ctx, false, func(tx reader) error {
		out = rows(in, state.Devices.All(tx), func(d *state.Device) (string, deviceRecord) {
			u, k, ok := state.FindDevice(tx, d)
			if !ok {
				return string(d.Contact), deviceRecord{ID: string(d.Contact)}
			}
			return string(d.Contact), deviceOf(u, &k)
		})
		return nil
	})
	return out, err
}
