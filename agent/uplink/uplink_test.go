package uplink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/agent/spool"
	"keng/agent/uplink"
	"keng/proto/agentpb"
)

// pipe is a Conn whose other end is in the hands of a test. It holds a bounded
// number of messages, as a real one does.
type pipe struct {
	toHub   chan *agentpb.FromAgent
	toAgent chan *agentpb.ToAgent
	closed  chan struct{}
	once    sync.Once
}

func newPipe() *pipe {
	return &pipe{toHub: make(chan *agentpb.FromAgent, 4), toAgent: make(chan *agentpb.ToAgent, 4), closed: make(chan struct{})}
}

func (p *pipe) Send(messages ...proto.Message) error {
	for _, m := range messages {
		select {
		case p.toHub <- proto.CloneOf(m.(*agentpb.FromAgent)):
		case <-p.closed:
			return io.ErrClosedPipe
		}
	}
	return nil
}

func (p *pipe) Receive(m proto.Message) error {
	select {
	case got := <-p.toAgent:
		proto.Merge(m, got)
		return nil
	case <-p.closed:
		return io.EOF
	}
}

func (p *pipe) Close(string) error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// ack lets the agent hear an acknowledgement.
func (p *pipe) ack(s *spool.Spool, through uint64, refused string) {
	p.toAgent <- &agentpb.ToAgent{Kind: &agentpb.ToAgent_Ack{Ack: &agentpb.Ack{Epoch: s.Epoch(), Through: through, Refused: refused}}}
}

// next returns what the agent sends next, as text.
func (p *pipe) next(t *testing.T) string {
	t.Helper()
	select {
	case m := <-p.toHub:
		if resume := m.GetResume(); resume != nil {
			return fmt.Sprintf("resume %s next %d", resume.GetSite(), resume.GetNext())
		}
		return fmt.Sprint(m.GetEvent().GetNumber())
	case <-time.After(time.Hour):
		t.Fatal("the agent sends nothing")
		return ""
	}
}

func (p *pipe) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, each := range want {
		if got := p.next(t); got != each {
			t.Fatalf("the agent sends %s instead of %s", got, each)
		}
	}
}

// quiet fails the test if the agent sends anything within a while.
func (p *pipe) quiet(t *testing.T, while time.Duration) {
	t.Helper()
	time.Sleep(while) // of the bubble
	synctest.Wait()
	if len(p.toHub) > 0 {
		t.Fatalf("the agent sends %s", p.next(t))
	}
}

// scene is a spool, a session and its pipe, in a bubble.
type scene struct {
	*pipe
	spool *spool.Spool
	ended chan error
	stop  context.CancelFunc
}

func play(t *testing.T, events int, act func(t *testing.T, s *scene)) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		written := fill(t, open(t, dir), events)
		if err := written.Close(); err != nil { // an earlier life, in which the hub may have heard of them
			t.Fatal(err)
		}
		events := open(t, dir)
		s := begin(t, events)
		act(t, s)
		s.stop()
		s.Close("the test is over")
		<-s.ended
	})
}

