package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/push/fcm/fcmtest"
	"keng/mobile-gateway/voice/siptest"
	"keng/proto/channel"
)

// step is one step of the story: something is done, or waited for, and confirmed by who
// took part in it.
type step struct {
	name  string
	limit time.Duration
	do    func(ctx context.Context, tell *teller) error
}

// story plays the outage from end to end. Every step must be confirmed in its time.
func (w *world) story(ctx context.Context, tell *teller, fault Fault) error {
	s := &story{world: w, fault: fault}
	for _, step := range []step{
		{"outage", time.Second, s.outage},
		{"alert", 8 * time.Second, s.alert},
		{"push", 6 * time.Second, s.push},
		{"call", 18 * time.Second, s.call},
		{"acknowledge", 4 * time.Second, s.acknowledge},
		{"recovery", 5 * time.Second, s.recovery},
		{"close", 5 * time.Second, s.close},
		{"quiet", 3 * time.Second, s.quiet},
	} {
		bounded, cancel := context.WithTimeoutCause(ctx, step.limit, errTooLong)
		err := step.do(bounded, tell)
		cancel()
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause // not the step's fault
			}
			return &StepError{step.name, w.explain(ctx, err)}
		}
	}
	return nil
}

var errTooLong = errors.New("it did not happen in time")

// story is the outage as it goes on.
type story struct {
	*world
	fault    Fault
	id       string // of the alert
	tiny     string
	returned time.Time // when the website came back
}

func (s *story) outage(_ context.Context, tell *teller) error {
	tell.say(s.words.outage, s.site.URL())
	return s.site.down()
}

// alert waits until the agent has told the hub and the hub has opened an alert.
func (s *story) alert(ctx context.Context, tell *teller) error {
	err := poll(ctx, func() (bool, error) {
		a, err := s.look(ctx, client.ByAlias(s.alias))
		if a != nil {
			s.id, s.tiny = a.ID, a.TinyID
			tell.say(s.words.opened, a.TinyID, a.Priority, a.Message)
		}
		return a != nil, err
	})
	return why(err, s.words.noAlert)
}

// push waits until the FCM server has taken the message and the trace says so.
func (s *story) push(ctx context.Context, tell *teller) error {
	if err := why(s.traced(ctx, channel.Push, channel.Accepted), s.words.noPush); err != nil {
		return err
	}
	m, err := s.fcm.Wait(ctx, func(m fcmtest.Message) bool { return m.Token == pushToken })
	if err != nil {
		return why(err, s.words.pushUnknown)
	}
	if got := m.Data["alert_id"]; got != s.id {
		return fmt.Errorf(s.words.pushOfOther, got, s.id)
	}
	tell.say(s.words.pushed, m.Notification.Title)
	return nil
}

// call waits until the phone has rung, heard this alert, and pressed 1.
func (s *story) call(ctx context.Context, tell *teller) error {
	ring := func(calls []siptest.Call) bool { return len(calls) > 0 && !calls[0].Rang.IsZero() }
	if err := s.phone.Wait(ctx, ring); err != nil {
		return why(err, s.words.noRing)
	}
	tell.line(s.words.rings)
	up := func(calls []siptest.Call) bool { return calls[0].Over() || !calls[0].Answered.IsZero() }
	if err := s.phone.Wait(ctx, up); err != nil {
		return why(err, s.words.noEnd)
	}
	if !s.phone.Calls()[0].Answered.IsZero() {
		tell.line(s.words.answered)
	}
	over := func(calls []siptest.Call) bool { return calls[0].Over() }
	if err := s.phone.Wait(ctx, over); err != nil {
		return why(err, s.words.noEnd)
	}
	call := s.phone.Calls()[0]
	heard := call.Heard()
	switch {
	case call.Answered.IsZero():
		return errors.New(s.words.noAnswer)
	case !slices.Contains(heard, "vi/press-1"):
		return fmt.Errorf(s.words.noMenu, strings.Join(heard, " "))
	case !inOrder(heard, s.number()):
		return fmt.Errorf(s.words.noNumber, s.tiny, strings.Join(heard, " "))
	case call.Pressed != "1":
		return fmt.Errorf(s.words.otherKeys, call.Pressed)
	}
	asked := slices.Index(heard, "vi/press-1") + 1
	tell.say(s.words.heard, spoken(heard[:asked]))
	tell.say(s.words.pressed, spoken(heard[asked:]), call.Ended.Sub(call.Answered).Seconds())
	return nil
}

