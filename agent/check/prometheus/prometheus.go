// Package prometheus is the check kind prometheus: it scrapes an exporter (the
// text format, version 0.0.4) and holds a condition against what it exposes.
//
// The condition is one comparison in a small language (see [ParseCondition]):
//
//	node_filesystem_avail_bytes{mountpoint="/",fstype!~"tmpfs|overlay"} < 1e9
//
// It describes what is wrong: the check is down when any matching series satisfies
// it. Without a condition the check is up when the exporter can be scraped.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"keng/agent/check"
)

// Kind is the check kind prometheus.
type Kind struct{}

var _ check.Kind = Kind{}

// Describe implements [check.Kind].
func (Kind) Describe() check.Description {
	return check.Description{
		Name:  "prometheus",
		Label: check.Text{VI: "Chỉ số Prometheus", EN: "Prometheus metric"},
		Help: check.Text{
			VI: "Đọc chỉ số từ một exporter của Prometheus và báo khi có chỉ số thỏa điều kiện.",
			EN: "Scrapes a Prometheus exporter and reports when a metric satisfies the condition.",
		},
		Target:  check.Text{VI: "Địa chỉ trang chỉ số của exporter", EN: "The address of the exporter's metrics page"},
		Example: "http://127.0.0.1:9100/metrics",
		Fields: []check.Field{
			{
				Name: "when", Type: check.TypeText, Max: conditionMax,
				Label: check.Text{VI: "Điều kiện báo động", EN: "Condition"},
				Help: check.Text{
					VI: `Điều bị coi là hỏng, ví dụ node_load1 > 8; để trống là chỉ cần đọc được.`,
					EN: `What is wrong, such as node_load1 > 8; left out: being scraped is enough.`,
				},
			},
			{
				Name: "absent", Type: check.TypeChoice, Default: "unknown", Choices: []string{"unknown", "down", "up"},
				Label: check.Text{VI: "Khi không có chỉ số", EN: "When there is no such metric"},
				Help: check.Text{
					VI: "Kết quả khi không có chuỗi số liệu nào khớp điều kiện.",
					EN: "The result when no series matches the condition's selector.",
				},
			},
			{
				Name: "headers", Type: check.TypePairs, Secret: true,
				Label: check.Text{VI: "Tiêu đề", EN: "Headers"},
				Help:  check.Text{VI: "Các tiêu đề gửi kèm yêu cầu, ví dụ Authorization.", EN: "Headers to send with the request, such as Authorization."},
			},
			{
				Name: "tls_verify", Type: check.TypeBoolean, Default: true,
				Label: check.Text{VI: "Kiểm tra chứng chỉ", EN: "Verify the certificate"},
				Help:  check.Text{VI: "Báo lỗi khi chứng chỉ TLS không hợp lệ.", EN: "Whether an invalid TLS certificate is a failure."},
			},
			{
				Name: "max_bytes", Type: check.TypeInteger, Default: int64(4 << 20), Min: 1, Max: 64 << 20,
				Label: check.Text{VI: "Giới hạn dung lượng", EN: "Size limit"},
				Help:  check.Text{VI: "Trang chỉ số lớn hơn bấy nhiêu byte thì không đọc.", EN: "A metrics page of more bytes than this is not read."},
			},
			{
				Name: "max_samples", Type: check.TypeInteger, Default: int64(50_000), Min: 1, Max: 1_000_000,
				Label: check.Text{VI: "Giới hạn số mẫu", EN: "Sample limit"},
				Help:  check.Text{VI: "Trang chỉ số có nhiều mẫu hơn bấy nhiêu thì không đọc.", EN: "A metrics page of more samples than this is not read."},
			},
		},
	}
}

// metricCheck scrapes one exporter.
type metricCheck struct {
	scraper   scraper
	condition *Condition // nil: being scraped is enough
	absent    check.State
}

// New implements [check.Kind].
func (Kind) New(target string, values check.Values) (check.Check, error) {
	parsed, err := url.Parse(target)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" {
		return nil, errors.New("target: is not the address of a metrics page; write it as http://127.0.0.1:9100/metrics")
	}
	header, host, err := check.Headers(values.Pairs("headers"))
	if err != nil {
		return nil, err
	}
	header.Set("Accept", "text/plain;version=0.0.4;q=1,*/*;q=0.1")
	c := &metricCheck{
		scraper: scraper{
			url:        parsed,
			header:     header,
			host:       host,
			verify:     values.Boolean("tls_verify"),
			maxBytes:   values.Integer("max_bytes"),
			maxSamples: int(values.Integer("max_samples")),
		},
	}
	switch values.Text("absent") {
	case "down":
		c.absent = check.Down
	case "up":
		c.absent = check.Up
	}
	if text := values.Text("when"); text != "" {
		if c.condition, err = ParseCondition(text); err != nil {
			return nil, fmt.Errorf("when: %w", err)
		}
	}
	return c, nil
}

// Host implements [check.Check].
func (c *metricCheck) Host() string { return c.scraper.url.Hostname() }

// Run implements [check.Check].
func (c *metricCheck) Run(ctx context.Context) check.Result {
	start := time.Now()
	verdict := tally{condition: c.condition}
	samples, err := c.scraper.scrape(ctx, verdict.take)
	took := time.Since(start)
	if err != nil {
		return check.Failed(ctx, err, took)
	}
	result := verdict.result(c.absent, samples)
	result.Took = took
	return result
}

// tally holds a condition against samples as they come.
type tally struct {
	condition *Condition
	matched   int    // series that the selector matches
	satisfied int    // of them those that satisfy the comparison
	worst     sample // the first of those, in the order of the page
	healthy   sample // the first one that matches and does not satisfy
}

// take looks at one sample.
func (t *tally) take(s sample) {
	if t.condition == nil || !t.condition.matches(s) {
		return
	}
	t.matched++
	switch {
	case t.condition.holds(s.value):
		if t.satisfied++; t.satisfied == 1 {
			t.worst = s
		}
	case t.matched-t.satisfied == 1:
		t.healthy = s
	}
}

// result says what came of it. Absent is the state when nothing matched.
func (t *tally) result(absent check.State, samples int) check.Result {
	details := map[string]string{"samples": strconv.Itoa(samples)}
	if t.condition == nil {
		return check.Result{State: check.Up, Reason: fmt.Sprintf("scraped, %d samples", samples), Details: details}
	}
	details["series"] = strconv.Itoa(t.matched)
	details["when"] = t.condition.String()
	switch {
	case t.satisfied > 0:
		reason := fmt.Sprintf("%s is %s, which is %s %s", t.worst.name(), number(t.worst.value), t.condition.operator, number(t.condition.bound))
		if t.satisfied > 1 {
			reason += fmt.Sprintf(" (and %d more series)", t.satisfied-1)
		}
		details["series_down"] = strconv.Itoa(t.satisfied)
		details["value"] = number(t.worst.value)
		return check.Result{State: check.Down, Reason: check.OneLine(reason), Details: details}
	case t.matched == 0:
		reason := fmt.Sprintf("no series matches %s among %d samples", t.condition.selector(), samples)
		return check.Result{State: absent, Reason: check.OneLine(reason), Details: details}
	default:
		details["value"] = number(t.healthy.value)
		reason := fmt.Sprintf("%s is %s", t.healthy.name(), number(t.healthy.value))
		if t.matched > 1 {
			reason += fmt.Sprintf(" (and %d more series are well)", t.matched-1)
		}
		return check.Result{State: check.Up, Reason: check.OneLine(reason), Details: details}
	}
}

// number prints a value as briefly as it can be read back.
func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }
