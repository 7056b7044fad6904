package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/push/fcm/fcmtest"
)

const (
	stormAlerts     = 500
	stormLasts      = 6 * time.Second
	stormWindow     = 8 * time.Second // in place of a minute
	stormBystanders = 20
	// stormSlack is what a machine that other stories share may add to nine pages of ten,
	// and stormMost to any.
	stormSlack = 100 * time.Millisecond
	stormMost  = time.Second
)

// P8, P6: five hundred alerts to one person in seconds are one push at once and one at the
// window's end. Other people's pushes come meanwhile about as soon as when all is quiet.
func TestStoryP8Storm(t *testing.T) {
	t.Parallel()
	h, google := startHub(t, "--page-window", stormWindow.String()), startFCM(t)
	h.runGateway(google.config)
	victim := h.person("Victim", "vi_VN", push("phone-of-Victim", 0))
	var people []string
	for i := range 2*stormBystanders + 1 {
		people = append(people, h.person(fmt.Sprint("By", i), "en_US", push(fmt.Sprint("phone-of-by", i), 0)))
	}
	h.pushed(google, people[0]) // the gateway is there
	var quiet, loud []time.Duration
	for _, person := range people[1 : stormBystanders+1] {
		quiet = append(quiet, h.pushed(google, person))
	}
	began := time.Now()
	storm := h.storm(victim)
	for _, person := range people[stormBystanders+1:] {
		loud = append(loud, h.pushed(google, person))
		<-time.After(stormLasts/stormBystanders - loud[len(loud)-1])
	}
	storm.Wait()
	t.Logf("%d alerts in %s; pushes to others: quiet p50 %s, p90 %s, max %s; in the storm p50 %s, p90 %s, max %s",
		stormAlerts, time.Since(began), quantile(quiet, 50), quantile(quiet, 90), quantile(quiet, 100), quantile(loud, 50), quantile(loud, 90), quantile(loud, 100))
	if bound := 2*quantile(quiet, 90) + stormSlack; quantile(loud, 90) > bound {
		t.Errorf("P6: nine of ten of others' pushes in the storm take up to %s; want at most %s", quantile(loud, 90), bound)
	}
	if most := quantile(loud, 100); most > stormMost+2*quantile(quiet, 100) {
		t.Errorf("P6: a push to somebody else took %s in the storm", most)
	}
	h.expectOneBundle(google, began)
}

// storm begins to post alerts about one person.
func (h *hub) storm(person string) *sync.WaitGroup {
	var posting sync.WaitGroup
	began := time.Now()
	for i := range stormAlerts {
		posting.Go(func() {
			<-time.After(time.Until(began.Add(time.Duration(i) * stormLasts / stormAlerts)))
			_, err := h.client().CreateAlert(h.t.Context(), client.NewAlert{
				Message: fmt.Sprint("Máy chủ số ", i), Alias: fmt.Sprint("storm-", i), Priority: "P3", Responders: []client.Responder{{Type: "user", Username: person}},
			})
			if err != nil {
				h.t.Errorf("alert %d was not taken: %v", i, err)
			}
		})
	}
	return &posting
}

// pushed posts an alert for somebody and returns how long it took until FCM had it.
func (h *hub) pushed(google google, person string) time.Duration {
	h.t.Helper()
	began := time.Now()
	_, err := h.client().CreateAlert(h.t.Context(), client.NewAlert{
		Message: "website down, " + person, Priority: "P3", Responders: []client.Responder{{Type: "user", Username: person}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	google.titled(h.t, "website down, "+person)
	return time.Since(began)
}

// titled waits for the message whose title ends so.
func (g google) titled(t *testing.T, end string) fcmtest.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := g.Wait(ctx, func(m fcmtest.Message) bool {
		title := m.Notification.Title
		return len(title) >= len(end) && title[len(title)-len(end):] == end
	})
	if err != nil {
		t.Fatalf("FCM has no message %q: %v", end, err)
	}
	return m
}

// expectOneBundle makes sure that the person of the storm got two pushes in all.
func (h *hub) expectOneBundle(google google, began time.Time) {
	h.t.Helper()
	bundle := google.titled(h.t, fmt.Sprintf("%d cảnh báo, đều là P3", stormAlerts-1))
	if took := time.Since(began); took > stormWindow+5*time.Second {
		h.t.Errorf("P8: the bundle came after %s", took)
	}
	h.t.Logf("the bundle: %s\n%s", bundle.Notification.Title, bundle.Notification.Body)
	victims := slices.DeleteFunc(google.Messages(), func(m fcmtest.Message) bool { return m.Token != "phone-of-Victim" })
	if len(victims) != 2 {
		h.t.Errorf("P8: the person got %d pushes", len(victims))
	}
	for i := 0; i < stormAlerts; i += stormAlerts / 20 {
		pages, err := h.client().Deliveries(h.t.Context(), client.ByAlias(fmt.Sprint("storm-", i)))
		if err != nil {
			h.t.Fatal(err)
		}
		if len(pages) != 1 || pages[0].Alerts != stormAlerts-1 && pages[0].Alerts != 0 {
			h.t.Errorf("P8: alert %d has not one page that says with how many it was bundled: %+v", i, pages)
		}
	}
}

// quantile returns the smallest duration that so many percent do not exceed.
func quantile(all []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}
