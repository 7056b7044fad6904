package state_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table/tabletest"
)

// tooled is a stage with a tool that sends things to a team.
func tooled(t *testing.T) (*stage, core.IntegrationID) {
	s := policed(t)
	s.act("tool hook API add=team:it")
	i, ok := s.findTool("hook")
	if !ok {
		t.Fatal(s.out.String())
	}
	return s, i.Rules.ID
}

// keng-5.journal.bounds: whatever a tool sends, what is kept of it is bounded, and is text.
func TestWhatToolsSendIsBounded(t *testing.T) {
	for name, change := range map[string]func(*state.TakeInput){
		"a long message":       func(k *state.TakeInput) { k.Draft.Message = strings.Repeat("ẻ", 60_000) },
		"a long description":   func(k *state.TakeInput) { k.Draft.Description = strings.Repeat("x", 200_000) },
		"many fields":          func(k *state.TakeInput) { k.Payload = many(2000, strings.Repeat("v", 30)) },
		"long fields":          func(k *state.TakeInput) { k.Payload = many(20, strings.Repeat("ạ", 4000)) },
		"many details":         func(k *state.TakeInput) { k.Draft.Details = many(1500, strings.Repeat("d", 100)) },
		"a field without name": func(k *state.TakeInput) { k.Payload = map[string]string{"": strings.Repeat("x", 40_000)} },
	} {
		s, id := tooled(t)
		k := state.TakeInput{Integration: id, Draft: alert.Draft{Message: "trouble", Alias: "x"}}
		change(&k)
		r, err := do(s, k)
		if err != nil || !r.Success {
			t.Errorf("%s: %+v, %v", name, r, err)
			continue
		}
		a, ok := state.FindAlert(s.tx, state.Ref{ID: r.Alert})
		if !ok || utf8.RuneCountInString(a.Message) > alert.MessageMax || utf8.RuneCountInString(a.Description) > alert.DescriptionMax {
			t.Errorf("%s: the alert is beyond its limits", name)
		}
		list, _ := state.Inputs(s.tx, id, 0, 10, 10)
		if len(list) != 1 || !list[0].Cut || list[0].Alert != r.Alert {
			t.Fatalf("%s: the journal has %d rows", name, len(list))
		}
		in := list[0]
		n := len(in.Draft.Message) + len(in.Draft.Description)
		for _, fields := range []map[string]string{in.Payload, in.Draft.Details} {
			for k, v := range fields {
				n += len(k) + len(v)
				if !utf8.ValidString(v) {
					t.Errorf("%s: %q is no text", name, k)
				}
			}
		}
		if n > 64<<10 {
			t.Errorf("%s: %d bytes are kept", name, n)
		}
	}
}

func many(n int, value string) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprint("field", i)] = value
	}
	return m
}

// What comes by no integration is refused, and leaves nothing.
func TestWhatNobodySentIsRefused(t *testing.T) {
	s, id := tooled(t)
	for name, k := range map[string]state.TakeInput{
		"nobody":    {Integration: "nobody", Draft: alert.Draft{Message: "x"}},
		"a request": {Integration: id, Draft: alert.Draft{Message: "x"}, Request: strings.Repeat("x", 101)},
	} {
		if _, err := do(s, k); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if list, _ := state.Inputs(s.tx, "", 0, 10, 10); len(list) > 0 {
		t.Errorf("the journal has %d rows", len(list))
	}
}

// keng-5.journal.pages: the journal is read in pages, of one tool or of all, and a look that
// ends early goes on where it ended.
func TestJournalInPages(t *testing.T) {
	s, id := tooled(t)
	s.act("tool other API")
	for i := range 30 {
		s.act(fmt.Sprintf("send %s create a%d", []string{"hook", "other", "other"}[i%3], i))
	}
	for _, look := range []int{1, 4, 1000} {
		var got []uint64
		below := uint64(0)
		for range 100 {
			list, next := state.Inputs(s.tx, id, below, 3, look)
			for _, in := range list {
				got = append(got, in.Number)
			}
			if below = next; next == 0 {
				break
			}
		}
		if want := "[28 25 22 19 16 13 10 7 4 1]"; fmt.Sprint(got) != want {
			t.Errorf("looking at %d: %v", look, got)
		}
	}
}

// Whatever tools send: each input leaves a row that says what was done and why, an alert that
// it names exists, and the present rules would do the same again (they have not changed).
func TestEveryInputIsAccountedFor(t *testing.T) {
	dice := rand.New(rand.NewPCG(7, 7))
	s, _ := tooled(t)
	for _, line := range []string{
		"tool zabbix Zabbix", "rule zabbix create raise if=V:equals:1 alias={{HOST}}/{{ITEM}} message={{HOST}}:_{{ITEM}}", "rule zabbix close ok if=V:equals:0 alias={{HOST}}/{{ITEM}}",
		"rule zabbix acknowledge ack if=V:equals:2", "rule zabbix ignore tests if=HOST:contains:test",
		"tool quiet API", "rule quiet ignore all if=alias:starts-with:x", "tool off API off",
	} {
		s.act(line)
	}
	sent := 0
	for range 600 {
		s.out.Reset()
		line := fmt.Sprintf("send %s event %s .V=%d", pick(dice, "zabbix", "quiet", "off", "hook"), pick(dice, "-", "x1", "x2", "y"), dice.IntN(4))
		if dice.IntN(4) > 0 {
			line += " .HOST=" + pick(dice, "h1", "h2", "test1")
		}
		if dice.IntN(4) > 0 {
			line += " .ITEM=" + pick(dice, "disk", "net")
		}
		s.act(line)
		if strings.Contains(s.out.String(), "error") {
			t.Fatalf("%s: %s", line, s.out.String())
		}
		sent++
		list, _ := state.Inputs(s.tx, "", 0, 1, 1)
		in := list[0]
		if in.Number != uint64(sent) || in.Why == "" || in.Status == "" {
			t.Fatalf("%s: the row is %+v", line, in)
		}
		if _, ok := state.FindAlert(s.tx, state.Ref{ID: in.Alert}); in.Alert != "" && !ok {
			t.Fatalf("%s: there is no alert %s", line, in.Alert)
		}
		if again := s.machine.Replay(s.tx, s.now, in); again.Decision.Kind != in.Done && in.Done != 0 || again.Decision.Reason != in.Why && !strings.HasPrefix(in.Why, again.Decision.Reason) {
			t.Fatalf("%s: it was %v (%s), and is now %v (%s)", line, in.Done, in.Why, again.Decision.Kind, again.Decision.Reason)
		}
	}
}

// FuzzTakeInput: no command that says what a tool sent breaks anything.
func FuzzTakeInput(f *testing.F) {
	raw, err := state.Encode(core.Seed{1}, state.TakeInput{Integration: "i", Draft: alert.Draft{Message: "{{x}}", Alias: "a"}, Payload: map[string]string{"x": "y"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, command []byte) {
		s := &stage{t: t, machine: state.New(time.LoadLocation), tx: tabletest.NewTx()}
		_ = s.tx.Run(func(tx *tabletest.Tx) error {
			_, err := s.machine.Handle(tx, s.now, command)
			return err
		})
	})
}
