package api

import (
	"context"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// rowsMax bounds a list of /keng/v1.
const rowsMax = 1000

// delivery is a page with its reason and its trace. The address is left out: it is a
// secret of the person, and the contact's id names it.
type delivery struct {
	ID        string        `json:"id"`
	AlertID   string        `json:"alertId"`
	User      deliveryUser  `json:"user"`
	Contact   string        `json:"contactId"`
	Kind      string        `json:"kind"`
	Why       string        `json:"why"`
	CreatedAt moment        `json:"createdAt"`
	SendBy    moment        `json:"sendBy"`
	Final     bool          `json:"final"`
	Alerts    int           `json:"alerts,omitempty"`
	HeldUntil *moment       `json:"heldUntil,omitempty"`
	Trace     []traceRecord `json:"trace"`
}

type deliveryUser struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

// traceRecord is one stage of a page's life.
type traceRecord struct {
	At         moment `json:"at"`
	Stage      string `json:"stage"`
	Failure    string `json:"failure,omitempty"`
	Reply      string `json:"reply,omitempty"`
	Detail     string `json:"detail,omitempty"`
	ProviderID string `json:"providerId,omitempty"`
}

// listDeliveries tells every page of an alert, oldest first.
func (a *API) listDeliveries(ctx context.Context, in *getAlertIn) (*page[delivery], error) {
	var out *page[delivery]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.ref)
		if err != nil {
			return err
		}
		all := state.DeliveriesOf(tx, row.ID)
		out = &page[delivery]{}
		for _, d := range all[:min(len(all), rowsMax)] {
			out.of = append(out.of, deliveryOf(&d, usernameOf(tx, d.User)))
		}
		return nil
	})
	return out, err
}

func usernameOf(tx table.Reader, id core.UserID) string {
	if u, ok := state.Users.Get(tx, table.K().String(string(id))); ok {
		return u.Username
	}
	return ""
}

func deliveryOf(d *state.Delivery, username string) delivery {
	out := delivery{
		ID: string(d.ID), AlertID: string(d.Alert), User: deliveryUser{ID: string(d.User), Username: username}, Contact: string(d.Contact),
		Kind: string(d.Kind), Why: d.Reason(), CreatedAt: moment{d.CreatedAt}, SendBy: moment{d.SendBy}, Final: d.Final(), Trace: []traceRecord{},
	}
	if d.Count > 1 {
		out.Alerts = d.Count
	}
	if d.Held && !d.Final() {
		out.HeldUntil = &moment{d.NotBefore}
	}
	for _, t := range d.Trace {
		out.Trace = append(out.Trace, traceRecord{At: moment{t.At}, Stage: string(t.Stage), Failure: string(t.Failure),
			Reply: string(t.Reply), Detail: t.Detail, ProviderID: t.ProviderID})
	}
	return out
}
