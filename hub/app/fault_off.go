//go:build !fault

package app

import "keng/hub/state"

// planted returns the machine as it is.
func planted(m *state.Machine) *state.Machine { return m }
