package hubtest_test

import (
	"testing"
	"time"
)

// An alert that is posted to any node pages, once, and every node tells of it.
func TestAnyNodeTakesAnAlert(t *testing.T) {
	story(t, 1, func(w *world) {
		for _, id := range w.Running() {
			posted := time.Now()
			w.alert(id, "web-"+id, "binh")
			time.Sleep(10 * time.Second)
			c := w.gateway.voice.once(w, "web-"+id, posted, posted.Add(time.Second))
			c.answer <- "acknowledge"
			time.Sleep(5 * time.Second)
			w.agree("web-" + id)
			if got := w.trace(id, "web-"+id); got != "voice, queued, attempted, ringing, done acknowledge" {
				w.Errorf("node %s tells %s", id, got)
			}
		}
	})
}
