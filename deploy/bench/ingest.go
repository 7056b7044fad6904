package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// ingestFigures are the budgets of taking alerts by HTTP.
func ingestFigures() []figure {
	return []figure{
		{key: "alerts_per_s", unit: "/s", higher: true},
		{key: "p50_ms", unit: "ms"},
		{key: "p99_ms", unit: "ms"},
		{key: "cpu_us_per_alert", unit: "µs"},
		{key: "ratio", unit: "×", floor: 0.5, goal: 1.5, higher: true, beside: true},
		{key: "peer_alerts_per_s", unit: "/s", higher: true, beside: true},
		{key: "peer_p50_ms", unit: "ms", beside: true},
		{key: "peer_cpu_us_per_alert", unit: "µs", beside: true},
	}
}

// alertmanager is the name of the peer.
const alertmanager = "alertmanager"

const (
	// ingestClients is how many clients post, each one alert after the other: as many as write
	// in the budget of raftstore. It is a measure of how much can be taken, so there must
	// always be work: with 64 the hubs, who answer when a majority has an alert on disk, have
	// nothing to do for a seventh of the time. The peer answers from memory, and takes as much from 64 as
	// from 256.
	ingestClients = 256
	ingestWarmUp  = 2 * time.Second
	ingestWindow  = 10 * time.Second
)

// benchIngestHTTP measures how fast a cluster of three takes alerts that are posted one a
// request over connections that are kept open, spread over all nodes, and that nobody
// is paged for. The peer is one Alertmanager, which keeps alerts in memory only.
func benchIngestHTTP(ctx context.Context, s setting) (map[string]float64, error) {
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
	target := target{path: "/v2/alerts", authorization: "GenieKey " + hubs[0].key, body: opsgenieAlert, accepted: http.StatusAccepted}
	for _, h := range hubs {
		target.addresses = append(target.addresses, strings.TrimPrefix(h.url, "http://"))
	}
	ours, cpu, err := target.flood(ctx, hubs.cpu)
	if err != nil {
		return nil, fmt.Errorf("the hub: %w; a node said: %s", err, hubs[0].said())
	}
	figures := map[string]float64{
		"alerts_per_s": ours.perSecond(), "p50_ms": ours.quantile(0.5), "p99_ms": ours.quantile(0.99), "cpu_us_per_alert": cpu,
	}
	if s.peer == "" {
		return figures, nil
	}
	hubs.stop()
	peer, cpu, err := floodAlertmanager(ctx, s.dir, binary, 1)
	if err != nil {
		return nil, fmt.Errorf("alertmanager: %w", err)
	}
	figures["ratio"] = ours.perSecond() / peer.perSecond()
	figures["peer_alerts_per_s"], figures["peer_p50_ms"], figures["peer_cpu_us_per_alert"] = peer.perSecond(), peer.quantile(0.5), cpu
	return figures, nil
}

// floodAlertmanager measures one Alertmanager that tells nobody, with so many alerts in a
// request.
func floodAlertmanager(ctx context.Context, dir, binary string, batch int64) (m measured, cpu float64, err error) {
	if dir, err = os.MkdirTemp(dir, "alertmanager-"); err != nil {
		return m, 0, err
	}
	defer os.RemoveAll(dir)
	config := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(config, []byte("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"), 0o600); err != nil {
		return m, 0, err
	}
	address, err := freeAddress()
	if err != nil {
		return m, 0, err
	}
	p, err := start(exec.CommandContext(ctx, binary, "--config.file", config, "--storage.path", filepath.Join(dir, "data"),
		"--web.listen-address", address, "--cluster.listen-address=", "--log.level", "error"), filepath.Join(dir, "log"))
	if err != nil {
		return m, 0, err
	}
	defer p.stop()
	target := target{addresses: []string{address}, path: "/api/v2/alerts", body: alertmanagerBody(batch), accepted: http.StatusOK}
	if err := p.await(ctx, func() bool { return target.answers(ctx) }); err != nil {
		return m, 0, err
	}
	return target.flood(ctx, func() (time.Duration, error) { return cpuOf(p.pid()) })
}

