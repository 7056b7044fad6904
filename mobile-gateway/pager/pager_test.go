package pager

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"keng/mobile-gateway/ledger"
	"keng/proto/channel"
)

// fake is a channel that does what its test says, and remembers.
type fake struct {
	about channel.Description
	do    func(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report

	mu   sync.Mutex
	sent []string // delivery ids
}

func newFake(do func(context.Context, channel.Page, func(channel.Report)) channel.Report) *fake {
	return &fake{about: channel.Description{Kind: channel.Push, Timeout: 5 * time.Second, Concurrent: 2}, do: do}
}

func (f *fake) Describe() channel.Description { return f.about }

func (f *fake) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	f.mu.Lock()
	f.sent = append(f.sent, page.ID)
	f.mu.Unlock()
	return f.do(ctx, page, report)
}

func (f *fake) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

// accepts takes a page at once.
func accepts(_ context.Context, _ channel.Page, report func(channel.Report)) channel.Report {
	report(channel.Report{Stage: channel.Accepted, ProviderID: "p"})
	return channel.Report{Stage: channel.Done, ProviderID: "p"}
}

// rings holds a page until its context ends, as a call does that nobody takes.
func rings(ctx context.Context, _ channel.Page, report func(channel.Report)) channel.Report {
	report(channel.Report{Stage: channel.Ringing})
	<-ctx.Done()
	if ctx.Err() == context.DeadlineExceeded {
		return channel.Report{Stage: channel.Failed, Failure: channel.Unanswered, Detail: "nobody picked up"}
	}
	return channel.Report{Stage: channel.Cancelled}
}

// world is a pager over one channel, in a bubble.
type world struct {
	*testing.T
	dir   string
	fake  *fake
	pager *Pager
	book  *ledger.Ledger
	log   bytes.Buffer
}

// bubble runs a test on fake time.
func bubble(t *testing.T, f *fake, test func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, dir: dir, fake: f}
		w.start()
		test(w)
		w.stop()
	})
}

func (w *world) start() {
	w.Helper()
	var err error
	if w.book, err = ledger.Open(w.dir, ledger.Options{}); err != nil {
		w.Fatal(err)
	}
	if w.pager, err = New([]channel.Channel{w.fake}, w.book, slog.New(slog.NewTextHandler(&w.log, nil))); err != nil {
		w.Fatal(err)
	}
}

// stop ends the process in an orderly way, at once.
func (w *world) stop() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w.pager.Close(ctx)
	w.book.Close()
}

// page returns a page that may be sent for a minute.
func page(id string) channel.Page {
	return channel.Page{ID: id, Term: 5, Kind: channel.Push, Address: "token", Priority: "P3", SendBy: time.Now().Add(time.Minute)}
}

// due lets everything happen that can, and returns what is then said on a line, as "id:number:stage".
func due(line *Line) string {
	synctest.Wait()
	var said []string
	for _, r := range line.Due(time.Now()) {
		word := fmt.Sprintf("%s:%d:%s", r.Page, r.Number, r.Stage)
		if r.Failure != "" {
			word += ":" + string(r.Failure)
		}
		said = append(said, word)
	}
	return strings.Join(said, " ")
}

func (w *world) want(got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("said %q; want %q", got, want)
	}
}

func TestEachStageIsNumbered(t *testing.T) {
	bubble(t, newFake(accepts), func(w *world) {
		line := w.pager.Connect()
		line.Page(page("a"))
		w.want(due(line), "a:1:attempted a:2:accepted a:3:done")
		w.want(due(line), "")
		line.Ack("a", 3)
		time.Sleep(time.Minute)
		w.want(due(line), "")
	})
}

func TestP4RepeatedIDIsToldNotSent(t *testing.T) {
	bubble(t, newFake(accepts), func(w *world) {
		line, other := w.pager.Connect(), w.pager.Connect()
		line.Page(page("a"))
		due(line)
		line.Ack("a", 3)
		repeat := page("a")
		repeat.Term = 6 // from the next leader
		other.Page(repeat)
		w.want(due(other), "a:1:attempted a:2:accepted a:3:done")
		w.want(due(line), "")
		if sent := w.fake.seen(); len(sent) != 1 {
			w.Errorf("sent %q; want once", sent)
		}
	})
}

