// Package app is the mobile gateway as a thing that can be embedded: the program
// runs it, the hub runs one inside, tests run several.
//
//	gateway, err := app.New(app.Options{Config: cfg, DataDir: dir, Credentials: …, Hubs: …})
//	err = gateway.Run(ctx) // until ctx ends
//
// A gateway dials out to every hub node and needs no open port. It offers the kinds of
// channel that it has, takes pages, and tells the fate of each; see package pager for what
// happens to a page and package ledger for what is remembered on disk. DESIGN.md in the
// folder above gives the reasons.
//
// # Stopping
//
// When its context ends, Run takes no more pages, gives those under way [FinishTime] to
// come to an end (a call that rings may still be answered), breaks off the others, then waits up to [DrainTime] for
// the hubs to acknowledge all reports, and only then hangs up. What was not acknowledged is
// told after the next start.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"keng/mobile-gateway/ledger"
	"keng/mobile-gateway/pager"
	"keng/proto/channel"
	"keng/proto/link"
)

// How long Run takes to stop, at most, besides the time of a disk and of a goodbye.
const (
	FinishTime = 5 * time.Second
	DrainTime  = 2 * time.Second
)

// After an outage of the hubs, however long, a gateway is back within the two together.
// Hubs count on it: until then pages wait.
const (
	RedialTime = 5 * time.Second  // the longest pause between two dials of a hub
	DialTime   = 10 * time.Second // the longest that one dial takes
)

// Options say what a gateway is made of. DataDir, Credentials or Identity, Hubs and at least one channel
// are required.
type Options struct {
	// Config names the channels.
	Config Config
	// Channels are more of them, of kinds that Config has not.
	Channels []channel.Channel
	// DataDir is where the ledger lies, in the folder "ledger".
	DataDir string
	// Credentials are a gateway's. It is asked at each dial, because they are renewed.
	Credentials func() link.Credentials
	// Identity takes the place of Credentials, and is renewed over the connections to hubs.
	Identity *link.Identity
	// Hubs are addresses of hub nodes, "host:port". The others are learned from these.
	Hubs []string
	// Learned is told which hubs to dial after the next start whenever that changes: those that
	// a hub names, before those of Hubs, which may be gone by then. It is called from several
	// goroutines, one at a time, and must not block for long. Nil: nobody is told.
	Learned func(hubs []string)
	// Logger hears what happens. Nil: nobody.
	Logger *slog.Logger
	// Software is for people. Empty: [Software]().
	Software string
	// Endpoint is the socket to dial from; it stays the caller's. Nil: one of its own.
	Endpoint *link.Endpoint
	// Backoff is how patiently to dial. The zero value is right for nearly all: gateways are
	// few, so they dial more often than agents, at least every [RedialTime].
	Backoff link.Backoff
}

// Software is the program with its version, for people: "keng-gateway 0.1.0 linux/arm64".
func Software() string { return "keng-gateway 0.1.0 " + runtime.GOOS + "/" + runtime.GOARCH }

// Gateway is a gateway that is ready to run.
type Gateway struct {
	options  Options
	channels []channel.Channel
	ledger   *ledger.Ledger
	pager    *pager.Pager
	endpoint *link.Endpoint
	owned    *link.Endpoint // the endpoint if it is ours to close
}

// New checks the configuration, opens the channels and the ledger, and serves
// nothing yet. On an error nothing stays open. Call Run, once; it closes all.
func New(options Options) (*Gateway, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case options.DataDir == "":
		return nil, errors.New("a gateway needs a data directory")
	case options.Credentials == nil && options.Identity == nil:
		return nil, errors.New("a gateway needs credentials: join a hub first")
	case len(options.Hubs) == 0:
		return nil, errors.New("a gateway needs the address of a hub")
	}
	g := &Gateway{options: options, endpoint: options.Endpoint}
	if err := g.open(); err != nil {
		return nil, errors.Join(err, g.close())
	}
	return g, nil
}

func (g *Gateway) open() error {
	channels, err := g.options.Config.channels(g.options.Logger)
	if err != nil {
		return err
	}
	g.channels = append(channels, g.options.Channels...)
	if len(g.channels) == 0 {
		return errNothing
	}
	if g.ledger, err = ledger.Open(filepath.Join(g.options.DataDir, "ledger"), ledger.Options{Logger: g.options.Logger}); err != nil {
		return fmt.Errorf("cannot open the gateway's ledger: %w", err)
	}
	if g.pager, err = pager.New(g.channels, g.ledger, g.options.Logger); err != nil {
		return err
	}
	if g.endpoint == nil {
		socket, err := net.ListenPacket("udp", ":0")
		if err != nil {
			return fmt.Errorf("cannot open a UDP socket to dial hubs from: %w", err)
		}
		g.owned = link.NewEndpoint(socket, nil)
		g.endpoint = g.owned
	}
	return nil
}

// close closes, in the reverse order of opening, what is open.
func (g *Gateway) close() error {
	var failed error
	if g.owned != nil {
		failed = g.owned.Close()
	}
	if g.ledger != nil {
		failed = errors.Join(failed, g.ledger.Close())
	}
	for _, ch := range g.channels {
		if closer, ok := ch.(interface{ Close() }); ok {
			closer.Close()
		}
	}
	return failed
}

// Kinds are the kinds of channel that the gateway serves.
func (g *Gateway) Kinds() []channel.Kind { return g.pager.Kinds() }

// Run serves until ctx ends, and then stops in the order that the package comment
// gives. It returns nil after an orderly stop. Lost hubs are dialled again for ever and
// are no error.
func (g *Gateway) Run(ctx context.Context) error {
	linked, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	hubs := g.dialHubs(linked)
	g.options.Logger.Info("the gateway runs", "kinds", g.Kinds(), "hubs", g.options.Hubs)
	<-ctx.Done()

	finish, cancel := context.WithTimeout(linked, FinishTime)
	defer cancel()
	g.pager.Close(finish)
	drain, cancel := context.WithTimeout(linked, DrainTime)
	defer cancel()
	if g.pager.Drained(drain) != nil {
		g.options.Logger.Warn("no hub has acknowledged the last reports; they are told after the next start")
	}
	hangUp()
	hubs.Wait()
	g.options.Logger.Info("the gateway has stopped")
	return g.close()
}

// dialHubs keeps a connection to every hub until ctx ends. Wait for what it returns.
func (g *Gateway) dialHubs(ctx context.Context) *sync.WaitGroup {
	software := g.options.Software
	if software == "" {
		software = Software()
	}
	backoff := g.options.Backoff
	if backoff.Max == 0 {
		backoff.Max = RedialTime
	}
	h := &hubs{
		endpoint: g.endpoint, backoff: backoff, logger: g.options.Logger,
		session: func(ctx context.Context, c conn) error { return serve(ctx, c, g.pager) },
		dial: link.DialConfig{
			Credentials: g.options.Credentials, Identity: g.options.Identity, Software: software, BootID: []byte(rand.Text())[:16], Timeout: DialTime, Logger: g.options.Logger,
		},
		configured: g.options.Hubs, learned: g.options.Learned, known: map[string]bool{}, holders: map[string]*holder{},
	}
	for _, address := range g.options.Hubs {
		h.add(ctx, address)
	}
	return &h.keepers
}
