package api

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"keng/hub/state"
)

// RouteInfo is a line of the route table, for tests from outside.
type RouteInfo struct {
	Method, Path string // the path as in OpenAPI
	Right        state.Rights
	Whole        bool
	Domain       string
}

// Table returns the route table.
func Table() []RouteInfo {
	var list []RouteInfo
	for _, r := range routes() {
		list = append(list, RouteInfo{r.Method, plain(r.Path), r.Right, r.Whole, r.Domain})
	}
	return list
}

// Match returns the pattern and the parameters that a request has, "" if it has no route.
func (a *API) Match(method string, u *url.URL) (string, map[string]string) {
	r, params, _ := a.router.find(method, u)
	if r == nil {
		return "", nil
	}
	return plain(r.Path), params
}

func plain(path string) string { return strings.ReplaceAll(path, "...}", "}") }

// ReadChecks reads a list of checks; what it gives must be JSON.
func ReadChecks(text string) error {
	checks, err := readChecks([]byte(text))
	for _, c := range checks {
		if !json.Valid(c.Body) {
			panic("not JSON: " + string(c.Body))
		}
	}
	return err
}

// Crowd is the bound of a server's connections, with another number.
func Crowd(most int) func(net.Conn, http.ConnState) { return newCrowd(most).note }

// SetRequestsOfOneMax sets another bound to what one key has under way, and how long one waits for room.
func (a *API) SetRequestsOfOneMax(most int, patience time.Duration) {
	a.underWay.most, a.underWay.patience = most, patience
}

// Counted says of how many keys and domains the API remembers how often they have asked, and how
// many keys have requests under way.
func (a *API) Counted() (buckets, busy int) {
	a.rates.mutex.Lock()
	defer a.rates.mutex.Unlock()
	a.underWay.mutex.Lock()
	defer a.underWay.mutex.Unlock()
	return len(a.rates.buckets), len(a.underWay.of)
}

// Strangers says how many keys the API remembers as unknown.
func (a *API) Strangers() int {
	a.strangers.mutex.Lock()
	defer a.strangers.mutex.Unlock()
	return len(a.strangers.unknown)
}
