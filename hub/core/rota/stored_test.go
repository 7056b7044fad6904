package rota_test

import (
	"fmt"
	"testing"

	"keng/hub/core/rota"
)

// What older versions have stored, and sent, means the same: no value is ever changed.
func TestStoredValues(t *testing.T) {
	got := fmt.Sprint(
		[]rota.Unit{rota.Hourly, rota.Daily, rota.Weekly, rota.Monthly, rota.Fixed},
		[]rota.Days{rota.AnyDay, rota.NoHolidays, rota.HolidaysOnly},
		[]rota.Kind{rota.ByRotation, rota.ByOverride, rota.ByForward},
		[]rota.TroubleKind{rota.Gap, rota.Away, rota.DoubleBooked},
	)
	if want := "[1 2 3 4 5] [0 1 2] [1 2 3] [1 2 3]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
