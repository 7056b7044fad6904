package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Rules ogapi-2.logs.list, ogapi-2.logs.download: log files are listed after a file or a date, and had by links that expire.
func TestLogFiles(t *testing.T) {
	h := newHub(t)
	begun := h.store.now
	h.create(`{"message":"first","alias":"a","details":{"host":"db"}}`)
	h.create(`{"message":"second"}`)
	h.want(h.call("GET", "/v2/logs/list/2026-11-25-14-03-00", ""), 200) // as lamp has it
	if list := h.want(h.call("GET", "/v2/logs/list/2026-11-25", ""), 200); len(list.list()) != 0 || list.body["marker"] != "2026-11-25" {
		t.Errorf("the five minutes are not over, and there is %s", list.raw)
	}
	h.store.now = begun.Add(7 * time.Minute)
	h.create(`{"message":"third"}`)
	h.store.now = begun.Add(14 * time.Minute)
	const first, second = "2026-11-25-14-00-00.json", "2026-11-25-14-05-00.json"
	names := func(target string) (names []string) {
		t.Helper()
		for _, f := range h.want(h.call("GET", target, ""), 200).list() {
			names = append(names, f["filename"].(string))
		}
		return names
	}
	for target, want := range map[string][]string{
		"2026-11-25": {first, second}, "2026-11-25?limit=0": {first, second}, "2026-11-25?limit=1": {first}, "2026-11-25T14:04:59Z": {first, second}, "2026-11-25T14:05:00Z": {second}, "2026-11-26": nil,
		first: {second}, second: nil, fmt.Sprint(begun.Add(5 * time.Minute).UnixMilli()): {second},
	} {
		if got := names("/v2/logs/list/" + target); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after %s: %v, want %v", target, got, want)
		}
	}
	if list := h.call("GET", "/v2/logs/list/2026-11-25?limit=1", ""); list.body["marker"] != first || list.list()[0]["date"] != float64(begun.Truncate(5*time.Minute).UnixMilli()) {
		t.Errorf("%s", list.raw)
	}
	size := int(h.call("GET", "/v2/logs/list/2026-11-25", "").list()[0]["size"].(float64))
	link := h.want(h.call("GET", "/v2/logs/download/"+first, ""), 200)
	if !strings.HasPrefix(link.raw, "http://example.com/keng/v1/log-files/") || !strings.HasPrefix(link.header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%s %v", link.raw, link.header)
	}
	path := strings.TrimPrefix(link.raw, "http://example.com")
	file := h.want(h.with("", "GET", path, ""), 200)
	lines := strings.Split(strings.TrimSpace(file.raw), "\n")
	if len(lines) != 2 || len(file.raw) != size || !strings.Contains(lines[0], `"message":"first"`) || !strings.Contains(lines[0], `"details":{"host":"db"}`) ||
		!strings.Contains(lines[1], `"status":"Created alert"`) || strings.Contains(file.raw, "third") {
		t.Errorf("of %d bytes, %d were said: %s", len(file.raw), size, file.raw)
	}
	h.want(h.with("", "GET", path+"x", ""), 200) // the name is for people
	h.want(h.with("", "GET", "/keng/v1/log-files/nonsense/"+first, ""), 403)
	h.store.now = h.store.now.Add(16 * time.Minute)
	h.want(h.with("", "GET", path, ""), 403)
	for _, name := range []string{"2026-11-25-14-10-00.json", "2026-11-25-14-00-00-9.json", "2026-11-25-14-00-01.json", "nonsense"} {
		h.want(h.call("GET", "/v2/logs/download/"+name, ""), 404)
	}
	for _, target := range []string{"nonsense", "2026-11-25?limit=1001", "2026-11-25?limit=-1", "2026-13-25"} {
		h.want(h.call("GET", "/v2/logs/list/"+target, ""), 422)
	}
}

// Rule keng-8.logs.pages: of five minutes in which much came there is one file after another.
func TestLogFilesOfAStorm(t *testing.T) {
	h := newHub(t)
	for i := range 300 {
		h.store.now = time.Date(2026, 11, 25, 14, 0, 0, i, time.UTC)
		h.call("POST", "/v2/alerts", `{"message":"m","alias":"a"}`)
	}
	h.store.now = h.store.now.Add(time.Hour)
	lines, marker, files := 0, "2026-11-25", 0
	for range 10 {
		list := h.want(h.call("GET", "/v2/logs/list/"+marker+"?limit=1", ""), 200)
		if len(list.list()) == 0 {
			break
		}
		files++
		marker = list.body["marker"].(string)
		link := h.want(h.call("GET", "/v2/logs/download/"+marker, ""), 200)
		n := strings.Count(h.with("", "GET", strings.TrimPrefix(link.raw, "http://example.com"), "").raw, "\n")
		if lines += n; n > 64 {
			t.Errorf("%s has %d lines", marker, n)
		}
	}
	if lines != 300 || files != 5 {
		t.Errorf("%d lines in %d files", lines, files)
	}
}
