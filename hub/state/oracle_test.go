package state_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/hub/state/oracle"
	"keng/hub/state/oracle/oracletest"
	"keng/proto/channel"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// Rules keng-8.story.nobody-reacts, keng-8.story.silence, keng-8.escalation.hurry: in random configurations, whatever becomes of pages, whatever people do and
// however late the hub is, each page comes at its moment, to the person and by the contact and for the
// reason that the oracle says, and no other; and nothing is forgotten (P2), or paged while it is silent (P3).
func TestPagesAreAsForetold(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds)*12; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			f := newForetold(t, seed)
			f.play(80)
			f.checkAccount()
		})
	}
}

// foretold is a state beside the oracle.
type foretold struct {
	*stage
	dice   *rand.Rand
	world  *oracle.World
	life   *oracle.Life
	id     core.AlertID
	ledger oracletest.Ledger
	story  []string
}

func newForetold(t *testing.T, seed uint64) *foretold {
	f := &foretold{stage: newStage(t), dice: rand.New(rand.NewPCG(seed, 9))}
	f.machine = f.machine.With(state.Limits{}) // each page for itself
	c := oracletest.Configuration{
		Dice: f.dice, Now: f.now, Kinds: []string{"push", "voice", "sms"}, NotifyTypes: true, Do: f.carryOut,
		View: func(look func(table.Reader)) { look(f.tx) },
	}
	c.Make()
	f.world = oracletest.World(f.tx, f.now)
	f.now = f.now.Add(time.Duration(f.dice.IntN(7200)) * time.Second)
	f.carryOut(oracletest.Encoded(state.CreateAlert{Draft: alert.Draft{
		Message: "trouble", Alias: "x", Integration: "key", Priority: core.Priority(1 + f.dice.IntN(5)), Responders: c.Responders(),
	}}))
	a, ok := state.FindAlert(f.tx, state.Ref{Alias: "x"})
	if !ok {
		t.Fatal("there is no alert")
	}
	f.id, f.life = a.ID, oracle.New(f.world, oracletest.Alert(a))
	f.life.GivesUp = true
	f.ledger = oracletest.Ledger{View: c.View, Alert: f.id}
	f.life.Picked = func(way oracle.Way, _ []string) string { return f.ledger.Picked(f.now, way) }
	f.check("created", f.life.Create(f.now))
	return f
}

