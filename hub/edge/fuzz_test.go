package edge

import (
	"bytes"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/proto/agentpb"
	"keng/proto/channel"
	"keng/proto/gatewaypb"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// node evaluates commands.
type node struct {
	t       *testing.T
	machine *state.Machine
	tx      *tabletest.Tx
	seeds   byte
}

func newNode(t *testing.T) *node {
	return &node{t: t, machine: state.New(time.LoadLocation), tx: tabletest.NewTx()}
}

// carryOut evaluates a command, which must not fail: an agent or a gateway would say the
// same again, and fail again, for ever.
func carryOut[C state.Command[R], R any](n *node, command C) {
	n.t.Helper()
	n.seeds++
	raw, err := state.Encode(core.Seed{n.seeds}, command)
	if err == nil {
		err = n.tx.Run(func(tx *tabletest.Tx) error {
			_, err := n.machine.Handle(tx, time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC), raw)
			return err
		})
	}
	if err != nil {
		n.t.Fatalf("%T fails: %v", command, err)
	}
}

// readAll reads every row: none may have been written that cannot be read again.
func (n *node) readAll() {
	n.t.Helper()
	all := func(r table.Reader) {
		for range state.Alerts.All(r) {
		}
		for range state.Log.All(r) {
		}
		for range state.Deliveries.All(r) {
		}
		for range state.Deadlines.All(r) {
		}
		for range state.Peers.All(r) {
		}
	}
	if err := n.tx.Run(func(tx *tabletest.Tx) error { all(tx); return nil }); err != nil {
		n.t.Fatal(err)
	}
}

func firstID[R any](n *node, rows *table.Table[R], id func(*R) string) string {
	for row := range rows.All(n.tx) {
		return id(row)
	}
	n.t.Fatalf("no %s", rows.Name())
	return ""
}

// FuzzEvent: whatever an agent says is taken.
func FuzzEvent(f *testing.F) {
	v := &agentpb.Verdict{Check: "web", Site: "s", State: agentpb.State_STATE_DOWN, Priority: "P1", Details: map[string]string{"a": "b"}}
	for _, e := range []*agentpb.Event{
		{Number: 1, At: timestamppb.New(time.Unix(1, 0)), Kind: &agentpb.Event_Verdict{Verdict: v}},
		{Number: 1, At: &timestamppb.Timestamp{Seconds: 253402300800}, Kind: &agentpb.Event_Verdict{Verdict: v}},
		{Number: 1, At: &timestamppb.Timestamp{Seconds: -62135596801, Nanos: -1}, Kind: &agentpb.Event_Verdict{Verdict: &agentpb.Verdict{State: 77}}},
		{Number: 1, Kind: &agentpb.Event_Dropped{Dropped: &agentpb.Dropped{First: 1, Last: 1<<64 - 1}}},
	} {
		b, err := proto.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var e agentpb.Event
		if proto.Unmarshal(b, &e) != nil {
			return
		}
		n := newNode(t)
		carryOut(n, state.UseToken{Kind: "agent", Name: "a"})
		event := fromWire(&e)
		event.Number = 1
		carryOut(n, state.TakeEvents{
			Agent: firstID(n, state.Peers, func(p *state.Peer) string { return p.ID }), Epoch: bytes.Repeat([]byte{1}, 16), Events: []state.Event{event},
		})
		n.readAll()
	})
}

// FuzzReport: whatever a gateway reports is taken.
func FuzzReport(f *testing.F) {
	for _, r := range []*gatewaypb.Report{
		{Number: 1, Stage: "done", Reply: "acknowledge", At: timestamppb.New(time.Unix(1, 0))},
		{Number: 2, Stage: "failed", Failure: "dead-contact", At: &timestamppb.Timestamp{Seconds: 1 << 62}},
		{Stage: "x", At: &timestamppb.Timestamp{Nanos: -1}, Detail: "\x00"},
	} {
		b, err := proto.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r gatewaypb.Report
		if proto.Unmarshal(b, &r) != nil {
			return
		}
		n := newNode(t)
		carryOut(n, state.PutUser{User: reach.User{ID: "an", Username: "an", Language: "vi", Zone: "UTC", Contacts: []reach.Contact{{Kind: "push", Address: "x"}}}})
		carryOut(n, state.CreateAlert{Draft: alert.Draft{Message: "m", Responders: []alert.Responder{{Kind: alert.User, ID: "an"}}}})
		r.Page = firstID(n, state.Deliveries, func(d *state.Delivery) string { return string(d.ID) })
		for range 3 {
			carryOut(n, state.TakeReports{Reports: []channel.Report{reportOf(&r)}})
		}
		n.readAll()
	})
}
