package state_test

import (
	"encoding/binary"
	"errors"
	"fmt"
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
	"keng/raftstore"
	"keng/raftstore/storetest"
	"keng/raftstore/table"
)

// bench is a machine at work in a store, whose engine holds many alerts already.
type bench struct {
	*testing.B
	machine *state.Machine
	tx      table.Tx
	start   time.Time
	seeds   uint64
}

// errMeasured ends a command that was only a measurement: it leaves nothing.
var errMeasured = errors.New("measured")

// fillChunk is how many alerts are written in one command.
const fillChunk = 5000

// measure fills a store in memory with alerts, of which one in a hundred is open, and lets
// work measure what is done on top of them.
func measure(b *testing.B, alerts int, work func(*bench)) {
	w := &bench{B: b, machine: state.New(time.LoadLocation), start: time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)}
	store := storetest.New(b, func(tx table.Tx, _ time.Time, command []byte) ([]byte, error) {
		if len(command) == 0 {
			w.tx = tx
			work(w)
			return nil, errMeasured
		}
		n := binary.BigEndian.Uint64(command)
		for i := n; i < min(n+fillChunk, uint64(alerts)); i++ {
			if err := state.Alerts.Insert(tx, w.oldAlert(i)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	for n := 0; n < alerts; n += fillChunk {
		if _, err := store.Update(b.Context(), raftstore.NewCommandID(), binary.BigEndian.AppendUint64(nil, uint64(n))); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := store.Update(b.Context(), raftstore.NewCommandID(), nil); !errors.Is(err, errMeasured) {
		b.Fatal(err)
	}
}

// oldAlert is the i-th of the alerts that are there: one came each second.
func (w *bench) oldAlert(i uint64) *alert.Alert {
	kind := []string{"disk", "wifi", "http", "snmp"}[i%4]
	seed := core.Seed{}
	binary.BigEndian.PutUint64(seed[8:], i)
	site := fmt.Sprint("branch-", i%500)
	a := alert.New(alert.Draft{
		Message: fmt.Sprintf("check-%d không hoạt động tại %s: no space left on device", i, site), Alias: fmt.Sprintf("%s/check-%d", site, i), Entity: "/var/lib/shop",
		Source: "agent " + site, Priority: core.Priority(1 + i%5), Tags: []string{"agent", kind}, Description: "the filesystem is at 97 percent, and grows by 2 percent an hour",
		Details: map[string]string{"site": site, "check": fmt.Sprint("check-", i), "instance": fmt.Sprintf("db-%d.example.vn:9100", i%1000), "device": "/dev/nvme0n1p2"},
	}, core.AlertID(seed.Numbered("alert", i+1)), i+1, w.start.Add(-1_000_000*time.Second+time.Duration(i)*time.Second))
	if i%100 != 0 {
		a.Close(alert.By{Source: a.Source, At: a.CreatedAt.Add(time.Minute)})
	}
	return a
}

// carryOut evaluates a command, a second after the one before.
func carryOut[C state.Command[R], R any](w *bench, command C) {
	carryOutAt(w, w.start.Add(time.Duration(w.seeds+1)*time.Second), command)
}

// carryOutAt evaluates a command at a moment.
func carryOutAt[C state.Command[R], R any](w *bench, now time.Time, command C) {
	w.seeds++
	var seed core.Seed
	binary.BigEndian.PutUint64(seed[:], w.seeds)
	raw, err := state.Encode(seed, command)
	if err == nil {
		_, err = w.machine.Handle(w.tx, now, raw)
	}
	if err != nil {
		w.Error(err)
	}
}

// people configures a team whose fifth routing rule leads to an escalation of three steps and
// two people, with three alert policies before and a notification policy behind it.
func (w *bench) people() {
	when := func(field, operation, value string) route.Criteria {
		return route.Criteria{Join: route.AllConditions, Conditions: []route.Condition{{Field: field, Operation: operation, Value: value}}}
	}
	for _, id := range []core.UserID{"an", "binh"} {
		carryOut(w, state.PutUser{User: reach.User{
			ID: id, Username: string(id), Zone: "Asia/Ho_Chi_Minh", Language: "vi",
			Contacts: []reach.Contact{{ID: "push", Kind: "push", Address: string(id)}, {ID: "voice", Kind: "voice", Address: "+84900000000"}},
			Rules:    []reach.NotificationRule{{ID: "r", Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "push"}, {Contact: "voice", After: 3 * time.Minute}}}},
		}})
	}
	turns := rota.Rotation{ID: "r", Start: w.start.AddDate(-1, 0, 0), Unit: rota.Weekly, Length: 1, Participants: []rota.Participant{{User: "an"}, {User: "binh"}}}
	carryOut(w, state.PutSchedule{Schedule: rota.Schedule{ID: "s1", Name: "network", Zone: "Asia/Ho_Chi_Minh", Rotations: []rota.Rotation{turns}}})
	carryOut(w, state.PutEscalation{Policy: escalate.Policy{ID: "e1", Name: "network", Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Recipient: alert.Responder{Kind: alert.Schedule, ID: "s1"}},
		{Condition: escalate.IfNotAcked, Delay: 5 * time.Minute, Recipient: alert.Responder{Kind: alert.User, ID: "binh"}},
		{Condition: escalate.IfNotClosed, Delay: 15 * time.Minute, Recipient: alert.Responder{Kind: alert.User, ID: "an"}},
	}}})
	carryOut(w, state.PutTeam{Team: route.Team{ID: "t1", Name: "network", Rules: []route.Rule{
		{ID: "1", Criteria: when("priority", "equals", "P1")}, {ID: "2", Criteria: when("message", "matches", "net(work)?.*")},
		{ID: "3", Criteria: when("details", "contains-key", "cause")}, {ID: "4", Criteria: when("tags", "contains", "wifi")},
		{ID: "5", Default: true, Notify: alert.Responder{Kind: alert.Escalation, ID: "e1"}},
	}}})
	for _, owner := range []state.Pick{{}, {ID: "t1"}, {ID: "t1"}} {
		carryOut(w, state.CreatePolicy{Team: owner, Fields: state.PolicyFields{Alert: &route.AlertPolicy{
			Name: "shapes", Continue: true, Filter: when("message", "contains", "disk"), Fields: route.Rewrite{Message: "[{{details.site}}] {{message}}", Tags: []string{"shaped"}},
		}}})
	}
	carryOut(w, state.CreatePolicy{Team: state.Pick{ID: "t1"}, Fields: state.PolicyFields{Notification: &route.NotificationPolicy{
		Name: "quiet", Filter: when("priority", "less-than", "P4"), Suppress: true,
	}}})
}

