//go:build fault

package app

import (
	"os"

	"keng/hub/state"
)

// planted returns the machine, unless a fault is planted that has it break a promise on
// purpose: the tests of that promise must then fail.
//
//	p5-wait    a person's next method does not begin when a page has failed
//	p8-flood   every alert is a page of its own, at once
func planted(m *state.Machine) *state.Machine {
	switch os.Getenv("KENG_FAULT") {
	case "p5-wait":
		return m.Breaking(state.NextMethodWaits)
	case "p8-flood":
		return m.With(state.Limits{})
	}
	return m
}
