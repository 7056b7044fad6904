package api_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/state"
)

// Rule ogapi-8.heartbeat.last-ping.
func TestHeartbeats(t *testing.T) {
	h := newHub(t)
	team := h.made("/v2/teams", `{"name":"it"}`)
	full := h.want(h.call("POST", "/v2/heartbeats", `{"name":"Sao lưu","description":"see the wiki","interval":10,"intervalUnit":"minutes","enabled":true,
		"ownerTeam":{"name":"it"},"alertMessage":"no backup","alertTags":["night","db"],"alertPriority":"P1"}`), 201)
	if full.data("name") != "Sao lưu" || full.data("interval") != 10.0 || fmt.Sprint(full.data("ownerTeam")) != "map[id:"+team+"]" {
		t.Errorf("%s", full.raw)
	}
	const one = "/v2/heartbeats/Sao%20l%C6%B0u"
	got := h.want(h.call("GET", one, ""), 200)
	for name, want := range map[string]string{"name": "Sao lưu", "description": "see the wiki", "interval": "10", "intervalUnit": "minutes", "enabled": "true", "expired": "false",
		"ownerTeam": "map[id:" + team + " name:it]", "alertMessage": "no backup", "alertTags": "[night db]", "alertPriority": "P1", "lastPingTime": "<nil>"} {
		if said := fmt.Sprint(got.data(name)); said != want {
			t.Errorf("%s: %s, want %s", name, said, want)
		}
	}
	h.want(h.call("POST", one+"/ping", ""), 202)
	if got := h.call("GET", one, ""); got.data("lastPingTime") != h.store.now.Add(-1234e6).Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("it is %v: %s", h.store.now, got.raw)
	}
	for _, method := range []string{"POST", "PUT", "PATCH"} {
		if a := h.want(h.call(method, one+"/disable", ""), 200); a.data("enabled") != false || a.data("name") != "Sao lưu" || a.data("expired") != false {
			t.Errorf("%s", a.raw)
		}
		if a := h.want(h.call(method, one+"/enable", ""), 200); a.data("enabled") != true {
			t.Errorf("%s", a.raw)
		}
	}
	// What a client always sends besides does not rename it.
	h.want(h.call("PATCH", one, `{"name":"Sao lưu","interval":2,"intervalUnit":"hours","alertTags":[]}`), 200)
	h.lenient = true
	h.want(h.call("PATCH", one, `{"intervalUnit":"Hours"}`), 200)
	if got := h.call("GET", one, ""); got.data("interval") != 2.0 || got.data("intervalUnit") != "hours" || fmt.Sprint(got.data("alertTags")) != "[]" || got.data("description") != "see the wiki" {
		t.Errorf("%s", got.raw)
	}
	h.want(h.call("POST", "/v2/heartbeats", `{"name":"a/b","interval":1,"intervalUnit":"days","enabled":"false"}`), 201)
	h.lenient = false
	h.want(h.call("POST", "/v2/heartbeats", `{"name":"a/b","interval":1,"intervalUnit":"days"}`), 409)
	h.want(h.call("PATCH", one, `{"name":"a/b"}`), 409)
	for _, path := range []string{"/v2/heartbeats/a/b", "/v2/heartbeats/a%2Fb"} {
		if a := h.want(h.call("GET", path, ""), 200); a.data("alertMessage") != "a/b is expired" || a.data("alertPriority") != "P3" || a.data("enabled") != false || a.data("ownerTeam") != nil {
			t.Errorf("%s", a.raw)
		}
	}
	if a := h.want(h.call("POST", "/v2/heartbeats/a/b/enable", `{"name":"x","interval":"nonsense"}`), 422); a.wrong("interval") == "" {
		t.Errorf("%s", a.raw)
	}
	list := h.want(h.call("GET", "/v2/heartbeats", ""), 200).data("heartbeats").([]any)
	if len(list) != 2 || list[0].(map[string]any)["name"] != "Sao lưu" || list[1].(map[string]any)["name"] != "a/b" {
		t.Errorf("%v", list)
	}
	h.want(h.call("DELETE", one, ""), 200)
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		h.want(h.call(method, one, ""), 404)
	}
	h.want(h.call("POST", one+"/enable", ""), 404)
}

