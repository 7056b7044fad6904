package state_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// Whatever is done to alerts and heartbeats, in whatever order, after every step no alert is
// forgotten (P2), none is paged about while it is silent (P3), and its number has grown with
// it (P7).
func TestPromisesHoldInFullLives(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			l := newFullLife(t, rand.New(rand.NewPCG(seed, 1)))
			l.settle()
			for _, line := range []string{
				"member it an", "member it binh admin", "closure it " + pick(l.dice, "members", "owners", "anybody") + " 30m",
				"heartbeat h1 5 minutes team=it", "heartbeat h2 1 hours P1", "ping h1",
				"shape vip if=alias:equals:x1 priority=P1 continue", "shape tagged team=it tag=it add=user:binh",
			} {
				l.act(line)
			}
			if seed%2 == 0 {
				l.climb()
			}
			for range 100 {
				l.out.Reset()
				l.live()
				l.act("wait 0s") // what it has planned may be due at once
				l.checkLife()
			}
		})
	}
}

// fullLife is a life with everything that can be done to an alert.
type fullLife struct {
	life
	states  map[string]string // what an alert looked like
	numbers map[string]uint64 // its sequence number then
	silent  map[string]bool   // by the activity log
	read    uint64            // last line read of it

	handed  map[core.DeliveryID]bool // pages that were in the outbox
	changed map[string]time.Time     // when it was said last when a person is not to be paged
}

func newFullLife(t *testing.T, dice *rand.Rand) *fullLife {
	return &fullLife{
		life: life{stage: newStage(t), dice: dice}, states: map[string]string{}, numbers: map[string]uint64{}, silent: map[string]bool{},
		handed: map[core.DeliveryID]bool{}, changed: map[string]time.Time{},
	}
}

func (l *fullLife) live() {
	alias, who := fmt.Sprint("x", l.dice.IntN(4)), pick(l.dice, "an", "binh", "mute", "-")
	about := alias + " " + who + " "
	switch l.dice.IntN(36) {
	case 22:
		l.act("notifying " + pick(l.dice, "n1", "n2") + " team=" + pick(l.dice, "it", "net") + " " + pick(l.dice, "suppress", "delay=3m", "after=3", "after=2/5m", "anew=4m/3", "close=20m", "suppress close=10m", "delay=2m after=2 anew=5m/2 close=1h") +
			pick(l.dice, "", " if=alias:equals:x0", " if=priority:less-than:P2", " hours=21-22"))
	case 23:
		l.act("policy " + pick(l.dice, "n1", "n2", "vip", "tagged") + " " + pick(l.dice, "on", "off", "0", "1", "gone"))
	case 24, 25:
		l.act("create " + alias + " team:" + pick(l.dice, "it", "net")) // once more
	case 0:
		l.act("unack " + about)
	case 1, 2:
		l.act("snooze " + about + pick(l.dice, "1m", "7m", "1h", "-1m"))
	case 3:
		l.act("assign " + about + pick(l.dice, "an", "binh", "gone"))
	case 4:
		l.act("take " + about)
	case 5:
		l.act("escalate " + about + pick(l.dice, "", "long", "short", "gone"))
	case 6:
		l.act("call " + about + pick(l.dice, "user:binh", "user:mute", "schedule:empty", "user:gone"))
	case 7:
		l.act("addteam " + about + pick(l.dice, "net", "none", "gone"))
	case 8:
		l.act("tags " + about + pick(l.dice, "+a +b", "-a"))
	case 9:
		l.act("priority " + about + pick(l.dice, "P1", "P2", "P4"))
	case 10:
		l.act("see " + about)
	case 11:
		if l.dice.IntN(4) == 0 {
			l.act("delete " + about)
		}
	case 12:
		l.act("file " + alias + " " + pick(l.dice, "an", "mute", "stranger") + " team:it")
	case 13, 14:
		l.act("answer " + about + pick(l.dice, "over", "not"))
	case 15:
		l.act("recover " + alias)
	case 16, 17:
		l.act("ping " + pick(l.dice, "h1", "h2", "h3") + pick(l.dice, "", " 30s", " 10m"))
	case 18:
		l.act("switch " + pick(l.dice, "h1", "h2") + " " + pick(l.dice, "on", "off"))
	case 19:
		l.act("down " + pick(l.dice, "10s", "10m", "2h"))
	case 20:
		l.act("close " + about)
	case 26:
		l.act("remind " + pick(l.dice, "an", "binh") + " r " + pick(l.dice, "start", "end") + " 1-day-ago,1-hour-ago,just-before via=" + pick(l.dice, "push", "voice"))
	case 27:
		l.act("override rota who=" + pick(l.dice, "an", "binh", "mute") + " at=" + pick(l.dice, "1m..30m", "2h..3h", "25h..26h"))
	case 21:
		for d := range state.Deadlines.All(l.tx) {
			l.act("lose " + d.At.Sub(l.now).String())
			l.act("wait 0s")
			break
		}
	case 28, 29:
		l.liveIncident()
	case 30, 31, 32, 33:
		l.livePeace(about)
	default:
		l.step()
	}
}

