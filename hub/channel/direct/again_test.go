package direct_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/channel"
)

// P4: a page that came to no end here is sent when this node leads again.
func TestP4HandedOverAgain(t *testing.T) {
	play(t, func(w *world) {
		reign := uint64(term)
		w.leads = func(n uint64) bool { return n == reign }
		_, page := w.alert("web", core.P1)
		reign++
		w.handOver(page) // in a term that is over
		time.Sleep(2 * time.Second)
		w.expect(page, "queued", "attempted")
		page.Term, page.Repeat = reign, true
		w.handOver(page)
		time.Sleep(2 * time.Second)
		w.expect(page, "queued", "attempted", "attempted", "accepted", "done")
		if sent := w.way.titles(); len(sent) != 1 {
			t.Errorf("sent were %q", sent)
		}
	})
}

// A page that waits for its place belongs to whoever has handed it over last, and one that
// was taken back may come again.
func TestHandedOverWhileItWaits(t *testing.T) {
	play(t, func(w *world) {
		reign := uint64(term)
		w.leads = func(n uint64) bool { return n == reign }
		var pages []channel.Page
		for i := range 4 {
			_, page := w.alert(fmt.Sprint(i), core.P3)
			w.handOver(page)
			pages = append(pages, page)
		}
		synctest.Wait()
		reign++
		w.desk.Cancel(core.DeliveryID(pages[3].ID))
		for i := range pages {
			pages[i].Term = reign
			w.handOver(pages[i])
		}
		time.Sleep(5 * time.Second)
		for _, page := range pages {
			w.expect(page, "queued", "attempted", "accepted", "done")
		}
		if sent := w.way.titles(); len(sent) != 4 {
			t.Errorf("sent were %q", sent)
		}
	})
}

// What has no priority that is known comes last.
func TestWhatIsNoPriorityComesLast(t *testing.T) {
	play(t, func(w *world) {
		w.leads = func(uint64) bool { return true }
		want := []string{"P1", "P2", "P3", "P4", "P5"}
		none := []string{"", "P", "P0", "P6", "Q1", "P11"}
		for i, priority := range slices.Concat([]string{"first", "second"}, none, []string{"P5", "P3", "P4", "P1", "P2"}) {
			_, page := w.alert(fmt.Sprint(i), core.P3)
			page.Title, page.Priority = priority, priority
			w.handOver(page)
		}
		time.Sleep(30 * time.Second)
		// Two at a time: of each two that follow one another the order is open.
		sent := w.way.titles()[2:]
		for i, title := range sent {
			place := slices.Index(want, title)
			if place < 0 && i < len(want)-1 || place >= 0 && (i < place-1 || i > place+1) {
				t.Errorf("%q was sent as number %d of %q", title, i+1, sent)
			}
		}
		if len(sent) != len(want)+len(none) {
			t.Errorf("sent were %q", sent)
		}
	})
}

// What a channel says in the end is written down: also that it gave up by itself. What is no
// end is one.
func TestHowAChannelEnds(t *testing.T) {
	play(t, func(w *world) {
		w.way.ends = map[string]channel.Report{
			"gave up": {Stage: channel.Cancelled, Detail: "the server hung up"},
			"no end":  {Stage: channel.Accepted},
		}
		w.way.before = func(p channel.Page) {
			if p.Title == "bug" {
				panic("a bug")
			}
		}
		for title, want := range map[string]string{
			"gave up": "cancelled the server hung up", "no end": `failed unavailable the channel ended at "accepted", which is no end`,
			"bug": "failed unavailable an internal error; the hub's log has it",
		} {
			_, page := w.alert(title, core.P1)
			w.handOver(page)
			time.Sleep(time.Second)
			var d *state.Delivery
			w.store.set(func() { d, _ = state.GetDelivery(w.store.tx, core.DeliveryID(page.ID)) })
			last := d.Trace[len(d.Trace)-1]
			if got := strings.Join(strings.Fields(fmt.Sprint(last.Stage, " ", last.Failure, " ", last.Detail)), " "); got != want {
				t.Errorf("%s: the page ended with %q, not %q", title, got, want)
			}
		}
	})
}

// A page of a kind that the desk does not have, and one too many, are refused for a reason.
func TestWhatIsNotTaken(t *testing.T) {
	play(t, func(w *world) {
		if err := w.desk.HandOver(channel.Page{ID: "x", Kind: channel.Voice}); err == nil || !strings.Contains(err.Error(), "voice") {
			t.Errorf("a call: %v", err)
		}
		w.store.set(func() { w.store.down = true })
		page := channel.Page{Kind: channel.Email, SendBy: time.Now().Add(time.Hour)}
		for i := range 4096 {
			page.ID = fmt.Sprint(i)
			w.handOver(page)
		}
		page.ID = "one more"
		if err := w.desk.HandOver(page); err == nil || !strings.Contains(err.Error(), "4096") {
			t.Errorf("one more: %v", err)
		}
	})
}
