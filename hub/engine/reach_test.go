package engine_test

import (
	"strings"
	"testing"
	"time"

	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/proto/channel"
)

// A code goes out in each one's language; a call gets the digits to speak. When it has come to its end the hub
// forgets the digits. Rule keng-8.reachability.verify.
func TestCodeIsTold(t *testing.T) {
	for language, words := range map[string]string{"vi": "Mã xác minh Kẻng: ", "en": "Your Kẻng code: "} {
		play(t, func(w *world) {
			u := do(w, state.PutUser{User: reach.User{Username: "an", Language: language, Zone: "UTC", Contacts: []reach.Contact{{Kind: "voice", Address: "+84901"}}}})
			w.start()
			sent := do(w, state.SendCode{User: state.Pick{ID: string(u.ID)}, Contact: u.Contacts[0].ID})
			w.wait(time.Second)
			if len(w.carrier.pages) != 1 {
				t.Fatalf("%d pages", len(w.carrier.pages))
			}
			p := w.carrier.pages[0]
			if len(p.Code) != 6 || p.Title != words+p.Code || p.Kind != channel.Voice || !strings.Contains(p.Body, "10") || p.AlertID != "" {
				t.Errorf("%+v", p)
			}
			w.report(p.ID, 1, channel.Done)
			w.wait(time.Second)
			if d, _ := state.GetDelivery(w.store.tx, sent.Page); d.Notice.Code != "" || !d.Final() {
				t.Errorf("the hub remembers the code: %+v", d.Notice)
			}
		})
	}
}
