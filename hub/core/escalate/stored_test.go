package escalate_test

import (
	"fmt"
	"testing"

	"keng/hub/core/escalate"
)

// What is stored, and what nodes of several versions must agree on, never changes.
func TestStoredValues(t *testing.T) {
	got := fmt.Sprint(escalate.IfNotAcked, escalate.IfNotClosed, "/", uint8(escalate.Default), uint8(escalate.Next), uint8(escalate.Previous), uint8(escalate.Users),
		uint8(escalate.Admins), uint8(escalate.All), uint8(escalate.Random), uint8(escalate.RoundRobin))
	if want := "1 2/0 1 2 3 4 5 6 7"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for n, want := range []int{388540, 9366, 704440} {
		if got := escalate.Choose("0192f0c1-alert", "0192f0c1-escalation", n, 2*n, 1_000_000); got != want {
			t.Errorf("step %d: chooses %d, chose %d", n, got, want)
		}
	}
}
