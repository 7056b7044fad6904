package state_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/route"
	"keng/hub/state"
)

// Random maintenance, minute by minute: what is in force is what a plain reading of the times
// gives, whatever the hub did in time; and whatever is not over has a deadline at its next turn.
//
// ogapi-8.maintenance.active ogapi-8.maintenance.planned ogapi-8.maintenance.past ogapi-8.maintenance.cancelled
// ogapi-8.maintenance.indefinitely ogapi-8.maintenance.lengths keng-8.maintenance.last-word
// keng-8.maintenance.next keng-8.maintenance.hub-down keng-8.maintenance.delete keng-8.maintenance.lists
func TestMaintenanceMinuteByMinute(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := &minutes{stage: newStage(t), dice: rand.New(rand.NewPCG(seed, 3)), plain: map[string]*plainWindow{}}
			l.act("exist policy:a policy:b integration:a")
			for range 300 {
				l.out.Reset()
				l.minute()
				l.check()
			}
		})
	}
}

// minutes is a life of maintenance.
type minutes struct {
	*stage
	dice  *rand.Rand
	plain map[string]*plainWindow // by id
	away  int                     // for how many minutes the hub does nothing
}

// plainWindow is a maintenance as a person would write it down.
type plainWindow struct {
	start, end, cancelled time.Time
	rules                 []route.MaintenanceRule
}

func (w *plainWindow) status(now time.Time) string {
	switch {
	case !w.cancelled.IsZero():
		return "cancelled"
	case w.start.After(now):
		return "planned"
	case w.end.IsZero() || w.end.After(now):
		return "active"
	}
	return "past"
}

func (l *minutes) minute() {
	switch {
	case l.away > 0:
		l.away--
		l.now = l.now.Add(time.Minute)
	case l.dice.IntN(15) == 0:
		l.away = l.dice.IntN(40)
	default:
		l.act("wait 1m")
	}
	if l.dice.IntN(3) == 0 {
		l.command()
	}
	if l.dice.IntN(10) == 0 {
		l.act("lose 0s")
	}
}

func (l *minutes) command() {
	id := "nothing"
	if ids := slices.Sorted(maps.Keys(l.plain)); len(ids) > 0 {
		id = pick(l.dice, ids...)
	}
	was := "" // in what status it is, if there is one
	if w := l.plain[id]; w != nil {
		was = w.status(l.now)
	}
	switch l.dice.IntN(6) {
	case 0, 1:
		f := l.fields(true)
		m, err := do(l.stage, state.CreateMaintenance{Fields: f})
		l.expect("create", err, l.possible(&f))
		if err == nil {
			l.plain[m.Window.ID] = &plainWindow{}
			l.write(m.Window.ID, &f)
		}
	case 2, 3:
		f := l.fields(was == "planned" && l.dice.IntN(2) == 0)
		_, err := do(l.stage, state.ChangeMaintenance{ID: id, Fields: f})
		l.expect("change", err, l.changeable(l.plain[id], was, &f))
		if err == nil {
			l.write(id, &f)
		}
	case 4:
		_, err := do(l.stage, state.CancelMaintenance{ID: id})
		l.expect("cancel", err, was == "planned" || was == "active")
		if err == nil {
			l.plain[id].cancelled = l.now
		}
	case 5:
		_, err := do(l.stage, state.DeleteMaintenance{ID: id})
		l.expect("delete", err, was != "")
		delete(l.plain, id)
	}
}

func (l *minutes) expect(what string, err error, possible bool) {
	if (err == nil) != possible {
		l.t.Fatalf("%s at %s: %v, possible: %v", what, l.now.Sub(l.start), err, possible)
	}
}

