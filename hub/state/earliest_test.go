package state

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/proto/channel"
	"keng/raftstore/table/tabletest"
)

// What comes first is found as if it were looked for from the beginning each time: also what is planned for
// before what has been done, at the same moment, and after there was nothing.
func TestEarliestIsTheFirst(t *testing.T) {
	start := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	for seed := range uint64(50) {
		dice := rand.New(rand.NewPCG(seed, 1))
		tx := tabletest.NewTx()
		c := &change{tx: &metered{Tx: tx}}
		rows := map[string]*Deadline{}
		for n := range 300 {
			switch dice.IntN(5) {
			case 0, 1:
				at := start.Add(time.Duration(dice.IntN(20)) * time.Second)
				d := &Deadline{ID: fmt.Sprintf("%d-%d", dice.IntN(9), n), At: at, Kind: ScheduleRound, Round: true}
				if err := c.planned(d); err != nil {
					t.Fatal(err)
				}
				rows[d.ID] = d
			case 2: // something that was planned is done without
				for d := range Deadlines.All(tx) {
					if dice.IntN(3) == 0 {
						Deadlines.Delete(tx, deadlineKey(d))
						delete(rows, d.ID)
						break
					}
				}
			default:
				var want *Deadline
				for _, d := range rows {
					if want == nil || deadlineKey(d) < deadlineKey(want) {
						want = d
					}
				}
				got, ok := c.earliest()
				if ok != (want != nil) || ok && got.ID != want.ID {
					t.Fatalf("seed %d, step %d: %v is the first, and %v is found", seed, n, want, got)
				}
				if ok {
					Deadlines.Delete(c.tx, deadlineKey(got))
					delete(rows, got.ID)
				}
			}
		}
	}
}

// P2: a page that waits for a person's line, for longer than a page may take, is under way as long as it
// will be looked at again.
func TestHeldPageIsNotForgotten(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	for name, at := range map[string]struct {
		planned   time.Time
		held      bool
		forgotten int
	}{
		"will be looked at":       {now.Add(10 * time.Second), true, 0},
		"is looked at a bit late": {now.Add(-time.Minute), true, 0},
		"was passed over":         {now.Add(-2 * time.Hour), true, 1},
		"nothing is planned":      {time.Time{}, true, 1},
		"is not held":             {now.Add(10 * time.Second), false, 1},
	} {
		tx := tabletest.NewTx()
		d := &Delivery{ID: "page", Alert: "a", Kind: channel.Voice, Held: at.held, Bundle: true, SendBy: now.Add(-2 * time.Hour)}
		err := Alerts.Put(tx, &alert.Alert{ID: "a", Status: alert.Open})
		if err == nil {
			err = Deliveries.Put(tx, d)
		}
		if err == nil {
			err = Bundles.Put(tx, &Bundled{Delivery: d.ID, Alert: "a"})
		}
		if err == nil && !at.planned.IsZero() {
			err = Deadlines.Put(tx, &Deadline{ID: "x", Kind: BundleDue, At: at.planned, Delivery: d.ID})
		}
		if err != nil {
			t.Fatal(err)
		}
		if all := Orphans(tx, now, time.Hour, 9); len(all) != at.forgotten {
			t.Errorf("a page that %s: %v are forgotten", name, all)
		}
	}
}
