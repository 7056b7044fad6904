package prometheus_test

import (
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"keng/agent/check"
	"keng/agent/check/checktest"
	"keng/agent/check/prometheus"
)

const page = `# HELP node_filesystem_avail_bytes Filesystem space available.
# TYPE node_filesystem_avail_bytes gauge
node_filesystem_avail_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 5e+08
node_filesystem_avail_bytes{device="/dev/sdb1",fstype="ext4",mountpoint="/var"} 6e+08
node_filesystem_avail_bytes{device="tmpfs",fstype="tmpfs",mountpoint="/run"} 1e+06
# TYPE node_load1 gauge
node_load1 0.25
# TYPE requests_total counter
requests_total{code="200"} 17
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 90
latency_seconds_bucket{le="+Inf"} 100
latency_seconds_sum 12.5
latency_seconds_count 100
# TYPE rpc_seconds summary
rpc_seconds{quantile="0.99"} 3.5
rpc_seconds_sum 7
rpc_seconds_count 2
untyped_thing 1
battery_ratio NaN
text_with_escapes{name="a\"b\\c\nd"} 1`

func exporter(t *testing.T) *httptest.Server {
	mux := nethttp.NewServeMux()
	mux.HandleFunc("/metrics", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if !strings.HasPrefix(r.Header.Get("Accept"), "text/plain;version=0.0.4") {
			t.Errorf("asked with Accept %q", r.Header.Get("Accept"))
		}
		fmt.Fprint(w, page)
	})
	mux.HandleFunc("/private", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(nethttp.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, page)
	})
	mux.HandleFunc("exporter.example/shared", func(w nethttp.ResponseWriter, _ *nethttp.Request) { fmt.Fprint(w, page) })
	mux.HandleFunc("/bad", func(w nethttp.ResponseWriter, _ *nethttp.Request) { fmt.Fprint(w, "<html>no metrics here</html>") })
	mux.HandleFunc("/empty", func(nethttp.ResponseWriter, *nethttp.Request) {})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestSuite(t *testing.T) {
	url := exporter(t).URL
	metrics := url + "/metrics"
	when := func(condition string) string { return "when: '" + condition + "'" }
	checktest.Suite(t, checktest.Config{
		Kind: prometheus.Kind{},
		Cases: []checktest.Case{
			{Name: "can be scraped", Target: metrics, State: check.Up, Reason: "scraped, 15 samples"},
			{Name: "satisfied", Target: metrics, YAML: when(`node_filesystem_avail_bytes{mountpoint="/"} < 1e9`), State: check.Down,
				Reason: `node_filesystem_avail_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} is 5e+08, which is < 1e+09`},
			{Name: "several", Target: metrics, YAML: when(`node_filesystem_avail_bytes{fstype!~"tmpfs|overlay"} < 1e9`), State: check.Down, Reason: "(and 1 more series)"},
			{Name: "regular expressions are anchored", Target: metrics, YAML: when(`node_filesystem_avail_bytes{mountpoint=~"/v"} < 1e9`), State: check.Unknown, Reason: `no series matches node_filesystem_avail_bytes{mountpoint=~"/v"} among 15 samples`},
			{Name: "not satisfied", Target: metrics, YAML: when("node_load1 > 8"), State: check.Up, Reason: "node_load1 is 0.25"},
			{Name: "absent is unknown", Target: metrics, YAML: when("no_such_metric > 1"), State: check.Unknown, Reason: "no series matches no_such_metric"},
			{Name: "absent is down", Target: metrics, YAML: when("no_such_metric > 1") + "\nabsent: down", State: check.Down},
			{Name: "absent is up", Target: metrics, YAML: when("no_such_metric > 1") + "\nabsent: up", State: check.Up},
			{Name: "a label that is absent is empty", Target: metrics, YAML: when(`node_load1{host=""} > 0`), State: check.Down},
			{Name: "counter", Target: metrics, YAML: when(`requests_total{code="200"} == 17`), State: check.Down},
			{Name: "bucket", Target: metrics, YAML: when(`latency_seconds_bucket{le="0.1"} < 95`), State: check.Down},
			{Name: "the last bucket", Target: metrics, YAML: when(`latency_seconds_bucket{le="+Inf"} != 100`), State: check.Up},
			{Name: "histogram count", Target: metrics, YAML: when("latency_seconds_count >= 100"), State: check.Down},
			{Name: "quantile", Target: metrics, YAML: when(`rpc_seconds{quantile="0.99"} > 3`), State: check.Down},
			{Name: "summary sum", Target: metrics, YAML: when("rpc_seconds_sum <= 7"), State: check.Down},
			{Name: "without a type", Target: metrics, YAML: when("untyped_thing == 1"), State: check.Down},
			{Name: "not a number", Target: metrics, YAML: when("battery_ratio < 1"), State: check.Up},
			{Name: "escapes", Target: metrics, YAML: when(`text_with_escapes{name="a\"b\\c\nd"} == 1`), State: check.Down},
			{Name: "headers", Target: url + "/private", YAML: "headers: {Authorization: Bearer s3cret}", State: check.Up},
			{Name: "Host", Target: url + "/shared", YAML: "headers: {Host: exporter.example}", State: check.Up},
			{Name: "no right", Target: url + "/private", State: check.Down, Reason: "status 401"},
			{Name: "not metrics", Target: url + "/bad", State: check.Down, Reason: "not in the Prometheus text format"},
			{Name: "an empty page", Target: url + "/empty", YAML: when("node_load1 > 8"), State: check.Unknown},
			{Name: "too large", Target: metrics, YAML: "max_bytes: 100", State: check.Down, Reason: "larger than max_bytes (100)"},
			{Name: "too many samples", Target: metrics, YAML: "max_samples: 14", State: check.Down, Reason: "15 samples, and max_samples is 14"},
		},
		Target:     func(address string) (string, string) { return "http://" + address + "/metrics", "" },
		BadTargets: []string{"127.0.0.1:9100", "node:9100/metrics", "http://"},
	})
}

