// Package uplink carries the events of a spool to whichever hub answers.
//
// # Protocol
//
// Over a connection of package link the agent says Resume with the epoch of its
// spool. The hub answers Ack with the last number of that epoch that the cluster
// has on disk. The agent sends what comes after, at most [Window] events ahead of
// the hub's acknowledgements, and the spool forgets what is acknowledged. After a
// loss the next connection, to whichever hub, begins again with Resume, so an event
// is sent until it is acknowledged, and may be sent twice.
//
// A hub that refuses the next event says why; the agent waits and offers it again.
// A hub that takes events and does not acknowledge them, say because its cluster
// has no majority, is left for another one.
package uplink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/proto/agentpb"
)

// Window bounds how many events are under way without an acknowledgement.
const Window = 256

// The waits of a session.
const (
	watchEvery     = 10 * time.Second // from one look at what is checked to the next
	watchAnew      = 5 * time.Minute  // until it is told again though nothing has changed
	resumeTimeout  = 15 * time.Second // for the first Ack
	ackTimeout     = 15 * time.Second // for an Ack that makes progress, while events are under way
	refusedWaitMin = time.Second      // before a refused event is offered again
	refusedWaitMax = 30 * time.Second
)

// What a caller may want to tell apart, with [errors.Is].
var (
	// ErrNoAck: the hub does not acknowledge.
	ErrNoAck = errors.New("the hub does not acknowledge events")
	// ErrEpoch: the hub speaks of another spool.
	ErrEpoch = errors.New("the hub acknowledges events of another spool")
)

// Conn is a connection to a hub. A *link.Conn is one.
type Conn interface {
	// Send sends messages, in order; nil means that they are on their way.
	Send(...proto.Message) error
	// Receive waits for a message.
	Receive(proto.Message) error
	// Close ends the connection, and with it Send and Receive.
	Close(reason string) error
}

// Spool is where the events are. A *spool.Spool is one.
type Spool interface {
	Epoch() []byte
	NextNumber() uint64
	// Next returns up to max events after a number, without gaps.
	Next(after uint64, max int) ([]*agentpb.Event, error)
	// Acked forgets the events through a number.
	Acked(through uint64) error
	// Changed is closed when another event is appended.
	Changed() <-chan struct{}
}

// Watch is what the agent checks. All methods may be called from any goroutine.
type Watch interface {
	// Version is that of the hub's checks that are in use; empty if none are.
	Version() []byte
	// Heed takes what the hub has to check. It returns when that is in use, or is not.
	Heed(*agentpb.Checks)
	// Watching says what is checked, and what was last seen; nil if it cannot be said now.
	Watching(ctx context.Context) *agentpb.Watching
}

// Uplink empties one spool.
type Uplink struct {
	spool  Spool
	site   string
	watch  Watch // may be nil
	logger *slog.Logger
}

// New returns an uplink for the spool of a site. A nil watch takes no checks from the hub,
// a nil logger is silent.
func New(spool Spool, site string, watch Watch, logger *slog.Logger) *Uplink {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Uplink{spool: spool, site: site, watch: watch, logger: logger}
}

// Session empties the spool over one connection until that ends, ctx ends, or the
// hub is of no use. It closes the connection. The error is never nil; those of the
// spool are wrapped, spool.ErrAhead among them. Only one session runs at a time.
func (u *Uplink) Session(ctx context.Context, conn Conn) error {
	s := &session{Uplink: u, conn: conn, acks: newMailbox(), heeded: make(chan struct{}, 1)}
	received := make(chan error, 1)
	go func() { received <- s.receive() }()
	err := s.run(ctx, received)
	conn.Close("the agent ends the session")
	if err == nil {
		err = <-received
	} else {
		<-received
	}
	return err
}

// session is one run of Session. Its fields belong to the goroutine of run, but for
// the mailbox.
type session struct {
	*Uplink
	conn  Conn
	acks  *mailbox
	acked uint64 // by the hub, in this session
	sent  uint64
	// refusedWait is how long to wait after the next refusal.
	refusedWait time.Duration
	heeded      chan struct{} // holds one token after the hub's checks were heeded
	said        []byte        // what was last said of the checks, without its times
	saidAt      time.Time
}

