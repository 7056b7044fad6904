package state_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/proto/channel"
)

func TestEnrolmentTokens(t *testing.T) {
	s := newStage(t)
	hash := sha256.Sum256([]byte("secret"))
	for name, bad := range map[string]state.CreateToken{
		"no lifetime": {ID: "x", Uses: 1},
		"too long":    {ID: "x", Uses: 1, Lifetime: state.TokenLifetimeMax + 1},
		"no uses":     {ID: "x", Lifetime: time.Hour},
		"too many":    {ID: "x", Lifetime: time.Hour, Uses: state.TokenUsesMax + 1},
	} {
		if _, err := do(s, bad); core.KindOf(err) != core.Unacceptable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := do(s, state.CreateToken{ID: "x", Hash: hash[:], Lifetime: time.Hour, Uses: 2}); err != nil {
		t.Fatal(err)
	}
	use := func(what string, u state.UseToken, want string) {
		t.Helper()
		p, err := do(s, u)
		if want == "" && (err != nil || p.ID == "" || p.Token != "x") {
			t.Errorf("%s: %+v, %v", what, p, err)
		}
		if want != "" && (core.KindOf(err) != core.Forbidden || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	good := state.UseToken{Token: "x", Hash: hash[:], Kind: "agent", Name: "a"}
	use("first", good, "")
	use("another secret", state.UseToken{Token: "x", Hash: hash[:31], Kind: "agent"}, "not known")
	use("another token", state.UseToken{Token: "y", Hash: hash[:], Kind: "agent"}, "not known")
	use("a hub", state.UseToken{Token: "x", Hash: hash[:], Kind: "hub"}, "only an agent or a gateway")
	s.now = s.now.Add(time.Hour - 1)
	use("second, at the last moment", good, "")
	use("third", good, "used already")
	s.now = s.now.Add(1)
	use("expired", good, "expired")
}

// A node token lets nodes in and nobody else, who then know all secrets; an enrolment token
// does not let nodes in. Who lists enrolment tokens sees those only.
func TestNodeTokensAreAKindOfTheirOwn(t *testing.T) {
	s := newStage(t)
	hash := sha256.Sum256([]byte("secret"))
	for id, node := range map[string]bool{"nodes": true, "agents": false} {
		if _, err := do(s, state.CreateToken{ID: id, Hash: hash[:], Lifetime: time.Hour, Uses: 1, Node: node}); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(what string, err error, want string) {
		t.Helper()
		if core.KindOf(err) != core.Forbidden || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	_, err := do(s, state.UseToken{Token: "nodes", Hash: hash[:], Kind: "agent", Name: "a"})
	refused("an agent with a node token", err, "is for hub nodes")
	_, err = do(s, state.UseNodeToken{Token: "agents", Hash: hash[:]})
	refused("a node with an enrolment token", err, "is for agents and gateways")
	_, err = do(s, state.UseNodeToken{Token: "nodes", Hash: hash[:31]})
	refused("a node with another secret", err, "not known")
	if _, err := do(s, state.UseNodeToken{Token: "nodes", Hash: hash[:]}); err != nil {
		t.Errorf("a node with a node token, which the others have not spent: %v", err)
	}
	_, err = do(s, state.UseNodeToken{Token: "nodes", Hash: hash[:]})
	refused("a second node", err, "used already")
	s.now = s.now.Add(time.Hour)
	_, err = do(s, state.UseNodeToken{Token: "nodes", Hash: hash[:]})
	refused("a late node", err, "expired")
	var listed []string
	for token := range state.EnrolmentTokens(s.tx) {
		listed = append(listed, token.ID)
	}
	if !slices.Equal(listed, []string{"agents"}) {
		t.Errorf("enrolment tokens are %v", listed)
	}
}

func TestTheSameProcessIsAdmittedOnce(t *testing.T) {
	s := newStage(t)
	ids := map[string]bool{}
	for _, u := range []state.UseToken{{Kind: "gateway", Name: "inside a"}, {Kind: "gateway", Name: "inside a"}, {Kind: "gateway", Name: "inside b"}} {
		p, err := do(s, u)
		if err != nil {
			t.Fatal(err)
		}
		ids[p.ID] = true
	}
	if len(ids) != 2 {
		t.Errorf("%d peers for two processes", len(ids))
	}
}

func TestFoundingTwiceChangesNothing(t *testing.T) {
	s := newStage(t)
	first, err := do(s, state.FoundCluster{Name: "a", Language: "vi", Authority: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	second, err := do(s, state.FoundCluster{Name: "b", Language: "en", Authority: []byte{2}})
	if err != nil || second.Name != "a" || !bytes.Equal(second.Authority, first.Authority) || !second.FoundedAt.Equal(first.FoundedAt) {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestKeys(t *testing.T) {
	s := newStage(t)
	hash := sha256.Sum256([]byte("secret"))
	if _, err := do(s, state.PutKey{Hash: hash[:5]}); core.KindOf(err) != core.Unacceptable {
		t.Errorf("a short hash: %v", err)
	}
	if _, err := do(s, state.PutKey{Hash: hash[:], Team: "none"}); core.KindOf(err) != core.NotFound {
		t.Errorf("no such team: %v", err)
	}
	first, err := do(s, state.PutKey{Name: "a", Hash: hash[:], Rights: state.Read})
	if err != nil {
		t.Fatal(err)
	}
	again, err := do(s, state.PutKey{Name: "b", Hash: hash[:], Rights: state.AllRights})
	if err != nil || again != first {
		t.Errorf("the same secret again: %v, %v", again, err)
	}
	if k, ok := state.FindKey(s.tx, "secret"); !ok || k.Name != "b" || k.Rights != state.AllRights {
		t.Errorf("found %+v", k)
	}
	if _, ok := state.FindKey(s.tx, "other"); ok {
		t.Error("a wrong secret opens")
	}
}

// refused reports a command that is taken, or refused for another reason.
func refused[C state.Command[R], R any](t *testing.T, s *stage, what string, command C, want core.Kind) {
	t.Helper()
	if _, err := do(s, command); err == nil || core.KindOf(err) != want {
		t.Errorf("%s: %v", what, err)
	}
}

func TestConfigurationThatCannotBe(t *testing.T) {
	s := newStage(t)
	user := reach.User{Username: "an", Language: "vi", Zone: "UTC"}
	an, err := do(s, state.PutUser{User: user})
	if err != nil {
		t.Fatal(err)
	}
	badUser := func(what string, kind core.Kind, f func(u *reach.User)) {
		t.Helper()
		u := user
		u.Username = "binh"
		f(&u)
		refused(t, s, what, state.PutUser{User: u}, kind)
	}
	badUser("no name", core.Unacceptable, func(u *reach.User) { u.Username = "" })
	badUser("a name twice", core.Conflict, func(u *reach.User) { u.Username = "an" })
	badUser("language", core.Unacceptable, func(u *reach.User) { u.Language = "fr" })
	badUser("zone", core.Unacceptable, func(u *reach.User) { u.Zone = "Asia/Nowhere" })
	badUser("no zone", core.Unacceptable, func(u *reach.User) { u.Zone = "" })
	badUser("ids twice", core.Unacceptable, func(u *reach.User) { u.Contacts = []reach.Contact{{ID: "c"}, {ID: "c"}} })
	badUser("a step by nothing", core.Unacceptable, func(u *reach.User) {
		u.Rules = []reach.NotificationRule{{Steps: []reach.Step{{Contact: "voice"}}}}
	})
	badUser("a step before it begins", core.Unacceptable, func(u *reach.User) {
		u.Contacts = []reach.Contact{{Kind: "voice"}}
		u.Rules = []reach.NotificationRule{{Steps: []reach.Step{{Contact: "voice", After: -1}}}}
	})

	who := alert.Responder{Kind: alert.User, ID: string(an.ID)}
	nobody := alert.Responder{Kind: alert.User, ID: "nobody"}
	turn := rota.Rotation{Start: s.now, Unit: rota.Daily, Participants: []rota.Participant{{User: an.ID}}}
	long, ghost := turn, turn
	long.Length = 1 << 60
	ghost.Participants = []rota.Participant{{User: "nobody"}}
	refused(t, s, "a schedule without a name", state.PutSchedule{Schedule: rota.Schedule{Zone: "UTC"}}, core.Unacceptable)
	refused(t, s, "a schedule without a zone", state.PutSchedule{Schedule: rota.Schedule{Name: "x"}}, core.Unacceptable)
	refused(t, s, "turns without end", state.PutSchedule{Schedule: rota.Schedule{Name: "x", Zone: "UTC", Rotations: []rota.Rotation{long}}}, core.Unacceptable)
	refused(t, s, "a ghost on call", state.PutSchedule{Schedule: rota.Schedule{Name: "x", Zone: "UTC", Rotations: []rota.Rotation{ghost}}}, core.NotFound)

	rule := func(r escalate.Rule) state.PutEscalation {
		return state.PutEscalation{Policy: escalate.Policy{Name: "x", Rules: []escalate.Rule{r}}}
	}
	refused(t, s, "an escalation without rules", state.PutEscalation{Policy: escalate.Policy{Name: "x"}}, core.Unacceptable)
	refused(t, s, "an escalation without a name", state.PutEscalation{}, core.Unacceptable)
	refused(t, s, "no condition", rule(escalate.Rule{Recipient: who}), core.Unacceptable)
	refused(t, s, "a delay before it begins", rule(escalate.Rule{Condition: escalate.IfNotAcked, Delay: -1, Recipient: who}), core.Unacceptable)
	refused(t, s, "nobody", rule(escalate.Rule{Condition: escalate.IfNotAcked}), core.Unacceptable)
	for field, p := range map[string]state.PutEscalation{
		"rules[0].recipient":        rule(escalate.Rule{Condition: escalate.IfNotAcked, Recipient: nobody}),
		"rules[0].delay":            rule(escalate.Rule{Condition: escalate.IfNotAcked, Recipient: who, Delay: 31 * 24 * time.Hour}),
		"rules[0].notifyType":       rule(escalate.Rule{Condition: escalate.IfNotAcked, Recipient: who, Notify: escalate.Next}),
		"rules[0].acknowledgements": rule(escalate.Rule{Condition: escalate.IfNotAcked, Recipient: who, Acks: 11}),
		"ownerTeam":                 {Policy: escalate.Policy{Name: "x", Team: "none", Rules: []escalate.Rule{{Condition: escalate.IfNotAcked, Recipient: who}}}},
		"repeat.count":              {Policy: escalate.Policy{Name: "x", Rules: []escalate.Rule{{Condition: escalate.IfNotAcked, Recipient: who}}, Repeat: escalate.Repeat{Wait: time.Minute}}},
		"name":                      {Policy: escalate.Policy{Name: strings.Repeat("x", 200), Rules: []escalate.Rule{{Condition: escalate.IfNotAcked, Recipient: who}}}},
	} {
		var wrong *core.Error
		if _, err := do(s, p); !errors.As(err, &wrong) || wrong.Kind != core.Unacceptable || wrong.Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}

	team := func(r route.Rule) state.PutTeam {
		return state.PutTeam{Team: route.Team{Name: "x", Rules: []route.Rule{r}}}
	}
	refused(t, s, "a team without a name", state.PutTeam{}, core.Unacceptable)
	refused(t, s, "a rule to a person", team(route.Rule{Notify: who}), core.Unacceptable)
	refused(t, s, "a rule to a ghost", team(route.Rule{Notify: alert.Responder{Kind: alert.Schedule, ID: "none"}}), core.NotFound)
	refused(t, s, "a condition on nothing", team(route.Rule{Criteria: route.Criteria{Conditions: []route.Condition{{Field: "colour"}}}}), core.Unacceptable)
}

func TestForeignBytesAreNoCommand(t *testing.T) {
	s := newStage(t)
	unknown, _ := state.Encode(core.Seed{}, state.DoDue{})
	unknown = bytes.Replace(unknown, []byte{1, 14}, []byte{1, 23}, 1)
	for _, raw := range [][]byte{nil, {0xff}, []byte("{}"), unknown} {
		if _, err := s.machine.Handle(s.tx, s.now, raw); err == nil {
			t.Errorf("%x is taken for a command", raw)
		}
	}
}

// One page, on which a gateway reports more and longer than it may.
func TestATalkativeGateway(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an vi voice:+84901 push:tok voice@0s push@10m", "create web P1 user:an"} {
		s.act(line)
	}
	page := state.Outbox(s.tx, 1)[0].ID
	report := func(n uint32, r channel.Report) {
		t.Helper()
		r.Page, r.Number, r.At = string(page), n, s.now
		if _, err := do(s, state.TakeReports{Reports: []channel.Report{r}}); err != nil {
			t.Fatalf("report %d: %v", n, err)
		}
	}
	long := strings.Repeat("\x00ồ", 50_000)
	for n := range uint32(100) {
		report(n+1, channel.Report{Stage: channel.Ringing, Detail: long, ProviderID: long})
	}
	report(101, channel.Report{Stage: channel.Failed, Failure: channel.Failure(long), Reply: "shrug"})
	if d, _ := state.GetDelivery(s.tx, page); !d.Final() || len(d.Trace) > 40 {
		t.Errorf("the end was not heard, or too much was: %d stages", len(d.Trace))
	}
	if next := state.Outbox(s.tx, 9); len(next) != 1 || next[0].Kind != channel.Push {
		t.Errorf("it does not go on: %v", next)
	}
	report(102, channel.Report{Stage: channel.Done, Reply: channel.Acknowledge})
	if a, _ := state.FindAlert(s.tx, state.Ref{Alias: "web"}); !a.Acknowledged {
		t.Error("the digit was not heard")
	}
	for n := range uint32(100) {
		report(200+n, channel.Report{Stage: channel.Done, Reply: channel.Acknowledge})
	}
	if d, _ := state.GetDelivery(s.tx, page); len(d.Trace) > 64 {
		t.Errorf("the trace grows without bound: %d", len(d.Trace))
	}
}

func TestReportsOfUnknownPagesAreNoError(t *testing.T) {
	s := newStage(t)
	if _, err := do(s, state.TakeReports{Reports: []channel.Report{{}, {Page: "x", Stage: channel.Done, Reply: channel.Acknowledge}}}); err != nil {
		t.Error(err)
	}
}

// What an agent says is never an error: it would be said again for ever.
func TestAnyEventIsTaken(t *testing.T) {
	s := newStage(t)
	s.act("agent a")
	long := strings.Repeat("\x1b[31mđ", 20_000)
	details := map[string]string{"": "", "site": "x", long: long}
	for i := range 3000 {
		details[fmt.Sprint(i)] = "v"
	}
	events := []state.Event{
		{State: state.Down},
		{State: state.Down, Check: long, Site: long, Kind: long, Target: long, Reason: long, Team: long, Details: details, CutOff: true},
		{State: state.Up, Check: long, Site: long, Reason: long},
		{State: 99, Dropped: 1 << 63},
	}
	for i := range events {
		events[i].Number = uint64(i + 1)
		taken, err := do(s, state.TakeEvents{Agent: s.peer("a").ID, Epoch: []byte("e"), Events: events[i : i+1]})
		if err != nil || taken.Through < uint64(i+1) {
			t.Errorf("event %d: %+v, %v", i+1, taken, err)
		}
	}
	for row := range state.Log.All(s.tx) {
		for e := range row.Lines() {
			if strings.ContainsAny(e.Text, "\x1b\x00") && e.Type != state.ActionEntry {
				t.Errorf("control characters in the log: %.60q", e.Text)
			}
		}
	}
	if _, err := do(s, state.TakeEvents{Agent: "nobody"}); core.KindOf(err) != core.NotFound {
		t.Errorf("an unknown agent: %v", err)
	}
}

// P2: what is given up because it could not be done leaves its alert not forgotten.
func TestAGivenUpDeadlineLeavesAReason(t *testing.T) {
	s := newStage(t)
	for _, line := range []string{"user an vi push:tok voice:+84901 push@0s voice@3m", "create web P1 user:an", "report push an done"} {
		s.act(line)
	}
	s.now = s.now.Add(3 * time.Minute)
	if _, err := do(s, state.DoDue{Drop: true, Max: 1}); err != nil {
		t.Fatal(err)
	}
	a, _ := state.FindAlert(s.tx, state.Ref{Alias: "web"})
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind != state.RetentionDue || d.Alert != "" {
			t.Errorf("something will happen: %+v", d)
		}
	}
	if a.Resting == "" {
		t.Error("nothing will happen, and the alert does not say why")
	}
}

// However much a gateway has said of a page, every key that was pressed is heard.
func TestEveryKeyIsHeardOnAFullTrace(t *testing.T) {
	for _, reply := range []channel.Reply{channel.Acknowledge, channel.Close, channel.NextPerson} {
		s := newStage(t)
		for _, line := range []string{"user an vi voice:+84901", "user boss en voice:+84902", "escalation e 0s=user:an 10m=user:boss", "create web P1 escalation:e"} {
			s.act(line)
		}
		page := string(state.Outbox(s.tx, 1)[0].ID)
		var reports []channel.Report
		for n := range uint32(60) {
			reports = append(reports, channel.Report{Page: page, Number: n + 1, At: s.now, Stage: channel.Ringing})
		}
		reports = append(reports, channel.Report{Page: page, Number: 98, At: s.now, Stage: channel.Done}, channel.Report{Page: page, Number: 99, At: s.now, Stage: channel.Done, Reply: reply})
		if _, err := do(s, state.TakeReports{Reports: reports}); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		for row := range state.Log.All(s.tx) {
			for e := range row.Lines() {
				log.WriteString(e.Text + "\n")
			}
		}
		want := map[channel.Reply]string{channel.Acknowledge: "Alert acknowledged", channel.Close: "Alert closed", channel.NextPerson: "Passed on"}[reply]
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s was not heard", reply)
		}
	}
}

func TestTheNoteOfANewAlertIsLogged(t *testing.T) {
	s := newStage(t)
	r, err := do(s, state.CreateAlert{Draft: alert.Draft{Message: "m", Note: "see the wiki"}})
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(state.LogOf(s.tx, r.Alert))
	if !slices.ContainsFunc(lines, func(e state.Entry) bool { return e.Text == "Note: see the wiki" }) {
		t.Errorf("the log is %+v", lines)
	}
}
