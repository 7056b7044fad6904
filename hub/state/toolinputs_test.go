package state_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
)

// defaults are default actions of a format: what says up closes what said down.
func defaults() []route.Action {
	says := func(kind route.ActionKind, word string) route.Action {
		return route.Action{ID: "default-" + word, Kind: kind, Name: word, Filter: route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: "STATE", Operation: "equals", Value: word}}}}
	}
	return []route.Action{says(route.Create, "down"), says(route.Close, "up")}
}

// toolSays is one thing that the tool says of an alias.
func toolSays(word, alias string) state.Said {
	return state.Said{Event: word, Draft: alert.Draft{Message: alias + " is " + word, Alias: alias}, Payload: map[string]string{"STATE": word}}
}

// Rules ogapi-11.intake.defaults, ogapi-11.intake.many, keng-5.journal.kept, keng-5.journal.replay: what a tool says by a key of the API alone goes
// by the format's defaults; each thing has its row of the journal, and the request one status.
func TestWhatAToolSaysByAKeyAlone(t *testing.T) {
	s := newStage(t)
	key, err := do(s, state.PutKey{Name: "work", Hash: make([]byte, 32), Rights: state.Write})
	if err != nil {
		t.Fatal(err)
	}
	take := func(request string, before int, inputs ...state.Said) state.Request {
		t.Helper()
		r, err := do(s, state.TakeInputs{Request: request, Integration: key, Format: "tool", Inputs: inputs, Defaults: defaults(), Before: before})
		if err != nil {
			t.Fatal(err)
		}
		if kept, ok := state.GetRequest(s.tx, request); !ok || kept.Status != r.Status || kept.Success != r.Success {
			t.Errorf("%s: the status is %+v, the result %+v", request, kept, r)
		}
		return r
	}
	if r := take("r-1", 0, toolSays("down", "a")); r.Status != string(alert.HasCreated) || r.Alias != "a" {
		t.Errorf("one thing: %+v", r)
	}
	if r := take("r-2", 0, toolSays("up", "a"), toolSays("down", "b"), toolSays("odd", "c"), toolSays("up", "d")); r.Status != "1 × Closed alert; 1 × Created alert; 1 × Nothing was done; 1 × Alert does not exist" || !r.Success || r.Alias != "a" {
		t.Errorf("four things: %+v", r)
	}
	if r := take("r-2", 4, toolSays("down", "b")); !strings.HasSuffix(r.Status, "Alert does not exist; then 1 × Existing alert occurred again") || r.Alias != "a" {
		t.Errorf("the same body goes on: %+v", r)
	}
	if r := take("r-3", 0); r.Success || r.Action != "Ignore" {
		t.Errorf("nothing: %+v", r)
	}
	list, _ := state.Inputs(s.tx, key, 0, 10, 10)
	if len(list) != 6 || list[0].Format != "tool" || list[0].Action != "default-down" || !strings.Contains(list[2].Why, "no action of integration work matches") {
		t.Fatalf("the journal has %d rows: %+v", len(list), list[0])
	}
	if r := s.machine.Replay(s.tx, s.now, list[4], defaults()...); r.Decision.Kind != route.Close || r.Alert != "" {
		t.Errorf("again with the defaults: %+v", r)
	}
	for what, k := range map[string]state.TakeInputs{
		"a key that is gone": {Request: "r", Integration: "gone", Inputs: []state.Said{toolSays("down", "x")}},
		"too many":           {Request: "r", Integration: key, Inputs: make([]state.Said, state.InputsMax+1)},
		"a long request":     {Request: strings.Repeat("r", 200), Integration: key},
	} {
		if _, err := do(s, k); err == nil || core.KindOf(err) == core.Internal {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Rule keng-5.journal.replay: of what is too large for the rules a trial looks at no more than they do.
func TestATrialLooksAtWhatTheRulesDo(t *testing.T) {
	s := newStage(t)
	key, err := do(s, state.PutKey{Name: "work", Hash: make([]byte, 32), Rights: state.Write})
	if err != nil {
		t.Fatal(err)
	}
	said := toolSays("down", "a")
	for i := range state.PayloadFieldsMax {
		said.Payload[fmt.Sprintf("A%d", i)] = "" // before STATE in the order of names
	}
	r, err := do(s, state.TakeInputs{Request: "r", Integration: key, Format: "tool", Inputs: []state.Said{said}, Defaults: defaults()})
	if err != nil {
		t.Fatal(err)
	}
	row := state.Input{Integration: key, Event: said.Event, Draft: said.Draft, Payload: said.Payload, Format: "tool"}
	tried := s.machine.Replay(s.tx, s.now, &row, defaults()...)
	if took, tries := r.Action, tried.Decision.Kind; took != "Ignore" || tries != 0 || len(row.Payload) != len(said.Payload) {
		t.Errorf("it was taken as %q, and is tried as %q", took, tries)
	}
}
