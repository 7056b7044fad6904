package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"keng/hub/core"
	routing "keng/hub/core/route"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/raftstore/table"
)

// What other tools send in formats of their own, as their scripts for Opsgenie do. What is too
// long is cut and never refused: a tool can mend nothing, and few send again.

// toolRoot begins the paths of tools. Their scripts take an answer other than 200 for a failure.
const toolRoot = "/v1/json/"

// The bounds of what a tool sends.
const (
	// ToolBodyMax is how many bytes a body has at most that comes by a known key: in a storm a webhook
	// of many alerts has megabytes, and Alertmanager does not send again what is refused.
	ToolBodyMax = 8 << 20
	// strangeBodyMax is up to how many bytes a body is read before it is known by whom it comes.
	strangeBodyMax = 256 << 10
	// strangeTime is how long that may take.
	strangeTime = 5 * time.Second
	// inputBytes is about how many bytes of inputs one command has at most, unless it has one input.
	inputBytes = 256 << 10
	// tryMax is how many inputs of a body a trial tells.
	tryMax = 20
)

// intakeRoutes is the part of the table by which other tools send alerts.
func intakeRoutes() []route {
	return []route{
		{"POST", toolRoot + "{integrationType...}", state.Write, false, toolDomain, on((*API).takeTool)},
		{"POST", "/keng/v1/intake/{integrationType...}/test", state.Read | state.Write, false, configurationDomain, on((*API).tryTool)},
	}
}

// bodyMax returns how many bytes a body may have by a known key.
func (r *route) bodyMax() int64 {
	if strings.Contains(r.Path, "{integrationType...}") {
		return ToolBodyMax
	}
	return BodyMax
}

// keyInBody reports whether the key may stand in the body, where tools' scripts have it.
func (r *route) keyInBody() bool { return strings.HasPrefix(r.Path, toolRoot) }

// bodyKey returns the key that stands in the body, "" if none does.
func (a *API) bodyKey(c *call) (string, error) {
	control := http.NewResponseController(c.w)
	_ = control.SetReadDeadline(time.Now().Add(strangeTime)) // where there is no connection nobody is slow
	var err error
	c.raw, err = io.ReadAll(strangeBody{http.MaxBytesReader(c.w, c.r.Body, strangeBodyMax), a.underWay, c})
	if err = unreadable(err); err != nil {
		return "", err // and the deadline holds for what net/http passes over
	}
	_ = control.SetReadDeadline(time.Time{})
	if !bytes.Contains(c.raw, []byte("apiKey")) {
		return "", nil
	}
	body := object{wrong: map[string]string{}} // what is wrong with it is said to those who have a key
	if body.parse(c.raw) != nil {
		return "", nil
	}
	return strings.TrimSpace(body.text("apiKey")), nil
}

// toolIn is what a tool sends.
type toolIn struct {
	asker
	format, secret string
	body           []byte
}

func (in *toolIn) read(c *call) {
	in.asker = c.asker()
	in.format, in.secret, in.body = c.identifier("integrationType"), c.secret, c.raw
}

// taken says what was done with what a tool has sent. It is 200 whatever that is.
type taken struct{ words string }

func (t *taken) fill(e *envelope) int {
	e.Result = t.words
	return http.StatusOK
}

func (a *API) takeTool(ctx context.Context, in *toolIn) (*taken, error) {
	said, inputs, err := a.readTool(ctx, in)
	if err != nil {
		return nil, err
	}
	command := state.TakeInputs{Request: in.requestID, Integration: in.key.ID, Format: said.Format, Defaults: said.Defaults}
	var done state.Request
	for part := 0; part == 0 || len(inputs) > 0; part++ {
		n := fitting(inputs)
		id := in.seed
		if part > 0 {
			id = seed.New()
		}
		for {
			command.Inputs = inputs[:n]
			if done, err = do(ctx, a, id, command); err == nil {
				break
			}
			late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
			if n <= 1 || core.KindOf(err) != core.Internal || late {
				return nil, err
			}
			n, id = n/2, seed.New() // rules may have made more of them than a command may write
		}
		inputs = inputs[n:]
		command.Before += n
	}
	words := done.Status
	if said.Left > 0 {
		words += fmt.Sprintf("; %d more alerts were passed over, which the last alert says", said.Left)
	}
	return &taken{words}, nil
}

// unpackTool reads what a tool says, when there is room for what is in it.
func (a *API) unpackTool(ctx context.Context, in *toolIn) (*state.ToolBody, error) {
	done, err := a.underWay.unpack(ctx, in.body)
	if err != nil {
		return nil, err
	}
	defer done()
	return a.ReadTool(in.format, in.body, in.secret)
}

