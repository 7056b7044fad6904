// Package app is one hub node as a thing that can be embedded: [New] wires it, [App.Start]
// brings it up, [App.Stop] takes it down. The hub's main and the demo are thin over it.
//
// A node is a list of tasks over a replicated store: the engine (pages and deadlines),
// the edge (agents and gateways), the HTTP server, and whatever the embedder adds, such
// as a gateway in the same process. They start in that order and stop in the reverse:
// first nothing new comes in, then what is under way ends, then the store closes.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/singleflight"

	"keng/hub/acklink"
	"keng/hub/channel/all"
	"keng/hub/channel/direct"
	"keng/hub/edge"
	"keng/hub/engine"
	"keng/hub/state"
	"keng/hub/watch"
	"keng/hub/zones"
	"keng/proto/link"
	"keng/raftstore"
)

// Options says what a node is. DataDir is required.
type Options struct {
	// DataDir is where everything that the node keeps is. One process at a time.
	DataDir string
	// HTTP and Link are the addresses of the API (TCP) and of agents and gateways
	// (UDP and TCP). Port 0 takes a free one. Defaults: ":8080" and ":7443".
	HTTP, Link string
	// TLSCert and TLSKey are files in PEM, the certificate for HTTP with its chain and the
	// key of it: then the API is served over TLS only, and agents and gateways at the same
	// address as well. The files are read again when they change. Default: plain HTTP.
	TLSCert, TLSKey string
	// Raft is the address for other nodes (TCP). Without it the node is alone.
	Raft string
	// Advertise is the host, without a port, at which other nodes, agents and gateways
	// reach this one. Default: what Raft and Link name, if that is one address, else the
	// host's name.
	Advertise string
	// NodeID is this node's name in the cluster. Default: the host's name.
	NodeID string
	// Bootstrap lets an empty DataDir become a new cluster.
	Bootstrap bool
	// Join is the Raft address of a node whose cluster this one joins, if DataDir is
	// empty, with JoinToken, a node token.
	Join, JoinToken string
	// KeyFile holds the master key that seals secrets. Default: DataDir/master.key,
	// made at bootstrap.
	KeyFile string
	// BootstrapKey, if not empty, is made an API key with every right. At least 20
	// characters.
	BootstrapKey string
	// Language is that of texts written for everybody: "vi" or "en" (default). It is
	// used when the cluster is founded.
	Language string
	// SMTPURL is the mail server by which e-mails go, as email.ParseURL reads it. It is a
	// secret. Default: none, and nobody is reached by e-mail.
	SMTPURL string
	// PublicURL is how people reach the hub, for links in mails and messages: scheme and
	// host. Default: this node's HTTP address; [NoPublicURL]: there are no links.
	PublicURL string
	// PageWindow is how long after a page to a person further alerts wait, to be one page:
	// see [state.Limits]. Default: 1 min. Below 0 every alert is a page of its own.
	PageWindow time.Duration
	// Version is for people.
	Version string
	// Watchdog is the URL to call while all is well. Empty: none.
	Watchdog string
	// Tasks are started after the node's own, with the node ready to serve.
	Tasks []func(*App) Task
	// Logger gets what the node has to say. Default: slog.Default().
	Logger *slog.Logger
	// Host is another machine than this one, for tests.
	Host Host
}

// Task is a part of the process that runs until its context ends.
type Task struct {
	Name string
	Run  func(ctx context.Context) error
}

// stopWait bounds how long one task may take to stop.
const stopWait = 8 * time.Second

// App is one hub node.
type App struct {
	o           Options
	host        Host
	hostname    string
	logger      *slog.Logger
	key         masterKey
	authorities authorities
	credentials func() link.Credentials
	opened      chan struct{} // closed when there is a store
	store       *raftstore.Store
	edge        *edge.Edge
	watcher     *watch.Watcher
	zones       zones.Finder
	desk        *direct.Desk   // the hub's own channels
	links       *acklink.Links // in what they send
	silence     *engine.Silence
	pings       *engine.Pings
	agents      census
	link        net.PacketConn
	linkTCP     net.Listener // at the same port
	http, raft  net.Listener
	certificate *certificate       // nil without TLS for HTTP
	split       *link.Splitter     // of http; nil without TLS for HTTP
	rehearsals  chan struct{}      // one for each that is at work
	readiness   singleflight.Group // questions to the leader whether this node can serve
	failed      chan error
	cleanups    []cleanup // in the order of opening; closed in the reverse
}

type cleanup struct {
	name  string
	close func(ctx context.Context) error
}