// fields says something of a maintenance, all of it if whole.
func (l *minutes) fields(whole bool) (f state.MaintenanceFields) {
	if whole || l.dice.IntN(3) == 0 {
		var rules []route.MaintenanceRule
		for range 1 + l.dice.IntN(3) {
			rules = append(rules, l.thing(pick(l.dice, "policy:a=on", "policy:a=off", "policy:b=on", "policy:b=off", "integration:a=off")))
		}
		f.Rules = &rules
	}
	if !whole && l.dice.IntN(2) == 0 {
		end := l.now.Add(time.Duration(l.dice.IntN(60)-10) * time.Minute)
		f.End = &end
		return f
	}
	if whole || l.dice.IntN(3) == 0 {
		from := l.dice.IntN(80) - 20
		l.span(pick(l.dice, "5m", "30m", "1h", "ever", fmt.Sprintf("%dm..%dm", from, from+l.dice.IntN(90)-5), fmt.Sprintf("%dm..%dm", from, from+30)), &f)
	}
	return f
}

// times returns when a maintenance is of which something is said.
func (l *minutes) times(w plainWindow, f *state.MaintenanceFields) (start, end time.Time) {
	start, end = w.start, w.end
	if f.Start != nil {
		start = *f.Start
	}
	if f.End != nil {
		end = *f.End
	}
	if f.Length == nil {
		return start, end
	}
	switch *f.Length {
	case route.ForFiveMinutes:
		return l.now, l.now.Add(5 * time.Minute)
	case route.ForThirtyMinutes:
		return l.now, l.now.Add(30 * time.Minute)
	case route.ForOneHour:
		return l.now, l.now.Add(time.Hour)
	case route.Indefinitely:
		return l.now, time.Time{}
	}
	return start, end
}

func (l *minutes) possible(f *state.MaintenanceFields) bool {
	start, end := l.times(plainWindow{}, f)
	return end.IsZero() || end.After(start) && end.After(l.now)
}

func (l *minutes) changeable(w *plainWindow, was string, f *state.MaintenanceFields) bool {
	if was != "planned" && was != "active" {
		return false
	}
	start, end := l.times(*w, f)
	if !end.IsZero() && (!end.After(start) || !end.After(l.now)) {
		return false
	}
	if was == "planned" {
		return true
	}
	return start.Equal(w.start) && (f.Rules == nil || slices.Equal(*f.Rules, w.rules))
}

// write writes down what was said of a maintenance.
func (l *minutes) write(id string, f *state.MaintenanceFields) {
	w := l.plain[id]
	w.start, w.end = l.times(*w, f)
	if f.Rules != nil {
		w.rules = *f.Rules
	}
}

// check holds what the state says against what is written down.
func (l *minutes) check() {
	switched := map[string]bool{}
	lists := map[state.Which][]string{}
	for _, id := range slices.SortedFunc(maps.Keys(l.plain), l.before) {
		w := l.plain[id]
		status := w.status(l.now)
		line := id + " " + status
		lists[state.AllMaintenance] = append(lists[state.AllMaintenance], line)
		if status == "past" || status == "cancelled" {
			lists[state.Expired] = append(lists[state.Expired], line)
		} else {
			lists[state.NotExpired] = append(lists[state.NotExpired], line)
		}
		if status != "active" {
			continue
		}
		for _, r := range w.rules { // of two rules in one maintenance the last counts
			switched[fmt.Sprintf("%d:%s", r.Kind, r.ID)] = r.On
		}
	}
	effects := state.InForce(l.tx, l.now)
	for _, enabled := range []bool{true, false} {
		for _, id := range []string{"a", "b"} {
			l.compare("policy "+id, switched, fmt.Sprintf("%d:%s", route.APolicy, id), enabled, func() (bool, string) { return effects.Policy(id, enabled) })
		}
		if enabled {
			l.compare("integration a", switched, fmt.Sprintf("%d:a", route.AnIntegration), true, func() (bool, string) { return effects.Integration("a", true) })
		}
	}
	for _, which := range []state.Which{state.AllMaintenance, state.NotExpired, state.Expired} {
		var got []string
		for _, m := range state.MaintenanceList(l.tx, which, l.now) {
			got = append(got, m.Window.ID+" "+m.Window.Status(l.now).String())
		}
		if !slices.Equal(got, lists[which]) {
			l.t.Fatalf("%s at %s:\n%s\nwant:\n%s", which, l.now.Sub(l.start), strings.Join(got, "\n"), strings.Join(lists[which], "\n"))
		}
	}
	l.checkTurns()
}

