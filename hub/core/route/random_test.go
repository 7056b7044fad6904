package route_test

import "math/rand/v2"

// newRandom returns a source that gives the same again for the same seed.
func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
