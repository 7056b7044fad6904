package state_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// What one row of the journal, one request's status and one line of an activity log may
// weigh, in bytes as they are stored.
const (
	journalRowMax = 80 << 10
	requestRowMax = 8 << 10
	logRowMax     = 4*alert.NoteMax + 8<<10
)

// bounded complains about rows that what was sent has made too heavy.
func bounded(s *stage, what string) {
	s.t.Helper()
	for key, value := range s.tx.Scan(nil, nil) {
		number, _, isRow := table.RowOf(key)
		most, watched := map[uint16]int{state.Journal.Number(): journalRowMax, requestsTable: requestRowMax, state.Log.Number(): logRowMax}[number]
		if isRow && watched && len(value) > most {
			s.t.Errorf("%s: a row of table %d has %d bytes, %d are allowed", what, number, len(value), most)
		}
	}
}

// requestsTable is the table of what became of requests.
const requestsTable = 11

// keng-5.journal.bounds: no field of what a tool sends makes anything that is stored of it
// large, or is a reason to lose the alarm.
func TestNoFieldOfAnInputIsUnbounded(t *testing.T) {
	long := strings.Repeat("ẻ", 60_000)
	every := slices.Repeat([]string{strings.Repeat("tag", 30)}, 2500)
	for name, change := range map[string]func(*state.TakeInput){
		"message": func(k *state.TakeInput) { k.Draft.Message = long },
		"source":  func(k *state.TakeInput) { k.Draft.Source = long },
		"entity":  func(k *state.TakeInput) { k.Draft.Entity = long },
		"user":    func(k *state.TakeInput) { k.Draft.User = long },
		"note":    func(k *state.TakeInput) { k.Draft.Note = long },
		"event":   func(k *state.TakeInput) { k.Event = long },
		"tags":    func(k *state.TakeInput) { k.Draft.Tags = every },
		"actions": func(k *state.TakeInput) { k.Draft.Actions = every },
		"responders": func(k *state.TakeInput) {
			k.Draft.Responders = slices.Repeat([]alert.Responder{{Kind: alert.User, ID: long[:300]}}, 500)
		},
		"a name":   func(k *state.TakeInput) { k.Payload = map[string]string{long: "x", "z": "y"} },
		"a detail": func(k *state.TakeInput) { k.Draft.Details = map[string]string{long: "x", "z": "y"} },
	} {
		for _, kind := range []string{"create", "close", "acknowledge", "addNote", "ignore"} {
			s, id := tooled(t)
			s.act("send hook create x")
			s.act("rule hook " + kind + " it alias=x")
			k := state.TakeInput{Request: "r-1", Integration: id, Draft: alert.Draft{Message: "trouble", Alias: "x"}}
			if kind == "create" {
				s.act("close x -")
			}
			change(&k)
			r, err := do(s, k)
			if err != nil || !r.Success && kind != "ignore" && !(kind == "addNote" && name != "note") {
				t.Errorf("%s, %s: %v %s, %v", name, kind, r.Success, r.Status, err)
			}
			list, _ := state.Inputs(s.tx, id, 0, 1, 1)
			if len(list) != 1 || list[0].Number != 2 || !list[0].Cut {
				t.Errorf("%s, %s: what is in the journal does not say that it was cut", name, kind)
			}
			bounded(s, name+", "+kind)
		}
	}
}

// keng-5.journal.bounds: what is in no range that a tool keeps within is cut as well: ten
// thousand fields are no reason to lose the alarm that came with them.
func TestTooManyFieldsLoseNoAlarm(t *testing.T) {
	s, id := tooled(t)
	r, err := do(s, state.TakeInput{Integration: id, Draft: alert.Draft{Message: "fire", Alias: "x"}, Payload: many(10_000, strings.Repeat("v", 100))})
	if err != nil || !r.Success || r.Alert == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	if list, _ := state.Inputs(s.tx, id, 0, 1, 1); len(list) != 1 || !list[0].Cut || len(list[0].Payload) == 0 {
		t.Error("the journal does not say that it was cut")
	}
	bounded(s, "fields")
}

// keng-5.journal.bounds: rules read no more of a tool's field than of an alert's longest text,
// however little there is besides: regular expressions take their time.
func TestRulesReadTheBeginningOfALongField(t *testing.T) {
	for _, c := range []struct {
		long int
		done route.ActionKind
	}{{alert.DescriptionMax - 1, route.Ignore}, {alert.DescriptionMax, route.Create}} {
		s, id := tooled(t)
		s.act("rule hook ignore tests if=output:ends-with:x")
		r, err := do(s, state.TakeInput{Integration: id, Draft: alert.Draft{Message: "m"}, Payload: map[string]string{"output": strings.Repeat("ẻ", c.long) + "x"}})
		if list, _ := state.Inputs(s.tx, id, 0, 1, 1); err != nil || len(list) != 1 || list[0].Done != c.done {
			t.Errorf("%d characters: %+v, %v", c.long+1, r, err)
		}
	}
}

