// Package state is what the hub remembers, and what each command does to it.
//
// A command is a value: [CreateAlert], [AcknowledgeAlert], [DoDue] … [Do] hands it to
// the replicated store, whose leader evaluates it once with [Machine.Handle] on the
// state so far. All that the command writes is one transaction: either a majority has
// it on disk or it never was. A command that returns an error has written nothing.
//
// How a page comes to be:
//
//   - An alert names responders. Each leads to people: by a team's routing rules, an
//     escalation's steps, a schedule's rota, a person's notification rules (hub/core).
//   - What is due now becomes a [Delivery], the outbox row that the leader's engine
//     hands to a channel. What comes later becomes a [Deadline].
//   - [DoDue] does what is due; [TakeReports] writes down what channels say, and when
//     a page has failed starts the person's next attempt at once.
//   - What comes to a person soon after a page is held and becomes one page with what else
//     comes: see [Limits] and [Bundles].
//   - Acknowledging or closing deletes the deadlines of the alert and cancels its
//     pending deliveries in the same transaction; but of an acknowledged one not what an
//     escalation has to do until it is closed, nor, where several must, what calls the others.
//
// What becomes of an alert before a person is chosen is asked of hub/core/route, by a decider
// that reads this state and changes nothing:
//
//   - What a tool sends goes through its [Integration]: [TakeInput] creates an alert, closes
//     one, or does nothing, and the [Journal] says what and why.
//   - A [Policy] rewrites a new alert, or holds a team's notification back: see [Hold].
//   - A [Maintenance] switches policies and integrations for a time.
//   - A grouping puts an alert under a parent, which alone calls people: see [Members].
//   - An incident calls each of its responders by an alert: see [CreateIncident].
//   - What is over goes when its time is over, a little at a time: see [Sweep].
//   - What is about no alert is a [Notice]: a shift that begins or ends, gaps ahead, swaps. A [Vigil]
//     says when a schedule is looked at for such.
//   - What was decided about who is paged is in the log as a value; [Explain] puts it together.
//   - When all that was configured is done, and nobody takes care, the [CatchAll] is called.
//   - What an alert would bring, now or at another moment, tells [Machine.Rehearse], which runs these
//     commands on a transaction that is thrown away.
//
// People, teams, schedules and escalations are configured by commands that say what is to
// be otherwise ([ChangeUser], [ChangeTeam] …; [Pick] names what they are about) or, whole,
// by [PutUser] and its like.
//
// Nothing here reads a clock, makes a random number or looks up a time zone: the moment
// and the seed come with the command, zones from the function given to [New].
// Reading is by the tables ([Alerts], [Deliveries] …) over a [table.Reader].
//
// Command numbers, table numbers, index numbers and CBOR keys are never reused.
package state

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxamacker/cbor/v2"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
)

// Store is the replicated store as this package needs it.
type Store interface {
	// Update has the command evaluated by the leader and returns its result once a
	// majority has its effects on disk. A command with a known id is not evaluated again.
	Update(ctx context.Context, id [16]byte, command []byte) ([]byte, error)
	// View calls f with a consistent view of this node's state. If latest, the view
	// holds everything that was acknowledged before the call, by whichever node.
	View(ctx context.Context, latest bool, f func(table.Reader) error) error
}

// Zones finds a time zone by its IANA name.
type Zones func(name string) (*time.Location, error)

// Machine evaluates commands. It keeps no state of its own, but what it has read lately, and
// is safe for concurrent use.
type Machine struct {
	zones    *ZoneFinder
	limits   Limits
	fault    Fault
	policies *atomic.Pointer[policySet] // as they were last read
}

// New returns a machine that finds time zones by zones, where the cluster was given none, and
// keeps [DefaultLimits].
func New(zones Zones) *Machine {
	return &Machine{zones: NewZoneFinder(zones), limits: DefaultLimits(), policies: new(atomic.Pointer[policySet])}
}

// With returns a machine that keeps other limits.
func (m *Machine) With(l Limits) *Machine { return &Machine{m.zones, l, m.fault, m.policies} }

// Fault is a promise that a machine breaks on purpose, so that its tests can be seen to
// fail. Only builds with the tag fault have any.
type Fault string

// NextMethodWaits lets a person's next method wait for its time when a page has failed (P5).
const NextMethodWaits Fault = "p5-wait"

// Breaking returns a machine that breaks a promise.
func (m *Machine) Breaking(f Fault) *Machine { return &Machine{m.zones, m.limits, f, m.policies} }

// Command is something that changes the state, with a result of type R.
type Command[R any] interface {
	number() number
	apply(c *change) (R, error)
}

// envelope is the wire form of a command.
type envelope struct {
	Number number          `cbor:"1,keyasint"`
	Seed   core.Seed       `cbor:"2,keyasint"`
	Body   cbor.RawMessage `cbor:"3,keyasint"`
}

