package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/proto/agentpb"
	"keng/proto/link"
)

// millionFigures are the budgets of a hub with a million alerts.
func millionFigures() []figure {
	return []figure{
		{key: "alerts", higher: true},
		{key: "rss_mb", unit: "MiB", floor: 600, goal: 300},
		{key: "restart_s", unit: "s", floor: 5, goal: 2},
		{key: "restart_list_p50_ms", unit: "ms"},
		{key: "restart_list_p99_ms", unit: "ms"},
		{key: "list_p50_ms", unit: "ms"},
		{key: "list_p99_ms", unit: "ms", floor: 50, goal: 5},
		{key: "search_p50_ms", unit: "ms"},
		{key: "search_p99_ms", unit: "ms", floor: 500, goal: 50},
	}
}

const (
	millionAlerts = 1_000_000
	// millionOpen says that one alert of so many stays open.
	millionOpen  = 100
	millionRest  = 10 * time.Second
	listRounds   = 40
	searchRounds = 8
)

// benchMillion fills one hub with a million alerts, of which 10,000 are open, kills it,
// starts it again, and asks it. Lists are usual queries, for which there are indexes or of
// which the newest alerts hold enough; searches are for what no index finds and few alerts or
// none have. Lists are asked for twice: in the first second after the start, when the engine still puts in order
// what it has read of the log, and ten seconds later. All answers are pages of 100, over HTTP. The memory is the larger of that after
// filling and that after the queries.
func benchMillion(ctx context.Context, s setting) (map[string]float64, error) {
	hub, err := startHub(ctx, s.dir)
	if err != nil {
		return nil, err
	}
	defer cluster{hub}.stop()
	if _, err := (cluster{hub}).leader(ctx); err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := fill(ctx, hub); err != nil {
		return nil, fmt.Errorf("cannot fill the hub: %w; it said: %s", err, hub.said())
	}
	middle := begun.Add(time.Since(begun) / 2)
	progress("the hub has taken %d alerts in %s", millionAlerts, time.Since(begun).Round(time.Second))
	if err := wait(ctx, millionRest); err != nil {
		return nil, err
	}
	figures := map[string]float64{"alerts": millionAlerts}
	if figures["rss_mb"], err = rssOf(hub.pid()); err != nil {
		return nil, err
	}
	hub.process.stop()
	killed := time.Now()
	if err := hub.serve(ctx); err != nil {
		return nil, err
	}
	if err := await(ctx, "the hub to answer again", func() bool { return hub.ask(ctx, "status: open", nil) == nil }); err != nil {
		return nil, err
	}
	figures["restart_s"] = time.Since(killed).Seconds()
	lists := []string{
		"", "status: open", "status: open AND acknowledged: false", "status: open AND tag: disk", "tag: wifi", "status: closed AND priority: P1",
		fmt.Sprintf("createdAt < %d", middle.UnixMilli()), fmt.Sprintf("createdAt > %d AND tag: disk", middle.UnixMilli()), "alias: sender-5/check-500", "tinyId: 123456",
	}
	searches := []string{"khong co gi", `details.value: "no such thing"`, "source: sender-7* AND status: open AND NOT tag: agent", "count > 1000", `"shop stops taking orders tomorrow"`}
	for _, part := range []struct {
		name    string
		rounds  int
		queries []string
		rest    time.Duration // before it
	}{
		{"restart_list", listRounds, lists, 0},
		{"list", listRounds, lists, millionRest},
		{"search", searchRounds, searches, 0},
	} {
		if err := wait(ctx, part.rest); err != nil {
			return nil, err
		}
		took := measured{}
		for range part.rounds {
			for _, query := range part.queries {
				if err := hub.ask(ctx, query, &took); err != nil {
					return nil, err
				}
			}
		}
		slices.Sort(took.took)
		figures[part.name+"_p50_ms"], figures[part.name+"_p99_ms"] = took.quantile(0.5), took.quantile(0.99)
	}
	after, err := rssOf(hub.pid())
	figures["rss_mb"] = max(figures["rss_mb"], after)
	return figures, err
}

// fill has agents say that checks go down, and most of them up again, until the hub has its
// million alerts.
func fill(ctx context.Context, hub *hubProcess) error {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	endpoint := link.NewEndpoint(pc, nil)
	defer endpoint.Close()
	senders, err := dialSenders(ctx, endpoint, cluster{hub})
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range senders {
			_ = s.conn.Close("done")
		}
	}()
	var made atomic.Int64
	return inParallel(len(senders), len(senders), func(i int) error {
		for s := senders[i]; ; {
			n := made.Add(linkBatch/2) - linkBatch/2
			if n >= millionAlerts || ctx.Err() != nil {
				return ctx.Err()
			}
			if err := s.comeAndGo(n, min(linkBatch/2, millionAlerts-n)); err != nil {
				return err
			}
		}
	})
}

// comeAndGo sends the events of so many alerts, of which the first is the nth, and waits
// until they are acknowledged.
func (s *sender) comeAndGo(n, alerts int64) error {
	say := func(v *agentpb.Verdict) error {
		s.sent++
		event := &agentpb.Event{Number: s.sent, At: timestamppb.Now(), Kind: &agentpb.Event_Verdict{Verdict: v}}
		return s.conn.Send(&agentpb.FromAgent{Kind: &agentpb.FromAgent_Event{Event: event}})
	}
	for ; alerts > 0; n, alerts = n+1, alerts-1 {
		verdict := &agentpb.Verdict{
			Check: fmt.Sprintf("check-%d", n), Site: s.name, Kind: []string{"disk", "wifi", "http", "snmp"}[n%4], Target: "/var/lib/shop",
			State: agentpb.State_STATE_DOWN, Reason: about, Priority: fmt.Sprintf("P%d", 1+n%5),
			Details: map[string]string{"instance": fmt.Sprintf("db-%d.example.vn:9100", n%1000), "device": "/dev/nvme0n1p2"},
		}
		if err := say(verdict); err != nil {
			return err
		}
		if n%millionOpen == 0 {
			continue
		}
		if err := say(&agentpb.Verdict{Check: verdict.Check, Site: s.name, Kind: verdict.Kind, State: agentpb.State_STATE_UP, Reason: "it answers again"}); err != nil {
			return err
		}
	}
	return s.await()
}

// ask asks for the newest 100 alerts that a query finds, and adds how long that took.
func (h *hubProcess) ask(ctx context.Context, query string, took *measured) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v2/alerts?limit=100&query="+url.QueryEscape(query), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "GenieKey "+h.key)
	began := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the query %q is answered with %s", query, res.Status)
	}
	if took != nil {
		took.took = append(took.took, time.Since(began))
	}
	return nil
}
