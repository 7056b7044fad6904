package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/api"
)

// storeClock makes an API whose clock is that of the store.
func storeClock(o *api.Options) {
	store := o.Store.(*memStore)
	o.Now = func() time.Time { return store.now }
}

// window returns the body of a maintenance that switches a policy, scheduled in so long for
// so long.
func (h *hub) window(in, length time.Duration, state, policy string) string {
	start := h.store.now.Add(in)
	return fmt.Sprintf(`{"description":"m","time":{"type":"schedule","startDate":%q,"endDate":%q},"rules":[{"state":%q,"entity":{"id":%q,"type":"policy"}}]}`,
		start.Format(time.RFC3339), start.Add(length).Format(time.RFC3339), state, policy)
}

// A maintenance that is made by the API switches a policy for alerts that are made by the API.
func TestMaintenanceSwitchesAPolicy(t *testing.T) {
	h := newHub(t, storeClock)
	policy := h.made("/v2/policies", `{"type":"alert","name":"p","message":"changed"}`)
	message := func() any { return h.call("GET", "/v2/alerts/"+h.create(`{"message":"m"}`), "").data("message") }
	id := h.made("/v1/maintenance", h.window(time.Hour, time.Hour, "disabled", policy))
	one := "/v1/maintenance/" + id
	for _, step := range []struct {
		after           time.Duration
		status, message string
	}{{0, "planned", "changed"}, {time.Hour, "active", "m"}, {time.Hour, "past", "changed"}} {
		h.after(step.after)
		if got := h.want(h.call("GET", one, ""), 200); got.data("status") != step.status {
			t.Errorf("it is %v: %s", h.store.now, got.raw)
		}
		if got := message(); got != step.message {
			t.Errorf("%s: the message is %q", step.status, got)
		}
	}
	for _, end := range []string{"POST /cancel", "DELETE "} { // an active one ends by either
		id := h.made("/v1/maintenance", `{"time":{"type":"indefinitely"},"rules":[{"state":"disabled","entity":{"id":"`+policy+`","type":"policy"}}]}`)
		if got := message(); got != "m" {
			t.Errorf("the message is %q", got)
		}
		method, path, _ := strings.Cut(end, " ")
		h.want(h.call(method, "/v1/maintenance/"+id+path, ""), 200)
		if got := message(); got != "changed" {
			t.Errorf("after %s the message is %q", end, got)
		}
	}
}

