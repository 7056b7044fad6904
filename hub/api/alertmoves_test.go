package api_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/state"
	"keng/raftstore/table"
)

// moved is one operation that changes an alert: what is sent, what must be so after it, and
// what is wrong with what else may be sent.
type moved struct {
	name           string
	method, suffix string
	first          string // a POST before it, as "/acknowledge"
	// say is what the body says besides who asks and a note; of a DELETE, the query.
	say            string
	action, status string
	field, want    string            // of the alert: what the field contains after it
	log            string            // what a line of the log contains after it
	wrong          map[string]string // what is said instead, and the field that is blamed
}

const (
	movedAlias = "ngõ 5/nhà 3"
	movedPath  = "ng%C3%B5%205/nh%C3%A0%203" // as the Go client sends it: slashes are not escaped
)

func tooLong(n int) string { return strings.Repeat("ế", n+1) }

var allMoved = []moved{
	{"delete", "DELETE", "", "", "", "Delete", "Deleted alert", "", "", "", nil},
	{"unacknowledge", "POST", "/unacknowledge", "/acknowledge", "", "UnAcknowledge", "Unacknowledged alert", "acknowledged", "false", "taken back", nil},
	{"unacknowledge after a snooze", "POST", "/unacknowledge", "/snooze", "", "UnAcknowledge", "Unacknowledged alert", "snoozed", "false", "taken back", nil},
	{"snooze", "POST", "/snooze", "", `"endTime":"2026-11-25T23:00:00+07:00"`, "Snooze", "Snoozed alert", "snoozedUntil", "2026-11-25T16:00:00.000Z", "snoozed until", map[string]string{
		``: "endTime", `"EndTime":"2026-11-25T23:00:00+07:00"`: "endTime", `"endTime":""`: "endTime", `"endTime":"soon"`: "endTime", `"endTime":1764082800`: "endTime",
		`"endTime":"2026-11-25T13:59:59Z"`: "endTime", `"endTime":"2028-01-01T00:00:00Z"`: "endTime"}},
	{"escalate", "POST", "/escalate", "", `"escalation":{"name":"later"}`, "Escalate", "Escalated alert", "responders", "type:escalation", "escalated to later", map[string]string{
		``: "escalation", `"escalation":{}`: "escalation", `"escalation":{"id":"","name":""}`: "escalation", `"escalation":"later"`: "escalation", `"escalation":{"name":7}`: "escalation.name"}},
	{"assign", "POST", "/assign", "", `"owner":{"username":"lan@example.vn"}`, "AssignOwnership", "Assigned alert", "owner", "lan@example.vn", "assigned to lan@example.vn", map[string]string{
		``: "owner", `"owner":{"id":""}`: "owner", `"owner":["lan"]`: "owner", `"owner":{"username":true}`: "owner.username"}},
	{"add team", "POST", "/teams", "", `"team":{"id":"","name":"Mạng"}`, "AddTeam", "Added team to alert", "responders", "type:team", "Team added: Mạng", map[string]string{
		``: "team", `"team":{}`: "team", `"team":{"Name":"Mạng"}`: "team", `"team":17`: "team", `"team":{"id":[]}`: "team.id"}},
	{"add responder", "POST", "/responders", "", `"responder":{"type":"user","username":"lan@example.vn"}`, "AddResponder", "Added responder to alert", "responders", "type:user", "Responder added: lan@example.vn",
		map[string]string{``: "responder", `"responder":{}`: "responder", `"responder":{"type":"none"}`: "responder", `"responder":"lan"`: "responder",
			`"responder":{"username":"lan@example.vn"}`: "responder.type", `"responder":{"type":"all","name":"x"}`: "responder.type", `"responder":{"type":"team"}`: "responder.id"}},
	{"custom action", "POST", "/actions/restart%20now", "", "", "restart now", "Executed action of alert", "actions", "restart now", "Action executed: restart now", nil},
	{"add note", "POST", "/notes", "", "", "AddNote", "Added note to alert", "", "", "Note: vì sao", map[string]string{`"note":""`: "note", `"note":17`: "note", `"note":"` + tooLong(alert.NoteMax) + `"`: "note"}},
	{"add tags", "POST", "/tags", "", `"tags":["wifi"," core ","old",""]`, "AddTags", "Added tags to alert", "tags", "[old core/2 wifi core]", "Tags added: wifi, core", map[string]string{
		``: "tags", `"tags":[]`: "tags", `"tags":[""," "]`: "tags", `"tags":"wifi"`: "tags", `"tags":[7]`: "tags", `"tags":["` + tooLong(alert.TagMax) + `"]`: "tags",
		`"tags":[` + strings.Repeat(`"t",`, alert.TagsMax) + `"t"]`: "tags"}},
	{"remove tags", "DELETE", "/tags", "", "tags=old%2C%20none", "RemoveTags", "Removed tags from alert", "tags", "[core/2]", "Tags removed: old", map[string]string{``: "tags", "tags=": "tags", "tags=,%20,": "tags", "keys=old": "tags"}},
	{"remove tags one by one", "DELETE", "/tags", "", "tags=old&tags=core/2", "RemoveTags", "Removed tags from alert", "tags", "[]", "Tags removed: old, core/2", nil},
	{"add details", "POST", "/details", "", `"details":{"site":"branch-3","old":2,"ok":true}`, "AddDetails", "Added details to alert", "details", "map[ok:true old:2 site:branch-3]", "Details added: ok, old, site",
		map[string]string{``: "details", `"details":{}`: "details", `"details":{"a":null}`: "details", `"details":["a"]`: "details", `"details":{"a":{}}`: "details",
			`"details":{"k":"` + tooLong(alert.DetailsMax) + `"}`: "details"}},
	{"remove details", "DELETE", "/details", "", "keys=old,none", "RemoveDetails", "Removed details from alert", "details", "map[]", "Details removed: old", map[string]string{``: "keys", "keys=": "keys", "tags=old": "keys"}},
	{"message", "PUT", "/message", "", `"message":"mới"`, "UpdateMessage", "Updated message of alert", "message", "mới", `from "m" to "mới"`, map[string]string{
		``: "message", `"message":""`: "message", `"Message":"x"`: "message", `"message":{}`: "message", `"message":"` + tooLong(alert.MessageMax) + `"`: "message"}},
	{"description", "PUT", "/description", "", `"description":"dài"`, "UpdateDescription", "Updated description of alert", "description", "dài", "Description changed", map[string]string{
		``: "description", `"description":null`: "description", `"description":1`: "description", `"description":"` + tooLong(alert.DescriptionMax) + `"`: "description"}},
	{"priority", "PUT", "/priority", "", `"priority":"P5"`, "UpdatePriority", "Updated priority of alert", "priority", "P5", "from P3 to P5", map[string]string{
		``: "priority", `"priority":""`: "priority", `"priority":"P6"`: "priority", `"priority":"p1"`: "priority", `"priority":1`: "priority"}},
}

