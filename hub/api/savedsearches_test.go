package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/state"
)

const savedSearches = "/v2/alerts/saved-searches"

// Rules ogapi-2.saved.object, ogapi-2.saved.identifier, ogapi-2.saved.change.
func TestSavedSearches(t *testing.T) {
	h := newHub(t)
	made := h.want(h.call("POST", savedSearches, `{"name":"Đang mở / mạng","query":"status: open","owner":{"username":"LAN@example.vn"},"description":"what is open",
		"teams":[{"name":"Mạng"},{"id":"`+string(h.team)+`"}]}`), 201)
	id := made.data("id").(string)
	if made.data("name") != "Đang mở / mạng" {
		t.Errorf("%s", made.raw)
	}
	h.made(savedSearches, `{"name":"all","query":"*","owner":{"id":"`+string(h.user)+`"}}`)
	byName := savedSearches + "/" + strings.ReplaceAll(url.PathEscape("ĐANG MỞ / mạng"), "%2F", "/") + "?identifierType=name"
	for _, path := range []string{savedSearches + "/" + id, savedSearches + "/" + id + "?identifierType=id", byName} {
		got := h.want(h.call("GET", path, ""), 200)
		for name, want := range map[string]string{"id": id, "name": "Đang mở / mạng", "query": "status: open", "description": "what is open",
			"owner": "map[id:" + string(h.user) + " username:lan@example.vn]", "teams": "[map[id:" + string(h.team) + " name:Mạng]]"} {
			if said := fmt.Sprint(got.data(name)); said != want {
				t.Errorf("%s: %s is %s, want %s", path, name, said, want)
			}
		}
		if got.data("createdAt") != got.data("updatedAt") {
			t.Errorf("%s", got.raw)
		}
	}
	list := h.want(h.call("GET", savedSearches+"/", ""), 200).list()
	if len(list) != 2 || list[0]["name"] != "all" || list[1]["id"] != id || len(list[1]) != 2 {
		t.Errorf("%v", list)
	}
	// What the Go client sends besides does no harm; what is not said stays.
	changed := h.want(h.call("PATCH", byName, `{"name":"mine","query":"status: closed","owner":{"id":"","username":"lan@example.vn"},"IdentifierType":"name","IdentifierValue":"x","Name":"wrong"}`), 200)
	if changed.data("id") != id || changed.data("name") != "mine" || changed.body["result"] != "Updated" {
		t.Errorf("%s", changed.raw)
	}
	got := h.want(h.call("GET", savedSearches+"/"+id, ""), 200)
	if got.data("query") != "status: closed" || got.data("description") != "what is open" || len(got.data("teams").([]any)) != 1 || got.data("updatedAt").(string) <= got.data("createdAt").(string) {
		t.Errorf("%s", got.raw)
	}
	h.want(h.call("PATCH", savedSearches+"/mine?identifierType=name", `{"name":"mine","query":"status: closed","owner":{"username":"lan@example.vn"},"teams":[]}`), 200)
	if got := h.call("GET", savedSearches+"/"+id, ""); len(got.data("teams").([]any)) != 0 {
		t.Errorf("%s", got.raw)
	}
	h.want(h.call("GET", byName, ""), 404)
	h.want(h.call("PATCH", savedSearches+"/mine", `{"name":"mine","query":"*","owner":{"username":"lan@example.vn"}}`), 404) // it is no id
	if gone := h.want(h.call("DELETE", savedSearches+"/MINE?identifierType=name", ""), 200); gone.body["result"] != "Deleted" {
		t.Errorf("%s", gone.raw)
	}
	h.want(h.call("GET", savedSearches+"/"+id, ""), 404)
	h.want(h.call("DELETE", savedSearches+"/"+id, ""), 404)
}