func TestNoHeartbeats(t *testing.T) {
	h := newHub(t)
	if a := h.want(h.call("GET", "/v2/heartbeats", ""), 200); fmt.Sprint(a.data("heartbeats")) != "[]" {
		t.Errorf("%s", a.raw)
	}
}

// Any ping is answered in the same way, whatever its name, its method, its body and how its
// key is carried. Rule ogapi-8.heartbeat.pong.
func TestPong(t *testing.T) {
	var heard []string
	h := newHub(t, func(o *api.Options) {
		o.HeardPing = func(_ context.Context, name string, team core.TeamID) { heard = append(heard, name+"|"+string(team)) }
	})
	h.lenient = true
	var want []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH"} {
		for name, path := range map[string]string{"ghost": "ghost", "a/b c": "a/b%20c", strings.Repeat("ẻ", 600): strings.Repeat("%E1%BA%BB", 600), "\uFFFD": "%FF"} {
			for _, body := range []string{"", "{", "alive=1", "[]", `{"name":17}`, "\x00\xff", strings.Repeat("x", api.BodyMax+1)} {
				a := h.want(h.with(writeKey, method, "/v2/heartbeats/"+path+"/ping", body), http.StatusAccepted)
				if a.body["result"] != "PONG - Heartbeat received" {
					t.Errorf("%s", a.raw)
				}
				want = append(want, name+"|")
			}
		}
	}
	basic := base64.StdEncoding.EncodeToString([]byte(":" + writeKey))
	h.want(h.send(newRequest("GET", "/v2/heartbeats/x/ping", "", "Authorization", "basic "+basic)), 202)
	h.want(h.with("", "POST", "/v2/heartbeats/x/ping?apiKey="+writeKey, ""), 202)
	h.want(h.with(teamKey, "PUT", "/v2/heartbeats/x/ping/", ""), 202)
	want = append(want, "x|", "x|", "x|"+string(h.team))
	if fmt.Sprint(heard) != fmt.Sprint(want) {
		t.Errorf("%d pings were heard, want %d", len(heard), len(want))
	}
	for _, key := range []string{"", "wrong", blockedKey} {
		h.want(h.with(key, "POST", "/v2/heartbeats/x/ping", ""), 401)
	}
	for _, key := range []string{readKey, setupKey} {
		h.want(h.with(key, "POST", "/v2/heartbeats/x/ping", ""), 403)
	}
	if len(heard) != len(want) {
		t.Error("a ping without the right was heard")
	}
}

func TestHeartbeatsOfATeam(t *testing.T) {
	h := newHub(t)
	other := h.made("/v2/teams", `{"name":"other"}`)
	const fields = `,"interval":1,"intervalUnit":"hours"`
	h.want(h.call("POST", "/v2/heartbeats", `{"name":"theirs","ownerTeam":{"id":"`+other+`"}`+fields+`}`), 201)
	h.want(h.call("POST", "/v2/heartbeats", `{"name":"common"`+fields+`}`), 201)
	for _, owner := range []string{``, `,"ownerTeam":{"name":"other"}`, `,"ownerTeam":{"name":"ghost"}`} {
		h.want(h.with(teamKey, "POST", "/v2/heartbeats", `{"name":"ours"`+owner+fields+`}`), 201)
		if a := h.want(h.with(teamKey, "GET", "/v2/heartbeats/ours", ""), 200); fmt.Sprint(a.data("ownerTeam")) != "map[id:"+string(h.team)+" name:Mạng]" {
			t.Errorf("%s", a.raw)
		}
		h.want(h.with(teamKey, "PATCH", "/v2/heartbeats/ours", `{"description":"d"`+owner+`}`), 200)
		if list := h.with(teamKey, "GET", "/v2/heartbeats", "").data("heartbeats").([]any); len(list) != 1 || list[0].(map[string]any)["name"] != "ours" {
			t.Errorf("%v", list)
		}
		h.want(h.with(teamKey, "POST", "/v2/heartbeats/ours/disable", ""), 200)
		h.want(h.with(teamKey, "DELETE", "/v2/heartbeats/ours", ""), 200)
	}
	for _, name := range []string{"theirs", "common"} {
		path := "/v2/heartbeats/" + name
		h.want(h.with(teamKey, "GET", path, ""), 404)
		h.want(h.with(teamKey, "PATCH", path, `{"interval":5}`), 404)
		h.want(h.with(teamKey, "POST", path+"/disable", ""), 404)
		h.want(h.with(teamKey, "DELETE", path, ""), 404)
		if a := h.want(h.call("GET", path, ""), 200); a.data("interval") != 1.0 || a.data("enabled") != true {
			t.Errorf("%s", a.raw)
		}
	}
}