// newMovedHub returns a hub with an escalation and an alert, and the alert's id.
func newMovedHub(t *testing.T) (*hub, string) {
	h := newHub(t)
	must(state.Do(t.Context(), h.store, core.Seed{5}, state.PutEscalation{Policy: escalate.Policy{Name: "later", Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Delay: time.Hour, Recipient: alert.Responder{Kind: alert.User, ID: string(h.user)}}}}}))
	h.create(`{"message":"another one"}`)
	return h, h.create(fmt.Sprintf(`{"message":"m","alias":%q,"description":"d","tags":["old","core/2"],"details":{"old":"1"},"actions":["restart now"]}`, movedAlias))
}

// send makes the request. What is said is put beside the user minh and a note.
func (m moved) send(h *hub, path, kind, say string) answer {
	h.t.Helper()
	target := path + m.suffix + "?identifierType=" + kind
	if m.method == "DELETE" {
		return h.call(m.method, target+"&user=minh&note="+url.QueryEscape("vì sao")+"&"+say, "")
	}
	if say != "" {
		say = "," + say
	}
	return h.call(m.method, target, `{"user":"minh","note":"vì sao"`+say+`}`)
}

// fate returns the status of the request of a write.
func (h *hub) fate(a answer) answer {
	h.t.Helper()
	h.want(a, 202)
	return h.want(h.call("GET", "/v2/alerts/requests/"+a.header.Get("X-Request-Id"), ""), 200)
}