// carryOut carries out a command.
func (f *foretold) carryOut(command oracletest.Command) {
	f.t.Helper()
	f.seeds++
	var seed core.Seed
	binary.BigEndian.PutUint64(seed[8:], f.seeds)
	raw, err := command(seed)
	if err != nil {
		f.t.Fatal(err)
	}
	err = f.tx.Run(func(tx *tabletest.Tx) error {
		_, err := f.machine.Handle(tx, f.now, raw)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *foretold) play(steps int) {
	for range steps {
		f.now = f.now.Add(time.Duration(1+f.dice.IntN(999)) * time.Microsecond) // so that no two things are due at one moment
		if !state.Alerts.Has(f.tx, table.K().String(string(f.id))) {
			return
		}
		switch n := f.dice.IntN(40); {
		case n < 18:
			f.next()
		case n < 32:
			f.report()
		case n == 32:
			f.acknowledge(pick(f.dice, "u0", "u0", "u1", "u2", "a tool"))
		case n == 33:
			f.snooze(f.now.Add(time.Duration(1+f.dice.IntN(600)) * time.Second))
		case n < 36:
			f.wake()
		case n < 38:
			f.change()
		case n == 38 && f.dice.IntN(2) == 0:
			f.assign(pick(f.dice, "u0", "u1", "u2"), pick(f.dice, "u3", "u4"))
		case n == 38 && f.dice.IntN(4) == 0:
			f.close()
		default:
			f.later(time.Duration(f.dice.IntN(90_000)) * time.Millisecond)
		}
	}
}

// next lets the time come at which something is due, or somewhat more.
func (f *foretold) next() {
	at, ok := f.life.Next()
	if !ok {
		return
	}
	late := time.Duration(0)
	if f.dice.IntN(5) == 0 {
		late = pick(f.dice, time.Second, 20*time.Second, 45*time.Second, 5*time.Minute, time.Hour)
	}
	f.later(at.Add(late).Sub(f.now))
}

// later lets time pass during which the hub is away.
func (f *foretold) later(d time.Duration) {
	f.now = f.now.Add(max(0, d))
	for {
		due, err := do(f.stage, state.DoDue{})
		if err != nil {
			f.t.Fatal(err)
		}
		if !due.More {
			break
		}
	}
	f.check(fmt.Sprintf("%s later", d), f.life.Tick(f.now))
}

// report has something said of a page, of one whose fate is open if there is one.
func (f *foretold) report() {
	if len(f.ledger.Pages) == 0 {
		return
	}
	n := 1 + f.dice.IntN(len(f.ledger.Pages))
	for i, id := range f.ledger.Pages {
		if d, _ := state.GetDelivery(f.tx, id); !d.Final() && f.dice.IntN(2) == 0 {
			n = i + 1
		}
	}
	d, _ := state.GetDelivery(f.tx, f.ledger.Pages[n-1])
	was := d.Final()
	f.reports[string(d.ID)]++
	r := channel.Report{Page: string(d.ID), At: f.now, Number: f.reports[string(d.ID)], Stage: channel.Done}
	var pages []oracle.Page
	take := func() {
		if _, err := do(f.stage, state.TakeReports{Reports: []channel.Report{r}}); err != nil {
			f.t.Fatal(err)
		}
	}
	switch n2 := f.dice.IntN(12); {
	case n2 < 7:
		r.Stage, r.Failure = channel.Failed, pick(f.dice, channel.Unavailable, channel.Unanswered, channel.DeadContact)
		take()
		if !was && r.Failure == channel.DeadContact {
			f.bury(d)
		}
		if r.Failure == channel.Unanswered {
			f.life.Noticed(n)
		}
		pages = f.life.Failed(f.now, n)
	case n2 < 9:
		r.Reply = channel.NextPerson
		take()
		f.life.Done(f.now, n)
		pages = f.life.PassedOn(f.now, n)
	case n2 == 9:
		r.Reply = channel.Acknowledge
		take()
		f.life.Done(f.now, n)
		f.life.Acknowledge(f.now, string(d.User))
	default:
		take()
		f.life.Done(f.now, n)
	}
	f.check(fmt.Sprintf("page %d was final %v: %s %s %s", n, was, r.Stage, r.Failure, r.Reply), pages)
}

// bury has the oracle know that a contact is dead.
func (f *foretold) bury(d *state.Delivery) {
	p := f.world.People[string(d.User)]
	for i := range p.Contacts {
		if k := &p.Contacts[i]; k.ID == string(d.Contact) && k.Address == d.Address {
			k.Dead = true
		}
	}
}

// ask has somebody ask for something.
func (f *foretold) ask(command state.Command[state.Request]) state.Request {
	f.t.Helper()
	r, err := do(f.stage, command)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// acknowledge has a person, or something that is none, acknowledge the alert.
func (f *foretold) acknowledge(who string) {
	k := state.AcknowledgeAlert{Alert: state.Ref{ID: f.id}, User: who}
	if who == "a tool" {
		k.User, k.Source = "", who
	}
	r := f.ask(k)
	if did := f.life.Acknowledge(f.now, oracletest.Person(f.tx, who)); did != r.Success {
		f.fail("%s acknowledges: %s; that this makes a difference was foretold: %v", who, r.Status, did)
	}
	f.check("acknowledged by "+who+": "+r.Status, nil)
}

func (f *foretold) snooze(until time.Time) {
	r := f.ask(state.SnoozeAlert{Asked: state.Asked{Alert: state.Ref{ID: f.id}, User: "u0"}, Until: until})
	if r.Success {
		f.life.Snooze(until)
	}
	f.check("snoozed: "+r.Status, nil)
}

func (f *foretold) close() {
	r := f.ask(state.CloseAlert{Alert: state.Ref{ID: f.id}, User: "u0"})
	if r.Success {
		f.life.Close()
	}
	f.check("closed: "+r.Status, nil)
}

// assign has one person make another one the owner.
func (f *foretold) assign(by, owner string) {
	r := f.ask(state.AssignAlert{Asked: state.Asked{Alert: state.Ref{ID: f.id}, User: by}, Owner: state.Pick{Name: owner}})
	pages, did := f.life.Assign(f.now, oracletest.Person(f.tx, by), oracletest.Person(f.tx, owner))
	if did && !r.Success {
		f.fail("%s is made the owner: %s", owner, r.Status)
	}
	f.check(owner+" is made the owner: "+r.Status, pages)
}

// wake has somebody take back what made the alert silent.
func (f *foretold) wake() {
	was, _ := state.FindAlert(f.tx, state.Ref{ID: f.id})
	r := f.ask(state.UnacknowledgeAlert{Asked: state.Asked{Alert: state.Ref{ID: f.id}, User: "u0"}})
	if r.Success && was.Silent() && was.Status == alert.Open {
		f.check("taken back", f.life.Anew(f.now))
	}
}

// change switches a person's contact on or off, or blocks somebody.
func (f *foretold) change() {
	people := slices.Collect(state.Users.All(f.tx))
	u := people[f.dice.IntN(len(people))]
	if len(u.Contacts) > 0 && f.dice.IntN(3) > 0 {
		k := &u.Contacts[f.dice.IntN(len(u.Contacts))]
		k.Disabled = !k.Disabled
	} else {
		u.Blocked = !u.Blocked
	}
	f.carryOut(oracletest.Encoded(state.PutUser{User: *u}))
	*f.world.People[string(u.ID)] = *oracletest.World(f.tx, f.now).People[string(u.ID)]
	f.check(fmt.Sprintf("%s was changed: blocked %v, contacts %v", u.Username, u.Blocked, off(u)), nil)
}

func off(u *reach.User) (all []string) {
	for _, k := range u.Contacts {
		all = append(all, fmt.Sprintf("%s off %v dead %v", k.ID, k.Disabled, !k.DeadSince.IsZero()))
	}
	return all
}

// check holds the pages that have come against those that were foretold, and what is to come against
// what is planned.
func (f *foretold) check(what string, want []oracle.Page) {
	f.t.Helper()
	f.story = append(f.story, fmt.Sprintf("%s %s", f.now.Format("15:04:05.000000"), what))
	for _, p := range want {
		f.story = append(f.story, "    "+oracletest.Tell(f.tx, p))
	}
	if wrong := f.ledger.Match(f.now, want); wrong != "" {
		f.fail("%s", wrong)
	}
	f.checkRest()
}

// checkRest holds what is planned against what is foretold.
func (f *foretold) checkRest() {
	f.t.Helper()
	a, ok := state.FindAlert(f.tx, state.Ref{ID: f.id})
	if !ok {
		return
	}
	if a.Silent() != f.life.Silent() {
		f.fail("the alert is silent: %v", a.Silent())
	}
	var next time.Time
	for d := range state.Deadlines.All(f.tx) {
		if d.Alert == f.id {
			next = d.At
			break
		}
	}
	if want, _ := f.life.Next(); !want.Equal(next) {
		f.fail("P2: next something is planned at %s, and should be at %s", next.Sub(f.start), want.Sub(f.start))
	}
	if rests := f.life.Rests() && !f.life.Silent(); rests != (a.Resting != "") {
		f.fail("P2: the alert rests because of %q; nothing is to come: %v", a.Resting, rests)
	}
}

// checkAccount holds what is explained of the pages against what was foretold.
func (f *foretold) checkAccount() {
	f.t.Helper()
	a, ok := state.FindAlert(f.tx, state.Ref{ID: f.id})
	if !ok {
		return
	}
	account := state.Explain(f.tx, a, time.LoadLocation, time.UTC)
	if wrong := f.ledger.Explains(&account, f.life.Page); wrong != "" {
		f.fail("P15: %s", wrong)
	}
}

func (f *foretold) fail(format string, args ...any) {
	f.t.Helper()
	args = append(args, strings.Join(f.story, "\n"), strings.Join(f.life.Plans(), "\n"), oracletest.Told(f.tx, f.id))
	f.t.Fatalf(format+"\nthe story:\n%s\nwhat is foretold to come:\n%s\nthe log:\n%s", args...)
}
