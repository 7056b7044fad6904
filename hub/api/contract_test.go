package api_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"keng/hub/api"
)

// contract loads the contract once for all tests.
var contract = sync.OnceValues(func() (*openapi3.T, error) {
	openapi3filter.RegisterBodyDecoder("image/svg+xml", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/calendar", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/x-ndjson", openapi3filter.PlainBodyDecoder)
	for _, file := range []string{"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"} {
		openapi3filter.RegisterBodyDecoder(file, openapi3filter.FileBodyDecoder)
	}
	return openapi3.NewLoader().LoadFromFile("openapi.yaml")
})

// The contract has exactly the operations of the route table, and it is valid.
func TestContractIsTheRouteTable(t *testing.T) {
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatalf("openapi.yaml is not valid: %v", err)
	}
	var promised, served []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			promised = append(promised, method+" "+path)
		}
	}
	for _, r := range api.Table() {
		served = append(served, r.Method+" "+r.Path)
		item := doc.Paths.Find(r.Path)
		if item == nil || item.GetOperation(r.Method) == nil {
			continue
		}
		open := item.GetOperation(r.Method).Security != nil
		if open != (r.Right == 0) {
			t.Errorf("%s %s: the contract and the table disagree on whether it needs a key", r.Method, r.Path)
		}
	}
	slices.Sort(promised)
	slices.Sort(served)
	for _, p := range promised {
		if !slices.Contains(served, p) {
			t.Errorf("%s is in openapi.yaml, but not in the route table", p)
		}
	}
	for _, s := range served {
		if !slices.Contains(promised, s) {
			t.Errorf("%s is in the route table, but not in openapi.yaml", s)
		}
	}
}

// checkContract holds an exchange against the contract: every reply, and the requests
// that were accepted, unless the test is about what is tolerated beyond it.
func (h *hub) checkContract(r *http.Request, body string, a answer) {
	h.t.Helper()
	doc, err := contract()
	if err != nil {
		h.t.Fatal(err)
	}
	path, params := h.api.Match(r.Method, r.URL)
	if path == "" || r.Method == http.MethodHead {
		return
	}
	if (r.Method == http.MethodPost || r.Method == http.MethodPatch || r.Method == http.MethodPut) && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	item := doc.Paths.Find(path)
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	request := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Options: options,
		Route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)},
	}
	if a.status < 300 && !h.lenient && body != "" {
		if err := openapi3filter.ValidateRequest(h.t.Context(), request); err != nil {
			h.t.Errorf("%s %s was accepted, but the contract does not have it: %v\n%s", r.Method, r.URL, err, body)
		}
	}
	response := &openapi3filter.ResponseValidationInput{RequestValidationInput: request, Status: a.status, Header: a.header, Options: options}
	response.SetBodyBytes([]byte(a.raw))
	if err := openapi3filter.ValidateResponse(h.t.Context(), response); err != nil {
		h.t.Errorf("%s %s: the reply is not as the contract says: %v\n%s", r.Method, r.URL, err, a.raw)
	}
}
