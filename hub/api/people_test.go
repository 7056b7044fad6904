package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/state"
)

// made makes a thing and returns its id.
func (h *hub) made(path, body string) string {
	h.t.Helper()
	return h.want(h.call("POST", path, body), 201).data("id").(string)
}

// pagesOf returns the deliveries of an alert as "kind address: why".
func (h *hub) pagesOf(alert string) []string {
	var out []string
	for _, d := range state.DeliveriesOf(h.store.tx, core.AlertID(alert)) {
		out = append(out, fmt.Sprintf("%s %s: %s", d.Kind, d.Address, d.Why))
	}
	return out
}

// A cluster is configured by HTTP alone, an alert comes, and the right page stands in
// the outbox with the right reason.
func TestStoryFromNothingToAPage(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"An@example.vn","fullName":"Nguyễn Văn An","role":{"name":"User"},"timeZone":"Asia/Ho_Chi_Minh","locale":"vi_VN"}`)
	h.made("/v2/users", `{"username":"binh@example.vn","fullName":"Trần Thị Bình","role":{"id":"Admin"},"locale":"en_US"}`)
	h.made("/keng/v1/devices", `{"user":"an@example.vn","token":"token-of-an","name":"Galaxy"}`)
	h.made("/v2/users/an@example.vn/contacts", `{"method":"voice","to":"84-901234567"}`)
	h.made("/v2/users/an@example.vn/notification-rules", `{"name":"Mine","actionType":"create-alert","enabled":true,"steps":[
		{"contact":{"method":"mobile","to":"Galaxy"},"sendAfter":{"timeAmount":0},"enabled":true},
		{"contact":{"method":"voice","to":"84-901234567"},"sendAfter":{"timeAmount":3,"timeUnit":"minutes"},"enabled":true}]}`)
	h.made("/v2/teams", `{"name":"it","members":[{"user":{"username":"an@example.vn"},"role":"admin"},{"user":{"username":"binh@example.vn"}}]}`)
	h.made("/v2/schedules", `{"name":"it-rota","timezone":"Asia/Ho_Chi_Minh","ownerTeam":{"name":"it"},"rotations":[
		{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","username":"an@example.vn"}]}]}`)
	h.made("/v2/escalations", `{"name":"it-up","ownerTeam":{"name":"it"},"rules":[
		{"condition":"if-not-acked","notifyType":"default","delay":{"timeAmount":0},"recipient":{"type":"schedule","name":"it-rota"}},
		{"condition":"if-not-acked","notifyType":"default","delay":{"timeAmount":5},"recipient":{"type":"user","username":"binh@example.vn"}}]}`)
	h.made("/v2/teams/it/routing-rules?teamIdentifierType=name", `{"name":"all","criteria":{"type":"match-all"},"notify":{"type":"escalation","name":"it-up"}}`)

	id := h.create(`{"message":"Wi-Fi is down","responders":[{"type":"team","name":"it"}]}`)
	want := "push token-of-an: team it, step 1 of escalation it-up, on call in schedule it-rota"
	if got := h.pagesOf(id); len(got) != 1 || got[0] != want {
		t.Fatalf("pages %q, want %q", got, want)
	}
	var later []string
	for d := range state.Deadlines.All(h.store.tx) {
		if d.Kind == state.ScheduleLook {
			continue // of the schedules, not of the alert
		}
		if d.Kind != state.DeliveryOverdue && d.Kind != state.RetentionDue {
			later = append(later, fmt.Sprint(d.Kind, d.At.Sub(h.store.now).Truncate(time.Minute)))
		}
	}
	if fmt.Sprint(later) != "[2 3m0s 1 5m0s]" {
		t.Errorf("planned: %v", later)
	}
	list := h.want(h.call("GET", "/keng/v1/alerts/"+id+"/deliveries", ""), 200).list()
	if len(list) != 1 || list[0]["kind"] != "push" {
		t.Errorf("deliveries: %v", list)
	}
	if on := h.want(h.call("GET", "/v2/schedules/it-rota/on-calls?scheduleIdentifierType=name&flat=true&date=2026-11-25T21:00:00%2B07:00", ""), 200); fmt.Sprint(on.data("onCallRecipients")) != "[an@example.vn]" {
		t.Errorf("%s", on.raw)
	}
}

// People are made, changed, found by the search language, and deleted. Rule ogapi-5.users.list.
func TestUsers(t *testing.T) {
	h := newHub(t)
	id := h.made("/v2/users", `{"username":"Huong@Example.vn","fullName":"Hương","role":{"id":"","name":"admin"},"skypeUsername":"huong","timeZone":"Europe/Berlin","locale":"en_US",
		"userAddress":{"country":"VN","state":"","city":"Huế","line":"1 Lê Lợi","zipCode":"49000"},"tags":["a","b"],"details":{"k":["v","w"],"s":["x"]},"invitationDisabled":"true"}`)
	u := h.want(h.call("GET", "/v2/users/huong@example.vn?expand=contact", ""), 200)
	for name, want := range map[string]string{"id": id, "username": "huong@example.vn", "fullName": "Hương", "role": "map[id:Admin name:Admin]", "skypeUsername": "huong",
		"timeZone": "Europe/Berlin", "locale": "en_US", "userAddress": "map[city:Huế country:VN line:1 Lê Lợi state: zipCode:49000]", "tags": "[a b]", "details": "map[k:[v w] s:[x]]", "blocked": "false"} {
		if got := fmt.Sprint(u.data(name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	contacts := u.data("userContacts").([]any)
	if len(contacts) != 1 || contacts[0].(map[string]any)["contactMethod"] != "email" || contacts[0].(map[string]any)["to"] != "huong@example.vn" {
		t.Errorf("contacts: %v", contacts)
	}
	rules := h.want(h.call("GET", "/v2/users/HUONG@example.vn/notification-rules", ""), 200).list()
	if len(rules) != 1 || rules[0]["actionType"] != "create-alert" || rules[0]["enabled"] != true || rules[0]["bool"] != true {
		t.Errorf("rules: %v", rules)
	}
	h.lenient = true // empty strings and Go-cased keys
	h.want(h.call("PATCH", "/v2/users/"+id, `{"username":"","fullName":"Hương Lan","Identifier":"x","FullName":"no","tags":[]}`), 200)
	h.lenient = false
	u = h.want(h.call("GET", "/v2/users/"+id, ""), 200)
	if u.data("fullName") != "Hương Lan" || u.data("username") != "huong@example.vn" || fmt.Sprint(u.data("tags")) != "[]" || fmt.Sprint(u.data("details")) != "map[k:[v w] s:[x]]" || u.data("userContacts") != nil {
		t.Errorf("%s", u.raw)
	}
	h.want(h.call("POST", "/v2/users", `{"username":"HUONG@example.vn","fullName":"x"}`), 409)
	h.want(h.call("PATCH", "/v2/users/"+id, `{"username":"lan@example.vn"}`), 409)
	for body, field := range map[string]string{
		`{"username":"x@y","fullName":"x","role":{"name":"King"}}`: "role", `{"username":"nobody","fullName":"x"}`: "username", `{"fullName":"x"}`: "username",
		`{"username":"x@y"}`: "fullName", `{"username":"x@y","fullName":"x","timeZone":"Mars/North"}`: "timeZone", `{"username":"x@y","fullName":"x","details":5}`: "details",
		`{"username":"x@y","fullName":"` + strings.Repeat("x", 513) + `"}`: "fullName",
	} {
		if a := h.want(h.call("POST", "/v2/users", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	list := h.want(h.call("GET", "/v2/users/?limit=1&order=desc", ""), 200)
	if len(list.list()) != 1 || list.list()[0]["username"] != "lan@example.vn" || list.body["totalCount"] != 2.0 {
		t.Errorf("%s", list.raw)
	}
	next := list.body["paging"].(map[string]any)["next"].(string)
	if rest := h.want(h.call("GET", next, ""), 200).list(); len(rest) != 1 || rest[0]["username"] != "huong@example.vn" {
		t.Errorf("%v", rest)
	}
	for query, n := range map[string]int{"hương": 1, "username: lan*": 1, "role:Admin": 1, "zzz": 0, "huong": 1, "username: lan* OR role: Admin": 2, "NOT blocked: false": 0} {
		if got := h.want(h.send(newRequest("GET", "/v2/users?query="+strings.NewReplacer(" ", "%20", "ư", "%C6%B0", "ơ", "%C6%A1").Replace(query), "")), 200).list(); len(got) != n {
			t.Errorf("query %s: %v", query, got)
		}
	}
	for wrong, field := range map[string]string{"query=unknown:1": "query", "query=role:(": "query", "sort=shoeSize": "sort", "order=up": "order"} {
		if a := h.call("GET", "/v2/users?"+wrong, ""); a.status != 422 || a.wrong(field) == "" {
			t.Errorf("%s: HTTP %d %s", wrong, a.status, a.raw)
		}
	}
	h.want(h.call("DELETE", "/v2/users/"+id, ""), 200)
	h.want(h.call("GET", "/v2/users/"+id, ""), 404)
	h.want(h.call("PATCH", "/v2/users/"+id, `{}`), 404)
	h.want(h.call("DELETE", "/v2/users/"+id, ""), 404)
}

// A person has one row: what would not fit into it is refused, and harms nothing.
func TestTooMuchForOnePersonIsRefused(t *testing.T) {
	h := newHub(t)
	body := `{"details":{"k":["` + strings.Repeat("x", 600<<10) + `"]}}`
	if a := h.want(h.call("PATCH", "/v2/users/lan@example.vn", body), 422); a.wrong("body") == "" {
		t.Errorf("%.200s", a.raw)
	}
	if u := h.want(h.call("GET", "/v2/users/lan@example.vn", ""), 200); fmt.Sprint(u.data("details")) != "map[]" {
		t.Errorf("%.200s", u.raw)
	}
}

func TestUserWhoIsNeededIsNotDeleted(t *testing.T) {
	h := newHub(t)
	h.made("/v2/teams", `{"name":"it","members":[{"user":{"id":"`+string(h.user)+`"}}]}`)
	h.made("/v2/escalations", `{"name":"up","rules":[{"condition":"if-not-acked","recipient":{"type":"user","username":"lan@example.vn"}}]}`)
	a := h.want(h.call("DELETE", "/v2/users/lan@example.vn", ""), http.StatusPreconditionRequired)
	for _, name := range []string{"team [it]", "schedule [it_schedule]", "escalation [up]"} {
		if !strings.Contains(a.raw, name) {
			t.Errorf("%s is not named: %s", name, a.raw)
		}
	}
	for path, name := range map[string]string{"teams": "it", "schedules": "it_schedule", "escalations": "up"} {
		if list := h.want(h.call("GET", "/v2/users/lan@example.vn/"+path, ""), 200).list(); len(list) != 1 || list[0]["name"] != name {
			t.Errorf("%s: %v", path, list)
		}
	}
	h.want(h.call("DELETE", "/v2/escalations/up?identifierType=name", ""), 200)
	h.want(h.call("DELETE", "/v2/teams/it?identifierType=name", ""), 200)
	h.want(h.call("DELETE", "/v2/users/lan@example.vn", ""), 200)
}

// A number as one writes it in Vietnam is dialled with the country's code.
func TestContactsOfVietnam(t *testing.T) {
	h := newHub(t)
	for _, method := range []string{"sms", "voice"} {
		for to, dialled := range map[string]string{"0901234567": "+84901234567", "090 765 43.21": "+84907654321", "02438251234": "+842438251234"} {
			id := h.made("/v2/users/lan@example.vn/contacts", `{"method":"`+method+`","to":"`+to+`"}`)
			u, _ := state.FindUser(h.store.tx, "lan@example.vn")
			if k, _ := u.Contact(core.ContactID(id)); k.Address != dialled || k.Given != to {
				t.Errorf("%s is dialled as %s, want %s", to, k.Address, dialled)
			}
		}
	}
}

func TestContacts(t *testing.T) {
	h := newHub(t)
	const path = "/v2/users/lan@example.vn/contacts"
	for to, dialled := range map[string]string{"84-901234567": "+84901234567", "+84 90 123 4568": "+84901234568", "84-0901234569": "+84901234569", "1-5551234567": "+15551234567"} {
		id := h.made(path, `{"method":"voice","to":"`+to+`"}`)
		if got := h.want(h.call("GET", path+"/"+id, ""), 200); got.data("to") != to || got.data("method") != "voice" {
			t.Errorf("%s", got.raw)
		}
		u, _ := state.FindUser(h.store.tx, "lan@example.vn")
		if k, _ := u.Contact(core.ContactID(id)); k.Address != dialled {
			t.Errorf("%s is dialled as %s, want %s", to, k.Address, dialled)
		}
	}
	h.made(path, `{"method":"voice","to":"sip:lan@192.0.2.7:5060;transport=tcp"}`)
	h.made(path, `{"method":"sms","to":"84-901234567"}`)
	h.made(path, `{"method":"mobile","to":"token-9"}`)
	mail := h.made(path, `{"method":"email","to":"lan@home.vn"}`)
	h.want(h.call("POST", path, `{"method":"email","to":"lan@home.vn"}`), 409)
	h.want(h.call("POST", path, `{"method":"voice","to":"+84901234567"}`), 409)
	for body, field := range map[string]string{`{"method":"fax","to":"1"}`: "method", `{"to":"x@y"}`: "method", `{"method":"email"}`: "to", `{"method":"email","to":"x"}`: "to",
		`{"method":"voice","to":"00901234567"}`: "to", `{"method":"email","to":"lân@home.vn"}`: "to", `{"method":"sms","to":"sip:a@b"}`: "to", `{"method":"voice","to":"84-90x"}`: "to", `{"method":"sms","to":"84-9012345678901234"}`: "to"} {
		if a := h.want(h.call("POST", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	list := h.want(h.call("GET", path, ""), 200)
	if n := len(list.list()); n != 9 || list.list()[8]["applyOrder"] != 8.0 || strings.Contains(list.raw, "token-1") || strings.Contains(list.raw, "token-9") {
		t.Errorf("%d contacts: %s", n, list.raw)
	}
	h.want(h.call("PATCH", path+"/"+mail, `{"to":"lan@office.vn"}`), 200)
	h.want(h.call("PATCH", path+"/"+mail, `{"to":"nowhere"}`), 422)
	h.want(h.call("POST", path+"/"+mail+"/disable", ""), 200)
	got := h.want(h.call("GET", path+"/"+mail, ""), 200)
	if status := got.data("status").(map[string]any); got.data("to") != "lan@office.vn" || status["enabled"] != false || status["disabledReason"] == "" {
		t.Errorf("%s", got.raw)
	}
	h.want(h.call("POST", path+"/"+mail+"/enable", `{}`), 200)
	if got := h.call("GET", path+"/"+mail, ""); got.data("status").(map[string]any)["enabled"] != true {
		t.Errorf("%s", got.raw)
	}
	rule := h.made("/v2/users/lan@example.vn/notification-rules", `{"name":"by mail","actionType":"create-alert","steps":[{"contact":{"method":"email","to":"lan@office.vn"}}]}`)
	if a := h.want(h.call("DELETE", path+"/"+mail, ""), 428); !strings.Contains(a.raw, "by mail") {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("DELETE", "/v2/users/lan@example.vn/notification-rules/"+rule, ""), 200)
	h.want(h.call("DELETE", path+"/"+mail, ""), 200)
	h.want(h.call("GET", path+"/"+mail, ""), 404)
	h.want(h.call("PATCH", path+"/"+mail, `{"to":"a@b"}`), 404)
	h.want(h.call("GET", "/v2/users/ghost/contacts", ""), 404)
}

func TestDevices(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"an@example.vn","fullName":"An"}`)
	h.made("/v2/users", `{"username":"binh@example.vn","fullName":"Bình"}`)
	first := h.want(h.call("POST", "/keng/v1/devices", `{"user":"an@example.vn","token":"t1","name":"Galaxy","language":"en"}`), 201)
	second := h.made("/keng/v1/devices", `{"user":"an@example.vn","token":"t2","name":"Galaxy"}`)
	if first.data("language") != "en" || strings.Contains(first.raw, "t1") {
		t.Errorf("%s", first.raw)
	}
	if d := h.want(h.call("GET", "/keng/v1/devices/"+second, ""), 200); d.data("name") != "Galaxy (2)" || d.data("user").(map[string]any)["username"] != "an@example.vn" {
		t.Errorf("%s", d.raw)
	}
	id := h.create(`{"message":"m","responders":[{"type":"user","username":"an@example.vn"}]}`)
	if got := fmt.Sprint(h.pagesOf(id)); !strings.Contains(got, "push t1") || !strings.Contains(got, "push t2") || !strings.Contains(got, "email an@example.vn") {
		t.Errorf("the first rule does not reach the devices: %s", got)
	}
	for _, d := range state.DeliveriesOf(h.store.tx, core.AlertID(id)) {
		if d.Address == "t1" && d.Language != "en" {
			t.Errorf("the device is shown %s", d.Language)
		}
	}
	again := h.made("/keng/v1/devices", `{"user":"an@example.vn","token":"t1","name":"Pixel"}`)
	if again != first.data("id") {
		t.Error("the same device of the same person is another one")
	}
	moved := h.made("/keng/v1/devices", `{"user":"binh@example.vn","token":"t1","name":"Pixel"}`)
	h.want(h.call("GET", "/keng/v1/devices/"+again, ""), 404)
	if list := h.call("GET", "/v2/users/an@example.vn/contacts", "").list(); len(list) != 2 {
		t.Errorf("the former owner has %v", list)
	}
	if list := h.want(h.call("GET", "/keng/v1/devices", ""), 200).list(); len(list) != 2 {
		t.Errorf("devices: %v", list)
	}
	h.want(h.call("DELETE", "/keng/v1/devices/"+moved, ""), 200)
	h.want(h.call("DELETE", "/keng/v1/devices/"+moved, ""), 404)
	if list := h.call("GET", "/v2/users/binh@example.vn/contacts", "").list(); len(list) != 1 {
		t.Errorf("a device that is gone is still a contact: %v", list)
	}
	h.want(h.call("POST", "/keng/v1/devices", `{"user":"ghost","token":"t"}`), 404)
	for body, field := range map[string]string{`{"token":"t"}`: "user", `{"user":"an@example.vn"}`: "token", `{"user":"an@example.vn","token":"t","language":"fr"}`: "language"} {
		if a := h.want(h.call("POST", "/keng/v1/devices", body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}

// What is deleted while a page by it is planned is left out; the escalation goes on.
func TestContactDeletedWhileItIsPlanned(t *testing.T) {
	h := newHub(t)
	h.made("/v2/users", `{"username":"an@example.vn","fullName":"An"}`)
	voice := h.made("/v2/users/an@example.vn/contacts", `{"method":"voice","to":"84-901234567"}`)
	rule := h.made("/v2/users/an@example.vn/notification-rules", `{"name":"late","actionType":"create-alert","steps":[{"contact":{"method":"voice"},"sendAfter":{"timeAmount":3}}]}`)
	h.made("/v2/escalations", `{"name":"up","rules":[{"condition":"if-not-acked","recipient":{"type":"user","username":"an@example.vn"}},
		{"condition":"if-not-acked","delay":{"timeAmount":60},"recipient":{"type":"user","username":"lan@example.vn"}}]}`)
	id := h.create(`{"message":"m","responders":[{"type":"escalation","name":"up"}]}`)
	h.want(h.call("DELETE", "/v2/users/an@example.vn/notification-rules/"+rule, ""), 200)
	h.want(h.call("DELETE", "/v2/users/an@example.vn/contacts/"+voice, ""), 200)
	if got := h.pagesOf(id); len(got) != 0 {
		t.Fatalf("paged before the time: %v", got)
	}
	h.store.now = h.store.now.Add(3 * time.Minute)
	must(state.Do(t.Context(), h.store, core.Seed{77}, state.DoDue{}))
	if got := h.pagesOf(id); len(got) != 1 || !strings.Contains(got[0], "push token-1: step 2 of escalation up") {
		t.Errorf("pages: %v", got)
	}
}