// What is wrong with a saved search is told by its fields, and nothing is kept.
func TestWrongSavedSearches(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	const good = `"name":"n","query":"status: open","owner":{"username":"lan@example.vn"}`
	id := h.made(savedSearches, `{`+good+`}`)
	for body, field := range map[string]string{
		`{}`: "name", `{"name":"x","owner":{"username":"lan@example.vn"}}`: "query", `{"name":"x","query":"*"}`: "owner", `{"name":"x","query":"*","owner":null}`: "owner",
		`{"name":"x","query":"*","owner":{"username":""}}`: "owner", `{"name":"x","query":"*","owner":"lan@example.vn"}`: "owner", `{"name":"x","query":"*","owner":{"username":"ghost"}}`: "owner",
		`{` + strings.Replace(good, `"n"`, `"  "`, 1) + `}`: "name", `{` + strings.Replace(good, `"n"`, `"`+strings.Repeat("ẻ", 101)+`"`, 1) + `}`: "name", `{` + strings.Replace(good, `"n"`, `7`, 1) + `}`: "name",
		`{` + strings.Replace(good, "status: open", "statis: open", 1) + `}`: "query", `{` + strings.Replace(good, "status: open", strings.Repeat("x", 1001), 1) + `}`: "query",
		`{` + good + `,"description":"` + strings.Repeat("ẻ", 15001) + `"}`: "description", `{` + good + `,"teams":[{"name":"Mạng"},{"name":"ghost"}]}`: "teams[1]", `{` + good + `,"teams":"x"}`: "teams",
		`{` + good + `,"teams":[` + strings.Repeat(`{"name":"Mạng"},`, 20) + `{"name":"Mạng"}]}`: "teams", `[]`: "body",
	} {
		for _, request := range []string{"POST " + savedSearches, "PATCH " + savedSearches + "/" + id} {
			method, path, _ := strings.Cut(request, " ")
			if a := h.want(h.call(method, path, body), 422); a.wrong(field) == "" {
				t.Errorf("%s %.80s: %s", method, body, a.raw)
			}
		}
	}
	h.want(h.call("POST", savedSearches, `{`), 400)
	h.want(h.call("POST", savedSearches, `{"name":"N","query":"*","owner":{"username":"lan@example.vn"}}`), 409)
	if list := h.call("GET", savedSearches, "").list(); len(list) != 1 {
		t.Errorf("%v", list)
	}
	h.want(h.call("GET", savedSearches+"/x?identifierType=alias", ""), 422)
	h.want(h.call("GET", savedSearches+"/"+strings.Repeat("x", 513), ""), 422)
}

// To look is to read; to change what everybody searches by is to configure, for the whole account.
func TestWhoMaySaveSearches(t *testing.T) {
	h := newHub(t)
	const body = `{"name":"n","query":"*","owner":{"username":"lan@example.vn"}}`
	for key, want := range map[string]int{setupKey: 201, readKey: 403, writeKey: 403, teamKey: 403, "": 401} {
		h.want(h.with(key, "POST", savedSearches, body), want)
	}
	for key, want := range map[string]int{readKey: 200, teamKey: 200, writeKey: 403, setupKey: 403} {
		h.want(h.with(key, "GET", savedSearches, ""), want)
		h.want(h.with(key, "GET", savedSearches+"/n?identifierType=name", ""), want)
		h.want(h.with(key, "GET", "/v2/alerts/count?searchIdentifier=n&searchIdentifierType=name", ""), want)
	}
	h.want(h.with(readKey, "DELETE", savedSearches+"/n?identifierType=name", ""), 403)
}

// Lists and counts go by a saved search, alone or together with a query; relative times in it are of now.
//
// Rules ogapi-2.saved.search, ogapi-2.count.alerts.
func TestSearchBySavedSearch(t *testing.T) {
	h := newHub(t, storeClock)
	for i := range 6 {
		h.create(fmt.Sprintf(`{"message":"m%d","alias":"a%d","tags":["t%d"]}`, i, i, i%2))
	}
	h.want(h.call("POST", "/v2/alerts/1/close?identifierType=tiny", ""), 202)
	owner := `","owner":{"username":"lan@example.vn"}}`
	open := h.made(savedSearches, `{"name":"Open ones","query":"status: open`+owner)
	h.made(savedSearches, `{"name":"either","query":"tag: t0 OR message: m1`+owner)
	h.made(savedSearches, `{"name":"fresh","query":"createdAt > now-9s`+owner)
	for parameters, want := range map[string]string{
		"": "654321", "searchIdentifier=" + open: "65432", "searchIdentifier=" + open + "&searchIdentifierType=id": "65432", "searchIdentifier=OPEN+ones&searchIdentifierType=name": "65432",
		"searchIdentifier=either&searchIdentifierType=name": "5321", "searchIdentifier=either&searchIdentifierType=name&query=status:open": "532",
		"searchIdentifier=either&searchIdentifierType=name&query=status:closed+OR+tag:t1": "21", "searchIdentifier=" + open + "&query=status:closed": "", "searchIdentifier=&query=status:closed": "1",
	} {
		var got string
		for _, x := range h.want(h.call("GET", "/v2/alerts?"+parameters, ""), 200).list() {
			got += x["tinyId"].(string)
		}
		if got != want {
			t.Errorf("%s gave %s, want %s", parameters, got, want)
		}
		if a := h.want(h.call("GET", "/v2/alerts/count?"+parameters, ""), 200); a.data("count") != float64(len(want)) || a.data("partial") != nil || a.body["message"] != nil {
			t.Errorf("%s is counted as %s, want %d", parameters, a.raw, len(want))
		}
	}
	next := h.call("GET", "/v2/alerts?limit=3&searchIdentifier="+open, "").body["paging"].(map[string]any)["next"].(string)
	if rest := h.want(h.call("GET", next, ""), 200).list(); len(rest) != 2 || rest[1]["tinyId"] != "2" {
		t.Errorf("%s gave %v", next, rest)
	}
	fresh := func() any {
		return h.want(h.call("GET", "/v2/alerts/count?searchIdentifier=fresh&searchIdentifierType=name", ""), 200).data("count")
	}
	if n := fresh(); n == 0.0 {
		t.Error("nothing is fresh yet")
	}
	h.store.now = h.store.now.Add(3600e9)
	if n := fresh(); n != 0.0 {
		t.Errorf("%v are fresh an hour later", n)
	}
	for parameters, field := range map[string]string{"searchIdentifier=none": "searchIdentifier", "searchIdentifier=" + open + "&searchIdentifierType=name": "searchIdentifier",
		"searchIdentifier=x&searchIdentifierType=tiny": "searchIdentifierType", "query=x:y": "query", "query=%FF": "query", "searchIdentifier=" + strings.Repeat("x", 513): "searchIdentifier"} {
		for _, path := range []string{"/v2/alerts?", "/v2/alerts/count?"} {
			if a := h.want(h.call("GET", path+parameters, ""), 422); a.wrong(field) == "" {
				t.Errorf("%s: %s", path+parameters, a.raw)
			}
		}
	}
}

