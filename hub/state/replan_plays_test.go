package state_test

import (
	"fmt"
	"strings"
	"time"

	"keng/hub/core/rota"
	"keng/hub/state"
)

// replan SCHEDULE [@][NAME]=WHO[,WHO]...: says all rotations of a schedule anew, as weekly ones
// of before the play; with @ by the id of the one that has the name. Tells which stay.
func (s *stage) replan(args []string) error {
	x, err := state.Either(args[0]).Schedule(s.tx)
	if err != nil {
		return err
	}
	start, unit, all := time.Date(2026, 11, 2, 2, 0, 0, 0, time.UTC), rota.Weekly, []state.RotationFields{}
	for _, a := range args[1:] {
		name, who, _ := strings.Cut(a, "=")
		f := state.RotationFields{Name: &name, Start: &start, Unit: &unit, Participants: &[]state.Party{}}
		if of, byID := strings.CutPrefix(name, "@"); byID {
			name = of
			f.ID = rotationNamed(x, of).ID
		}
		for _, one := range strings.Split(who, ",") {
			*f.Participants = append(*f.Participants, *someone(one))
		}
		all = append(all, f)
	}
	after, err := do(s, state.ChangeSchedule{Schedule: state.Either(args[0]), Fields: state.ScheduleFields{Rotations: &all}})
	if err != nil {
		return err
	}
	for _, r := range after.Rotations {
		is := "new"
		if _, err := state.FindRotation(x, r.ID); err == nil {
			is = "there before"
		}
		s.say("%s: %s", r.Name, is)
	}
	return nil
}

// rotationNamed returns the first rotation with a name; without one, one that is none.
func rotationNamed(x *rota.Schedule, name string) rota.Rotation {
	for _, r := range x.Rotations {
		if r.Name == name {
			return r
		}
	}
	return rota.Rotation{ID: "none"}
}

func (s *stage) unrotation(args []string) error {
	x, err := state.Either(args[0]).Schedule(s.tx)
	if err != nil {
		return err
	}
	_, err = do(s, state.DeleteRotation{Schedule: state.Either(args[0]), Rotation: rotationNamed(x, args[1]).ID})
	return err
}

// unzone ZONE: the hub that leads from now on has no data of a zone.
func (s *stage) unzone(args []string) error {
	s.machine = state.New(without(args[0]))
	return nil
}

// without finds all zones but one.
func without(zone string) state.Zones {
	return func(name string) (*time.Location, error) {
		if name == zone {
			return nil, fmt.Errorf("unknown time zone %s", name)
		}
		return time.LoadLocation(name)
	}
}
