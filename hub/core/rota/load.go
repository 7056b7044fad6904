package rota

import (
	"time"

	"keng/hub/core"
)

// Load is how much a person is on call.
type Load struct {
	OnCall   time.Duration
	Nights   time.Duration // from 22:00 to 06:00
	Weekends time.Duration // on Saturdays and Sundays
	Holidays time.Duration
}

// Loads returns how much each person is on call in [a, b).
func (c *Calendar) Loads(a, b time.Time) map[core.UserID]Load { return nil }
