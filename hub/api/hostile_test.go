package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
	"keng/hub/client"
	"keng/hub/core"
	"keng/raftstore/table"
)

func TestBodiesThatAreNotJSON(t *testing.T) {
	h := newHub(t)
	for _, body := range []string{"{", "message=x", `{"message":"m"} x`, `{"message":"m",}`, "\x00", "\xff\xfe", `{"message":"m"`, strings.Repeat("[", 20_000),
		`{"a":` + strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 50_000), "'m'"} {
		h.want(h.call("POST", "/v2/alerts", body), 400)
	}
	for _, body := range []string{"[]", `"m"`, "17", "true", `[{"message":"m"}]`} {
		if a := h.want(h.call("POST", "/v2/alerts", body), 422); a.wrong("body") == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("POST", "/v2/alerts", "null"), 422) // nothing: no message
}

func TestWrongTypesNameTheirField(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	values := []string{"17", "true", `"x"`, "[]", "{}", "[[]]", `[{"a":1}]`, `[17]`, "1e400", "-0", `{"a":{}}`, `{"a":[]}`}
	fine := map[string]string{ // values that a field takes
		"tags": "[]", "actions": "[]", "responders": `[] {} [{"a":1}] {"a":{}} {"a":[]}`, "details": "{}",
		"message": `"x"`, "alias": `"x"`, "description": `"x"`, "entity": `"x"`, "source": `"x"`, "user": `"x"`, "note": `"x"`,
	}
	for _, field := range []string{"message", "alias", "description", "entity", "source", "user", "note", "priority", "tags", "actions", "details", "responders"} {
		for _, value := range values {
			body := `{"message":"m","` + field + `":` + value + `}` // of two equal keys the later counts
			a := h.call("POST", "/v2/alerts", body)
			if strings.Contains(" "+fine[field]+" ", " "+value+" ") {
				h.want(a, 202)
			} else if a.status != 422 || a.wrong(field) == "" {
				t.Errorf("%s: HTTP %d %s", body, a.status, a.raw)
			}
		}
	}
	for _, field := range []string{"type", "id", "name", "username"} {
		a := h.want(h.call("POST", "/v2/alerts", `{"message":"m","responders":[{},{"`+field+`":17}]}`), 422)
		if a.wrong("responders[1]."+field) == "" {
			t.Errorf("%s: %s", field, a.raw)
		}
	}
	for _, field := range []string{"user", "note", "source"} {
		a := h.want(h.call("POST", "/v2/alerts/x/close", `{"`+field+`":[]}`), 422)
		if a.wrong(field) == "" {
			t.Errorf("%s: %s", field, a.raw)
		}
	}
	d := h.call("GET", "/v2/alerts/"+h.create(`{"message":"m","details":{"n":17,"b":true,"s":"x","none":null}}`), "")
	if got := d.data("details").(map[string]any); len(got) != 3 || got["n"] != "17" || got["b"] != "true" {
		t.Errorf("details: %v", got)
	}
}

// A semicolon is a character like any other, in the query too.
func TestSemicolonsInQueries(t *testing.T) {
	h := newHub(t)
	h.create(`{"message":"m","alias":"a;b","tags":["x;y","z"]}`)
	h.want(h.call("GET", "/v2/alerts/a;b?identifierType=alias&x=1;2", ""), 200)
	if a := h.want(h.call("GET", "/v2/alerts/count?query=tag:x;y", ""), 200); a.data("count") != 1.0 {
		t.Error(a.raw)
	}
	h.want(h.call("DELETE", "/v2/alerts/a;b/tags?identifierType=alias&tags=x;y", ""), 202)
	if a := h.want(h.call("GET", "/v2/alerts/a;b?identifierType=alias", ""), 200); fmt.Sprint(a.data("tags")) != "[z]" {
		t.Error(a.raw)
	}
	h.want(h.call("GET", "/v2/alerts?limit=1;", ""), 422)
}

// What has a name that ends like a calendar's is found by it.
func TestNamesLikeCalendars(t *testing.T) {
	h := newHub(t)
	h.create(`{"message":"m","alias":"foo.ics"}`)
	h.want(h.call("GET", "/v2/alerts/foo.ics?identifierType=alias", ""), 200)
	h.want(h.call("POST", "/v2/heartbeats", `{"name":"back.ics","interval":1,"intervalUnit":"minutes","enabled":true}`), 201)
	for method, body := range map[string]string{"GET": "", "PATCH": `{"interval":2}`} {
		h.want(h.call(method, "/v2/heartbeats/back.ics", body), 200)
	}
	h.want(h.call("DELETE", "/v2/heartbeats/back.ics", ""), 200)
}

