package http_test

import (
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"keng/agent/check"
	"keng/agent/check/checktest"
	"keng/agent/check/http"
)

// site is a web site with a page for every case.
func site(t *testing.T) *httptest.Server {
	mux := nethttp.NewServeMux()
	mux.HandleFunc("/", func(w nethttp.ResponseWriter, _ *nethttp.Request) { fmt.Fprint(w, "xin chào") })
	mux.HandleFunc("/status/{code}", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		var code int
		fmt.Sscan(r.PathValue("code"), &code)
		w.WriteHeader(code)
	})
	mux.HandleFunc("/redirect/{left}", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		var left int
		fmt.Sscan(r.PathValue("left"), &left)
		if left == 0 {
			nethttp.Redirect(w, r, "/", nethttp.StatusFound)
			return
		}
		nethttp.Redirect(w, r, fmt.Sprintf("/redirect/%d", left-1), nethttp.StatusFound)
	})
	mux.HandleFunc("/echo", func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s host=%s token=%s body=%s closed=%v", r.Method, r.Host, r.Header.Get("X-Token"), body, r.Close)
	})
	mux.HandleFunc("/short", func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "too little")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestSuite(t *testing.T) {
	plain := site(t).URL
	secure := httptest.NewTLSServer(nethttp.NotFoundHandler())
	defer secure.Close()
	checktest.Suite(t, checktest.Config{
		Kind: http.Kind{},
		Cases: []checktest.Case{
			{Name: "a page", Target: plain + "/", State: check.Up, Reason: "status 200 OK in"},
			{Name: "an error of the server", Target: plain + "/status/503", State: check.Down, Reason: "status 503 Service Unavailable, expected 2xx, 3xx"},
			{Name: "one status", Target: plain + "/status/404", YAML: "expect_status: 404", State: check.Up},
			{Name: "ranges", Target: plain + "/status/418", YAML: "expect_status: [200-299, 4xx]", State: check.Up},
			{Name: "a status without a name", Target: plain + "/status/599", State: check.Down, Reason: "status 599, expected"},
			{Name: "the body contains", Target: plain + "/", YAML: `contains: "chào"`, State: check.Up},
			{Name: "the body lacks", Target: plain + "/", YAML: "contains: hello", State: check.Down, Reason: `does not contain "hello"`},
			{Name: "the body matches", Target: plain + "/", YAML: "matches: '^xin\\s'", State: check.Up},
			{Name: "the body does not match", Target: plain + "/", YAML: "matches: '^chào'", State: check.Down, Reason: "does not match ^chào"},
			{Name: "beyond the limit", Target: plain + "/", YAML: "{contains: 'chào', body_limit: 4}", State: check.Down},
			{Name: "redirects", Target: plain + "/redirect/3", State: check.Up, Reason: "status 200"},
			{Name: "too many redirects", Target: plain + "/redirect/3", YAML: "max_redirects: 2", State: check.Down, Reason: "more than 2 redirects"},
			{Name: "no redirects", Target: plain + "/redirect/3", YAML: "max_redirects: 0", State: check.Up, Reason: "status 302"},
			{
				Name: "request", Target: plain + "/echo",
				YAML:  "{method: POST, body: abc, headers: {X-Token: s3cret, Host: shop.example}, contains: 'POST host=shop.example token=s3cret body=abc closed=true'}",
				State: check.Up,
			},
			{Name: "a body that breaks off", Target: plain + "/short", State: check.Down, Reason: "the body broke off"},
			{Name: "an unknown authority", Target: secure.URL, State: check.Down, Reason: "certificate"},
			{Name: "not verified", Target: secure.URL, YAML: "{tls_verify: false, expect_status: 404}", State: check.Up},
		},
		Target:     func(address string) (string, string) { return "http://" + address + "/", "contains: never" },
		BadTargets: []string{"example.vn", "ftp://example.vn/", "http://", "http://ex ample/"},
	})
}

func TestBadFields(t *testing.T) {
	for _, fields := range []string{
		"expect_status: 2x", "expect_status: 99", "expect_status: 300-200", "expect_status: []",
		"matches: '('", "method: BREW", "max_redirects: 21", "max_redirects: many", "body_limit: 0",
		"headers: {'X Y': a}", "{method: HEAD, contains: x}", "tls_verify: maybe",
	} {
		if _, err := checktest.Make(t, http.Kind{}, "http://127.0.0.1/", fields); err == nil {
			t.Errorf("%s is taken", fields)
		} else if name := strings.Trim(strings.SplitN(fields, ":", 2)[0], "{"); !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the error does not say where: %v", fields, err)
		}
	}
}

func TestDetails(t *testing.T) {
	made, err := checktest.Make(t, http.Kind{}, site(t).URL+"/redirect/0", "")
	if err != nil {
		t.Fatal(err)
	}
	result := made.Run(t.Context())
	for _, detail := range []string{"status", "address", "first_byte_after", "redirected_to"} {
		if result.Details[detail] == "" {
			t.Errorf("no detail %s in %v", detail, result.Details)
		}
	}
	if made.Host() != "127.0.0.1" {
		t.Errorf("host %q", made.Host())
	}
}

// A password in the URL must not come out, whatever happens.
func TestNoSecretIsShown(t *testing.T) {
	server := httptest.NewServer(nethttp.NotFoundHandler())
	target := strings.Replace(server.URL, "http://", "http://user:s3cret@", 1)
	server.Close()
	made, err := checktest.Make(t, http.Kind{}, target, "")
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprint(made.Run(t.Context()), check.Redact(target)); strings.Contains(shown, "s3cret") {
		t.Error(shown)
	}
	if _, err := checktest.Make(t, http.Kind{}, "http://user:s3cret@bad host/", ""); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}
