package state

import (
	"fmt"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// TestAlertsCreatedInOneCommand: each has what it would have by a command of its own, also one
// whose alias was just taken by another.
func TestAlertsCreatedInOneCommand(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	var all CreateAlerts
	for i, alias := range []string{"a", "b", "a", "", "c"} {
		all.Alerts = append(all.Alerts, CreateAlert{Request: fmt.Sprint("r", i), Draft: alert.Draft{
			Message: fmt.Sprint("m", i), Alias: alias, Priority: core.P2, Integration: "key", Responders: []alert.Responder{{Kind: alert.User, ID: "lan"}},
		}})
	}
	// seen is what there is, but for ids, which follow from the commands' seeds.
	seen := func(tx *tabletest.Tx) (list []string) {
		for a := range Alerts.Find(tx, table.K()) {
			list = append(list, fmt.Sprintf("#%d %s %s ×%d %v", a.Tiny, a.Message, a.Alias[:1], a.Count, a.Status))
		}
		for i := range all.Alerts {
			r, ok := GetRequest(tx, fmt.Sprint("r", i))
			if !ok {
				t.Fatalf("request %d has no status", i)
			}
			a, _ := FindAlert(tx, Ref{ID: r.Alert})
			list = append(list, fmt.Sprintf("%s: %s, of #%d", r.ID, r.Status, a.Tiny))
		}
		for in := range Journal.Find(tx, table.K()) {
			list = append(list, fmt.Sprintf("input %d: %s %s", in.Number, in.Draft.Message, in.Status))
		}
		return list
	}
	together, apart := tabletest.NewTx(), tabletest.NewTx()
	send(t, together, now, 1, all)
	for i, one := range all.Alerts {
		send(t, apart, now, byte(i+1), one)
	}
	if got, want := seen(together), seen(apart); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("together:\n%q\napart:\n%q", got, want)
	}
	raw, err := Encode(core.Seed{9}, CreateAlerts{Alerts: make([]CreateAlert, CreatesMax+1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(time.LoadLocation).Handle(apart, now, raw); core.KindOf(err) != core.Unacceptable {
		t.Errorf("too many at once: %v", err)
	}
}

// TestCreateAgain: what has a status was carried out, and is not carried out again.
func TestCreateAgain(t *testing.T) {
	tx, now := tabletest.NewTx(), time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	one := CreateAlert{Request: "r", Again: true, Draft: alert.Draft{Message: "m", Alias: "a", Priority: core.P2, Integration: "key"}}
	send(t, tx, now, 1, one) // it was not
	send(t, tx, now, 2, one)
	if a, ok := FindAlert(tx, Ref{Alias: "a"}); !ok || a.Count != 1 {
		t.Errorf("it is there (%v): %+v", ok, a)
	}
	one.Again = false
	send(t, tx, now, 3, one)
	if a, _ := FindAlert(tx, Ref{Alias: "a"}); a.Count != 2 {
		t.Errorf("it occurred %d times", a.Count)
	}
}
