package voice

import (
	"context"
	"sync"
	"testing"
	"time"

	"keng/mobile-gateway/voice/siptest"
	"keng/proto/channel"
	"keng/proto/channel/channeltest"
)

// TestSuite: a call is a channel like any other.
func TestSuite(t *testing.T) {
	t.Parallel()
	scripts := map[channeltest.Behaviour]siptest.Script{
		channeltest.Accepts: {Press: []siptest.Press{{Key: '1'}}},
		channeltest.Refuses: {Fate: siptest.Reject, Status: 603},
		channeltest.Dead:    {Fate: siptest.Reject, Status: 404},
		channeltest.Broken:  {Fate: siptest.Reject, Status: 500},
		channeltest.Stalls:  {Fate: siptest.RingForever},
	}
	channeltest.Suite(t, channeltest.Case{
		Fates: map[channeltest.Behaviour][]channel.Failure{
			channeltest.Accepts: nil,
			channeltest.Refuses: {channel.Declined},
			channeltest.Dead:    {channel.Refused}, // as one trunk sees it
			channeltest.Broken:  {channel.Unavailable},
			channeltest.Stalls:  {channel.Unanswered},
		},
		Bad: []string{
			"sip:", "sip:user@", "sip:a b@host", "sip:a@host;transport=sctp", "sips:a@host", "tel:abc", "+", "1", "+84x",
			"sip:a@host:99999", "sip:a@host?Subject=x", "sip:a\r\nVia: x@host", "sip:a:password@host", "mailto:a@host",
		},
		Open: func(t *testing.T) channeltest.Setup {
			var mu sync.Mutex
			phones := map[string]*siptest.Phone{}
			config := quick()
			config.Pause = 100 * time.Millisecond
			return channeltest.Setup{
				Channel: newChannel(t, config),
				Address: func(b channeltest.Behaviour) string {
					phone := startPhone(t, scripts[b])
					mu.Lock()
					defer mu.Unlock()
					phones[phone.URI()] = phone
					return phone.URI()
				},
				Reached: func(ctx context.Context, address string) error {
					mu.Lock()
					phone := phones[address]
					mu.Unlock()
					return phone.Wait(ctx, func(calls []siptest.Call) bool { return len(calls) > 0 })
				},
			}
		},
	})
}
