package voice

import (
	"context"
	"slices"

	"keng/mobile-gateway/voice/media"
	"keng/proto/channel"
)

// dictations is how often a call says a code: once to listen, once to write.
const dictations = 2

// dictate speaks a code, and hangs up. Keys mean nothing. It is well done if the code was said once to its
// end: who hangs up then has it.
func (c *call) dictate(ctx context.Context) channel.Report {
	code := c.speech().Alert
	words := slices.Concat(media.Silence(liftTime), code)
	for said := range dictations {
		spoken := c.leg.audio.Play(words)
		words = slices.Concat(media.Silence(c.config.Pause), code)
		select {
		case <-spoken:
		case <-c.leg.hungUp:
			c.leg.Close()
			if said > 0 {
				return c.dictated("hung up after the code was said")
			}
			return c.noReply("hung up before the code was said")
		case <-ctx.Done():
			c.farewell(nil)
			return c.stopped(ctx, verdict{c.noReply("answered, the code was not said to its end"), false}).Report
		}
	}
	c.farewell(media.Silence(tailTime))
	return c.dictated("said the code")
}

func (c *call) dictated(detail string) channel.Report {
	return channel.Report{Stage: channel.Done, Detail: detail, ProviderID: c.leg.id}
}
