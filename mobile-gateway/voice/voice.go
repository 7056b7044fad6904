// Package voice reaches people by telephone: it places a call over SIP, reads
// the alert in the person's language, and takes a digit.
//
//	Ringing ─ Answered ─┬─ Done, Acknowledge   1 was pressed
//	                    ├─ Done, Close         2 was pressed
//	                    ├─ Done, NextPerson    3 was pressed
//	                    ├─ Failed, no-reply    hung up, or listened to the end
//	                    └─ Cancelled           the page was taken back: we hang up
//
// That somebody picked up proves nothing: a mailbox picks up too, and says 200.
// Only a key of the menu is a reply. It may be pressed at any moment of the call,
// and the page is Done at that moment, while the phone still hears the confirmation.
//
// The call says who calls, the priority, the alert's number and its title, then the
// menu, and all of that again. The title is spoken by espeak-ng, where that is
// installed (see [Config.Espeak]), while the phone is dialled and rings; the rest is
// recorded. Without espeak-ng, or when it fails or is slow, the recorded phrases alone
// are spoken: no call waits for a synthesizer, and who picks up at most two seconds.
//
// A page with a code is the exception (dictate.go): the call says the code twice and hangs up. That is Done
// as soon as it was said once.
//
// A telephone number is dialled at the first trunk; a trunk that is dead (no
// word within [Config.TrunkTimeout]), out of order, or that refuses us is left
// for the next one, as long as nothing has rung. A SIP URI is called straight at
// its host. What the network answers becomes a failure in outcome.go.
//
// What it does not do: encryption (TLS, SRTP), registration at a trunk, and SRV
// records; a trunk is a host and a port.
//
// The pieces: address.go knows trunks and addresses; leg.go, incall.go and route.go
// are the SIP of one call; call.go is its course up to the answer, talk.go from
// there on; speech.go is what it says; media carries audio and digits; phrase holds
// the recorded words, tts speaks others; siptest is a telephone for tests and
// demonstrations.
package voice

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"keng/proto/channel"
)

// Config says over which trunks to call, and how patiently. Zero values mean the
// defaults.
type Config struct {
	Trunks []Trunk `yaml:"trunks"`
	// TrunkTimeout is how long a trunk may be silent after our INVITE before the
	// next one is tried; default 4 s.
	TrunkTimeout time.Duration `yaml:"trunk_timeout"`
	// RingTimeout is how long a phone may ring; default 30 s. Most mailboxes pick
	// up after 20 s to 30 s.
	RingTimeout time.Duration `yaml:"ring_timeout"`
	// Repeats is how often the announcement is read; default 3.
	Repeats int `yaml:"repeats"`
	// Pause is the silence after each reading, in which a digit is awaited as it is
	// all the time; default 3 s.
	Pause time.Duration `yaml:"pause"`
	// MaxCall bounds an answered call, whatever is pressed; default 2 min.
	MaxCall time.Duration `yaml:"max_call"`
	// Espeak is the absolute path of espeak-ng, which speaks an alert's title; default:
	// the one in PATH, if there is one. "off" leaves titles unspoken.
	Espeak string `yaml:"espeak"`
	// Speaker puts pages into speech; default: what Espeak says.
	Speaker Speaker `yaml:"-"`
}

const (
	// speechTime bounds the putting of a page into speech once somebody has picked up,
	// who hears nothing meanwhile. Until then there is time: in a storm of alerts on a
	// small machine, a title may take seconds.
	speechTime = 2 * time.Second

	// goodbyeTime bounds the farewells of a call whose fate is settled: the answer
	// to BYE or CANCEL.
	goodbyeTime = 2 * time.Second

	// lateAnswer is how long an INVITE may still be answered after it was given up
	// without a word from the trunk; such a call is hung up. It is SIP's own limit
	// (RFC 3261 timer B).
	lateAnswer = 32 * time.Second

	// concurrent is how many calls are placed at once. Small trunks have as few as
	// two lines and answer 486 or 503 to more.
	concurrent = 8
)

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&c.TrunkTimeout, 4*time.Second)
	set(&c.RingTimeout, 30*time.Second)
	set(&c.Pause, 3*time.Second)
	set(&c.MaxCall, 2*time.Minute)
	if c.Repeats <= 0 {
		c.Repeats = 3
	}
	return c
}