// A search outlives its owner and its teams.
func TestSavedSearchWithoutItsOwner(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"binh@example.vn","fullName":"Bình","role":{"name":"User"}}`)
	h.made("/v2/teams", `{"name":"web"}`)
	id := h.made(savedSearches, `{"name":"n","query":"status: open","owner":{"username":"binh@example.vn"},"teams":[{"name":"web"},{"name":"Mạng"}]}`)
	h.want(h.call("DELETE", "/v2/users/binh@example.vn", ""), 200)
	h.want(h.call("DELETE", "/v2/teams/web?identifierType=name", ""), 200)
	got := h.want(h.call("GET", savedSearches+"/"+id, ""), 200)
	if got.data("owner") != nil || fmt.Sprint(got.data("teams")) != "[map[id:"+string(h.team)+" name:Mạng]]" {
		t.Errorf("%s", got.raw)
	}
	h.want(h.call("GET", "/v2/alerts/count?searchIdentifier="+id, ""), 200)
}

// Bodies of saved searches: whatever comes, the hub does not fail, and what is told can be said again without
// changing it.
func FuzzSavedSearches(f *testing.F) {
	for _, seed := range []string{
		`{"name":"n","query":"status: open AND (tag: x OR NOT createdAt < now-2h)","owner":{"username":"lan@example.vn"},"description":"d","teams":[{"name":"Mạng"}]}`,
		`{"name":"ẻ\u0000/x","query":"*","owner":{"id":"lan@example.vn","name":"lan@example.vn"},"teams":{"name":"Mạng"}}`,
		`{"name":" n ","query":" \"su co\" ","owner":{"username":"LAN@example.vn"},"teams":[{}],"IdentifierType":1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		h := newHub(t)
		h.lenient = true
		a := h.call("POST", savedSearches, body)
		if a.status != 201 {
			return
		}
		one := savedSearches + "/" + a.data("id").(string)
		told := func() string {
			d := h.want(h.call("GET", one, ""), 200).body["data"].(map[string]any)
			delete(d, "updatedAt")
			return string(must(json.Marshal(d)))
		}
		before := told()
		h.want(h.call("PATCH", one, before), 200)
		if after := told(); after != before {
			t.Errorf("told as\n%s\nand, said again, as\n%s", before, after)
		}
		if s, err := (state.Pick{Name: a.data("name").(string)}).SavedSearch(h.store.tx); err != nil || s.ID != a.data("id") {
			t.Errorf("by its name it is %v, %v", s, err)
		}
		h.want(h.call("GET", "/v2/alerts/count?searchIdentifier="+a.data("id").(string), ""), 200)
		must(state.Do(t.Context(), h.store, core.Seed{78}, state.DeleteSavedSearch{Search: state.Pick{ID: a.data("id").(string)}}))
	})
}