// keng-5.journal.bounds: neither do reasons grow with the rules.
func TestReasonsAreBounded(t *testing.T) {
	s, id := tooled(t)
	a := route.Action{Kind: route.Ignore, Name: "all", Filter: route.Criteria{Join: route.AllConditions}}
	for range route.ConditionsMax {
		a.Filter.Conditions = append(a.Filter.Conditions, route.Condition{Field: "message", Operation: "contains", Not: true, Value: strings.Repeat("ẻ", route.ExpectedMax)})
	}
	if _, err := do(s, state.AddAction{ID: id, Action: state.ActionFields{Action: a}}); err != nil {
		t.Fatal(err)
	}
	if r, err := do(s, state.TakeInput{Request: "r", Integration: id, Draft: alert.Draft{Message: "m"}}); err != nil || r.Success || !utf8.ValidString(r.Status) {
		t.Fatalf("%+v, %v", r, err)
	}
	bounded(s, "a hundred conditions")
}

// keng-8.integration.size: an integration that is too large for a row is refused with words,
// and stays as it was.
func TestIntegrationsAreBounded(t *testing.T) {
	s, id := tooled(t)
	var actions []state.ActionFields
	for n := range route.ActionsMax {
		actions = append(actions, state.ActionFields{Action: route.Action{Kind: route.Create, Name: fmt.Sprint("a", n), Fields: route.Rewrite{Description: strings.Repeat("x", route.TemplateMax)}}})
	}
	if _, err := do(s, state.ChangeIntegration{ID: id, Fields: state.IntegrationFields{Actions: &actions}}); core.KindOf(err) != core.Unacceptable {
		t.Errorf("all at once: %v", err)
	}
	var err error
	taken := 0
	for ; taken < len(actions) && err == nil; taken++ {
		_, err = do(s, state.AddAction{ID: id, Action: actions[taken]})
	}
	if core.KindOf(err) != core.Unacceptable {
		t.Errorf("one by one, at number %d: %v", taken, err)
	}
	i, err := state.GetIntegration(s.tx, id)
	if err != nil || len(i.Rules.Actions) != taken-1 {
		t.Errorf("%d actions are kept of %d, %v", len(i.Rules.Actions), taken-1, err)
	}
}

// ogapi-2.integration.conflict: a name that another integration has is a conflict.
func TestIntegrationNamesAreTheirOwn(t *testing.T) {
	s, id := tooled(t)
	name, other := "hook", "other"
	hash := sha256.Sum256([]byte("another"))
	if _, err := do(s, state.CreateIntegration{Type: "API", Hash: hash[:], Fields: state.IntegrationFields{Name: &name}}); core.KindOf(err) != core.Conflict {
		t.Errorf("made twice: %v", err)
	}
	if _, err := do(s, state.CreateIntegration{Type: "API", Hash: hash[:], Fields: state.IntegrationFields{Name: &other}}); err != nil {
		t.Fatal(err)
	}
	if _, err := do(s, state.ChangeIntegration{ID: id, Fields: state.IntegrationFields{Name: &other}}); core.KindOf(err) != core.Conflict {
		t.Errorf("renamed: %v", err)
	}
	if _, err := do(s, state.ChangeIntegration{ID: id, Fields: state.IntegrationFields{Name: &name}}); err != nil {
		t.Errorf("its own name: %v", err)
	}
}

// keng-8.integration.team: a team that owns an integration answers alone for what comes by
// it, so it cannot be deleted before.
func TestATeamWithAnIntegrationStays(t *testing.T) {
	s := policed(t)
	s.act("tool hook API team=it")
	if _, err := do(s, state.DeleteTeam{Team: state.Pick{Name: "it"}}); core.KindOf(err) != core.InUse || !strings.Contains(err.Error(), "hook") {
		t.Errorf("the team is deleted: %v", err)
	}
	s.act("untool hook")
	if _, err := do(s, state.DeleteTeam{Team: state.Pick{Name: "it"}}); err != nil {
		t.Errorf("without it: %v", err)
	}
}

// keng-8.integration.key: an integration and its key are switched, renamed and deleted
// together, and an API key is none.
func TestAnIntegrationAndItsKeyAreOne(t *testing.T) {
	s, id := tooled(t)
	hash := sha256.Sum256([]byte("hook"))
	key := func() *state.Key {
		k, _ := state.FindKey(s.tx, "hook")
		return k
	}
	if k := key(); k == nil || k.ID != id || k.Name != "hook" || k.Rights != state.Read|state.Write {
		t.Fatalf("its key is %+v", k)
	}
	if _, err := do(s, state.PutKey{Name: "mine", Hash: hash[:], Rights: state.AllRights}); core.KindOf(err) != core.Conflict {
		t.Errorf("the key of an integration is made one of the API: %v", err)
	}
	s.act("tool hook API off")
	if key() != nil {
		t.Error("an integration that is off is let in")
	}
	s.act("tool hook API on")
	if key() == nil {
		t.Error("an integration that is on again is not let in")
	}
	s.act("untool hook")
	if key() != nil {
		t.Error("an integration that is gone is let in")
	}
}

