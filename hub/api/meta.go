package api

import (
	"context"
	_ "embed"

	"keng/hub/core"
)

//go:embed openapi.yaml
var contract []byte

// nothingIn is a question without parameters.
type nothingIn struct{}

func (*nothingIn) read(*call) {}

// health says that the process lives.
type health struct {
	Status string `json:"status"`
}

func (a *API) getHealth(context.Context, *nothingIn) (*data[health], error) {
	return &data[health]{health{"ok"}}, nil
}

func (a *API) getReadiness(ctx context.Context, _ *nothingIn) (*data[health], error) {
	if err := a.Ready(ctx); err != nil {
		return nil, &core.Error{Kind: core.Unavailable, Words: "Not ready: " + err.Error()}
	}
	return &data[health]{health{"ready"}}, nil
}

func (a *API) getContract(context.Context, *nothingIn) (*file, error) {
	return &file{contentType: "application/yaml", bytes: contract}, nil
}
