package prometheus

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// label is one label of a series.
type label struct{ name, value string }

// sample is one series with its value of now.
type sample struct {
	metric string
	labels []label // in the order of the page
	value  float64
}

// name prints the series as the page does.
func (s sample) name() string {
	if len(s.labels) == 0 {
		return s.metric
	}
	parts := make([]string, len(s.labels))
	for i, l := range s.labels {
		parts[i] = l.name + "=" + strconv.Quote(l.value)
	}
	return s.metric + "{" + strings.Join(parts, ",") + "}"
}

// get returns the value of a label, or "", which is the same as not having it.
func (s sample) get(name string) string {
	for _, l := range s.labels {
		if l.name == name {
			return l.value
		}
	}
	return ""
}

// scraper fetches one metrics page.
type scraper struct {
	url        *url.URL
	header     nethttp.Header
	host       string // of the Host header, if it was configured
	verify     bool
	maxBytes   int64
	maxSamples int
}

// scrape fetches the page, calls take for each sample and returns how many there
// were. Metrics come in the order of their names.
func (s *scraper) scrape(ctx context.Context, take func(sample)) (int, error) {
	page, err := s.fetch(ctx)
	if err != nil {
		return 0, err
	}
	if lines := countSamples(page); lines > s.maxSamples {
		return 0, fmt.Errorf("the page has %d samples, and max_samples is %d", lines, s.maxSamples)
	}
	return parse(page, take)
}

// fetch returns the bytes of the page.
func (s *scraper) fetch(ctx context.Context) ([]byte, error) {
	transport := &nethttp.Transport{
		DialContext:            (&net.Dialer{}).DialContext,
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: !s.verify},
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
	}
	defer transport.CloseIdleConnections()
	request, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodGet, s.url.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header = s.header.Clone()
	request.Host = s.host
	response, err := (&nethttp.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != nethttp.StatusOK {
		return nil, fmt.Errorf("status %s, expected 200", response.Status)
	}
	page, err := io.ReadAll(io.LimitReader(response.Body, s.maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("the page broke off: %w", err)
	}
	if int64(len(page)) > s.maxBytes {
		return nil, fmt.Errorf("the page is larger than max_bytes (%d)", s.maxBytes)
	}
	return page, nil
}

// countSamples counts the lines that are neither empty nor comments: what parsing
// the page would make, known before memory is spent on it.
func countSamples(page []byte) int {
	count := 0
	for line := range bytes.Lines(page) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			count++
		}
	}
	return count
}

// parse reads a page in the text format.
func parse(page []byte, take func(sample)) (int, error) {
	// The format wants a line feed at the end; exporters written by hand forget it.
	reader := io.MultiReader(bytes.NewReader(page), strings.NewReader("\n"))
	families, err := decode(reader)
	if err != nil {
		return 0, fmt.Errorf("the page is not in the Prometheus text format: %w", err)
	}
	names := make([]string, 0, len(families))
	for name := range families {
		names = append(names, name)
	}
	slices.Sort(names)
	count := 0
	for _, name := range names {
		for _, metric := range families[name].GetMetric() {
			flatten(name, metric, func(s sample) { count++; take(s) })
		}
	}
	return count, nil
}

// flatten gives the samples of one metric, named as on the page.
func flatten(name string, metric *dto.Metric, take func(sample)) {
	labels := make([]label, 0, len(metric.GetLabel())+1)
	for _, pair := range metric.GetLabel() {
		labels = append(labels, label{pair.GetName(), pair.GetValue()})
	}
	with := func(name, value string) []label { return append(slices.Clip(labels), label{name, value}) }
	switch {
	case metric.Counter != nil:
		take(sample{name, labels, metric.Counter.GetValue()})
	case metric.Gauge != nil:
		take(sample{name, labels, metric.Gauge.GetValue()})
	case metric.Untyped != nil:
		take(sample{name, labels, metric.Untyped.GetValue()})
	case metric.Summary != nil:
		for _, q := range metric.Summary.GetQuantile() {
			take(sample{name, with("quantile", number(q.GetQuantile())), q.GetValue()})
		}
		take(sample{name + "_sum", labels, metric.Summary.GetSampleSum()})
		take(sample{name + "_count", labels, float64(metric.Summary.GetSampleCount())})
	case metric.Histogram != nil:
		for _, b := range metric.Histogram.GetBucket() {
			take(sample{name + "_bucket", with("le", number(b.GetUpperBound())), float64(b.GetCumulativeCount())})
		}
		take(sample{name + "_sum", labels, metric.Histogram.GetSampleSum()})
		take(sample{name + "_count", labels, float64(metric.Histogram.GetSampleCount())})
	}
}