// Many small objects take a hundred times their text in memory, and each may have several faults: they are
// refused before they are unpacked, and no reply is larger than the request.
func TestManyObjects(t *testing.T) {
	h := newHub(t)
	for _, one := range []string{`{}`, `{"id":5,"name":5,"username":5,"type":5}`, `null`} {
		a := h.want(h.call("POST", "/v2/alerts", `{"message":"m","responders":[`+strings.Repeat(one+",", 2000)+one+`]}`), 422)
		if a.wrong("responders") == "" || len(a.body["errors"].(map[string]any)) != 1 {
			t.Errorf("%s: %.200s", one, a.raw)
		}
	}
	a := h.want(h.call("POST", "/v2/alerts", `{"message":"m","responders":[`+strings.Repeat(`{"id":5,"name":5,"type":5},`, 1999)+`{}]}`), 422)
	if n := len(a.body["errors"].(map[string]any)); n != 100 {
		t.Errorf("%d faults are told", n)
	}
	h.want(h.call("POST", "/v1/json/zabbix", `{"x":[`+strings.Repeat(`{},`, 500_000)+`{}]}`), 422)
}

func TestHugeAndBrokenIdentifiers(t *testing.T) {
	h := newHub(t)
	for _, id := range []string{strings.Repeat("x", 513), strings.Repeat("/x", 5000)[1:]} {
		h.want(h.call("GET", "/v2/alerts/"+id, ""), 422)
		h.want(h.call("POST", "/v2/alerts/"+id+"/close", ""), 422)
	}
	for _, id := range []string{"%FF%FE", "%00", "%F0%9F%94%94", "x%2F..%2F", "99999999999999999999", "-1", "%25zz"} {
		for _, kind := range []string{"id", "alias", "tiny"} {
			h.want(h.call("GET", "/v2/alerts/"+id+"?identifierType="+kind, ""), 404)
			h.want(h.call("POST", "/v2/alerts/"+id+"/acknowledge?identifierType="+kind, `{"user":"\ud800 \u0000"}`), 202)
		}
	}
	h.want(h.call("GET", "/v2/alerts/x?identifierType=name", ""), 422)
	h.want(h.call("GET", "/v2/alerts?query=%FF", ""), 422)
	for _, broken := range []string{"query=%zz", "limit=%zz", "x=1&%"} { // passed over, it would be another call than the one that was meant
		h.want(h.call("DELETE", "/v2/alerts/x?"+broken, ""), 400)
		h.want(h.call("GET", "/v2/alerts?"+broken, ""), 400)
	}
	h.want(h.call("GET", "/v2/alerts?&&&=", ""), 200)
	h.lenient = true
	d := h.call("GET", "/v2/alerts/"+h.create("{\"message\":\"a\xff\xfeb\",\"alias\":\"\\u0000\\ud800\",\"details\":{\"\xff\":\"\xff\"}}"), "")
	if d.data("message") != "a\ufffd\ufffdb" {
		t.Errorf("bad UTF-8 in the message became %q", d.data("message"))
	}
}