// Each operation, by each sort of identifier.
//
// Rules ogapi-1.async.acknowledged, ogapi-3.status.both, ogapi-9.client.delete-query.
func TestEveryChangeOfAnAlert(t *testing.T) {
	for _, m := range allMoved {
		for _, kind := range []string{"id", "alias", "tiny"} {
			t.Run(m.name+" by "+kind, func(t *testing.T) {
				h, id := newMovedHub(t)
				path := "/v2/alerts/" + map[string]string{"id": id, "alias": movedPath, "tiny": "2"}[kind]
				switch m.first {
				case "/acknowledge":
					h.want(h.call("POST", "/v2/alerts/"+id+m.first, ""), 202)
				case "/snooze":
					h.want(h.call("POST", "/v2/alerts/"+id+m.first, `{"endTime":"2026-11-26T00:00:00Z"}`), 202)
				}
				s := h.fate(m.send(h, path, kind, m.say))
				if s.data("success") != true || s.data("isSuccess") != true || s.data("status") != m.status || s.data("action") != m.action ||
					s.data("alertId") != id || s.data("alias") != movedAlias {
					t.Errorf("status of the request: %s", s.raw)
				}
				if key, ok := state.FindKey(h.store.tx, fullKey); !ok || s.data("integrationId") != string(key.ID) {
					t.Errorf("who asked: %s", s.raw)
				}
				m.readBack(t, h, id)
			})
		}
	}
}

func (m moved) readBack(t *testing.T, h *hub, id string) {
	t.Helper()
	if m.action == "Delete" {
		h.want(h.call("GET", "/v2/alerts/"+id, ""), 404)
		h.want(h.call("GET", "/v2/alerts/1?identifierType=tiny", ""), 200)
		stone, ok := state.Deleted.Get(h.store.tx, table.K().String(id))
		if !ok || stone.DeletedBy != "minh" {
			t.Errorf("what remains: %+v", stone)
		}
		return
	}
	d := h.want(h.call("GET", "/v2/alerts/"+id, ""), 200)
	if got := fmt.Sprint(d.data(m.field)); m.field != "" && !strings.Contains(got, m.want) {
		t.Errorf("%s is %s, want %s", m.field, got, m.want)
	}
	for _, line := range h.call("GET", "/keng/v1/alerts/"+id+"/log", "").list() {
		text := line["text"].(string)
		if strings.Contains(text, m.log) && strings.HasSuffix(text, "vì sao") && line["owner"] == "minh" {
			return
		}
	}
	t.Errorf("no line of the log says %q and why: %s", m.log, h.call("GET", "/keng/v1/alerts/"+id+"/log", "").raw)
}

// Rule ogapi-2.change.required.
func TestWhatAChangeLacksIsNamed(t *testing.T) {
	h, id := newMovedHub(t)
	before := h.call("GET", "/v2/alerts/"+id, "").body["data"]
	for _, m := range allMoved {
		wrong := map[string]string{}
		maps.Copy(wrong, m.wrong)
		if m.method == "DELETE" {
			a := h.want(h.call("DELETE", "/v2/alerts/"+id+m.suffix+"?user="+url.QueryEscape(tooLong(alert.UserMax))+"&"+m.say, ""), 422)
			if a.wrong("user") == "" {
				t.Errorf("%s by somebody with a long name: %s", m.name, a.raw)
			}
		} else {
			h.want(h.call(m.method, "/v2/alerts/"+id+m.suffix, "{"), 400)
			wrong[strings.TrimPrefix(m.say+`,"user":"`+tooLong(alert.UserMax)+`"`, ",")] = "user"
			wrong[strings.TrimPrefix(m.say+`,"source":{}`, ",")] = "source"
		}
		for say, field := range wrong {
			a := m.send(h, "/v2/alerts/"+id, "id", say)
			if fields, _ := a.body["errors"].(map[string]any); a.status != 422 || a.wrong(field) == "" || len(fields) != 1 {
				t.Errorf("%s with %.80q: HTTP %d %s, want %s to be blamed", m.name, say, a.status, a.raw, field)
			}
		}
		h.want(m.send(h, "/v2/alerts/"+id, "colour", m.say), 422)
	}
	if a := h.want(h.call("POST", "/v2/alerts/"+id+"/actions/"+strings.Repeat("a", alert.ActionMax+1), ""), 422); a.wrong("actionName") == "" {
		t.Errorf("%s", a.raw)
	}
	if after := h.call("GET", "/v2/alerts/"+id, "").body["data"]; fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("what was refused has changed the alert:\n%v\n%v", before, after)
	}
}