// readTool reads what a tool says, and finds whom it wants to be told.
func (a *API) readTool(ctx context.Context, in *toolIn) (*state.ToolBody, []state.Said, error) {
	body, err := a.unpackTool(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	var inputs []state.Said
	err = a.look(ctx, func(tx table.Reader) error {
		inputs = inputs[:0]
		missing := false
		for _, x := range body.Inputs {
			said := x.Said
			var names []responderIn
			for _, name := range x.Responders {
				names = append(names, responderIn{name: name})
			}
			said.Draft.Responders = resolve(tx, names)
			missing = missing || len(said.Draft.Responders) > 0 && said.Draft.Responders[0].Kind == 0
			inputs = append(inputs, said)
		}
		if missing { // another node may have just made them
			return core.Missing("Responder", "")
		}
		return nil
	})
	if err != nil && core.KindOf(err) != core.NotFound {
		return nil, nil, err
	}
	return body, inputs, nil
}

// fitting returns how many of some inputs one command takes.
func fitting(inputs []state.Said) int {
	left := inputBytes
	for n := range inputs[:min(len(inputs), state.InputsMax)] {
		for name, value := range inputs[n].Payload {
			left -= len(name) + 2*len(value)
		}
		if left < 0 && n > 0 {
			return n
		}
	}
	return min(len(inputs), state.InputsMax)
}

// trial is what would become of what a tool sends.
type trial struct {
	Format          string       `json:"format"`
	IntegrationType string       `json:"integrationType"`
	Verified        bool         `json:"verified"` // the names of the format's fields were seen
	Inputs          []trialInput `json:"inputs"`
	More            int          `json:"more"` // inputs that are not told
}

// trialInput is what would become of one thing that it says.
type trialInput struct {
	Event   string            `json:"event"`
	Fields  map[string]string `json:"fields"`
	Action  string            `json:"action"` // create, close, acknowledge, addNote, ignore; "": nothing
	Reason  string            `json:"reason"`
	Alias   string            `json:"alias"`
	AlertID string            `json:"alertId"` // of the open alert that it would be about
	Alert   *trialAlert       `json:"alert,omitempty"`
	User    string            `json:"user,omitempty"`
	Note    string            `json:"note,omitempty"`
	Missing []string          `json:"missing,omitempty"` // names in templates that it lacks
}

// trialAlert is the alert that would be.
type trialAlert struct {
	Message     string            `json:"message"`
	Description string            `json:"description"`
	Priority    string            `json:"priority"`
	Source      string            `json:"source"`
	Entity      string            `json:"entity"`
	Tags        []string          `json:"tags"`
	Details     map[string]string `json:"details"`
	Responders  []responder       `json:"responders"`
}

// tryTool tells what would become of what a tool sends. Nothing is changed.
func (a *API) tryTool(ctx context.Context, in *toolIn) (*data[trial], error) {
	said, inputs, err := a.readTool(ctx, in)
	if err != nil {
		return nil, err
	}
	out := trial{Format: said.Format, IntegrationType: said.Type, Verified: !said.Unverified, More: said.Left + max(len(inputs)-tryMax, 0)}
	machine := state.New(a.Zones) // with no memory in common with that of life
	err = a.look(ctx, func(tx table.Reader) error {
		out.Inputs = []trialInput{}
		for _, x := range inputs[:min(len(inputs), tryMax)] {
			row := state.Input{Integration: in.key.ID, Event: x.Event, Draft: x.Draft, Payload: x.Payload, Format: said.Format}
			row.Draft.Integration = in.key.ID
			out.Inputs = append(out.Inputs, trialOf(x, machine.Replay(tx, a.Now(), &row, said.Defaults...)))
		}
		return nil
	})
	return &data[trial]{out}, err
}

func trialOf(x state.Said, r state.Replayed) trialInput {
	d := r.Decision
	out := trialInput{Event: x.Event, Fields: x.Payload, Action: d.Kind.String(), Reason: d.Reason, Alias: d.Alias, AlertID: string(r.Alert), User: d.User, Note: d.Note, Missing: d.Missing}
	if d.Kind == routing.Create {
		s, details := r.Shaped.Draft, map[string]string{}
		maps.Copy(details, r.Shaped.Draft.Details)
		out.Alias, out.User, out.Note = s.Alias, s.User, s.Note
		out.Alert = &trialAlert{
			Message: s.Message, Description: s.Description, Priority: cmp.Or(s.Priority, core.P3).String(), Source: s.Source, Entity: s.Entity,
			Tags: orEmpty(s.Tags), Details: details, Responders: []responder{},
		}
		for _, who := range s.Responders {
			if word := kindWord(who.Kind); word != "" {
				out.Alert.Responders = append(out.Alert.Responders, responder{Type: word, ID: who.ID})
			}
		}
	}
	return out
}
