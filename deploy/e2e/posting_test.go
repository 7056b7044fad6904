package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/push/fcm/fcmtest"
)

// posting is clients that post alerts to a cluster whose nodes come and go, each as a good
// client does: what is not answered with 202 is posted again, to the next node, under the
// same alias.
type posting struct {
	urls  []string
	key   string
	alert func(alias string) client.NewAlert
	rest  time.Duration // of a client between two alerts
	stop  context.CancelFunc
	busy  sync.WaitGroup

	mu       sync.Mutex // guards what follows
	accepted []accepted
	lost     []string // aliases of which no node has ever said 202
}

// accepted is an alert that was answered with 202.
type accepted struct {
	alias, request string
	begun, at      time.Time // when it was posted first, and answered
	tries          int
}

const (
	// answerTimeout is how long a client waits for an answer. A hub gives up after 10 s.
	answerTimeout = 15 * time.Second
	// postAgain is how long a client rests after an error.
	postAgain = 50 * time.Millisecond
	// giveUp is how long a client tries to have one alert accepted.
	giveUp = 2 * time.Minute
)

// startPosting starts clients, each of which prefers another node. alert makes the alert of
// an alias.
func (c cluster) startPosting(t *testing.T, clients int, rest time.Duration, alert func(alias string) client.NewAlert) *posting {
	p := &posting{key: c[0].key, alert: alert, rest: rest}
	for _, h := range c {
		p.urls = append(p.urls, h.url)
	}
	ctx, stop := context.WithCancel(t.Context())
	p.stop = stop
	for i := range clients {
		p.busy.Go(func() { p.client(ctx, i) })
	}
	t.Cleanup(func() { stop(); p.busy.Wait() })
	return p
}

// end lets the clients bring their last alert to its end, and returns all that were accepted.
func (p *posting) end(t *testing.T) []accepted {
	t.Helper()
	p.stop()
	p.busy.Wait()
	if len(p.lost) > 0 {
		t.Errorf("within %s no node has accepted %v", giveUp, p.lost)
	}
	slices.SortFunc(p.accepted, func(a, b accepted) int { return a.at.Compare(b.at) })
	return p.accepted
}

// client posts one alert after another until ctx ends.
func (p *posting) client(ctx context.Context, number int) {
	web := &http.Client{Timeout: answerTimeout, Transport: &http.Transport{}}
	defer web.CloseIdleConnections()
	node := number
	for i := 0; ctx.Err() == nil; i++ {
		a := accepted{alias: fmt.Sprintf("client-%d/%d", number, i), begun: time.Now()}
		for a.request == "" && time.Since(a.begun) < giveUp {
			a.tries++
			var err error
			if a.request, err = p.post(web, p.urls[node%len(p.urls)], a.alias); err != nil {
				node++
				wait(context.Background(), postAgain)
			}
		}
		a.at = time.Now()
		p.mu.Lock()
		if a.request == "" {
			p.lost = append(p.lost, a.alias)
		} else {
			p.accepted = append(p.accepted, a)
		}
		p.mu.Unlock()
		wait(ctx, p.rest)
	}
}