// As the Go client and Terraform send and read it.
func TestMaintenanceAsItIsSaid(t *testing.T) {
	h := newHub(t, storeClock)
	policy := h.made("/v2/policies", `{"type":"alert","name":"p","message":"m"}`)
	h.store.now = h.store.now.Truncate(time.Second)
	at := func(in time.Duration) string { return h.store.now.Add(in).Format("2006-01-02T15:04:05.000Z") }
	start, end := at(time.Hour), at(2*time.Hour)
	made := h.want(h.call("POST", "/v1/maintenance", h.window(time.Hour, time.Hour, "enabled", policy)), 201)
	times := "map[endDate:" + end + " startDate:" + start + " type:schedule]"
	if got := made.pretty("status", "time", "description"); got != "status=planned time="+times+" description=m" {
		t.Error(got)
	}
	one := "/v1/maintenance/" + made.data("id").(string)
	if got := h.want(h.call("GET", one, ""), 200).pretty("id", "status", "time", "rules"); got != "id="+made.data("id").(string)+" status=planned time="+times+" rules=[map[entity:map[id:"+policy+" type:policy] state:enabled]]" {
		t.Error(got)
	}
	// While it is planned everything can be changed; a description that is left out is none.
	changed := h.want(h.call("PUT", one, `{"Id":"x","description":"","time":{"type":"for-5-minutes"},"rules":[{"state":"disabled","entity":{"id":"`+policy+`","type":"policy"}}]}`), 200)
	now := h.store.now.Format("2006-01-02T15:04:05.000Z")
	if got := changed.pretty("status", "time", "description"); got != "status=active time=map[endDate:"+at(5*time.Minute)+" startDate:"+now+" type:for-5-minutes] description=" {
		t.Error(got)
	}
	// While it is active, its end.
	moved := h.want(h.call("POST", one+"/change-end-date", `{"Id":"x","endDate":"`+end+`"}`), 200)
	if got := moved.pretty("status", "time"); got != "status=active time=map[endDate:"+end+" startDate:"+now+" type:schedule]" {
		t.Error(got)
	}
	if a := h.want(h.call("PUT", one, h.window(time.Minute, time.Hour, "disabled", policy)), 422); a.wrong("id") == "" {
		t.Errorf("the start of an active one was changed: %s", a.raw)
	}
	// One that is indefinite is told as it was said.
	endless := h.made("/v1/maintenance", `{"description":"x","time":{"type":"indefinitely"},"rules":[{"state":"disabled","entity":{"id":"`+policy+`","type":"policy"}}]}`)
	if got := h.call("GET", "/v1/maintenance/"+endless, "").pretty("status", "time"); got != "status=active time=map[type:indefinitely]" {
		t.Error(got)
	}
	later := h.made("/v1/maintenance", h.window(48*time.Hour, time.Hour, "disabled", policy))
	h.after(3 * time.Hour) // the first one is over
	h.want(h.call("POST", "/v1/maintenance/"+endless+"/cancel", `{"Id":"x"}`), 200)
	for query, want := range map[string]string{"": "past cancelled planned", "?type=all": "past cancelled planned", "?type=non-expired": "planned", "?type=past": "past cancelled"} {
		var got []string
		for _, m := range h.want(h.call("GET", "/v1/maintenance"+query, ""), 200).list() {
			got = append(got, m["status"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %s", query, got, want)
		}
	}
	for _, path := range []string{one, "/v1/maintenance/" + endless} {
		if a := h.want(h.call("POST", path+"/cancel", ""), 422); a.wrong("id") == "" {
			t.Errorf("%s", a.raw)
		}
		if a := h.want(h.call("POST", path+"/change-end-date", `{"endDate":"`+at(time.Hour)+`"}`), 422); a.wrong("id") == "" {
			t.Errorf("%s", a.raw)
		}
	}
	h.want(h.call("DELETE", "/v1/maintenance/"+later, ""), 200)
	for _, what := range []string{"GET ", "PUT ", "DELETE ", "POST /cancel", "POST /change-end-date"} {
		method, end, _ := strings.Cut(what, " ")
		for _, id := range []string{later, "ghost", "%FF"} {
			h.want(h.call(method, "/v1/maintenance/"+id+end, `{"endDate":"`+at(time.Hour)+`"}`), 404)
		}
	}
}

func TestHostileMaintenance(t *testing.T) {
	h := newHub(t, storeClock)
	h.lenient = true
	policy := h.made("/v2/policies", `{"type":"alert","name":"p","message":"m"}`)
	rules := `"rules":[{"state":"disabled","entity":{"id":"` + policy + `","type":"policy"}}]`
	soon := `"time":{"type":"for-1-hour"},"rules":`
	for body, field := range map[string]string{
		`{}`: "rules", `[]`: "body", `{` + rules + `}`: "time.type", `{"time":"now",` + rules + `}`: "time", `{"time":{"type":"for-ever"},` + rules + `}`: "time.type", `{"time":{"type":7},` + rules + `}`: "time.type",
		`{"time":{"type":"schedule"},` + rules + `}`: "time.startDate", `{"time":{"type":"schedule","startDate":"2026-12-01T00:00:00Z"},` + rules + `}`: "time.endDate",
		`{"time":{"type":"schedule","startDate":"tomorrow","endDate":"2026-12-01T00:00:00Z"},` + rules + `}`:             "time.startDate",
		`{"time":{"type":"schedule","startDate":"2026-12-01T00:00:00Z","endDate":"2026-11-30T00:00:00Z"},` + rules + `}`: "time.endDate",
		`{"time":{"type":"schedule","startDate":"2026-12-01T00:00:00Z","endDate":"9999-12-01T00:00:00Z"},` + rules + `}`: "time.endDate",
		`{` + soon + `[]}`: "rules", `{` + soon + `"x"}`: "rules", `{` + soon + `[{}]}`: "rules[0].entity", `{` + soon + `[{"state":"off","entity":{"id":"` + policy + `","type":"policy"}}]}`: "rules[0].state",
		`{` + soon + `[{"entity":{"id":"` + policy + `","type":"policy"}}]}`:                               "rules[0].state",
		`{` + soon + `[{"state":"disabled","entity":{"id":"ghost","type":"policy"}}]}`:                     "rules[0].entity.id",
		`{` + soon + `[{"state":"disabled","entity":{"id":"` + policy + `"}}]}`:                            "rules[0].entity.type",
		`{` + soon + `[{"state":"disabled","entity":{"type":"policy"}}]}`:                                  "rules[0].entity.id",
		`{` + soon + `[{"state":"disabled","entity":{"id":[],"type":"policy"}}]}`:                          "rules[0].entity.id",
		`{` + soon + `[{"state":"enabled","entity":{"id":"ghost","type":"integration"}}]}`:                 "rules[0].state",
		`{` + soon + `[{"entity":{"id":"` + policy + `","type":"integration"}}]}`:                          "rules[0].entity.id",
		`{"description":"` + strings.Repeat("ẻ", 15_001) + `","time":{"type":"for-1-hour"},` + rules + `}`: "description",
	} {
		if a := h.want(h.call("POST", "/v1/maintenance", body), 422); a.wrong(field) == "" {
			t.Errorf("%.200s: no %s in %s", body, field, a.raw)
		}
	}
	h.want(h.call("POST", "/v1/maintenance", "{"), 400)
	h.want(h.call("GET", "/v1/maintenance?type=some", ""), 422)
	h.want(h.call("GET", "/v1/maintenance/"+strings.Repeat("x", 513), ""), 422)
	if list := h.want(h.call("GET", "/v1/maintenance", ""), 200); len(list.list()) != 0 {
		t.Errorf("one that was refused is there: %s", list.raw)
	}
	id := h.made("/v1/maintenance", h.window(time.Hour, time.Hour, "enabled", policy))
	for body, why := range map[string]string{`{}`: "missing", `{"endDate":""}`: "missing", `{"endDate":17}`: "string", `{"endDate":"soon"}`: "moment", `{"endDate":"2020-01-01T00:00:00Z"}`: "after startDate"} {
		a := h.want(h.call("POST", "/v1/maintenance/"+id+"/change-end-date", body), 422)
		if said := a.wrong("endDate") + a.wrong("time.endDate"); !strings.Contains(said, why) {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
}
