package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
)

// Where an escalation or a team is on call, those to whom it leads are told as they would be
// notified: by whoever has their notifications, and where that is. Rule ogapi-7.forward.redirects.
func TestForwardingBehindEscalationsAndTeams(t *testing.T) {
	h := planned(t)
	h.made("/v2/escalations", `{"name":"up","rules":[{"condition":"if-not-acked","delay":{"timeAmount":5},"recipient":{"type":"user","username":"an@example.vn"}}]}`)
	h.made("/v2/schedules", `{"name":"behind","rotations":[{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"escalation","name":"up"}]},
		{"startDate":"2026-11-23T02:00:00Z","type":"weekly","participants":[{"type":"team","name":"Mạng"}]}]}`)
	h.want(h.call("PATCH", "/v2/teams/Mạng?identifierType=name", `{"members":[{"user":{"username":"binh@example.vn"}}]}`), 200)
	const path = "/v2/schedules/behind/on-calls?scheduleIdentifierType=name&date="
	chi, an := h.userID("chi@example.vn"), h.userID("an@example.vn")
	step := "[map[escalationTime:5 forwardedFrom:[map[id:" + an + " type:user username:an@example.vn]] id:" + chi + " name:chi@example.vn notifyType:default type:user]]"
	participants := func(date string) []any {
		return h.want(h.call("GET", path+date, ""), 200).data("onCallParticipants").([]any)
	}
	if got := participants("2026-11-30T03:00:00Z"); fmt.Sprint(got[0].(map[string]any)["onCallParticipants"]) != step {
		t.Errorf("%v, want %s", got, step)
	}
	for date, want := range map[string]string{"2026-11-30T01:00:00Z": "[an@example.vn binh@example.vn]", "2026-11-30T03:00:00Z": "[chi@example.vn binh@example.vn]"} {
		if got := h.calls("behind", date); got != want {
			t.Errorf("%s: %s, want %s", date, got, want)
		}
	}
	// By its default rule the team leads to the escalation: not to its members.
	team := must(state.Either(string(h.team)).Team(h.store.tx))
	up := must(state.Either("up").Escalation(h.store.tx))
	team.Rules = []route.Rule{{Name: "P1", Notify: alert.Responder{}}, {Default: true, Notify: alert.Responder{Kind: alert.Escalation, ID: string(up.ID)}}}
	must(state.Do(t.Context(), h.store, core.Seed{51}, state.PutTeam{Team: *team}))
	if got := h.calls("behind", "2026-11-30T03:00:00Z"); got != "[chi@example.vn]" {
		t.Error(got)
	}
	if got := participants("2026-11-30T03:00:00Z"); fmt.Sprint(got[1].(map[string]any)["onCallParticipants"].([]any)[0].(map[string]any)["onCallParticipants"]) != step {
		t.Errorf("%v", got)
	}
}

// Whom nothing reaches is told no more than notified: who is before in the chain is.
func TestForwardingToSomebodyBlocked(t *testing.T) {
	h := planned(t)
	if got := h.calls("rota", "2026-11-30T03:00:00Z"); got != "[chi@example.vn]" {
		t.Error(got)
	}
	u, _ := state.FindUser(h.store.tx, "chi@example.vn")
	u.Blocked = true
	must(state.Do(t.Context(), h.store, core.Seed{51}, state.PutUser{User: *u}))
	if got := h.calls("rota", "2026-11-30T03:00:00Z"); got != "[an@example.vn]" {
		t.Error(got)
	}
}

// A participant as Opsgenie's Go client decodes one who is next, and its lists.
type sdkNext struct {
	Type          string `json:"type"`
	Name          string `json:"name"`
	ID            string `json:"id"`
	ForwardedFrom []struct {
		Type     string `json:"type"`
		Name     string `json:"name"`
		ID       string `json:"id"`
		Username string `json:"username"`
	} `json:"forwardedFrom"`
}

