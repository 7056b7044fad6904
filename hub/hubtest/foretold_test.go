package hubtest_test

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/client"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/hubtest"
	"keng/hub/state"
	"keng/hub/state/oracle"
	"keng/hub/state/oracle/oracletest"
	"keng/proto/channel"
	"keng/raftstore"
	"keng/raftstore/table"
)

var (
	nights     = flag.Int("nights", 1, "how many random nights to play")
	firstNight = flag.Uint64("night", 1, "the first of them")
)

// P2, P3, P10, P15, rules keng-8.story.nobody-reacts, keng-8.story.silence: a night with a random configuration,
// alerts and people, carriers that deliver, fail or say nothing, while leaders are killed, cut off and told to
// hand over, and all lose power for a while. Each page comes in time, to the person, by the contact and for
// the reason that the oracle says; no other comes; none is handed over after an acknowledgement was answered.
func TestP2P3PagesAreAsForetold(t *testing.T) {
	t.Parallel()
	for seed := *firstNight; seed < *firstNight+uint64(*nights); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			playNight(t, seed)
		})
	}
}

// How long a night is, how long everything has to come to its end after it, and how many alerts come.
const (
	alertsOfNight = 12

	nightLength = 12 * time.Minute
	nightRest   = 25 * time.Minute
)

func playNight(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		n := &night{dice: rand.New(rand.NewPCG(seed, 11)), seed: seed}
		c := hubtest.Empty(t, seed)
		c.PageWindow = -1
		c.Logger = slog.New(slog.DiscardHandler)
		c.Start("a", "b", "c")
		c.AwaitVoters(3)
		n.world = &world{T: t, Cluster: c}
		n.token = must(c.API("b").CreateToken(t.Context(), client.TokenSpec{Uses: 10, Lifetime: client.Lifetime(time.Hour)}))(n.world)
		n.follow("a", "b", "c")
		n.configure()
		n.gateway = n.newGateway("gateway")
		for _, kind := range []channel.Kind{channel.Push, channel.Voice, channel.SMS} {
			k := &carrier{kind: kind, seed: seed}
			n.carriers, n.gateway.others = append(n.carriers, k), append(n.gateway.others, k)
		}
		n.gateway.start()
		defer n.gateway.end()
		n.live()
		n.check()
	})
}

// night is a cluster with a random configuration.
type night struct {
	*world
	dice     *rand.Rand
	seed     uint64
	seeds    uint64
	making   oracletest.Configuration
	oracle   *oracle.World
	carriers []*carrier
	deeds    hubtest.Deeds

	mu     sync.Mutex
	silent map[string][]time.Time // by alias: when somebody was answered that it is acknowledged or closed
	gusts  []gust
}

// gust is a time in which the cluster may have had no leader.
type gust struct{ from, to time.Time }

func (n *night) configure() {
	n.silent = map[string][]time.Time{}
	n.making = oracletest.Configuration{
		Dice: n.dice, Now: time.Now(), Kinds: []string{"push", "voice", "sms"}, NotifyTypes: true,
		Do: n.carryOut, View: func(look func(table.Reader)) { n.view(n.Leader(), look) },
	}
	n.making.Make()
	n.making.View(func(r table.Reader) { n.oracle = oracletest.World(r, time.Now()) })
}

// follow notes when the cluster does what is due, as nodes tell that were started just now.
func (n *night) follow(nodes ...string) {
	for _, id := range nodes {
		go n.deeds.Follow(n.Context(), n.Store(id))
	}
}

// carryOut has the cluster carry out a command.
func (n *night) carryOut(command oracletest.Command) {
	n.Helper()
	n.seeds++
	var seed core.Seed
	binary.BigEndian.PutUint64(seed[:], n.seed+1)
	binary.BigEndian.PutUint64(seed[8:], n.seeds)
	raw, err := command(seed)
	if err != nil {
		n.Fatal(err)
	}
	if _, err := n.Store(n.Leader()).Update(n.Context(), raftstore.CommandID(seed), raw); err != nil {
		n.Fatal(err)
	}
}

func (n *night) view(id string, look func(table.Reader)) {
	n.Helper()
	err := n.Store(id).View(n.Context(), raftstore.Local, func(r table.Reader) error {
		look(r)
		return nil
	})
	if err != nil {
		n.Fatal(err)
	}
}

