package demo

import (
	"context"
	"log/slog"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/seed"
	"keng/hub/state"
)

// callAfter is how long the person has for the push before the phone rings. In earnest
// it would be minutes.
const callAfter = 3 * time.Second

// seed makes the people, the schedule, the escalation and the team, by the same commands
// as the API does.
func (w *world) seed(ctx context.Context, _ Options, _ *slog.Logger) error {
	do := seeder{ctx: ctx, store: w.node.Store()}
	an := put(&do, state.PutUser{User: reach.User{
		Username: "an@example.vn", FullName: "Nguyễn Văn An", Language: "vi", Zone: "Asia/Ho_Chi_Minh",
		Contacts: []reach.Contact{{Kind: "push", Address: pushToken}, {Kind: "voice", Address: w.phone.URI()}},
		Rules:    []reach.NotificationRule{{Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "push"}, {Contact: "voice", After: callAfter}}}},
	}})
	binh := put(&do, state.PutUser{User: reach.User{
		Username: "binh@example.vn", FullName: "Trần Thị Bình", Language: "en", Zone: "Asia/Ho_Chi_Minh",
		Contacts: []reach.Contact{{Kind: "voice", Address: w.phone.URI()}},
	}})
	monday := time.Date(2026, 1, 5, 2, 0, 0, 0, time.UTC) // nine o'clock in Vietnam
	rota := put(&do, state.PutSchedule{Schedule: rota.Schedule{Name: "it-rota", Zone: "Asia/Ho_Chi_Minh", Rotations: []rota.Rotation{
		{Start: monday, Unit: rota.Weekly, Participants: []rota.Participant{{User: an.ID}}},
	}}})
	escalation := put(&do, state.PutEscalation{Policy: escalate.Policy{Name: "it-escalation", Rules: []escalate.Rule{
		{Condition: escalate.IfNotAcked, Recipient: alert.Responder{Kind: alert.Schedule, ID: string(rota.ID)}},
		{Condition: escalate.IfNotAcked, Delay: time.Minute, Recipient: alert.Responder{Kind: alert.User, ID: string(binh.ID)}},
	}}})
	put(&do, state.PutTeam{Team: route.Team{
		Name: "it", Members: []core.UserID{an.ID, binh.ID},
		Rules: []route.Rule{{Name: "default", Notify: alert.Responder{Kind: alert.Escalation, ID: string(escalation.ID)}}},
	}})
	return do.err
}

// seeder does commands until one fails.
type seeder struct {
	ctx   context.Context
	store state.Store
	err   error
}

func put[C state.Command[R], R any](s *seeder, command C) (result R) {
	if s.err == nil {
		result, s.err = state.Do(s.ctx, s.store, seed.New(), command)
	}
	return result
}
