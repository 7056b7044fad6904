package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/state"
)

const (
	deploymentsPath = "/v2/deployments"
	aRelease        = `{"type":"bbc","repository":{"workspace":{"identifier":"shop","type":"name"},"repoSlug":"web"},"commit":{"sha":"0a1b2c"}}`
)

// deploy tells of a deployment and returns what became of the request.
func (h *hub) deploy(method, path, body string) answer {
	h.t.Helper()
	a := h.want(h.call(method, path, body), 202)
	return h.want(h.call("GET", deploymentsPath+"/requests/"+a.header.Get("X-Request-Id"), ""), 200)
}

// Rules ogapi-2.deployments.object, ogapi-2.deployments.state: a deployment is told of, and how far it has come, by requests
// whose fate is known at once.
func TestDeployments(t *testing.T) {
	h := newHub(t)
	s := h.deploy("POST", deploymentsPath, `{"state":"started","environment":{"type":"Production","id":"prod-1","displayName":"The shop"},"startedAt":"2026-11-25T13:00:00Z","completedAt":"0001-01-01T00:00:00Z","message":"release 17",
		"externalId":"{b-17}","description":"d","externalLink":"https://ci.example.vn/17","releases":[`+aRelease+`]}`)
	if s.data("success") != true || s.data("isSuccess") != true || s.data("action") != "CreateDeployment" || s.data("status") != "Created deployment" {
		t.Errorf("%s", s.raw)
	}
	id := s.data("deploymentId").(string)
	want := map[string]string{"id": id, "externalId": "{b-17}", "type": "api", "state": "started", "environment": "map[displayName:The shop id:prod-1 type:Production]", "startedAt": "2026-11-25T13:00:00.000Z",
		"completedAt": "<nil>", "message": "release 17", "description": "d", "externalLink": "https://ci.example.vn/17", "releases": "<nil>"}
	for _, path := range []string{"/" + id, "/%7Bb-17%7D?identifierType=api", "/%7Bb-17%7D?identifierType=pipelines", "/%7Bb-17%7D?type=pipelines"} {
		got := h.want(h.call("GET", deploymentsPath+path, ""), 200)
		for name, is := range want {
			if said := fmt.Sprint(got.data(name)); said != is {
				t.Errorf("%s: %s is %s, want %s", path, name, said, is)
			}
		}
		if fmt.Sprint(got.body["expandable"]) != "[releases]" {
			t.Errorf("%s", got.raw)
		}
	}
	if got := h.want(h.call("GET", deploymentsPath+"/"+id+"?expand=releases", ""), 200); fmt.Sprint(got.data("releases")) != "[map[commit:map[sha:0a1b2c] repository:map[repoSlug:web workspace:map[identifier:shop type:name]] type:bbc]]" {
		t.Errorf("%s", got.raw)
	}

	if s := h.deploy("PUT", deploymentsPath+"/"+id+"/updateState", `{"state":"successful","completedAt":"2026-11-25T13:05:00Z"}`); s.data("success") != true || s.data("status") != "Updated deployment state" || s.data("deploymentId") != id {
		t.Errorf("%s", s.raw)
	}
	if got := h.call("GET", deploymentsPath+"/"+id, ""); got.data("state") != "successful" || got.data("completedAt") != "2026-11-25T13:05:00.000Z" || got.data("message") != "release 17" {
		t.Errorf("%s", got.raw)
	}
	h.deploy("PUT", deploymentsPath+"/%7Bb-17%7D/updateState?identifierType=pipelines", `{"state":"started"}`)
	if got := h.call("GET", deploymentsPath+"/"+id, ""); got.data("state") != "started" || got.data("completedAt") != nil {
		t.Errorf("%s", got.raw)
	}
	h.deploy("PUT", deploymentsPath+"/"+id+"/updateState", `{"state":"failed"}`)
	if got := h.call("GET", deploymentsPath+"/"+id, ""); got.data("state") != "failed" || got.data("completedAt") != got.data("updatedAt") {
		t.Errorf("%s", got.raw)
	}
	// What is told again under the same name is another deployment, which the name means from then on.
	again := h.deploy("POST", deploymentsPath, `{"state":"initial","environment":{"type":"Test","id":"t"},"externalId":"{b-17}","releases":[`+aRelease+`]}`)
	if got := h.call("GET", deploymentsPath+"/%7Bb-17%7D?identifierType=api", ""); got.data("id") != again.data("deploymentId") || got.data("id") == id {
		t.Errorf("%s", got.raw)
	}
}

// Pipelines number what they do on their own: of several that are called 17, a key means its own.
func TestDeploymentsOfSeveralPipelines(t *testing.T) {
	h := newHub(t)
	deploy := func(key string) {
		h.want(h.with(key, "POST", deploymentsPath, `{"state":"started","environment":{"type":"Test","id":"t"},"externalId":"17","releases":[`+aRelease+`]}`), 202)
	}
	deploy(writeKey)
	deploy(fullKey)
	h.want(h.with(writeKey, "PUT", deploymentsPath+"/17/updateState?identifierType=api", `{"state":"failed"}`), 202)
	if got := h.call("GET", deploymentsPath+"/17?identifierType=api", ""); got.data("state") != "started" {
		t.Errorf("the other's: %s", got.raw)
	}
	if got := h.with(readKey, "GET", deploymentsPath+"/17?identifierType=api", ""); got.data("state") != "started" {
		t.Errorf("who has told of none does not get the newest: %s", got.raw)
	}
}

