package state_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// One piece of removing closed alerts, of which each has two rows of log and two pages. It
// is to take at most 2 ms.
func BenchmarkRetentionPiece(b *testing.B) {
	machine, now := state.New(time.LoadLocation), time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	n := uint64(0)
	handle := func(tx *tabletest.Tx, at time.Time, encode func(core.Seed) ([]byte, error)) {
		n++
		var seed core.Seed
		binary.BigEndian.PutUint64(seed[8:], n)
		raw, err := encode(seed)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := machine.Handle(tx, at, raw); err != nil {
			b.Fatal(err)
		}
	}
	due := func(s core.Seed) ([]byte, error) { return state.Encode(s, state.DoDue{}) }
	tx := tabletest.NewTx()
	handle(tx, now, func(s core.Seed) ([]byte, error) { return state.Encode(s, state.PutRetention{Keep: 24 * time.Hour}) })
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			id := core.AlertID(core.Seed{}.Numbered("alert", uint64(i+1)))
			a := alert.New(alert.Draft{Message: "web is down", Alias: fmt.Sprint("web", i), Priority: core.P2}, id, uint64(i+1), now)
			a.Status, a.ClosedAt = alert.Closed, now
			_ = state.Alerts.Insert(tx, a)
			for k := range uint64(2) {
				_ = state.Log.Insert(tx, &state.Entry{Alert: id, Number: uint64(i)*2 + k, At: now, Text: "push to an queued: team it, step 1 of escalation it-escalation"})
				_ = state.Deliveries.Insert(tx, &state.Delivery{ID: core.DeliveryID(fmt.Sprintf("%s-%d", id, k)), Alert: id, User: "an", Kind: "push", CreatedAt: now, Trace: make([]state.Trace, 4)})
			}
		}
	}
	at, next := now.Add(25*time.Hour), 0
	for b.Loop() {
		b.StopTimer()
		fill(next, next+60)
		next += 60
		at, _ = state.NextDeadline(tx)
		b.StartTimer()
		handle(tx, at, due)
	}
}

// What is in force, with ten thousand maintenances that are over, a hundred planned and five
// active ones.
func BenchmarkMaintenanceInForce(b *testing.B) {
	tx, now := tabletest.NewTx(), time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	for i := range 10_105 {
		m := state.Maintenance{Over: i < 10_000, Window: route.Maintenance{ID: fmt.Sprint(i), Length: route.Scheduled, Start: now.Add(-time.Hour), End: now.Add(time.Hour),
			Rules: []route.MaintenanceRule{{Kind: route.APolicy, ID: fmt.Sprint("p", i), On: true}}}}
		if i >= 10_005 {
			m.Window.Start, m.Window.End = now.Add(time.Hour), now.Add(2*time.Hour)
		}
		if err := state.Maintenances.Put(tx, &m); err != nil {
			b.Fatal(err)
		}
	}
	var r table.Reader = tx
	for b.Loop() {
		if on, _ := state.InForce(r, now).Policy("p10001", false); !on {
			b.Fatal("nothing is in force")
		}
	}
}
