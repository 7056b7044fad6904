package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/push/fcm/fcmtest"
)

// pageFigures are the budgets of paging somebody.
func pageFigures() []figure {
	return []figure{
		{key: "p50_ms", unit: "ms", floor: 30, goal: 5},
		{key: "p99_ms", unit: "ms", floor: 200, goal: 50},
		{key: "via_leader_p50_ms", unit: "ms"},
		{key: "via_follower_p50_ms", unit: "ms"},
		{key: "answer_via_leader_p50_ms", unit: "ms"}, // of the POST itself: the push does not wait for it
		{key: "answer_via_follower_p50_ms", unit: "ms"},
	}
}

const (
	pageWarmUp = 30
	pageCount  = 300
	pageMax    = 10 * time.Second
	phone      = "token-of-the-phone"
	person     = "an@example.vn"
	team       = "it"
)

// benchPageLatency measures how long it takes from the POST of an alert at a cluster of
// three to the moment when the FCM server has the push. One alert is under way at a
// time: it is closed before the next one is posted, at the next node.
func benchPageLatency(ctx context.Context, s setting) (map[string]float64, error) {
	hubs, fcm, stop, err := startPaging(ctx, s.dir)
	if err != nil {
		return nil, err
	}
	defer stop()
	if _, err := hubs.leader(ctx); err != nil {
		return nil, err
	}
	p := &pager{fcm: fcm}
	if p.nodes, err = hubs.clients(); err != nil {
		return nil, err
	}
	if err := putOnCall(ctx, p.nodes[0]); err != nil {
		return nil, fmt.Errorf("cannot configure whom to page: %w", err)
	}
	if err := p.pages(ctx, pageWarmUp); err != nil {
		return nil, err
	}
	p.taken = nil
	leader, err := hubs.leader(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.pages(ctx, pageCount); err != nil {
		return nil, err
	}
	return p.figures(leader), nil
}

// startPaging runs a cluster of three with a gateway in each node, and the FCM server to
// which they push.
func startPaging(ctx context.Context, dir string) (hubs cluster, fcm *fcmtest.Server, stop func(), err error) {
	if fcm, err = fcmtest.New("keng-bench"); err != nil {
		return nil, nil, nil, err
	}
	config, err := gatewayConfig(dir, fcm)
	if err == nil {
		hubs, err = startCluster(ctx, dir, nodesOfThree, "--gateway-config", config, "--page-window", "0")
	}
	if err != nil {
		_ = fcm.Close()
		return nil, nil, nil, err
	}
	return hubs, fcm, func() { hubs.stop(); _ = fcm.Close() }, nil
}

// clients returns a client of each node.
func (c cluster) clients() (all []*client.Client, err error) {
	for _, h := range c {
		node, err := client.New(h.url, h.key)
		if err != nil {
			return nil, err
		}
		all = append(all, node)
	}
	return all, nil
}

// gatewayConfig writes what the gateways within the nodes are run with.
func gatewayConfig(dir string, fcm *fcmtest.Server) (string, error) {
	account, file := filepath.Join(dir, "firebase.json"), filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(account, fcm.ServiceAccountJSON(), 0o600); err != nil {
		return "", err
	}
	text := fmt.Sprintf("fcm: {project: %s, credentials: %s, endpoint: %s}\n", fcm.Project(), account, fcm.URL())
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// putOnCall makes a person with a phone that wants to hear at once, and a team of that
// person, which comes with a schedule and an escalation.
func putOnCall(ctx context.Context, hub *client.Client) error {
	if _, err := hub.CreateUser(ctx, client.NewUser{Username: person, FullName: "Nguyễn Văn An", Role: client.Thing{Name: "User"}, Locale: "vi_VN"}); err != nil {
		return err
	}
	if _, err := hub.RegisterDevice(ctx, client.NewDevice{User: person, Token: phone, Name: "phone"}); err != nil {
		return err
	}
	rule := client.NotificationRule{Name: "push at once", ActionType: "create-alert", Enabled: true, Steps: []client.RuleStep{
		{Contact: client.NewContact{Method: "mobile", To: "phone"}, SendAfter: client.Seconds(0), Enabled: true},
	}}
	if _, err := hub.CreateNotificationRule(ctx, person, rule); err != nil {
		return err
	}
	_, err := hub.CreateTeam(ctx, client.NewTeam{Name: team, Members: []client.Member{{User: client.MemberUser{Username: person}}}})
	return err
}

// pager pages over and over.
type pager struct {
	fcm   *fcmtest.Server
	nodes []*client.Client
	count int
	taken []pageTime
}

// pageTime is how long one page took, by which node the alert came in.
type pageTime struct {
	node             int
	answered, pushed time.Duration // since the POST was begun
}

// pages posts so many alerts, one after another, at one node after another.
func (p *pager) pages(ctx context.Context, n int) error {
	for range n {
		node := p.count % len(p.nodes)
		p.count++
		took, err := p.page(ctx, p.nodes[node], fmt.Sprintf("page-%d", p.count))
		if err != nil {
			return err
		}
		took.node = node
		p.taken = append(p.taken, took)
	}
	return nil
}

// page posts one alert, waits for its push and closes it.
func (p *pager) page(ctx context.Context, hub *client.Client, alias string) (took pageTime, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, pageMax, errors.New("the push did not come"))
	defer cancel()
	began := time.Now()
	_, err = hub.CreateAlert(ctx, client.NewAlert{
		Message: alias + " is down", Alias: alias, Priority: "P1", Responders: []client.Responder{{Type: "team", Name: team}},
	})
	if err != nil {
		return took, err
	}
	took.answered = time.Since(began)
	message, err := p.fcm.Wait(ctx, func(m fcmtest.Message) bool {
		return m.Notification != nil && strings.Contains(m.Notification.Body+" "+m.Notification.Title, alias+" ")
	})
	if err != nil {
		return took, fmt.Errorf("alert %s: %w", alias, context.Cause(ctx))
	}
	took.pushed = message.At.Sub(began)
	_, err = hub.Close(ctx, client.ByAlias(alias), person, "")
	return took, err
}

// figures makes figures of what was taken while one of the nodes led.
func (p *pager) figures(leader int) map[string]float64 {
	var pushed, viaLeader, viaFollower, byLeader, byFollower measured
	for _, t := range p.taken {
		pushed.took = append(pushed.took, t.pushed)
		push, answer := &viaFollower, &byFollower
		if t.node == leader {
			push, answer = &viaLeader, &byLeader
		}
		push.took, answer.took = append(push.took, t.pushed), append(answer.took, t.answered)
	}
	for _, m := range []measured{pushed, viaLeader, viaFollower, byLeader, byFollower} {
		slices.Sort(m.took)
	}
	return map[string]float64{
		"p50_ms": pushed.quantile(0.5), "p99_ms": pushed.quantile(0.99),
		"via_leader_p50_ms": viaLeader.quantile(0.5), "via_follower_p50_ms": viaFollower.quantile(0.5),
		"answer_via_leader_p50_ms": byLeader.quantile(0.5), "answer_via_follower_p50_ms": byFollower.quantile(0.5),
	}
}