// keng-5.journal.replay: asking what would become of an input changes nothing, wherever its
// integration has gone.
func TestReplayChangesNothing(t *testing.T) {
	s, _ := tooled(t)
	s.act("send hook create x .host=db")
	s.act("create y")
	s.act("shape vip priority=P1 tag=vip")
	s.act("untool hook")
	before := contents(s)
	list, _ := state.Inputs(s.tx, "", 0, 9, 9)
	for _, in := range list {
		raw := mustEncode(t, in)
		if r := s.machine.Replay(s.tx, s.now, in); r.Decision.Kind != route.Create || r.Shaped.Draft.Priority != core.P1 {
			t.Errorf("%+v", r)
		}
		if !bytes.Equal(raw, mustEncode(t, in)) {
			t.Error("the input was changed")
		}
	}
	if !maps.Equal(before, contents(s)) || len(list) != 2 {
		t.Error("the state was changed")
	}
}

// What comes by the API with the key of an integration is an input as any other: its rules
// say what becomes of it, and who asks for the request's status reads that.
func TestTheAPIWithTheKeyOfAnIntegration(t *testing.T) {
	s, id := tooled(t)
	s.act("rule hook ignore tests if=tags:contains:test")
	s.act("rule hook create rest message={{message}}_({{entity}})")
	for request, want := range map[string]struct {
		tag, status string
		done        route.ActionKind
	}{
		"r-1": {"test", "Nothing was done: ignored by action tests", route.Ignore},
		"r-2": {"prod", string(alert.HasCreated), route.Create},
	} {
		d := alert.Draft{Message: "disk full", Alias: request, Entity: "db", Tags: []string{want.tag}, Integration: id}
		if _, err := do(s, state.CreateAlert{Request: request, Draft: d}); err != nil {
			t.Fatal(err)
		}
		r, ok := state.GetRequest(s.tx, request)
		if !ok || !strings.HasPrefix(r.Status, want.status) || r.Success != (want.done == route.Create) || r.Integration != id {
			t.Errorf("%s: %+v", request, r)
		}
		list, _ := state.Inputs(s.tx, id, 0, 1, 1)
		if len(list) != 1 || list[0].Request != request || list[0].Done != want.done || list[0].Draft.Message != d.Message {
			t.Errorf("%s: the journal has %+v", request, list)
		}
	}
	if a, ok := state.FindAlert(s.tx, state.Ref{Alias: "r-2"}); !ok || a.Message != "disk full (db)" {
		t.Errorf("%+v", a)
	}
}

func contents(s *stage) map[string]string {
	all := map[string]string{}
	for k, v := range s.tx.Scan(nil, nil) {
		all[string(k)] = string(v)
	}
	return all
}

func mustEncode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Whatever tools send while alerts live their lives, each input has a row that says what was
// done and why, an alert that it created or moved has a larger number than before (P7), one
// that it left alone has the same, and the other promises hold (P2, P3).
func TestPromisesHoldWhateverToolsSend(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds)/3; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := newFullLife(t, rand.New(rand.NewPCG(seed, 5)))
			l.settle()
			for _, line := range []string{
				"tool zabbix Zabbix add=team:it", "rule zabbix create raise if=V:equals:1 message={{HOST}}_is_down priority={{SEVERITY}}", "rule zabbix close ok if=V:equals:0",
				"rule zabbix acknowledge taken if=V:equals:2 user={{WHO}}", "rule zabbix addNote said if=V:equals:3 note={{WHO}}_says_so", "rule zabbix ignore tests if=HOST:starts-with:test",
				"tool mail Email team=net", "rule mail close over if=message:contains:x1 alias={{HOST}}",
			} {
				l.act(line)
			}
			for range 80 {
				l.out.Reset()
				if l.dice.IntN(2) == 0 {
					l.live()
				} else {
					l.sends()
				}
				l.act("wait 0s")
				l.checkLife()
			}
		})
	}
}

