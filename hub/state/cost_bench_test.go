package state_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/proto/channel"
)

// BenchmarkTakeEvents is what it costs to take an agent's events, 64 at a time as they come over
// the link, each of which opens an alert: one that names nobody, and one about which a person is
// paged.
func BenchmarkTakeEvents(b *testing.B) {
	const batch = 64
	for _, team := range []string{"", "network"} {
		b.Run(cmp.Or(team, "nobody"), func(b *testing.B) {
			b.ReportAllocs()
			measure(b, 1000, func(w *bench) {
				w.machine = w.machine.With(state.Limits{})
				if team != "" {
					w.people()
				}
				if err := state.Peers.Insert(w.tx, &state.Peer{ID: "agent", Kind: "agent", Name: "branch-3"}); err != nil {
					b.Fatal(err)
				}
				sent := uint64(0)
				for b.Loop() {
					events := make([]state.Event, batch)
					for i := range events {
						sent++
						events[i] = state.Event{
							Number: sent, At: w.start, Check: fmt.Sprint("disk-", sent), Site: "branch-3", State: state.Down, Kind: "disk", Target: "/var/lib/shop",
							Reason: strings.Repeat("The disk of this machine is nearly full. ", 16), Priority: core.P3, Team: team,
							Details: map[string]string{"instance": "db.example.vn:9100", "device": "/dev/nvme0n1p2", "runbook": "https://example.vn/runbooks/disk"},
						}
					}
					carryOut(w, state.TakeEvents{Agent: "agent", Epoch: []byte("epoch"), Events: events})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(sent), "ns/alert")
			})
		})
	}
}

// BenchmarkCrowdIsMissed is what it costs to hear that all pages have failed about an alert of which
// 1,200 people are told, twice each: of one after another, and of many at once.
func BenchmarkCrowdIsMissed(b *testing.B) {
	for _, batch := range []int{1, 100} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			measure(b, 0, func(w *bench) {
				w.machine = w.machine.With(state.Limits{})
				everybody := w.crowd(6)
				failed, now := 0, w.start.Add(time.Hour)
				tick := func() time.Time { now = now.Add(time.Millisecond); return now }
				var took time.Duration
				for b.Loop() {
					carryOutAt(w, tick(), state.CreateAlert{Draft: w.draft(0, everybody...)})
					for end := now.Add(2 * time.Minute); now.Before(end); now = now.Add(5 * time.Second) {
						for open := w.pagesOut(tick); len(open) > 0; open = w.pagesOut(tick) {
							began := time.Now()
							for pages := range slices.Chunk(open, batch) {
								reports := make([]channel.Report, len(pages))
								for i, d := range pages {
									reports[i] = channel.Report{Page: string(d.ID), Number: 1, At: now, Stage: channel.Failed, Failure: channel.Unavailable}
								}
								carryOutAt(w, tick(), state.TakeReports{Reports: reports})
							}
							took, failed = took+time.Since(began), failed+len(open)
						}
					}
					carryOutAt(w, tick(), state.CloseAlert{Alert: state.Ref{Alias: "new-0"}})
				}
				b.ReportMetric(float64(took.Microseconds())/float64(failed), "µs/page")
				b.ReportMetric(float64(failed)/float64(b.N), "pages/op")
			})
		})
	}
}

// crowd configures so many teams of 200 people who are paged by push, and by voice if that fails, and
// returns the escalations that tell all of a team.
func (w *bench) crowd(teams int) (all []alert.Responder) {
	for t := range teams {
		name := fmt.Sprint("crowd-", t)
		team := route.Team{ID: core.TeamID(name), Name: name}
		for p := range 200 {
			id := core.UserID(fmt.Sprintf("%s-%d", name, p))
			carryOut(w, state.PutUser{User: reach.User{
				ID: id, Username: string(id), Zone: "UTC", Language: "en",
				Contacts: []reach.Contact{{ID: "push", Kind: "push", Address: string(id)}, {ID: "voice", Kind: "voice", Address: "+84900000000"}},
				Rules:    []reach.NotificationRule{{ID: "r", Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "push"}, {Contact: "voice", After: 3 * time.Minute}}}},
			}})
			team.Members = append(team.Members, id)
		}
		carryOut(w, state.PutTeam{Team: team})
		carryOut(w, state.PutEscalation{Policy: escalate.Policy{ID: core.EscalationID(name), Name: name, Rules: []escalate.Rule{
			{Notify: escalate.All, Condition: escalate.IfNotAcked, Recipient: alert.Responder{Kind: alert.Team, ID: name}},
		}}})
		all = append(all, alert.Responder{Kind: alert.Escalation, ID: name})
	}
	return all
}

// pagesOut does what is due, and returns the pages that can go.
func (w *bench) pagesOut(tick func() time.Time) []state.Delivery {
	for {
		now := tick()
		if at, ok := state.NextDeadline(w.tx); !ok || at.After(now) {
			return state.Outbox(w.tx, 100_000)
		}
		carryOutAt(w, now, state.DoDue{})
	}
}