// A broken escape in the path never reaches the handler: net/http refuses it. It is sent
// here over a connection, with the limits that a server has.
func TestServerRefusesWhatIsTooLargeOrBroken(t *testing.T) {
	h := newHub(t)
	s := httptest.NewUnstartedServer(nil)
	s.Config = api.Server("", h.api, slog.New(slog.DiscardHandler))
	s.Start()
	defer s.Close()
	raw := func(request string) int {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go io.WriteString(conn, request)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	head := " HTTP/1.1\r\nHost: x\r\nAuthorization: GenieKey " + fullKey + "\r\n"
	for request, want := range map[string]int{
		"GET /v2/alerts/%zz" + head + "\r\n":                                                       400,
		"GET /v2/alerts/%" + head + "\r\n":                                                         400,
		"GET /v2/alerts" + head + "X-Long: " + strings.Repeat("x", 128<<10) + "\r\n\r\n":           431,
		"POST /v2/alerts" + head + "Content-Length: 17\r\n\r\n{\"message\":\"m\"}  ":               202,
		"POST /v2/alerts" + head + "Content-Length: 10485760\r\n\r\n" + strings.Repeat("x", 2<<20): 413,
		"POST /v2/alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}        ":              401,
		"GET http://evil.example/v2/alerts" + head + "\r\n":                                        200,
		"GET //v2/alerts" + head + "\r\n":                                                          404,
		"POST /v2/alerts" + head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"mes\r\n0\r\n\r\n":    400,
		"POST /v2/alerts" + head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n":                      400,
	} {
		if got := raw(request); got != want {
			t.Errorf("%.60q: HTTP %d, want %d", request, got, want)
		}
	}
}

func TestLargeBody(t *testing.T) {
	h := newHub(t)
	a := h.want(h.call("POST", "/v2/alerts", `{"message":"`+strings.Repeat("x", 10<<20)+`"}`), 413)
	if !strings.Contains(a.body["message"].(string), "1 MiB") {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("POST", "/v2/alerts/x/close", strings.Repeat(" ", api.BodyMax+1)), 413)
	h.lenient = true
	h.want(h.call("POST", "/v2/alerts", `{"message":"m","unknown":"`+strings.Repeat("x", api.BodyMax-50)+`"}`), 202)
}

// A command whose outcome is not known is tried again with the same identity.
func TestUnknownOutcomeIsTriedAgainAndDoneOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		times := 0
		h.store.fault = func(done bool) error {
			if times++; times < 7 && done || times == 1 {
				return &core.Error{Kind: core.Unavailable, Words: "the outcome is not known"}
			}
			return nil
		}
		id := h.create(`{"message":"m","alias":"x"}`)
		h.store.fault = nil
		if d := h.call("GET", "/v2/alerts/"+id, ""); d.data("count") != 1.0 {
			t.Errorf("done more than once: %s", d.raw)
		}
	})
}

func TestNoLeaderIs503AfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		h.store.fault = func(bool) error { return &core.Error{Kind: core.Unavailable, Words: "there is no leader"} }
		begun := time.Now()
		a := h.want(h.call("POST", "/v2/alerts", `{"message":"m"}`), 503)
		if took := time.Since(begun); took != api.CommandTimeout {
			t.Errorf("given up after %v", took)
		}
		if a.header.Get("Retry-After") == "" || a.body["message"] != "there is no leader" {
			t.Errorf("%s", a.raw)
		}
		h.store.fault = func(bool) error { return context.DeadlineExceeded }
		h.want(h.call("POST", "/v2/alerts", `{"message":"m"}`), 503)
	})
}

// A token is no command of the API's own, and is waited for no longer than one.
func TestNoTokenIs503AfterTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, func(o *api.Options) {
			o.MakeToken = func(ctx context.Context, _ api.TokenSpec) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}
		})
		begun := time.Now()
		h.want(h.call("POST", "/keng/v1/tokens", `{}`), 503)
		if took := time.Since(begun); took != api.CommandTimeout {
			t.Errorf("given up after %v", took)
		}
	})
}

// brokenStore fails or panics at every view.
type brokenStore struct {
	*memStore
	err error
}

func (b brokenStore) View(context.Context, bool, func(table.Reader) error) error {
	if b.err == nil {
		panic("planted")
	}
	return b.err
}

// What fails inside is 500, and its words stay inside. Every kind of error comes back in
// the client as the kind that it was.
func TestKindsOfErrorGoThereAndBack(t *testing.T) {
	for _, test := range []struct {
		err  error
		kind core.Kind
	}{
		{nil, core.Internal}, // a panic
		{errors.New("secret words"), core.Internal},
		{&core.Error{Kind: core.Internal, Words: "secret words"}, core.Internal},
		{&core.Error{Kind: core.Unacceptable, Words: "w", Fields: map[string]string{"f": "why"}}, core.Unacceptable},
		{&core.Error{Kind: core.Conflict, Words: "w"}, core.Conflict},
		{&core.Error{Kind: core.InUse, Words: "w"}, core.InUse},
		{&core.Error{Kind: core.Forbidden, Words: "w"}, core.Forbidden},
		{&core.Error{Kind: core.Unavailable, Words: "w"}, core.Unavailable},
	} {
		h := newHub(t)
		a, err := api.New(api.Options{Store: brokenStore{h.store, test.err}, Logger: slog.New(slog.DiscardHandler),
			MakeToken: func(context.Context, api.TokenSpec) (string, error) { return "", nil }, HeardPing: func(context.Context, string, core.TeamID) {}})
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(a)
		defer s.Close()
		c, err := client.New(s.URL, fullKey)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Peers(t.Context())
		e, ok := errors.AsType[*core.Error](err)
		if !ok || e.Kind != test.kind || strings.Contains(e.Error(), "secret") || test.kind == core.Unacceptable && e.Fields["f"] != "why" {
			t.Errorf("%v came back as %v", test.err, err)
		}
	}
}