// wire is how commands and results are written. Times keep their nanoseconds.
var wire = func() cbor.EncMode {
	mode, err := cbor.EncOptions{Sort: cbor.SortCoreDeterministic, Time: cbor.TimeRFC3339Nano}.EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// Do has the cluster carry out a command. The seed is the command's identity: it must
// be random, and the same when the same command is tried again. An error of type
// [*core.Error] is the command's own; any other is the store's.
func Do[C Command[R], R any](ctx context.Context, s Store, seed core.Seed, command C) (R, error) {
	var result R
	raw, err := Encode(seed, command)
	if err != nil {
		return result, err
	}
	out, err := s.Update(ctx, seed, raw)
	if err != nil {
		return result, err
	}
	if err := cbor.Unmarshal(out, &result); err != nil {
		return result, fmt.Errorf("cannot read the result of %T: %w", command, err)
	}
	return result, nil
}

// Encode puts a command into its wire form.
func Encode[C Command[R], R any](seed core.Seed, command C) ([]byte, error) {
	body, err := wire.Marshal(command)
	if err != nil {
		return nil, fmt.Errorf("cannot encode %T: %w", command, err)
	}
	return wire.Marshal(envelope{Number: command.number(), Seed: seed, Body: body})
}

// Handle evaluates a command on a transaction. It is what raftstore wants as its handler.
func (m *Machine) Handle(tx table.Tx, now time.Time, command []byte) ([]byte, error) {
	var e envelope
	if err := cbor.Unmarshal(command, &e); err != nil {
		return nil, fmt.Errorf("cannot decode a command: %w", err)
	}
	run, ok := runners()[e.Number]
	if !ok {
		return nil, fmt.Errorf("command %d is not known to this version of the hub", e.Number)
	}
	result, err := m.carryOut(tx, now, e.Seed, func(c *change) (any, error) { return run(c, e.Body) })
	if err != nil {
		return nil, err
	}
	return wire.Marshal(result)
}

// carryOut has a function change the state, and does what must follow every change.
func (m *Machine) carryOut(tx table.Tx, now time.Time, seed core.Seed, do func(c *change) (any, error)) (any, error) {
	c := &change{
		tx: &metered{Tx: tx}, now: now.UTC(), seed: seed, zones: m.zones.In(tx), limits: m.limits, fault: m.fault, policySets: m.policies, made: map[string]int{}, touched: map[core.AlertID]bool{},
		idle: map[core.AlertID]bool{}, told: map[told]bool{}, counted: map[string]*counter{}, logged: map[core.AlertID]*Entry{}, fresh: map[lane]core.DeliveryID{}, crowds: map[core.AlertID]bool{}, changedSchedules: map[core.ScheduleID]bool{},
		attempts: map[core.AlertID]attempts{}, awaited: map[core.AlertID]table.Key{},
		cluster:     sync.OnceValues(func() (*Cluster, bool) { return GetCluster(tx) }),
		defaultTeam: sync.OnceValues(func() (alert.Responder, bool) { return defaultTeam(tx) }),
		catchAll:    sync.OnceValues(func() (*CatchAll, bool) { return CatchAllOf(tx) }),
	}
	c.decideAnew()
	result, err := do(c)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.planLooks(), c.settle(), c.keepLog(), c.keepCounters()); err != nil {
		return nil, err
	}
	return result, nil
}

// change is one command at work.
type change struct {
	tx       *metered
	now      time.Time
	seed     core.Seed
	zones    Zones
	limits   Limits
	fault    Fault
	made     map[string]int          // ids made so far, by purpose
	crowds   map[core.AlertID]bool   // whether too many pages about it are under way: see crowded
	touched  map[core.AlertID]bool   // alerts whose deadlines or deliveries may have changed
	idle     map[core.AlertID]bool   // alerts that this command has made, and for which nothing is to happen yet
	told     map[told]bool           // whom this command has begun to tell of which alert
	counted  map[string]*counter     // the counters that this command has used
	logged   map[core.AlertID]*Entry // what it has to say of alerts
	urgent   bool                    // of what was due, something of an alert was
	ledSince time.Time               // when the leader that asks for what is due began to lead
	due      time.Time               // when what is done now was due; zero: now

	unwritten int // bytes, about, of the lines that are in no row yet

	rules      decider                    // what decides in the present state
	policySets *atomic.Pointer[policySet] // see [newDecider]

	reminds bool // what is done now is the end of a snooze: somebody wanted to be told now

	changedSchedules map[core.ScheduleID]bool // whose looks are to be planned anew
	changedCalendars bool                     // those of all are

	looks    int       // how many schedules this command has looked at for what they bring
	putOffs  int       // how many it has put off
	putOffTo time.Time // for when the last of them is planned

	noneBefore table.Key                  // no deadline's key is below
	attempts   map[core.AlertID]attempts  // as far as they were looked for: see nextAttempt
	awaited    map[core.AlertID]table.Key // of what each alert waits for: see pageAwaited

	fresh  map[lane]core.DeliveryID // the newest page that this command made for a contact
	spread bool                     // what is done now is a part of what concerns more alerts than a command can deal with

	// What every event of an agent asks for, looked up once: for commands that change
	// neither the cluster, nor a team, nor the last resort. The row is not to be changed.
	cluster     func() (*Cluster, bool)
	defaultTeam func() (alert.Responder, bool)
	catchAll    func() (*CatchAll, bool)

	// The schedules through which a way to people leads at the moment: it does not lead
	// through one twice.
	within map[core.ScheduleID]bool

	// While the responders of a new alert are told one after another: whether a way has
	// led to nobody.
	gathering, unreached bool

	// While a step of an escalation tells people: whom it has told.
	reached map[core.UserID]bool
}

// told is a person who is told of an alert.
type told struct {
	alert core.AlertID
	user  core.UserID
}

// newID makes an id that only this command could have made.
func (c *change) newID(purpose string) string {
	c.made[purpose]++
	return c.seed.ID(purpose, c.made[purpose])
}

// Nothing is the result of a command that has none.
type Nothing struct{}

type runner func(c *change, body []byte) (any, error)

func runs[C Command[R], R any](C) runner {
	return func(c *change, body []byte) (any, error) {
		var command C
		if err := cbor.Unmarshal(body, &command); err != nil {
			return nil, fmt.Errorf("cannot decode %v: %w", reflect.TypeFor[C](), err)
		}
		return command.apply(c)
	}
}
