package voice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/proto/channel"
)

const (
	// liftTime is the silence before the first word: the audio path opens, and the
	// phone is on its way to the ear.
	liftTime = 400 * time.Millisecond

	// sentencePause is the silence between two sentences.
	sentencePause = 400 * time.Millisecond

	// lastKeyTime is how long a key that was pressed may come after the hang-up,
	// which takes another road.
	lastKeyTime = 200 * time.Millisecond

	// tailTime is the silence after the last word: phones delay what they receive to
	// even it out, and a hang-up cuts that off.
	tailTime = 300 * time.Millisecond

	// confirmTime bounds the confirmation after the key.
	confirmTime = 10 * time.Second
)

// meaning is what a key stands for, as the menu says; NoAction if for nothing.
func meaning(key byte) channel.Reply {
	switch key {
	case '1':
		return channel.Acknowledge
	case '2':
		return channel.Close
	case '3':
		return channel.NextPerson
	default:
		return channel.NoAction
	}
}

// talk speaks and listens until the call's fate is known.
func (c *call) talk(ctx context.Context) channel.Report {
	limit := time.After(c.config.MaxCall)
	speech := c.speech()
	announcement := slices.Concat(speech.Alert, media.Silence(sentencePause), speech.Menu)
	words := slices.Concat(media.Silence(liftTime), announcement)
	for read := 0; read < c.config.Repeats; {
		spoken := c.leg.audio.Play(slices.Concat(words, media.Silence(c.config.Pause)))
		words = announcement
		var key byte
		select {
		case <-spoken:
			read++
			continue
		case key = <-c.leg.audio.Digits():
		case key = <-c.leg.digits:
		case <-c.leg.hungUp:
			if key := c.lastKey(); meaning(key) != channel.NoAction {
				return c.replied(key, speech)
			}
			c.leg.Close()
			return c.noReply("hung up without pressing a key of the menu")
		case <-limit:
			c.farewell(nil)
			return c.noReply(fmt.Sprintf("no key of the menu was pressed within %s", c.config.MaxCall))
		case <-ctx.Done():
			c.farewell(nil)
			return c.stopped(ctx, verdict{c.noReply("answered, no key of the menu was pressed"), false}).Report
		}
		if meaning(key) != channel.NoAction {
			return c.replied(key, speech)
		}
		words = speech.Menu
	}
	c.farewell(nil)
	return c.noReply(fmt.Sprintf("heard the announcement %d times, no key of the menu was pressed", c.config.Repeats))
}

// lastKey is the key that was pressed just before the hang-up, 0 if none.
func (c *call) lastKey() byte {
	select {
	case key := <-c.leg.audio.Digits():
		return key
	case key := <-c.leg.digits:
		return key
	case <-time.After(lastKeyTime):
		return 0
	}
}

func (c *call) noReply(detail string) channel.Report {
	report := failed(channel.NoReply, detail)
	report.ProviderID = c.leg.id
	return report
}

// replied ends the call well, with what the key stands for. The page is done now,
// and other phones stop ringing; the confirmation is spoken meanwhile.
func (c *call) replied(key byte, speech Speech) channel.Report {
	reply := meaning(key)
	c.farewell(slices.Concat(speech.Confirmations[reply], media.Silence(tailTime)))
	return channel.Report{Stage: channel.Done, Reply: reply, Detail: fmt.Sprintf("pressed %c", key), ProviderID: c.leg.id}
}

// farewell says the last words, if any, and hangs up, in the background.
func (c *call) farewell(words []int16) {
	c.calls.Go(func() {
		defer c.leg.Close()
		ctx, cancel := context.WithTimeout(c.life, confirmTime)
		defer cancel()
		select {
		case <-c.leg.audio.Play(words):
		case <-c.leg.hungUp:
			return
		case <-ctx.Done():
		}
		c.leg.bye()
	})
}
