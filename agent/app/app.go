// Package app is the agent as a process that can be embedded: the program
// keng-agent is flags around it, and the hub's demonstration runs it inside itself.
//
// An agent is three tasks under one group. The scheduler owns the plan and runs what
// is due; the recorder writes changes of verdict into the spool; the uplink carries
// the spool to whichever hub answers. They share nothing but the queue between the
// first two and the spool between the last two, so a slow check, a full disk or an
// absent hub delays nobody else.
//
// In the data directory:
//
//	identity/     the agent's key and certificate, written at join; next/ is a renewed one
//	hubs.json     where the hubs are
//	checks.json   what the hub has told to check
//	down.json     which checks the hub believes to be down
//	probes.json   which probes have ever answered
//	spool/        events that the hub has not acknowledged
//	status.sock   where a running agent says what it thinks (or status.addr)
//
// DESIGN.md in the folder above gives the reasons.
package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"keng/agent/spool"
	"keng/proto/link"
)

// Options are what an agent is made of. Config and DataDir are required.
type Options struct {
	Config Config
	// DataDir is where the agent keeps what must survive it. It is made if need be.
	DataDir string
	// CredentialsDir is where link.SaveCredentials wrote the agent's identity.
	// Default: identity in DataDir.
	CredentialsDir string
	// Hubs are the addresses ("host:port") of hubs. Default: those saved by [Join].
	// What a hub names besides is added.
	Hubs []string
	// Logger hears what the agent does. Default: nobody.
	Logger *slog.Logger
	// Version is the program's own. Default "unknown".
	Version string
	// Socket makes the UDP socket for the uplink. Default: any free port.
	Socket func() (net.PacketConn, error)
	// Backoff is how patiently hubs are dialled.
	Backoff link.Backoff
	// Spool bounds the spool.
	Spool spool.Limits
	// Concurrency bounds how many checks run at once. Default 64.
	Concurrency int
	// ServeStatus lets the data directory's owner ask for the status with [AskStatus].
	ServeStatus bool
}

// concurrencyUsual is how many checks run at once, if nothing else is said.
const concurrencyUsual = 64

// App is an agent. Its methods are safe for concurrent use.
type App struct {
	options  Options
	list     *watchlist
	reported *reported
	probes   []string
	hubs     *hubList
	ready    chan struct{}
	// askProbe is askProbe; tests have answers of their own.
	askProbe func(ctx context.Context, probe string) bool

	mu      sync.Mutex
	started bool
	life    *life // nil while there is none
	cancel  context.CancelFunc
	done    chan struct{} // closed when everything has stopped
	err     error         // why; of the goroutine that closes done
}

// New checks the options and reads the agent's identity. It starts nothing.
func New(options Options) (*App, error) {
	if options.DataDir == "" {
		return nil, errors.New("no data directory is given")
	}
	if options.CredentialsDir == "" {
		options.CredentialsDir = filepath.Join(options.DataDir, identityDir)
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Version == "" {
		options.Version = "unknown"
	}
	if options.Socket == nil {
		options.Socket = func() (net.PacketConn, error) { return net.ListenPacket("udp", ":0") }
	}
	if options.Concurrency <= 0 {
		options.Concurrency = concurrencyUsual
	}
	checks, err := options.Config.build()
	if err != nil {
		return nil, err
	}
	if _, err := link.LoadCredentials(options.CredentialsDir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("this agent belongs to no hub yet: there is no identity in %s; run keng-agent join", options.CredentialsDir)
	} else if err != nil {
		return nil, fmt.Errorf("cannot read the agent's identity: %w", err)
	}
	hubs, err := newHubList(options.DataDir, options.Hubs)
	if err != nil {
		return nil, err
	}
	list, err := newWatchlist(options.DataDir, options.Config.Site, checks)
	if err != nil {
		options.Logger.Error("the checks that the hub told last are not in use", "error", err)
	}
	return &App{
		options: options, list: list, reported: newReported(options.DataDir), probes: options.Config.probeNames(), hubs: hubs,
		askProbe: askProbe, ready: make(chan struct{}), done: make(chan struct{}),
	}, nil
}

// Ready returns a channel that is closed when the agent has opened its spool and
// checks its targets. It does not wait for a hub: an agent starts without one.
func (a *App) Ready() <-chan struct{} { return a.ready }

// Run runs the agent until ctx ends, which is no error, or until it cannot go on.
func (a *App) Run(ctx context.Context) error {
	if err := a.Start(ctx); err != nil {
		return err
	}
	<-a.done
	return a.err
}

// Start starts the agent and returns. It runs until ctx ends or [App.Stop] is
// called; an App is started once.
func (a *App) Start(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started {
		return errors.New("the agent was started before")
	}
	first, err := a.openSpool()
	if err != nil {
		return err
	}
	a.started = true
	ctx, a.cancel = context.WithCancel(ctx)
	go func() {
		defer close(a.done)
		defer a.cancel()
		a.err = a.live(ctx, first)
	}()
	return nil
}

// Stop stops the agent and waits for it, but no longer than ctx. It may be called
// more than once. What is in the spool stays there.
func (a *App) Stop(ctx context.Context) error {
	a.mu.Lock()
	started, cancel := a.started, a.cancel
	a.mu.Unlock()
	if !started {
		return nil
	}
	cancel()
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
		return fmt.Errorf("the agent did not stop in time: %w", context.Cause(ctx))
	}
}

