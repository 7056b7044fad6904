package voice

import (
	"context"
	"slices"
	"testing"

	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/siptest"
	"keng/mobile-gateway/voice/siptest/counterpart"
	"keng/proto/channel"
)

// TestBaresip calls baresip twice, about two alerts. What it heard before the menu,
// by its own jitter buffer and decoder, is the alert's text and not the other one's.
// Then 1 acknowledges, and hanging up does not.
func TestBaresip(t *testing.T) {
	t.Parallel()
	speaker := needSpeaker(t)
	web, disk := page(""), page("")
	web.Title = "Máy chủ web ở Hà Nội không trả lời"
	disk.Priority, disk.TinyID, disk.Title = "P2", "57", "Ổ đĩa của cơ sở dữ liệu sắp đầy"
	type test struct {
		page, other channel.Page
		key         byte
		want        string
	}
	each(t, map[string]test{
		"1":       {web, disk, '1', "done acknowledge"},
		"hang up": {disk, web, 'b', "failed no-reply"},
	}, func(t *testing.T, test test) {
		phone := counterpart.StartBaresip(t)
		test.page.Address = phone.URI()
		final := callUntilMenu(t, speaker, test.page, phone, test.key)
		if got := stages([]channel.Report{final}); got != test.want {
			t.Errorf("ended as %q, want %q: %s", got, test.want, final.Detail)
		}
		audio := phone.Heard()
		want := append(announced(test.page), "vi/press-1")
		if got := (siptest.Call{Audio: audio}).Heard(); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("heard %v, want %v", got, want)
		}
		expectText(t, speaker, siptest.BeforeMenu(audio), test.page, test.other)
	})
}

// callUntilMenu sends the page; the phone answers, and presses the key when it has heard of key 1.
func callUntilMenu(t *testing.T, speaker Speaker, p channel.Page, phone *counterpart.Baresip, key byte) channel.Report {
	t.Helper()
	config := quick()
	config.Speaker, config.TrunkTimeout, config.Pause = speaker, patience, patience // SIP repeats its INVITE until the phone has started
	c := newChannel(t, config)
	defer c.Close() // after the confirmation
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pressed := make(chan error, 1)
	go func() {
		err := phone.Await(ctx, siptest.Phrase{Language: channel.Vietnamese, Name: phrase.PressOne})
		if err == nil {
			phone.Press(key)
		}
		pressed <- err
	}()
	final := c.Send(ctx, p, func(r channel.Report) {
		if r.Stage == channel.Ringing {
			phone.Press('a')
		}
	})
	if err := <-pressed; err != nil {
		t.Error(err)
	}
	return final
}
