package state_test

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// A rehearsal equals what then happens: the same people are paged by the same contacts at the
// same moments for the same reasons, and the alert ends alike. Each seed is a world of its own,
// in which alerts have come before. See -seeds; life gets other seeds than the rehearsal.
// Rules keng-8.rehearse.equals, keng-8.rehearse.nothing.
func TestARehearsalEqualsWhatThenHappens(t *testing.T) {
	paged, ends := 0, map[state.RehearsalEnd]int{}
	for seed := *first; seed < *first+uint64(15**seeds); seed++ {
		w := &rehearsedWorld{life: life{stage: newStage(t), dice: rand.New(rand.NewPCG(seed, 9))}}
		w.configure()
		w.livePast()
		r := w.question()
		before := w.everything()
		told, err := w.rehearsed(r)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if w.everything() != before {
			t.Fatalf("seed %d: the rehearsal has left something", seed)
		}
		happened := w.happen(r)
		if want := rehearsedPages(told); !slices.Equal(want, happened.pages) {
			t.Fatalf("seed %d: the rehearsal and what happened differ\n%s\nrehearsed:\n  %s\nhappened:\n  %s", seed, firstDifference(strings.Join(want, "\n"), strings.Join(happened.pages, "\n")),
				strings.Join(want, "\n  "), strings.Join(happened.pages, "\n  "))
		}
		if told.End != happened.end || told.End == state.EndsResting && told.Why != happened.why {
			t.Fatalf("seed %d: it was to end with %s %q, and ended with %s %q", seed, told.End, told.Why, happened.end, happened.why)
		}
		paged += len(happened.pages)
		ends[told.End]++
	}
	t.Logf("%d pages, ends %v", paged, ends)
	if n := 15 * *seeds; n >= 100 && (paged < 2*n || len(ends) < 4) {
		t.Errorf("the worlds are too quiet to show anything: %d pages in %d, ends %v", paged, n, ends)
	}
}

// rehearsedWorld is a random configuration, and what happens in it.
type rehearsedWorld struct{ life }

var worldPeople = []string{"an", "binh", "chi", "dung"}

