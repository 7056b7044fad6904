package hubtest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/hub/client"
	"keng/proto/agentpb"
	"keng/proto/link"
)

// verdict is how long an agent that is not critical must not be heard, and the most that
// the leader may take from there to an alert.
const (
	verdict = 35 * time.Second
	slack   = 5 * time.Second
)

// fleet is agents that say nothing but that they live.
type fleet struct {
	w      *world
	agents []*liveAgent
}

// liveAgent is an agent's link: it says who it is, and is kept.
type liveAgent struct {
	name, site  string
	credentials link.Credentials
	endpoint    *link.Endpoint
	stop        context.CancelFunc
	ended       sync.WaitGroup

	mu  sync.Mutex
	hub string // the node that it is connected to
}

// newFleet lets agents join, some a site, and starts them. first chooses the hubs that
// each dials first; nil: all.
func (w *world) newFleet(n, perSite int, first func(i int) []string) *fleet {
	w.Helper()
	f := &fleet{w: w}
	token := must(w.API("a").CreateToken(w.Context(), client.TokenSpec{Uses: n, Lifetime: client.Lifetime(time.Hour)}))(w)
	for i := range n {
		a := &liveAgent{name: fmt.Sprintf("agent-%d", i), site: fmt.Sprintf("branch-%d", i/perSite)}
		endpoint := link.NewEndpoint(w.Links.Listen(a.name), nil)
		credentials, _, err := endpoint.Join(w.Context(), w.Link("a"), token, link.Agent, a.name)
		if err != nil {
			w.Fatal(err)
		}
		_ = endpoint.Close()
		a.credentials = credentials
		f.agents = append(f.agents, a)
		hubs := w.Running()
		if first != nil {
			hubs = first(i)
		}
		a.start(w, hubs)
	}
	time.Sleep(5 * time.Second)
	return f
}

// start connects the agent to one of some hubs; later it dials all.
func (a *liveAgent) start(w *world, first []string) {
	a.endpoint = link.NewEndpoint(w.Links.Listen(a.name), nil)
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	all := w.Running()
	addresses := func() []string {
		if first != nil {
			defer func() { first = nil }()
			return first
		}
		return all
	}
	a.ended.Go(func() {
		_ = a.endpoint.Keep(ctx, addresses, link.DialConfig{Credentials: func() link.Credentials { return a.credentials }, Software: "test"}, a.session, link.Backoff{})
	})
}

// session says who the agent is and listens.
func (a *liveAgent) session(_ context.Context, c *link.Conn) error {
	a.sit(c.Welcome().Node)
	defer a.sit("")
	epoch := []byte(fmt.Sprintf("%-16s", a.name))[:16]
	if err := c.Send(&agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: &agentpb.Resume{Epoch: epoch, Site: a.site, Next: 1}}}); err != nil {
		return err
	}
	for {
		var m agentpb.ToAgent
		if err := c.Receive(&m); err != nil {
			return err
		}
	}
}

func (a *liveAgent) sit(hub string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hub = hub
}

func (a *liveAgent) at() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hub
}

// end stops the agent in good order, as systemctl does.
func (a *liveAgent) end() {
	a.stop()
	a.ended.Wait()
	_ = a.endpoint.Close()
}

// end stops all agents, once nobody looks any more.
func (f *fleet) end() {
	for _, a := range f.agents {
		a.end()
	}
}

// die cuts agents' machines from the network, all at once.
func (f *fleet) die(agents ...*liveAgent) {
	for _, a := range agents {
		for _, hub := range []string{"a", "b", "c"} {
			f.w.Links.Cut(hub, a.name)
		}
	}
}

// revive heals them.
func (f *fleet) revive(agents ...*liveAgent) {
	for _, a := range agents {
		for _, hub := range []string{"a", "b", "c"} {
			f.w.Links.Heal(hub, a.name)
		}
	}
}

// silences returns the messages of alerts about silent agents, open or not.
func (w *world) silences(query string) (messages []string) {
	w.Helper()
	if query != "" {
		query += " AND "
	}
	for _, a := range must(w.API(w.Leader()).Alerts(w.Context(), query+"tag: silent", 100))(w) {
		messages = append(messages, a.Message)
	}
	return messages
}

// allConnected makes sure that no agent was missed, and that all are connected.
func (f *fleet) allConnected() {
	f.w.Helper()
	for _, a := range f.agents {
		if a.at() == "" {
			f.w.Errorf("%s is not connected", a.name)
		}
	}
	if got := f.w.silences(""); len(got) != 0 {
		f.w.Errorf("agents were called silent: %s", strings.Join(got, "; "))
	}
}

