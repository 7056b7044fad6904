package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"keng/hub/api"
	"keng/hub/console"
	"keng/hub/intake"
	"keng/proto/link"
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
	if a.o.TLSCert == "" {
		return nil
	}
	a.certificate, err = openCertificate(a.o.TLSCert, a.o.TLSKey, a.logger.With("part", "http"))
	if err != nil {
		return err
	}
	// Agents and gateways are served here, too: theirs may be the only port that is open.
	a.split = link.NewSplitter(l)
	return nil
}

// webListener is where the API is served: at its address, in TLS if there is a certificate.
func (a *App) webListener() net.Listener {
	if a.split == nil {
		return a.http
	}
	return tls.NewListener(a.split.Rest(), a.certificate.config())
}

// serveHTTP serves the API until ctx ends; requests under way may end.
func (a *App) serveHTTP(ctx context.Context) error {
	secret, err := a.key.derive("console sessions")
	if err != nil {
		return err
	}
	pages, err := console.New(console.Options{Store: a.Store(), SessionSecret: secret, Zones: a.zones.Find, Logger: a.logger.With("part", "console")})
	if err != nil {
		return err
	}
	links, err := a.key.derive("attachment links")
	if err != nil {
		return err
	}
	handler, err := api.New(api.Options{
		Store: a.Store(), Logger: a.logger.With("part", "api"), MakeToken: a.MakeToken, Ready: a.ready, Now: a.store.Now,
		Cluster: nodes{a}, Connected: nodes{a}.Connected, Pages: a.beside(a.withLinks(pages)), PublicURL: a.saidURL(), Observe: a.watcher.Request,
		AgentResults: a.agentResults, Zones: a.zones.Find, HeardPing: a.pings.Heard, Rehearse: a.rehearse,
		ReadTool: intake.Read, DefaultActions: intake.DefaultActions,
		Blobs: replicated{a.store}, LinkKey: links,
	})
	if err != nil {
		return err
	}
	server := api.Server(a.o.HTTP, handler, a.logger.With("part", "http"))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(a.webListener()) }()
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

// beside serves what a node says of itself to machines, beside the console's pages.
func (a *App) beside(pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.watcher.Metrics())
	mux.Handle("/", pages)
	return mux
}

// ready says whether this node can serve: it has a leader and has caught up. Anybody may ask, as
// often as he likes: those who ask at once share one question to the leader.
func (a *App) ready(ctx context.Context) error {
	answer := a.readiness.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		err := a.Store().View(ctx, true, func(table.Reader) error { return nil })
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, errNoMajority
		}
		return nil, err
	})
	select {
	case r := <-answer:
		return r.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errNoMajority says in words why a node that waited in vain cannot serve.
var errNoMajority = errors.New("no leader with a majority of the nodes has answered within two seconds; see keng-hub cluster status")
