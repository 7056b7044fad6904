package app

import (
	"context"
	"log/slog"
	"sync"

	"keng/agent/check"
)

// OnceResult is what one run of a check found.
type OnceResult struct {
	Check  CheckConfig
	Result check.Result
}

// RunOnce runs every check of a configuration once, and returns what they found in
// the order of the configuration. It needs neither a hub nor a data directory.
func RunOnce(ctx context.Context, config Config) ([]OnceResult, error) {
	targets, err := config.build()
	if err != nil {
		return nil, err
	}
	results := make([]OnceResult, len(targets))
	slots := make(chan struct{}, concurrencyUsual)
	var running sync.WaitGroup
	for i, t := range targets {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			results[i] = OnceResult{Check: t.CheckConfig, Result: t.perform(ctx, slog.New(slog.DiscardHandler))}
		})
	}
	running.Wait()
	return results, nil
}
