package state_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/proto/channel"
)

// Saturday, 21:00 in Vietnam: the Wi-Fi of the office is down. Whoever is on call is told by e-mail
// and SMS at once, by a push after 3 minutes and by a call after 6; a later step is the manager, by
// e-mail and SMS at once and by a call after 2 minutes.

// storyPage is a page of the story, with its moment counted from the alert.
type storyPage struct {
	at                 time.Duration
	who, kind, address string
}

func (p storyPage) String() string {
	return fmt.Sprintf("%s %s to %s at %s", p.at, p.kind, p.who, p.address)
}

// said is what a carrier says of a page, so long after it was queued.
type said struct {
	after   time.Duration
	stage   channel.Stage
	failure channel.Failure
}

// storyNight is how a night goes on which nobody reacts: written down by hand.
type storyNight struct {
	step     time.Duration // the moment of the manager's step
	carriers map[string][]said
	pages    []storyPage
}

var (
	arrives  = []said{{2 * time.Second, channel.Done, ""}}
	ringsOut = []said{{time.Second, channel.Ringing, ""}, {45 * time.Second, channel.Failed, channel.Unanswered}}
	fails    = []said{{time.Second, channel.Failed, channel.Unavailable}}
)

var storyNights = map[string]storyNight{
	// All that is sent arrives, and nobody answers the phone: the manager is not kept waiting for ten minutes.
	"unanswered": {
		10 * time.Minute, map[string][]said{"email": arrives, "sms": arrives, "push": arrives, "voice": ringsOut},
		[]storyPage{
			{0, "an", "email", "an-mail"}, {0, "an", "sms", "+84901"},
			{3 * time.Minute, "an", "push", "an-phone"},
			{6 * time.Minute, "an", "voice", "+84901"},
			{6*time.Minute + 45*time.Second, "boss", "email", "boss-mail"}, {6*time.Minute + 45*time.Second, "boss", "sms", "+84902"},
			{8*time.Minute + 45*time.Second, "boss", "voice", "+84902"},
		},
	},
	// Somebody has picked up and listens when the manager's step comes: it comes at its own moment.
	"on the line": {
		9 * time.Minute, map[string][]said{"email": arrives, "sms": arrives, "push": arrives, "voice": {{time.Second, channel.Ringing, ""}, {9 * time.Second, channel.Answered, ""}}},
		[]storyPage{
			{0, "an", "email", "an-mail"}, {0, "an", "sms", "+84901"},
			{3 * time.Minute, "an", "push", "an-phone"},
			{6 * time.Minute, "an", "voice", "+84901"},
			{9 * time.Minute, "boss", "email", "boss-mail"}, {9 * time.Minute, "boss", "sms", "+84902"},
			{11 * time.Minute, "boss", "voice", "+84902"},
		},
	},
	// Everything fails after a second: what is next comes at once. The second failure of a
	// person's two first contacts brings the contact after next.
	"refused": {
		10 * time.Minute, map[string][]said{"email": fails, "sms": fails, "push": fails, "voice": fails},
		[]storyPage{
			{0, "an", "email", "an-mail"}, {0, "an", "sms", "+84901"},
			{time.Second, "an", "push", "an-phone"}, {time.Second, "an", "voice", "+84901"},
			{2 * time.Second, "boss", "email", "boss-mail"}, {2 * time.Second, "boss", "sms", "+84902"},
			{3 * time.Second, "boss", "voice", "+84902"},
		},
	},
	// No carrier says anything: after a minute, four of a call, a page is given up.
	"unheard": {
		10 * time.Minute, nil,
		[]storyPage{
			{0, "an", "email", "an-mail"}, {0, "an", "sms", "+84901"},
			{time.Minute, "an", "push", "an-phone"}, {time.Minute, "an", "voice", "+84901"},
			{5 * time.Minute, "boss", "email", "boss-mail"}, {5 * time.Minute, "boss", "sms", "+84902"},
			{6 * time.Minute, "boss", "voice", "+84902"},
		},
	},
}

// snoozeFor is for how long somebody snoozes the alert.
const snoozeFor = time.Hour

// Ways to silence the alert: each reports false where it is not possible at that moment.
var storySilences = map[string]func(n *storyLife) bool{
	"an acknowledges":  func(n *storyLife) bool { return n.asks(state.AcknowledgeAlert{Alert: n.ref, User: "an"}) },
	"the manager does": func(n *storyLife) bool { return n.asks(state.AcknowledgeAlert{Alert: n.ref, User: "boss"}) },
	"a tool does":      func(n *storyLife) bool { return n.asks(state.AcknowledgeAlert{Alert: n.ref, Source: "console"}) },
	"by the link": func(n *storyLife) bool {
		return n.asks(state.AcknowledgeAlert{Alert: n.ref, User: "an", Note: "by the link of an e-mail"})
	},
	"an takes it":             func(n *storyLife) bool { return n.asks(state.TakeAlert{Asked: state.Asked{Alert: n.ref, User: "an"}}) },
	"an closes it":            func(n *storyLife) bool { return n.asks(state.CloseAlert{Alert: n.ref, User: "an"}) },
	"the Wi-Fi is back":       func(n *storyLife) bool { return n.asks(state.CloseAlert{Alert: n.ref, Source: "agent office"}) },
	"an presses 1":            func(n *storyLife) bool { return n.presses("an", channel.Acknowledge) },
	"the manager presses 1":   func(n *storyLife) bool { return n.presses("boss", channel.Acknowledge) },
	"an presses 2":            func(n *storyLife) bool { return n.presses("an", channel.Close) },
	"an snoozes it":           func(n *storyLife) bool { return n.snoozes("an") },
	"the manager snoozes it":  func(n *storyLife) bool { return n.snoozes("boss") },
	"an answers a push of it": func(n *storyLife) bool { return n.answers("an", channel.Push, channel.Acknowledge) },
}

