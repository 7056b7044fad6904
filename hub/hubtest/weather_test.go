package hubtest_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"keng/hub/client"
)

var weathers = flag.Uint64("weathers", 2, "how many times the weather is bad, of each kind")

// P1, P3, P4: bad weather. Nodes are cut off, lose power and are stopped, one at a time, by
// chance, while alerts come in and are acknowledged. Every alert that was accepted is
// there; nothing is sent twice, because the gateway lives; nobody is called after an
// acknowledgement was answered; everybody else is.
func TestWeather(t *testing.T) {
	t.Parallel()
	for seed := range *weathers {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { weather(t, seed, false) })
	}
}

// P1, P4, P5: the gateway's links to nodes are cut as well. What is not noticed at once
// makes pages late, but loses none and doubles none.
func TestWeatherOnTheLinks(t *testing.T) {
	t.Parallel()
	for seed := range *weathers {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { weather(t, seed, true) })
	}
}

// weather plays some minutes of bad weather, on the links too or not.
func weather(t *testing.T, seed uint64, links bool) {
	const length = 4 * time.Minute
	gusts := 4
	if links {
		gusts = 6
	}
	story(t, seed, func(w *world) {
		random := rand.New(rand.NewPCG(seed, 1))
		b := &business{world: w, random: rand.New(rand.NewPCG(seed, 2)), acknowledged: map[string]time.Time{}}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			b.run(length)
		}()
		for began := time.Now(); time.Since(began) < length; {
			w.gust(random, random.IntN(gusts))
		}
		<-ended
		time.Sleep(callAfter + time.Minute)
		b.check(links)
	})
}

// gust does something to one node, for some seconds.
func (w *world) gust(random *rand.Rand, kind int) {
	nap := func(most time.Duration) { time.Sleep(time.Duration(random.Int64N(int64(most)))) }
	id := w.Running()[random.IntN(3)]
	if random.IntN(2) == 0 {
		id = w.Leader()
	}
	switch kind {
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
		_ = w.API(w.Leader()).TransferLeadership(w.Context(), id) // an election may be on
	default:
		w.Links.Cut(id, w.gateway.name)
		nap(50 * time.Second)
		w.Links.Heal(id, w.gateway.name)
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

// run has alerts posted, and about half of them acknowledged, for a time.
func (b *business) run(length time.Duration) {
	clients := []*client.Client{b.API("a"), b.API("b"), b.API("c")}
	var tasks sync.WaitGroup
	defer tasks.Wait()
	for began, n := time.Now(), 0; time.Since(began) < length; n++ {
		alias, one, other := fmt.Sprint("web-", n), clients[b.random.IntN(3)], clients[b.random.IntN(3)]
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

// check holds what the phones have seen against what was answered. Where links were cut,
// what was handed over may arrive late, with what takes it back right behind it.
func (b *business) check(links bool) {
	slack := time.Duration(0)
	if links {
		slack = 30 * time.Second
	}
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
			if acknowledged && c.at.After(at) && !(links && c.at.Sub(at) < slack && c.ended.Equal(c.at)) {
				b.Errorf("%s about %s came %s after the acknowledgement", c.Kind, alias, c.at.Sub(at))
			}
			if acknowledged && c.ended.Sub(at) > 3*time.Second && (!links || c.ended.After(c.at)) {
				b.Errorf("%s about %s went on for %s after the acknowledgement", c.Kind, alias, c.ended.Sub(at))
			}
		}
		switch {
		case alert.Acknowledged:
			silent++
			if len(calls) > 1 {
				b.Errorf("calls about %s: %s", alias, times(calls, alert.CreatedAt))
			}
		case len(calls) != 1 || calls[0].at.Sub(alert.CreatedAt) > callAfter+2*soon+slack: // an election, or two
			b.Errorf("calls about %s: %s; the pages: %s", alias, times(calls, alert.CreatedAt), b.trace("a", alias))
		}
	}
	b.Logf("%d alerts accepted, %d acknowledged", len(b.accepted), silent)
}