// live lets the night go by: alerts come, people react or do not, and the weather is bad.
func (n *night) live() {
	var people sync.WaitGroup
	clients := []*client.Client{n.API("a"), n.API("b"), n.API("c")}
	for i := range alertsOfNight {
		dice := rand.New(rand.NewPCG(n.seed, uint64(100+i)))
		var responders []client.Responder
		for _, r := range n.making.Responders() {
			kind := map[alert.ResponderKind]string{alert.User: "user", alert.Team: "team", alert.Escalation: "escalation", alert.Schedule: "schedule"}[r.Kind]
			responders = append(responders, client.Responder{Type: kind, ID: r.ID})
		}
		wanted := client.NewAlert{Message: fmt.Sprint("trouble with web-", i), Alias: fmt.Sprint("web-", i), Priority: fmt.Sprint("P", 1+dice.IntN(5)), Responders: responders}
		people.Go(func() {
			time.Sleep(time.Duration(dice.Int64N(int64(nightLength / 2))))
			for tries := 0; ; tries++ { // a node may be away, or alone
				if _, err := clients[dice.IntN(3)].CreateAlert(n.Context(), wanted); err == nil {
					break
				} else if tries == 30 {
					n.Errorf("night %d: %s is not taken: %v", n.seed, wanted.Alias, err)
					return
				}
				time.Sleep(5 * time.Second)
			}
			if dice.IntN(3) == 0 {
				return
			}
			time.Sleep(time.Duration(dice.Int64N(int64(nightLength / 2))))
			ref, api := client.ByAlias(wanted.Alias), clients[dice.IntN(3)]
			move := api.Acknowledge
			if dice.IntN(3) == 0 {
				move = api.Close
			}
			if _, err := move(n.Context(), ref, "u0", ""); err == nil {
				n.mu.Lock()
				n.silent[wanted.Alias] = append(n.silent[wanted.Alias], time.Now())
				n.mu.Unlock()
			}
		})
	}
	for began := time.Now(); time.Since(began) < nightLength; {
		time.Sleep(time.Duration(n.dice.Int64N(int64(90 * time.Second))))
		n.gust()
		n.meddle()
	}
	people.Wait()
	time.Sleep(nightRest)
}

// meddle has somebody ask for something more, of an alert that may be there.
func (n *night) meddle() {
	asked := state.Asked{Alert: state.Ref{Alias: fmt.Sprint("web-", n.dice.IntN(alertsOfNight))}, User: "u1"}
	switch n.dice.IntN(6) {
	case 0:
		n.carryOut(oracletest.Encoded(state.AssignAlert{Asked: asked, Owner: state.Pick{Name: fmt.Sprint("u", 2+n.dice.IntN(3))}}))
	case 1:
		n.carryOut(oracletest.Encoded(state.SnoozeAlert{Asked: asked, Until: time.Now().Truncate(time.Second).Add(time.Duration(60+n.dice.IntN(300)) * time.Second)}))
	case 2:
		n.carryOut(oracletest.Encoded(state.UnacknowledgeAlert{Asked: asked}))
	}
}

// gust takes the leader away, or all nodes.
func (n *night) gust() {
	from, leader := time.Now(), n.Leader()
	nap := time.Duration(n.dice.Int64N(int64(30 * time.Second)))
	switch n.dice.IntN(7) {
	case 0, 1:
		n.Kill(leader)
		n.blew(from)
		time.Sleep(nap)
		from = time.Now()
		n.Start(leader)
		n.follow(leader)
	case 2, 3:
		n.Nodes.Cut(leader)
		n.blew(from)
		time.Sleep(nap)
		from = time.Now()
		n.Nodes.Heal(leader)
	case 4:
		nodes := n.Running()
		n.Kill(nodes...)
		time.Sleep(4 * nap)
		n.Start(nodes...)
		n.follow(nodes...)
	default:
		_ = n.API(leader).TransferLeadership(n.Context(), n.Running()[n.dice.IntN(3)])
	}
	n.blew(from)
	time.Sleep(soon)
}

// blew notes from when to when the cluster may have had no leader: now one leads.
func (n *night) blew(from time.Time) {
	n.Leader()
	n.gusts = append(n.gusts, gust{from, time.Now()})
}

// late says by when what is due must be done: within a second, unless the cluster may have had no leader.
func (n *night) late(due time.Time) time.Time {
	latest := due.Add(time.Second)
	for _, g := range n.gusts {
		if !g.from.After(latest) && g.to.Add(time.Second).After(latest) {
			latest = g.to.Add(time.Second)
		}
	}
	return latest
}