func TestHostileHeartbeats(t *testing.T) {
	h := newHub(t)
	h.want(h.call("POST", "/v2/heartbeats", `{"name":"x","interval":1,"intervalUnit":"hours"}`), 201)
	h.lenient = true
	for body, field := range map[string]string{
		`{}`: "name", `[]`: "body", `{"name":[]}`: "name", `{"name":"n","interval":"1","intervalUnit":"days"}`: "interval", `{"name":"n","interval":1.5,"intervalUnit":"days"}`: "interval",
		`{"name":"n","interval":0,"intervalUnit":"days"}`: "interval", `{"name":"n","interval":367,"intervalUnit":"days"}`: "interval", `{"name":"n","interval":1e400,"intervalUnit":"days"}`: "interval",
		`{"name":"n","interval":1}`: "intervalUnit", `{"name":"n","interval":1,"intervalUnit":"weeks"}`: "intervalUnit",
		`{"name":"n","interval":1,"intervalUnit":"days","enabled":"yes"}`:                                   "enabled",
		`{"name":"n","interval":1,"intervalUnit":"days","ownerTeam":{"name":"ghost"}}`:                      "ownerTeam",
		`{"name":"n","interval":1,"intervalUnit":"days","alertTags":"t"}`:                                   "alertTags",
		`{"name":"n","interval":1,"intervalUnit":"days","alertPriority":"P6"}`:                              "alertPriority",
		`{"name":"n","interval":1,"intervalUnit":"days","alertMessage":"` + strings.Repeat("ẻ", 131) + `"}`: "alertMessage",
		`{"name":"` + strings.Repeat("ẻ", 201) + `","interval":1,"intervalUnit":"days"}`:                    "name",
	} {
		if a := h.want(h.call("POST", "/v2/heartbeats", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
		if field == "name" && body == `{}` || field == "intervalUnit" && !strings.Contains(body, "weeks") {
			continue // a change may leave it out
		}
		if a := h.want(h.call("PATCH", "/v2/heartbeats/x", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("POST", "/v2/heartbeats", "{"), 400)
	h.want(h.call("POST", "/v2/heartbeats", strings.Repeat(" ", api.BodyMax+1)), 413)
	h.want(h.call("PATCH", "/v2/heartbeats/x", "{"), 400)
	h.want(h.call("GET", "/v2/heartbeats/"+strings.Repeat("x", 513), ""), 422)
	for _, name := range []string{"%FF", "%00", "x%2F", "ping", "X"} {
		h.want(h.call("GET", "/v2/heartbeats/"+name, ""), 404)
		h.want(h.call("DELETE", "/v2/heartbeats/"+name, ""), 404)
	}
	row, err := state.FindHeartbeat(h.store.tx, "x", "")
	if err != nil || row.Beat.Interval != 1 || row.Beat.Description != "" {
		t.Errorf("%+v %v", row, err)
	}
}
