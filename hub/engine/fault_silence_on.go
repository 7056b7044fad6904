//go:build fault

package engine

import (
	"os"
	"time"

	"keng/hub/core/silence"
)

// plant lets the leader forget, if p12-no-grace is asked for, that an election and the loss
// of a node say nothing of agents (P12): the stories of hubs that die must then fail.
func plant(s *silence.Situation) {
	if os.Getenv("KENG_FAULT") == "p12-no-grace" {
		s.Began, s.Lost = time.Time{}, nil
	}
}
