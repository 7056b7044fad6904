package route

import (
	"fmt"
	"strings"
	"time"

	"keng/hub/core"
)

// Maintenance is a time in which integrations are off, and policies are on or off, whatever
// they are otherwise.
type Maintenance struct {
	ID          string `cbor:"1,keyasint"`
	Description string `cbor:"2,keyasint,omitempty"`
	// Length is how the times were said; it is only told again.
	Length MaintenanceLength `cbor:"3,keyasint"`
	Start  time.Time         `cbor:"4,keyasint"`
	// End is when it is over; zero: never by itself.
	End time.Time `cbor:"5,keyasint"`
	// CancelledAt is when somebody ended it before its time; zero: nobody has.
	CancelledAt time.Time         `cbor:"6,keyasint"`
	Rules       []MaintenanceRule `cbor:"7,keyasint"`
}

// MaintenanceRule switches one thing.
type MaintenanceRule struct {
	Kind EntityKind `cbor:"1,keyasint"`
	ID   string     `cbor:"2,keyasint"`
	// On switches a policy on; an integration can only be switched off.
	On bool `cbor:"3,keyasint,omitempty"`
}

// EntityKind is what sort of thing maintenance switches. Values are stored.
type EntityKind uint8

// The kinds of thing.
const (
	AnIntegration EntityKind = 1 // integration
	APolicy       EntityKind = 2 // policy
)

// MaintenanceLength is how the times of a maintenance were said. Values are stored.
type MaintenanceLength uint8

// The lengths.
const (
	ForFiveMinutes   MaintenanceLength = 1 // for-5-minutes
	ForThirtyMinutes MaintenanceLength = 2 // for-30-minutes
	ForOneHour       MaintenanceLength = 3 // for-1-hour
	Indefinitely     MaintenanceLength = 4 // indefinitely
	Scheduled        MaintenanceLength = 5 // schedule: Start and End were said
)

// The bounds of a maintenance.
const (
	MaintenanceRulesMax       = 100
	MaintenanceDescriptionMax = 15_000 // characters
)

// Begin sets the times of a maintenance that was not scheduled: from now on, for as long as
// its length says. A scheduled one is left as it is.
func (m *Maintenance) Begin(now time.Time) {
	length := time.Duration(0)
	switch m.Length {
	case ForFiveMinutes:
		length = 5 * time.Minute
	case ForThirtyMinutes:
		length = 30 * time.Minute
	case ForOneHour:
		length = time.Hour
	case Scheduled:
		return
	}
	m.Start, m.End = now, time.Time{}
	if length > 0 {
		m.End = now.Add(length)
	}
}

// Check says what is wrong with a maintenance that cannot be. Whether the things that it
// switches exist is for the caller to know.
func (m *Maintenance) Check() error {
	wrong := faults{}
	wrong.length("description", m.Description, MaintenanceDescriptionMax)
	switch {
	case m.Length < ForFiveMinutes || m.Length > Scheduled:
		wrong.add("time.type", "must be for-5-minutes, for-30-minutes, for-1-hour, indefinitely or schedule")
	case m.Start.IsZero():
		wrong.add("time.startDate", "is missing: a scheduled maintenance needs a start")
	case m.End.IsZero() && m.Length != Indefinitely:
		wrong.add("time.endDate", "is missing: a scheduled maintenance needs an end")
	case !m.End.IsZero() && !m.End.After(m.Start):
		wrong.add("time.endDate", "must be after startDate")
	}
	if len(m.Rules) == 0 {
		wrong.add("rules", "is empty: say at least one integration or policy")
	}
	wrong.count("rules", len(m.Rules), MaintenanceRulesMax)
	for i, r := range m.Rules[:min(len(m.Rules), MaintenanceRulesMax)] {
		at := fmt.Sprintf("rules[%d].", i)
		if r.Kind != AnIntegration && r.Kind != APolicy {
			wrong.add(at+"entity.type", "must be integration or policy")
		}
		if r.ID == "" {
			wrong.add(at+"entity.id", "is missing: write the id of an integration or a policy")
		}
		if r.Kind == AnIntegration && r.On {
			wrong.add(at+"state", "must be disabled: maintenance cannot switch an integration on")
		}
	}
	return wrong.err()
}

// MaintenanceStatus is where a maintenance is in its life.
type MaintenanceStatus uint8

// The statuses.
const (
	Planned MaintenanceStatus = iota
	Active
	Past
	Cancelled
)

// String returns the status as the API calls it.
func (s MaintenanceStatus) String() string {
	return [...]string{"planned", "active", "past", "cancelled"}[min(s, Cancelled)]
}

// Status returns where the maintenance is in its life at a moment. It is active from its
// start, included, to its end, not included.
func (m *Maintenance) Status(now time.Time) MaintenanceStatus {
	switch {
	case !m.CancelledAt.IsZero() && !now.Before(m.CancelledAt):
		return Cancelled
	case now.Before(m.Start):
		return Planned
	case m.End.IsZero() || now.Before(m.End):
		return Active
	}
	return Past
}

// Cancel ends a maintenance that is planned or active, and says what is in the way of that
// otherwise.
func (m *Maintenance) Cancel(now time.Time) error {
	if status := m.Status(now); status == Past || status == Cancelled {
		return core.Invalid("id", "the maintenance is "+status.String()+" already")
	}
	m.CancelledAt = now
	return nil
}

// Next returns the moment at which the status next changes by itself; zero: it never does.
func (m *Maintenance) Next(now time.Time) time.Time {
	switch m.Status(now) {
	case Planned:
		return m.Start
	case Active:
		return m.End
	}
	return time.Time{}
}

// Effects are what all active maintenance together switches. The zero value is nothing.
type Effects struct {
	switched map[entity]effect
}

type entity struct {
	kind EntityKind
	id   string
}

// effect is what the maintenance says that has the last word.
type effect struct {
	on   bool
	from *Maintenance
}

// InForce returns what maintenance switches at a moment. Where two say different things the
// one that started later has the last word, of two that started at once the one with the
// greater id.
func InForce(all []Maintenance, now time.Time) Effects {
	var e Effects
	for i := range all {
		m := &all[i]
		if m.Status(now) != Active {
			continue
		}
		for _, r := range m.Rules {
			key := entity{r.Kind, r.ID}
			if old, ok := e.switched[key]; ok && !m.after(old.from) {
				continue
			}
			if e.switched == nil {
				e.switched = map[entity]effect{}
			}
			e.switched[key] = effect{r.On && r.Kind == APolicy, m}
		}
	}
	return e
}

// after reports whether m has the last word over another.
func (m *Maintenance) after(other *Maintenance) bool {
	if c := m.Start.Compare(other.Start); c != 0 {
		return c > 0
	}
	return strings.Compare(m.ID, other.ID) >= 0
}

// Integration reports whether an integration works that is enabled or not, and why if
// maintenance has a say.
func (e Effects) Integration(id core.IntegrationID, enabled bool) (on bool, why string) {
	return e.is(entity{AnIntegration, string(id)}, enabled)
}

// Policy reports whether a policy works that is enabled or not, and why if maintenance has a
// say.
func (e Effects) Policy(id string, enabled bool) (on bool, why string) {
	return e.is(entity{APolicy, id}, enabled)
}

func (e Effects) is(key entity, enabled bool) (on bool, why string) {
	found, ok := e.switched[key]
	if !ok {
		return enabled, ""
	}
	if key.kind == AnIntegration && !enabled {
		return false, ""
	}
	word := "off"
	if found.on {
		word = "on"
	}
	return found.on, "switched " + word + " by maintenance " + called(cut(found.from.Description, 50), found.from.ID)
}