// configure makes people, ways to them and what stands in the way.
func (w *rehearsedWorld) configure() {
	d := w.dice
	if d.IntN(2) == 0 {
		w.machine = w.machine.With(state.Limits{})
	}
	for i, name := range worldPeople {
		line := fmt.Sprintf("user %s %s", name, pick(d, "vi", "en"))
		for n, kind := range []string{"push", "voice", "sms", "email"} {
			if d.IntN(3) > 0 {
				line += fmt.Sprintf(" %s:%d%d %s@%s", kind, i, n, kind, pick(d, "0s", "0s", "1m", "2m", "3m", "5m", "10m"))
			}
		}
		w.act(line)
	}
	w.act("user mute en")
	if d.IntN(4) == 0 {
		w.act("block " + pick(d, worldPeople...))
	}
	for _, name := range worldPeople {
		switch d.IntN(7) {
		case 0:
			w.act("quiet " + name + " " + pick(d, "20-23", "21-22", "22-6", "2-4") + " " + pick(d, "pierced", "tight"))
		case 1:
			w.act("mute " + name + " " + pick(d, "2m", "10m", "1h", "90h"))
		case 2, 3:
			w.act("prefer " + name + " r1 create via=" + pick(d, "push", "voice", "push,voice+2m") + pick(d, "", " loop=1m", " loop=5m"))
			w.act("prefer " + name + " r2 renotified via=" + pick(d, "push", "sms", "voice") + pick(d, "", "", " loop=3m"))
		}
	}
	w.act("schedule rota Asia/Ho_Chi_Minh 2026-11-16T02:00:00Z " + w.some(3))
	w.act("schedule empty UTC 2026-11-16T02:00:00Z nobody")
	if d.IntN(2) == 0 {
		w.act("rotation rota nights who=" + strings.ReplaceAll(w.some(2), " ", ",") + " unit=daily start=2026-11-16T02:00:00Z hours=" + pick(d, "20-6", "9-17", "21-22"))
	}
	if d.IntN(2) == 0 {
		w.act("override rota who=" + pick(d, worldPeople...) + " at=" + pick(d, "1m..30m", "10m..60h", "50h..80h"))
	}
	if d.IntN(2) == 0 {
		w.act("forward " + w.some(2) + " " + pick(d, "1m..30m", "1m..100h"))
	}
	for _, name := range []string{"long", "short"} {
		line := "escalation " + name + pick(d, "", "", " repeat=3m/2", " repeat=10m/3/reset", " repeat=2m/1/close")
		for range 1 + d.IntN(4) {
			line += fmt.Sprintf(" %s%s=%s", pick(d, "0s", "1m", "3m", "5m", "10m", "20m"), pick(d, "", "", "/unclosed", "/ends", "/2"), w.responderOf("short", "team:it", "user:mute", "schedule:empty"))
		}
		w.act(line)
	}
	w.act("team it " + pick(d, "escalation:long", "escalation:short", "schedule:rota", "user:an"))
	w.act("team net " + pick(d, "escalation:short", "schedule:rota", "user:binh", ""))
	w.act("escalation long" + pick(d, "", " repeat=5m/2", " repeat=5m/2/reset/close") + " 0s=" + pick(d, "schedule:rota", "team:net") + " 2m" + pick(d, "", "/unclosed", "/ends", "/2") + "=" + w.responderOf("short") + " 7m=" + w.responderOf("short"))
	if d.IntN(3) == 0 {
		w.act("notifying n1 team=" + pick(d, "it", "net") + " " + pick(d, "suppress", "delay=3m", "delay=90m", "anew=4m/3", "close=20m", "delay=2m anew=5m/2 close=1h", "after=2/5m", "suppress close=10m") + pick(d, "", " if=priority:less-than:P2", " hours=21-22"))
	}
	if d.IntN(3) == 0 {
		w.act("shape tagged " + pick(d, "tag=it priority=P1", "add=user:chi", "team=net", "only=schedule:rota"))
	}
	if d.IntN(3) == 0 {
		w.act("grouping site {{details.site}} " + pick(d, "", "from=2", "most=2", "window=5m"))
	}
	if d.IntN(3) == 0 {
		w.act("maintain m " + pick(d, "1m..4m", "10m..30m", "1m..90h") + " policy:n1=off")
	}
	if d.IntN(3) == 0 {
		w.act("catchall " + pick(d, "user:dung", "team:net", "schedule:rota") + " after=" + pick(d, "0s", "3m", "20m"))
	}
	w.out.Reset()
}

// everything returns a digest of the whole state.
func (w *rehearsedWorld) everything() [32]byte {
	sum := sha256.New()
	for key, value := range w.tx.Scan(nil, nil) {
		fmt.Fprintf(sum, "%q=%q;", key, value)
	}
	return [32]byte(sum.Sum(nil))
}

// some returns so many people.
func (w *rehearsedWorld) some(n int) string {
	all := slices.Clone(worldPeople)
	w.dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return strings.Join(all[:n], " ")
}

func (w *rehearsedWorld) responderOf(not string, more ...string) string {
	return pick(w.dice, append([]string{"user:an", "user:binh", "user:chi", "user:dung", "schedule:rota", "schedule:rota"}, more...)...)
}

// livePast lets alerts come and be over, so that windows and budgets are partly used.
func (w *rehearsedWorld) livePast() {
	for range w.dice.IntN(4) {
		w.act(fmt.Sprintf("at %s old%d %s %s", pick(w.dice, "hanoi", "saigon"), w.dice.IntN(3), pick(w.dice, "P1", "P3", "P5"), pick(w.dice, "team:it", "user:an", "user:binh", "schedule:rota")))
		w.happenUntil(w.now.Add(pick(w.dice, time.Second, time.Minute, 5*time.Minute)), nil)
	}
	w.happenUntil(w.now.Add(30*time.Second), nil)
	for a := range state.AlertsOpen.Find(w.tx, table.K()) {
		switch w.dice.IntN(4) {
		case 0:
			do(w.stage, state.AcknowledgeAlert{Alert: state.Ref{ID: a.ID}, User: "an"})
		default:
			do(w.stage, state.CloseAlert{Alert: state.Ref{ID: a.ID}, User: "an"})
		}
	}
	w.now = w.now.Add(time.Duration(1+w.dice.IntN(5000)) * time.Millisecond)
	w.out.Reset()
}