func TestABadConditionSaysWhere(t *testing.T) {
	for condition, want := range map[string]string{
		"":                        "",
		"> 1":                     `at character 1, before "> 1": expected the name of a metric`,
		"load":                    `at the end of "load": expected a comparison`,
		"load >":                  `at the end of "load >": expected a number`,
		"load > x":                `before "x": expected a number`,
		"load > 1 for 5m":         `before "for 5m": expected the end`,
		"load => 1":               `before "=> 1": expected a comparison`,
		"rate(load[5m]) > 1":      `at character 5, before "(load[5m]) > 1": expected a comparison`,
		`load{`:                   `expected the name of a label`,
		`load{a}`:                 `before "}": expected one of = != =~ !~`,
		`load{a="b} > 1`:          `before "\"b} > 1": this string has no closing quote`,
		`load{a=b} > 1`:           `expected a string in quotes`,
		`load{a="b" c="d"} > 1`:   `before "c=\"d\"} > 1": expected "," or "}"`,
		`load{a=~"("} > 1`:        `before "\"(\"} > 1": this is not a regular expression`,
		`load{a=~"a)(b"} > 1`:     `this is not a regular expression`,
		`load{a="\q"} > 1`:        `before "\\q\"} > 1": this escape`,
		strings.Repeat("x", 3000): "longer than 2048 bytes",
		"nhiệt_độ > 40":           `at character 4, before "ệt_độ > 40"`,
		"load\xff > 1":            "not UTF-8",
		`load{a="\xff"} > 1`:      "not UTF-8",
		"load{" + strings.Repeat(`a="b",`, 33) + "} > 1": "more than 32 matchers",
	} {
		_, err := prometheus.ParseCondition(condition)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n\tsays     %v\n\texpected %s", condition, err, want)
		}
	}
	if _, err := checktest.Make(t, prometheus.Kind{}, "http://127.0.0.1/", "when: load"); err == nil || !strings.HasPrefix(err.Error(), "when: at the end") {
		t.Error(err)
	}
}

// A header that cannot be sent is the configuration's fault, not the target's.
func TestABadHeaderIsRefusedAtOnce(t *testing.T) {
	for _, header := range []string{"{'X Y': a}", `{X: "a\r\nY: b"}`} {
		if _, err := checktest.Make(t, prometheus.Kind{}, "http://127.0.0.1/", "headers: "+header); err == nil || !strings.HasPrefix(err.Error(), "headers: ") {
			t.Errorf("%s: %v", header, err)
		}
	}
}

func TestAConditionPrintsItself(t *testing.T) {
	for condition, want := range map[string]string{
		` load  >1 `:                        `load > 1`,
		`a:b{ x = 'y' , z!~"\\d+", }<=-1e9`: `a:b{x="y",z!~"\\d+"} <= -1e+09`,
		"load{a=`b\\c`} != Inf":             `load{a="b\\c"} != +Inf`,
		"load{} == 1e1":                     `load == 10`,
	} {
		parsed, err := prometheus.ParseCondition(condition)
		if err != nil || parsed.String() != want {
			t.Errorf("%s: %v, %v", condition, parsed, err)
		}
	}
}

// What is parsed is printed so that it parses again to the same.
func FuzzParseCondition(f *testing.F) {
	for _, seed := range []string{
		`load > 1`, `a:b{x="y",z!~"\\d+"} <= -1e+09`, "load{a=`b`} != Inf", `m{l=~"a|b",k!='\u00e9\''} == 0.5`, `m{`, `m{a=~"("} < 1`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := prometheus.ParseCondition(text)
		if err != nil {
			if syntax, ok := err.(*prometheus.SyntaxError); !ok || syntax.Offset > len(text) || syntax.Error() == "" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := prometheus.ParseCondition(parsed.String())
		if err != nil || again.String() != parsed.String() {
			t.Fatalf("%q prints as %q, which gives %v, %v", text, parsed, again, err)
		}
	})
}
