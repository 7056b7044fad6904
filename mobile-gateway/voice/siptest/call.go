package siptest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
)

const (
	// listenEvery is how often the phone thinks about what it has heard.
	listenEvery = 100 * time.Millisecond

	// shortestRing keeps 180 and 200 apart: in one moment, the later could overtake
	// the earlier.
	shortestRing = 100 * time.Millisecond

	// goodbyeTime bounds the answer to the phone's own BYE or INFO.
	goodbyeTime = 2 * time.Second
)

// call is a call under way.
type call struct {
	phone    *Phone
	script   Script
	dialog   *sipgo.DialogServerSession
	recorder recorder
	stream   *media.Stream // set when answered
	done     chan struct{} // closed when the phone has finished with the call

	record Call // guarded by the phone's mu; Audio and Lost are the recorder's

	// What the listening goroutine knows.
	menus   int           // menus heard; one counts when its first part is over
	lastAt  time.Time     // when the last of them was over, or when it answered
	scanned time.Duration // how much of the audio holds no further menu
}

// onInvite takes a call. It returns when the call is over.
func (p *Phone) onInvite(request *sip.Request, tx sip.ServerTransaction) {
	script := p.now()
	if to := request.To(); to == nil || to.Params.Has("tag") {
		tx.Respond(sip.NewResponseFromRequest(request, sip.StatusNotAcceptableHere, "Not Acceptable Here", nil))
		return
	}
	if script.User != "" && !p.knows(script, request) {
		p.challenge(script, request, tx)
		return
	}
	dialog, err := p.dialogs.ReadInvite(request, tx)
	if err != nil {
		tx.Respond(sip.NewResponseFromRequest(request, sip.StatusBadRequest, "Bad Request", nil))
		return
	}
	defer dialog.Close()
	c := p.remember(script, request, dialog)
	if c == nil {
		return // the phone is being closed
	}
	defer close(c.done)
	c.run(request)
}

// remember makes the record of a new call; nil if the phone is closed.
func (p *Phone) remember(script Script, request *sip.Request, dialog *sipgo.DialogServerSession) *call {
	c := &call{phone: p, script: script, dialog: dialog, done: make(chan struct{})}
	c.recorder.lose = script.Lose
	c.record = Call{
		ID:      request.CallID().Value(),
		From:    request.From().Address.String(),
		To:      request.To().Address.String(),
		Name:    request.From().DisplayName,
		Invited: time.Now(),
	}
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.calls = append(p.calls, c)
	}
	p.mu.Unlock()
	if closed {
		return nil
	}
	p.change(c, func(*Call) {})
	return c
}

// run lives through the call.
func (c *call) run(request *sip.Request) {
	switch {
	case c.script.Fate == Trying:
		c.dialog.Respond(sip.StatusTrying, "Trying", nil)
	case c.script.Fate != Reject || c.script.RingFor > 0:
		c.dialog.Respond(sip.StatusRinging, "Ringing", nil)
		c.phone.change(c, func(r *Call) { r.Rang = time.Now() })
	}
	if !c.ring() {
		return
	}
	if c.script.Fate == Reject {
		c.reject(c.script.Status, c.script.Reason)
		return
	}
	offer, err := media.ParseSDP(request.Body())
	if err != nil {
		c.reject(sip.StatusNotAcceptableHere, err.Error())
		return
	}
	if err := c.answer(request, offer); err != nil {
		c.over(Caller, errors.Is(context.Cause(c.dialog.Context()), sip.ErrTransactionCanceled))
		return
	}
	defer func() { c.stream.Close() }()
	if c.script.Move && c.move(offer) != nil {
		c.hangUp()
		return
	}
	c.listen()
}

// move moves the audio to another port, and tells the caller.
func (c *call) move(offer media.Description) error {
	stream, err := media.Listen(netip.MustParseAddr("127.0.0.1"), c.recorder.add)
	if err != nil {
		return err
	}
	c.stream.Close()
	c.stream = stream
	stream.Start(media.Peer{Audio: offer.Audio, Signalling: offer.Audio.Addr(), Codec: media.PCMA, Event: offer.Event})
	moved := media.Description{Audio: stream.Addr(), Codecs: []media.Codec{media.PCMA}, Event: offer.Event}
	invite := sip.NewRequest(sip.INVITE, c.dialog.InviteRequest.Contact().Address)
	invite.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	invite.SetBody(moved.Marshal(2))
	ctx, cancel := context.WithTimeout(c.phone.life, goodbyeTime)
	defer cancel()
	response, err := c.dialog.Do(ctx, invite)
	if err != nil {
		return err
	}
	if !response.IsSuccess() {
		return fmt.Errorf("re-INVITE: %s", response.StartLine())
	}
	ack := sip.NewRequest(sip.ACK, invite.Recipient)
	return c.dialog.WriteRequest(ack)
}

// ring waits as long as the phone rings; false if the call ended meanwhile.
func (c *call) ring() bool {
	var answer <-chan time.Time
	if c.script.Fate == Answer || c.script.Fate == Reject {
		answer = time.After(max(c.script.RingFor, shortestRing))
	}
	select {
	case <-answer:
		return true
	case <-c.dialog.Context().Done():
		c.over(Caller, true)
	case <-c.phone.life.Done():
		c.reject(sip.StatusTemporarilyUnavailable, "Switched Off")
	}
	return false
}