func TestP4StaleTermIsRefusedAndNotRemembered(t *testing.T) {
	bubble(t, newFake(accepts), func(w *world) {
		old, next := w.pager.Connect(), w.pager.Connect()
		next.Cancel("unknown", 6) // tells of the new term
		old.Page(page("a"))       // term 5
		w.want(due(old), "a:1:failed:stale-term")
		w.want(due(next), "")
		rightly := page("a")
		rightly.Term = 6
		next.Page(rightly)
		w.want(due(next), "a:1:attempted a:2:accepted a:3:done")
		if w.pager.Term() != 6 {
			w.Errorf("the highest term is %d; want 6", w.pager.Term())
		}
	})
}

func TestRefusedBeforeAProviderSeesIt(t *testing.T) {
	bubble(t, newFake(accepts), func(w *world) {
		line := w.pager.Connect()
		late, voice := page("late"), page("voice")
		late.SendBy = time.Now().Add(-time.Millisecond)
		voice.Kind = channel.Voice
		line.Page(late)
		w.want(due(line), "late:1:failed:expired")
		line.Page(voice)
		w.want(due(line), "voice:1:failed:misconfigured")
		line.Page(page(strings.Repeat("x", ledger.IDMax+1)))
		if said := due(line); !strings.HasSuffix(said, "x:1:failed:misconfigured") {
			w.Errorf("said %.40q; want misconfigured", said)
		}
		if sent := w.fake.seen(); len(sent) != 0 {
			w.Errorf("sent %q", sent)
		}
	})
}

func TestP3Cancel(t *testing.T) {
	bubble(t, newFake(rings), func(w *world) {
		line := w.pager.Connect()
		for _, id := range []string{"a", "b", "c"} { // c waits for a place
			line.Page(page(id))
			synctest.Wait()
		}
		line.Cancel("c", 5)
		line.Cancel("a", 4) // of a deposed leader: it follows from what was committed
		said := due(line)
		for _, want := range []string{"a:1:attempted a:2:ringing a:3:cancelled", "b:1:attempted b:2:ringing", "c:1:cancelled"} {
			if !strings.Contains(said, want) {
				w.Errorf("said %q; want %q in it", said, want)
			}
		}
		if ids := w.pager.InFlight(); !slices.Equal(ids, []string{"b"}) {
			w.Errorf("in flight are %q; want b", ids)
		}
		if sent := w.fake.seen(); slices.Contains(sent, "c") {
			w.Error("c was sent")
		}
	})
}

func TestTimeoutOfTheChannelIsKept(t *testing.T) {
	bubble(t, newFake(rings), func(w *world) {
		line := w.pager.Connect()
		line.Page(page("a"))
		w.want(due(line), "a:1:attempted a:2:ringing")
		time.Sleep(w.fake.about.Timeout)
		w.want(due(line), "a:3:failed:unanswered")
	})
}

