package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// takeOverIn lets somebody be on call from now on.
type takeOverIn struct {
	asker
	take state.TakeOver
}

func (in *takeOverIn) read(c *call) {
	in.asker = c.asker()
	in.take = state.TakeOver{Schedule: c.picked("identifierType"), User: c.needed("user"), Until: c.body.saidMoment("until")}
	if r := c.body.saidPick("rotation"); r != nil {
		in.take.Rotation = *r
	}
}

// takenOver is how somebody took over, as the reply tells it: from whom, until when, and how
// to undo it.
type takenOver struct {
	overrideRecord
	From []someone `json:"from"`
	Undo undo      `json:"undo"`
}

// undo is the operation that takes something back.
type undo struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

func (a *API) takeOver(ctx context.Context, in *takeOverIn) (*written, error) {
	taken, err := do(ctx, a, in.seed, in.take)
	if e, ok := errors.AsType[*core.Error](err); ok && e.Fields["endDate"] != "" { // of the override, whose end is called until here
		return nil, core.Invalid("until", e.Fields["endDate"])
	}
	if err != nil {
		return nil, err
	}
	out := takenOver{From: []someone{}, Undo: undo{http.MethodDelete, "/v2/schedules/" + url.PathEscape(string(taken.Schedule)) + "/overrides/" + url.PathEscape(taken.Alias)}}
	err = a.look(ctx, func(tx reader) error {
		s, err := (state.Pick{ID: string(taken.Schedule)}).Schedule(tx)
		if err != nil { // it was deleted meanwhile, and the override with it
			s = &rota.Schedule{ID: taken.Schedule}
		}
		out.overrideRecord = overrideOf(tx, s, &taken.Override)
		for _, p := range taken.From {
			out.From = append(out.From, participantOf(tx, p))
		}
		return nil
	})
	return created(out), err
}
