package watch

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// httpMetrics count the requests of the API.
type httpMetrics struct {
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

// scrapesMax bounds how many collectors may ask at once, and scrapeTimeout how long one waits.
const (
	scrapesMax    = 4
	scrapeTimeout = 10 * time.Second
)

// Metrics answers GET /metrics, in the formats that Prometheus reads.
func (w *Watcher) Metrics() http.Handler {
	return promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesMax, Timeout: scrapeTimeout})
}

// Request counts one request of the API: its method, the pattern of its path (never the
// path itself, of which there are too many), how it was answered and how long it took.
func (w *Watcher) Request(method, pattern string, status int, took time.Duration) {
	w.http.requests.WithLabelValues(method, pattern, strconv.Itoa(status)).Inc()
	w.http.took.WithLabelValues(method, pattern).Observe(took.Seconds())
}

// register makes the metrics.
func (w *Watcher) register(o Options) {
	w.pages = newPageMetrics()
	w.http = httpMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keng_http_requests_total", Help: "Requests of the API that were answered.",
		}, []string{"method", "path", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "keng_http_request_duration_seconds", Help: "How long requests of the API took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "path"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "keng_build_info", Help: "1; its labels say what program this is.",
		ConstLabels: prometheus.Labels{"version": o.Version, "goversion": runtime.Version()},
	})
	build.Set(1)
	w.registry.MustRegister(
		build, w.http.requests, w.http.took, w.pages.ended, w.pages.delay,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&gauges{w, o.Connected},
	)
	if w.dog != nil {
		w.registry.MustRegister(w.dog.called)
	}
}

// gauges tell how things stand at the moment of asking.
type gauges struct {
	*Watcher
	connected func() map[string]int
}

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	leaderDesc     = described("keng_leader", "1 if this node leads the cluster, else 0.")
	hasLeaderDesc  = described("keng_has_leader", "1 if this node knows a leader, else 0.")
	termDesc       = described("keng_raft_term", "The newest term of the cluster that this node has seen.")
	appliedDesc    = described("keng_raft_applied_index", "Up to which place of the log this node has applied it.")
	lastDesc       = described("keng_raft_last_index", "The newest place of this node's log.")
	membersDesc    = described("keng_members", "Nodes of the cluster, as far as this one knows.")
	connectedDesc  = described("keng_peers_connected", "Agents and gateways that are connected to this node.", "kind")
	openDesc       = described("keng_alerts_open", "Alerts that are open. Only of the leader; counted every 15 s, up to 100,000.")
	unattendedDesc = described("keng_alerts_unattended", "Alerts that are open and not acknowledged. Only of the leader; counted every 15 s, up to 100,000.")
	orphansDesc    = described("keng_orphaned_alerts", "Alerts that were forgotten: must be 0. Only of the leader; counted every 15 s, up to 100.")
	outboxDesc     = described("keng_outbox_pages", "Pages whose fate is open. Only of the leader.", "kind")
	waitingDesc    = described("keng_outbox_oldest_waiting_seconds", "How long the oldest page waits that no sender has taken up. Only of the leader.")
	lagDesc        = described("keng_deadline_lag_seconds", "How overdue the earliest deadline is. Only of the leader.")
)

// Describe implements prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		leaderDesc, hasLeaderDesc, termDesc, appliedDesc, lastDesc, membersDesc, connectedDesc,
		openDesc, unattendedDesc, orphansDesc, outboxDesc, waitingDesc, lagDesc,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	c := g.store.Condition()
	tell(leaderDesc, number(c.Leads))
	tell(hasLeaderDesc, number(c.HasLeader))
	tell(termDesc, float64(c.Term))
	tell(appliedDesc, float64(c.Applied))
	tell(lastDesc, float64(c.Last))
	tell(membersDesc, float64(c.Members))
	if g.connected != nil {
		for kind, n := range g.connected() {
			tell(connectedDesc, float64(n), kind)
		}
	}
	l := g.seen()
	if l.at.IsZero() {
		return // not the leader
	}
	tell(openDesc, float64(l.census.Open))
	tell(unattendedDesc, float64(l.census.Unattended))
	tell(orphansDesc, float64(len(l.orphans)))
	for kind, n := range l.outbox {
		tell(outboxDesc, float64(n), kind)
	}
	tell(waitingDesc, l.waiting.Seconds())
	tell(lagDesc, l.lag.Seconds())
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
