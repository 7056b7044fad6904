package incident_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
)

func full() incident.Draft {
	e := func(n int) string { return strings.Repeat("ẻ", n) }
	d := incident.Draft{
		Message: e(130), Description: e(15_000), Source: e(100), User: e(100), Note: e(25_000), Details: map[string]string{"k": e(7_999)},
		Responders: make([]alert.Responder, 50), Services: make([]core.ServiceID, 50), Tags: make([]string, 20),
	}
	for n := range d.Tags {
		d.Tags[n] = e(50)
	}
	for n := range d.Services {
		d.Services[n] = core.ServiceID(e(100))
	}
	return d
}

// Rule keng-4.incident.limits: up to its limits, in characters, everything is taken, and
// nothing beyond; all faults are told at once.
func TestLimitsOfADraft(t *testing.T) {
	d := full()
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	beyond := map[string]func(*incident.Draft){
		"message":          func(d *incident.Draft) { d.Message += "x" },
		"description":      func(d *incident.Draft) { d.Description += "x" },
		"source":           func(d *incident.Draft) { d.Source += "x" },
		"user":             func(d *incident.Draft) { d.User += "x" },
		"note":             func(d *incident.Draft) { d.Note += "x" },
		"details":          func(d *incident.Draft) { d.Details["l"] = "" },
		"responders":       func(d *incident.Draft) { d.Responders = append(d.Responders, alert.Responder{}) },
		"impactedServices": func(d *incident.Draft) { d.Services[49] += "x" },
		"tags":             func(d *incident.Draft) { d.Tags[19] += "x" },
	}
	all := full()
	for field, grow := range beyond {
		d := full()
		grow(&d)
		grow(&all)
		if got := faults(t, d); !slices.Equal(got, []string{field}) {
			t.Errorf("too long a %s is told as %v", field, got)
		}
	}
	if got := faults(t, all); !slices.Equal(got, slices.Sorted(maps.Keys(beyond))) {
		t.Errorf("of all faults are told %v", got)
	}
}

func TestMoreFaultsOfADraft(t *testing.T) {
	for field, d := range map[string]incident.Draft{
		"message":          {},
		"tags":             {Message: "m", Tags: make([]string, 21)},
		"impactedServices": {Message: "m", Services: make([]core.ServiceID, 51)},
	} {
		if got := faults(t, d); !slices.Equal(got, []string{field}) {
			t.Errorf("%s: told %v", field, got)
		}
	}
}

// The words say how much there is, and how much there may be.
func TestWordsAboutServices(t *testing.T) {
	for want, services := range map[string][]core.ServiceID{
		"51 are too many: at most 50 are allowed.":              make([]core.ServiceID, 51),
		"number 2 has 101 characters: at most 100 are allowed.": {"web", core.ServiceID(strings.Repeat("ẻ", 101))},
	} {
		d := incident.Draft{Message: "m", Services: services}
		e, ok := errors.AsType[*core.Error](d.Check())
		if !ok || e.Kind != core.Unacceptable || e.Fields["impactedServices"] != want {
			t.Errorf("%+v, want %q", e, want)
		}
	}
}

// faults returns the fields that are told to be wrong, in order.
func faults(t *testing.T, d incident.Draft) []string {
	t.Helper()
	e, ok := errors.AsType[*core.Error](d.Check())
	if !ok || e.Kind != core.Unacceptable {
		t.Fatalf("not refused: %v", fmt.Sprint(d.Check()))
	}
	return slices.Sorted(maps.Keys(e.Fields))
}
