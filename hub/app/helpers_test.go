package app_test

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// TestMain lets more tests run at once than there are processors: most wait for a node that
// starts or stops.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(max(6, runtime.GOMAXPROCS(0)))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// rotaOf is a schedule in which one person is always on call.
func rotaOf(u core.UserID) rota.Schedule {
	return rota.Schedule{Name: "rota", Zone: "UTC", Rotations: []rota.Rotation{{
		Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Unit: rota.Weekly, Participants: []rota.Participant{{User: u}},
	}}}
}
