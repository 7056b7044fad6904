package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// router finds the route of a request. It is not http.ServeMux because that redirects
// paths with double slashes (an alias may be a URL), and refuses to know both
// /v2/alerts/requests/{requestId} and /v2/alerts/{identifier}/logs.
//
// A fixed segment is preferred to a parameter, and a parameter that may span segments
// spans as few as it can; where that leads nowhere the next way is tried. A pattern such as
// /v2/schedules/{identifier}.ics goes before one without the ending.
type router struct{ root node }

// node is a place in the tree of patterns.
type node struct {
	fixed  map[string]*node
	param  *node // what follows a parameter, if one may stand here
	name   string
	spans  bool
	routes map[string]*route // by method
}

const suiteRoot = "/jsm/ops/integration" // where Jira Service Management has the same API

func newRouter(table []route) *router {
	r := &router{}
	for i := range table {
		n := &r.root
		for _, segment := range apart(strings.Split(table[i].Path, "/")[1:]) {
			n = n.child(segment)
		}
		if n.routes == nil {
			n.routes = map[string]*route{}
		}
		n.routes[table[i].Method] = &table[i]
	}
	return r
}

// calendarEnding ends the paths of calendars.
const calendarEnding = ".ics"

// apart makes of the ending of a calendar's path a segment of its own.
func apart(segments []string) []string {
	last := len(segments) - 1
	if name, ok := strings.CutSuffix(segments[last], calendarEnding); ok && name != "" {
		return append(slices.Clone(segments[:last]), name, calendarEnding)
	}
	return segments
}

// child returns the place that a segment of a pattern leads to, made if need be.
func (n *node) child(segment string) *node {
	if name, ok := strings.CutPrefix(segment, "{"); ok {
		if n.param == nil {
			n.param = &node{}
		}
		n.name, n.spans = strings.CutSuffix(strings.TrimSuffix(name, "}"), "...")
		return n.param
	}
	if n.fixed == nil {
		n.fixed = map[string]*node{}
	}
	if n.fixed[segment] == nil {
		n.fixed[segment] = &node{}
	}
	return n.fixed[segment]
}

// find returns the route and its parameters. Where there is none it returns the
// methods that the path has, if any.
func (rt *router) find(method string, u *url.URL) (*route, map[string]string, []string) {
	segments, ok := split(u.EscapedPath())
	if !ok {
		return nil, nil, nil
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	params := map[string]string{}
	for _, way := range [][]string{apart(segments), segments} {
		r := rt.root.match(method, way, params)
		if r != nil && (len(way) == len(segments) || strings.HasSuffix(r.Path, calendarEnding)) { // else the ending is part of a name
			return r, params, nil
		}
	}
	var allowed []string
	for _, other := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if rt.root.match(other, segments, map[string]string{}) != nil || rt.root.match(other, apart(segments), map[string]string{}) != nil {
			allowed = append(allowed, other)
		}
	}
	return nil, nil, allowed
}

// split takes an escaped path apart. One slash at the end does not count.
func split(path string) ([]string, bool) {
	if rest, ok := strings.CutPrefix(path, suiteRoot); ok && strings.HasPrefix(rest, "/v2/") {
		path = rest
	}
	path, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), "/")
	if !ok {
		return nil, false
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return nil, false
		}
		segments[i] = strings.ToValidUTF8(plain, "\uFFFD")
	}
	return segments, true
}

func (n *node) match(method string, segments []string, params map[string]string) *route {
	if len(segments) == 0 {
		return n.routes[method]
	}
	if next := n.fixed[segments[0]]; next != nil {
		if r := next.match(method, segments[1:], params); r != nil {
			return r
		}
	}
	if n.param == nil {
		return nil
	}
	most := 1
	if n.spans {
		most = len(segments)
	}
	for k := 1; k <= most; k++ {
		r := n.param.match(method, segments[k:], params)
		if r == nil {
			continue
		}
		if value := strings.Join(segments[:k], "/"); value != "" {
			params[n.name] = value
			return r
		}
	}
	return nil
}

// ours reports whether a path is below one of the API's roots, so that an unknown one
// is answered by the API.
func ours(path string) bool {
	return slices.ContainsFunc([]string{"/v1", "/v2", "/keng", "/jsm"}, func(root string) bool {
		return path == root || strings.HasPrefix(path, root+"/")
	})
}