// question makes a random rehearsal.
func (w *rehearsedWorld) question() state.Rehearsal {
	d := w.dice
	words := []string{pick(d, "x", "x", "x", "old0"), pick(d, "P1", "P2", "P3", "P5"), "site=" + pick(d, "hanoi", "saigon")}
	for range 1 + d.IntN(2) {
		words = append(words, pick(d, "team:it", "team:it", "team:net", "escalation:long", "escalation:short", "user:an", "schedule:rota", "schedule:empty", "user:gone"))
	}
	r := state.Rehearsal{Draft: w.draftOf(words), At: w.now.Add(pick(d, 0, 0, 0, 3*time.Minute, 9*time.Hour, 72*time.Hour)), For: pick(d, 2*time.Minute, 3*time.Hour, 3*time.Hour, 24*time.Hour)}
	for planned := range state.Deadlines.All(w.tx) {
		if planned.Alert != "" {
			r.At = w.now // what comes of others before is not rehearsed
		}
	}
	if d.IntN(3) == 0 {
		r.Fails = append(r.Fails, pick(d, channel.Push, channel.Voice, channel.SMS))
	}
	if d.IntN(5) == 0 {
		r.AckAfter = pick(d, 30*time.Second, 4*time.Minute, time.Hour)
	}
	return r
}

// story is what happens after an alert has come.
type story struct {
	r     state.Rehearsal
	alert core.AlertID
	pages []string
	ack   *state.Delivery
	ackAt time.Time
	end   state.RehearsalEnd
	why   string
}

// happen lets the alert come in life, and everything after it.
func (w *rehearsedWorld) happen(r state.Rehearsal) *story {
	w.happenUntil(r.At, nil)
	s := &story{r: r}
	answer, err := do(w.stage, state.CreateAlert{Draft: r.Draft})
	if err != nil {
		w.t.Fatal(err)
	}
	s.alert = answer.Alert
	w.happenUntil(r.At.Add(r.For), s)
	s.close(w)
	slices.Sort(s.pages)
	return s
}

// happenUntil lets time pass: the engine does what is due and hands pages over, and channels
// tell what becomes of them.
func (w *rehearsedWorld) happenUntil(end time.Time, s *story) {
	told := map[core.DeliveryID]time.Time{} // when the end of a page is heard of
	for {
		out := state.Outbox(w.tx, 1000)
		slices.SortFunc(out, func(a, b state.Delivery) int { // whoever is named first acknowledges
			return cmp.Or(a.QueuedAt().Compare(b.QueuedAt()), cmp.Compare(w.username(a.User), w.username(b.User)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Address, b.Address))
		})
		for _, d := range out {
			if _, known := told[d.ID]; !known {
				told[d.ID] = d.QueuedAt().Add(fateOf(&d, s))
				s.note(w, &d)
			}
		}
		next, deadline := state.NextDeadline(w.tx)
		var heard time.Time
		for _, at := range told {
			if heard.IsZero() || at.Before(heard) {
				heard = at
			}
		}
		switch acks := s != nil && s.ack != nil; {
		case deadline && !next.After(end) && (heard.IsZero() || !next.After(heard)) && !(acks && s.ackAt.Before(next)):
			w.now = laterOf(w.now, next)
			if _, err := do(w.stage, state.DoDue{}); err != nil {
				w.t.Fatal(err)
			}
		case !heard.IsZero() && !heard.After(end) && !(acks && s.ackAt.Before(heard)):
			w.now = laterOf(w.now, heard)
			w.hear(told, s)
		case acks && !s.ackAt.After(end):
			w.now = laterOf(w.now, s.ackAt)
			u, _ := state.Users.Get(w.tx, table.K().String(string(s.ack.User)))
			do(w.stage, state.AcknowledgeAlert{Alert: state.Ref{ID: s.ack.Alert}, User: u.Username})
			s.ack = nil
		default:
			w.now = laterOf(w.now, end)
			return
		}
	}
}

func (w *rehearsedWorld) username(id core.UserID) string {
	u, _ := state.Users.Get(w.tx, table.K().String(string(id)))
	return u.Username
}

