package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/agent/check"
	"keng/proto/agentpb"
	"keng/proto/link"
	"keng/proto/link/linktest"
)

// memory is what a cluster of fake hubs knows. It takes exactly the next number of
// an epoch, as the real one does.
type memory struct {
	mu      sync.Mutex
	through map[string]uint64 // by epoch
	events  []*agentpb.Event
	epochs  int
	changed chan struct{}
	checks  *agentpb.Checks     // what the hubs tell; nil: nothing
	conns   map[*link.Conn]bool // of agents
	said    *agentpb.Watching   // the last one
}

// tell has the hubs tell other checks, now and to who comes.
func (m *memory) tell(version, document string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checks = &agentpb.Checks{Version: []byte(version), Document: []byte(document)}
	for c := range m.conns {
		go c.Send(&agentpb.ToAgent{Kind: &agentpb.ToAgent_Checks{Checks: m.checks}})
	}
}

// meet notes an agent, and tells it what is to be told.
func (m *memory) meet(c *link.Conn, resume *agentpb.Resume) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conns == nil {
		m.conns = map[*link.Conn]bool{}
	}
	m.conns[c] = true
	if m.checks != nil && string(resume.GetChecks()) != string(m.checks.GetVersion()) {
		go c.Send(&agentpb.ToAgent{Kind: &agentpb.ToAgent_Checks{Checks: m.checks}})
	}
}

func (m *memory) part(c *link.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.conns, c)
}

// watching is what an agent last said of its checks.
func (m *memory) watching() *agentpb.Watching {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.said
}

func newMemory() *memory {
	return &memory{through: map[string]uint64{}, changed: make(chan struct{})}
}

// resume returns what is known of an epoch.
func (m *memory) resume(epoch string) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.through[epoch]; !known {
		m.epochs++
		m.through[epoch] = 0
	}
	return m.through[epoch]
}

// take takes the next event and returns the acknowledgement.
func (m *memory) take(epoch string, event *agentpb.Event) *agentpb.Ack {
	m.mu.Lock()
	defer m.mu.Unlock()
	ack := &agentpb.Ack{Epoch: []byte(epoch)}
	switch through := m.through[epoch]; {
	case event.GetNumber() == through+1:
		m.through[epoch]++
		if d := event.GetDropped(); d != nil {
			m.through[epoch] = d.GetLast()
		}
		m.events = append(m.events, event)
		close(m.changed)
		m.changed = make(chan struct{})
	case event.GetNumber() > through+1:
		ack.Refused = fmt.Sprintf("number %d is wanted", through+1)
	}
	ack.Through = m.through[epoch]
	return ack
}

// story returns what is known, an event a line.
func (m *memory) story() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for _, event := range m.events {
		if d := event.GetDropped(); d != nil {
			lines = append(lines, fmt.Sprintf("dropped %d to %d", d.GetFirst(), d.GetLast()))
			continue
		}
		v := event.GetVerdict()
		cause := strings.ToLower(strings.TrimPrefix(v.GetCause().String(), "CAUSE_"))
		lines = append(lines, fmt.Sprintf("%s/%s %s %s", v.GetSite(), v.GetCheck(), strings.ToLower(strings.TrimPrefix(v.GetState().String(), "STATE_")), cause))
	}
	return strings.Join(lines, "\n")
}

// await waits until there are so many events.
func (m *memory) await(t *testing.T, events int) []*agentpb.Event {
	t.Helper()
	patience := time.After(10 * time.Minute) // of the bubble
	for {
		m.mu.Lock()
		have, changed := m.events, m.changed
		m.mu.Unlock()
		if len(have) >= events {
			return have
		}
		select {
		case <-changed:
		case <-patience:
			t.Fatalf("%d events instead of %d:\n%s", len(have), events, m.story())
		}
	}
}

// world is a network with an authority.
type world struct {
	t         *testing.T
	network   *linktest.Network
	authority *linktest.Authority
}

func newWorld(t *testing.T) *world {
	return &world{t: t, network: linktest.NewNetwork(5 * time.Millisecond), authority: linktest.NewAuthority(t)}
}

