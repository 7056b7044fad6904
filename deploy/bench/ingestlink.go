package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/hub/client"
	"keng/proto/agentpb"
	"keng/proto/link"
)

const (
	// linkAgents is how many agents send, and linkBatch how many alerts each has under way:
	// the peer gets as many in one request.
	linkAgents, linkBatch = 64, 64
)

// benchIngestLink measures how fast a cluster of three takes alerts from agents over the
// link: each of 64 agents sends 64 events, waits until all are acknowledged, which is when a
// majority has them on disk, and goes on. Each event is another check that is down, with
// about a kilobyte of text, of which nobody is paged. Times are those of 64 alerts
// together. The peer is one Alertmanager that gets 64 in a request.
func benchIngestLink(ctx context.Context, s setting) (map[string]float64, error) {
	var binary string
	if s.peer != "" {
		var err error
		if binary, err = installed("prometheus-alertmanager", "prometheus-alertmanager"); err != nil {
			return nil, err
		}
	}
	hubs, err := startCluster(ctx, s.dir, nodesOfThree)
	if err != nil {
		return nil, err
	}
	defer hubs.stop()
	if _, err := hubs.leader(ctx); err != nil {
		return nil, err
	}
	ours, cpu, err := floodLink(ctx, hubs)
	if err != nil {
		return nil, fmt.Errorf("the hub: %w; a node said: %s", err, hubs[0].said())
	}
	figures := map[string]float64{
		"alerts_per_s": linkBatch * ours.perSecond(), "p50_ms": ours.quantile(0.5), "p99_ms": ours.quantile(0.99), "cpu_us_per_alert": cpu / linkBatch,
	}
	if s.peer == "" {
		return figures, nil
	}
	hubs.stop()
	peer, cpu, err := floodAlertmanager(ctx, s.dir, binary, linkBatch)
	if err != nil {
		return nil, fmt.Errorf("alertmanager: %w", err)
	}
	figures["ratio"] = ours.perSecond() / peer.perSecond()
	figures["peer_alerts_per_s"], figures["peer_p50_ms"], figures["peer_cpu_us_per_alert"] = linkBatch*peer.perSecond(), peer.quantile(0.5), cpu/linkBatch
	return figures, nil
}

// floodLink sends batches from all agents and returns how long each took, and the
// microseconds of processor time that the hubs used for a batch.
func floodLink(ctx context.Context, hubs cluster) (m measured, cpu float64, err error) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return m, 0, err
	}
	endpoint := link.NewEndpoint(pc, nil)
	defer endpoint.Close()
	senders, err := dialSenders(ctx, endpoint, hubs)
	if err != nil {
		return m, 0, err
	}
	defer func() {
		for _, s := range senders {
			_ = s.conn.Close("done")
		}
	}()
	send := func(ctx context.Context, worker int) error { return senders[worker].send(ctx) }
	if _, err := drive(ctx, linkAgents, ingestWarmUp, send); err != nil {
		return m, 0, err
	}
	before, err := hubs.cpu()
	if err != nil {
		return m, 0, err
	}
	if m, err = drive(ctx, linkAgents, ingestWindow, send); err != nil {
		return m, 0, err
	}
	after, err := hubs.cpu()
	return m, float64((after - before).Microseconds()) / float64(len(m.took)), err
}

// sender is an agent whose checks go down all the time.
type sender struct {
	name  string
	conn  *link.Conn
	epoch []byte
	sent  uint64
}

// dialSenders has agents join and connects them, spread over the hubs.
func dialSenders(ctx context.Context, endpoint *link.Endpoint, hubs cluster) ([]*sender, error) {
	api, err := client.New(hubs[0].url, hubs[0].key)
	if err != nil {
		return nil, err
	}
	token, err := api.CreateToken(ctx, client.TokenSpec{Uses: linkAgents, Lifetime: client.Lifetime(time.Hour)})
	if err != nil {
		return nil, err
	}
	senders := make([]*sender, linkAgents)
	return senders, inParallel(linkAgents, joinWorkers, func(i int) error {
		s := &sender{name: fmt.Sprintf("sender-%d", i)}
		senders[i] = s
		address := hubs[i%len(hubs)].link
		credentials, _, err := endpoint.Join(ctx, address, token, link.Agent, s.name)
		if err != nil {
			return err
		}
		s.conn, err = endpoint.Dial(ctx, address, link.DialConfig{Credentials: func() link.Credentials { return credentials }, Software: "keng-bench", BootID: []byte(s.name)})
		if err != nil {
			return err
		}
		s.epoch = fmt.Appendf(nil, "%-16s", s.name)[:16]
		resume := &agentpb.Resume{Epoch: s.epoch, Site: s.name, Next: 1}
		if err := s.conn.Send(&agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: resume}}); err != nil {
			return err
		}
		return s.await()
	})
}

// send sends a batch and waits until it is acknowledged.
func (s *sender) send(context.Context) error {
	now := timestamppb.Now()
	events := make([]proto.Message, linkBatch)
	for i := range events {
		s.sent++
		check := fmt.Sprintf("disk-%d", s.sent)
		verdict := &agentpb.Verdict{
			Check: check, Site: s.name, Kind: "disk", Target: "/var/lib/shop", State: agentpb.State_STATE_DOWN, Reason: about, Priority: "P3",
			Details: map[string]string{"instance": "db.example.vn:9100", "device": "/dev/nvme0n1p2", "runbook": "https://example.vn/runbooks/disk"},
		}
		event := &agentpb.Event{Number: s.sent, At: now, Kind: &agentpb.Event_Verdict{Verdict: verdict}}
		events[i] = &agentpb.FromAgent{Kind: &agentpb.FromAgent_Event{Event: event}}
	}
	if err := s.conn.Send(events...); err != nil {
		return err
	}
	return s.await()
}

// await waits until all that was sent is acknowledged.
func (s *sender) await() error {
	for {
		var m agentpb.ToAgent
		if err := s.conn.Receive(&m); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		switch ack := m.GetAck(); {
		case ack == nil:
		case ack.GetRefused() != "":
			return fmt.Errorf("the hub refused an event: %s", ack.GetRefused())
		case ack.GetThrough() >= s.sent:
			return nil
		}
	}
}

// alertmanagerBody returns what makes the nth request: so many alerts, each another one.
func alertmanagerBody(batch int64) func(n int64) []byte {
	return func(n int64) []byte {
		body := []byte{'['}
		for i := range batch {
			if i > 0 {
				body = append(body, ',')
			}
			one := prometheusAlert(n*batch + i)
			body = append(body, one[1:len(one)-1]...)
		}
		return append(body, ']')
	}
}