// Rules keng-8.story.nobody-reacts, keng-8.story.silence, keng-8.story.hung-up: at each point of the
// story, in each kind of night, and in each way, somebody silences the alert. The pages are exactly
// those of the list up to then; what was under way is cancelled at that moment; nothing is planned any more,
// and nothing comes in the next day, whatever the carriers say. After a snooze the whole list comes anew.
func TestSeedStoryAtEachPoint(t *testing.T) {
	for name, night := range storyNights {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := newStoryLife(t, night)
			whole.until(24 * time.Hour)
			whole.expect("nobody reacts", night.pages)
			whole.rests()
			done := map[string]int{}
			for _, moment := range whole.points() {
				for way, silence := range storySilences {
					n := newStoryLife(t, night)
					n.until(moment)
					if !silence(n) {
						continue
					}
					done[way]++
					n.silenced(fmt.Sprintf("%s at %s", way, moment), moment)
				}
			}
			for way := range storySilences {
				if name == "unanswered" && done[way] == 0 {
					t.Errorf("it was never so that %s", way)
				}
			}
		})
	}
}

// storyLife is the story on a stage, as far as it has come.
type storyLife struct {
	*stage
	night   storyNight
	began   time.Time
	ref     state.Ref
	heard   map[core.DeliveryID]bool // pages that a carrier has
	pending []pendingReport
	moments []time.Duration // at which something happened
	snoozed bool
}

type pendingReport struct {
	at time.Time
	channel.Report
}

func newStoryLife(t *testing.T, night storyNight) *storyLife {
	n := &storyLife{stage: newStage(t), night: night, heard: map[core.DeliveryID]bool{}}
	n.now = n.now.Add(72 * time.Hour)
	if local := n.now.In(time.FixedZone("Vietnam", 7*60*60)); local.Weekday() != time.Saturday || local.Hour() != 21 {
		t.Fatalf("the story begins on %s", local)
	}
	for _, line := range []string{
		"user an vi email:an-mail sms:+84901 push:an-phone voice:+84901 email@0s sms@0s push@3m voice@6m",
		"user binh vi push:binh-phone push@0s",
		"user boss en email:boss-mail sms:+84902 voice:+84902 email@0s sms@0s voice@2m",
		"schedule it-rota Asia/Ho_Chi_Minh 2026-11-23T02:00:00Z an binh",
		"escalation it-escalation 0s=schedule:it-rota " + night.step.String() + "=user:boss",
		"team it escalation:it-escalation",
		"create wifi P1 team:it",
	} {
		n.act(line)
	}
	a, ok := state.FindAlert(n.tx, state.Ref{Alias: "wifi"})
	if !ok {
		t.Fatal(n.out.String())
	}
	n.began, n.ref = n.now, state.Ref{ID: a.ID}
	n.listen()
	return n
}

// listen gives each new page to its carrier, who will say what the night has it say.
func (n *storyLife) listen() {
	for _, d := range state.DeliveriesOf(n.tx, n.ref.ID) {
		if n.heard[d.ID] {
			continue
		}
		n.heard[d.ID] = true
		n.moments = append(n.moments, n.now.Sub(n.began))
		for i, s := range n.night.carriers[string(d.Kind)] {
			at := n.now.Add(s.after)
			n.pending = append(n.pending, pendingReport{at, channel.Report{Page: string(d.ID), At: at, Stage: s.stage, Failure: s.failure, Number: uint32(i + 1)}})
		}
	}
	slices.SortStableFunc(n.pending, func(a, b pendingReport) int { return a.at.Compare(b.at) })
}

// until lets time pass until so long after the alert: what is due, and what carriers say, comes at
// its moment.
func (n *storyLife) until(moment time.Duration) {
	end := n.began.Add(moment)
	for {
		due, planned := state.NextDeadline(n.tx)
		planned = planned && !due.After(end)
		switch reported := len(n.pending) > 0 && !n.pending[0].at.After(end); {
		case reported && (!planned || !n.pending[0].at.After(due)):
			n.now = n.pending[0].at
			n.take(n.pending[0].Report)
			n.pending = n.pending[1:]
		case planned:
			n.now = due
			if _, err := do(n.stage, state.DoDue{}); err != nil {
				n.t.Fatal(err)
			}
		default:
			n.now = end
			return
		}
		n.listen()
	}
}