// sends lets a tool send something and looks what became of it.
func (l *fullLife) sends() {
	alias := fmt.Sprint("x", l.dice.IntN(4))
	line := fmt.Sprintf("send %s event %s .V=%d", pick(l.dice, "zabbix", "mail"), pick(l.dice, alias, alias, alias, "-"), l.dice.IntN(5))
	for field, of := range map[string][]string{"HOST": {"db", "test1", alias}, "SEVERITY": {"P1", "P4", "disaster"}, "WHO": {"an", "nobody"}} {
		if n := l.dice.IntN(len(of) + 1); n < len(of) {
			line += " ." + field + "=" + of[n]
		}
	}
	before := map[core.AlertID]uint64{}
	for a := range state.Alerts.All(l.tx) {
		before[a.ID] = a.Sequence
	}
	was, _ := state.Inputs(l.tx, "", 0, 1, 1)
	l.act(line)
	list, _ := state.Inputs(l.tx, "", 0, 1, 1)
	if len(list) != 1 || len(was) == 1 && list[0].Number != was[0].Number+1 {
		l.t.Fatalf("%s: is not in the journal", line)
	}
	in := list[0]
	if in.Why == "" || in.Status == "" || in.Done == 0 != (in.Action == "" && strings.HasPrefix(in.Why, "not used")) {
		l.t.Fatalf("%s: the journal does not say why: %+v", line, in)
	}
	for a := range state.Alerts.All(l.tx) {
		switch old, there := before[a.ID]; {
		case a.ID == in.Alert && in.Done == route.Create && a.Sequence <= old:
			l.t.Fatalf("P7: %s: alert #%d is still state %d", line, a.Tiny, old)
		case a.ID != in.Alert && (!there || a.Sequence != old):
			l.t.Fatalf("%s: has moved alert #%d, and the journal does not say so", line, a.Tiny)
		}
	}
	if in.Alert == "" && in.Done != route.Ignore && in.Done != 0 && in.Status != string(alert.NoSuchAlert) && !strings.Contains(in.Why, "names no alert") {
		l.t.Fatalf("%s: neither an alert nor a reason: %+v", line, in)
	}
}

// BenchmarkCreateAlert is an alert by the API that names nobody: with a row of the journal,
// and, as the hub's own alerts, without.
func BenchmarkCreateAlert(b *testing.B) {
	for name, key := range map[string]core.IntegrationID{"journal": "key", "none": ""} {
		b.Run(name, func(b *testing.B) {
			s := newStage(&testing.T{})
			b.ReportAllocs()
			for n := range b.N {
				s.now = s.now.Add(time.Millisecond)
				d := alert.Draft{Message: "disk full on db-1", Alias: fmt.Sprint("a", n), Source: "monitor", Tags: []string{"disk", "db"},
					Details: map[string]string{"host": "db-1", "site": "branch-3"}, Description: strings.Repeat("x", 200), Integration: key}
				if _, err := do(s, state.CreateAlert{Request: fmt.Sprint("r", n), Draft: d}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzInputOfATool: whatever is said of an input in a command for a tool that exists, it is
// decoded or refused without a trace, leaves one row in the journal, and makes nothing large.
func FuzzInputOfATool(f *testing.F) {
	base, id := tooled(&testing.T{})
	for _, line := range []string{
		"rule hook create raise if=V:equals:1 message={{host}}:_{{message.extract(/(\\S+)/)}} alias={{host}} tag={{tags}}", "rule hook close ok if=V:equals:0 note={{details}}",
		"rule hook acknowledge ack if=V:matches:2+ user={{user}}", "rule hook ignore tests if=host:contains:test",
	} {
		base.act(line)
	}
	rows := contents(base)
	for _, v := range []string{"0", "1", "2", "3"} {
		f.Add(mustBody(state.TakeInput{Request: "r", Integration: id, Event: "e", Draft: alert.Draft{Message: "{{x}} m", Alias: "a", Tags: []string{"t", "{{host}}"}, Details: map[string]string{"k": "v"}}, Payload: map[string]string{"V": v, "host": "h\xff"}}))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := &stage{t: t, machine: state.New(time.LoadLocation), tx: tabletest.NewTx(), now: base.now}
		for k, v := range rows {
			s.tx.Set([]byte(k), []byte(v))
		}
		command, err := cbor.Marshal(map[int]any{1: 105, 2: core.Seed{9}, 3: cbor.RawMessage(body)})
		if err != nil {
			return // no item of CBOR
		}
		err = s.tx.Run(func(tx *tabletest.Tx) error {
			_, err := s.machine.Handle(tx, s.now, command)
			return err
		})
		list, _ := state.Inputs(s.tx, "", 0, 9, 9)
		if err != nil && len(list) != 0 || err == nil && (len(list) != 1 || list[0].Why == "" || list[0].Status == "") {
			t.Fatalf("%v, and the journal has %d rows", err, len(list))
		}
		bounded(s, "a foreign input")
	})
}

func mustBody(v any) []byte {
	raw, err := cbor.Marshal(v)
	if err != nil {
		panic(err) // the value is a constant
	}
	return raw
}