// hub starts a hub, and returns a function that stops it.
func (w *world) hub(name string, m *memory, others ...string) (stop func()) {
	endpoint := link.NewEndpoint(w.network.Listen(name), nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- endpoint.Serve(ctx, link.ListenConfig{
			Credentials: w.authority.As(link.Hub, name), Node: name, Hubs: func() []string { return others }, Join: w.admitAll,
		}, func(ctx context.Context, c *link.Conn) { serveAgent(c, m) })
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
		endpoint.Close()
	})
	w.t.Cleanup(stop)
	return stop
}

// admitAll gives every joiner a certificate.
func (w *world) admitAll(_ context.Context, request link.JoinRequest, _ net.Addr) (link.JoinReply, error) {
	if !strings.HasSuffix(request.Name, "welcome") {
		return link.JoinReply{Refused: "this token is not known"}, nil
	}
	certificate, err := w.authority.Sign(request.CSR, link.Peer{Kind: request.Kind, ID: "agent-7"}, time.Now(), time.Hour)
	return link.JoinReply{ID: "agent-7", Certificates: [][]byte{certificate}, Authorities: [][]byte{w.authority.Certificate.Raw}}, err
}

// serveAgent speaks the hub's side of the protocol.
func serveAgent(c *link.Conn, m *memory) {
	epoch := ""
	defer m.part(c)
	for {
		message := &agentpb.FromAgent{}
		if err := c.Receive(message); err != nil {
			return
		}
		ack := &agentpb.Ack{}
		if resume := message.GetResume(); resume != nil {
			epoch = string(resume.GetEpoch())
			ack.Epoch, ack.Through = resume.GetEpoch(), m.resume(epoch)
			m.meet(c, resume)
		} else if said := message.GetWatching(); said != nil {
			m.mu.Lock()
			m.said = said
			m.mu.Unlock()
			continue
		} else {
			ack = m.take(epoch, message.GetEvent())
		}
		if err := c.Send(&agentpb.ToAgent{Kind: &agentpb.ToAgent_Ack{Ack: ack}}); err != nil {
			return
		}
	}
}

// options are those of an agent that belongs to this world.
func (w *world) options(dir string, hubs ...string) Options {
	w.t.Helper()
	credentials := dir + "/identity"
	if err := link.SaveCredentials(credentials, w.authority.Issue(link.Peer{Kind: link.Agent, ID: "agent-1"})); err != nil {
		w.t.Fatal(err)
	}
	return Options{
		Config:  Config{Site: "branch-3", Probes: []string{}},
		DataDir: dir, Hubs: hubs, Logger: slog.New(slog.NewTextHandler(testWriter{w.t}, nil)),
		Socket: func() (net.PacketConn, error) { return w.network.Listen("agent-1"), nil },
	}
}

// testWriter is a log that is shown if the test fails.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(line []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}

// stub is a check whose answer a test decides.
type stub struct {
	host string

	mu     sync.Mutex
	result check.Result
	run    func(ctx context.Context) // before the answer; may be nil
}

func newStub(host string) *stub {
	return &stub{host: host, result: check.Result{State: check.Up, Reason: "fine"}}
}

func (s *stub) set(state check.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result = check.Result{State: state, Reason: "it is " + state.String()}
}

func (s *stub) Host() string { return s.host }

func (s *stub) Run(ctx context.Context) check.Result {
	s.mu.Lock()
	result, run := s.result, s.run
	s.mu.Unlock()
	if run != nil {
		run(ctx)
	}
	return result
}

// stubTarget is a check of a stub.
func stubTarget(name string, s *stub) *target {
	config := CheckConfig{Name: name, Kind: "http", Target: "http://" + s.host + "/", Every: 10 * time.Second, Team: "it"}.withDefaults()
	return &target{CheckConfig: config, check: s, shown: config.Target}
}

// add gives the agent one more check of its own.
func (w *watchlist) add(t *target) {
	again, err := newWatchlist(filepath.Dir(w.path), w.ownSite, append(w.own, t))
	if err != nil {
		panic(err)
	}
	w.own, w.all, w.site, w.version, w.overrides = again.own, again.all, again.site, again.version, again.overrides
}

// start starts an agent whose checks are stubs, and returns a function that stops it.
func start(t *testing.T, options Options, stubs map[string]*stub, probe func(context.Context, string) bool) (stop func()) {
	t.Helper()
	agent, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range stubs {
		agent.list.add(stubTarget(name, s))
	}
	if probe != nil {
		agent.askProbe = probe
	}
	if err := agent.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	<-agent.Ready()
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := agent.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}