// draft is the i-th alert that comes.
func (w *bench) draft(i int, responders ...alert.Responder) alert.Draft {
	return alert.Draft{
		Message: "disk full on db-1", Alias: fmt.Sprint("new-", i), Source: "agent", Tags: []string{"disk"}, Details: map[string]string{"site": "branch-3"},
		Responders: responders, Priority: core.P2,
	}
}

// BenchmarkCreateAndClose is what the commands cost by which an alert comes and goes, in
// blocks of as many as the store makes one batch of: one that names nobody, and one about
// which a person is paged. It tells of the two apart, for the one is not to cost a multiple
// of the other.
func BenchmarkCreateAndClose(b *testing.B) {
	const block = 100
	for name, responders := range map[string][]alert.Responder{"nobody": nil, "team": {{Kind: alert.Team, ID: "t1"}}} {
		b.Run(name, func(b *testing.B) {
			measure(b, 20_000, func(w *bench) {
				w.machine = w.machine.With(state.Limits{})
				w.people()
				var creating, closing time.Duration
				alerts := 0
				for b.Loop() {
					began := time.Now()
					for i := range block {
						carryOut(w, state.CreateAlert{Draft: w.draft(alerts+i, responders...)})
					}
					between := time.Now()
					for i := range block {
						carryOut(w, state.CloseAlert{Alert: state.Ref{Alias: fmt.Sprint("new-", alerts+i)}})
					}
					creating, closing, alerts = creating+between.Sub(began), closing+time.Since(between), alerts+block
				}
				b.ReportMetric(float64(creating.Microseconds())/float64(alerts), "µs/create")
				b.ReportMetric(float64(closing.Microseconds())/float64(alerts), "µs/close")
				b.ReportMetric(0, "ns/op")
			})
		})
	}
}

// BenchmarkNewestOfAMillion is a page of the 100 newest alerts that a usual query finds among
// a million. It may take 5 ms.
func BenchmarkNewestOfAMillion(b *testing.B) {
	measure(b, 1_000_000, func(w *bench) {
		middle := w.start.Add(-500_000 * time.Second).UnixMilli()
		queries := []string{
			"", "status: open", "status: open AND acknowledged: false", "status: open AND tag: disk", "tag: wifi", "status: closed AND priority: P1",
			fmt.Sprintf("createdAt < %d", middle), fmt.Sprintf("createdAt > %d AND tag: disk", middle), "không AND source: agent*",
		}
		for _, text := range queries {
			b.Run(fmt.Sprintf("%q", text), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					q, err := state.ParseQuery(text, w.start, nil)
					if err != nil {
						b.Fatal(err)
					}
					var page []*alert.Alert
					search := state.Search{Query: q}
					search.Run(w.tx, func(a *alert.Alert) bool {
						page = append(page, a)
						return len(page) < 100
					})
					if len(page) != 100 || !slices.IsSortedFunc(page, func(a, b *alert.Alert) int { return int(b.Tiny) - int(a.Tiny) }) {
						b.Fatalf("%d alerts are found", len(page))
					}
				}
			})
		}
	})
}
