package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"keng/hub/api"
	"keng/hub/console"
	"keng/proto/agentpb"
	"keng/raftstore/table"
)

// openHTTP opens the address of the API.
func (a *App) openHTTP(context.Context) error {
	l, err := a.host.Listen("tcp", a.o.HTTP)
	if err != nil {
		return &addressError{"HTTP", err}
	}
	a.http = l
	a.atStop("HTTP address", func(context.Context) error { return ignoreClosed(l.Close()) })
	return nil
}

// serveHTTP serves the API until ctx ends; requests under way may end.
func (a *App) serveHTTP(ctx context.Context) error {
	secret, err := a.key.derive("console sessions")
	if err != nil {
		return err
	}
	pages, err := console.New(console.Options{Store: a.Store(), SessionSecret: secret, Logger: a.logger.With("part", "console")})
	if err != nil {
		return err
	}
	handler, err := api.New(api.Options{
		Store: a.Store(), Logger: a.logger.With("part", "api"), MakeToken: a.MakeToken, Ready: a.ready, Now: a.store.Now,
		Cluster: nodes{a}, Pages: pages, AgentResults: a.agentResults,
	})
	if err != nil {
		return err
	}
	server := api.Server(a.o.HTTP, handler, a.logger.With("part", "http"))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(a.http) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait/2)
	defer cancel()
	if err := server.Shutdown(bounded); err != nil {
		a.logger.Warn("requests that were still under way have been broken off", "error", err)
		return server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// agentResults tells what an agent that is connected to this node last said of its checks.
func (a *App) agentResults(agent string) (time.Time, *agentpb.Watching, int, bool) {
	r, ok := a.edge.Results(agent)
	return r.At, r.Said, r.Beyond, ok
}

// ready says whether this node can serve: it has a leader and has caught up.
func (a *App) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return a.Store().View(ctx, true, func(table.Reader) error { return nil })
}