func TestUrgentGoesFirstAndSendByPassesInTheQueue(t *testing.T) {
	f := newFake(rings)
	f.about.Concurrent = 1
	bubble(t, f, func(w *world) {
		line := w.pager.Connect()
		for i, priority := range []string{"P5", "P5", "P4", "", "P1", "P1"} {
			p := page(fmt.Sprint(i))
			p.Priority = priority
			if priority == "" {
				p.SendBy = time.Now().Add(time.Second)
			}
			line.Page(p)
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		if said := due(line); !strings.Contains(said, "3:1:failed:expired") {
			w.Errorf("said %q; want the page without priority expired while it waited", said)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if sent := strings.Join(w.fake.seen(), " "); sent != "0 4 5 2 1" {
			w.Errorf("sent %q; want what came first, then both P1, then P4, then P5", sent)
		}
	})
}

func TestReportsLeaveByAnotherLine(t *testing.T) {
	bubble(t, newFake(rings), func(w *world) {
		origin, other := w.pager.Connect(), w.pager.Connect()
		origin.Page(page("a"))
		w.want(due(origin), "a:1:attempted a:2:ringing")
		w.want(due(other), "") // the origin is trusted for a while
		time.Sleep(originTime)
		w.want(due(other), "a:1:attempted a:2:ringing")
		other.Ack("a", 2)
		origin.Close()
		origin.Cancel("a", 5) // still on its way when the line was lost
		w.want(due(other), "a:3:cancelled")
		time.Sleep(repeatTime)
		w.want(due(other), "a:3:cancelled")
		third := w.pager.Connect()
		w.want(due(third), "a:3:cancelled")
		third.Ack("a", 3)
		time.Sleep(repeatTime)
		w.want(due(other)+due(third), "")
	})
}

func TestP4AfterARestart(t *testing.T) {
	f := newFake(accepts)
	bubble(t, f, func(w *world) {
		line := w.pager.Connect()
		line.Page(page("done"))
		synctest.Wait()
		line.Close()
		w.stop()
		w.start()
		line = w.pager.Connect()
		w.want(due(line), "done:1:attempted done:2:accepted done:3:done")
		line.Page(page("done"))
		w.want(due(line), "done:1:attempted done:2:accepted done:3:done")
		if sent := f.seen(); len(sent) != 1 {
			w.Errorf("sent %q; want once", sent)
		}
		if w.pager.Term() != 5 {
			w.Errorf("the term is %d after a restart; want 5", w.pager.Term())
		}
	})
}

// What the ledger says when the provider is handed a page is on the disk: a
// gateway killed at that moment knows the page.
func TestP4KnownBeforeAProviderSeesIt(t *testing.T) {
	var known bool
	f := newFake(nil)
	bubble(t, f, func(w *world) {
		f.do = func(ctx context.Context, p channel.Page, report func(channel.Report)) channel.Report {
			_, known = w.book.Reports(p.ID)
			return channel.Report{Stage: channel.Done}
		}
		line := w.pager.Connect()
		line.Page(page("a"))
		synctest.Wait()
		if !known {
			w.Error("the ledger did not know the page when it was sent")
		}
	})
}

func TestStopBreaksOffAndSaysSo(t *testing.T) {
	bubble(t, newFake(rings), func(w *world) {
		line := w.pager.Connect()
		line.Page(page("a"))
		due(line)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		begin := time.Now()
		w.pager.Close(ctx)
		if took := time.Since(begin); took != time.Second {
			w.Errorf("gave pages %v to end; want 1 s", took)
		}
		line.Page(page("b"))
		w.want(due(line), "a:3:failed:unavailable b:1:failed:unavailable")
		go func() {
			line.Ack("a", 3)
			line.Ack("b", 1)
		}()
		if err := w.pager.Drained(context.Background()); err != nil {
			w.Error(err)
		}
	})
}

func TestStrangeChannels(t *testing.T) {
	for name, do := range map[string]func(context.Context, channel.Page, func(channel.Report)) channel.Report{
		"panics":       func(context.Context, channel.Page, func(channel.Report)) channel.Report { panic("bug") },
		"ends nowhere": func(context.Context, channel.Page, func(channel.Report)) channel.Report { return channel.Report{} },
		"gives up": func(context.Context, channel.Page, func(channel.Report)) channel.Report {
			return channel.Report{Stage: channel.Cancelled}
		},
		"names another": func(context.Context, channel.Page, func(channel.Report)) channel.Report {
			return channel.Report{Page: "b", Stage: channel.Failed, Failure: channel.Unavailable}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, newFake(do), func(w *world) {
				line := w.pager.Connect()
				line.Page(page("a"))
				w.want(due(line), "a:1:attempted a:2:failed:unavailable")
			})
		})
	}
}