func (c *call) reject(status int, reason string) {
	if reason == "" {
		reason = "Rejected"
	}
	c.phone.change(c, func(r *Call) { r.Rejected = status })
	c.over(Callee, false)
	c.untilACK(func() error { return c.dialog.Respond(status, reason, nil) })
}

// untilACK answers and waits for the ACK, as sipgo does, but not if the phone is
// being closed: a caller that has gone sends none, and SIP waits 32 s for it.
func (c *call) untilACK(respond func() error) error {
	result := make(chan error, 1)
	go func() { result <- respond() }()
	select {
	case err := <-result:
		return err
	case <-c.phone.life.Done():
	}
	select {
	case err := <-result:
		return err
	case <-time.After(goodbyeTime):
		return errors.New("the caller sent no ACK")
	}
}

// over notes the end of the call.
func (c *call) over(by Side, cancelled bool) {
	c.phone.change(c, func(r *Call) { r.Ended, r.EndedBy, r.Cancelled = time.Now(), by, cancelled })
}

// answer opens the audio and answers with 200; an error if the caller has gone.
func (c *call) answer(request *sip.Request, offer media.Description) error {
	stream, err := media.Listen(netip.MustParseAddr("127.0.0.1"), c.recorder.add)
	if err != nil {
		return err
	}
	answer := offer.Answer(stream.Addr())
	if codec := slices.IndexFunc(c.script.Codecs, func(m media.Codec) bool { return slices.Contains(offer.Codecs, m) }); codec >= 0 {
		answer.Codecs = []media.Codec{c.script.Codecs[codec]}
	}
	if c.script.NoEvent {
		answer.Event = 0
	}
	caller, _ := netip.ParseAddrPort(request.Source())
	stream.Start(media.Peer{
		Audio: offer.Audio, Signalling: caller.Addr(), ReceiveOnly: c.script.Mute,
		Codec: answer.Codecs[0], Event: answer.Event,
	})
	c.stream, c.lastAt = stream, time.Now()
	c.phone.change(c, func(r *Call) { r.Answered = time.Now() })
	if err := c.untilACK(func() error { return c.dialog.RespondSDP(answer.Marshal(1)) }); err != nil {
		stream.Close()
		return err
	}
	return nil
}

// listen does what the script says until the call ends.
func (c *call) listen() {
	answered := time.Now()
	tick := time.NewTicker(listenEvery)
	defer tick.Stop()
	presses := c.script.Press
	for {
		select {
		case <-tick.C:
		case <-c.dialog.Context().Done():
			c.over(Caller, false)
			return
		case <-c.phone.life.Done():
			c.hangUp()
			return
		}
		if c.listensFor(presses) && c.hear() {
			c.lastAt = time.Now()
		}
		for len(presses) > 0 && c.due(presses[0], answered) {
			c.press(presses[0])
			presses = presses[1:]
		}
		tired := c.script.HangUpAfter > 0 && time.Since(answered) >= c.script.HangUpAfter
		if tired || c.script.HangUpMenus > 0 && c.menus >= c.script.HangUpMenus {
			c.hangUp()
			return
		}
		c.phone.change(c, func(*Call) {})
	}
}

// due reports whether the moment for a key has come.
func (c *call) due(press Press, answered time.Time) bool {
	if press.Menus == 0 {
		return time.Since(answered) >= press.After
	}
	return c.menus >= press.Menus && time.Since(c.lastAt) >= press.After
}

// listensFor reports whether anything still depends on the menus heard.
func (c *call) listensFor(presses []Press) bool {
	return c.script.HangUpMenus > 0 || slices.ContainsFunc(presses, func(p Press) bool { return p.Menus > 0 })
}

// hear counts the menus in what it has not heard yet; true if there was one.
func (c *call) hear() bool {
	audio, _ := c.recorder.recording(c.scanned)
	var menus []Phrase
	var longest time.Duration
	for _, language := range phrase.Languages() {
		menu := Phrase{language, phrase.PressOne}
		menus = append(menus, menu)
		longest = max(longest, Match{Phrase: menu}.end())
	}
	if found := Recognise(audio, menus); len(found) > 0 {
		c.menus++
		c.scanned += found[0].end() // another one will be found at the next tick
		return true
	}
	// What began earlier would have been found by now.
	length := time.Duration(len(audio)) * time.Second / media.SampleRate
	c.scanned += max(0, length-longest-listenEvery)
	return false
}

// press presses a key.
func (c *call) press(press Press) {
	c.phone.change(c, func(r *Call) { r.Pressed += string(press.Key) })
	if !press.Info {
		c.stream.Press(press.Key)
		return
	}
	info := sip.NewRequest(sip.INFO, c.dialog.InviteRequest.Contact().Address)
	info.AppendHeader(sip.NewHeader("Content-Type", media.DTMFRelay))
	info.SetBody([]byte("Signal=" + string(press.Key) + "\r\nDuration=160\r\n"))
	ctx, cancel := context.WithTimeout(c.phone.life, goodbyeTime)
	defer cancel()
	c.dialog.Do(ctx, info)
}

func (c *call) hangUp() {
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeTime)
	defer cancel()
	c.over(Callee, false)
	c.dialog.Bye(ctx)
}