// number is the alert's number as it is spoken, digit by digit.
func (s *story) number() []string {
	names := []string{"vi/alert-number"}
	for _, digit := range s.tiny {
		names = append(names, "vi/"+string(digit))
	}
	return names
}

// inOrder reports whether all holds part as one piece.
func inOrder(all, part []string) bool {
	for i := range all {
		if len(all)-i >= len(part) && slices.Equal(all[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// acknowledge waits until the digit has become an acknowledgement.
func (s *story) acknowledge(ctx context.Context, tell *teller) error {
	err := poll(ctx, func() (bool, error) {
		a, err := s.look(ctx, client.ByID(s.id))
		return a != nil && a.Acknowledged, err
	})
	if err != nil {
		return why(err, s.words.noAcknowledge)
	}
	if err := s.traced(ctx, channel.Voice, channel.Done); err != nil {
		return why(err, s.words.noDigit)
	}
	tell.say(s.words.acknowledged, s.tiny)
	return nil
}

// recovery brings the website back and waits until its own log has the agent's visit.
func (s *story) recovery(ctx context.Context, tell *teller) error {
	if s.fault == NoRecovery {
		s.relay.cut.Store(true)
	}
	s.returned = time.Now()
	if s.fault != StaysDown {
		if err := s.site.up(); err != nil {
			return err
		}
		tell.line(s.words.returned)
	}
	return why(s.site.visitedSince(ctx, s.returned), s.words.noVisit)
}

// close waits until the recovery has closed the alert.
func (s *story) close(ctx context.Context, tell *teller) error {
	err := poll(ctx, func() (bool, error) {
		a, err := s.look(ctx, client.ByID(s.id))
		return a != nil && a.Status == "closed", err
	})
	if err != nil {
		return why(err, s.words.stillOpen)
	}
	tell.say(s.words.closed, s.tiny)
	return nil
}

// quiet checks that everybody was told once, and that the activity log knows it all.
func (s *story) quiet(ctx context.Context, tell *teller) error {
	if n := len(s.fcm.Messages()); n != 1 {
		return fmt.Errorf(s.words.manyPushes, n)
	}
	if n := len(s.phone.Calls()); n != 1 {
		return fmt.Errorf(s.words.manyCalls, n)
	}
	lines, err := s.hub.Log(ctx, client.ByID(s.id))
	if err != nil {
		return err
	}
	tell.line(s.words.log)
	for _, line := range lines {
		fmt.Fprintf(tell.out, "          %s  %s: %s\n", line.At.Local().Format("15:04:05.0"), line.Owner, line.Text)
	}
	tell.line(s.words.done)
	return nil
}

// look asks the API for an alert; nil if there is none.
func (s *story) look(ctx context.Context, ref client.Ref) (*client.Alert, error) {
	a, err := s.hub.Alert(ctx, ref)
	if client.Missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// traced waits until the API's trace of the alert's page of a kind has a stage. A page
// that failed before is an error.
func (s *story) traced(ctx context.Context, kind channel.Kind, stage channel.Stage) error {
	return poll(ctx, func() (bool, error) {
		pages, err := s.hub.Deliveries(ctx, client.ByID(s.id))
		if err != nil {
			return false, err
		}
		for _, page := range pages {
			if page.Kind != string(kind) {
				continue
			}
			for _, x := range page.Trace {
				switch {
				case x.Stage == string(stage):
					return true, nil
				case x.Stage == string(channel.Failed):
					return false, fmt.Errorf("%s: %s", x.Failure, x.Detail)
				}
			}
		}
		return false, nil
	})
}

// why puts an error into words of the story, if there is one.
func why(err error, words string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooLong) || errors.Is(err, context.DeadlineExceeded):
		return errors.New(words)
	}
	return fmt.Errorf("%s: %w", words, err)
}