func (l *fullLife) checkLife() {
	planned := map[string][]*state.Deadline{}
	for d := range state.Deadlines.All(l.tx) {
		if d.Kind != state.ClosedByRule && d.Kind != state.EscalationEnd { // by which nobody is notified
			planned[string(d.Alert)] = append(planned[string(d.Alert)], d)
		}
		l.checkAwaited(d)
	}
	for a := range state.Alerts.All(l.tx) {
		pending := 0
		rest := planned[string(a.ID)]
		for _, d := range state.DeliveriesOf(l.tx, a.ID) {
			if unclosed := a.Acknowledged && a.Wants(string(d.User), d.Why.Unclosed != "") && !l.hasAcked(a, d.User); !d.Final() && !unclosed {
				pending++
			}
			if !d.Final() && l.hasAcked(a, d.User) {
				l.t.Fatalf("P3: %s has acknowledged alert #%d, and a page to that person is under way", d.User, a.Tiny)
			}
		}
		l.checkExplained(a)
		if a.Silent() {
			rest = slices.DeleteFunc(slices.Clone(rest), func(d *state.Deadline) bool { return l.mayGoOn(a, d) })
		}
		l.checkSilence(a, rest, pending)
		l.checkNumber(a)
	}
	if orphans := append(state.Orphans(l.tx, l.now, time.Hour, 9), state.Oversleepers(l.tx, l.now, time.Hour, 9)...); len(orphans) > 0 {
		l.t.Fatalf("P2: %v are forgotten", orphans)
	}
	l.checkLog()
	l.checkIncidents()
	for d := range state.Deliveries.All(l.tx) {
		if d.Notice != nil {
			l.checkNotice(d)
		}
	}
	l.checkPeace()
	l.checkHolds()
	l.checkBeats(planned[""])
	if next, ok := state.NextDeadline(l.tx); ok && next.Before(l.now) {
		l.t.Fatalf("a deadline of %v was passed over at %v", next, l.now)
	}
}

// checkSilence: an alert that wants attention gets it or says why not; one that does not is
// left alone, and if it is silent until a moment only that moment is planned.
func (l *fullLife) checkSilence(a *alert.Alert, planned []*state.Deadline, pending int) {
	if !a.Silent() {
		switch busy := len(planned)+pending > 0; {
		case !busy && a.Resting == "":
			l.t.Fatalf("P2: alert #%d wants attention, nothing will happen, and nothing says why", a.Tiny)
		case busy && a.Resting != "":
			l.t.Fatalf("alert #%d says that it rests, and something will happen", a.Tiny)
		}
		for _, d := range planned {
			if d.Kind == state.SnoozeEnd || d.Kind == state.ClosingDue {
				l.t.Fatalf("alert #%d is not silent, and that is to end", a.Tiny)
			}
		}
		return
	}
	until, kind := a.SnoozedUntil, state.SnoozeEnd
	if a.Closing != nil {
		until, kind = a.Closing.Until, state.ClosingDue
	}
	switch {
	case pending > 0:
		l.t.Fatalf("P3: alert #%d is silent and %d pages are under way", a.Tiny, pending)
	case until.IsZero() && len(planned) > 0:
		l.t.Fatalf("P3: alert #%d is silent for good and %d is planned", a.Tiny, planned[0].Kind)
	case !until.IsZero() && (len(planned) != 1 || planned[0].Kind != kind || planned[0].At.Before(until)):
		l.t.Fatalf("P2: alert #%d is silent until %v: %d things are planned", a.Tiny, until, len(planned))
	}
}

// checkHolds: what policies have said is kept of open alerts only; who waits for a moment is
// called then, and whom nothing will call any more is told why.
func (l *fullLife) checkHolds() {
	for h := range state.Holds.All(l.tx) {
		a, ok := state.FindAlert(l.tx, state.Ref{ID: h.Alert})
		switch {
		case !ok || a.Status == alert.Closed:
			l.t.Fatalf("something is kept of %s, which is over", h.Alert)
		case !a.Judged:
			l.t.Fatalf("alert #%d does not know what is kept of it", a.Tiny)
		case len(h.Occurred) == 0 || len(h.Occurred) > 100 || h.Occurred[len(h.Occurred)-1].After(a.LastOccurredAt):
			l.t.Fatalf("alert #%d occurred at %v", a.Tiny, h.Occurred)
		}
	}
}

