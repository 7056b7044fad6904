package api

import (
	"context"
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// createAlertIn is a new alert as it is asked for.
type createAlertIn struct {
	asker
	draft      alert.Draft
	responders []responderIn
	tool       bool // nobody reads a refusal
}

func (in *createAlertIn) read(c *call) {
	in.asker = c.asker()
	in.tool = unread(c.r.Header, c.body.text("source"))
	in.readAlert(c.body, c.address())
	in.draft.Integration = c.key.ID
}

// readAlert reads a new alert. Without a source it comes from the caller's address.
func (in *createAlertIn) readAlert(b object, address string) {
	priority, err := core.ParsePriority(b.text("priority"))
	if err != nil && !in.tool {
		b.complain("priority", "must be P1, P2, P3, P4 or P5")
	}
	in.draft = alert.Draft{
		Message: b.text("message"), Alias: b.text("alias"), Description: b.text("description"), Entity: b.text("entity"),
		Source: sourceOf(b.text("source"), address), User: b.text("user"), Note: b.text("note"), Priority: priority,
		Tags: b.texts("tags"), Actions: b.texts("actions"), Details: b.pairs("details"),
	}
	in.responders = readResponders(b)
	if in.tool {
		fit(&in.draft, b.text("priority"))
		in.responders = in.responders[:min(len(in.responders), alert.RespondersMax)]
	}
	if len(in.responders) > alert.RespondersMax {
		b.complain("responders", "more than 50 are too many")
	}
	if e, ok := in.draft.Check().(*core.Error); ok {
		for field, why := range e.Fields {
			if b.wrong[b.at+field] == "" {
				b.complain(field, why)
			}
		}
	}
}

func (a *API) createAlert(ctx context.Context, in *createAlertIn) (*ack, error) {
	if !in.ofTeam() && len(in.responders) > 0 {
		err := a.look(ctx, func(tx table.Reader) error { // whom this node does not know another one may have just made
			in.resolve(tx)
			if slices.ContainsFunc(in.draft.Responders, func(r alert.Responder) bool { return r.Kind == 0 }) {
				return core.Missing("Responder", "")
			}
			return nil
		})
		if err != nil && core.KindOf(err) != core.NotFound { // who is unknown to all does not keep the alert out
			return nil, err
		}
	}
	return &ack{}, a.creations.create(ctx, a, in.seed, state.CreateAlert{Request: in.requestID, Draft: in.draft})
}

// ofTeam has the team of the caller's key answer for a new alert, if the key has one.
func (in *createAlertIn) ofTeam() bool {
	team := in.key.Team
	if team == "" {
		return false
	}
	in.draft.OwnerTeam = team
	in.draft.Responders = []alert.Responder{{Kind: alert.Team, ID: string(team)}}
	return true
}

// resolve finds who answers for a new alert: whom the caller names, or the team of its key.
func (in *createAlertIn) resolve(tx table.Reader) {
	if in.ofTeam() {
		return
	}
	in.draft.Responders = resolve(tx, in.responders)
	for _, r := range in.draft.Responders {
		if r.Kind == alert.Team {
			in.draft.OwnerTeam = core.TeamID(r.ID)
			break
		}
	}
}

// getAlertIn names an alert.
type getAlertIn struct{ ref state.Ref }

func (in *getAlertIn) read(c *call) { in.ref = c.alert() }

func (a *API) getAlert(ctx context.Context, in *getAlertIn) (*data[alertDetail], error) {
	var out data[alertDetail]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.ref)
		if err == nil {
			out.of = detail(tx, row)
		}
		return err
	})
	return &out, err
}

// findAlert returns the alert that a reference names, or an error of kind NotFound.
func findAlert(tx table.Reader, ref state.Ref) (*alert.Alert, error) {
	row, ok := state.FindAlert(tx, ref)
	if !ok {
		return nil, &core.Error{Kind: core.NotFound, Words: "Alert does not exist."}
	}
	return row, nil
}

// getRequestIn names an asynchronous request.
type getRequestIn struct{ id string }

func (in *getRequestIn) read(c *call) { in.id = c.identifier("requestId") }

// requestStatus is what became of an asynchronous request. Clients read either of the
// two truth values.
type requestStatus struct {
	Success       bool   `json:"success"`
	IsSuccess     bool   `json:"isSuccess"`
	Action        string `json:"action"`
	ProcessedAt   moment `json:"processedAt"`
	IntegrationID string `json:"integrationId"`
	Status        string `json:"status"`
	AlertID       string `json:"alertId"`
	Alias         string `json:"alias"`
}

func (a *API) getRequest(ctx context.Context, in *getRequestIn) (*data[requestStatus], error) {
	var r *state.Request
	err := a.look(ctx, func(tx table.Reader) error {
		var ok bool
		if r, ok = state.GetRequest(tx, in.id); !ok {
			return core.Missing("request", in.id)
		}
		return nil
	})
	if err != nil && core.KindOf(err) == core.NotFound {
		return nil, notProcessed()
	}
	if err != nil {
		return nil, err
	}
	return &data[requestStatus]{requestStatus{
		Success: r.Success, IsSuccess: r.Success, Action: r.Action, ProcessedAt: moment{r.ProcessedAt}, IntegrationID: string(r.Integration),
		Status: r.Status, AlertID: string(r.Alert), Alias: r.Alias,
	}}, nil
}