// before is the order of lists, and in which maintenance has its say.
func (l *minutes) before(a, b string) int {
	if c := l.plain[a].start.Compare(l.plain[b].start); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func (l *minutes) compare(what string, switched map[string]bool, key string, enabled bool, ask func() (bool, string)) {
	want, has := switched[key]
	if !has {
		want = enabled
	}
	if on, why := ask(); on != want || (why != "") != has {
		l.t.Fatalf("%s, enabled %v, at %s: works %v %q, want %v", what, enabled, l.now.Sub(l.start), on, why, want)
	}
}

// checkTurns: whatever will begin or end has one deadline, no later than that unless it has
// been given up for a minute; what is over has none once the hub has done what was due.
func (l *minutes) checkTurns() {
	turns := map[string]time.Time{}
	for d := range state.Deadlines.All(l.tx) {
		if d.Kind != state.MaintenanceTurn {
			continue
		}
		if _, twice := turns[d.Maintenance]; twice {
			l.t.Fatalf("two deadlines of %s", d.Maintenance)
		}
		turns[d.Maintenance] = d.At
	}
	for id, w := range l.plain {
		at, planned := turns[id]
		next := time.Time{}
		switch w.status(l.now) {
		case "planned":
			next = w.start
		case "active":
			next = w.end
		}
		row, _ := state.GetMaintenance(l.tx, id)
		switch {
		case !next.IsZero() && (!planned || at.After(next) && at.After(l.now.Add(time.Minute))):
			l.t.Fatalf("%s turns at %s and is looked at: %v, at %s", id, next.Sub(l.start), planned, at.Sub(l.start))
		case next.IsZero() && w.status(l.now) != "active" && !row.Over && !planned:
			l.t.Fatalf("%s is over, and nothing will see it", id)
		case row.Over && planned:
			l.t.Fatalf("%s is over, and is looked at", id)
		}
		delete(turns, id)
	}
	if len(turns) > 0 {
		l.t.Fatalf("deadlines of maintenance that is not there: %v", turns)
	}
}

// keng-8.maintenance.bound
func TestMaintenanceIsBounded(t *testing.T) {
	s := newStage(t)
	s.act("exist policy:a")
	create := func() error {
		name := "m"
		f := state.MaintenanceFields{Description: &name, Rules: &[]route.MaintenanceRule{s.thing("policy:a=on")}}
		s.span("1h", &f)
		_, err := do(s, state.CreateMaintenance{Fields: f})
		return err
	}
	for i := range state.MaintenancesMax {
		if err := create(); err != nil {
			t.Fatalf("number %d: %v", i, err)
		}
	}
	if err := create(); core.KindOf(err) != core.Unacceptable {
		t.Errorf("one too many: %v", err)
	}
	s.act("wait 1h") // all are over
	if err := create(); err != nil {
		t.Errorf("when the others are over: %v", err)
	}
	if n := len(state.MaintenanceList(s.tx, state.Expired, s.now)); n != state.MaintenancesMax {
		t.Errorf("%d are past", n)
	}
}

// A change that says nothing changes nothing; a maintenance of which nothing is said cannot be.
//
// ogapi-8.maintenance.change-planned
func TestMaintenanceOfNothingIsNoChange(t *testing.T) {
	s := newStage(t)
	s.act("exist policy:a policy:x")
	for what, f := range map[string]state.MaintenanceFields{"nothing": {}, "no times": {Rules: &[]route.MaintenanceRule{s.thing("policy:a=on")}}} {
		if _, err := do(s, state.CreateMaintenance{Fields: f}); core.KindOf(err) != core.Unacceptable {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.act("maintain a 2h..3h policy:x=on")
	before := *s.window("a")
	after, err := do(s, state.ChangeMaintenance{ID: before.Window.ID})
	if err != nil || !after.Window.Start.Equal(before.Window.Start) || !after.Window.End.Equal(before.Window.End) || after.Turn != before.Turn {
		t.Errorf("%+v became %+v, %v", before, after, err)
	}
}
