package app_test

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// rotaOf is a schedule in which one person is always on call.
func rotaOf(u core.UserID) rota.Schedule {
	return rota.Schedule{Name: "rota", Zone: "UTC", Rotations: []rota.Rotation{{
		Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Unit: rota.Weekly, Participants: []rota.Participant{{User: u}},
	}}}
}
