package voice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"

	"keng/proto/channel"
)

// maxChallenges is how often one call answers a digest challenge: once, and once
// more if the nonce was stale.
const maxChallenges = 2

// call is one attempt over one line.
type call struct {
	*Channel
	attempt
	speech   func() Speech // waits until the page was put into speech
	dictates bool          // it tells a code, and asks for no key
	report   func(channel.Report)
	leg      *leg
}

// run calls and returns the verdict. Farewells may go on in the background.
func (c *call) run(ctx context.Context) verdict {
	connecting, cancel := context.WithTimeout(ctx, c.config.TrunkTimeout)
	defer cancel()
	var err error
	if c.leg, err = newLeg(connecting, c.attempt, c.log); err != nil {
		return c.stopped(ctx, verdict{failed(channel.Unavailable, err.Error()), true})
	}
	if err := c.leg.dial(connecting); err != nil {
		c.leg.Close()
		return c.stopped(ctx, verdict{failed(channel.Unavailable, err.Error()), true})
	}
	answer, v := c.ring(ctx)
	if answer == nil {
		return v
	}
	if err := c.leg.accept(answer); err != nil {
		c.farewell(nil)
		return verdict{failed(channel.Unavailable, "answered, but "+err.Error()), false}
	}
	c.tell(channel.Answered, "")
	if c.dictates {
		return verdict{c.dictate(ctx), false}
	}
	return verdict{c.talk(ctx), false}
}

// tell reports a stage on the way.
func (c *call) tell(stage channel.Stage, detail string) {
	c.report(channel.Report{Stage: stage, Detail: detail, ProviderID: c.leg.id})
}

// stopped is what ctx makes of a verdict: Cancelled if that is why the attempt ended.
func (c *call) stopped(ctx context.Context, v verdict) verdict {
	switch {
	case ctx.Err() == nil:
		return v
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		v.Detail, v.another = "no time left: "+v.Detail, false
		return v
	default:
		return verdict{channel.Report{Stage: channel.Cancelled, Detail: "taken back"}, false}
	}
}

// ring waits for the answer: a 200, or nil and the verdict.
func (c *call) ring(ctx context.Context) (*sip.Response, verdict) {
	r := ringing{call: c, patience: time.NewTimer(c.config.TrunkTimeout)}
	defer r.patience.Stop()
	for {
		select {
		case response := <-c.leg.invite.Responses():
			answer, v, final := r.take(ctx, response)
			if final {
				return answer, v
			}
		case <-c.leg.invite.Done():
			// The TCP connection broke, or UDP said that nobody is there.
			err := c.leg.invite.Err()
			c.leg.Close()
			return nil, verdict{failed(channel.Unavailable, fmt.Sprintf("the call broke off: %v", err)), !r.rang}
		case <-r.patience.C:
			c.abandon(r.alive)
			return nil, r.impatient()
		case <-ctx.Done():
			c.abandon(r.alive)
			return nil, c.stopped(ctx, r.impatient())
		}
	}
}

// ringing is how far the other side has come in answering.
type ringing struct {
	*call
	patience   *time.Timer // runs out if nothing comes
	alive      bool        // there was a provisional answer
	rang       bool        // the phone rings
	challenges int
}

// take takes one answer. It returns true with the 200 or a verdict if that was
// the last.
func (r *ringing) take(ctx context.Context, response *sip.Response) (*sip.Response, verdict, bool) {
	status := response.StatusCode
	switch {
	case response.IsProvisional():
		if !r.alive {
			r.alive = true
			r.patience.Reset(r.config.RingTimeout)
		}
		if !r.rang && (status == sip.StatusRinging || status == sip.StatusSessionInProgress) {
			r.rang = true
			r.patience.Reset(r.config.RingTimeout)
			r.tell(channel.Ringing, "")
		}
		return nil, verdict{}, false
	case response.IsSuccess():
		return response, verdict{}, true
	case r.mayAnswer(response):
		r.challenges++
		r.alive = false
		r.patience.Reset(r.config.TrunkTimeout)
		if err := r.leg.authenticate(ctx, response); err != nil {
			r.leg.Close()
			return nil, verdict{failed(channel.Refused, err.Error()), true}, true
		}
		return nil, verdict{}, false
	default:
		r.leg.Close()
		v := refused(response)
		v.ProviderID = r.leg.id
		v.another = v.another && !r.rang
		return nil, v, true
	}
}

// mayAnswer reports whether the response is a challenge that we can answer.
func (r *ringing) mayAnswer(response *sip.Response) bool {
	challenge := response.StatusCode == sip.StatusUnauthorized && response.GetHeader("WWW-Authenticate") != nil ||
		response.StatusCode == sip.StatusProxyAuthRequired && response.GetHeader("Proxy-Authenticate") != nil
	return challenge && r.user != "" && r.challenges < maxChallenges
}

// impatient is the verdict when patience has run out.
func (r *ringing) impatient() verdict {
	switch {
	case r.rang:
		v := verdict{failed(channel.Unanswered, fmt.Sprintf("rang for %s, nobody picked up", r.config.RingTimeout)), false}
		v.ProviderID = r.leg.id
		return v
	case r.alive:
		return verdict{failed(channel.Unavailable, "the trunk took the call, but the phone did not ring"), true}
	default:
		return verdict{failed(channel.Unavailable, fmt.Sprintf("no word within %s", r.config.TrunkTimeout)), true}
	}
}

// abandon takes the INVITE back, in the background. If there was no provisional
// answer yet, it must not be cancelled before one comes, but neither is it sent
// again. If it is answered all the same, that is hung up.
func (c *call) abandon(alive bool) {
	c.calls.Go(func() {
		defer c.leg.Close()
		limit := time.NewTimer(lateAnswer)
		defer limit.Stop()
		closing, done := c.life.Done(), c.leg.invite.Done()
		cancel := func() {
			alive, closing = true, nil
			limit.Reset(goodbyeTime)
			c.leg.cancel()
		}
		if alive {
			cancel()
		} else {
			done = nil
			c.leg.invite.Terminate()
		}
		for {
			var response *sip.Response
			select {
			case response = <-c.leg.invite.Responses():
			case response = <-c.leg.late:
			case <-done:
				return
			case <-limit.C:
				return
			case <-closing:
				// A sign of life may be on its way; without it the phone would ring on.
				closing = nil
				limit.Reset(goodbyeTime / 2)
				continue
			}
			switch cseq := response.CSeq(); {
			case cseq == nil || cseq.MethodName != sip.INVITE:
			case response.IsProvisional() && !alive:
				cancel()
			case response.IsProvisional():
			case response.IsSuccess():
				c.leg.accept(response)
				c.leg.bye()
				return
			default:
				return
			}
		}
	})
}