// New checks the options. It opens nothing.
func New(o Options) (*App, error) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	setDefault(&o.HTTP, ":8080")
	setDefault(&o.Link, ":7443")
	setDefault(&o.NodeID, host)
	setDefault(&o.Language, "en")
	setDefault(&o.Version, "devel")
	switch {
	case o.DataDir == "":
		return nil, errors.New("a data directory is needed: name one with --data-dir")
	case o.Bootstrap && o.Join != "":
		return nil, errors.New("a node makes a new cluster or joins one: not both --bootstrap and --join")
	case o.Join != "" && o.Raft == "":
		return nil, errors.New("to join a cluster a node needs an address for the other nodes: --raft")
	case net.ParseIP(o.Advertise) == nil && strings.Contains(o.Advertise, ":"):
		return nil, fmt.Errorf("--advertise is a host or an IP address without a port, not %q", o.Advertise)
	case (o.TLSCert == "") != (o.TLSKey == ""):
		return nil, errors.New("TLS for HTTP needs both --tls-cert, the certificate, and --tls-key, its key")
	case o.BootstrapKey != "" && len(o.BootstrapKey) < 20:
		return nil, errors.New("KENG_BOOTSTRAP_API_KEY is too short: a key needs at least 20 characters")
	}
	if _, err := all.Open(all.Config{SMTP: o.SMTPURL}); err != nil {
		return nil, err
	}
	if o.PublicURL != "" && o.PublicURL != NoPublicURL {
		if err := acklink.CheckURL(o.PublicURL); err != nil {
			return nil, fmt.Errorf("--public-url: %w; or %s for no links", err, NoPublicURL)
		}
	}
	if err := (link.Peer{Kind: link.Hub, ID: o.NodeID}).Valid(); err != nil {
		return nil, fmt.Errorf("--node-id cannot be %q: %w", o.NodeID, err)
	}
	setDefault(&o.KeyFile, filepath.Join(o.DataDir, "master.key"))
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &App{
		o: o, host: o.Host.withDefaults(), hostname: host, logger: o.Logger.With("hub", o.NodeID),
		authorities: authorities{node: o.NodeID}, opened: make(chan struct{}), failed: make(chan error, 8), rehearsals: make(chan struct{}, rehearsalsMax),
	}, nil
}

func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// Start brings the node up and returns when it serves. If it fails, what was opened
// is closed again.
func (a *App) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
		}
	}()
	for _, step := range []func(context.Context) error{
		a.openHTTP, a.openLink, a.openRaft, a.openIdentity, a.openStore, a.found, a.makeEdge, a.openWays, a.makeWatcher,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	replicated := replicated{a.store}
	a.start(Task{"store watch", a.watchStore})
	a.start(Task{"channels", a.desk.Run})
	a.start(Task{"engine", engine.New(replicated, carriers{a.edge, a.desk, a.links}, a.logger.With("part", "engine")).Run})
	a.start(Task{"silence", a.silence.Run})
	a.start(Task{"heartbeats", a.pings.Run})
	a.start(Task{"edge", a.edge.Run})
	a.start(Task{"heard agents", a.tellHeard})
	a.start(Task{"watcher", a.watcher.Run})
	a.start(Task{"authority", a.followAuthority})
	a.start(Task{"announcement", a.announce})
	a.start(Task{"http", a.serveHTTP})
	if a.certificate != nil {
		a.start(Task{"certificate watch", a.certificate.watch})
	}
	for _, task := range a.o.Tasks {
		a.start(task(a))
	}
	a.atStop("leadership", a.handOn)
	return nil
}

// limits returns how often one person is paged.
func (a *App) limits() state.Limits {
	l := state.DefaultLimits()
	switch {
	case a.o.PageWindow < 0:
		return state.Limits{}
	case a.o.PageWindow > 0:
		l.Window, l.WindowMax = a.o.PageWindow, max(l.WindowMax, a.o.PageWindow)
	}
	return l
}

// storeDir is where the replicated store is, in the data directory.
const storeDir = "store"

// openStore opens the replicated store.
func (a *App) openStore(context.Context) error {
	s, err := a.host.OpenStore(raftstore.Options{
		Dir: a.inData(storeDir), NodeID: a.o.NodeID, Bootstrap: a.founding(), Network: a.network(),
		Handle: planted(state.New(a.zones.Find).With(a.limits())).Handle, Wall: wallClock(), Told: a.told, Blobs: state.NamedBlobs, Logger: a.logger.With("part", "raftstore"),
	})
	if errors.Is(err, raftstore.ErrNoState) {
		return fmt.Errorf("%s is of a cluster, but its store is missing: put that back as it was last; or if it is lost, take the node out with `keng-hub cluster remove %s`, and let it join with an empty directory", a.o.DataDir, a.o.NodeID)
	}
	if err != nil {
		return err
	}
	a.store = s
	a.silence = engine.NewSilence(replicated{s}, a.logger.With("part", "silence"))
	a.pings = engine.NewPings(replicated{s}, a.logger.With("part", "heartbeats"))
	close(a.opened)
	a.atStop("store", func(context.Context) error { return s.Close() })
	return nil
}

// watchStore ends with an error when the store has given itself up: the process is then
// better restarted.
func (a *App) watchStore(ctx context.Context) error {
	select {
	case <-a.store.Failed():
		return a.store.Failure()
	case <-ctx.Done():
		return nil
	}
}

// openLink opens the address of agents and gateways, for UDP and TCP. Addresses are opened
// before the store, so that a busy one is noticed before anything is written.
func (a *App) openLink(context.Context) error {
	pc, l, err := a.listenTwice(a.o.Link)
	if err != nil {
		return &addressError{"agents and gateways", err}
	}
	a.link, a.linkTCP = pc, l
	a.atStop("link address", func(context.Context) error {
		return errors.Join(ignoreClosed(pc.Close()), ignoreClosed(l.Close()))
	})
	return nil
}