// run sends, and heeds acknowledgements. It returns nil if the connection ended:
// then received has been put back to say why.
func (s *session) run(ctx context.Context, received chan error) error {
	resume := &agentpb.Resume{Epoch: s.spool.Epoch(), Site: s.site, Next: s.spool.NextNumber()}
	if s.watch != nil {
		resume.Checks = s.watch.Version()
	}
	if err := s.conn.Send(&agentpb.FromAgent{Kind: &agentpb.FromAgent_Resume{Resume: resume}}); err != nil {
		return err
	}
	progress := time.NewTimer(resumeTimeout)
	defer progress.Stop()
	paused := time.NewTimer(0)
	paused.Stop()
	defer paused.Stop()
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	resumed, holding := false, false
	for {
		changed := s.spool.Changed()
		if resumed && !holding {
			if err := s.send(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-received:
			received <- err
			return nil
		case <-changed:
			if s.sent == s.acked {
				progress.Reset(ackTimeout)
			}
		case <-paused.C:
			holding = false
		case <-look.C:
			if err := s.sayWatching(ctx, resumed); err != nil {
				return err
			}
		case <-s.heeded:
			s.said = nil
			if err := s.sayWatching(ctx, true); err != nil {
				return err
			}
		case <-progress.C:
			if !resumed || s.sent > s.acked {
				return ErrNoAck
			}
			progress.Reset(ackTimeout)
		case <-s.acks.ready:
			ack := s.acks.take()
			forward, err := s.heed(ack, resumed)
			if err != nil {
				return err
			}
			if forward || !resumed || ack.GetRefused() != "" {
				progress.Reset(ackTimeout)
			}
			resumed = true
			if ack.GetRefused() != "" && !holding {
				holding = true
				paused.Reset(s.refusal(ack))
			}
		}
	}
}

// send sends events until the window is full or none are left.
func (s *session) send() error {
	for s.sent < s.acked+Window {
		events, err := s.spool.Next(s.sent, int(min(s.acked+Window-s.sent, 64)))
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return nil
		}
		messages := make([]proto.Message, len(events))
		for i, event := range events {
			messages[i] = &agentpb.FromAgent{Kind: &agentpb.FromAgent_Event{Event: event}}
		}
		if err := s.conn.Send(messages...); err != nil {
			return err
		}
		s.sent = events[len(events)-1].GetNumber()
	}
	return nil
}

// heed lets the spool forget what the hub has. It reports whether the hub has more
// than before. The first acknowledgement of a session may be lower than what an
// earlier one said: the hub may have lost its state, and is given what there is.
func (s *session) heed(ack *agentpb.Ack, resumed bool) (bool, error) {
	if !bytes.Equal(ack.GetEpoch(), s.spool.Epoch()) {
		return false, ErrEpoch
	}
	through := ack.GetThrough()
	if careful, ok := s.spool.(interface{ Resumed(through uint64) error }); ok && !resumed {
		if err := careful.Resumed(through); err != nil {
			return false, err
		}
	}
	if resumed && through < s.acked {
		return false, nil // overtaken
	}
	forward := through > s.acked
	s.acked = through
	s.sent = max(s.sent, through)
	if ack.GetRefused() != "" {
		s.sent = through
	}
	if forward {
		s.refusedWait = 0
	}
	if err := s.spool.Acked(through); err != nil {
		return false, fmt.Errorf("after the hub acknowledged %d: %w", through, err)
	}
	return forward, nil
}

// refusal logs why the hub takes no more, and returns how long to wait.
func (s *session) refusal(ack *agentpb.Ack) time.Duration {
	s.refusedWait = min(max(2*s.refusedWait, refusedWaitMin), refusedWaitMax)
	s.logger.Warn("the hub refuses an event", "number", ack.GetThrough()+1, "reason", ack.GetRefused(), "retry_in", s.refusedWait)
	return s.refusedWait
}

// receive puts acknowledgements into the mailbox until the connection ends.
func (s *session) receive() error {
	for {
		message := &agentpb.ToAgent{}
		if err := s.conn.Receive(message); err != nil {
			return err
		}
		// What else a later hub says is passed over.
		if ack := message.GetAck(); ack != nil {
			s.acks.put(ack)
		}
		if checks := message.GetChecks(); checks != nil && s.watch != nil {
			s.watch.Heed(checks)
			select {
			case s.heeded <- struct{}{}:
			default:
			}
		}
	}
}