func TestManyReportsComeInPortions(t *testing.T) {
	bubble(t, newFake(accepts), func(w *world) {
		line := w.pager.Connect()
		const pages = dueMax
		for i := range pages {
			line.Page(page(fmt.Sprint(i)))
		}
		synctest.Wait()
		total := 0
		for {
			select {
			case <-line.Wake():
				total += len(line.Due(time.Now()))
				continue
			default:
			}
			break
		}
		if total != 3*pages {
			w.Errorf("said %d reports; want %d", total, 3*pages)
		}
	})
}

func TestTwoChannelsOfAKind(t *testing.T) {
	if _, err := New([]channel.Channel{newFake(accepts), newFake(accepts)}, nil, nil); err == nil {
		t.Error("two channels of a kind were taken")
	}
}

func TestNoMoreThanTheChannelBears(t *testing.T) {
	f := newFake(nil)
	var under, most int
	f.do = func(ctx context.Context, p channel.Page, report func(channel.Report)) channel.Report {
		f.mu.Lock()
		under++
		most = max(most, under)
		f.mu.Unlock()
		time.Sleep(time.Millisecond)
		f.mu.Lock()
		under--
		f.mu.Unlock()
		return channel.Report{Stage: channel.Done}
	}
	bubble(t, f, func(w *world) {
		line := w.pager.Connect()
		for i := range 50 {
			line.Page(page(fmt.Sprint(i)))
		}
		time.Sleep(time.Second)
		if sent := len(f.seen()); sent != 50 || most != f.about.Concurrent {
			w.Errorf("sent %d, at most %d at once; want 50, %d", sent, most, f.about.Concurrent)
		}
	})
}

func TestUnackedIsRepeatedEverMoreRarely(t *testing.T) {
	bubble(t, newFake(accepts), func(w *world) {
		line := w.pager.Connect()
		line.Page(page("a"))
		due(line)
		count := 0
		for range 3600 {
			time.Sleep(time.Second)
			if due(line) != "" {
				count++
			}
		}
		if count < 5 || count > 12 {
			w.Errorf("said it %d times more within an hour; want a few", count)
		}
	})
}

// P5: a channel that knows no deadline has failed when its time is over. It keeps no place,
// what it says later is not heard, and when it hangs for good pages fail at once.
func TestP5AChannelThatHangs(t *testing.T) {
	release := make(chan struct{})
	f := newFake(func(_ context.Context, _ channel.Page, report func(channel.Report)) channel.Report {
		<-release
		report(channel.Report{Stage: channel.Ringing})
		return channel.Report{Stage: channel.Done, Reply: channel.Acknowledge}
	})
	bubble(t, f, func(w *world) {
		release = make(chan struct{}) // in the bubble
		line := w.pager.Connect()
		places := f.about.Concurrent
		for i := range (stuckMax + 2) * places {
			p := page(fmt.Sprint("p", i))
			p.SendBy = time.Now().Add(time.Hour)
			line.Page(p)
		}
		synctest.Wait()
		time.Sleep(f.about.Timeout + comeBack)
		said := due(line)
		if n := strings.Count(said, "failed:unavailable"); n != places {
			w.Errorf("%d pages have failed when the channel's time was over: %s", n, said)
		}
		line.Page(page("q"))
		line.Cancel("q", 5)
		time.Sleep(time.Duration(stuckMax) * (f.about.Timeout + comeBack))
		said += " " + due(line)
		for i := range (stuckMax + 2) * places {
			if reports, _ := w.book.Reports(fmt.Sprint("p", i)); len(reports) == 0 || reports[len(reports)-1].Failure != channel.Unavailable {
				w.Errorf("page %d is %v", i, reports)
			}
		}
		if !strings.Contains(said, "q:1:cancelled") {
			w.Errorf("what was taken back while it waited: %s", said)
		}
		if n := len(f.seen()); n >= (stuckMax+1)*places {
			w.Errorf("the channel got %d pages, though it comes back from none", n)
		}
		close(release)
		w.want(due(line), "")
		f.do = accepts
		line.Page(page("z"))
		w.want(due(line), "z:1:attempted z:2:accepted z:3:done")
	})
}