// What is said with a change that changes nothing is new all the same. Rule keng-7.note.kept.
func TestNotesOfWhatIsSoAlreadyAreKept(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m","tags":["disk"]}`)
	for path, body := range map[string]string{"tags": `{"tags":["disk"],"note":"by tag"}`, "message": `{"message":"m","note":"by message"}`} {
		method := "POST"
		if path == "message" {
			method = "PUT"
		}
		a := h.want(h.call(method, "/v2/alerts/"+id+"/"+path, body), 202)
		if s := h.fate(a); s.data("success") != true {
			t.Errorf("%s: %s", path, s.raw)
		}
	}
	notes := h.call("GET", "/v2/alerts/"+id+"/notes", "").raw
	if !strings.Contains(notes, `"by tag"`) || !strings.Contains(notes, `"by message"`) {
		t.Errorf("the notes are %s", notes)
	}
}

// That there is no such alert, or nobody of the name, is told by the status of the request.
//
// Rule ogapi-1.async.missing-alert.
func TestWhatDoesNotExistIsToldByTheStatus(t *testing.T) {
	h, id := newMovedHub(t)
	for _, m := range allMoved {
		for kind, name := range map[string]string{"id": "none", "alias": "a/b", "tiny": "99"} {
			s := h.fate(m.send(h, "/v2/alerts/"+name, kind, m.say))
			if s.data("success") != false || s.data("status") != "Alert does not exist" || s.data("alertId") != "" || s.data("action") != m.action {
				t.Errorf("%s of no alert by %s: %s", m.name, kind, s.raw)
			}
		}
	}
	for suffix, body := range map[string]string{
		"/escalate": `{"escalation":{"name":"ghost"}}`, "/assign": `{"owner":{"id":"ghost"}}`, "/teams": `{"team":{"name":"ghost"}}`,
		"/responders": `{"responder":{"type":"team","name":"ghost"}}`, "/actions/ghost": "{}",
	} {
		s := h.fate(h.call("POST", "/v2/alerts/"+id+suffix, body))
		if s.data("success") != false || s.data("alertId") != id || !strings.Contains(s.data("status").(string), "ghost") && suffix != "/actions/ghost" {
			t.Errorf("%s: %s", suffix, s.raw)
		}
	}
	if d := h.call("GET", "/v2/alerts/"+id, ""); len(d.data("responders").([]any)) != 0 || d.data("owner") != "" {
		t.Errorf("%s", d.raw)
	}
}

// Alertmanager sends a creation, and behind it what the message and the description are now,
// without asking what became of the creation. Each is answered only when it has been carried
// out, be it at the third attempt, so they are in order.
//
// Rule ogapi-9.client.post-then-put.
func TestChangesAreInTheOrderInWhichTheyAreSent(t *testing.T) {
	h := newHub(t)
	refusals := 0
	h.store.fault = func(done bool) error {
		if refusals++; !done && refusals%3 != 0 {
			return &core.Error{Kind: core.Unavailable, Words: "no leader"}
		}
		return nil
	}
	var sent []answer
	for i := range 3 {
		sent = append(sent,
			h.call("POST", "/v2/alerts", `{"message":"[FIRING:1] web","alias":"9ad702712ef65aac","description":"x"}`),
			h.call("PUT", "/v2/alerts/9ad702712ef65aac/message?identifierType=alias", fmt.Sprintf(`{"message":"[FIRING:%d] web"}`, i+2)+"\n"),
			h.call("PUT", "/v2/alerts/9ad702712ef65aac/description?identifierType=alias", fmt.Sprintf(`{"description":"lần %d"}`, i+2)+"\n"))
	}
	h.store.fault = nil
	var before time.Time
	for i, a := range sent {
		s := h.fate(a)
		at := must(time.Parse(time.RFC3339, s.data("processedAt").(string)))
		if s.data("success") != true || !at.After(before) {
			t.Errorf("request %d, after %v: %s", i, before, s.raw)
		}
		before = at
	}
	d := h.call("GET", "/v2/alerts/9ad702712ef65aac?identifierType=alias", "")
	if d.data("message") != "[FIRING:4] web" || d.data("description") != "lần 4" || d.data("count") != 3.0 {
		t.Errorf("%s", d.raw)
	}
	// Its template for the description gives nothing if nobody has written one.
	h.fate(h.call("PUT", "/v2/alerts/9ad702712ef65aac/description?identifierType=alias", `{"description":""}`))
	if d := h.call("GET", "/v2/alerts/9ad702712ef65aac?identifierType=alias", ""); d.data("description") != "" {
		t.Errorf("%s", d.raw)
	}
}

