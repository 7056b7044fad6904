package voice

import (
	"testing"
	"time"

	"keng/mobile-gateway/voice/siptest/counterpart"
	"keng/proto/channel"
)

// TestSipp calls sipp, a stack that is not ours.
func TestSipp(t *testing.T) {
	t.Parallel()
	each(t, map[string]struct {
		scenario counterpart.Scenario
		want     string
	}{
		"busy":       {counterpart.Busy, "failed busy"},
		"declined":   {counterpart.Declined, "ringing failed declined"},
		"unanswered": {counterpart.Unanswered, "ringing failed unanswered"},
		"info":       {counterpart.Info, "ringing answered done acknowledge"},
	}, func(t *testing.T, test struct {
		scenario counterpart.Scenario
		want     string
	}) {
		phone := counterpart.StartSipp(t, test.scenario)
		config := quick()
		config.TrunkTimeout = 10 * time.Second // SIP repeats its INVITE until sipp has started
		p := page(phone.URI())
		p.Language = channel.English
		if got := stages(send(t, t.Context(), newChannel(t, config), p)); got != test.want {
			t.Errorf("stages: %s, want %s", got, test.want)
		}
		phone.Wait()
	})
}
