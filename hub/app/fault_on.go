//go:build fault

package app

import (
	"os"

	"keng/hub/state"
)

// planted returns the limits, unless a fault is planted that forgets them: the stories of
// storms (P8) must then fail.
func planted(l state.Limits) state.Limits {
	if os.Getenv("KENG_FAULT") == "p8-flood" {
		return state.Limits{}
	}
	return l
}