// An alias may look like an operation. A slash that is escaped is part of the alias at any rate.
func TestAliasesThatLookLikeChanges(t *testing.T) {
	h := newHub(t)
	for _, alias := range []string{"a b/c", "x/tags", "x/actions/y", "requests/r1", "http://x/notes", "a//b", "message"} {
		id := h.create(fmt.Sprintf(`{"message":"m","alias":%q,"actions":["y"]}`, alias))
		plain, escaped := "/v2/alerts/"+strings.ReplaceAll(alias, " ", "%20"), "/v2/alerts/"+url.PathEscape(alias)
		h.fate(h.call("PUT", plain+"/priority?identifierType=alias", `{"priority":"P1"}`))
		h.fate(h.call("POST", plain+"/tags?identifierType=alias", `{"tags":["t"]}`))
		h.fate(h.call("POST", plain+"/actions/y?identifierType=alias", ""))
		if d := h.call("GET", "/v2/alerts/"+id, ""); d.data("priority") != "P1" || fmt.Sprint(d.data("tags")) != "[t]" {
			t.Errorf("%q was not found by %s: %s", alias, plain, d.raw)
		}
		if log := h.call("GET", "/keng/v1/alerts/"+id+"/log", ""); !strings.Contains(log.raw, "Action executed: y") {
			t.Errorf("%q: %s", alias, log.raw)
		}
		if s := h.fate(h.call("DELETE", escaped+"?identifierType=alias", "")); s.data("alertId") != id || s.data("status") != "Deleted alert" {
			t.Errorf("%q was not deleted: %s", alias, s.raw)
		}
	}
}

// Who may only write deletes no alert; tags are no alert. A key of a team sees the alerts of all,
// and changes them as it closes them.
func TestRightsToChangeAlerts(t *testing.T) {
	h, id := newMovedHub(t)
	h.want(h.with(writeKey, "DELETE", "/v2/alerts/"+id, ""), 403)
	h.want(h.with(readKey, "PUT", "/v2/alerts/"+id+"/priority", `{"priority":"P1"}`), 403)
	h.want(h.with(writeKey, "DELETE", "/v2/alerts/"+id+"/tags?tags=old", ""), 202)
	h.want(h.with(teamKey, "PUT", "/v2/alerts/"+id+"/message", `{"message":"mới"}`), 202)
	if d := h.want(h.call("GET", "/v2/alerts/"+id, ""), 200); d.data("priority") != "P3" || d.data("message") != "mới" || fmt.Sprint(d.data("tags")) != "[core/2]" {
		t.Errorf("%s", d.raw)
	}
	h.want(h.with(teamKey, "DELETE", "/v2/alerts/"+id, ""), 202)
	h.want(h.call("GET", "/v2/alerts/"+id, ""), 404)
}

// The hub's own client changes alerts, too.
func TestClientChangesAlerts(t *testing.T) {
	h, id := newMovedHub(t)
	server := httptest.NewServer(h.api)
	defer server.Close()
	c := must(client.New(server.URL, fullKey))
	ctx, ref := t.Context(), client.ByAlias(movedAlias)
	until := time.Date(2026, 11, 26, 7, 0, 0, 0, time.UTC)
	did := func(request string, err error) {
		t.Helper()
		if s := must(c.RequestStatus(ctx, must(request, err))); !s.Success || s.AlertID != id {
			t.Errorf("%+v", s)
		}
	}
	did(c.Acknowledge(ctx, ref, "minh", ""))
	did(c.Unacknowledge(ctx, ref, "minh", "nhầm"))
	did(c.Escalate(ctx, ref, "later", "minh", ""))
	did(c.Assign(ctx, ref, "lan@example.vn", "minh", ""))
	did(c.AddNote(ctx, ref, "minh", "đang xem"))
	did(c.AddTags(ctx, ref, []string{"a b", "c"}, "minh", ""))
	did(c.RemoveTags(ctx, ref, []string{"old", "c"}, "minh", ""))
	did(c.Snooze(ctx, ref, until, "minh", ""))
	a := must(c.Alert(ctx, ref))
	if a.Acknowledged || a.Owner != "lan@example.vn" || !a.Snoozed || !a.SnoozedUntil.Equal(until) || fmt.Sprint(a.Tags) != "[core/2 a b]" {
		t.Errorf("%+v", a)
	}
	if len(a.Responders) != 1 || a.Responders[0].Type != "escalation" {
		t.Errorf("responders: %+v", a.Responders)
	}
	did(c.Close(ctx, ref, "minh", ""))
	did(c.DeleteAlert(ctx, client.ByTiny("2"), "minh"))
	if _, err := c.Alert(ctx, client.ByID(id)); !client.Missing(err) {
		t.Errorf("a deleted alert: %v", err)
	}
}
