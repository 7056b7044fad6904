package api_test

import (
	"crypto/sha256"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table/tabletest"
)

// fuzzWorld is a hub with a few things of most kinds in it, to which it can be taken back.
type fuzzWorld struct {
	*hub
	made       *tabletest.Tx // the state with those things alone
	madeAt     time.Time
	operations []operation
	// names are how the paths of what there is name it, by the path that lists it, and all ids, names and aliases
	// under "".
	names map[string][]string
	// refused are the paths at which more must be asked than which path it is, and how they answer.
	refused map[string]int
	seeds   int    // of the commands that the test itself gives
	about   string // the last request
}

// fuzzThings are made one after the other by the API itself.
var fuzzThings = []string{
	`POST /v2/users {"username":"an@example.vn","fullName":"Nguyễn Văn An","role":{"name":"Admin"},"timeZone":"Asia/Ho_Chi_Minh","locale":"vi_VN"}`,
	`POST /v2/users {"username":"binh@example.vn","fullName":"Trần Bình","role":{"name":"User"},"details":{"k":["v"]}}`,
	`POST /keng/v1/devices {"user":"an@example.vn","token":"token-of-an","name":"Galaxy"}`,
	`POST /v2/users/an@example.vn/contacts {"method":"voice","to":"84-901234567"}`,
	`POST /v2/users/an@example.vn/notification-rules {"name":"Mine","actionType":"create-alert","enabled":true,"steps":[{"contact":{"method":"voice","to":"84-901234567"},"sendAfter":{"timeAmount":1},"enabled":true}]}`,
	`POST /v2/teams {"name":"it","members":[{"user":{"username":"an@example.vn"},"role":"admin"},{"user":{"username":"binh@example.vn"}}]}`,
	`POST /v2/teams {"name":"a/b c"}`,
	`POST /v2/schedules {"name":"rota","timezone":"Asia/Ho_Chi_Minh","ownerTeam":{"name":"it"},"rotations":[{"name":"week","startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"user","username":"an@example.vn"},{"type":"user","username":"binh@example.vn"},{"type":"none"}],"timeRestriction":{"type":"time-of-day","restriction":{"startHour":8,"endHour":20}}}]}`,
	`POST /v2/schedules/rota/overrides?scheduleIdentifierType=name {"alias":"o1","user":{"type":"user","username":"binh@example.vn"},"startDate":"2026-12-01T00:00:00Z","endDate":"2026-12-02T00:00:00Z"}`,
	`POST /v2/escalations {"name":"up","ownerTeam":{"name":"it"},"rules":[{"condition":"if-not-acked","notifyType":"default","delay":{"timeAmount":5},"recipient":{"type":"user","username":"an@example.vn"}},{"condition":"if-not-closed","delay":{"timeAmount":10},"recipient":{"type":"schedule","name":"rota"}}],"repeat":{"waitInterval":10,"count":2}}`,
	`POST /v2/teams/it/routing-rules?teamIdentifierType=name {"name":"night","criteria":{"type":"match-any-condition","conditions":[{"field":"message","operation":"contains","expectedValue":"x"}]},"notify":{"type":"escalation","name":"up"}}`,
	`POST /v2/forwarding-rules {"alias":"fw","fromUser":{"username":"binh@example.vn"},"toUser":{"username":"an@example.vn"},"startDate":"2026-12-05T00:00:00Z","endDate":"2026-12-06T00:00:00Z"}`,
	`POST /keng/v1/absences {"user":{"username":"an@example.vn"},"startDate":"2026-12-10T00:00:00Z","endDate":"2026-12-11T00:00:00Z"}`,
	`POST /keng/v1/holiday-calendars {"name":"tết","builtIn":"vietnam","added":[{"date":"2027-02-10","english":"More of it"}]}`,
	`POST /v2/heartbeats {"name":"backup","interval":10,"intervalUnit":"minutes","enabled":true,"ownerTeam":{"name":"it"}}`,
	`POST /v2/policies {"type":"alert","name":"shape","message":"{{message}}","filter":{"type":"match-all-conditions","conditions":[{"field":"source","operation":"equals","expectedValue":"nowhere"}]}}`,
	`POST /v1/maintenance {"description":"m","time":{"type":"for-1-hour"},"rules":[{"state":"disabled","entity":{"id":"{policy}","type":"policy"}}]}`,
	`POST /v2/alerts/saved-searches {"name":"mine","query":"status: open","owner":{"username":"an@example.vn"}}`,
	`PUT /keng/v1/checks/web {"checks":[{"name":"website","kind":"http","target":"https://example.vn/","every":"30s"}]}`,
	`POST /keng/v1/swaps {"schedule":{"name":"rota"},"fromUser":{"username":"an@example.vn"},"toUser":{"username":"binh@example.vn"},"mine":{"startDate":"2026-12-15T01:00:00Z","endDate":"2026-12-15T13:00:00Z"},"theirs":{"startDate":"2026-12-23T01:00:00Z","endDate":"2026-12-23T13:00:00Z"}}`,
	`POST /keng/v1/feeds {"schedule":{"name":"rota"}}`,
	`PUT /keng/v1/catch-all {"responder":{"type":"user","username":"an@example.vn"}}`,
	`PUT /keng/v1/default-team {"team":{"name":"it"}}`,
	`POST /v2/alerts {"message":"one","alias":"a-1","responders":[{"type":"team","name":"it"}],"tags":["x"],"details":{"k":"v"},"actions":["restart"]}`,
	`POST /v2/alerts {"message":"two","alias":"ngõ 5/nhà 3","priority":"P1","responders":[{"type":"user","username":"an@example.vn"},{"type":"escalation","name":"up"}]}`,
	`POST /v2/alerts {"message":"three","note":"n","user":"lan@example.vn"}`,
	`POST /v2/alerts/a-1/acknowledge?identifierType=alias {"user":"an@example.vn","note":"mine"}`,
}