// Opsgenie's Go client gives an error for all if forwardedFrom is no list.
func TestNextOnCallsForTheGoClient(t *testing.T) {
	h := planned(t)
	a := h.want(h.call("GET", "/v2/schedules/rota/next-on-calls?scheduleIdentifierType=name&date=2026-11-25T00:00:00Z", ""), 200)
	var out struct {
		Data struct {
			Next  []sdkNext `json:"nextOnCallRecipients"`
			Exact []sdkNext `json:"exactNextOnCallRecipients"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(a.raw), &out); err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]sdkNext{out.Data.Next, out.Data.Exact} {
		if len(list) != 1 || list[0].Name != "chi@example.vn" || len(list[0].ForwardedFrom) != 1 || list[0].ForwardedFrom[0].Username != "an@example.vn" || list[0].ForwardedFrom[0].ID != h.userID("an@example.vn") {
			t.Errorf("%+v", list)
		}
	}
}

// world is a schedule with all that may lead from it to people, thrown together.
type world struct {
	*hub
	dice  *rand.Rand
	users []core.UserID
	seed  byte
}

func (w *world) next() core.Seed { w.seed++; return core.Seed{60, w.seed} }

func (w *world) user() core.UserID { return w.users[w.dice.IntN(len(w.users))] }

// one picks somebody or something that may be paged.
func (w *world) one(of ...alert.Responder) alert.Responder {
	if i := w.dice.IntN(len(of) + 2); i < len(of) {
		return of[i]
	}
	return alert.Responder{Kind: alert.User, ID: string(w.user())}
}

// schedule makes a schedule in which some of these are on call since long, and somebody in the
// place of one of them at times.
func (w *world) schedule(name string, of ...alert.Responder) alert.Responder {
	s := rota.Schedule{Name: name, Zone: "Asia/Ho_Chi_Minh"}
	for i := range 1 + w.dice.IntN(3) {
		r := rota.Rotation{ID: fmt.Sprint(name, i), Name: fmt.Sprint(i), Start: w.store.now.Add(-100 * time.Hour), Unit: rota.Weekly, Length: 1}
		who := w.one(of...)
		p := rota.Participant{User: core.UserID(who.ID)}
		switch who.Kind {
		case alert.Team:
			p = rota.Participant{Team: core.TeamID(who.ID)}
		case alert.Escalation:
			p = rota.Participant{Escalation: core.EscalationID(who.ID)}
		}
		r.Participants = []rota.Participant{p}
		s.Rotations = append(s.Rotations, r)
	}
	made := must(state.Do(w.t.Context(), w.store, w.next(), state.PutSchedule{Schedule: s}))
	if w.dice.IntN(3) == 0 {
		from, to := w.store.now.Add(-time.Hour), w.store.now.Add(24*time.Hour)
		must(state.Do(w.t.Context(), w.store, w.next(), state.CreateOverride{Schedule: state.Pick{ID: string(made.ID)}, Fields: state.OverrideFields{
			Who: &state.Party{Kind: alert.User, Pick: state.Pick{ID: string(w.users[0])}}, Start: &from, End: &to, Rotations: &[]state.Pick{{Name: "0"}}}}))
	}
	return alert.Responder{Kind: alert.Schedule, ID: string(made.ID)}
}

func (w *world) escalation(name string, of ...alert.Responder) alert.Responder {
	p := escalate.Policy{Name: name}
	for i := range 1 + w.dice.IntN(3) {
		p.Rules = append(p.Rules, escalate.Rule{Condition: escalate.IfNotAcked, Delay: time.Duration(i) * time.Minute, Recipient: w.one(of...)})
	}
	made := must(state.Do(w.t.Context(), w.store, w.next(), state.PutEscalation{Policy: p}))
	return alert.Responder{Kind: alert.Escalation, ID: string(made.ID)}
}

// newWorld makes people of whom some cannot be told, and give what would reach them to others.
func newWorld(t *testing.T, n uint64) *world {
	w := &world{dice: rand.New(rand.NewPCG(n, 1))}
	w.hub = newHub(t)
	w.store.machine = w.store.machine.With(state.Limits{})
	for i := range 7 {
		u := reach.User{Username: fmt.Sprintf("user%d@example.vn", i), Language: "vi", Zone: "Asia/Ho_Chi_Minh", Contacts: []reach.Contact{{Kind: "push", Address: fmt.Sprint("token", i)}}}
		if i > 4 {
			u.Contacts = nil
		}
		w.users = append(w.users, must(state.Do(t.Context(), w.store, w.next(), state.PutUser{User: u})).ID)
	}
	from, to := w.store.now.Add(-time.Hour), w.store.now.Add(24*time.Hour)
	for range w.dice.IntN(8) {
		a, b := w.user(), w.user()
		if a != b {
			must(state.Do(t.Context(), w.store, w.next(), state.CreateForward{Fields: state.ForwardFields{From: &state.Pick{ID: string(a)}, To: &state.Pick{ID: string(b)}, Start: &from, End: &to}}))
		}
	}
	return w
}

// Who is on call, flat, is who is notified of a P1 alert for the schedule that nobody
// acknowledges: whatever leads from the one to the other.
func TestOnCallsAreWhomAnAlertNotifies(t *testing.T) {
	forwarded := 0
	for n := range uint64(40) {
		w := newWorld(t, n)
		inner := w.schedule("inner")
		up := w.escalation("up", inner)
		team := must(state.Do(t.Context(), w.store, w.next(), state.PutTeam{Team: route.Team{Name: "crew", Members: w.users[:2], Rules: []route.Rule{{Default: true, Notify: up}}}}))
		crew := alert.Responder{Kind: alert.Team, ID: string(team.ID)}
		w.schedule("outer", up, crew, w.escalation("over", inner, crew))

		at := w.store.now.Add(time.Minute).UTC().Format(time.RFC3339)
		flat := w.want(w.call("GET", "/v2/schedules/outer/on-calls?scheduleIdentifierType=name&flat=true&date="+at, ""), 200)
		want := []string{}
		for _, name := range flat.data("onCallRecipients").([]any) {
			if u, _ := state.FindUser(w.store.tx, name.(string)); len(u.Contacts) > 0 {
				want = append(want, name.(string))
			}
		}
		slices.Sort(want)
		id := w.create(`{"message":"m","priority":"P1","responders":[{"type":"schedule","name":"outer"}]}`)
		for range 5 {
			w.store.now = w.store.now.Add(time.Minute)
			must(state.Do(t.Context(), w.store, w.next(), state.DoDue{}))
		}
		told := map[string]bool{}
		for _, d := range state.DeliveriesOf(w.store.tx, core.AlertID(id)) {
			u := must(state.Pick{ID: string(d.User)}.User(w.store.tx))
			told[u.Username] = true
			if d.Why.For != "" {
				forwarded++
			}
		}
		if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, want) {
			t.Errorf("world %d: %v are notified, %v on call: %s", n, got, want, w.call("GET", "/v2/schedules/outer/on-calls?scheduleIdentifierType=name&date="+at, "").raw)
		}
	}
	if forwarded < 10 {
		t.Errorf("only %d pages were forwarded: these worlds show little", forwarded)
	}
}
