package hubtest_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"keng/hub/client"
)

// P1, P3, P4: bad weather. Nodes are cut off, lose power and are stopped, one at a time, by
// chance, while alerts come in and are acknowledged. Every alert that was accepted is
// there; nothing is sent twice, because the gateway lives; nobody is called after an
// acknowledgement was answered; everybody else is.
func TestWeather(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			story(t, seed, func(w *world) {
				random := rand.New(rand.NewPCG(seed, 1))
				b := &business{world: w, random: rand.New(rand.NewPCG(seed, 2)), acknowledged: map[string]time.Time{}}
				ended := make(chan struct{})
				go func() { defer close(ended); b.run(4 * time.Minute) }()
				for began := time.Now(); time.Since(began) < 4*time.Minute; {
					w.gust(random)
				}
				<-ended
				time.Sleep(callAfter + time.Minute)
				b.check()
			})
		})
	}
}

// gust does something to one node, for some seconds.
func (w *world) gust(random *rand.Rand) {
	nap := func(most time.Duration) { time.Sleep(time.Duration(random.Int64N(int64(most)))) }
	id := w.Running()[random.IntN(3)]
	if random.IntN(2) == 0 {
		id = w.Leader()
	}
	switch random.IntN(4) {
	case 0:
		w.Kill(id)
		nap(20 * time.Second)
		w.Start(id)
	case 1:
		w.Stop(id)
		nap(20 * time.Second)
		w.Start(id)
	case 2:
		w.Nodes.Cut(id)
		nap(20 * time.Second)
		w.Nodes.Heal(id)
	case 3:
		ctx := w.Context()
		_ = w.API(w.Leader()).TransferLeadership(ctx, id) // an election may be on
	}
	nap(10 * time.Second)
}

// business is what people do while the weather is bad.
type business struct {
	*world
	random *rand.Rand

	mu           sync.Mutex
	accepted     []string
	acknowledged map[string]time.Time // when that was answered
}

func (b *business) run(for_ time.Duration) {
	clients := []*client.Client{b.API("a"), b.API("b"), b.API("c")}
	any := func() *client.Client { return clients[b.random.IntN(3)] }
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for began, n := time.Now(), 0; time.Since(began) < for_; n++ {
		alias, one, other := fmt.Sprint("web-", n), any(), any()
		later := time.Duration(b.random.Int64N(int64(2 * callAfter)))
		tasks.Go(func() {
			if !b.create(one, alias) {
				return
			}
			if later < callAfter+20*time.Second {
				time.Sleep(later)
				b.acknowledge(other, alias)
			}
		})
		time.Sleep(time.Duration(b.random.Int64N(int64(5 * time.Second))))
	}
}

func (b *business) create(api *client.Client, alias string) bool {
	_, err := api.CreateAlert(b.Context(), client.NewAlert{
		Message: "trouble with " + alias, Alias: alias, Responders: []client.Responder{{Type: "user", Username: "an@example.vn"}},
	})
	if err != nil {
		return false // a node that is away or alone
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted = append(b.accepted, alias)
	return true
}

func (b *business) acknowledge(api *client.Client, alias string) {
	if _, err := api.Acknowledge(b.Context(), client.ByAlias(alias), "binh@example.vn", ""); err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acknowledged[alias] = time.Now()
}

func (b *business) check() {
	b.Compare()
	silent := 0
	for _, alias := range b.accepted {
		alert, err := b.API("a").Alert(b.Context(), client.ByAlias(alias))
		if err != nil {
			b.Errorf("%s was accepted and is lost: %v", alias, err)
			continue
		}
		pushes, calls := b.gateway.push.of(alias), b.gateway.voice.of(alias)
		if len(pushes) != 1 && !alert.Acknowledged || len(pushes) > 1 {
			b.Errorf("pushes about %s: %s", alias, times(pushes, alert.CreatedAt))
		}
		at, acknowledged := b.acknowledged[alias]
		for _, c := range append(pushes, calls...) {
			if acknowledged && c.at.After(at) {
				b.Errorf("%s about %s came %s after the acknowledgement", c.Kind, alias, c.at.Sub(at))
			}
			if acknowledged && c.ended.Sub(at) > 3*time.Second {
				b.Errorf("%s about %s went on for %s after the acknowledgement", c.Kind, alias, c.ended.Sub(at))
			}
		}
		switch {
		case alert.Acknowledged:
			silent++
			if len(calls) > 1 {
				b.Errorf("calls about %s: %s", alias, times(calls, alert.CreatedAt))
			}
		case len(calls) != 1 || calls[0].at.Sub(alert.CreatedAt) > callAfter+15*time.Second:
			b.Errorf("calls about %s: %s; the pages: %s", alias, times(calls, alert.CreatedAt), b.trace("a", alias))
		}
	}
	b.Logf("%d alerts accepted, %d acknowledged", len(b.accepted), silent)
}
