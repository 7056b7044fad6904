package state

import (
	"fmt"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Said is one thing that a tool has said, in a format of its own: what it says of an alert,
// whatever the limits of alerts, the tool's own fields by the tool's own names, and what has
// happened, in the tool's word.
type Said struct {
	Event   string            `cbor:"1,keyasint,omitempty"`
	Draft   alert.Draft       `cbor:"2,keyasint"`
	Payload map[string]string `cbor:"3,keyasint,omitempty"`
}

// InputsMax is how many things one command takes: each may lead to some 30 rows.
const InputsMax = 25

// TakeInputs does with what a tool has said in one body, in its order, what rules say: those of
// the key's integration or, if it has no actions or the key is one of the API alone, the
// format's defaults.
type TakeInputs struct {
	Request     string             `cbor:"1,keyasint,omitempty"` // id under which the request's status is asked for
	Integration core.IntegrationID `cbor:"2,keyasint"`           // whose key it came by
	Format      string             `cbor:"3,keyasint,omitempty"` // as in the path: nagios, prometheus …
	Inputs      []Said             `cbor:"4,keyasint,omitempty"`
	Defaults    []route.Action     `cbor:"5,keyasint,omitempty"`
	// Before is how many of the same body were taken before: then what follows is added to the
	// request's status.
	Before int `cbor:"6,keyasint,omitempty"`
}

func (TakeInputs) number() number { return takeInputs }

func (k TakeInputs) apply(c *change) (Request, error) {
	if len(k.Inputs) > InputsMax {
		return Request{}, core.Invalid("inputs", fmt.Sprintf("at most %d at once", InputsMax))
	}
	if len(k.Request) > NameMax {
		return Request{}, core.Invalid("requestId", "it is too long")
	}
	if _, ok := Keys.Get(c.tx, table.K().String(string(k.Integration))); !ok { // deleted meanwhile
		return Request{}, core.Missing("API key", firstRunes(string(k.Integration), NameMax))
	}
	before, _ := GetRequest(c.tx, k.Request) // each input writes its own over it
	var all []Request
	for _, said := range k.Inputs {
		in := Input{Integration: k.Integration, Request: k.Request, Event: said.Event, Draft: said.Draft, Payload: said.Payload, Format: k.Format}
		if !in.fits() {
			in.cut(toDecide)
		}
		in.Draft.Integration = k.Integration
		r, err := c.take(in, k.Defaults)
		if err != nil {
			return r, err
		}
		all = append(all, r)
	}
	if len(all) == 1 && k.Before == 0 {
		return all[0], nil
	}
	return k.sum(c, before, all)
}

// sum writes down what became of a body that does not say exactly one thing. Before is what
// became of its first inputs, nil if there were none.
func (k TakeInputs) sum(c *change, before *Request, all []Request) (Request, error) {
	out := Request{ID: k.Request, Action: "Create", Integration: k.Integration}
	var order []string
	counts := map[string]int{}
	for _, r := range all {
		words := r.Status
		if r.Action == "Ignore" {
			words = nothingDone // why is in the journal
		}
		if counts[words]++; counts[words] == 1 {
			order = append(order, words)
		}
		if r.Success && out.Alert == "" {
			out.Alert, out.Alias, out.Action = r.Alert, r.Alias, r.Action
		}
		out.Success = out.Success || r.Success
	}
	for i, words := range order {
		order[i] = fmt.Sprintf("%d × %s", counts[words], words)
	}
	out.Status = strings.Join(order, "; ")
	if len(all) == 0 {
		out.Action, out.Status = "Ignore", nothingDone+": the body says nothing of any alert"
	}
	if before != nil && k.Before > 0 {
		status := firstRunes(before.Status+"; then "+out.Status, reasonMax)
		if before.Success {
			out = *before
			out.Success = true
		}
		out.Status = status
	}
	return out, c.answer(&out)
}

// nothingDone begins the status of what nothing was done with.
const nothingDone = "Nothing was done"

// toolOf returns the rules for what comes by a key: those of its integration. With the defaults
// of a format they say something even if it has no actions, or there is no integration of the key.
func (d decider) toolOf(id core.IntegrationID, defaults []route.Action) (*route.Integration, bool) {
	i, err := GetIntegration(d.r, id)
	switch {
	case err == nil && (len(i.Rules.Actions) > 0 || len(defaults) == 0):
		return &i.Rules, true
	case err == nil:
		rules := i.Rules
		rules.Actions = defaults
		return &rules, true
	case len(defaults) == 0:
		return nil, false
	}
	rules := &route.Integration{ID: id, Actions: defaults}
	if k, ok := Keys.Get(d.r, table.K().String(string(id))); ok {
		rules.Name, rules.Team = k.Name, k.Team
	}
	return rules, true
}

// ToolBody is what a body says that came in the format of a tool.
type ToolBody struct {
	Format     string // as in the path
	Type       string // of its integrations
	Unverified bool   // the format was made by analogy
	Inputs     []ToolInput
	Left       int // how many more inputs there were than are taken; if any, the last input says so
	// Defaults are what is done if there are no other rules.
	Defaults []route.Action
}

// ToolInput is one thing that it says, with the names of whom it wants to be told.
type ToolInput struct {
	Said
	Responders []string
}