func newFuzzWorld(t testing.TB) *fuzzWorld {
	w := &fuzzWorld{hub: newHub(t, storeClock, func(o *api.Options) { o.Cluster = three() }), operations: operations(t)}
	w.lenient = true
	must(state.Do(t.Context(), w.store, core.Seed{77}, state.FoundCluster{Name: "Kẻng", Language: "vi"}))
	ids := map[string]string{}
	for _, thing := range fuzzThings {
		target, body, _ := strings.Cut(thing, " {")
		method, path, _ := strings.Cut(target, " ")
		for name, id := range ids {
			body = strings.ReplaceAll(body, "{"+name+"}", id)
		}
		a := w.call(method, path, "{"+body)
		if a.status >= 300 {
			t.Fatalf("%s: %s", thing, a.raw)
		}
		if id, ok := a.data("id").(string); ok && strings.HasSuffix(path, "/policies") {
			ids["policy"] = id
		}
	}
	hash := sha256.Sum256([]byte("test-integration-key"))
	must(state.Do(t.Context(), w.store, core.Seed{7}, state.CreateIntegration{Type: "API", Hash: hash[:], Fields: state.IntegrationFields{Name: new("tool")}}))
	w.made, w.madeAt = w.store.tx, w.store.now
	w.gather()
	w.reset(t)
	return w
}

// reset takes the world back to what was made first.
func (w *fuzzWorld) reset(t testing.TB) {
	w.t = t
	w.store.tx = tabletest.NewTx()
	w.store.tx.Rebase(w.made)
	w.store.now, w.store.results = w.madeAt, map[[16]byte][]byte{}
}

// gather finds the names of what there is by listing it, the lists in the paths of others after those.
func (w *fuzzWorld) gather() {
	w.names, w.refused = map[string][]string{}, map[string]int{}
	listed := slices.Clone(w.operations)
	slices.SortStableFunc(listed, func(a, b operation) int { return strings.Count(a.path, "{") - strings.Count(b.path, "{") })
	for _, o := range listed {
		if o.method != "GET" || strings.HasSuffix(o.path, ".ics") {
			continue
		}
		for _, path := range w.paths("", o.path) {
			a := w.call("GET", path, "")
			if a.status != 200 {
				w.refused[path] = a.status
			}
			w.note(path, a.body["data"])
		}
	}
	for path, names := range w.names {
		slices.Sort(names)
		w.names[path] = slices.Compact(names)
	}
}