// openSpool opens the spool, and puts one that is damaged aside: a remote agent
// must go on without hands.
func (a *App) openSpool() (*spool.Spool, error) {
	dir, limits := a.spoolPlace()
	opened, err := spool.Open(dir, limits)
	if errors.Is(err, spool.ErrDamaged) {
		return a.newSpool(err)
	}
	if err == nil && opened.Away() != nil {
		a.options.Logger.Error("the data directory cannot be written: events are kept in memory, and do not outlive a power cut", "error", opened.Away())
	}
	return opened, err
}

// spoolPlace returns where the spool is, and its bounds.
func (a *App) spoolPlace() (string, spool.Limits) {
	limits, config := a.options.Spool, a.options.Config.Spool
	limits.Bytes, limits.Age = cmp.Or(limits.Bytes, config.Bytes), cmp.Or(limits.Age, config.Age)
	disk := filepath.Join(a.options.DataDir, spoolDir)
	ram, err := ramDir(a.options.DataDir)
	if err == nil && config.Mode == spoolRAM {
		err = spool.MakeOwn(ram)
	}
	switch {
	case err != nil && config.Mode == spoolRAM:
		a.options.Logger.Error("there is no place in memory for events: they are kept on the disk", "error", err)
	case config.Mode == spoolRAM:
		limits.Old = disk
		return ram, limits
	case err == nil && limits.RAM == "":
		limits.RAM = ram
	}
	return disk, limits
}

// newSpool sets the present spool aside for a reason, and opens a new one.
func (a *App) newSpool(reason error) (*spool.Spool, error) {
	dir, limits := a.spoolPlace()
	aside, err := spool.SetAside(dir)
	if limits.RAM != "" {
		if moved, ramErr := spool.SetAside(limits.RAM); ramErr == nil {
			aside, err = moved, nil
		}
	}
	if err != nil {
		return nil, err
	}
	a.options.Logger.Error("the spool cannot be used and was set aside; a new one begins", "reason", reason, "aside", aside)
	return spool.Open(dir, limits)
}

// live is the agent's life. If the hub has seen more of the spool than the spool
// itself, as after a disk image was restored, life begins anew with a new spool: then
// all verdicts are told again.
func (a *App) live(ctx context.Context, events *spool.Spool) error {
	for {
		err := a.liveOnce(ctx, events)
		if closeErr := events.Close(); closeErr != nil && err == nil {
			err = closeErr
		}
		switch {
		case errors.Is(err, spool.ErrAhead) && ctx.Err() == nil:
			if events, err = a.newSpool(err); err != nil {
				return err
			}
		case ctx.Err() != nil:
			return nil
		default:
			return err
		}
	}
}

// liveOnce runs the tasks on one spool until ctx ends or one of them fails.
func (a *App) liveOnce(ctx context.Context, events *spool.Spool) error {
	socket, err := a.options.Socket()
	if err != nil {
		return fmt.Errorf("cannot open a socket for the uplink: %w", err)
	}
	endpoint := link.NewEndpoint(socket, nil)
	defer endpoint.Close() // after the uplink has stopped

	queue := newQueue()
	group, ctx := errgroup.WithContext(ctx)
	now := &life{began: time.Now(), queue: queue, spool: events, hub: &hubRecord{}, scheduler: newScheduler(a, queue, time.Now()), done: ctx.Done()}
	tasks := []task{
		now.scheduler,
		&recorder{queue: queue, spool: events, reported: a.reported, restate: now.scheduler.restate, logger: a.options.Logger},
		&carrier{app: a, scheduler: now.scheduler, spool: events, endpoint: endpoint, bootID: []byte(rand.Text()), record: now.hub},
	}
	if a.options.ServeStatus {
		tasks = append(tasks, &statusServer{dir: a.options.DataDir, status: a.Status, logger: a.options.Logger})
	}
	a.setLife(now)
	defer a.setLife(nil)
	for _, task := range tasks {
		group.Go(func() error {
			if err := task.run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", task, err)
			}
			return nil
		})
	}
	a.announce()
	return group.Wait()
}

// task is a part of the agent that runs until ctx ends. An error stops the agent.
type task interface {
	run(ctx context.Context) error
	String() string
}

// announce closes ready, once.
func (a *App) announce() {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-a.ready:
	default:
		close(a.ready)
	}
}
