package state_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table/tabletest"
)

// BenchmarkComeAndGo is an alert that names nobody, created by one command and closed by the
// next, in memory: what evaluating costs without log and disk.
func BenchmarkComeAndGo(b *testing.B) {
	machine, tx, now := state.New(time.LoadLocation), tabletest.NewTx(), time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	n := uint64(0)
	run := func(raw []byte, err error) {
		if err == nil {
			_, err = machine.Handle(tx, now, raw)
		}
		if err != nil {
			b.Fatal(err)
		}
		tx.Save()
	}
	seed := func() (s core.Seed) {
		n++
		binary.BigEndian.PutUint64(s[8:], n)
		return s
	}
	b.ReportAllocs()
	for b.Loop() {
		alias := fmt.Sprint("disk-", n)
		run(state.Encode(seed(), state.CreateAlert{Draft: alert.Draft{Message: "The disk is nearly full", Alias: alias, Priority: core.P3, Tags: []string{"disk"}, Source: "bench"}}))
		run(state.Encode(seed(), state.CloseAlert{Alert: state.Ref{Alias: alias}, Source: "bench"}))
	}
}
