// Package seed makes the identities of commands. It stands apart since what decides
// (hub/core, hub/state) may make nothing at random.
package seed

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"keng/hub/core"
)

// New returns a seed that nobody else makes: the time in milliseconds (6 bytes) and 80
// random bits. So what is remembered of commands is in the order in which they came, which
// is much cheaper to store and to look up; nothing relies on it. Use the same seed when the
// same command is tried again.
func New() core.Seed {
	var s core.Seed
	binary.BigEndian.PutUint64(s[:], uint64(time.Now().UnixMilli())<<16)
	_, _ = rand.Read(s[6:]) // never fails, by its contract
	return s
}
