package api

import (
	"context"
	"net/http"

	"keng/hub/state"
	"keng/raftstore/table"
)

// reader is the state as a view gives it.
type reader = table.Reader

// written is the answer to a change of the configuration: done, not only accepted.
type written struct {
	status int
	result string
	data   any
}

func (w *written) fill(e *envelope) int {
	e.Result, e.Data = w.result, w.data
	return w.status
}

func created(data any) *written { return &written{http.StatusCreated, "Created", data} }
func updated(data any) *written { return &written{http.StatusOK, "Updated", data} }
func deleted[R any](R) *written { return &written{http.StatusOK, "Deleted", nil} }

// done makes the answer to a change of which nothing else is told.
func done[R any](result string) func(R) *written {
	return func(R) *written { return &written{http.StatusOK, result, nil} }
}

// change makes a handler that has one command carried out, on the leader, and tells its
// result. Reading first and writing then would lose what others write between.
func change[In any, P question[In], C state.Command[R], R any](made func(P) C, tell func(R) *written) handler {
	return func(a *API, ctx context.Context, c *call) (outcome, error) {
		in, err := asked[In, P](c)
		if err != nil {
			return nil, err
		}
		result, err := do(ctx, a, c.seed, made(in))
		if err != nil {
			return nil, err
		}
		return tell(result), nil
	}
}

// tell makes a handler that tells something of the state.
func tell[In any, P question[In], Out any](f func(reader, P) (Out, error)) handler {
	return on(func(a *API, ctx context.Context, in P) (*data[Out], error) {
		var out data[Out]
		err := a.look(ctx, func(tx reader) (err error) {
			out.of, err = f(tx, in)
			return err
		})
		return &out, err
	})
}

// tellList makes a handler that tells a list, "[]" if it is empty.
func tellList[In any, P question[In], Out any](f func(reader, P) ([]Out, error)) handler {
	return on(func(a *API, ctx context.Context, in P) (*page[Out], error) {
		var out page[Out]
		err := a.look(ctx, func(tx reader) (err error) {
			out.of, err = f(tx, in)
			return err
		})
		return &out, err
	})
}

// tellNow makes a handler that tells a list of what is so at the present moment.
func tellNow[In any, P question[In], Out any](f func(*API, reader, P) ([]Out, error)) handler {
	return on(func(a *API, ctx context.Context, in P) (*page[Out], error) {
		var out page[Out]
		err := a.look(ctx, func(tx reader) (err error) {
			out.of, err = f(a, tx, in)
			return err
		})
		return &out, err
	})
}

// picked returns what the path names, by its id unless the query says otherwise.
func (c *call) picked(typeName string) state.Pick {
	id := c.identifier("identifier")
	if c.choice(typeName, "id", "name") == "name" {
		return state.Pick{Name: id}
	}
	return state.Pick{ID: id}
}