func (n *storyLife) take(r channel.Report) {
	n.moments = append(n.moments, n.now.Sub(n.began))
	if _, err := do(n.stage, state.TakeReports{Reports: []channel.Report{r}}); err != nil {
		n.t.Fatal(err)
	}
}

// points are the moments of the story at which somebody may react: just before and just after anything
// happens, and between.
func (n *storyLife) points() (all []time.Duration) {
	moments := slices.Compact(slices.Sorted(slices.Values(n.moments)))
	for i, m := range moments {
		if m > 0 {
			all = append(all, m-time.Millisecond, m-(m-moments[i-1])/2)
		}
		all = append(all, m)
	}
	return append(all, moments[len(moments)-1]+time.Hour)
}

// pages are the pages so far, in the order of the list.
func (n *storyLife) pages() (all []storyPage) {
	for _, d := range state.DeliveriesOf(n.tx, n.ref.ID) {
		u, _ := state.FindUser(n.tx, string(d.User))
		all = append(all, storyPage{d.CreatedAt.Sub(n.began), u.Username, string(d.Kind), d.Address})
	}
	slices.SortFunc(all, inOrder)
	return all
}

func inOrder(a, b storyPage) int {
	place := func(kind string) int { return slices.Index([]string{"email", "sms", "push", "voice"}, kind) }
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(place(a.kind), place(b.kind)))
}

func (n *storyLife) expect(when string, want []storyPage) {
	n.t.Helper()
	if got := n.pages(); !slices.Equal(got, want) {
		n.t.Errorf("%s:\n got %v\nwant %v", when, got, want)
	}
}

// rests checks that nothing is to come of the alert, and that it says so.
func (n *storyLife) rests() {
	n.t.Helper()
	a, _ := state.FindAlert(n.tx, n.ref)
	if planned := n.planned(); len(planned) > 0 || a.Resting == "" {
		n.t.Errorf("at the end %d deadlines are left, and the alert rests because of %q", len(planned), a.Resting)
	}
}

func (n *storyLife) planned() (all []*state.Deadline) {
	for d := range state.Deadlines.All(n.tx) {
		if d.Alert == n.ref.ID {
			all = append(all, d)
		}
	}
	return all
}

// silenced checks that the alert, which has just been silenced, is so from then on.
func (n *storyLife) silenced(when string, moment time.Duration) {
	n.t.Helper()
	var want []storyPage
	for _, p := range n.night.pages {
		if p.at <= moment {
			want = append(want, p)
		}
	}
	n.expect(when, want)
	for _, d := range state.DeliveriesOf(n.tx, n.ref.ID) {
		last := d.Trace[len(d.Trace)-1]
		if !d.Final() || last.Stage == channel.Cancelled && !last.At.Equal(n.now) {
			n.t.Errorf("%s: the %s is not over: %s", when, d.Kind, last)
		}
	}
	planned := n.planned()
	if n.snoozed {
		if len(planned) != 1 || planned[0].Kind != state.SnoozeEnd || !planned[0].At.Equal(n.now.Add(snoozeFor)) {
			n.t.Errorf("%s: %d deadlines are left, want the end of the snooze", when, len(planned))
		}
		anew := moment + snoozeFor
		n.until(anew - time.Millisecond)
		n.expect(when+", before the end of the snooze", want)
		for _, p := range n.night.pages {
			p.at += anew
			want = append(want, p)
		}
	} else if len(planned) > 0 {
		n.t.Errorf("%s: %d deadlines are left, the first of kind %d", when, len(planned), planned[0].Kind)
	}
	n.until(moment + 24*time.Hour)
	n.expect(when+", a day later", want)
}

// asks asks for something of the alert, which must be possible.
func (n *storyLife) asks(command state.Command[state.Request]) bool {
	n.t.Helper()
	if r, err := do(n.stage, command); err != nil || !r.Success {
		n.t.Fatalf("%T: %v %v", command, r.Status, err)
	}
	return true
}

func (n *storyLife) snoozes(who string) bool {
	n.snoozed = true
	return n.asks(state.SnoozeAlert{Asked: state.Asked{Alert: n.ref, User: who}, Until: n.now.Add(snoozeFor)})
}

// presses has a person press a key in a call that is under way.
func (n *storyLife) presses(who string, reply channel.Reply) bool {
	return n.answers(who, channel.Voice, reply)
}

// answers has a person answer a page that is under way.
func (n *storyLife) answers(who string, kind channel.Kind, reply channel.Reply) bool {
	for _, d := range state.DeliveriesOf(n.tx, n.ref.ID) {
		if u, _ := state.FindUser(n.tx, string(d.User)); u.Username == who && d.Kind == kind && !d.Final() {
			n.take(channel.Report{Page: string(d.ID), At: n.now, Stage: channel.Done, Reply: reply, Number: 9})
			a, _ := state.FindAlert(n.tx, n.ref)
			return a.Silent() || a.Status == alert.Closed
		}
	}
	return false
}
