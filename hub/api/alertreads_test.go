package api_test

import (
	"context"
	"fmt"
	"iter"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// Notes are those that were written alone and those that came with something else, in whatever order and
// direction.
//
// Rules ogapi-2.notes.object, ogapi-2.lines.paging.
func TestNotes(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m","alias":"x","note":"n1","user":"minh"}`)
	for i := 2; i <= 6; i++ {
		must(state.Do(t.Context(), h.store, core.Seed{60, byte(i)}, state.AddNote{Asked: state.Asked{Alert: state.Ref{ID: core.AlertID(id)}, User: "lan@example.vn", Note: fmt.Sprintf("n%d", i)}}))
		h.want(h.call("POST", "/v2/alerts/"+id+"/acknowledge", ""), 202) // lines without a note
	}
	h.want(h.call("POST", "/v2/alerts/"+id+"/close", `{"note":"n7","source":"probe"}`), 202)
	path := "/v2/alerts/" + id + "/notes"
	said := func(a answer) (all string) {
		for _, n := range a.list() {
			all += strings.TrimPrefix(n["note"].(string), "n")
		}
		return all
	}
	all := h.want(h.call("GET", path, ""), 200).list()
	if len(all) != 7 || all[0]["owner"] != "probe" || all[1]["owner"] != "lan@example.vn" || all[6]["owner"] != "minh" || all[6]["createdAt"].(string) >= all[5]["createdAt"].(string) {
		t.Fatalf("%v", all)
	}
	third, fifth := all[4]["offset"].(string), all[2]["offset"].(string)
	for parameters, want := range map[string]string{
		"": "7654321", "order=asc": "1234567", "limit=2": "76", "order=asc&limit=2": "12", "offset=" + fifth: "4321", "offset=" + fifth + "&limit=2": "43",
		"offset=" + third + "&order=asc": "4567", "offset=" + third + "&order=asc&limit=2": "45", "offset=" + third + "&direction=prev": "7654", "offset=" + third + "&direction=prev&limit=2": "54",
		"offset=" + fifth + "&direction=prev&order=asc": "1234", "offset=" + fifth + "&direction=prev&order=asc&limit=3": "234", "direction=prev&limit=3": "321", "direction=prev&order=asc&limit=3": "567",
		"offset=" + all[6]["offset"].(string): "", "offset=" + all[0]["offset"].(string) + "&direction=prev": "", "offset=&direction=&order=&limit=": "7654321",
	} {
		a := h.want(h.call("GET", path+"?"+parameters, ""), 200)
		if got := said(a); got != want {
			t.Errorf("%s: %s, want %s", parameters, got, want)
		}
		first := a.body["paging"].(map[string]any)["first"].(string)
		if got := said(h.want(h.call("GET", first, ""), 200)); !strings.HasPrefix(got, map[bool]string{true: "1", false: "7"}[strings.Contains(parameters, "order=asc")]) {
			t.Errorf("%s: the first page %s is %s", parameters, first, got)
		}
	}
	for start, want := range map[string]string{"limit=3": "765 432 1", "limit=3&order=asc": "123 456 7", "limit=3&direction=prev": "321 654 7", "limit=7": "7654321"} {
		var pages []string
		for next := path + "?" + start; next != ""; {
			a := h.want(h.call("GET", next, ""), 200)
			pages = append(pages, said(a))
			next, _ = a.body["paging"].(map[string]any)["next"].(string)
		}
		if got := strings.Join(pages, " "); got != want {
			t.Errorf("%s: the pages are %q, want %q", start, got, want)
		}
	}
	for parameters, field := range map[string]string{"offset=x": "offset", "offset=-1": "offset", "limit=0": "limit", "limit=101": "limit", "direction=up": "direction", "order=up": "order"} {
		for _, of := range []string{"/notes?", "/logs?"} {
			if a := h.want(h.call("GET", "/v2/alerts/"+id+of+parameters, ""), 422); a.wrong(field) == "" {
				t.Errorf("%s%s: %s", of, parameters, a.raw)
			}
		}
	}
	h.want(h.call("GET", "/v2/alerts/1/notes?identifierType=tiny", ""), 200)
	h.want(h.call("GET", "/v2/alerts/none/notes", ""), 404)
}

// The log is paged as notes are, also backwards from its end. Rule ogapi-2.lines.paging.
func TestLogBackwards(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m","responders":[{"username":"lan@example.vn"}]}`)
	h.want(h.call("POST", "/v2/alerts/"+id+"/acknowledge", ""), 202)
	h.want(h.call("POST", "/v2/alerts/"+id+"/close", `{"note":"xong"}`), 202)
	lines := func(parameters string) (all []string) {
		for _, line := range h.want(h.call("GET", "/v2/alerts/"+id+"/logs?"+parameters, ""), 200).list() {
			all = append(all, line["offset"].(string))
		}
		return all
	}
	newest, oldest := lines(""), lines("order=asc")
	reversed := slices.Clone(oldest)
	slices.Reverse(reversed)
	if len(newest) < 5 || !slices.Equal(newest, reversed) {
		t.Fatalf("%v, and the other way %v", newest, oldest)
	}
	for parameters, want := range map[string][]string{
		"direction=prev&offset=" + newest[3]: newest[:3], "direction=prev&limit=2&offset=" + newest[3]: newest[1:3], "order=asc&direction=prev&limit=2&offset=" + oldest[4]: oldest[2:4],
		"limit=2&offset=" + newest[0]: newest[1:3], "direction=prev&limit=2": newest[len(newest)-2:],
	} {
		if got := lines(parameters); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", parameters, got, want)
		}
	}
}