func open(t *testing.T, dir string) *spool.Spool {
	t.Helper()
	s, err := spool.Open(dir, spool.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func fill(t *testing.T, s *spool.Spool, events int) *spool.Spool {
	t.Helper()
	for range events {
		if _, err := s.Append(&agentpb.Event{Kind: &agentpb.Event_Verdict{Verdict: &agentpb.Verdict{Check: "web"}}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func begin(t *testing.T, events *spool.Spool) *scene {
	ctx, stop := context.WithCancel(t.Context())
	s := &scene{pipe: newPipe(), spool: events, ended: make(chan error, 1), stop: stop}
	go func() { s.ended <- uplink.New(events, "branch-3", nil, nil).Session(ctx, s.pipe) }()
	return s
}

func TestNothingIsSentBeforeTheHubSaysWhatItHas(t *testing.T) {
	play(t, 3, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 4")
		s.quiet(t, 5*time.Second)
		s.ack(s.spool, 1, "")
		s.expect(t, "2", "3")
		s.quiet(t, time.Second)
		if s.spool.Waiting() != 2 {
			t.Fatalf("%d events wait", s.spool.Waiting())
		}
		s.ack(s.spool, 3, "")
		s.quiet(t, time.Hour) // idle, and nothing ends
		if s.spool.Waiting() != 0 {
			t.Fatalf("%d events wait", s.spool.Waiting())
		}
		fill(t, s.spool, 1)
		s.expect(t, "4")
	})
}

func TestTheWindowIsBounded(t *testing.T) {
	play(t, 300, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 301")
		s.ack(s.spool, 0, "")
		for i := range uplink.Window {
			s.expect(t, fmt.Sprint(i+1))
		}
		s.quiet(t, time.Second)
		s.ack(s.spool, 10, "")
		for i := range 10 {
			s.expect(t, fmt.Sprint(uplink.Window+i+1))
		}
		s.quiet(t, time.Second)
	})
}

func TestAcknowledgementsOnlyMoveForward(t *testing.T) {
	play(t, 5, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 6")
		s.ack(s.spool, 0, "")
		s.expect(t, "1", "2", "3", "4", "5")
		s.ack(s.spool, 4, "")
		synctest.Wait()
		s.ack(s.spool, 2, "")
		s.quiet(t, time.Second)
		if s.spool.Waiting() != 1 {
			t.Fatalf("%d events wait", s.spool.Waiting())
		}
	})
}

func TestARefusedEventIsOfferedAgainLater(t *testing.T) {
	play(t, 3, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 4")
		s.ack(s.spool, 0, "")
		s.expect(t, "1", "2", "3")
		// The hub says it for each of those under way.
		s.ack(s.spool, 1, "the team is not known")
		synctest.Wait()
		s.ack(s.spool, 1, "the team is not known")
		s.quiet(t, 900*time.Millisecond)
		s.expect(t, "2", "3")
		s.ack(s.spool, 1, "the team is not known")
		s.quiet(t, 1900*time.Millisecond)
		s.expect(t, "2", "3")
		s.ack(s.spool, 3, "")
		s.quiet(t, time.Minute)
	})
}

func TestAHubThatDoesNotAcknowledgeIsLeft(t *testing.T) {
	play(t, 1, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 2")
		s.ack(s.spool, 0, "")
		s.expect(t, "1")
		err := <-s.ended
		s.ended <- err
		if !errors.Is(err, uplink.ErrNoAck) {
			t.Fatal(err)
		}
	})
	play(t, 0, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 1")
		err := <-s.ended // it does not even answer Resume
		s.ended <- err
		if !errors.Is(err, uplink.ErrNoAck) {
			t.Fatal(err)
		}
	})
	play(t, 0, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 1")
		s.ack(s.spool, 0, "")
		s.quiet(t, 20*time.Hour+14*time.Second)
		fill(t, s.spool, 1) // the patience begins here
		s.expect(t, "1")
		time.Sleep(14 * time.Second)
		s.ack(s.spool, 1, "")
		s.quiet(t, time.Hour)
	})
}

func TestAHubOfAnotherSpool(t *testing.T) {
	play(t, 1, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 2")
		s.toAgent <- &agentpb.ToAgent{Kind: &agentpb.ToAgent_Ack{Ack: &agentpb.Ack{Epoch: []byte("another"), Through: 1}}}
		err := <-s.ended
		s.ended <- err
		if !errors.Is(err, uplink.ErrEpoch) || s.spool.Waiting() != 1 {
			t.Fatal(err)
		}
	})
}

func TestAHubThatIsAhead(t *testing.T) {
	play(t, 1, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 2")
		s.ack(s.spool, 7, "")
		err := <-s.ended
		s.ended <- err
		if !errors.Is(err, spool.ErrAhead) {
			t.Fatal(err)
		}
	})
}

// A hub that reads nothing until its acknowledgements have been read must not lock
// up with an agent that reads nothing until it has sent.
func TestNoDeadlock(t *testing.T) {
	play(t, 200, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 201")
		s.ack(s.spool, 0, "")
		synctest.Wait() // the agent hangs in Send
		for i := range 50 {
			s.ack(s.spool, 0, fmt.Sprint("busy ", i))
		}
		s.expect(t, "1", "2", "3")
	})
}

func TestALostConnectionEndsTheSession(t *testing.T) {
	play(t, 1, func(t *testing.T, s *scene) {
		s.expect(t, "resume branch-3 next 2")
		s.Close("lost")
		err := <-s.ended
		s.ended <- err
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
}

// Whatever happens on the way, the hub gets every event, in order, and none is
// forgotten before.
func TestManyLossesLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := fill(t, open(t, t.TempDir()), 100)
		var kept []string
		for round := 0; events.Waiting() > 0; round++ {
			if round > 200 {
				t.Fatal("it does not come to an end")
			}
			s := begin(t, events)
			s.next(t)
			s.ack(events, uint64(len(kept)), "")
			for range round % 7 {
				if uint64(len(kept)) == events.NextNumber()-1 {
					break
				}
				kept = append(kept, s.next(t))
			}
			if round%3 == 0 { // else its word is lost
				s.ack(events, uint64(len(kept)), "")
				synctest.Wait()
			}
			s.Close("lost")
			<-s.ended
			s.stop()
		}
		var want []string
		for i := range 100 {
			want = append(want, fmt.Sprint(i+1))
		}
		if got := strings.Join(kept, " "); got != strings.Join(want, " ") {
			t.Fatal(got)
		}
	})
}