// Rule ogapi-2.deployments.missing: that there is no such deployment is told by the fate of the request.
func TestDeploymentsThatAreNot(t *testing.T) {
	h := newHub(t)
	if s := h.deploy("PUT", deploymentsPath+"/none/updateState", `{"state":"failed"}`); s.data("success") != false || s.data("status") != "Deployment does not exist" || s.data("deploymentId") != "" {
		t.Errorf("%s", s.raw)
	}
	for _, path := range []string{"/none", "/none?identifierType=api", "/none?type=pipelines"} {
		h.want(h.call("GET", deploymentsPath+path, ""), 404)
	}
	h.want(h.call("GET", deploymentsPath+"/none?identifierType=name", ""), 422)
	made := h.want(h.call("POST", "/v2/alerts", `{"message":"m"}`), 202)
	for _, id := range []string{"none", made.header.Get("X-Request-Id")} { // nor is what became of an alert told here
		if a := h.want(h.call("GET", deploymentsPath+"/requests/"+id, ""), 404); a.header.Get("X-Opsgenie-Errortype") != "RequestNotProcessed" {
			t.Errorf("%s: %v", a.raw, a.header)
		}
	}
}

// Rule ogapi-2.deployments.refused: what a deployment cannot be is told by field, and nothing is kept.
func TestDeploymentsThatCannotBe(t *testing.T) {
	h := newHub(t)
	const fine = `"state":"started","environment":{"type":"Test","id":"t"},"releases":[` + aRelease + `]`
	for body, fields := range map[string]string{
		`{}`:                                  "state environment.type environment.id releases",
		`{` + fine + `,"state":"flying"}`:     "state",
		`{` + fine + `,"environment":"Test"}`: "environment environment.id",
		`{` + fine + `,"environment":{"type":"Mars","id":"m"}}`:                                                                      "environment.type",
		`{` + fine + `,"startedAt":"yesterday"}`:                                                                                     "startedAt",
		`{` + fine + `,"externalLink":"javascript:alert(1)"}`:                                                                        "externalLink",
		`{` + fine + `,"message":"` + strings.Repeat("x", 501) + `"}`:                                                                "message",
		`{` + fine + `,"externalId":"` + strings.Repeat("x", 501) + `"}`:                                                             "externalId",
		`{` + fine + `,"releases":[{}]}`:                                                                                             "releases[0].repository.repoSlug releases[0].repository.workspace.identifier releases[0].commit.sha",
		`{` + fine + `,"releases":[` + aRelease + `,{"type":"svn"}]}`:                                                                "releases[1].type",
		`{` + fine + `,"releases":[{"repository":{"workspace":{"identifier":"x","type":"id"},"repoSlug":"y"},"commit":{"sha":17}}]}`: "releases[0].repository.workspace.type releases[0].commit.sha",
		`{` + fine + `,"releases":[` + strings.TrimSuffix(strings.Repeat(aRelease+",", 51), ",") + `]}`:                              "releases",
	} {
		a := h.want(h.call("POST", deploymentsPath, body), 422)
		for field := range strings.FieldsSeq(fields) {
			if a.wrong(field) == "" {
				t.Errorf("%.200s: nothing is said of %s: %s", body, field, a.raw)
			}
		}
	}
	for _, body := range []string{`{}`, `{"state":"over"}`} {
		if a := h.want(h.call("PUT", deploymentsPath+"/x/updateState", body), 422); a.wrong("state") == "" {
			t.Errorf("%s", a.raw)
		}
	}
	for range state.Deployments.All(h.store.tx) {
		t.Error("something was kept")
	}
}

// Rule keng-8.deployments.bounds: the newest deployments are kept, and the oldest make room.
func TestDeploymentsAreBounded(t *testing.T) {
	h := newHub(t)
	told := func(i int) state.Request {
		return must(state.Do(t.Context(), h.store, core.Seed{7, byte(i >> 8), byte(i)}, state.CreateDeployment{Deployment: state.Deployment{
			State: "started", ExternalID: fmt.Sprint(i), Environment: state.Environment{Type: "Test", ID: "t"},
			Releases: []state.Release{{Workspace: "w", WorkspaceType: "name", Repository: "r", Commit: "c"}},
		}}))
	}
	for i := range state.DeploymentsMax + 2 {
		told(i)
	}
	kept := 0
	for range state.Deployments.All(h.store.tx) {
		kept++
	}
	if kept != state.DeploymentsMax {
		t.Errorf("%d are kept", kept)
	}
	for external, status := range map[string]int{"0": 404, "1": 404, "2": 200, fmt.Sprint(state.DeploymentsMax + 1): 200} {
		h.want(h.call("GET", deploymentsPath+"/"+external+"?identifierType=api", ""), status)
	}
}

// Whatever bodies say, the hub does not fail.
func FuzzDeployments(f *testing.F) {
	f.Add(`{"state":"started","environment":{"type":"Test","id":"t"},"releases":[`+aRelease+`]}`, "x", "api")
	f.Add(`{"environment":{"type":17},"releases":{"repository":[]}}`, "a/b", "type")
	h := newHub(f)
	h.lenient = true
	f.Fuzz(func(t *testing.T, body, id, kind string) {
		h.t = t
		h.call("POST", deploymentsPath, body)
		target := deploymentsPath + "/" + url.QueryEscape(id)
		h.call("PUT", target+"/updateState?identifierType="+url.QueryEscape(kind), body)
		h.call("GET", target+"?type="+url.QueryEscape(kind), "")
		h.call("GET", deploymentsPath+"/requests/"+url.QueryEscape(id), "")
	})
}
