// Package seed makes the identities of commands. It stands apart since what decides
// (hub/core, hub/state) may make nothing at random.
package seed

import (
	"crypto/rand"

	"keng/hub/core"
)

// New returns a random seed. Use the same one when the same command is tried again.
func New() core.Seed {
	var s core.Seed
	_, _ = rand.Read(s[:]) // never fails, by its contract
	return s
}
