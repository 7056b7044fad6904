//go:build !fault

package app

import "keng/hub/state"

// planted returns the limits as they are.
func planted(l state.Limits) state.Limits { return l }