// target is what alerts are posted to.
type target struct {
	addresses           []string // of its nodes
	path, authorization string
	body                func(n int64) []byte // the nth alert
	accepted            int                  // the status of an alert that was taken
	posted              atomic.Int64
}

// flood posts alerts and returns how long each took, and how many microseconds of
// processor time the target used for one. used returns what it has used so far.
func (t *target) flood(ctx context.Context, used func() (time.Duration, error)) (m measured, cpu float64, err error) {
	conns := make([]*httpConn, ingestClients)
	for i := range conns {
		if conns[i], err = t.dial(ctx, t.addresses[i%len(t.addresses)]); err != nil {
			return m, 0, err
		}
		defer conns[i].Close()
	}
	post := func(_ context.Context, worker int) error { return t.post(conns[worker]) }
	if _, err := drive(ctx, ingestClients, ingestWarmUp, post); err != nil {
		return m, 0, err
	}
	before, err := used()
	if err != nil {
		return m, 0, err
	}
	if m, err = drive(ctx, ingestClients, ingestWindow, post); err != nil {
		return m, 0, err
	}
	after, err := used()
	return m, float64((after - before).Microseconds()) / float64(len(m.took)), err
}

// answers reports whether it takes an alert.
func (t *target) answers(ctx context.Context) bool {
	c, err := t.dial(ctx, t.addresses[0])
	if err != nil {
		return false
	}
	defer c.Close()
	return t.post(c) == nil
}

// httpConn is a client's connection. It costs less than net/http's client does, of the
// processors that it shares with what is measured.
type httpConn struct {
	net.Conn
	replies *bufio.Reader
	head    string // of every request, up to the body's length
}

func (t *target) dial(ctx context.Context, address string) (*httpConn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n", t.path, address)
	if t.authorization != "" {
		head += "Authorization: " + t.authorization + "\r\n"
	}
	return &httpConn{conn, bufio.NewReader(conn), head + "Content-Length: "}, nil
}

// post posts the next alert.
func (t *target) post(c *httpConn) error {
	if err := c.SetDeadline(time.Now().Add(operationTimeout)); err != nil {
		return err
	}
	body := t.body(t.posted.Add(1))
	if _, err := fmt.Fprintf(c, "%s%d\r\n\r\n%s", c.head, len(body), body); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.replies, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != t.accepted {
		words, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
		return fmt.Errorf("it answered %s: %s", res.Status, words)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// about is the long text of an alert: with the rest it makes about a kilobyte.
const about = "The disk of this machine is nearly full. At the present rate it will have no room left within two hours, " +
	"and then the shop stops taking orders. What helps at once: delete what is older than a week below /var/cache/shop, or " +
	"grow the volume. What helps for good is in the handbook of the shop, in the chapter on disks. If you do not know this " +
	"machine, ask who is on call for storage before you delete anything; the runbook says who may restart the shop, and when. " +
	"The graph of the last day shows when it began, which is mostly when a nightly job has left its files behind."

// opsgenieAlert is an alert as Opsgenie's clients post it.
func opsgenieAlert(n int64) []byte {
	return fmt.Appendf(nil, `{"message":"The disk of db-%d is nearly full","alias":"disk-%d","description":%q,"tags":["disk","shop"],"entity":"db-%d","source":"bench","priority":"P3",`+
		`"details":{"instance":"db-%d.example.vn:9100","mountpoint":"/var/lib/shop","device":"/dev/nvme0n1p2","runbook":"https://example.vn/runbooks/disk"}}`, n, n, about, n, n)
}

// prometheusAlert is the same as Prometheus posts it.
func prometheusAlert(n int64) []byte {
	return fmt.Appendf(nil, `[{"labels":{"alertname":"DiskNearlyFull","alias":"disk-%d","instance":"db-%d.example.vn:9100","mountpoint":"/var/lib/shop","device":"/dev/nvme0n1p2","severity":"P3","service":"shop","job":"bench"},`+
		`"annotations":{"summary":"The disk of db-%d is nearly full","description":%q,"runbook":"https://example.vn/runbooks/disk"},"generatorURL":"http://bench.example.vn/graph"}]`, n, n, n, about)
}
