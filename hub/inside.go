package main

import (
	"context"
	"log/slog"

	"keng/hub/app"
	gateway "keng/mobile-gateway/app"
)

// gatewayInside is the task of a gateway in the hub's own process. It dials the hub as
// any other gateway does.
func gatewayInside(config gateway.Config, dataDir string, logger *slog.Logger) func(*app.App) app.Task {
	return func(node *app.App) app.Task {
		return app.Task{Name: "gateway", Run: func(ctx context.Context) error {
			credentials, address, err := node.AdmitInside(ctx)
			if err != nil {
				return err
			}
			g, err := gateway.New(gateway.Options{
				Config: config, DataDir: dataDir, Credentials: credentials,
				Hubs: []string{address}, Logger: logger.With("part", "gateway"),
			})
			if err != nil {
				return err
			}
			return g.Run(ctx)
		}}
	}
}