// Rule ogapi-2.recipients.object.
func TestRecipients(t *testing.T) {
	h := newHub(t)
	for i, name := range []string{"an", "binh", "chi"} {
		kind := []string{"push", "voice", "sms"}[i]
		must(state.Do(t.Context(), h.store, core.Seed{61, byte(i)}, state.PutUser{User: reach.User{Username: name, FullName: name, Language: "vi", Zone: "Asia/Ho_Chi_Minh",
			Contacts: []reach.Contact{{Kind: kind, Address: "to-" + name}}, Rules: []reach.NotificationRule{{Action: reach.CreateAlert, Steps: []reach.Step{{Contact: core.ContactID(kind)}}}}}}))
	}
	id := h.create(`{"message":"m","responders":[{"type":"user","username":"an"},{"type":"user","username":"binh"},{"type":"user","username":"chi"}]}`)
	if other := h.create(`{"message":"nobody is told"}`); len(h.want(h.call("GET", "/v2/alerts/"+other+"/recipients", ""), 200).list()) != 0 {
		t.Error("of what nobody was told there are recipients")
	}
	recipients := func() (all string, of map[string]map[string]any) {
		of = map[string]map[string]any{}
		for _, r := range h.want(h.call("GET", "/v2/alerts/"+id+"/recipients", ""), 200).list() {
			user := r["user"].(map[string]any)
			all += fmt.Sprintf("%s %s/%s ", user["username"], r["state"], r["method"])
			of[user["username"].(string)] = r
		}
		return all, of
	}
	want := func(when, want string) map[string]map[string]any {
		t.Helper()
		got, of := recipients()
		if got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
		return of
	}
	reported := 0
	report := func(kind channel.Kind, stage channel.Stage, failure channel.Failure) {
		t.Helper()
		for _, d := range state.DeliveriesOf(h.store.tx, core.AlertID(id)) {
			if d.Kind == kind {
				reported++
				r := channel.Report{Page: string(d.ID), Number: uint32(reported), At: h.store.now.Add(time.Second), Stage: stage, Failure: failure}
				must(state.Do(t.Context(), h.store, core.Seed{62, byte(reported)}, state.TakeReports{Reports: []channel.Report{r}}))
				return
			}
		}
		t.Fatalf("there is no page by %s", kind)
	}
	before := want("queued", "an notactive/ binh notactive/ chi notactive/ ")
	report(channel.Voice, channel.Accepted, "")
	report(channel.Voice, channel.Ringing, "")
	report(channel.SMS, channel.Failed, channel.Refused)
	want("it rings, and a message is refused", "an notactive/ binh notactive/ chi notactive/ ")
	report(channel.Push, channel.Accepted, "")
	report(channel.Voice, channel.Answered, "")
	after := want("taken by the provider, and picked up", "an notified/mobile binh notified/voice chi notactive/ ")
	if after["an"]["createdAt"] != before["an"]["createdAt"] || after["an"]["updatedAt"].(string) <= before["an"]["updatedAt"].(string) {
		t.Errorf("of an: %v, then %v", before["an"], after["an"])
	}
	h.want(h.call("POST", "/v2/alerts/"+id+"/acknowledge", `{"user":"AN"}`), 202)
	want("acknowledged", "an action/Acknowledge binh notified/voice chi notactive/ ")
	h.want(h.call("POST", "/v2/alerts/"+id+"/close", `{"user":"chi"}`), 202)
	want("closed", "an action/Acknowledge binh notified/voice chi action/Close ")
	must(state.Do(t.Context(), h.store, core.Seed{63}, state.DeleteUser{User: state.Pick{Name: "binh"}}))
	want("a person is gone", " notified/voice an action/Acknowledge chi action/Close ")
	h.want(h.call("GET", "/v2/alerts/none/recipients", ""), 404)
}