// note keeps the names of the items of a list, be it within an object.
func (w *fuzzWorld) note(path string, data any) {
	if object, ok := data.(map[string]any); ok {
		for _, member := range object {
			if _, ok := member.([]any); ok {
				w.note(path, member)
			}
		}
	}
	items, _ := data.([]any)
	for _, item := range items {
		object, _ := item.(map[string]any)
		first := true // how the path names it
		for _, key := range []string{"id", "alias", "name", "username", "tinyId"} {
			name, _ := object[key].(string)
			if name == "" {
				continue
			}
			if w.names[""] = append(w.names[""], name); first {
				w.names[path] = append(w.names[path], name)
			}
			first = false
		}
	}
}

// paths returns a pattern with the names of what there is in the places of its parameters, at most a dozen paths.
// What is before the pattern is filled in already.
func (w *fuzzWorld) paths(filled, pattern string) []string {
	before, rest, ok := strings.Cut(pattern, "{")
	if !ok {
		return []string{filled + pattern}
	}
	_, after, _ := strings.Cut(rest, "}")
	var all []string
	for _, name := range w.namesOf(filled + before) {
		for _, path := range w.paths(filled+before+url.PathEscape(name), after) {
			if all = append(all, path); len(all) == 12 {
				return all
			}
		}
	}
	return all
}

// namesOf returns the names of what may stand behind the beginning of a path: of what is listed there, else of what
// is anywhere listed under the same word.
func (w *fuzzWorld) namesOf(before string) []string {
	before = strings.TrimSuffix(before, "/")
	if names := w.names[before]; len(names) > 0 {
		return names
	}
	word := before[strings.LastIndex(before, "/"):] + "/"
	var all []string
	for path, names := range w.names {
		if strings.Contains(path+"/", word) {
			all = append(all, names...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// check holds the state against what is true of every one that commands leave behind, does what is due within some
// time, and asks for everything there is: what was taken can be told, and told as the contract says.
func (w *fuzzWorld) check(later time.Duration) {
	w.t.Helper()
	for range 20 {
		w.seeds++
		due := must(state.Do(w.t.Context(), w.store, core.Seed{7, 1, byte(w.seeds), byte(w.seeds >> 8), byte(w.seeds >> 16)}, state.DoDue{Since: w.madeAt}))
		if !due.More {
			break
		}
	}
	w.store.now = w.store.now.Add(later)
	if forgotten := state.Orphans(w.store.tx, w.store.now, later+time.Hour, 9); len(forgotten) > 0 {
		w.t.Errorf("P2: %v are forgotten", forgotten)
	}
	for a := range state.Alerts.All(w.store.tx) {
		d := alert.Draft{Message: a.Message, Alias: a.Alias, Description: a.Description, Responders: a.Responders, Actions: a.Actions, Tags: a.Tags,
			Details: a.Details, Entity: a.Entity, Source: a.Source, Priority: a.Priority}
		if err := d.Check(); err != nil {
			w.t.Errorf("alert %s is beyond the limits: %v", a.ID, err)
		}
	}
	if err := w.store.tx.Err(); err != nil {
		w.t.Errorf("the state cannot be read: %v", err)
	}
}

// tellAll asks for everything that can be looked at, once nothing limits how often that may be: of what is of a kind
// for one. What was there in the beginning may be deleted, and what must be asked more precisely is refused as then.
func (w *fuzzWorld) tellAll() {
	w.t.Helper()
	w.call("DELETE", "/keng/v1/rate-limits", "")
	for _, o := range w.operations {
		if o.method != "GET" || o.path == "/openapi.yaml" || strings.HasSuffix(o.path, "/ping") {
			continue
		}
		paths := w.paths("", o.path)
		if len(paths) == 0 {
			continue
		}
		path := paths[len(paths)/2]
		if a := w.call("GET", path, ""); a.status != 200 && a.status != 404 && a.status != w.refused[path] {
			w.t.Errorf("GET %s: HTTP %d: %.500s", path, a.status, a.raw)
		}
	}
}