// hear has channels tell what has become of pages.
func (w *rehearsedWorld) hear(told map[core.DeliveryID]time.Time, s *story) {
	var reports []channel.Report
	for _, id := range slices.SortedFunc(keysOf(told), func(a, b core.DeliveryID) int { return cmp.Or(told[a].Compare(told[b]), cmp.Compare(a, b)) }) {
		if told[id].After(w.now) {
			continue
		}
		delete(told, id)
		d, _ := state.GetDelivery(w.tx, id)
		r := channel.Report{Page: string(id), Number: 1, At: w.now, Stage: channel.Done}
		switch {
		case s != nil && slices.Contains(s.r.Fails, d.Kind):
			r.Stage, r.Failure = channel.Failed, channel.Unavailable
		case d.Kind == channel.Voice:
			r.Stage, r.Failure = channel.Failed, channel.Unanswered
		}
		reports = append(reports, r)
	}
	if _, err := do(w.stage, state.TakeReports{Reports: reports}); err != nil {
		w.t.Fatal(err)
	}
}

// fateOf returns how long after it goes out a page ends.
func fateOf(d *state.Delivery, s *story) time.Duration {
	switch {
	case s != nil && slices.Contains(s.r.Fails, d.Kind):
		return 5 * time.Second
	case d.Kind == channel.Voice:
		return 31 * time.Second
	}
	return time.Second
}

func keysOf[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// note writes down a page that has gone out, if it is about the alert or its parent.
func (s *story) note(w *rehearsedWorld, d *state.Delivery) {
	if s == nil || d.CreatedAt.Before(s.r.At) && !d.Bundle {
		return
	}
	about := s.pageAbout(w, d)
	if about == nil {
		return
	}
	u, _ := state.Users.Get(w.tx, table.K().String(string(d.User)))
	s.pages = append(s.pages, pageLine(d.QueuedAt(), s.r.At, u.Username, d.Kind, d.Address, about.Why, max(1, d.Count)))
	if s.r.AckAfter > 0 && s.ackAt.IsZero() {
		s.ack, s.ackAt = about, d.QueuedAt().Add(s.r.AckAfter)
	}
}

// pageAbout returns a page as it concerns the alert, or the parent under which it is.
func (s *story) pageAbout(w *rehearsedWorld, d *state.Delivery) *state.Delivery {
	for id := s.alert; id != ""; {
		for _, of := range state.DeliveriesOf(w.tx, id) {
			if of.ID == d.ID {
				return &of
			}
		}
		a, _ := state.FindAlert(w.tx, state.Ref{ID: id})
		id = a.Parent
	}
	return nil
}

// close notes how it has ended.
func (s *story) close(w *rehearsedWorld) {
	a, _ := state.FindAlert(w.tx, state.Ref{ID: s.alert})
	if a.Parent != "" && a.Status == alert.Open {
		a, _ = state.FindAlert(w.tx, state.Ref{ID: a.Parent})
	}
	goesOn := s.ack != nil
	for d := range state.Deadlines.All(w.tx) {
		goesOn = goesOn || d.Alert == s.alert || d.Alert == a.ID
	}
	for _, d := range append(state.DeliveriesOf(w.tx, s.alert), state.DeliveriesOf(w.tx, a.ID)...) {
		goesOn = goesOn || !d.Final()
	}
	switch {
	case goesOn:
		s.end = state.EndsOpen
	case a.Status == alert.Closed:
		s.end = state.EndsClosed
	case a.Silent():
		s.end = state.EndsQuiet
	default:
		s.end, s.why = state.EndsResting, a.Resting
	}
}

func pageLine(at, from time.Time, user string, kind channel.Kind, address string, why state.Reason, alerts int) string {
	return fmt.Sprintf("%08.3f %s %s %s (%d): %s", at.Sub(from).Seconds(), user, kind, address, alerts, why)
}

// rehearsedPages returns the pages of a rehearsal as story has them.
func rehearsedPages(r *state.Rehearsed) (lines []string) {
	for _, step := range r.Steps {
		if p := step.Page; p != nil {
			lines = append(lines, pageLine(step.At, r.At, p.Username, p.Kind, p.Address, p.Why, p.Alerts))
		}
	}
	slices.Sort(lines)
	return lines
}
