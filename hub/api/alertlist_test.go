package api_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
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

// Lists of alerts are sorted by any key, page by page as a whole. Rule ogapi-5.sort.list.
func TestListIsSorted(t *testing.T) {
	h := newHub(t)
	for i, message := range []string{"ổ đĩa", "Web", "an", "O dia", "Binh"} {
		h.create(fmt.Sprintf(`{"message":%q,"alias":"%d","priority":"P%d"}`, message, i, 5-i))
	}
	h.create(`{"message":"Web","alias":"1"}`) // it occurs again
	h.want(h.call("POST", "/v2/alerts/3/acknowledge?identifierType=tiny", `{"user":"lan@example.vn"}`), 202)
	for path, want := range map[string]string{
		"sort=message&order=asc": "35412", "sort=message": "24153", "sort=priority&order=asc": "54321", "sort=count": "25431",
		"sort=Owner&order=asc": "35421", "sort=message&order=asc&limit=2": "35", "sort=message&order=asc&limit=2&offset=2": "41", "sort=message&order=asc&limit=2&offset=4": "2",
		"sort=message&offset=9": "", "sort=lastOccuredAt&query=count%3C2": "5431",
	} {
		a := h.want(h.call("GET", "/v2/alerts?"+path, ""), 200)
		var got string
		for _, x := range a.list() {
			got += x["tinyId"].(string)
		}
		if got != want {
			t.Errorf("%s gave %s, want %s", path, got, want)
		}
	}
	for wrong, field := range map[string]string{"sort=colour": "sort", "sort=tag": "sort", "sort=message&after=3": "after", "sort=message&order=up": "order"} {
		if a := h.call("GET", "/v2/alerts?"+wrong, ""); a.status != 422 || a.wrong(field) == "" {
			t.Errorf("%s: HTTP %d %s", wrong, a.status, a.raw)
		}
	}
}

// Times without an offset are by the clocks of the cluster's zone, of which other nodes and
// machines know nothing: it is the language's until somebody says another.
//
// Rule keng-5.time.wall.
func TestTimesInTheClustersZone(t *testing.T) {
	h := newHub(t)
	h.create(`{"message":"m"}`)
	made, err := time.Parse(time.RFC3339Nano, h.want(h.call("GET", "/v2/alerts", ""), 200).list()[0]["createdAt"].(string))
	if err != nil {
		t.Fatal(err)
	}
	found := func(layout string, zone *time.Location) int {
		path := "/v2/alerts?query=" + url.QueryEscape("createdAt: "+made.In(zone).Format(layout))
		return len(h.want(h.call("GET", path, ""), 200).list())
	}
	hanoi := time.FixedZone("+07", 7*60*60)
	if n := found("2006-01-02T15:04", time.UTC); n != 1 {
		t.Errorf("%d alerts were found by UTC", n)
	}
	must(state.Do(t.Context(), h.store, core.Seed{77}, state.FoundCluster{Name: "Kẻng", Language: "vi"}))
	if n := found("2006-01-02T15:04", hanoi); n != 1 {
		t.Errorf("%d alerts were found by the clocks of Vietnam", n)
	}
	if n := found("2006-01-02T15:04", time.UTC); n != 0 {
		t.Errorf("%d alerts were found by UTC, seven hours off", n)
	}
	if n := found(time.RFC3339, time.UTC); n != 1 {
		t.Errorf("%d alerts were found by a time with an offset", n)
	}
}