// P12: a hub's death, restart or isolation is no agent's silence.
func TestP12HubsThatDie(t *testing.T) {
	t.Parallel()
	for name, happen := range map[string]func(w *world, holder string){
		"the node that holds them": func(w *world, holder string) {
			w.Lead(w.others(holder)[0])
			w.Kill(holder)
		},
		"the leader": func(w *world, holder string) { w.Kill(w.Leader()) },
		"both at once": func(w *world, holder string) {
			w.Lead(w.others(holder)[0])
			leader := w.Leader()
			w.Kill(holder, leader)
			time.Sleep(90 * time.Second) // no majority
			w.Start(holder, leader)
		},
		"the leader that holds them": func(w *world, holder string) {
			w.Lead(holder)
			w.Kill(holder)
		},
		"a restart": func(w *world, holder string) {
			w.Stop(holder)
			w.Start(holder)
		},
		"cut off from the others": func(w *world, holder string) {
			w.Lead(w.others(holder)[0])
			w.Nodes.Cut(holder)
			time.Sleep(2 * time.Minute)
			w.Nodes.Heal(holder)
		},
		"an election": func(w *world, holder string) { w.Lead(w.others(w.Leader())[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, 1, func(w *world) {
				const holder = "c"
				f := w.newFleet(12, 2, func(int) []string { return []string{holder} })
				defer f.end()
				happen(w, holder)
				time.Sleep(150 * time.Second) // who would be called silent is by now
				f.allConnected()
			})
		})
	}
}

// P12, P14: an agent that is dead is told of once, in time, and no more when it is back.
func TestP12AgentDies(t *testing.T) {
	t.Parallel()
	story(t, 1, func(w *world) {
		f := w.newFleet(3, 1, nil)
		defer f.end()
		time.Sleep(30 * time.Second)
		f.die(f.agents[0])
		time.Sleep(verdict - 10*time.Second - time.Second) // it may have been heard up to ten seconds before
		if got := w.silences("status: open"); len(got) != 0 {
			t.Errorf("too early: %v", got)
		}
		time.Sleep(10*time.Second + slack + time.Second)
		if got := w.silences("status: open"); len(got) != 1 || got[0] != "agent agent-0 at branch-0 is silent" {
			t.Errorf("after the verdict: %v", got)
		}
		time.Sleep(5 * time.Minute)
		if got := w.silences(""); len(got) != 1 {
			t.Errorf("it is told again: %v", got)
		}
		f.revive(f.agents[0])
		time.Sleep(2 * time.Minute)
		if got := w.silences("status: open"); len(got) != 0 {
			t.Errorf("it is back: %v", got)
		}
	})
}

// P8, P12: what falls silent together is told once: a site as a site, most of all as the
// hub's own network.
func TestP12SilentTogether(t *testing.T) {
	t.Parallel()
	story(t, 1, func(w *world) {
		f := w.newFleet(12, 4, nil)
		defer f.end()
		f.die(f.agents[:4]...)
		time.Sleep(verdict + slack + 10*time.Second)
		if got := w.silences("status: open"); len(got) != 1 || !strings.Contains(got[0], "at branch-0 are silent") {
			t.Errorf("of a site: %v", got)
		}
		f.revive(f.agents[:4]...)
		time.Sleep(2 * time.Minute)
		f.die(f.agents...)
		time.Sleep(verdict + slack + 10*time.Second)
		if got := w.silences("status: open"); len(got) != 1 || !strings.Contains(got[0], "the hub's own network") {
			t.Errorf("of most of all: %v", got)
		}
		f.revive(f.agents...)
		time.Sleep(3 * time.Minute)
		if got := w.silences("status: open"); len(got) != 0 {
			t.Errorf("all are back: %v", got)
		}
	})
}

// A planned stop is missed only after its grace, also by a leader that came meanwhile.
func TestP12AgentIsStopped(t *testing.T) {
	t.Parallel()
	story(t, 1, func(w *world) {
		f := w.newFleet(2, 1, nil)
		defer f.end()
		f.agents[0].end()
		time.Sleep(time.Minute)
		w.Lead(w.others(w.Leader())[0])
		time.Sleep(7 * time.Minute)
		if got := w.silences(""); len(got) != 0 {
			t.Errorf("within the grace: %v", got)
		}
		time.Sleep(3 * time.Minute)
		if got := w.silences("status: open"); len(got) != 1 || !strings.Contains(got[0], "was stopped") {
			t.Errorf("after the grace: %v", got)
		}
		f.agents[0].start(w, nil)
		time.Sleep(time.Minute)
		if got := w.silences("status: open"); len(got) != 0 {
			t.Errorf("it is back: %v", got)
		}
	})
}