// Who is called again after having done something is not said to have answered that.
func TestRecipientWhoIsCalledAgain(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m","responders":[{"type":"user","username":"lan@example.vn"}]}`)
	states := func() (all []string) {
		for _, r := range h.want(h.call("GET", "/v2/alerts/"+id+"/recipients", ""), 200).list() {
			all = append(all, fmt.Sprint(r["state"], "/", r["method"]))
		}
		return all
	}
	asked := state.Asked{Alert: state.Ref{ID: core.AlertID(id)}, User: "lan@example.vn"}
	must(state.Do(t.Context(), h.store, core.Seed{64, 1}, state.SnoozeAlert{Asked: asked, Until: h.store.now.Add(time.Hour)}))
	if got := states(); !slices.Equal(got, []string{"action/Snooze"}) {
		t.Errorf("snoozed: %v", got)
	}
	h.store.now = h.store.now.Add(2 * time.Hour)
	must(state.Do(t.Context(), h.store, core.Seed{64, 2}, state.DoDue{}))
	if got := states(); len(h.pagesOf(id)) != 2 || !slices.Equal(got, []string{"notactive/"}) {
		t.Errorf("called again by %v: %v", h.pagesOf(id), got)
	}
}

// slowStore lets time pass with each row of an alert that a view comes to.
type slowStore struct{ state.Store }

// View implements [state.Store].
func (s slowStore) View(ctx context.Context, latest bool, f func(table.Reader) error) error {
	return s.Store.View(ctx, latest, func(r table.Reader) error { return f(slowReader{r}) })
}

type slowReader struct{ table.Reader }

// ScanReverse implements [table.Reader].
func (r slowReader) ScanReverse(from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		for k, v := range r.Reader.ScanReverse(from, to) {
			if number, _, isRow := table.RowOf(k); isRow && number == state.Alerts.Number() {
				time.Sleep(4 * time.Millisecond) // of the bubble's time
			}
			if !yield(k, v) {
				return
			}
		}
	}
}

// A count for which the time is too short says so, and tells how many were found until then; what an index
// knows takes no time.
func TestCountIsBoundedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, func(o *api.Options) { o.Store = slowStore{o.Store} })
		for i := range 150 {
			must(state.Do(t.Context(), h.store, core.Seed{65, byte(i)}, state.CreateAlert{Draft: alert.Draft{Message: "m", Priority: 1}}))
		}
		a := h.want(h.call("GET", "/v2/alerts/count?query=priority:P1", ""), 200)
		if words, _ := a.body["message"].(string); a.data("count") != 80.0 || a.data("partial") != true || !strings.Contains(words, "at least") {
			t.Errorf("%s", a.raw)
		}
		for query, want := range map[string]float64{"": 150, "status:open": 150, "status:closed": 0} {
			if a := h.want(h.call("GET", "/v2/alerts/count?query="+query, ""), 200); a.data("count") != want || a.data("partial") != nil {
				t.Errorf("%q: %s", query, a.raw)
			}
		}
	})
}

// Who goes away is no fault of the hub's.
func TestCallersWhoGoAway(t *testing.T) {
	var statuses []int
	h := newHub(t, func(o *api.Options) {
		o.Observe = func(_, _ string, status int, _ time.Duration) { statuses = append(statuses, status) }
	})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	for _, target := range []string{"/v2/alerts", "/v2/alerts/count?query=description:x"} {
		r := httptest.NewRequestWithContext(ctx, "GET", target, nil)
		r.Header.Set("Authorization", "GenieKey "+readKey)
		h.api.ServeHTTP(httptest.NewRecorder(), r)
	}
	if !slices.Equal(statuses, []int{499, 499}) {
		t.Errorf("counted as %v", statuses)
	}
}
