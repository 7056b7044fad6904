package voice

import (
	"slices"
	"strings"
	"testing"
	"time"

	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/siptest"
	"keng/proto/channel"
)

// codePage is a page that tells a code and is about no alert.
func codePage(address string, language channel.Language) channel.Page {
	return channel.Page{ID: "d-7", Kind: channel.Voice, Address: address, Language: language, Title: "Your code is 604271", Code: "604271"}
}

// The phone hears the digits one by one, twice, in the person's language, and no menu; then it is hung up.
func TestDictatesACode(t *testing.T) {
	t.Parallel()
	for _, language := range []channel.Language{channel.Vietnamese, channel.English} {
		t.Run(string(language), func(t *testing.T) {
			t.Parallel()
			phone := startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '1', After: 500 * time.Millisecond}}})
			reports := send(t, t.Context(), newChannel(t, quick()), codePage(phone.URI(), language))
			if got := stages(reports); got != "ringing answered done" {
				t.Fatalf("stages: %s: %+v", got, reports)
			}
			var once []string
			for _, name := range []phrase.Name{phrase.CodeIs, "6", "0", "4", "2", "7", "1"} {
				once = append(once, siptest.Phrase{Language: language, Name: name}.String())
			}
			call := only(t, phone)
			if got := call.Heard(); !slices.Equal(got, slices.Concat(once, once)) {
				t.Errorf("heard %v, want %v twice", got, once)
			}
			if call.EndedBy != siptest.Caller {
				t.Errorf("ended by %q", call.EndedBy)
			}
			for _, r := range reports {
				if strings.Contains(r.Detail, "604271") {
					t.Errorf("a report tells the code: %+v", r)
				}
			}
		})
	}
}

// Who hangs up at once has not heard the code.
func TestHangsUpBeforeTheCode(t *testing.T) {
	t.Parallel()
	phone := startPhone(t, siptest.Script{HangUpAfter: 600 * time.Millisecond})
	if got := stages(send(t, t.Context(), newChannel(t, quick()), codePage(phone.URI(), channel.English))); got != "ringing answered failed no-reply" {
		t.Errorf("stages: %s", got)
	}
}