// checkNumber: an alert that looks otherwise has a larger number.
func (l *fullLife) checkNumber(a *alert.Alert) {
	id, number := string(a.ID), a.Sequence
	a.Resting, a.Begun, a.Led, a.Judged = "", nil, nil, false
	a.ReleaseAll()
	if a.Lead != nil {
		a.Lead.Untold = nil
	}
	raw, err := json.Marshal(a)
	if err != nil {
		l.t.Fatal(err)
	}
	if looks := string(raw); looks != l.states[id] {
		if number <= l.numbers[id] {
			l.t.Fatalf("P7: alert #%d has changed and is still state %d", a.Tiny, number)
		}
		l.states[id], l.numbers[id] = looks, number
	}
}

// checkLog reads on in the activity log: no page is queued or held while what it says makes
// the alert silent.
func (l *fullLife) checkLog() {
	last := l.read
	lines := map[uint64]state.Entry{}
	for row := range state.Log.All(l.tx) {
		for e := range row.Lines() {
			if e.Number > l.read {
				lines[e.Number] = e
				last = max(last, e.Number)
			}
		}
	}
	for n := l.read + 1; n <= last; n++ {
		e, ok := lines[n]
		if !ok {
			continue // of a deleted alert
		}
		if e.What == 0 && (e.Decision == nil || e.Decision.Text() != e.Text) {
			l.t.Errorf("P15: a line does not say what was decided: %q", e.Text)
		}
		id := string(e.Alert)
		switch e.What {
		case alert.DidAcknowledge, alert.DidTakeOwnership, alert.DidSnooze, alert.DidAskToClose, alert.DidClose:
			l.silent[id] = true
		case alert.DidUnacknowledge, alert.DidEndSnooze, alert.DidAssign, alert.DidEscalate, alert.DidEscalateToNext, alert.DidAddResponder, alert.DidAddTeam, alert.DidReopen:
			l.silent[id] = false
		}
		if e.Type == state.PageEntry && l.silent[id] && !l.calledUnclosed(e) && (strings.Contains(e.Text, " queued") || strings.Contains(e.Text, " held ")) {
			l.t.Fatalf("P3: %s: %s", e.At.Sub(l.start), e.Text)
		}
	}
	l.read = last
	for a := range state.Alerts.All(l.tx) {
		if a.Silent() != l.silent[string(a.ID)] {
			l.t.Fatalf("the log of alert #%d says otherwise than the alert: silent %v", a.Tiny, a.Silent())
		}
	}
}

// calledUnclosed reports whether a line is about a page that came although somebody had
// acknowledged the alert.
func (l *fullLife) calledUnclosed(e state.Entry) bool {
	return slices.ContainsFunc(state.DeliveriesOf(l.tx, e.Alert), func(d state.Delivery) bool { return d.Why.Unclosed != "" && d.CreatedAt.Equal(e.At) })
}

// checkBeats: a heartbeat that is awaited is looked at in time, and by one deadline.
func (l *fullLife) checkBeats(planned []*state.Deadline) {
	looked := map[string]int{}
	for _, d := range planned {
		if d.Kind == state.HeartbeatDue {
			looked[d.Heartbeat]++
		}
	}
	for _, h := range state.HeartbeatList(l.tx, "") {
		at, awaited := h.Beat.ExpiresAt()
		switch n := looked[h.Beat.Name]; {
		case awaited && (n != 1 || h.CheckAt.After(at) && h.CheckAt.After(l.now.Add(time.Minute))):
			l.t.Fatalf("P2: %s expires at %v and is looked at %d times, at %v", h.Beat.Name, at, n, h.CheckAt)
		case !awaited && n > 0:
			l.t.Fatalf("%s is not awaited, and is looked at", h.Beat.Name)
		case h.Beat.Expired() && h.Alert == "":
			l.t.Fatalf("P2: %s has expired without an alert", h.Beat.Name)
		case !h.Beat.Expired() && h.Alert != "":
			if a, ok := state.Alerts.Get(l.tx, table.K().String(string(h.Alert))); ok && a.Status == alert.Open {
				l.t.Fatalf("%s is alive, and its alert is open", h.Beat.Name)
			}
		}
	}
}