// Channel places calls. It is a [channel.Channel] of kind Voice.
type Channel struct {
	config Config
	lines  []line
	log    *slog.Logger

	life  context.Context // ends with Close
	end   context.CancelFunc
	calls sync.WaitGroup // Sends, and farewells that outlive theirs
}

var _ channel.Channel = (*Channel)(nil)

// New checks the configuration, reads the trunks' passwords, looks for espeak-ng,
// and returns a channel. It needs no trunk to be reachable, and none to exist if only SIP URIs
// are called. log may be nil.
func New(config Config, log *slog.Logger) (*Channel, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Channel{config: config.withDefaults(), log: log}
	for _, trunk := range config.Trunks {
		l, err := newLine(trunk)
		if err != nil {
			return nil, err
		}
		c.lines = append(c.lines, l)
	}
	if c.config.Speaker == nil {
		var err error
		if c.config.Speaker, err = NewSpeaker(config.Espeak, log); err != nil {
			return nil, err
		}
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Close hangs up all calls, whose Sends return Cancelled, and waits until that
// is done: a few seconds at most. Send must not be called afterwards.
func (c *Channel) Close() {
	c.end()
	c.calls.Wait()
}

// Describe says what this channel is.
func (c *Channel) Describe() channel.Description {
	return channel.Description{
		Kind: channel.Voice,
		Name: map[channel.Language]string{
			channel.Vietnamese: "Cuộc gọi thoại",
			channel.English:    "Voice call",
		},
		Address: map[channel.Language]string{
			channel.Vietnamese: "Số điện thoại có mã quốc gia (+84…) hoặc địa chỉ SIP (sip:ten@maychu)",
			channel.English:    "A telephone number with country code (+84…) or a SIP address (sip:name@host)",
		},
		Loud:       true,
		Replies:    true,
		Timeout:    time.Duration(max(1, len(c.lines)))*c.config.TrunkTimeout + c.config.RingTimeout + c.config.MaxCall,
		Concurrent: concurrent,
	}
}

// Send calls the page's address and stays until its fate is known.
func (c *Channel) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	ways, err := attempts(c.lines, page.Address)
	if err != nil {
		return failed(channel.Misconfigured, err.Error())
	}
	c.calls.Add(1)
	defer c.calls.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()

	speech := c.prepare(ctx, page)
	var fate verdict
	var story []string
	for _, way := range ways {
		if !page.SendBy.IsZero() && time.Now().After(page.SendBy) {
			return failed(channel.Expired, strings.Join(append(story, "its send-by has passed"), "; "))
		}
		fate = (&call{Channel: c, attempt: way, speech: speech, report: report, dictates: page.Code != ""}).run(ctx)
		story = append(story, way.name+": "+fate.Detail)
		if !fate.another {
			break
		}
	}
	fate.Detail = strings.Join(story, "; ")
	return fate.Report
}

// prepare begins to put the page into speech. What it returns waits for that, at most
// [speechTime], and is to be called once: when somebody has picked up.
func (c *Channel) prepare(ctx context.Context, page channel.Page) (speech func() Speech) {
	speaking, cancel := context.WithCancel(ctx)
	spoken := make(chan Speech, 1)
	c.calls.Go(func() {
		defer cancel()
		speech, err := c.config.Speaker.Speak(speaking, page)
		if err != nil {
			speech = c.recorded(ctx, page, err)
		}
		spoken <- speech
	})
	return func() Speech {
		defer time.AfterFunc(speechTime, cancel).Stop()
		return <-spoken
	}
}

// recorded is what is said if the speaker failed, or was slow. That is no reason not to
// call: the recorded phrases always work.
func (c *Channel) recorded(ctx context.Context, page channel.Page, reason error) Speech {
	if ctx.Err() == nil {
		c.log.Warn("speech failed, falling back to recorded phrases", "page", page.ID, "error", reason)
	}
	speech, err := phrases{}.Speak(ctx, page)
	if err != nil {
		c.log.Error("recorded phrases failed; the call will be silent", "page", page.ID, "error", err)
	}
	return speech
}

func failed(failure channel.Failure, detail string) channel.Report {
	return channel.Report{Stage: channel.Failed, Failure: failure, Detail: detail}
}
