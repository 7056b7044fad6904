// Package http is the check kind http: it asks a web server for a page and judges
// the answer by its status, its body and its certificate.
//
// Every run opens a new connection, follows no proxy and keeps no cookies, so that
// one run says nothing about the next. What the server sends is bounded: the head
// to 64 KiB, the body to body_limit, redirects to max_redirects.
package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	nethttp "net/http"
	"net/url"
	"strings"
	"time"

	"keng/agent/check"
)

// headLimit bounds the head of an answer, in bytes.
const headLimit = 64 << 10

// Kind is the check kind http.
type Kind struct{}

var _ check.Kind = Kind{}

// Describe implements [check.Kind].
func (Kind) Describe() check.Description {
	return check.Description{
		Name:  "http",
		Label: check.Text{VI: "Trang web (HTTP)", EN: "Web page (HTTP)"},
		Help: check.Text{
			VI: "Mở một trang web và xét mã trạng thái, nội dung và chứng chỉ.",
			EN: "Opens a web page and judges its status, content and certificate.",
		},
		Target:  check.Text{VI: "Địa chỉ trang web, bắt đầu bằng http:// hoặc https://", EN: "The address of the page, beginning with http:// or https://"},
		Example: "https://example.vn/",
		Fields:  append(requestFields(), answerFields()...),
	}
}

// httpCheck asks one URL.
type httpCheck struct {
	url          *url.URL
	method       string
	header       nethttp.Header
	host         string // of the Host header, if it was configured
	body         string
	maxRedirects int
	tls          *tls.Config
	expect       expectation
}

// New implements [check.Kind].
func (Kind) New(target string, values check.Values) (check.Check, error) {
	parsed, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	expect, err := newExpectation(values)
	if err != nil {
		return nil, err
	}
	header, host, err := check.Headers(values.Pairs("headers"))
	if err != nil {
		return nil, err
	}
	return &httpCheck{
		url:          parsed,
		method:       values.Text("method"),
		header:       header,
		host:         host,
		body:         values.Text("body"),
		maxRedirects: int(values.Integer("max_redirects")),
		tls:          &tls.Config{InsecureSkipVerify: !values.Boolean("tls_verify"), ServerName: values.Text("tls_server_name")},
		expect:       expect,
	}, nil
}

// parseTarget reads a URL. Its errors do not repeat the target, which may hold a password.
func parseTarget(target string) (*url.URL, error) {
	parsed, err := url.Parse(target)
	switch {
	case err != nil:
		return nil, errors.New("target: is not a URL; write it as https://example.vn/path")
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return nil, errors.New("target: must begin with http:// or https://")
	case parsed.Hostname() == "":
		return nil, errors.New("target: names no host; write it as https://example.vn/path")
	}
	return parsed, nil
}

// Host implements [check.Check].
func (c *httpCheck) Host() string { return c.url.Hostname() }

// Run implements [check.Check].
func (c *httpCheck) Run(ctx context.Context) check.Result {
	start := time.Now()
	transport := &nethttp.Transport{
		DialContext:            (&net.Dialer{}).DialContext,
		TLSClientConfig:        c.tls.Clone(),
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: headLimit,
	}
	defer transport.CloseIdleConnections()
	client := &nethttp.Client{Transport: transport, CheckRedirect: c.redirect}
	watch := newStopwatch(start)

	request, err := nethttp.NewRequestWithContext(watch.attach(ctx), c.method, c.url.String(), strings.NewReader(c.body))
	if err != nil {
		return check.Result{State: check.Unknown, Reason: "the request could not be built", Took: time.Since(start)}
	}
	request.Header = c.header.Clone()
	request.Host = c.host
	response, err := client.Do(request)
	if err != nil {
		result := check.Failed(ctx, err, time.Since(start))
		result.Details = watch.details()
		return result
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, c.expect.bodyLimit))
	if err != nil {
		result := check.Failed(ctx, fmt.Errorf("the body broke off: %w", err), time.Since(start))
		result.Details = watch.details()
		return result
	}
	took := time.Since(start)
	state, reason := c.expect.judge(response, body, took)
	details := watch.details()
	maps.Copy(details, answerDetails(response))
	return check.Result{State: state, Reason: check.OneLine(reason), Details: details, Took: took}
}

// redirect is called by the client before it follows a redirect.
func (c *httpCheck) redirect(_ *nethttp.Request, via []*nethttp.Request) error {
	if c.maxRedirects == 0 {
		return nethttp.ErrUseLastResponse
	}
	if len(via) > c.maxRedirects {
		return fmt.Errorf("more than %d redirects", c.maxRedirects)
	}
	return nil
}

// answerDetails tells of the answer what an alert should show.
func answerDetails(response *nethttp.Response) map[string]string {
	details := map[string]string{"status": fmt.Sprint(response.StatusCode)}
	if response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		details["certificate_expires"] = response.TLS.PeerCertificates[0].NotAfter.UTC().Format(time.RFC3339)
	}
	if final := response.Request.URL; len(final.String()) < 512 && response.Request.Response != nil {
		details["redirected_to"] = final.Redacted()
	}
	return details
}