// check holds all that has happened against the oracle, on each node.
func (n *night) check() {
	n.Compare()
	node := n.Leader()
	if seen, applied := n.deeds.Seen(), n.Status(node).Applied; seen < applied {
		n.Fatalf("of %d changes %d were followed", applied, seen)
	}
	n.view(node, func(r table.Reader) {
		pages := 0
		for a := range state.Alerts.All(r) {
			replay := oracletest.Replay{World: n.oracle, Done: n.deeds.When, Late: n.late}
			if wrong := replay.Check(r, a.ID, time.Now()); wrong != "" {
				n.Errorf("night %d, alert %s: %s\nthe gusts: %s", n.seed, a.Alias, wrong, n.weather())
			}
			for _, d := range state.DeliveriesOf(r, a.ID) {
				pages++
				if !d.Final() && time.Since(d.QueuedAt()) > 5*time.Minute {
					n.Errorf("P2: night %d, alert %s: nothing is known of the fate of the %s", n.seed, a.Alias, d.Kind)
				}
			}
			n.checkSilence(r, a)
		}
		if orphans := append(state.Orphans(r, time.Now(), time.Minute, 9), state.Oversleepers(r, time.Now(), time.Minute, 9)...); len(orphans) > 0 {
			n.Errorf("P2: night %d: %v are forgotten", n.seed, orphans)
		}
		n.Logf("%d pages, %d gusts", pages, len(n.gusts))
	})
}

// checkSilence: after an acknowledgement by u0 was answered, carriers were given nothing for that person, and
// for others only what is for alerts that are not closed, until it was taken back.
func (n *night) checkSilence(r table.Reader, a *alert.Alert) {
	own := core.UserID(oracletest.Person(r, "u0"))
	for _, at := range n.silent[a.Alias] {
		acked, noted, closed, until := silence(r, a.ID, at)
		for _, k := range n.carriers {
			for _, c := range k.all() {
				d, ok := state.GetDelivery(r, core.DeliveryID(c.Page.ID))
				if !ok || d.Alert != a.ID || !c.at.After(at) || !c.at.Before(until) {
					continue
				}
				if closed || noted && d.User == own || acked && d.Why.Unclosed == "" {
					n.Errorf("P3: night %d: a %s about %s came to %s %s after u0 had acknowledged it\n%s", n.seed, k.kind, a.Alias, d.User, c.at.Sub(at), oracletest.Told(r, a.ID))
				}
			}
		}
	}
}

// silence returns whether an alert was acknowledged at a moment, whether u0 had acknowledged it (who is not called
// cannot once somebody else has), and whether it was closed, as its log says; and until when.
func silence(r table.Reader, id core.AlertID, at time.Time) (acked, noted, closed bool, until time.Time) {
	for e := range state.LogOf(r, id) {
		roused := e.What == alert.DidUnacknowledge || e.What == alert.DidAssign || e.What == alert.DidEndSnooze
		switch later := e.At.After(at); {
		case later && roused:
			return acked, noted, closed, e.At
		case later:
		case roused:
			acked, noted = false, false
		case e.What == alert.DidAcknowledge:
			acked, noted = true, noted || e.Owner == "u0"
		case e.What == alert.DidAcknowledgeToo, e.What == alert.DidAcknowledgePartly:
			noted = noted || e.Owner == "u0"
		case e.What == alert.DidClose:
			closed = true
		}
	}
	return acked, noted, closed, time.Now()
}

func (n *night) weather() (all []string) {
	for _, g := range n.gusts {
		all = append(all, g.from.Format("15:04:05")+"–"+g.to.Format("15:04:05"))
	}
	return all
}

// carrier is a channel that delivers, fails or stays silent, as a hash of the page says.
type carrier struct {
	kind channel.Kind
	seed uint64

	mu    sync.Mutex
	calls []call
}

// Describe says what the carrier is.
func (k *carrier) Describe() channel.Description {
	return channel.Description{Kind: k.kind, Timeout: 40 * time.Second, Concurrent: 64}
}

// Send takes a page.
func (k *carrier) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	k.mu.Lock()
	k.calls = append(k.calls, call{Page: page, at: time.Now()})
	k.mu.Unlock()
	hash := fnv.New64a()
	fmt.Fprint(hash, k.seed, page.ID)
	dice := rand.New(rand.NewPCG(hash.Sum64(), 0))
	wait := func() bool {
		select {
		case <-time.After(time.Duration(1 + dice.Int64N(int64(30*time.Second)))):
			return true
		case <-ctx.Done():
			return false
		}
	}
	fate := dice.IntN(8)
	if fate == 0 {
		<-ctx.Done() // nobody ever hears of it
		return channel.Report{Stage: channel.Cancelled}
	}
	report(channel.Report{Stage: channel.Accepted})
	switch {
	case !wait():
		return channel.Report{Stage: channel.Cancelled}
	case fate < 3:
		return channel.Report{Stage: channel.Done}
	case fate == 3:
		return channel.Report{Stage: channel.Done, Reply: channel.NextPerson}
	case fate == 4 && dice.IntN(3) == 0:
		return channel.Report{Stage: channel.Done, Reply: channel.Acknowledge}
	}
	return channel.Report{Stage: channel.Failed, Failure: []channel.Failure{channel.Unavailable, channel.Unanswered, channel.NoReply}[dice.IntN(3)]}
}

func (k *carrier) all() []call {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.calls)
}