// freePortTries is how often a port is looked for that is free for UDP and TCP.
const freePortTries = 20

// listenTwice listens at an address for UDP and TCP. Port 0 is one that is free for both.
func (a *App) listenTwice(address string) (net.PacketConn, net.Listener, error) {
	_, port, err := net.SplitHostPort(address)
	free := err == nil && port == "0"
	for try := 1; ; try++ {
		pc, err := a.host.ListenPacket("udp", address)
		if err != nil {
			return nil, nil, err
		}
		same := address
		if free {
			same = pc.LocalAddr().String()
		}
		l, err := a.host.Listen("tcp", same)
		if err == nil {
			return pc, l, nil
		}
		err = errors.Join(err, pc.Close())
		if !free || !errors.Is(err, syscall.EADDRINUSE) || try == freePortTries {
			return nil, nil, err
		}
	}
}

// gatewayHeartbeat is how often gateways show that they live. One that died with a call in
// hand is missed after two of them, and only then does its page go to another one (P5).
// Agents, which are many, show it less often.
const gatewayHeartbeat = 3 * time.Second

// makeEdge makes what serves agents and gateways at the open socket.
func (a *App) makeEdge(context.Context) error {
	keys, err := a.key.linkKeys()
	if err != nil {
		return err
	}
	endpoint := link.NewEndpoint(a.link, keys)
	listeners := []net.Listener{a.linkTCP}
	if a.split != nil {
		listeners = append(listeners, a.split.Link())
	}
	a.atStop("link", func(context.Context) error { return endpoint.Close() })
	a.edge = edge.New(edge.Options{
		Store: replicated{a.store}, Endpoint: endpoint, Authority: a.authorities.signer, Applied: a.store.Applied, Logger: a.logger.With("part", "edge"),
		Listen: link.ListenConfig{
			Credentials: a.credentials, Node: a.o.NodeID, Software: "keng-hub " + a.o.Version, Hubs: a.hubs, Spread: a.spread, TCP: listeners,
			Heartbeats: map[link.Kind]time.Duration{link.Gateway: gatewayHeartbeat},
			Logger:     a.logger.With("part", "link"),
		},
	})
	return nil
}

// start runs a task until the node stops. A task that ends before that with an error
// makes Wait return it.
func (a *App) start(t Task) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := t.Run(ctx)
		if err != nil && ctx.Err() == nil {
			a.failed <- fmt.Errorf("%s: %w", t.Name, err)
		}
		done <- err
	}()
	a.atStop(t.Name, func(stop context.Context) error {
		cancel()
		select {
		case err := <-done:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case <-stop.Done():
			return errors.New("did not stop in time")
		}
	})
}

func (a *App) atStop(name string, close func(context.Context) error) {
	a.cleanups = append(a.cleanups, cleanup{name, close})
}

// Wait returns when ctx ends (nil) or a part of the node has failed (its error).
func (a *App) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.failed:
		return err
	}
}

// Stop takes the node down in the reverse order of Start. Each part gets a bounded
// time. A second call does nothing.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	for _, c := range slices.Backward(a.cleanups) {
		ctx, cancel := context.WithTimeout(ctx, stopWait)
		if err := c.close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("cannot stop %s: %w", c.name, err))
		}
		cancel()
	}
	a.cleanups = nil
	return errors.Join(errs...)
}

// URL is where the API is, by its address; known after Start.
func (a *App) URL() string { return a.scheme() + a.HTTPAddr() }

// scheme is how a URL of the API begins.
func (a *App) scheme() string {
	if a.certificate != nil {
		return "https://"
	}
	return "http://"
}

// HTTPAddr is the address of the API, known after Start.
func (a *App) HTTPAddr() string { return a.http.Addr().String() }

// LinkAddr is the address for agents and gateways, known after Start.
func (a *App) LinkAddr() string { return a.link.LocalAddr().String() }

// RaftAddr is the address for other nodes, known after Start; "" if the node is alone.
func (a *App) RaftAddr() string {
	if a.raft == nil {
		return ""
	}
	return a.raft.Addr().String()
}

// Store is the node's state, for an embedder that seeds it by commands.
func (a *App) Store() state.Store { return replicated{a.store} }

// AdmitInside lets a gateway within this process in. It returns the gateway's credentials,
// which are renewed in time, and the address at which it dials this node.
func (a *App) AdmitInside(ctx context.Context) (credentials func() link.Credentials, address string, err error) {
	credentials, err = a.edge.Admission(ctx, "inside-"+a.o.NodeID, "inside "+a.o.NodeID)
	return credentials, loopback(a.LinkAddr()), err
}

// loopback turns an address that listens everywhere into one that can be dialled here.
func loopback(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// addressError says that an address cannot be listened at.
type addressError struct {
	who string // for whom it was
	err error
}

func (e *addressError) Error() string { return "cannot listen for " + e.who + ": " + e.err.Error() }

func (e *addressError) Unwrap() error { return e.err }

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
