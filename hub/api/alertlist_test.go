package api_test

import (
	"fmt"
	"net/url"
	"testing"
)

// A query that cannot be read is answered by what is wrong, and where.
func TestQueryErrorsPoint(t *testing.T) {
	h := newHub(t)
	for query, want := range map[string]string{
		"statis: open":            `at character 1, "statis": there is no such field; did you mean "status"?`,
		"status: open AND tag: (": "at character 24, the end of the query: a value",
	} {
		a := h.call("GET", "/v2/alerts?query="+url.QueryEscape(query), "")
		if got := a.wrong("query"); a.status != 422 || len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("%s: HTTP %d %q, not %q", query, a.status, got, want)
		}
	}
}

// A page that goes on behind an alert is the rest of the list, and its first page is the
// whole list's.
func TestListGoesOnBehindAnAlert(t *testing.T) {
	h := newHub(t)
	for i := range 9 {
		h.create(fmt.Sprintf(`{"message":"m%d","alias":"%d","tags":["t%d"]}`, i, i, i%2))
	}
	for path, want := range map[string]string{
		"after=5": "4321", "after=5&order=asc": "6789", "after=5&query=tag:t0": "31", "after=5&offset=1&limit=2": "32", "after=1": "", "after=9&order=asc": "", "after=1000": "987654321",
	} {
		a := h.want(h.call("GET", "/v2/alerts?"+path, ""), 200)
		var got string
		for _, x := range a.list() {
			got += x["tinyId"].(string)
		}
		if got != want {
			t.Errorf("%s gave %s, want %s", path, got, want)
		}
		first, err := url.Parse(a.body["paging"].(map[string]any)["first"].(string))
		if err != nil || first.Query().Has("after") {
			t.Errorf("%s: the first page is %s, %v", path, first, err)
		}
	}
	for _, wrong := range []string{"after=-1", "after=x"} {
		if a := h.call("GET", "/v2/alerts?"+wrong, ""); a.status != 422 || a.wrong("after") == "" {
			t.Errorf("%s: HTTP %d", wrong, a.status)
		}
	}
}
