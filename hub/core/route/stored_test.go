package route_test

import (
	"fmt"
	"testing"

	"keng/hub/core/route"
)

// What older versions have stored means the same: no value is ever changed.
func TestStoredValues(t *testing.T) {
	got := fmt.Sprintf("%d %d %d %d %d",
		[]route.ActionKind{route.Create, route.Close, route.Acknowledge, route.AddNote, route.Ignore},
		[]route.Join{route.All, route.AnyCondition, route.AllConditions},
		[]route.DelayOption{
			route.ForDuration, route.NextTime, route.NextWeekday, route.NextMonday, route.NextTuesday,
			route.NextWednesday, route.NextThursday, route.NextFriday, route.NextSaturday, route.NextSunday,
		},
		[]route.EntityKind{route.AnIntegration, route.APolicy},
		[]route.MaintenanceLength{route.ForFiveMinutes, route.ForThirtyMinutes, route.ForOneHour, route.Indefinitely, route.Scheduled},
	)
	if want := "[1 2 3 4 5] [0 1 2] [1 2 3 4 5 6 7 8 9 10] [1 2] [1 2 3 4 5]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