func FuzzCreateAlert(f *testing.F) {
	for _, seed := range []string{`{"message":"m"}`, `{"message":"m","details":{"a":1},"tags":["x"],"responders":[{"type":"team","name":"x"}]}`, "{", `{"message":null}`, "[]",
		`{"message":"ế","priority":"P1","alias":"a/b"}`} {
		f.Add(seed)
	}
	h := newHub(f)
	h.lenient = true
	f.Fuzz(func(t *testing.T, body string) {
		h.t = t
		if a := h.call("POST", "/v2/alerts", body); a.status >= 500 {
			t.Errorf("HTTP %d", a.status)
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("status: open AND tag: x", "0", "20", "desc", "x")
	f.Add(`alias: "a b"`, "-1", "x", "asc", "a/b/close")
	h := newHub(f)
	h.lenient = true
	h.create(`{"message":"m","alias":"a b","tags":["x"]}`)
	f.Fuzz(func(t *testing.T, query, offset, limit, order, id string) {
		h.t = t
		q := url.Values{"query": {query}, "offset": {offset}, "limit": {limit}, "order": {order}}.Encode()
		for _, target := range []string{"/v2/alerts?" + q, "/v2/alerts/" + url.PathEscape(id) + "/logs?" + q, "/keng/v1/alerts/" + url.PathEscape(id) + "/deliveries?identifierType=alias"} {
			if a := h.call("GET", target, ""); a.status >= 500 {
				t.Errorf("%s: HTTP %d", target, a.status)
			}
		}
	})
}

// Bodies of the configuration: whatever comes, the hub does not fail, and what it takes it
// can tell again.
func FuzzConfigure(f *testing.F) {
	for i, seed := range []string{
		`{"username":"a@b","fullName":"x","role":{"name":"User"},"details":{"k":["v"]},"userAddress":{"city":"Huế"}}`,
		`{"method":"voice","to":"84-901234567","user":"lan@example.vn","token":"t"}`,
		`{"name":"r","actionType":"create-alert","criteria":{"type":"match-all-conditions","conditions":[{"field":"tags","operation":"contains","expectedValue":"x"}]},"steps":[{"contact":{"method":"mobile"},"sendAfter":{"timeAmount":1}}]}`,
		`{"name":"t","members":[{"user":{"username":"lan@example.vn"},"role":"admin"}]}`,
		`{"name":"s","timezone":"Asia/Ho_Chi_Minh","notify":{"type":"none"},"order":1,"rotations":[{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"none"}],"timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"endHour":20}}}]}`,
		`{"name":"e","rules":[{"condition":"if-not-acked","delay":{"timeAmount":5},"recipient":{"type":"user","username":"lan@example.vn"}}]}`,
	} {
		f.Add(uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		h := newHub(t)
		h.lenient = true
		const lan = "/v2/users/lan@example.vn"
		paths := []string{"/v2/users", lan + "/contacts", lan + "/notification-rules", "/v2/teams", "/v2/schedules", "/v2/escalations", "/keng/v1/devices",
			"/v2/teams/" + string(h.team) + "/routing-rules", "/v2/teams/" + string(h.team) + "/members"}
		path := paths[int(which)%len(paths)]
		a := h.call("POST", path, body)
		id, _ := a.data("id").(string)
		if a.status != 201 || strings.HasSuffix(path, "/members") {
			return
		}
		h.want(h.call("GET", path+"/"+id, ""), 200)
		if path != "/keng/v1/devices" {
			h.call("PATCH", path+"/"+id, body)
		}
		h.create(`{"message":"m","responders":[{"type":"team","name":"Mạng"},{"type":"user","username":"lan@example.vn"}]}`)
	})
}