// post posts an alert once. Only 202 is no error.
func (p *posting) post(web *http.Client, url, alias string) (request string, err error) {
	body, err := json.Marshal(p.alert(alias))
	if err != nil {
		return "", err
	}
	req, err := http.NewRequest(http.MethodPost, url+"/v2/alerts", strings.NewReader(string(body)))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "GenieKey "+p.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := web.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var reply struct{ RequestID string }
	if err := json.Unmarshal(answer, &reply); err != nil || resp.StatusCode != http.StatusAccepted || reply.RequestID == "" {
		return "", fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return reply.RequestID, nil
}

// wait waits, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// longestGap is the longest time without a 202, from the first one on.
func longestGap(all []accepted) (gap time.Duration) {
	for i := 1; i < len(all); i++ {
		gap = max(gap, all[i].at.Sub(all[i-1].at))
	}
	return gap
}

// caughtUp waits until all nodes answer and have come to the same state, and makes sure, by
// the hash of all that ever took effect, that it is the same (P1).
func (c cluster) caughtUp(t *testing.T) {
	t.Helper()
	var status client.Cluster
	eventually(t, "all nodes have applied the same", func() bool {
		code, out, errs := once(t, c[0].env(), "hub", "cluster", "status", "--json")
		if code != 0 {
			t.Fatalf("cluster status: %d %s%s", code, out, errs)
		}
		if err := json.Unmarshal([]byte(out), &status); err != nil {
			t.Fatalf("cluster status: %v in %s", err, out)
		}
		return status.Quorum.Reachable == len(c) && !slices.ContainsFunc(status.Nodes, func(n client.Node) bool { return n.Sequence != status.Nodes[0].Sequence })
	})
	for _, n := range status.Nodes {
		if n.Chain != status.Nodes[0].Chain || n.Chain == "" || status.Diverged {
			t.Fatalf("nodes hold different states: %+v", status)
		}
	}
	t.Logf("all nodes stand at batch %d with chain hash %.16s…", status.Nodes[0].Sequence, status.Nodes[0].Chain)
}

// askAtOnce is how many questions are put to a node at once.
const askAtOnce = 8

// each calls a function for every item, askAtOnce at a time, and reports the first few of
// the errors, and whether there were none.
func each[T any](t *testing.T, items []T, ask func(T) error) bool {
	t.Helper()
	var mu sync.Mutex
	var problems []error
	var workers sync.WaitGroup
	queue := make(chan T)
	for range askAtOnce {
		workers.Go(func() {
			for item := range queue {
				if err := ask(item); err != nil {
					mu.Lock()
					problems = append(problems, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, item := range items {
		queue <- item
	}
	close(queue)
	workers.Wait()
	const shown = 10
	if n := len(problems); n > 0 {
		t.Errorf("%d of %d: %v", n, len(items), errors.Join(problems[:min(n, shown)]...))
	}
	return len(problems) == 0
}

// holdAll makes sure that the alerts of every node are those that were accepted, no fewer
// and no more, and returns them by their alias. thorough asks every node for each of them,
// by the id of the request that was answered with 202 and by the id of the alert.
func (c cluster) holdAll(t *testing.T, all []accepted, thorough bool) map[string]client.Alert {
	t.Helper()
	var alerts map[string]client.Alert
	for _, h := range c {
		list, err := h.client().Alerts(t.Context(), "", 2*len(all)+100)
		if err != nil {
			t.Fatal(err)
		}
		alerts = map[string]client.Alert{}
		for _, a := range list {
			if alerts[a.Alias].ID != "" {
				t.Errorf("node %s has two alerts of alias %s", h.id, a.Alias)
			}
			alerts[a.Alias] = a
		}
		if len(alerts) != len(all) {
			t.Errorf("node %s has %d alerts; %d were accepted", h.id, len(alerts), len(all))
		}
		api := h.client()
		each(t, all, func(a accepted) error {
			if alerts[a.alias].ID == "" {
				return fmt.Errorf("node %s does not list %s, which was accepted", h.id, a.alias)
			}
			if !thorough {
				return nil
			}
			request, err := api.RequestStatus(t.Context(), a.request)
			if err != nil || !request.Success {
				return fmt.Errorf("node %s of request %s: %+v, %w", h.id, a.request, request, cmp.Or(err, errUnsuccessful))
			}
			if got, err := api.Alert(t.Context(), client.ByID(request.AlertID)); err != nil || got.Alias != a.alias {
				return fmt.Errorf("node %s of alert %s: %q, %w", h.id, request.AlertID, got.Alias, cmp.Or(err, errUnsuccessful))
			}
			return nil
		})
	}
	return alerts
}

var errUnsuccessful = errors.New("without an error")

// sent is all that was to be sent to people, and what the provider has of it.
type sent struct {
	deliveries map[string][]client.Delivery // by alias
	pushes     map[string][]pushed          // by delivery, oldest first
}

// pushed is a push that a provider has, and which gateway gave it to it: each has a provider
// of its own.
type pushed struct {
	fcmtest.Message
	gateway int
}

// allEnded waits until every page of alerts has come to its end, and returns what became of
// them. Alerts may share a page.
func (c cluster) allEnded(t *testing.T, alerts map[string]client.Alert, within time.Duration, providers ...google) sent {
	t.Helper()
	s := sent{map[string][]client.Delivery{}, map[string][]pushed{}}
	var mu sync.Mutex
	api, open := c[0].client(), aliases(alerts)
	for began := time.Now(); ; wait(t.Context(), time.Second) {
		var still []string
		asked := each(t, open, func(alias string) error {
			all, err := api.Deliveries(t.Context(), client.ByID(alerts[alias].ID))
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			s.deliveries[alias] = all
			if len(all) == 0 || slices.ContainsFunc(all, func(d client.Delivery) bool { return !d.Final }) {
				still = append(still, alias)
			}
			return nil
		})
		if open = still; len(open) == 0 || !asked {
			break
		}
		if time.Since(began) > within {
			t.Errorf("after %s, %d alerts have no page, or one without an end; one of them: %s", within, len(open), s.tale(open[0]))
			break
		}
	}
	for i, provider := range providers {
		for _, m := range provider.Messages() {
			s.pushes[m.Data["delivery_id"]] = append(s.pushes[m.Data["delivery_id"]], pushed{m, i})
		}
	}
	for _, all := range s.pushes {
		slices.SortFunc(all, func(a, b pushed) int { return a.At.Compare(b.At) })
	}
	return s
}

func aliases(alerts map[string]client.Alert) (all []string) {
	for alias := range alerts {
		all = append(all, alias)
	}
	slices.Sort(all)
	return all
}

// tale tells the pages of an alert.
func (s sent) tale(alias string) string {
	words := []string{alias}
	for _, d := range s.deliveries[alias] {
		words = append(words, d.User.Username+" "+d.ID+": "+tale(d))
	}
	return strings.Join(words, "\n\t")
}

// reached makes sure that every alert has, for each of so many people, a page that the
// provider has, by its own memory. It returns the longest time from posting to that.
func (s sent) reached(t *testing.T, all []accepted, people int) (longest time.Duration) {
	t.Helper()
	for _, a := range all {
		first := map[string]time.Time{}
		for _, d := range s.deliveries[a.alias] {
			for _, m := range s.pushes[d.ID] {
				if at, ok := first[d.User.Username]; !ok || m.At.Before(at) {
					first[d.User.Username] = m.At
				}
			}
		}
		if len(first) != people {
			t.Errorf("%d people were paged, not %d: %s", len(first), people, s.tale(a.alias))
		}
		for _, at := range first {
			longest = max(longest, at.Sub(a.begun))
		}
	}
	return longest
}
